//! What the engine says of itself to those who ask over HTTP, and what a capture says.
//!
//! Each number of the lines that are printed while it listens, and of the summary, is there with the same meaning.

use std::sync::Arc;
#[cfg(target_os = "linux")]
use std::time::Duration;

use super::{Engine, EngineCounts};
use crate::export::Unit;
use crate::export::monitor::report::Report;
#[cfg(target_os = "linux")]
use crate::export::monitor::{Published, Subject};
#[cfg(target_os = "linux")]
use crate::packet::live::LiveCounts;
use crate::record::DropStage;

/// What is published of an engine.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    engine: EngineCounts,
    records: u64,
    exports: Vec<Exported>,
    /// What takes longer to describe, as it was a moment ago.
    details: Arc<Report>,
}

/// What became of what one export was given.
#[derive(Debug, Clone)]
struct Exported {
    target: String,
    unit: &'static str,
    written: u64,
    dropped: u64,
    failed: u64,
    left_out: u64,
    failure: Option<String>,
}

impl Snapshot {
    /// A copy of everything that is counted now.
    pub fn of(engine: &mut Engine) -> Self {
        let exports = engine.exports();
        let records = exports.records();
        let exports = exports.counts().map(|export| Exported {
            target: export.target.to_owned(),
            unit: match export.unit {
                Unit::Record => "record",
                Unit::Frame => "packet",
                Unit::Item => "item",
            },
            written: export.queue.written,
            dropped: export.queue.dropped,
            failed: export.queue.failed,
            left_out: export.left_out,
            failure: export.failure,
        });
        let exports = exports.collect();
        Snapshot { engine: engine.counts(), records, exports, details: engine.details() }
    }

    /// Adds all of it.
    pub fn describe(&self, report: &mut Report) {
        let counts = &self.engine;
        packets(counts, report);
        connections(counts, report);
        streams(counts, report);
        transactions(counts, report);
        self.exports(report);
        let why = counts.unread.why(counts);
        report
            .gauge("sidetap_blind", "Whether packets come, and no HTTP was seen in them")
            .is((counts.packets.frames > 0 && why.is_some()).into());
        report.fact("blind", why);
        report.append(&self.details);
    }

    fn exports(&self, report: &mut Report) {
        report.counter("sidetap_records", "Records of all kinds that were handed to the exports").is(self.records);
        for export in &self.exports {
            let name = export.target.as_str();
            for (outcome, number) in
                [("written", export.written), ("dropped", export.dropped), ("failed", export.failed)]
            {
                let labels = [("export", name), ("unit", export.unit), ("outcome", outcome)];
                report
                    .counter("sidetap_exported", "What became of the records or packets that an export was given")
                    .of(&labels, number);
            }
            report
                .counter("sidetap_left_out_records", "Records that the format of an export has no place for")
                .of(&[("export", name)], export.left_out);
            report
                .gauge("sidetap_export_failing", "Whether an export cannot write at the moment")
                .of(&[("export", name)], export.failure.is_some().into());
        }
        let items = self
            .exports
            .iter()
            .map(|export| vec![("export", export.target.as_str().into()), ("failure", export.failure.clone().into())]);
        report.list("exports", items);
    }
}

fn packets(counts: &EngineCounts, report: &mut Report) {
    let packets = &counts.packets;
    report.counter("sidetap_captured_packets", "Packets that were read, and that the filter wants").is(packets.frames);
    report.counter("sidetap_captured_bytes", "Their bytes on the wire").is(packets.bytes);
    report.counter("sidetap_decoded_packets", "Packets by what they carry").by(
        "transport",
        [("tcp", packets.tcp), ("udp", packets.udp), ("other", packets.other_transport), ("none", packets.not_ip)],
    );
    report.counter("sidetap_undecoded_packets", "Packets that could not be read").by(
        "cause",
        [
            ("malformed", packets.malformed),
            ("truncated", packets.truncated),
            ("unknown_link", packets.unknown_link),
            ("too_deep", packets.too_deep),
        ],
    );
    report.counter("sidetap_fragments", "Packets that are parts of others").is(packets.fragments);
    report
        .counter("sidetap_abandoned_fragmented_packets", "Packets of which not all fragments came")
        .is(counts.fragments.abandoned);
}

