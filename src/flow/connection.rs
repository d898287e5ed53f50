//! One connection: what a packet does to it.
//!
//! In order and nothing missing, a segment is handed on as it lies in the capture buffer. Otherwise it is held, until
//! what is missing comes or is given up ([`super::patience`]). A segment is handed on only after everything that its
//! sender had received by then (its acknowledgement number), so that a reader sees requests before their responses
//! however the packets were captured.

use super::early::{NONE, Unkept};
use super::half::{End, EndKind, Half, Sighting, Start, after};
use super::key::Direction;
use super::ledger::Ledger;
use super::piece::{Content, Piece};
use super::reader::{Close, DirectionSummary, Identity, Interest, Reader, Summary};
use super::table::Shared;
use crate::packet::Timestamp;
use crate::packet::tcp::{Flags, Segment};

/// A reset further ahead than this is not one that the receiver would accept.
const RESET_WINDOW: u32 = 1 << 20;

/// A connection and what its reader remembers of it.
#[derive(Debug)]
pub(super) struct Connection<S> {
    pub identity: Identity,
    pub halves: [Half; 2],
    pub state: S,
    pub packets: u32,
    pub last: Timestamp,
    /// Something is held, guessed or missing.
    pub waiting: bool,
    /// Only counted.
    pub opaque: bool,
    pub reset: bool,
}

/// What a segment did to its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    GoesOn,
    /// It is over.
    Over(Close),
    /// The segment opens another connection between the same ends.
    Reborn,
}

impl<S: Default> Connection<S> {
    pub fn new(identity: Identity) -> Self {
        Connection {
            last: identity.opened,
            identity,
            halves: [Half::new(), Half::new()],
            state: S::default(),
            packets: 0,
            waiting: false,
            opaque: false,
            reset: false,
        }
    }

    #[inline]
    pub fn segment<R: Reader<State = S>>(
        &mut self,
        direction: Direction,
        segment: &Segment<'_>,
        arrival: (Timestamp, u32),
        shared: &mut Shared,
        reader: &mut R,
    ) -> Fate {
        const SPECIAL: Flags = Flags::SYN.and(Flags::FIN).and(Flags::RST);
        self.packets = self.packets.wrapping_add(1);
        self.last = arrival.0;
        let [up, down] = &mut self.halves;
        let (half, peer) = match direction {
            Direction::Up => (up, down),
            Direction::Down => (down, up),
        };
        // Most packets: in order, nothing held, nothing missing.
        if !self.waiting
            && !self.opaque
            && !segment.flags.has(SPECIAL)
            && half.start == Start::Known
            && peer.start == Start::Known
            && half.packets != 0
            && !half.ended
            && segment.sequence == half.next
            && segment.payload.len() == segment.payload_len as usize
            && segment.flags.has(Flags::ACK)
            && !after(segment.acknowledgement, peer.next)
        {
            half.packets += 1;
            if segment.payload.is_empty() {
                return Fate::GoesOn;
            }
            let acknowledged = peer.offset_of(segment.acknowledgement);
            half.bytes += segment.payload.len() as u64;
            shared.ledger.bytes_in += segment.payload.len() as u64;
            let content = Content::Data(segment.payload);
            if self.deliver(direction, content, acknowledged, arrival.0, &mut shared.ledger, reader)
                == Interest::Nothing
            {
                self.turn_opaque(shared);
            }
            return Fate::GoesOn;
        }
        self.unusual(direction, segment, arrival, shared, reader)
    }

