//! Buffers for what spans pieces, from one pool with a limit.

use std::num::NonZeroU32;

/// No buffer grows beyond this; a header block that is longer is given up.
pub const MAX_LEN: usize = 64 << 10;
/// A buffer that has grown beyond this gives its memory back after use.
const KEPT_CAPACITY: usize = 8 << 10;

/// Lends buffers, so many at a time that they stay below a limit even if all of them are full.
#[derive(Debug)]
pub struct Buffers {
    buffers: Vec<Vec<u8>>,
    free: Vec<BufferId>,
    limit: usize,
}

/// A lent buffer. Whoever has it gives it back.
#[derive(Debug)]
pub struct BufferId(NonZeroU32);

impl BufferId {
    fn place(&self) -> usize {
        self.0.get() as usize - 1
    }
}

impl Buffers {
    /// A pool that lends at most so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Buffers { buffers: Vec::new(), free: Vec::new(), limit: (bytes / MAX_LEN).max(1) }
    }

    /// An empty buffer, unless all are lent.
    pub fn take(&mut self) -> Option<BufferId> {
        if let Some(free) = self.free.pop() {
            return Some(free);
        }
        if self.buffers.len() == self.limit {
            return None;
        }
        self.buffers.push(Vec::new());
        NonZeroU32::new(self.buffers.len() as u32).map(BufferId)
    }

    /// What is in a buffer.
    pub fn get(&self, id: &BufferId) -> &Vec<u8> {
        &self.buffers[id.place()]
    }

    /// Adds bytes to a buffer, as many as there is room for; whether that was all of them.
    pub fn append(&mut self, id: &BufferId, bytes: &[u8]) -> bool {
        let buffer = &mut self.buffers[id.place()];
        let room = MAX_LEN - buffer.len();
        buffer.extend_from_slice(&bytes[..bytes.len().min(room)]);
        bytes.len() <= room
    }

    /// Takes a buffer back.
    pub fn give_back(&mut self, id: BufferId) {
        let buffer = &mut self.buffers[id.place()];
        buffer.clear();
        buffer.shrink_to(KEPT_CAPACITY);
        self.free.push(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lends_no_more_than_its_limit_and_keeps_little() {
        let mut buffers = Buffers::with_capacity(2 * MAX_LEN);
        let (first, second) = (buffers.take().unwrap(), buffers.take().unwrap());
        assert!(buffers.take().is_none());
        assert!(buffers.append(&first, &[1; MAX_LEN]));
        assert!(!buffers.append(&first, &[2]));
        assert_eq!(buffers.get(&first).len(), MAX_LEN);
        assert!(!buffers.append(&second, &[3; MAX_LEN + 1]));
        buffers.give_back(first);
        let again = buffers.take().unwrap();
        assert!(buffers.get(&again).is_empty() && buffers.get(&again).capacity() <= KEPT_CAPACITY);
    }
}
