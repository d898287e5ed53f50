//! How many bytes leave in a minute.
//!
//! Asked for each record at its export, with its content first and, if that is refused, without. The budget of a
//! quarter of a minute may leave at once. A single record may be larger than that: it leaves when nothing has left for
//! that long, and what follows waits until it is paid off.

use super::bucket::{Bucket, TOKEN};
use super::clock::Clock;
use crate::packet::Timestamp;

/// Bytes a minute, unless the user says otherwise.
pub const DEFAULT_BYTES_PER_MINUTE: u64 = 2 << 20;

/// A budget of bytes. In any minute at most its bytes leave, and a quarter of them more; or, instead of the quarter, one
/// record that is larger.
#[derive(Debug, Clone)]
pub struct ByteBudget {
    /// `None` if there is no limit.
    bucket: Option<Bucket>,
    clock: Clock,
    filled: u64,
}

impl Default for ByteBudget {
    fn default() -> Self {
        ByteBudget::per_minute(DEFAULT_BYTES_PER_MINUTE)
    }
}

impl ByteBudget {
    /// So many bytes a minute; none at all leave if that is 0.
    pub fn per_minute(bytes: u64) -> Self {
        // A rate of that many parts fits for 2^58 bytes a minute, which no link carries.
        let bytes = bytes.min(1 << 58);
        let bucket = Bucket::full(i128::from(bytes) * TOKEN / 4, bytes * (TOKEN / 60_000_000_000) as u64);
        ByteBudget { bucket: Some(bucket), ..ByteBudget::unlimited() }
    }

    /// As many as there are.
    pub fn unlimited() -> Self {
        ByteBudget { bucket: None, clock: Clock::default(), filled: 0 }
    }

    /// Whether so many bytes may leave now; they count as gone if so.
    pub fn take(&mut self, bytes: u64, now: Timestamp) -> bool {
        let Some(bucket) = &mut self.bucket else { return true };
        let passed = self.clock.tell(now);
        bucket.refill(passed - self.filled);
        self.filled = passed;

        let price = i128::from(bytes) * TOKEN;
        let enough = bucket.capacity() > 0 && bucket.level() >= price.min(bucket.capacity());
        if enough {
            bucket.owe(price);
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_parts(seconds, 0)
    }

    #[test]
    fn a_quarter_may_leave_at_once_and_the_rest_over_the_minute() {
        let mut budget = ByteBudget::per_minute(4_000);
        assert!(budget.take(600, at(0)) && budget.take(400, at(0)) && !budget.take(1, at(0)));
        // 66 bytes and two thirds have come.
        assert!(!budget.take(67, at(1)) && budget.take(66, at(1)));
    }

    #[test]
    fn a_record_larger_than_the_quarter_leaves_and_is_paid_off() {
        let mut budget = ByteBudget::per_minute(6_000);
        assert!(budget.take(7_500, at(0)));
        assert!(!budget.take(1, at(60)));
        assert!(budget.take(1, at(61)));
    }

    #[test]
    fn nothing_is_nothing_and_no_limit_is_none() {
        assert!(!ByteBudget::per_minute(0).take(0, at(0)));
        assert!(ByteBudget::unlimited().take(u64::MAX, at(0)));
        let mut most = ByteBudget::per_minute(u64::MAX);
        assert!(most.take(u64::MAX, at(u64::MAX)) && !most.take(u64::MAX, at(0)));
    }

    proptest! {
        #[test]
        fn no_minute_has_more_than_its_share(
            limit in 1..50_000_u64,
            steps in prop::collection::vec((1..5_000_u64, prop_oneof![0..3_000_i64, -90_000..90_000_i64]), 1..300),
        ) {
            let mut budget = ByteBudget::per_minute(limit);
            let mut millis = 1_000_000_000_i64;
            let mut taken: Vec<(u64, u64)> = Vec::new();
            let mut largest = 0;
            for (bytes, step) in steps {
                millis += step;
                if budget.take(bytes, Timestamp::from_nanos(millis as u64 * 1_000_000)) {
                    largest = largest.max(bytes);
                    let now = budget.clock.passed();
                    taken.push((now, bytes));
                    let minute = taken.iter().filter(|(then, _)| now - then < 60_000_000_000).map(|(_, bytes)| bytes);
                    prop_assert!(minute.sum::<u64>() <= limit + largest.max(limit / 4 + 1));
                }
            }
        }
    }
}
