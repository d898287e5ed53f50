//! A table of fixed size: a new entry takes the place of one of a few that its key shares places with, the longest unused.

use std::hash::{BuildHasher, Hash, RandomState};

/// Entries that share their places.
const WAYS: usize = 4;

/// Entries by key. It takes its memory when the first one comes, and no more later.
#[derive(Debug)]
pub struct Slots<E> {
    slots: Vec<Slot<E>>,
    size: usize,
    hasher: RandomState,
    uses: u64,
}

#[derive(Debug, Clone, Default)]
struct Slot<E> {
    /// Nought is an empty place.
    key: u64,
    used: u64,
    entry: E,
}

impl<E: Default + Clone> Slots<E> {
    /// Room for so many entries, and at least four.
    pub fn new(most: usize) -> Self {
        Slots { slots: Vec::new(), size: most.next_multiple_of(WAYS).max(WAYS), hasher: RandomState::new(), uses: 0 }
    }

    /// The entry of a key, a new one if there is none.
    pub fn entry(&mut self, key: impl Hash) -> Option<&mut E> {
        let key = self.hasher.hash_one(key) | 1;
        if self.slots.is_empty() {
            self.slots = vec![Slot::default(); self.size];
        }
        self.uses += 1;
        let sets = (self.size / WAYS) as u64;
        // The upper bits choose the places, as the lowest one is always set.
        let first = ((key >> 1) % sets) as usize * WAYS;
        let set = self.slots.get_mut(first..first + WAYS)?;
        let known = set.iter().position(|slot| slot.key == key);
        let place = known.or_else(|| (0..WAYS).min_by_key(|&way| set[way].used))?;
        let slot = set.get_mut(place)?;
        if known.is_none() {
            *slot = Slot { key, ..Slot::default() };
        }
        slot.used = self.uses;
        Some(&mut slot.entry)
    }

    /// Bytes that it holds.
    pub fn memory(&self) -> usize {
        self.slots.capacity() * size_of::<Slot<E>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_whatever_comes_and_the_table_does_not_grow() {
        let mut slots: Slots<u32> = Slots::new(64);
        *slots.entry("kept").unwrap() = 7;
        let memory = slots.memory();
        for other in 0..10_000_u32 {
            *slots.entry(other).unwrap() = other;
            assert_eq!(slots.entry("kept"), Some(&mut 7));
        }
        assert_eq!(slots.memory(), memory);
        let kept = (0..10_000_u32).filter(|other| *slots.entry(*other).unwrap() == *other && *other > 0).count();
        assert!(kept <= 64, "{kept}");
    }
}
