//! How much time has passed, by the times of packets.
//!
//! Packets of several interfaces come a little out of order, and the system's clock may be set. This clock never runs
//! backwards, so that no stretch of time counts twice: while times are behind the latest one, it rests. If they stay
//! behind for [`PATIENCE`], the system's clock was set back, and this one goes on from where that is now.
//!
//! A time far ahead counts as time that passed, because a quiet hour looks the same. Who counts on this clock bounds what
//! one step may be worth.

use std::time::Duration;

use crate::packet::Timestamp;

/// How long times are behind before they are believed, by themselves.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A clock that never runs backwards. It begins with the first time that it is told.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    passed: u64,
    latest: Option<Timestamp>,
    /// The earliest of the times that came since one was last ahead.
    behind: Option<Timestamp>,
}

impl Clock {
    /// Takes a time into account; nanoseconds that have passed since the first.
    #[inline]
    pub fn tell(&mut self, time: Timestamp) -> u64 {
        match self.latest {
            Some(latest) if time < latest => self.rest(time),
            latest => {
                let step = time.since(latest.unwrap_or(time)).as_nanos() as u64;
                self.passed = self.passed.saturating_add(step);
                self.latest = Some(time);
                self.behind = None;
            }
        }
        self.passed
    }

    /// Nanoseconds that have passed.
    pub fn passed(&self) -> u64 {
        self.passed
    }

    #[cold]
    fn rest(&mut self, time: Timestamp) {
        let since = self.behind.map_or(time, |since| since.min(time));
        self.behind = Some(since);
        if time.since(since) >= PATIENCE {
            self.latest = Some(time);
            self.behind = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(clock: &mut Clock, seconds: u64) -> u64 {
        clock.tell(Timestamp::from_parts(seconds, 0)) / 1_000_000_000
    }

    #[test]
    fn it_rests_while_times_are_behind() {
        let mut clock = Clock::default();
        let passed = [100, 110, 105, 109, 111, 104, 112].map(|time| told(&mut clock, time));
        assert_eq!(passed, [0, 10, 10, 10, 11, 11, 12]);
    }

    #[test]
    fn a_system_clock_that_was_set_back_is_believed_after_a_minute() {
        let mut clock = Clock::default();
        let passed = [10_000, 10_010, 500, 530, 559, 560, 561, 565].map(|time| told(&mut clock, time));
        assert_eq!(passed, [0, 10, 10, 10, 10, 10, 11, 15]);
    }

    #[test]
    fn a_single_time_far_ahead_stops_it_for_a_minute_only() {
        let mut clock = Clock::default();
        let passed = [100, 90_000, 101, 130, 161, 162].map(|time| told(&mut clock, time));
        assert_eq!(passed, [0, 89_900, 89_900, 89_900, 89_900, 89_901]);
    }

    #[test]
    fn times_that_jump_about_behind_the_latest_are_not_believed() {
        let mut clock = Clock::default();
        told(&mut clock, 10_000);
        // Each is behind the one before: none has run for a minute.
        assert!((1..100).all(|step| told(&mut clock, 10_000 - step * 90) == 0));
    }
}
