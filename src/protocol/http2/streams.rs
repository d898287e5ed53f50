//! The streams of a connection that are alive, at most [`MAX_STREAMS`].
//!
//! Most connections have a handful and few servers allow more than a hundred or two at a time, so a search through a
//! compact list of numbers, from the newest, is as fast as any index. When there are too many, the one that nothing has
//! happened on for longest gives way.

use super::stream::Stream;

/// How many streams of one connection are followed at a time.
pub const MAX_STREAMS: usize = 256;

/// Room for streams that a connection keeps while it has none.
const KEPT: usize = 8;

#[derive(Debug, Default)]
pub(super) struct Streams {
    numbers: Vec<u32>,
    streams: Vec<(Stream, u64)>,
    clock: u64,
    /// Where the stream was that was asked for last, which is often the next as well.
    recent: usize,
}

impl Streams {
    /// A live stream, which counts as used.
    #[inline]
    pub(super) fn get(&mut self, number: u32) -> Option<&mut Stream> {
        let at = match self.numbers.get(self.recent) {
            Some(&live) if live == number => self.recent,
            _ => self.numbers.iter().rposition(|&live| live == number)?,
        };
        self.recent = at;
        self.clock += 1;
        let (stream, used) = self.streams.get_mut(at)?;
        *used = self.clock;
        Some(stream)
    }

    /// A new stream, which is not among the live ones; and the one that had to give way to it.
    pub(super) fn open(&mut self, number: u32) -> Option<u32> {
        let evicted = if self.numbers.len() >= MAX_STREAMS {
            let oldest = (0..self.streams.len()).min_by_key(|&at| self.streams[at].1);
            oldest.map(|at| self.remove(at))
        } else {
            None
        };
        self.clock += 1;
        self.numbers.push(number);
        self.streams.push((Stream::default(), self.clock));
        evicted
    }

    /// Forgets a stream; says whether it was alive.
    pub(super) fn close(&mut self, number: u32) -> bool {
        let at = self.numbers.iter().rposition(|&live| live == number);
        at.map(|at| self.remove(at)).is_some()
    }

    /// The smallest live number above `number` that satisfies `matches`.
    pub(super) fn above(&self, number: u32, matches: impl Fn(u32) -> bool) -> Option<u32> {
        self.numbers.iter().copied().filter(|&live| live > number && matches(live)).min()
    }

    /// All that live.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Stream> {
        self.streams.iter_mut().map(|(stream, _)| stream)
    }

    pub(super) fn memory(&self) -> usize {
        self.numbers.capacity() * size_of::<u32>() + self.streams.capacity() * size_of::<(Stream, u64)>()
    }

    fn remove(&mut self, at: usize) -> u32 {
        self.streams.swap_remove(at);
        let number = self.numbers.swap_remove(at);
        if self.numbers.is_empty() {
            self.streams.shrink_to(KEPT);
            self.numbers.shrink_to(KEPT);
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_unused_for_longest_gives_way() {
        let mut streams = Streams::default();
        for number in 0..MAX_STREAMS as u32 {
            assert_eq!(streams.open(number), None);
        }
        assert!(streams.get(0).is_some());
        assert_eq!(streams.open(1000), Some(1));
        assert!(streams.get(1).is_none() && streams.get(1000).is_some());
        assert!(streams.close(0) && !streams.close(0));
        assert_eq!(streams.open(1001), None);
    }

    #[test]
    fn numbers_are_walked_upwards() {
        let mut streams = Streams::default();
        for number in [9, 3, 4, 7] {
            streams.open(number);
        }
        assert_eq!(streams.above(3, |number| number % 2 == 1), Some(7));
        assert_eq!(streams.above(9, |_| true), None);
    }
}
