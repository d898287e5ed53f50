//! The time of a packet.

use std::time::Duration;

/// Nanoseconds since the Unix epoch, in UTC; reaches to the year 2554.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// From nanoseconds since the Unix epoch.
    pub const fn from_nanos(nanos: u64) -> Self {
        Timestamp(nanos)
    }

    /// From whole seconds and a fraction in nanoseconds; the latest time there is if that is too much.
    pub const fn from_parts(seconds: u64, nanos: u64) -> Self {
        Timestamp(seconds.saturating_mul(1_000_000_000).saturating_add(nanos))
    }

    /// Nanoseconds since the Unix epoch.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; nothing if it is before.
    pub const fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// This much later; the latest time there is if that is too much.
    pub const fn after(self, duration: Duration) -> Self {
        let nanos = duration.as_nanos();
        Timestamp(self.0.saturating_add(if nanos > u64::MAX as u128 { u64::MAX } else { nanos as u64 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stop_at_the_latest_that_there_is() {
        let latest = Timestamp::from_nanos(u64::MAX);
        assert_eq!(Timestamp::from_parts(u64::MAX, 7), latest);
        // A multiple of 2^64 nanoseconds, of which nothing would be left in 64 bits.
        for long in [Duration::MAX, Duration::from_nanos_u128(1 << 64)] {
            assert_eq!(Timestamp::from_nanos(5).after(long), latest);
        }
        assert_eq!(Timestamp::from_nanos(5).after(Duration::from_nanos(2)), Timestamp::from_nanos(7));
    }

    #[test]
    fn nothing_is_before_its_own_beginning() {
        let (early, late) = (Timestamp::from_nanos(3), Timestamp::from_nanos(10));
        assert_eq!((late.since(early), early.since(late)), (Duration::from_nanos(7), Duration::ZERO));
    }
}