fn connections(counts: &EngineCounts, report: &mut Report) {
    let (flows, kinds) = (&counts.flows, &counts.conversations);
    report.counter("sidetap_connections", "TCP connections that were seen").is(flows.opened);
    report.gauge("sidetap_open_connections", "Those that are followed now").is(counts.open_connections as u64);
    report.counter("sidetap_closed_connections", "Those that were closed").is(flows.closed);
    report.counter("sidetap_midstream_connections", "Those that were seen from their middle only").is(flows.midstream);
    report.counter("sidetap_connections_by_protocol", "What connections spoke").by(
        "protocol",
        [
            ("http1", kinds.http1),
            ("http2", kinds.http2),
            ("tls", kinds.tls),
            ("web_socket", kinds.web_socket),
            ("dns", kinds.dns),
            ("unknown", kinds.unknown),
        ],
    );
    report.counter("sidetap_given_up_connections", "Connections not read to their end for lack of room").by(
        "cause",
        [
            ("table_full", flows.evicted),
            ("http2_room", kinds.http2_given_up),
            ("other_room", kinds.shed),
            ("governor", kinds.spared),
        ],
    );
}

fn streams(counts: &EngineCounts, report: &mut Report) {
    let bytes = &counts.bytes;
    report
        .counter("sidetap_seen_stream_bytes", "Bytes of TCP streams, captured or known to have been sent")
        .is(bytes.bytes_in);
    report.counter("sidetap_stream_bytes", "What became of them, each in one of these or held").by(
        "outcome",
        [
            ("delivered", bytes.delivered),
            ("duplicate", bytes.duplicate),
            ("gap", bytes.gap),
            ("evicted", bytes.evicted),
            ("unparsed", bytes.unparsed),
        ],
    );
    report.gauge("sidetap_held_stream_bytes", "Bytes that wait for earlier ones").is(bytes.held);
}

fn transactions(counts: &EngineCounts, report: &mut Report) {
    let transactions = &counts.transactions;
    report.counter("sidetap_seen_transactions", "Transactions of which anything was seen").is(transactions.seen);
    report.counter("sidetap_transactions", "Transactions that were handed to the exports").is(transactions.emitted);
    report
        .counter("sidetap_incomplete_transactions", "Those of them that are not complete")
        .is(transactions.incomplete);
    report
        .counter("sidetap_dropped_transactions", "Transactions that were not handed on")
        .by("stage", DropStage::ALL.map(|stage| (stage.name(), transactions.dropped(stage))));
    report.gauge("sidetap_pending_transactions", "Those that wait for their response").is(transactions.pending);
}

/// Adds what is counted of packets before the engine has them.
#[cfg(target_os = "linux")]
pub fn live_counts(live: LiveCounts, report: &mut Report) {
    report
        .counter("sidetap_kernel_packets", "Packets that passed the filter, those that the kernel dropped included")
        .is(live.packets);
    report
        .counter("sidetap_dropped_packets", "Packets that the kernel dropped")
        .by("cause", [("ring_full", live.dropped)]);
    report.gauge("sidetap_unread_packets", "Packets that wait in the rings").is(live.unread);
    report
        .counter("sidetap_held_seconds", "Time in which nothing was read, to keep to the CPU limit")
        .is(live.held.as_secs());
}

/// A capture on interfaces that can be asked.
#[cfg(target_os = "linux")]
#[derive(Debug)]
pub struct Monitored {
    published: Published<(Snapshot, LiveCounts)>,
    interfaces: Vec<String>,
}

