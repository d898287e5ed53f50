//! How often something is said.

use std::time::{Duration, Instant};

/// When the next time is.
#[derive(Debug)]
pub struct Pace {
    every: Duration,
    /// Never, if there is none.
    next: Option<Instant>,
}

impl Pace {
    /// As often as this from now on; never, if it is zero.
    pub fn new(every: Duration) -> Self {
        let mut pace = Pace { every, next: None };
        pace.schedule(Instant::now());
        pace
    }

    /// Whether it is time. Then the next time is so much later.
    pub fn is_due(&mut self, now: Instant) -> bool {
        let due = self.next.is_some_and(|next| next <= now);
        if due {
            self.schedule(now);
        }
        due
    }

    fn schedule(&mut self, now: Instant) {
        // What is further away than a clock can tell does not come.
        self.next = if self.every.is_zero() { None } else { now.checked_add(self.every) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_as_often_as_was_asked_and_no_more() {
        let mut pace = Pace::new(Duration::from_secs(10));
        let now = Instant::now();
        let due = [1, 11, 12, 20, 22, 31, 40].map(|seconds| pace.is_due(now + Duration::from_secs(seconds)));
        assert_eq!(due, [false, true, false, false, true, false, true]);
    }

    #[test]
    fn never_does_not_come_and_neither_does_what_no_clock_tells() {
        let later = Instant::now() + Duration::from_secs(1 << 30);
        assert!(!Pace::new(Duration::ZERO).is_due(later));
        assert!(!Pace::new(Duration::MAX).is_due(later));
    }
}
