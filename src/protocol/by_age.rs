//! Things that are lent, from the longest unused to the latest, so that the oldest can give way when room is scarce.
//!
//! Whoever borrows one holds a [`Place`], and learns from it that the thing was given up. The place itself stays his
//! until he gives it back, so that it never stands for anything else. There are no more places than borrowers.

use std::num::NonZeroU32;

/// Stands for "none".
const NONE: u32 = u32::MAX;

/// Things that are lent.
#[derive(Debug)]
pub struct ByAge<T> {
    slots: Vec<Slot<T>>,
    free: u32,
    oldest: u32,
    newest: u32,
}

/// Where a thing is, or was until it was given up. Not to be copied: whoever has it gives it back.
#[derive(Debug)]
pub struct Place(NonZeroU32);

#[derive(Debug)]
struct Slot<T> {
    /// `None` if it was given up, or if the slot is free.
    thing: Option<T>,
    older: u32,
    /// Or the next free slot.
    newer: u32,
}

impl Place {
    fn index(&self) -> u32 {
        self.0.get() - 1
    }
}

impl<T> Default for ByAge<T> {
    fn default() -> Self {
        ByAge { slots: Vec::new(), free: NONE, oldest: NONE, newest: NONE }
    }
}

impl<T> ByAge<T> {
    /// Bytes that a place takes, with the thing.
    pub const PLACE_BYTES: usize = size_of::<Slot<T>>();

    /// Bytes that the next [`ByAge::lend`] takes, beside the thing itself.
    pub fn growth(&self) -> usize {
        match self.free == NONE && self.slots.len() == self.slots.capacity() {
            true => self.step() * Self::PLACE_BYTES,
            false => 0,
        }
    }

    /// Bytes that are held, beside what things hold elsewhere.
    pub fn memory(&self) -> usize {
        self.slots.capacity() * Self::PLACE_BYTES
    }

    /// By an eighth, so that growing costs little time and little is held in vain.
    fn step(&self) -> usize {
        self.slots.len() / 8 + 8
    }

    /// Lends a thing, as the newest.
    pub fn lend(&mut self, thing: T) -> Place {
        let index = match self.free {
            NONE => {
                if self.slots.len() == self.slots.capacity() {
                    self.slots.reserve_exact(self.step());
                }
                self.slots.push(Slot { thing: Some(thing), older: NONE, newer: NONE });
                (self.slots.len() - 1) as u32
            }
            free => {
                let slot = &mut self.slots[free as usize];
                self.free = slot.newer;
                slot.thing = Some(thing);
                free
            }
        };
        self.push_newest(index);
        Place(NonZeroU32::MIN.saturating_add(index))
    }

    /// The thing, unless it was given up.
    pub fn get(&self, place: &Place) -> Option<&T> {
        self.slots[place.index() as usize].thing.as_ref()
    }

    /// The thing, unless it was given up.
    pub fn get_mut(&mut self, place: &Place) -> Option<&mut T> {
        self.slots[place.index() as usize].thing.as_mut()
    }

    /// The thing, unless it was given up; it is the newest now.
    #[inline]
    pub fn use_mut(&mut self, place: &Place) -> Option<&mut T> {
        let index = place.index();
        if self.newest != index && self.slots[index as usize].thing.is_some() {
            self.unlink(index);
            self.push_newest(index);
        }
        self.get_mut(place)
    }

    /// Takes back the thing, unless it was given up, and its place.
    pub fn give_back(&mut self, place: Place) -> Option<T> {
        let index = place.index();
        let thing = self.slots[index as usize].thing.take();
        if thing.is_some() {
            self.unlink(index);
        }
        self.slots[index as usize].newer = self.free;
        self.free = index;
        thing
    }

    /// Gives up this thing, unless it was.
    pub fn give_up(&mut self, place: &Place) -> Option<T> {
        let index = place.index();
        let thing = self.slots[index as usize].thing.take()?;
        self.unlink(index);
        Some(thing)
    }

