//! The tokens of the three lanes, on which the guarantee rests.
//!
//! A record costs one token, whichever buckets it comes from. All buckets together hold at most W/4 and get W a minute,
//! so that in any minute at most W + W/4 are spent:
//!
//! | lane | a minute | at once |
//! |---|---|---|
//! | fair | 0.8 W | 0.8 W / 6 |
//! | novelty | 0.1 W | 0.1 W |
//! | error | 0.1 W | 0.1 W / 6 |
//!
//! Failures come in bursts. When the error lane is empty it takes from the novelty lane what is above half of what that
//! holds, so that a burst finds more tokens and novelty always keeps some.
//!
//! Below [`LEAST_IN_LANES`] a minute lanes would hold less than a token. Then there is one bucket for all of them, which
//! holds a token at least. The guarantee holds for this, too: W is a whole number, and a bucket that holds one token and
//! gets W a minute lets no more than W through in less than a minute.

use super::bucket::{Bucket, TOKEN};

/// Fewer transactions a minute than this share one bucket. The error lane with what it borrows must hold a token, which
/// begins at 15 a minute.
pub const LEAST_IN_LANES: u64 = 20;

/// Capacities for each transaction in four minutes, in parts of a token.
const FAIR: i128 = TOKEN * 8 / 60 / 4;
const NOVELTY: i128 = TOKEN / 10 / 4;
const ERROR: i128 = TOKEN / 60 / 4;

/// The buckets.
#[derive(Debug, Clone)]
pub struct Lanes {
    /// Of the fair lane, or of all.
    fair: Bucket,
    novelty: Bucket,
    error: Bucket,
    shared: bool,
    /// When they were filled, in nanoseconds of the limiter's clock.
    filled: u64,
}

impl Lanes {
    /// For so many transactions in four minutes: so a quarter of a rate is a whole number.
    pub fn full(in_four_minutes: u64) -> Self {
        let rate = in_four_minutes;
        let share = |part: i128| i128::from(rate) * part;
        let shared = rate < 4 * LEAST_IN_LANES;
        let (fair, novelty, error) = match shared {
            true if rate == 0 => (Bucket::full(0, 0), Bucket::full(0, 0), Bucket::full(0, 0)),
            true => {
                let capacity = share(FAIR + NOVELTY + ERROR).max(TOKEN);
                (Bucket::full(capacity, 10 * rate), Bucket::full(0, 0), Bucket::full(0, 0))
            }
            false => (
                Bucket::full(share(FAIR), 8 * rate),
                Bucket::full(share(NOVELTY), rate),
                Bucket::full(share(ERROR), rate),
            ),
        };
        Lanes { fair, novelty, error, shared, filled: 0 }
    }

    /// From now on another rate. No token is made: what is there stays, as far as there is room for it.
    pub fn set_rate(&mut self, in_four_minutes: u64) {
        let mut changed = Lanes::full(in_four_minutes);
        changed.filled = self.filled;
        let (mut fair, mut novelty, mut error) = (self.fair.level(), self.novelty.level(), self.error.level());
        if changed.shared {
            (fair, novelty, error) = (fair + novelty + error, 0, 0);
        }
        for (bucket, level) in [(&mut changed.fair, fair), (&mut changed.novelty, novelty), (&mut changed.error, error)]
        {
            bucket.owe((bucket.capacity() - level).max(0));
        }
        *self = changed;
    }

    /// Puts in what came until this time of the limiter's clock, in nanoseconds.
    #[inline]
    pub fn refill(&mut self, now: u64) {
        let passed = now.saturating_sub(self.filled);
        if passed > 0 {
            self.fair.refill(passed);
            self.novelty.refill(passed);
            self.error.refill(passed);
            self.filled = now;
        }
    }

    /// Takes a token for the share of an endpoint.
    pub fn take_fair(&mut self) -> bool {
        self.fair.take(TOKEN)
    }

    /// Takes a token for what was hardly seen before.
    pub fn take_novelty(&mut self) -> bool {
        if self.shared { self.fair.take(TOKEN) } else { self.novelty.take(TOKEN) }
    }

    /// Takes a token for what failed.
    pub fn take_error(&mut self) -> bool {
        if self.shared {
            return self.fair.take(TOKEN);
        }
        let own = self.error.level().min(TOKEN);
        let borrowed = TOKEN - own;
        let spare = self.novelty.level() - self.novelty.capacity() / 2;
        if borrowed > 0 && spare < borrowed {
            return false;
        }
        self.error.take(own) && self.novelty.take(borrowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn drain(mut take: impl FnMut() -> bool) -> usize {
        std::iter::repeat_with(&mut take).take(1_000_000).take_while(|&taken| taken).count()
    }

    #[test]
    fn what_the_lanes_hold_is_a_quarter_together() {
        for rate in [20, 1_000, u32::MAX] {
            let lanes = Lanes::full(4 * u64::from(rate));
            let held = lanes.fair.level() + lanes.novelty.level() + lanes.error.level();
            assert_eq!(held, i128::from(rate) * TOKEN / 4, "{rate}");
        }
    }

    #[test]
    fn failures_borrow_half_of_what_novelty_does_not_use() {
        let mut lanes = Lanes::full(4 * 1_000);
        // 16 and two thirds of its own, 50 of novelty's.
        assert_eq!(drain(|| lanes.take_error()), 66);
        assert_eq!(drain(|| lanes.take_novelty()), 50);
        assert_eq!(drain(|| lanes.take_fair()), 133);
        // Novelty has two thirds, and after 25 seconds 42 and a third, which is less than half.
        lanes.refill(25 * SECOND);
        assert_eq!(drain(|| lanes.take_error()), 16);
        assert_eq!(drain(|| lanes.take_novelty()), 42);
    }

    #[test]
    fn every_rate_lets_every_lane_through() {
        for rate in 1..100 {
            for take in [Lanes::take_fair, Lanes::take_novelty, Lanes::take_error] {
                let mut lanes = Lanes::full(4 * rate);
                assert!(take(&mut lanes), "{rate}");
                drain(|| lanes.take_fair() || lanes.take_novelty() || lanes.take_error());
                assert!(!take(&mut lanes), "{rate}");
                lanes.refill(60 * SECOND);
                assert!(take(&mut lanes), "{rate} after a minute");
            }
        }
    }

    #[test]
    fn another_rate_makes_no_token() {
        for (before, after) in [(4_000, 1_000), (1_000, 4_000), (4_000, 40), (40, 4_000), (4, 1), (4_000, 0)] {
            let mut lanes = Lanes::full(before);
            let held = |lanes: &Lanes| lanes.fair.level() + lanes.novelty.level() + lanes.error.level();
            let most = held(&lanes).min(held(&Lanes::full(after)));
            lanes.set_rate(after);
            assert!(held(&lanes) <= most, "{before} to {after}");
            drain(|| lanes.take_fair() || lanes.take_novelty() || lanes.take_error());
            let rest = held(&lanes);
            lanes.set_rate(before);
            assert!(held(&lanes) <= rest, "{before} to {after} and back");
        }
    }
}