    fn unusual<R: Reader<State = S>>(
        &mut self,
        direction: Direction,
        segment: &Segment<'_>,
        (time, interface): (Timestamp, u32),
        shared: &mut Shared,
        reader: &mut R,
    ) -> Fate {
        let mut sequence = segment.sequence;
        let seen = Sighting::new(time, self.packets);
        if segment.flags.has(Flags::SYN) {
            sequence = sequence.wrapping_add(1);
            let half = &mut self.halves[direction.index()];
            match half.start {
                Start::Known if half.first() != sequence => return Fate::Reborn,
                Start::Known => {}
                _ => half.begin(sequence),
            }
            let from_server = segment.flags.has(Flags::ACK);
            self.identity.initiator = Some(if from_server { direction.reverse() } else { direction });
        }
        let half = &mut self.halves[direction.index()];
        if half.packets == 0 {
            half.interface = interface as u16;
        }
        half.packets += 1;
        half.bytes += u64::from(segment.payload_len);
        shared.ledger.bytes_in += segment.payload.len() as u64;
        if half.interface != interface as u16 && self.shown_already(direction, sequence, segment, shared) {
            return Fate::GoesOn;
        }
        if self.opaque {
            return self.count(direction, sequence, segment, shared);
        }
        let acknowledgement = segment.flags.has(Flags::ACK).then_some(segment.acknowledgement);
        let reached = [self.halves[0].next, self.halves[1].next];
        self.halves[direction.index()].guess(sequence, false);
        if let Some(acknowledgement) = acknowledgement {
            self.acknowledge(direction, sequence, acknowledgement, segment.flags.has(Flags::SYN), seen);
        }
        if !segment.flags.has(Flags::RST) {
            let fin = u32::from(segment.flags.has(Flags::FIN));
            self.halves[direction.index()].show(sequence.wrapping_add(segment.payload_len).wrapping_add(fin));
        }
        if segment.flags.has(Flags::RST) {
            // What it may carry explains the reset (RFC 9293 §3.10.7), and is no part of the stream.
            shared.ledger.unparsed += segment.payload.len() as u64;
            self.mark_reset(direction, sequence, acknowledgement, seen, shared);
        } else {
            if segment.payload_len > 0 {
                self.payload(direction, sequence, segment, acknowledgement, time, shared, reader);
            }
            if segment.flags.has(Flags::FIN) {
                let half = &mut self.halves[direction.index()];
                let end = End::new(EndKind::Fin, sequence.wrapping_add(segment.payload_len), acknowledgement, seen);
                if !half.ended {
                    half.end.get_or_insert(end);
                }
            }
        }
        self.pump(shared, reader);
        self.renew_patience(reached, seen);
        self.settle(time, shared, reader);
        self.fate()
    }

    /// Hands on what can be, gives up what has waited long enough.
    pub fn settle<R: Reader<State = S>>(&mut self, now: Timestamp, shared: &mut Shared, reader: &mut R) {
        self.pump(shared, reader);
        while self.is_waiting() && self.concede(now, false, shared, reader) {
            self.pump(shared, reader);
        }
        self.waiting = self.is_waiting();
    }

    pub fn fate(&self) -> Fate {
        match (self.reset, self.halves[0].ended && self.halves[1].ended) {
            (true, _) => Fate::Over(Close::Reset),
            (false, true) => Fate::Over(Close::Fin),
            (false, false) => Fate::GoesOn,
        }
    }

    /// Hands on all that is left and says good-bye.
    pub fn finish<R: Reader<State = S>>(&mut self, how: Close, shared: &mut Shared, reader: &mut R) {
        self.pump(shared, reader);
        for half in &mut self.halves {
            // What was sent and did not come is missing now, whether it was received or not.
            let told = half.packets > 0 && half.start == Start::Known;
            if told && after(half.shown, half.next) && after(half.shown, half.acked) {
                half.acked = half.shown;
            }
        }
        while !self.opaque && !self.reset && self.is_waiting() && self.concede(self.last, true, shared, reader) {
            self.pump(shared, reader);
        }
        for half in &mut self.halves {
            let left = half.drop_early(&mut shared.pool);
            shared.ledger.held -= left;
            shared.ledger.evicted += left;
        }
        let directions = [0, 1].map(|place| {
            let half: &Half = &self.halves[place];
            DirectionSummary { packets: half.packets.into(), bytes: half.bytes, gap_bytes: half.gap_bytes }
        });
        reader.close(&self.identity, &mut self.state, &Summary { how, last: self.last, directions });
    }

    /// Whether a packet from another interface brings nothing that the first one has not shown.
    fn shown_already(&self, direction: Direction, sequence: u32, segment: &Segment<'_>, shared: &mut Shared) -> bool {
        let half = &self.halves[direction.index()];
        let fin = u32::from(segment.flags.has(Flags::FIN));
        let end = sequence.wrapping_add(segment.payload_len).wrapping_add(fin);
        let old = half.start == Start::Known && !after(end, half.next);
        if old {
            shared.ledger.duplicate += segment.payload.len() as u64;
            shared.counts.other_interface += 1;
        }
        old
    }