#[cfg(target_os = "linux")]
impl Monitored {
    /// One that publishes here, and captures from these.
    pub fn new(published: Published<(Snapshot, LiveCounts)>, interfaces: Vec<String>) -> Self {
        Monitored { published, interfaces }
    }
}

#[cfg(target_os = "linux")]
impl Subject for Monitored {
    fn silent(&self) -> Duration {
        self.published.age()
    }

    fn ready(&self) -> Result<(), String> {
        match self.published.get() {
            None => Err("it has not begun".to_owned()),
            Some((_, live)) if live.gone >= self.interfaces.len() => Err("every interface is gone".to_owned()),
            Some(_) => Ok(()),
        }
    }

    fn describe(&self, report: &mut Report) {
        let (snapshot, live) = self.published.get().unwrap_or_default();
        live_counts(live, report);
        report.gauge("sidetap_interfaces", "Interfaces that are listened on").is(self.interfaces.len() as u64);
        report.gauge("sidetap_interfaces_gone", "Those of them that are gone now").is(live.gone as u64);
        snapshot.describe(report);
        report.list("interfaces", self.interfaces.iter().map(|name| vec![("name", name.as_str().into())]));
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::export::monitor::exposition::assert_snapshot;
    use crate::sensor::conversation::ConversationCounts;

    fn snapshot() -> Snapshot {
        let mut engine = EngineCounts::default();
        let packets = &mut engine.packets;
        (packets.frames, packets.bytes, packets.tcp, packets.udp) = (100, 60_000, 70, 11);
        (packets.other_transport, packets.not_ip, packets.fragments) = (5, 4, 3);
        (packets.malformed, packets.truncated, packets.unknown_link, packets.too_deep) = (1, 2, 3, 4);
        engine.fragments.abandoned = 1;
        let flows = &mut engine.flows;
        (flows.opened, flows.closed, flows.midstream, flows.evicted) = (13, 6, 5, 1);
        engine.open_connections = 4;
        engine.conversations = ConversationCounts {
            http1: 6,
            http2: 1,
            tls: 2,
            web_socket: 1,
            dns: 1,
            unknown: 2,
            http2_given_up: 1,
            shed: 3,
            spared: 4,
        };
        let bytes = &mut engine.bytes;
        (bytes.bytes_in, bytes.delivered, bytes.duplicate, bytes.gap) = (50_000, 40_000, 1_000, 7_240);
        (bytes.evicted, bytes.unparsed, bytes.held) = (60, 1_600, 100);
        let transactions = &mut engine.transactions;
        (transactions.seen, transactions.emitted, transactions.incomplete, transactions.pending) = (40, 31, 2, 3);
        (1..).zip(DropStage::ALL).for_each(|(number, stage)| transactions.drop(stage, number));
        let export = Exported {
            target: "ndjson:-".to_owned(),
            unit: "record",
            written: 30,
            dropped: 1,
            failed: 2,
            left_out: 4,
            failure: Some("full".to_owned()),
        };
        Snapshot { engine, records: 33, exports: vec![export], details: Arc::default() }
    }

    fn monitored(live: LiveCounts) -> Monitored {
        let published = Published::default();
        published.publish((snapshot(), live));
        Monitored::new(published, vec!["eth0".to_owned()])
    }

    #[test]
    fn every_number_has_a_metric() {
        let live = LiveCounts { packets: 105, dropped: 5, unread: 1, ..LiveCounts::default() };
        assert_snapshot("metrics-capture", &monitored(live));
    }

    #[test]
    fn it_is_ready_once_it_has_begun_with_an_interface() {
        let not_begun = Monitored::new(Published::default(), vec!["eth0".to_owned()]);
        assert_eq!(not_begun.ready(), Err("it has not begun".to_owned()));
        assert_eq!(monitored(LiveCounts::default()).ready(), Ok(()));
        let gone = monitored(LiveCounts { gone: 1, ..LiveCounts::default() });
        assert_eq!(gone.ready(), Err("every interface is gone".to_owned()));
    }
}
