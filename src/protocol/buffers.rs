//! Buffers for what spans pieces, from one pool with a limit.
//!
//! The limit is on what the pool really holds: the buffers that are lent, those that are kept for the next, and the
//! list of both. When it is reached, what was begun longest ago is given up, for it is the least likely to end: a
//! client that leaves heads half sent blinds nobody else. Whoever had that buffer learns so when he looks for it; until
//! then it takes [`PLACE_BYTES`].

use super::by_age::{ByAge, Place};

/// No buffer grows beyond this; a header block that is longer is given up.
pub const MAX_LEN: usize = 64 << 10;
/// What a buffer keeps of its memory after use.
const KEPT_CAPACITY: usize = 8 << 10;
/// The first memory that a buffer gets.
const FIRST_CAPACITY: usize = 128;

/// What the place of a buffer takes, even if it was given up.
pub const PLACE_BYTES: usize = ByAge::<Box<Buffer>>::PLACE_BYTES;

/// Lends buffers that take no more than so many bytes together.
#[derive(Debug)]
pub struct Buffers {
    /// In boxes, so that the places of those that were given up take little.
    lent: ByAge<Box<Buffer>>,
    #[expect(clippy::vec_box, reason = "a box that is lent again is not made again")]
    spare: Vec<Box<Buffer>>,
    /// What those take that are lent and those that are spare.
    held: usize,
    limit: usize,
}

/// What is in the pool.
#[derive(Debug, Default)]
struct Buffer {
    bytes: Vec<u8>,
}

impl Buffer {
    fn memory(&self) -> usize {
        size_of::<Self>() + self.bytes.capacity()
    }
}

/// A lent buffer. Whoever has it gives it back.
#[derive(Debug)]
pub struct BufferId(Place);

/// What became of bytes that were to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    All,
    /// As many as [`MAX_LEN`] leaves room for.
    UpToMax,
    /// None: the buffer was given up, or there is no room although all others were.
    NoRoom,
}