    /// Takes in what a segment says about the other direction.
    fn acknowledge(&mut self, direction: Direction, sequence: u32, acknowledgement: u32, syn: bool, seen: Sighting) {
        let half = &self.halves[direction.index()];
        // The first segments after a SYN acknowledge the other side's SYN and nothing more, unless that side speaks
        // first and they come late.
        let handshake = half.from_start && sequence == half.first();
        let peer = &mut self.halves[direction.reverse().index()];
        match peer.start {
            Start::Known => {}
            _ if syn => return peer.begin(acknowledgement),
            _ => peer.guess(acknowledgement, handshake),
        }
        if after(acknowledgement, peer.next) && after(acknowledgement, peer.acked) {
            if !peer.acked_past() {
                peer.acked_seen = seen;
            }
            peer.acked = acknowledgement;
        }
    }

    fn mark_reset(
        &mut self,
        direction: Direction,
        sequence: u32,
        acknowledgement: Option<u32>,
        seen: Sighting,
        shared: &mut Shared,
    ) {
        let half = &mut self.halves[direction.index()];
        let ahead = sequence.wrapping_sub(half.next);
        // One below is where a keep-alive would be, and where the answer to a SYN is that nobody was waiting for.
        let refused = half.start != Start::Known || half.packets == 1;
        if !(refused || ahead <= RESET_WINDOW || ahead == u32::MAX) {
            shared.counts.ignored_resets += 1;
            return;
        }
        // Its number alone is no proof that anything was sent before it: only its place in the window was checked.
        let told = if after(half.acked, half.shown) { half.acked } else { half.shown };
        // Nothing comes after a FIN.
        let sequence = match ahead <= RESET_WINDOW && after(told, half.next) && !half.fin_passed {
            true if after(sequence, told) => told,
            true => sequence,
            false => half.next,
        };
        // Behind a FIN it still ends the other direction.
        half.ended = false;
        half.end = Some(End::new(EndKind::Reset, sequence, acknowledgement, seen));
    }

    #[expect(clippy::too_many_arguments, reason = "what a segment is, and what it acts on")]
    fn payload<R: Reader<State = S>>(
        &mut self,
        direction: Direction,
        sequence: u32,
        segment: &Segment<'_>,
        acknowledgement: Option<u32>,
        time: Timestamp,
        shared: &mut Shared,
        reader: &mut R,
    ) {
        let half = &self.halves[direction.index()];
        let peer = &self.halves[direction.reverse().index()];
        if half.ended || half.fin_passed {
            // Nothing comes after a FIN; its receiver drops it (RFC 9293 §3.10.7.4).
            let old = if after(sequence, half.next) { 0 } else { half.next.wrapping_sub(sequence) as usize };
            let duplicate = old.min(segment.payload.len());
            shared.ledger.duplicate += duplicate as u64;
            shared.ledger.unparsed += (segment.payload.len() - duplicate) as u64;
            return;
        }
        let cut = segment.payload_len.saturating_sub(segment.payload.len() as u32);
        let unkept = Unkept { sequence, bytes: segment.payload, cut, acknowledgement, time, arrived: self.packets };
        let in_order = half.start == Start::Known
            && !after(sequence, half.next)
            && half.early_first == NONE
            && peer.start == Start::Known
            && acknowledgement.is_none_or(|acknowledgement| !after(acknowledgement, peer.next));
        match in_order {
            true => self.take(direction, unkept, shared, reader),
            false => self.hold(direction, unkept, shared, reader),
        }
    }

