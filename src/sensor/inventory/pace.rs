//! How many discoveries are told in a minute.

use std::collections::VecDeque;

const MINUTE: u64 = 60_000_000_000;

/// Lets at most so many pass in any minute, wherever it begins.
#[derive(Debug)]
pub struct Pace {
    per_minute: usize,
    /// When the last ones passed, the oldest first.
    passed: VecDeque<u64>,
}

impl Pace {
    /// `usize::MAX` is no limit.
    pub fn per_minute(per_minute: usize) -> Self {
        Pace { per_minute, passed: VecDeque::new() }
    }

    /// Whether one more may pass now.
    pub fn may_pass(&mut self, now_unix_nanos: u64) -> bool {
        // What passed later than now did so before the clock was set back. It counts as having just passed, lest nothing
        // passes until the clock is where it was.
        for time in self.passed.iter_mut().rev().take_while(|time| **time > now_unix_nanos) {
            *time = now_unix_nanos;
        }
        while self.passed.front().is_some_and(|&time| now_unix_nanos.saturating_sub(time) >= MINUTE) {
            self.passed.pop_front();
        }
        self.passed.len() < self.per_minute
    }

    /// One has passed.
    pub fn pass(&mut self, now_unix_nanos: u64) {
        if self.per_minute < usize::MAX {
            self.passed.push_back(now_unix_nanos);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn nobody_waits_for_longer_than_a_minute_when_the_clock_is_set_back() {
        let mut pace = Pace::per_minute(1);
        assert!(pace.may_pass(1000 * SECOND));
        pace.pass(1000 * SECOND);
        assert!(!pace.may_pass(10 * SECOND));
        assert!(!pace.may_pass(69 * SECOND));
        assert!(pace.may_pass(70 * SECOND));
    }

    proptest! {
        #[test]
        fn no_minute_has_more_than_its_share(steps in prop::collection::vec(0..20 * SECOND, 1..200), share in 1..8_usize) {
            let mut pace = Pace::per_minute(share);
            let mut now = 0;
            let mut passed = Vec::new();
            for step in steps {
                now += step;
                if pace.may_pass(now) {
                    pace.pass(now);
                    passed.push(now);
                }
            }
            for window in passed.windows(share + 1) {
                prop_assert!(window[share] - window[0] >= MINUTE);
            }
        }
    }
}
