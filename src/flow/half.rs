//! What is known of one direction of a connection.

use std::time::Duration;

use super::early::{self, EarlyPool, EarlySegment, NONE};
use crate::packet::Timestamp;

/// How sure the place of the stream's first byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// Nothing was seen of this direction.
    Unknown,
    /// `next` is the lowest number seen; an earlier one may still come.
    Guessed,
    /// `next` is the number of the byte to hand on next.
    Known,
}

/// How a direction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndKind {
    Fin,
    Reset,
}

/// Where a direction ends, once a FIN or RST has said so.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    pub sequence: u32,
    acknowledgement: u32,
    /// Apart from the number, which saves room.
    acknowledges: bool,
    pub kind: EndKind,
    pub seen: Sighting,
}

impl End {
    pub fn new(kind: EndKind, sequence: u32, acknowledgement: Option<u32>, seen: Sighting) -> Self {
        let acknowledges = acknowledgement.is_some();
        End { sequence, acknowledgement: acknowledgement.unwrap_or_default(), acknowledges, kind, seen }
    }

    pub fn acknowledgement(&self) -> Option<u32> {
        self.acknowledges.then_some(self.acknowledgement)
    }
}

/// When something was seen first, in time and in packets of its connection.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sighting {
    /// Milliseconds, of which the upper bits are left out.
    millis: u32,
    pub packet: u32,
}

impl Sighting {
    pub fn new(time: Timestamp, packet: u32) -> Self {
        Sighting { millis: (time.nanos() / 1_000_000) as u32, packet }
    }

    /// How long before `now` it was; nothing if it was later.
    pub fn age(&self, now: Timestamp) -> Duration {
        let millis = ((now.nanos() / 1_000_000) as u32).wrapping_sub(self.millis) as i32;
        Duration::from_millis(millis.max(0) as u64)
    }
}

/// One direction of a connection.
#[derive(Debug)]
pub(super) struct Half {
    pub start: Start,
    /// Whether the stream was seen from its first byte on.
    pub from_start: bool,
    /// The guess is the first number, unless a lower one comes.
    guessed_first: bool,
    /// A FIN or RST was reached.
    pub ended: bool,
    /// The FIN itself took a sequence number.
    pub fin_passed: bool,
    pub early_segments: u8,
    /// The interface that shows it: the lower bits of its number, which are enough to tell it from another.
    pub interface: u16,
    /// The number of the next byte to hand on.
    pub next: u32,
    /// The highest number that the receiver has acknowledged past `next`.
    pub acked: u32,
    /// The number behind the last byte that the sender has told of, by sending it or what comes after it; behind `next`
    /// if some of it is missing.
    pub shown: u32,
    pub early_first: u32,
    pub packets: u32,
    /// Bytes handed on and missed so far.
    pub offset: u64,
    pub bytes: u64,
    pub gap_bytes: u64,
    pub acked_seen: Sighting,
    pub end: Option<End>,
}

/// `a` is after `b` on the circle of sequence numbers (RFC 9293 §3.4).
#[inline]
pub(super) fn after(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) > 0
}

impl Half {
    pub fn new() -> Self {
        Half {
            start: Start::Unknown,
            from_start: false,
            guessed_first: false,
            ended: false,
            fin_passed: false,
            early_segments: 0,
            interface: 0,
            next: 0,
            acked: 0,
            shown: 0,
            early_first: NONE,
            packets: 0,
            offset: 0,
            bytes: 0,
            gap_bytes: 0,
            acked_seen: Sighting::default(),
            end: None,
        }
    }

    /// The stream begins at this number, and nothing of it was missed.
    pub fn begin(&mut self, sequence: u32) {
        self.settle(sequence);
        self.from_start = true;
    }

    /// What is handed on begins at this number.
    pub fn settle(&mut self, sequence: u32) {
        self.start = Start::Known;
        self.next = sequence;
        self.acked = sequence;
    }

