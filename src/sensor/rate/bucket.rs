//! A bucket of tokens, in whole numbers, so that nothing is lost or made by rounding.

/// What a token is divided into: as many parts as a minute has nanoseconds, each again into the tenths that lanes get and
/// the quarters that the governor leaves of them.
pub const TOKEN: i128 = 60_000_000_000 * 10 * 4;

/// Parts of tokens. It may owe some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    level: i128,
    capacity: i128,
    /// Parts that come in a nanosecond.
    rate: u64,
}

impl Bucket {
    /// A full one. Both in parts of a token; the rate by nanosecond.
    pub fn full(capacity: i128, rate: u64) -> Self {
        Bucket { level: capacity, capacity, rate }
    }

    /// Parts that are in it.
    pub fn level(&self) -> i128 {
        self.level
    }

    /// Parts that it holds at most.
    pub fn capacity(&self) -> i128 {
        self.capacity
    }

    /// Puts in what comes in this time.
    #[inline]
    pub fn refill(&mut self, nanos: u64) {
        let more = i128::from(nanos).saturating_mul(i128::from(self.rate));
        self.level = self.level.saturating_add(more).min(self.capacity);
    }

    /// Takes so many parts, if they are there.
    #[inline]
    pub fn take(&mut self, parts: i128) -> bool {
        let enough = self.level >= parts;
        if enough {
            self.level -= parts;
        }
        enough
    }

    /// Takes so many parts, whether they are there or not.
    pub fn owe(&mut self, parts: i128) {
        self.level = self.level.saturating_sub(parts);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn what_comes_in_is_exact_however_it_is_cut() {
        let rate = 7 * 40; // seven a minute
        let [mut once, mut often] = [Bucket::full(100 * TOKEN, rate); 2].map(|mut bucket| {
            bucket.owe(100 * TOKEN);
            bucket
        });
        once.refill(60 * SECOND);
        (0..60_000).for_each(|_| often.refill(SECOND / 1_000));
        assert_eq!((once, once.level()), (often, 7 * TOKEN));
    }

    #[test]
    fn it_never_holds_more_than_its_capacity() {
        let mut bucket = Bucket::full(TOKEN, u64::MAX);
        bucket.refill(u64::MAX);
        assert_eq!(bucket.level(), TOKEN);
        assert!(bucket.take(TOKEN) && !bucket.take(1));
    }
}