    /// Gives up the oldest thing but this.
    pub fn give_up_oldest(&mut self, but: Option<&Place>) -> Option<T> {
        let mut index = self.oldest;
        if but.is_some_and(|but| but.index() == index) {
            index = self.slots[index as usize].newer;
        }
        if index == NONE {
            return None;
        }
        self.unlink(index);
        self.slots[index as usize].thing.take()
    }

    fn push_newest(&mut self, index: u32) {
        let slot = &mut self.slots[index as usize];
        (slot.older, slot.newer) = (self.newest, NONE);
        match self.newest {
            NONE => self.oldest = index,
            newest => self.slots[newest as usize].newer = index,
        }
        self.newest = index;
    }

    fn unlink(&mut self, index: u32) {
        let Slot { older, newer, .. } = self.slots[index as usize];
        match older {
            NONE => self.oldest = newer,
            older => self.slots[older as usize].newer = newer,
        }
        match newer {
            NONE => self.newest = older,
            newer => self.slots[newer as usize].older = older,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn who_borrowed_what_was_given_up_learns_it_and_keeps_the_place() {
        let mut lent = ByAge::default();
        let [first, second] = ["first", "second"].map(|thing| lent.lend(thing));
        assert_eq!(lent.give_up_oldest(None), Some("first"));
        let third = lent.lend("third");
        assert_eq!((lent.get(&first), lent.get(&second), lent.get(&third)), (None, Some(&"second"), Some(&"third")));
        assert_eq!(lent.give_back(first), None);
        let fourth = lent.lend("fourth");
        assert_eq!(lent.slots.len(), 3, "in the place that was given back");
        assert_eq!(lent.give_back(fourth), Some("fourth"));
    }

    #[test]
    fn what_is_used_grows_young() {
        let mut lent = ByAge::default();
        let places = [1, 2, 3].map(|thing| lent.lend(thing));
        assert_eq!(lent.use_mut(&places[0]), Some(&mut 1));
        assert_eq!(lent.give_up_oldest(Some(&places[1])), Some(3));
        assert_eq!(lent.give_up_oldest(Some(&places[1])), Some(1));
        assert_eq!(lent.give_up_oldest(Some(&places[1])), None);
        assert_eq!((lent.give_up(&places[1]), lent.give_up(&places[1])), (Some(2), None));
        assert_eq!(lent.use_mut(&places[0]), None);
    }

    proptest! {
        /// As a list does that is searched from its front.
        #[test]
        fn the_order_is_that_of_use(steps in prop::collection::vec((0..5_u8, any::<prop::sample::Index>()), 0..200)) {
            let mut lent = ByAge::default();
            let mut places: Vec<(u32, Place)> = Vec::new();
            let mut order: Vec<u32> = Vec::new();
            for (number, (step, which)) in (0..).zip(steps) {
                let at = if places.is_empty() { None } else { Some(which.index(places.len())) };
                match (step, at) {
                    (0 | 1, _) | (_, None) => {
                        places.push((number, lent.lend(number)));
                        order.push(number);
                    }
                    (2, Some(at)) => {
                        let (thing, place) = places.swap_remove(at);
                        let known = order.contains(&thing).then_some(thing);
                        order.retain(|&other| other != thing);
                        prop_assert_eq!(lent.give_back(place), known);
                    }
                    (3, Some(at)) => {
                        let (thing, place) = &places[at];
                        let known = order.contains(thing);
                        prop_assert_eq!(lent.use_mut(place).copied(), known.then_some(*thing));
                        if known {
                            order.retain(|other| other != thing);
                            order.push(*thing);
                        }
                    }
                    (_, Some(at)) => {
                        let (but, place) = &places[at];
                        let oldest = order.iter().copied().find(|thing| thing != but);
                        prop_assert_eq!(lent.give_up_oldest(Some(place)), oldest);
                        order.retain(|&thing| Some(thing) != oldest);
                    }
                }
                for (thing, place) in &places {
                    prop_assert_eq!(lent.get(place), order.contains(thing).then_some(thing));
                }
            }
        }
    }
}