    /// Hands on what is new in a segment that begins at or before the next byte.
    fn take<R: Reader<State = S>>(
        &mut self,
        direction: Direction,
        segment: Unkept<'_>,
        shared: &mut Shared,
        reader: &mut R,
    ) {
        let half = &self.halves[direction.index()];
        let old = half.next.wrapping_sub(segment.sequence) as usize;
        let duplicate = old.min(segment.bytes.len());
        shared.ledger.duplicate += duplicate as u64;
        let acknowledged = self.halves[direction.reverse().index()].offset_acknowledged_by(segment.acknowledgement);
        let fresh = &segment.bytes[duplicate..];
        if !fresh.is_empty() {
            let content = Content::Data(fresh);
            let interest = self.deliver(direction, content, acknowledged, segment.time, &mut shared.ledger, reader);
            if interest == Interest::Nothing {
                return self.turn_opaque(shared);
            }
        }
        self.pass_cut(
            direction,
            segment.sequence,
            segment.bytes.len() as u32,
            segment.cut,
            segment.time,
            shared,
            reader,
        );
    }

    /// Bytes that a snapshot length cut off will never come.
    #[expect(clippy::too_many_arguments, reason = "what was cut, and what it acts on")]
    pub(super) fn pass_cut<R: Reader<State = S>>(
        &mut self,
        direction: Direction,
        sequence: u32,
        len: u32,
        cut: u32,
        time: Timestamp,
        shared: &mut Shared,
        reader: &mut R,
    ) {
        let half = &self.halves[direction.index()];
        let end = sequence.wrapping_add(len).wrapping_add(cut);
        if cut > 0 && after(end, half.next) && !self.opaque {
            self.declare_gap(direction, end, time, shared, reader);
        }
    }

    /// Hands a stretch on. If nothing more is wanted, the caller turns the connection opaque.
    #[inline]
    pub(super) fn deliver<R: Reader<State = S>>(
        &mut self,
        direction: Direction,
        content: Content<'_>,
        acknowledged: i64,
        time: Timestamp,
        ledger: &mut Ledger,
        reader: &mut R,
    ) -> Interest {
        let half = &mut self.halves[direction.index()];
        let piece = Piece { time, offset: half.offset, acknowledged, content };
        if half.offset == 0 {
            self.identity.first_sequence[direction.index()] = half.next;
        }
        half.next = half.next.wrapping_add(content.len() as u32);
        half.offset += content.len();
        match content {
            Content::Data(bytes) => ledger.delivered += bytes.len() as u64,
            Content::Gap(len) => half.gap_bytes += len,
        }
        self.identity.from_start = [self.halves[0].from_start, self.halves[1].from_start];
        reader.piece(&self.identity, &mut self.state, direction, piece)
    }

    pub(super) fn turn_opaque(&mut self, shared: &mut Shared) {
        self.opaque = true;
        self.waiting = false;
        for half in &mut self.halves {
            let held = half.drop_early(&mut shared.pool);
            shared.ledger.held -= held;
            shared.ledger.unparsed += held;
            half.ended |= half.end.is_some();
        }
    }

    /// Counts a segment of a connection that nobody reads.
    fn count(&mut self, direction: Direction, sequence: u32, segment: &Segment<'_>, shared: &mut Shared) -> Fate {
        let half = &mut self.halves[direction.index()];
        let end = sequence.wrapping_add(segment.payload_len);
        if half.start != Start::Known {
            half.settle(sequence);
        }
        let fresh = match after(end, half.next) {
            true => (end.wrapping_sub(half.next) as usize).min(segment.payload.len()),
            false => 0,
        };
        if after(end, half.next) {
            half.offset += u64::from(end.wrapping_sub(half.next));
            half.next = end;
        }
        shared.ledger.unparsed += fresh as u64;
        shared.ledger.duplicate += (segment.payload.len() - fresh) as u64;
        half.ended |= segment.flags.has(Flags::FIN);
        self.reset |= segment.flags.has(Flags::RST);
        self.fate()
    }

    /// Keeps what is new in a segment until its turn comes.
    fn hold<R: Reader<State = S>>(
        &mut self,
        direction: Direction,
        segment: Unkept<'_>,
        shared: &mut Shared,
        reader: &mut R,
    ) {
        let half = &self.halves[direction.index()];
        let full = !half.has_room(segment.bytes.len(), &shared.pool);
        if full && self.concede(segment.time, true, shared, reader) {
            self.pump(shared, reader);
            if self.opaque {
                shared.ledger.unparsed += segment.bytes.len() as u64;
                return;
            }
        }
        let lost = self.halves[direction.index()].insert(segment, shared);
        shared.ledger.evicted += lost;
    }
}
