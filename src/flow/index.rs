//! Finds a slot by hash: open addressing with linear probing, at most three quarters full, without tombstones.

/// From hashes to slots.
#[derive(Debug)]
pub(crate) struct Index {
    places: Vec<Place>,
    mask: usize,
}

/// The hash, which also tells where the entry would like to be, and the slot's number and one. Nothing but zeros is an
/// empty place, so that memory which was never used is never touched.
type Place = [u32; 2];

const EMPTY: u32 = 0;
/// Bytes of the index for each slot, at most: places are a power of two, so that there may be twice as many as needed.
pub(crate) const BYTES_A_SLOT: usize = 2 * size_of::<Place>() * 4 / 3;

impl Index {
    pub fn with_capacity(slots: usize) -> Self {
        let size = (slots.max(4) * 4 / 3 + 1).next_power_of_two();
        Index { places: vec![[0, EMPTY]; size], mask: size - 1 }
    }

    /// The slot with this hash that `is_it` accepts.
    #[inline]
    pub fn find(&self, hash: u32, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = hash as usize & self.mask;
        loop {
            let [tag, number] = self.places[at];
            if number == EMPTY {
                return None;
            }
            if tag == hash && is_it(number - 1) {
                return Some(number - 1);
            }
            at = (at + 1) & self.mask;
        }
    }

    pub fn insert(&mut self, hash: u32, slot: u32) {
        let mut at = hash as usize & self.mask;
        while self.places[at][1] != EMPTY {
            at = (at + 1) & self.mask;
        }
        self.places[at] = [hash, slot + 1];
    }

    pub fn remove(&mut self, hash: u32, slot: u32) {
        let mut at = hash as usize & self.mask;
        while self.places[at][1] != slot + 1 {
            if self.places[at][1] == EMPTY {
                return;
            }
            at = (at + 1) & self.mask;
        }
        // Entries that the probing pushed past this place move back into it.
        let mut hole = at;
        loop {
            at = (at + 1) & self.mask;
            let [tag, number] = self.places[at];
            if number == EMPTY {
                break;
            }
            let wish = tag as usize & self.mask;
            if (at.wrapping_sub(wish) & self.mask) >= (at.wrapping_sub(hole) & self.mask) {
                self.places[hole] = [tag, number];
                hole = at;
            }
        }
        self.places[hole][1] = EMPTY;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Few hashes for many slots, so that entries push each other around, also past the end of the table.
        #[test]
        fn finds_what_a_map_finds(steps in prop::collection::vec((0..16_u32, prop::bool::weighted(0.6)), 1..300)) {
            let mut index = Index::with_capacity(16);
            let mut model: HashMap<u32, u32> = HashMap::new();
            let hash_of = |slot: u32| slot % 5 + 29;
            for (slot, inserts) in steps {
                match (inserts, model.contains_key(&slot)) {
                    (true, false) => {
                        index.insert(hash_of(slot), slot);
                        model.insert(slot, hash_of(slot));
                    }
                    (false, _) => {
                        index.remove(hash_of(slot), slot);
                        model.remove(&slot);
                    }
                    (true, true) => {}
                }
                for slot in 0..16 {
                    let found = index.find(hash_of(slot), |place| place == slot);
                    prop_assert_eq!(found.is_some(), model.contains_key(&slot), "slot {}", slot);
                }
            }
        }
    }
}
