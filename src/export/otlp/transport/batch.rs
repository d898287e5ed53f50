//! Encoded items one behind the other in one buffer.

use super::Signal;

/// What the bookkeeping of an item takes: its end and the number of its resource.
pub const PER_ITEM: usize = 6;

/// Encoded items of one signal, each with the number of the resource that it belongs to.
#[derive(Debug, Clone)]
pub struct Batch {
    signal: Signal,
    bytes: Vec<u8>,
    ends: Vec<u32>,
    resources: Vec<u16>,
}

impl Batch {
    /// An empty one.
    pub fn new(signal: Signal) -> Self {
        Batch { signal, bytes: Vec::new(), ends: Vec::new(), resources: Vec::new() }
    }

    /// What its items are.
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// Takes a copy of an item.
    pub fn push(&mut self, resource: u16, item: &[u8]) {
        self.bytes.extend_from_slice(item);
        self.close(resource);
    }

    /// Where the next item is written; [`Batch::close`] ends it.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// What was written to the buffer since the last item is one. Bytes past 4 GiB would be none of it.
    pub fn close(&mut self, resource: u16) {
        let Ok(end) = u32::try_from(self.bytes.len()) else {
            self.bytes.truncate(self.ends.last().map_or(0, |&end| end as usize));
            return;
        };
        self.ends.push(end);
        self.resources.push(resource);
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes that it holds, bookkeeping included.
    pub fn size(&self) -> usize {
        self.bytes.len() + PER_ITEM * self.ends.len()
    }

    /// An item and the number of its resource.
    pub fn get(&self, at: usize) -> Option<(u16, &[u8])> {
        let start = match at.checked_sub(1) {
            Some(before) => *self.ends.get(before)? as usize,
            None => 0,
        };
        let end = *self.ends.get(at)? as usize;
        Some((*self.resources.get(at)?, self.bytes.get(start..end)?))
    }

    /// All items in order.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &[u8])> {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    /// Makes it empty and keeps its memory, but no more than this.
    pub fn clear(&mut self, signal: Signal, most: usize) {
        self.signal = signal;
        self.bytes.clear();
        self.bytes.shrink_to(most);
        self.ends.clear();
        self.resources.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_out_as_they_went_in() {
        let mut batch = Batch::new(Signal::Logs);
        batch.push(3, b"one");
        batch.buffer().extend_from_slice(b"two");
        batch.close(0);
        batch.push(7, b"");
        let all: Vec<_> = batch.iter().collect();
        assert_eq!(all, [(3, &b"one"[..]), (0, b"two"), (7, b"")]);
        assert_eq!((batch.len(), batch.size(), batch.get(3)), (3, 6 + 3 * PER_ITEM, None));
        batch.clear(Signal::Traces, 0);
        assert!(batch.is_empty() && batch.signal() == Signal::Traces && batch.get(0).is_none());
    }
}
