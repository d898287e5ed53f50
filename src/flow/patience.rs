//! How long a connection waits for what is missing, and what it does then.
//!
//! Bytes that the receiver has acknowledged were sent, and if they have not been captured by now they never will be.
//! They are waited for all the same, [`GRACE_PACKETS`] packets of the connection or [`GRACE`], because captures shuffle
//! packets. Bytes that nobody acknowledged may still be retransmitted, and are waited for as long as the limits say.

use std::time::Duration;

use super::connection::Connection;
use super::half::{EndKind, Sighting, Start, after};
use super::key::Direction;
use super::piece::Content;
use super::reader::{Interest, Reader};
use super::table::Shared;
use crate::packet::Timestamp;

/// Packets of the same connection within which acknowledged bytes may still come.
pub const GRACE_PACKETS: u32 = 64;
/// Time within which acknowledged bytes may still come.
pub const GRACE: Duration = Duration::from_millis(200);

impl<S: Default> Connection<S> {
    pub(super) fn is_waiting(&self) -> bool {
        !self.opaque && !self.reset && (self.halves[0].is_waiting() || self.halves[1].is_waiting())
    }

    /// Hands on whatever has its turn, in both directions.
    pub(super) fn pump<R: Reader<State = S>>(&mut self, shared: &mut Shared, reader: &mut R) {
        loop {
            let mut moved = false;
            for direction in [Direction::Up, Direction::Down] {
                while !self.opaque && !self.reset && self.advance(direction, false, shared, reader) {
                    moved = true;
                }
            }
            if !moved {
                return;
            }
        }
    }

    /// Hands on one held segment, or passes the end; whether there was one whose turn it is.
    fn advance<R: Reader<State = S>>(
        &mut self,
        direction: Direction,
        out_of_turn: bool,
        shared: &mut Shared,
        reader: &mut R,
    ) -> bool {
        let peer = &self.halves[direction.reverse().index()];
        let half = &self.halves[direction.index()];
        if half.start != Start::Known || half.ended {
            return false;
        }
        let received = |acknowledgement: u32| match peer.start {
            Start::Known => !after(acknowledgement, peer.next),
            Start::Guessed => false,
            Start::Unknown => true,
        };
        if let Some(segment) = half.first_early(&shared.pool).copied() {
            // Data on a SYN acknowledges nothing, and waits for the answer to the SYN.
            let turn = out_of_turn || segment.acknowledgement.map_or(peer.start == Start::Known, received);
            if after(segment.sequence, half.next) || !turn {
                return false;
            }
            let acknowledged = peer.offset_acknowledged_by(segment.acknowledgement);
            let place = half.early_first;
            let half = &mut self.halves[direction.index()];
            half.early_first = segment.next;
            half.early_segments -= 1;
            shared.ledger.held -= u64::from(segment.len);
            self.hand_on_held(direction, place, acknowledged, shared, reader);
            shared.pool.release(place);
            return true;
        }
        let Some(end) = half.end else { return false };
        let turn = out_of_turn || end.acknowledgement().is_none_or(received);
        if after(end.sequence, half.next) || !turn {
            return false;
        }
        let half = &mut self.halves[direction.index()];
        let ended_before = half.fin_passed;
        half.ended = true;
        if end.kind == EndKind::Fin {
            half.next = half.next.wrapping_add(1);
            half.fin_passed = true;
        }
        self.reset |= end.kind == EndKind::Reset;
        if !ended_before {
            reader.end(&self.identity, &mut self.state, direction, end.kind, self.last);
        }
        true
    }

    fn hand_on_held<R: Reader<State = S>>(
        &mut self,
        direction: Direction,
        place: u32,
        acknowledged: i64,
        shared: &mut Shared,
        reader: &mut R,
    ) {
        let Shared { pool, ledger, .. } = shared;
        let segment = *pool.segment(place);
        let half = &mut self.halves[direction.index()];
        // What follows it was not sent long before it.
        if segment.arrived.wrapping_sub(half.acked_seen.packet) as i32 > 0 {
            half.acked_seen = Sighting::new(segment.time, segment.arrived);
        }
        let mut passed = half.next.wrapping_sub(segment.sequence).min(segment.len);
        ledger.duplicate += u64::from(passed);
        let mut interest = Interest::Bytes;
        for page in pool.pages(place, passed) {
            passed += page.len() as u32;
            interest = self.deliver(direction, Content::Data(page), acknowledged, segment.time, ledger, reader);
            if interest == Interest::Nothing {
                break;
            }
        }
        if interest == Interest::Nothing {
            ledger.unparsed += u64::from(segment.len - passed);
            return self.turn_opaque(shared);
        }
        self.pass_cut(direction, segment.sequence, segment.len, segment.cut, segment.time, shared, reader);
    }