impl Buffers {
    /// A pool that holds at most so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Buffers { lent: ByAge::default(), spare: Vec::new(), held: 0, limit: bytes }
    }

    /// Bytes that are held.
    pub fn memory(&self) -> usize {
        self.held + self.lent.memory() + self.spare.capacity() * size_of::<Box<Buffer>>()
    }

    /// An empty buffer, unless there is no room for even that.
    pub fn take(&mut self) -> Option<BufferId> {
        let buffer = match self.spare.pop() {
            Some(buffer) => buffer,
            None if self.make_room(size_of::<Buffer>(), None) => {
                self.held += size_of::<Buffer>();
                Box::default()
            }
            None => return None,
        };
        if !self.make_room(self.lent.growth(), None) {
            self.held -= buffer.memory();
            return None;
        }
        Some(BufferId(self.lent.lend(buffer)))
    }

    /// Whether a buffer was given up, and with it all that was in it.
    #[inline]
    pub fn is_given_up(&self, id: &BufferId) -> bool {
        self.lent.get(&id.0).is_none()
    }

    /// What is in a buffer; nothing if it was given up.
    pub fn get(&self, id: &BufferId) -> &[u8] {
        self.lent.get(&id.0).map_or(&[], |buffer| &buffer.bytes)
    }

    /// Adds bytes to a buffer.
    pub fn append(&mut self, id: &BufferId, bytes: &[u8]) -> Kept {
        let Some(buffer) = self.lent.get(&id.0) else { return Kept::NoRoom };
        let (len, capacity) = (buffer.bytes.len(), buffer.bytes.capacity());
        let kept = bytes.len().min(MAX_LEN - len);
        let needed = len + kept;
        let grown =
            if needed > capacity { needed.max((2 * capacity).clamp(FIRST_CAPACITY, MAX_LEN)) } else { capacity };
        if !self.make_room(grown - capacity, Some(id)) {
            return Kept::NoRoom;
        }
        let Some(buffer) = self.lent.get_mut(&id.0) else { return Kept::NoRoom };
        buffer.bytes.reserve_exact(grown - len);
        buffer.bytes.extend_from_slice(&bytes[..kept]);
        self.held = self.held - capacity + buffer.bytes.capacity();
        if kept == bytes.len() { Kept::All } else { Kept::UpToMax }
    }

    /// Takes a buffer back, and keeps it for the next who wants one if there is room for that.
    pub fn give_back(&mut self, id: BufferId) {
        let Some(mut buffer) = self.lent.give_back(id.0) else { return };
        self.held -= buffer.memory();
        buffer.bytes.clear();
        buffer.bytes.shrink_to(KEPT_CAPACITY);
        let growth = match self.spare.len() == self.spare.capacity() {
            true => self.spare.len() / 8 + 8,
            false => 0,
        };
        let more = buffer.memory() + growth * size_of::<Box<Buffer>>();
        if self.memory() + more <= self.limit {
            self.held += buffer.memory();
            self.spare.reserve_exact(growth);
            self.spare.push(buffer);
        }
    }

    /// Sees to it that so many bytes more can be held, at the expense of all buffers but this. Whether that is so.
    fn make_room(&mut self, bytes: usize, but: Option<&BufferId>) -> bool {
        while self.memory() + bytes > self.limit {
            let Some(buffer) = self.spare.pop().or_else(|| self.lent.give_up_oldest(but.map(|id| &id.0))) else {
                return false;
            };
            self.held -= buffer.memory();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a pool takes beside what is in its few buffers.
    const LISTS: usize = 2 * 8 * PLACE_BYTES + 8 * size_of::<Buffer>();

    #[test]
    fn a_buffer_has_its_longest_and_keeps_little() {
        let mut buffers = Buffers::with_capacity(2 * MAX_LEN + LISTS);
        let (first, second) = (buffers.take().unwrap(), buffers.take().unwrap());
        assert_eq!(buffers.append(&first, &[1; MAX_LEN]), Kept::All);
        assert_eq!(buffers.append(&first, &[2]), Kept::UpToMax);
        assert_eq!(buffers.get(&first), [1; MAX_LEN]);
        assert_eq!(buffers.append(&second, &[3; MAX_LEN + 1]), Kept::UpToMax);
        buffers.give_back(first);
        let again = buffers.take().unwrap();
        assert!(buffers.get(&again).is_empty() && buffers.memory() <= MAX_LEN + KEPT_CAPACITY + LISTS);
    }

    #[test]
    fn many_small_beginnings_fit_and_the_oldest_give_way() {
        let mut buffers = Buffers::with_capacity(100 << 10);
        let ids: Vec<BufferId> = (0..2_000_u32)
            .map(|number| {
                let id = buffers.take().unwrap();
                assert_eq!(buffers.append(&id, &number.to_ne_bytes()), Kept::All);
                id
            })
            .collect();
        let given_up = ids.iter().take_while(|id| buffers.is_given_up(id)).count();
        assert!((1_400..1_800).contains(&given_up), "{given_up}");
        assert!(
            ids[given_up..].iter().zip(given_up as u32..).all(|(id, number)| buffers.get(id) == number.to_ne_bytes())
        );
        assert_eq!(buffers.append(&ids[0], b"more"), Kept::NoRoom);
        assert!(buffers.get(&ids[0]).is_empty());
        ids.into_iter().for_each(|id| buffers.give_back(id));
        assert!(buffers.memory() <= buffers.limit);
    }

    #[test]
    fn without_room_for_itself_alone_nothing_is_kept() {
        let mut buffers = Buffers::with_capacity(1);
        assert!(buffers.take().is_none());
        let mut buffers = Buffers::with_capacity(LISTS + 1_000);
        let id = buffers.take().unwrap();
        assert_eq!(buffers.append(&id, &[1; 900]), Kept::All);
        assert_eq!(buffers.append(&id, &[2; 900]), Kept::NoRoom);
        assert_eq!(buffers.get(&id), [1; 900]);
    }

    proptest! {
        #[test]
        fn the_limit_holds_and_what_is_not_given_up_is_right(
            limit in 0..20_000_usize,
            steps in prop::collection::vec((0..4_u8, any::<prop::sample::Index>(), 0..9_000_usize), 0..300),
        ) {
            let mut buffers = Buffers::with_capacity(limit);
            let mut lent: Vec<(BufferId, Vec<u8>)> = Vec::new();
            for (number, (step, which, len)) in (0..).zip(steps) {
                if step == 0 || lent.is_empty() {
                    lent.extend(buffers.take().map(|id| (id, Vec::new())));
                } else if step == 1 {
                    buffers.give_back(lent.swap_remove(which.index(lent.len())).0);
                } else {
                    let at = which.index(lent.len());
                    let (id, model) = &mut lent[at];
                    let bytes = vec![number as u8; len >> (8 * (number % 2))];
                    if buffers.append(id, &bytes) == Kept::All {
                        model.extend(bytes);
                    }
                }
                prop_assert!(buffers.memory() <= limit);
                let lent_buffers = lent.iter().filter_map(|(id, _)| buffers.lent.get(&id.0));
                let held: usize = lent_buffers.chain(&buffers.spare).map(|buffer| buffer.memory()).sum();
                prop_assert_eq!(buffers.held, held);
                for (id, model) in &lent {
                    prop_assert!(buffers.is_given_up(id) || buffers.get(id) == model);
                }
            }
        }
    }
}
