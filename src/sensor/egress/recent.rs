//! What was used lately: a map that forgets what was not used for longest when it has no more room.

use std::collections::HashMap;
use std::hash::Hash;

use crate::protocol::by_age::{ByAge, Place};

/// What holds memory beside its own size.
pub trait Heap {
    /// Bytes.
    fn heap(&self) -> usize;
}

/// A map of at most so many entries, which hold at most so many bytes beside their own size.
#[derive(Debug)]
pub struct Recent<K, V> {
    places: HashMap<K, Place>,
    entries: ByAge<(K, V)>,
    most: usize,
    most_heap: usize,
    heap: usize,
}

impl<K: Hash + Eq + Clone, V: Heap> Recent<K, V> {
    /// An empty one. It takes memory as it fills.
    pub fn new(most: usize, most_heap: usize) -> Self {
        Recent { places: HashMap::new(), entries: ByAge::default(), most, most_heap, heap: 0 }
    }

    /// The value, without using it.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(self.places.get(key)?).map(|(_, value)| value)
    }

    /// Changes the value, or adds one and changes that. What there was no room for goes to `gone`; that may be the value
    /// itself, if it is too large for the map.
    pub fn change(
        &mut self,
        key: &K,
        new: impl FnOnce() -> V,
        change: impl FnOnce(&mut V),
        mut gone: impl FnMut(K, V),
    ) {
        if let Some((_, value)) = self.places.get(key).and_then(|place| self.entries.use_mut(place)) {
            let before = value.heap();
            change(value);
            self.heap = (self.heap + value.heap()).saturating_sub(before);
        } else {
            let mut value = new();
            change(&mut value);
            self.heap += value.heap();
            if self.places.len() >= self.most {
                self.forget_oldest(&mut gone);
            }
            let place = self.entries.lend((key.clone(), value));
            self.places.insert(key.clone(), place);
        }
        while (self.heap > self.most_heap || self.places.len() > self.most) && self.forget_oldest(&mut gone) {}
    }

    /// Takes the value out.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let place = self.places.remove(key)?;
        let (_, value) = self.entries.give_back(place)?;
        self.heap = self.heap.saturating_sub(value.heap());
        Some(value)
    }

    /// All of it, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.places.values().filter_map(|place| self.entries.get(place)).map(|(key, value)| (key, value))
    }

    /// Goes through all of it, in no order. What a value holds must not change.
    pub fn for_each_mut(&mut self, mut each: impl FnMut(&K, &mut V)) {
        for place in self.places.values() {
            if let Some((key, value)) = self.entries.get_mut(place) {
                each(key, value);
            }
        }
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Bytes that it holds.
    pub fn memory(&self) -> usize {
        self.places.capacity() * size_of::<(K, Place)>() + self.entries.memory() + self.heap
    }

    /// Whether there was anything to forget.
    fn forget_oldest(&mut self, gone: &mut impl FnMut(K, V)) -> bool {
        let Some((key, value)) = self.entries.give_up_oldest(None) else { return false };
        self.heap = self.heap.saturating_sub(value.heap());
        if let Some(place) = self.places.remove(&key) {
            self.entries.give_back(place);
        }
        gone(key, value);
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl Heap for usize {
        fn heap(&self) -> usize {
            *self
        }
    }

    proptest! {
        /// As a list does that is searched from its end.
        #[test]
        fn the_longest_unused_give_way(steps in prop::collection::vec((0..8_u8, 0..40_usize, 0..6_u8), 1..200)) {
            let (most, most_heap) = (4, 60);
            let mut recent: Recent<u8, usize> = Recent::new(most, most_heap);
            let mut model: Vec<(u8, usize)> = Vec::new();
            for (key, value, step) in steps {
                if step == 0 {
                    let at = model.iter().position(|(known, _)| *known == key);
                    prop_assert_eq!(recent.remove(&key), at.map(|at| model.remove(at).1));
                } else {
                    let mut gone = Vec::new();
                    recent.change(&key, || 0, |known| *known = value, |key, value| gone.push((key, value)));
                    let known = model.iter().position(|(known, _)| *known == key).map(|at| model.remove(at));
                    let mut expected = Vec::new();
                    if known.is_none() && model.len() == most {
                        expected.push(model.remove(0));
                    }
                    model.push((key, value));
                    while model.iter().map(|(_, value)| value).sum::<usize>() > most_heap {
                        expected.push(model.remove(0));
                    }
                    prop_assert_eq!(gone, expected);
                }
                let mut all: Vec<(u8, usize)> = recent.iter().map(|(key, value)| (*key, *value)).collect();
                all.sort_unstable();
                let mut expected = model.clone();
                expected.sort_unstable();
                prop_assert_eq!(all, expected);
                prop_assert_eq!(recent.len(), model.len());
            }
        }
    }

    #[test]
    fn no_room_at_all_is_no_room_for_the_new_one_either() {
        let mut recent: Recent<u8, usize> = Recent::new(0, 100);
        let mut gone = 0;
        recent.change(&1, || 5, |_| (), |_, _| gone += 1);
        assert_eq!((recent.len(), gone), (0, 1));
    }
}