    /// A direction that got on since it was at `reached` waits for another hole now, however old the acknowledgement is
    /// that tells of it.
    pub(super) fn renew_patience(&mut self, reached: [u32; 2], seen: Sighting) {
        for (half, reached) in self.halves.iter_mut().zip(reached) {
            if half.next != reached {
                half.acked_seen = seen;
            }
        }
    }

    /// Gives up one thing that is waited for, if it has been long enough or if `now_or_never`. Whether it did.
    pub(super) fn concede<R: Reader<State = S>>(
        &mut self,
        now: Timestamp,
        now_or_never: bool,
        shared: &mut Shared,
        reader: &mut R,
    ) -> bool {
        let born = Sighting::new(self.identity.opened, 0);
        let mut settled = false;
        for direction in [Direction::Up, Direction::Down] {
            let half = &self.halves[direction.index()];
            if half.start == Start::Guessed && (now_or_never || self.has_aged(born, now)) {
                let lowest = half.first_early(&shared.pool).map(|first| first.sequence);
                let half = &mut self.halves[direction.index()];
                half.settle_guess(match lowest {
                    Some(lowest) if !after(lowest, half.next) => lowest,
                    _ => half.next,
                });
                settled = true;
            }
        }
        if settled {
            return true;
        }
        for direction in [Direction::Up, Direction::Down] {
            if let Some(to) = self.hopeless(direction, now, now_or_never, shared) {
                self.declare_gap(direction, to, now, shared, reader);
                return true;
            }
        }
        // Each side waits for the other: a retransmission whose first copy was lost acknowledges more than it should.
        let oldest = [Direction::Up, Direction::Down]
            .into_iter()
            .filter_map(|direction| {
                let half = &self.halves[direction.index()];
                let seen = half.first_early(&shared.pool).map(|first| Sighting::new(first.time, first.arrived));
                Some((seen.or(half.end.filter(|_| !half.ended).map(|end| end.seen))?, direction))
            })
            .min_by_key(|(seen, _)| seen.packet);
        match oldest {
            Some((seen, direction)) if now_or_never || self.has_aged(seen, now) => {
                self.advance(direction, true, shared, reader)
            }
            _ => false,
        }
    }

    /// How far a direction's hole goes that will not be filled.
    fn hopeless(&self, direction: Direction, now: Timestamp, now_or_never: bool, shared: &Shared) -> Option<u32> {
        let half = &self.halves[direction.index()];
        if half.start != Start::Known || half.ended || half.fin_passed {
            return None;
        }
        let first = half.first_early(&shared.pool);
        let held = first.map(|first| (first.sequence, Sighting::new(first.time, first.arrived)));
        let end = half.end.map(|end| (end.sequence, end.seen));
        let beyond = held.or(end).filter(|&(sequence, _)| after(sequence, half.next));
        if held.is_some() && beyond.is_none() {
            return None;
        }
        let missed = match now_or_never {
            true => half.acked_past().then_some(half.acked),
            false => half.missed(),
        };
        // A FIN that was seen takes a number and is no byte that is missing.
        let last = half.end.map(|end| end.sequence);
        let missed = missed.map(|missed| last.filter(|last| after(missed, *last)).unwrap_or(missed));
        if let Some(missed) = missed.filter(|missed| after(*missed, half.next)) {
            let unseen = half.packets == 0 && self.packets > GRACE_PACKETS;
            if now_or_never || unseen || self.has_aged(half.acked_seen, now) {
                // Beyond what was acknowledged there may be more to come.
                return Some(match beyond {
                    Some((sequence, _)) if after(missed, sequence) => sequence,
                    _ => missed,
                });
            }
        }
        let (sequence, seen) = beyond?;
        (now_or_never || seen.age(now) >= shared.hole_timeout).then_some(sequence)
    }

    fn has_aged(&self, seen: Sighting, now: Timestamp) -> bool {
        // Two interfaces are read one after the other, so that packets say nothing about time.
        let one_interface =
            self.halves[0].interface == self.halves[1].interface || self.halves.iter().any(|half| half.packets == 0);
        (one_interface && self.packets.wrapping_sub(seen.packet) >= GRACE_PACKETS) || seen.age(now) >= GRACE
    }

    /// Tells the reader that bytes up to `to` are missing.
    pub(super) fn declare_gap<R: Reader<State = S>>(
        &mut self,
        direction: Direction,
        to: u32,
        now: Timestamp,
        shared: &mut Shared,
        reader: &mut R,
    ) {
        let peer = &self.halves[direction.reverse().index()];
        let acknowledged = peer.offset_of(peer.next);
        let len = u64::from(to.wrapping_sub(self.halves[direction.index()].next));
        shared.ledger.bytes_in += len;
        shared.ledger.gap += len;
        shared.counts.gaps += 1;
        let content = Content::Gap(len);
        if self.deliver(direction, content, acknowledged, now, &mut shared.ledger, reader) == Interest::Nothing {
            self.turn_opaque(shared);
        }
    }
}
