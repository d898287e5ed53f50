//! The whole way from a frame to records.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::conversation::{ConversationCounts, Conversations};
use super::monitor::Snapshot;
use super::reporter::Reporter;
use super::unread::Unread;
use crate::export::Exports;
use crate::export::monitor::Report;
use crate::flow::{Endpoint, FlowCounts, FlowTable, Ledger, Limits};
#[cfg(target_os = "linux")]
use crate::packet::captured::Captured;
use crate::packet::decode::{self, Decoded, Packet, Transport, Undecoded};
use crate::packet::fragments::{FragmentCounts, Fragments};
#[cfg(target_os = "linux")]
use crate::packet::live::Consumer;
use crate::packet::{Frame, Timestamp};
use crate::record::TransactionLedger;

/// How old details may be.
const DETAILS: Duration = Duration::from_secs(1);

/// How much the engine may keep.
#[derive(Debug, Clone, Copy)]
pub struct EngineLimits {
    pub flows: Limits,
    /// Exchanges that wait for their response.
    pub exchanges: usize,
    /// Bytes that connections hold beyond their place in the table.
    pub buffer_bytes: usize,
}

/// Takes frames, hands out records.
pub struct Engine {
    table: FlowTable<Conversations>,
    conversations: Conversations,
    fragments: Fragments,
    counts: PacketCounts,
    /// The latest time that was heard of.
    latest: Timestamp,
    /// What is described once in a while, and when that was.
    details: Arc<Report>,
    described: Option<Instant>,
}

/// Packets by what they were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PacketCounts {
    /// All frames, and their length on the wire.
    pub frames: u64,
    pub bytes: u64,
    pub tcp: u64,
    pub udp: u64,
    pub other_transport: u64,
    /// Parts of packets.
    pub fragments: u64,
    pub not_ip: u64,
    pub truncated: u64,
    pub malformed: u64,
    pub unknown_link: u64,
    pub too_deep: u64,
}

/// Everything that was counted.
#[derive(Debug, Clone, Default)]
pub struct EngineCounts {
    pub packets: PacketCounts,
    pub fragments: FragmentCounts,
    pub flows: FlowCounts,
    pub bytes: Ledger,
    pub conversations: ConversationCounts,
    pub transactions: TransactionLedger,
    pub open_connections: usize,
    pub unread: Unread,
}

impl Engine {
    /// An engine that keeps no more than its limits, and hands what it finds to the reporter.
    pub fn new(limits: EngineLimits, reporter: impl Into<Reporter>) -> Self {
        Engine {
            table: FlowTable::new(limits.flows),
            conversations: Conversations::new(limits.exchanges, limits.buffer_bytes, reporter.into()),
            fragments: Fragments::default(),
            counts: PacketCounts::default(),
            latest: Timestamp::default(),
            details: Arc::default(),
            described: None,
        }
    }

    /// Takes in one frame.
    #[inline]
    pub fn frame(&mut self, frame: &Frame<'_>) {
        self.take(frame);
        self.exports().frame(frame);
    }

    #[inline]
    fn take(&mut self, frame: &Frame<'_>) {
        self.latest = self.latest.max(frame.time);
        self.counts.frames += 1;
        self.counts.bytes += u64::from(frame.wire_len);
        let packet = match decode::decode(frame) {
            Ok(Decoded::Packet(packet)) => packet,
            Ok(Decoded::Fragment(fragment)) => {
                self.counts.fragments += 1;
                match self.fragments.add(&fragment, frame.time) {
                    Some(Ok(Decoded::Packet(packet))) => packet,
                    Some(Err(why)) => return self.counts.undecoded(why),
                    Some(Ok(Decoded::Fragment(_))) | None => return,
                }
            }
            Err(why) => return self.counts.undecoded(why),
        };
        let Packet { realm, source, destination, transport } = packet;
        match transport {
            Transport::Tcp(segment) => {
                self.counts.tcp += 1;
                let ends = (realm, source, destination);
                self.table.segment(ends, &segment, frame.time, frame.interface, &mut self.conversations);
            }
            Transport::Udp(datagram) => {
                self.counts.udp += 1;
                let ends = [(source, datagram.source_port), (destination, datagram.destination_port)];
                let [from, to] = ends.map(|(address, port)| Endpoint { address, port });
                self.conversations.datagram((realm, from, to), datagram.payload, frame.time);
            }
            Transport::Other(_) => self.counts.other_transport += 1,
        }
    }

    /// Time has passed, with or without frames.
    pub fn sweep(&mut self, now: Timestamp) {
        self.table.sweep(now, &mut self.conversations);
        self.conversations.reporter().tick(now);
    }

    /// Hands on what was found out by the time of the latest frame. Whoever sweeps need not call it.
    pub fn tell_findings(&mut self) {
        self.conversations.reporter().tick(self.latest);
    }

    /// There are no more frames: whatever waits is handed out as it is.
    pub fn finish(&mut self) {
        self.table.finish(&mut self.conversations);
        self.conversations.reporter().finish_findings(self.latest);
    }

    /// What is counted by endpoint, site and export, as it was at most [`DETAILS`] ago.
    pub fn details(&mut self) -> Arc<Report> {
        if self.described.is_none_or(|when| when.elapsed() >= DETAILS) {
            self.described = Some(Instant::now());
            let mut details = Report::default();
            let reporter = self.conversations.reporter();
            reporter.describe(&mut details);
            reporter.exports().describe(&mut details);
            self.details = Arc::new(details);
        }
        Arc::clone(&self.details)
    }

    /// Hands all that is counted to the exports that want it, with what else there is to tell.
    pub fn tell_metrics(&mut self, now: Timestamp, more: impl FnOnce(&mut Report)) {
        if !self.exports().want_metrics() {
            return;
        }
        self.described = None;
        let mut report = Report::default();
        more(&mut report);
        Snapshot::of(self).describe(&mut report);
        self.exports().metrics(&report, now.nanos());
    }

    /// Who hands records on.
    pub fn reporter(&mut self) -> &mut Reporter {
        self.conversations.reporter()
    }

    /// Where records go.
    pub fn exports(&mut self) -> &mut Exports {
        self.conversations.reporter().exports()
    }

    /// Everything that was counted so far.
    pub fn counts(&self) -> EngineCounts {
        EngineCounts {
            packets: self.counts,
            fragments: self.fragments.counts(),
            flows: self.table.counts(),
            bytes: self.table.ledger(),
            conversations: self.conversations.counts(),
            transactions: self.conversations.ledger(),
            open_connections: self.table.open_connections(),
            unread: self.conversations.unread().clone(),
        }
    }
}

#[cfg(target_os = "linux")]
impl Consumer for Engine {
    #[inline]
    fn take<'b>(&mut self, packets: impl Iterator<Item = Captured<'b>>) {
        packets.for_each(|captured| self.frame(&captured.frame()));
    }

    fn sweep(&mut self, now: Timestamp) {
        Engine::sweep(self, now);
    }
}

impl PacketCounts {
    fn undecoded(&mut self, why: Undecoded) {
        match why {
            Undecoded::NotIp => self.not_ip += 1,
            Undecoded::Truncated => self.truncated += 1,
            Undecoded::Malformed => self.malformed += 1,
            Undecoded::UnknownLink => self.unknown_link += 1,
            Undecoded::TooDeep => self.too_deep += 1,
        }
    }
}
