//! Completes fragmented IP packets (RFC 791 §3.2, RFC 8200 §4.5).
//!
//! At most [`MAX_PACKETS`] are waited for at a time, each for [`PATIENCE`], together in [`MAX_BYTES`]. An overlap that
//! repeats bytes is taken as sent twice; one that changes them makes the whole packet worthless (RFC 5722), since hosts
//! differ in which copy they believe.

use std::time::Duration;

use super::Timestamp;
use super::decode::{self, Decoded, Fragment, Undecoded, Whole};

/// Packets that are waited for at a time.
pub const MAX_PACKETS: usize = 256;
/// Bytes that wait in all.
pub const MAX_BYTES: usize = 1 << 20;
/// How long the last part may take.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// An IP packet cannot be longer (RFC 791 §3.1).
const MAX_LEN: usize = 65_535;
/// Separate stretches of one packet; a sender in order has one, and 64 KiB in parts of 1,500 bytes has 44.
const MAX_RANGES: usize = 64;

/// The packets that wait for parts.
#[derive(Debug, Default)]
pub struct Fragments {
    waiting: Vec<Waiting>,
    bytes: usize,
    complete: Vec<u8>,
    counts: FragmentCounts,
}

/// What became of fragments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FragmentCounts {
    /// Fragments seen.
    pub seen: u64,
    /// Packets completed.
    pub completed: u64,
    /// Packets given up: too late, too many, too long, or contradictory.
    pub abandoned: u64,
}

#[derive(Debug)]
struct Waiting {
    identification: u32,
    whole: Whole,
    since: Timestamp,
    /// The payload as far as it is here, with holes between.
    bytes: Vec<u8>,
    /// What is here, as ascending ranges that do not touch.
    ranges: Vec<(u32, u32)>,
    total: Option<u32>,
}

impl Fragments {
    /// Adds a part. Once that completes the packet, what it carries; `None` while parts are missing.
    pub fn add(&mut self, fragment: &Fragment<'_>, time: Timestamp) -> Option<Result<Decoded<'_>, Undecoded>> {
        self.counts.seen += 1;
        self.forget_old(time);
        let index = self.entry(fragment, time);
        let before = self.waiting[index].bytes.capacity();
        let placed = self.waiting[index].place(fragment);
        self.bytes += self.waiting[index].bytes.capacity() - before;
        match placed {
            Ok(false) => {
                self.make_room();
                return None;
            }
            Ok(true) => self.counts.completed += 1,
            Err(Unusable) => {
                self.drop_at(index);
                self.counts.abandoned += 1;
                return None;
            }
        }
        let whole = self.waiting[index].whole;
        self.complete = std::mem::take(&mut self.waiting[index].bytes);
        self.bytes -= self.complete.capacity();
        self.drop_at(index);
        let decoded = decode::transport(whole, &self.complete, self.complete.len() as u32);
        // A fragment inside a packet that was itself in fragments is more trouble than any honest sender makes.
        Some(decoded.and_then(|decoded| match decoded {
            Decoded::Fragment(_) => Err(Undecoded::TooDeep),
            packet => Ok(packet),
        }))
    }

    /// What became of fragments so far.
    pub fn counts(&self) -> FragmentCounts {
        self.counts
    }

    fn entry(&mut self, fragment: &Fragment<'_>, time: Timestamp) -> usize {
        let same = |waiting: &Waiting| {
            waiting.identification == fragment.info.identification
                && waiting.whole.protocol == fragment.protocol
                && waiting.whole.source == fragment.source
                && waiting.whole.destination == fragment.destination
                && waiting.whole.realm == fragment.realm
        };
        if let Some(index) = self.waiting.iter().position(same) {
            return index;
        }
        if self.waiting.len() == MAX_PACKETS {
            self.drop_at(0);
            self.counts.abandoned += 1;
        }
        let Fragment { realm, source, destination, protocol, depth, .. } = *fragment;
        self.waiting.push(Waiting {
            identification: fragment.info.identification,
            whole: Whole { realm, source, destination, protocol, depth },
            since: time,
            bytes: Vec::new(),
            ranges: Vec::new(),
            total: None,
        });
        self.waiting.len() - 1
    }

    fn forget_old(&mut self, now: Timestamp) {
        // The oldest are in front.
        while self.waiting.first().is_some_and(|waiting| now.since(waiting.since) > PATIENCE) {
            self.drop_at(0);
            self.counts.abandoned += 1;
        }
    }

    fn make_room(&mut self) {
        while self.bytes > MAX_BYTES {
            self.drop_at(0);
            self.counts.abandoned += 1;
        }
    }

    fn drop_at(&mut self, index: usize) {
        let waiting = self.waiting.remove(index);
        self.bytes -= waiting.bytes.capacity();
    }
}

/// The parts of a packet contradict each other.
struct Unusable;

impl Waiting {
    /// Puts a part where it belongs; whether the packet is whole now.
    fn place(&mut self, fragment: &Fragment<'_>) -> Result<bool, Unusable> {
        let start = fragment.info.offset as usize;
        let end = start + fragment.payload.len();
        // Only the last part may have a length that is no multiple of eight (RFC 791 §3.2).
        if end > MAX_LEN || (fragment.info.more && (fragment.payload.is_empty() || !end.is_multiple_of(8))) {
            return Err(Unusable);
        }
        if !fragment.info.more {
            match self.total {
                Some(total) if total as usize != end => return Err(Unusable),
                _ => self.total = Some(end as u32),
            }
        }
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        if self.total.is_some_and(|total| self.bytes.len() > total as usize) {
            return Err(Unusable);
        }
        for &(from, to) in &self.ranges {
            let (from, to) = (start.max(from as usize), end.min(to as usize));
            if from < to && self.bytes[from..to] != fragment.payload[from - start..to - start] {
                return Err(Unusable);
            }
        }
        self.bytes[start..end].copy_from_slice(fragment.payload);
        self.cover(start as u32, end as u32)?;
        Ok(self.total.is_some_and(|total| self.ranges[..] == [(0, total)]))
    }

    fn cover(&mut self, mut start: u32, mut end: u32) -> Result<(), Unusable> {
        self.ranges.retain(|&(from, to)| {
            let apart = to < start || from > end;
            if !apart {
                start = start.min(from);
                end = end.max(to);
            }
            apart
        });
        let at = self.ranges.partition_point(|&(from, _)| from < start);
        self.ranges.insert(at, (start, end));
        match self.ranges.len() > MAX_RANGES {
            true => Err(Unusable),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
