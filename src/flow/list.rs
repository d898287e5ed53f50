//! A list through the slots of a table, in the order of use.

use super::early::NONE;

/// A slot's neighbours in the list that it is on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Links {
    before: u32,
    next: u32,
}

impl Default for Links {
    fn default() -> Self {
        Links { before: NONE, next: NONE }
    }
}

impl Links {
    pub fn next(&self) -> u32 {
        self.next
    }

    /// Links a slot that is on no list to the next free one.
    pub fn set_free(&mut self, next: u32) {
        *self = Links { before: NONE, next };
    }
}

/// The two ends of a list.
#[derive(Debug)]
pub(crate) struct List {
    first: u32,
    last: u32,
    len: usize,
}

impl List {
    pub fn new() -> Self {
        List { first: NONE, last: NONE, len: 0 }
    }

    pub fn first(&self) -> Option<u32> {
        (self.first != NONE).then_some(self.first)
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn push_end<T: AsMut<Links>>(&mut self, slot: u32, slots: &mut [T]) {
        *slots[slot as usize].as_mut() = Links { before: self.last, next: NONE };
        match self.last {
            NONE => self.first = slot,
            last => slots[last as usize].as_mut().next = slot,
        }
        self.last = slot;
        self.len += 1;
    }

    pub fn remove<T: AsMut<Links>>(&mut self, slot: u32, slots: &mut [T]) {
        let Links { before, next } = *slots[slot as usize].as_mut();
        match before {
            NONE => self.first = next,
            before => slots[before as usize].as_mut().next = next,
        }
        match next {
            NONE => self.last = before,
            next => slots[next as usize].as_mut().before = before,
        }
        self.len -= 1;
    }

    #[inline]
    pub fn move_to_end<T: AsMut<Links>>(&mut self, slot: u32, slots: &mut [T]) {
        if self.last != slot {
            self.remove(slot, slots);
            self.push_end(slot, slots);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    impl AsMut<Links> for Links {
        fn as_mut(&mut self) -> &mut Links {
            self
        }
    }

    proptest! {
        #[test]
        fn keeps_the_order_that_a_queue_keeps(steps in prop::collection::vec((0..8_u32, 0..3), 1..200)) {
            let mut slots = vec![Links::default(); 8];
            let mut list = List::new();
            let mut model = VecDeque::new();
            for (slot, step) in steps {
                let known = model.contains(&slot);
                match (step, known) {
                    (0, false) => {
                        list.push_end(slot, &mut slots);
                        model.push_back(slot);
                    }
                    (1, true) => {
                        list.remove(slot, &mut slots);
                        model.retain(|&other| other != slot);
                    }
                    (2, true) => {
                        list.move_to_end(slot, &mut slots);
                        model.retain(|&other| other != slot);
                        model.push_back(slot);
                    }
                    _ => {}
                }
                prop_assert_eq!((list.first(), list.len()), (model.front().copied(), model.len()));
                let mut place = list.first().unwrap_or(NONE);
                for &expected in &model {
                    prop_assert_eq!(place, expected);
                    place = slots[place as usize].next();
                }
                prop_assert_eq!(place, NONE);
            }
        }
    }
}