    /// The sender has told of everything before this number.
    pub fn show(&mut self, sequence: u32) {
        if self.packets <= 1 || after(sequence, self.shown) {
            self.shown = sequence;
        }
    }

    /// The number up to which the receiver has acknowledged what is missing, if that can be believed. An acknowledgement
    /// of what its sender has not told of is only believed if nothing at all is seen of that sender.
    pub fn missed(&self) -> Option<u32> {
        let doubtful = self.packets > 0 && after(self.acked, self.shown);
        let missed = if doubtful { self.shown } else { self.acked };
        after(missed, self.next).then_some(missed)
    }

    /// Takes a number as the lowest one so far, while the start is not known. `first` says that it is the stream's first
    /// if no lower one comes.
    pub fn guess(&mut self, sequence: u32, first: bool) {
        if self.start == Start::Unknown {
            self.acked = sequence;
        }
        if self.start == Start::Unknown || (self.start == Start::Guessed && after(self.next, sequence)) {
            self.start = Start::Guessed;
            self.next = sequence;
            self.guessed_first = first;
        } else if self.start == Start::Guessed && self.next == sequence {
            self.guessed_first |= first;
        }
    }

    /// Settles for the lowest number so far, or for one that is lower.
    pub fn settle_guess(&mut self, sequence: u32) {
        self.from_start = self.guessed_first && sequence == self.next;
        let acked = self.acked;
        self.settle(sequence);
        if after(acked, sequence) {
            self.acked = acked;
        }
    }

    /// The number of the first byte that was handed on or missed.
    pub fn first(&self) -> u32 {
        self.next.wrapping_sub(self.offset as u32).wrapping_sub(self.fin_passed.into())
    }

    /// Whether so many bytes more may be held. What is held is counted anew: few connections hold anything.
    pub fn has_room(&self, len: usize, pool: &EarlyPool) -> bool {
        let mut held = 0;
        let mut place = self.early_first;
        while place != NONE {
            let segment = pool.segment(place);
            held += segment.len as usize;
            place = segment.next;
        }
        self.early_segments < early::MAX_SEGMENTS && held + len <= early::MAX_BYTES as usize
    }

    pub fn first_early<'p>(&self, pool: &'p EarlyPool) -> Option<&'p EarlySegment> {
        (self.early_first != NONE).then(|| pool.segment(self.early_first))
    }

    /// Whether the other side has received bytes that were not seen here.
    #[inline]
    pub fn acked_past(&self) -> bool {
        after(self.acked, self.next)
    }

    /// Whether anything is left to hand on or to decide.
    pub fn is_waiting(&self) -> bool {
        match self.start {
            Start::Unknown => false,
            Start::Guessed => true,
            Start::Known => self.early_first != NONE || self.acked_past() || (self.end.is_some() && !self.ended),
        }
    }

    /// The offset in this stream that an acknowledgement of it stands for.
    #[inline]
    pub fn offset_of(&self, acknowledgement: u32) -> i64 {
        let ahead = acknowledgement.wrapping_sub(self.next) as i32;
        self.offset as i64 + i64::from(ahead) + i64::from(self.fin_passed)
    }

    /// The offset that a segment acknowledges; the start if it acknowledges nothing, as the first SYN.
    pub fn offset_acknowledged_by(&self, acknowledgement: Option<u32>) -> i64 {
        acknowledgement.map_or(0, |acknowledgement| self.offset_of(acknowledgement))
    }

    /// Gives all held segments back; the bytes that they held.
    pub fn drop_early(&mut self, pool: &mut EarlyPool) -> u64 {
        let mut bytes = 0;
        while self.early_first != NONE {
            let place = self.early_first;
            let segment = pool.segment(place);
            bytes += u64::from(segment.len);
            self.early_first = segment.next;
            pool.release(place);
        }
        self.early_segments = 0;
        bytes
    }
}
