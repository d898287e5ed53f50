//! Puts a segment among those that its direction holds. Of bytes that were held already, the first copy stays.

use super::early::{NONE, Unkept};
use super::half::{Half, Start, after};
use super::table::Shared;

impl Half {
    /// Keeps what is new in a segment. The number of bytes that there was no room for.
    pub(super) fn insert(&mut self, mut segment: Unkept<'_>, shared: &mut Shared) -> u64 {
        if self.start == Start::Known && after(self.next, segment.sequence) {
            let old = self.next.wrapping_sub(segment.sequence) as usize;
            segment = self.without_front(segment, old, shared);
        }
        let mut lost = 0;
        let mut before = NONE;
        let mut place = self.early_first;
        // Each turn either passes a held segment or keeps the part of ours that lies before it.
        while place != NONE && !segment.bytes.is_empty() {
            let held = *shared.pool.segment(place);
            let held_end = held.sequence.wrapping_add(held.len);
            if !after(held_end, segment.sequence) {
                before = place;
                place = held.next;
                continue;
            }
            if after(held.sequence, segment.sequence) {
                let room = held.sequence.wrapping_sub(segment.sequence) as usize;
                if segment.bytes.len() <= room {
                    break;
                }
                let front = Unkept { bytes: &segment.bytes[..room], cut: 0, ..segment };
                lost += self.link(front, before, place, shared);
                segment = skip(segment, room);
            }
            let covered = held_end.wrapping_sub(segment.sequence) as usize;
            segment = self.without_front(segment, covered, shared);
            before = place;
            place = held.next;
        }
        if !segment.bytes.is_empty() {
            lost += self.link(segment, before, place, shared);
        }
        lost
    }

    /// The segment without bytes that are known already.
    fn without_front<'a>(&self, segment: Unkept<'a>, known: usize, shared: &mut Shared) -> Unkept<'a> {
        let known = known.min(segment.bytes.len());
        shared.ledger.duplicate += known as u64;
        skip(segment, known)
    }

    /// Links a new segment between two places.
    fn link(&mut self, segment: Unkept<'_>, before: u32, behind: u32, shared: &mut Shared) -> u64 {
        let len = segment.bytes.len();
        let fits = self.has_room(len, &shared.pool);
        let Some(place) = fits.then(|| shared.pool.keep(segment)).flatten() else {
            return len as u64;
        };
        shared.pool.set_next(place, behind);
        match before {
            NONE => self.early_first = place,
            before => shared.pool.set_next(before, place),
        }
        self.early_segments += 1;
        shared.ledger.held += len as u64;
        0
    }
}

/// The segment from its byte `from` on.
fn skip(segment: Unkept<'_>, from: usize) -> Unkept<'_> {
    Unkept { sequence: segment.sequence.wrapping_add(from as u32), bytes: &segment.bytes[from..], ..segment }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::super::early::EarlyPool;
    use super::super::ledger::{FlowCounts, Ledger};
    use super::*;
    use crate::packet::Timestamp;

    fn shared(bytes: usize) -> Shared {
        Shared {
            pool: EarlyPool::with_capacity(bytes),
            ledger: Ledger::default(),
            counts: FlowCounts::default(),
            hole_timeout: Duration::from_secs(1),
        }
    }

    fn segment(sequence: u32, bytes: &[u8]) -> Unkept<'_> {
        Unkept { sequence, bytes, cut: 0, acknowledgement: None, time: Timestamp::default(), arrived: 0 }
    }

    /// What a direction holds: each byte at its distance from `base`.
    fn held(half: &Half, shared: &Shared, base: u32) -> Vec<(u32, u8)> {
        let mut all = Vec::new();
        let mut place = half.early_first;
        while place != NONE {
            let kept = *shared.pool.segment(place);
            let bytes = shared.pool.pages(place, 0).flatten().copied();
            all.extend(bytes.enumerate().map(|(at, byte)| (kept.sequence.wrapping_sub(base) + at as u32, byte)));
            place = kept.next;
        }
        all
    }

    proptest! {
        /// The first copy of each byte stays, in order, whatever overlaps; and every byte is accounted for.
        #[test]
        fn the_first_copy_of_each_byte_stays(
            base in prop::sample::select(vec![0, 1_000, u32::MAX - 100, 0x7fff_ff80]),
            segments in prop::collection::vec((0..6_000_u32, 1..3_000_usize, any::<u8>()), 1..30),
        ) {
            let mut shared = shared(1 << 20);
            let mut half = Half::new();
            half.begin(base.wrapping_add(50));
            let mut model = vec![None; 10_000];
            let mut given = 0;
            for (start, len, fill) in segments {
                let bytes = vec![fill; len];
                given += len as u64;
                let lost = half.insert(segment(base.wrapping_add(start), &bytes), &mut shared);
                prop_assert_eq!(lost, 0);
                for at in start.max(50)..(start + len as u32).max(50) {
                    model[at as usize].get_or_insert(fill);
                }
            }
            let expected: Vec<_> =
                model.iter().enumerate().filter_map(|(at, byte)| Some((at as u32, (*byte)?))).collect();
            prop_assert_eq!(held(&half, &shared, base), expected);
            prop_assert_eq!(given, shared.ledger.held + shared.ledger.duplicate);
            let dropped = half.drop_early(&mut shared.pool);
            prop_assert_eq!(dropped, shared.ledger.held);
        }
    }

    #[test]
    fn a_full_pool_refuses_and_says_how_much() {
        let mut shared = shared(4096);
        let mut half = Half::new();
        half.begin(0);
        assert_eq!(half.insert(segment(10, &[1; 2048]), &mut shared), 0);
        assert_eq!(half.insert(segment(5_000, &[1; 4096]), &mut shared), 4096);
        assert_eq!(half.insert(segment(5_000, &[1; 2048]), &mut shared), 0);
        half.drop_early(&mut shared.pool);
        assert_eq!(half.insert(segment(5_000, &[1; 4096]), &mut shared), 0);
    }
}
