//! What is known of the keys that were used last: a table of so many, in which the longest unused gives way.

use crate::flow::index::{self, Index};
use crate::flow::list::{Links, List};

/// Things by key. Keys are hashes already.
#[derive(Debug)]
pub struct Recent<T> {
    index: Index,
    slots: Vec<Slot<T>>,
    /// From the longest unused to the latest.
    order: List,
    limit: usize,
}

#[derive(Debug)]
struct Slot<T> {
    key: u64,
    links: Links,
    thing: T,
}

impl<T> AsMut<Links> for Slot<T> {
    fn as_mut(&mut self) -> &mut Links {
        &mut self.links
    }
}

/// Keys may be alike in any of their bits.
fn spread(key: u64) -> u32 {
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}

impl<T> Recent<T> {
    /// Bytes that each thing takes, at most, with its place in the index.
    pub const THING_BYTES: usize = size_of::<Slot<T>>() + index::BYTES_A_SLOT;

    /// At most so many things, and at least one.
    pub fn with_capacity(limit: usize) -> Self {
        let limit = limit.max(1);
        Recent { index: Index::with_capacity(limit), slots: Vec::new(), order: List::new(), limit }
    }

    /// Whether a further key makes another one give way.
    pub fn is_full(&self) -> bool {
        self.slots.len() == self.limit
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The thing of a key, which counts as used.
    #[inline]
    pub fn use_mut(&mut self, key: u64) -> Option<&mut T> {
        let slots = &self.slots;
        let at = self.index.find(spread(key), |at| slots[at as usize].key == key)?;
        self.order.move_to_end(at, &mut self.slots);
        Some(&mut self.slots[at as usize].thing)
    }

    /// The thing that would give way.
    pub fn oldest(&self) -> Option<&T> {
        self.order.first().map(|at| &self.slots[at as usize].thing)
    }

    /// Adds the thing of a key that is not there yet; the longest unused gives way if there is no room.
    pub fn add(&mut self, key: u64, thing: T) -> &mut T {
        let full = if self.is_full() { self.order.first() } else { None };
        let at = match full {
            Some(oldest) => {
                let slot = &mut self.slots[oldest as usize];
                self.index.remove(spread(slot.key), oldest);
                (slot.key, slot.thing) = (key, thing);
                self.order.move_to_end(oldest, &mut self.slots);
                oldest
            }
            None => {
                let at = self.slots.len() as u32;
                self.slots.push(Slot { key, links: Links::default(), thing });
                self.order.push_end(at, &mut self.slots);
                at
            }
        };
        self.index.insert(spread(key), at);
        &mut self.slots[at as usize].thing
    }

    /// All of them, in no order.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.slots.iter_mut().map(|slot| &mut slot.thing)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// As a list does that is searched from its front.
        #[test]
        fn the_longest_unused_gives_way(limit in 1..9_usize, keys in prop::collection::vec(0..20_u64, 0..200)) {
            let mut recent = Recent::with_capacity(limit);
            let mut model: Vec<(u64, usize)> = Vec::new();
            // Keys that differ in their highest bits only.
            for (number, key) in keys.into_iter().map(|key| key << 59 | key >> 2).enumerate() {
                let known = model.iter().position(|&(other, _)| other == key).map(|at| model.remove(at));
                prop_assert_eq!(recent.use_mut(key).copied(), known.map(|(_, thing)| thing));
                model.push(known.unwrap_or((key, number)));
                if known.is_none() {
                    recent.add(key, number);
                    if model.len() > limit {
                        model.remove(0);
                    }
                }
                prop_assert_eq!(recent.oldest().copied(), model.first().map(|&(_, thing)| thing));
                prop_assert_eq!((recent.len(), recent.is_full()), (model.len(), model.len() == limit));
            }
        }
    }
}
