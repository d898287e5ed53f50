//! When to ask again for what has not helped so far: at once, then after pauses that double, up to [`LONGEST`].

use std::time::{Duration, Instant};

/// The longest pause.
pub const LONGEST: Duration = Duration::from_secs(60);

/// Pauses between requests.
#[derive(Debug, Default)]
pub struct Backoff {
    asked: Option<Instant>,
    /// Zero before the first request, and once they have helped.
    pause: Duration,
}

impl Backoff {
    /// Whether it is time for a request of a kind whose shortest pause this is.
    pub fn is_due(&self, now: Instant, shortest: Duration) -> bool {
        self.asked.is_none_or(|asked| now.saturating_duration_since(asked) >= self.pause.max(shortest))
    }

    /// A request was made.
    pub fn has_asked(&mut self, now: Instant, shortest: Duration) {
        self.asked = Some(now);
        self.pause = match self.pause.is_zero() {
            true => shortest,
            false => (self.pause.max(shortest) * 2).min(LONGEST),
        };
    }

    /// All is well: the next request, no sooner than the shortest pause after the last one, begins anew.
    pub fn has_helped(&mut self) {
        self.pause = Duration::ZERO;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// The seconds at which requests are made by who would make one every second.
    fn requests(backoff: &mut Backoff, start: Instant, seconds: std::ops::Range<u32>) -> Vec<u32> {
        let mut made = Vec::new();
        for second in seconds {
            let now = start + SECOND * second;
            if backoff.is_due(now, SECOND) {
                backoff.has_asked(now, SECOND);
                made.push(second);
            }
        }
        made
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew_once_all_is_well() {
        let (mut backoff, start) = (Backoff::default(), Instant::now());
        assert_eq!(requests(&mut backoff, start, 0..250), [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
        backoff.has_helped();
        assert_eq!(requests(&mut backoff, start, 250..260), [250, 251, 253, 257]);
    }

    #[test]
    fn a_request_is_no_sooner_than_its_kind_allows() {
        let (mut backoff, now) = (Backoff::default(), Instant::now());
        backoff.has_asked(now, SECOND);
        backoff.has_helped();
        assert!(!backoff.is_due(now + SECOND / 2, SECOND) && backoff.is_due(now + SECOND, SECOND));
        assert!(!backoff.is_due(now + SECOND, SECOND * 5) && backoff.is_due(now + SECOND * 5, SECOND * 5));
    }
}
