//! Keeps the CPU time of the process to a part of a CPU: whoever reads packets stops reading for a while.
//!
//! What comes meanwhile waits in the ring, and what the ring has no room for is dropped by the kernel, which counts it.
//! The brake is pure: it is told the time and what was used.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// What was not used may be used later, for so long: it lets a burst be read at once. And what was used too much is made
/// up for in so long at most: one long piece of work is not to make it blind for minutes.
const SAVED: Duration = Duration::from_secs(2);

/// A budget of CPU time.
#[derive(Debug, Clone)]
pub struct Brake {
    /// CPUs.
    limit: f64,
    /// CPU seconds that may be used now; below nothing, so many were used too many.
    left: f64,
    /// When it was told last, and what had been used by then.
    last: Option<(Instant, Duration)>,
}

impl Brake {
    /// A budget of so many CPUs, such as 0.05.
    pub fn new(limit: f64) -> Self {
        Brake { limit, left: limit * SAVED.as_secs_f64(), last: None }
    }

    /// Takes into account that the process has used so much CPU time since it began; for how long nothing is to be read.
    pub fn told(&mut self, now: Instant, used: Duration) -> Option<Duration> {
        let (since, before) = self.last.replace((now, used)).unwrap_or((now, used));
        let passed = now.saturating_duration_since(since).as_secs_f64();
        let spent = used.saturating_sub(before).as_secs_f64();
        let most = self.limit * SAVED.as_secs_f64();
        self.left = ((self.left + passed * self.limit).min(most) - spent).max(-most);
        (self.left < 0.0).then(|| Duration::from_secs_f64(-self.left / self.limit))
    }

    /// Whether less is left than half of what can be saved, so that a long piece of work may use too much.
    pub fn is_short(&self) -> bool {
        self.left < self.limit * SAVED.as_secs_f64() / 2.0
    }
}

/// CPU time that all threads of this process have used, in user space and in the kernel.
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads as fast as it may for so long, in pieces that take so much CPU each; the CPU time that it has used.
    fn read(brake: &mut Brake, begin: Instant, seconds: u64, piece: Duration) -> Duration {
        let (mut now, mut used) = (begin, Duration::ZERO);
        brake.told(now, used);
        while now < begin + Duration::from_secs(seconds) {
            (now, used) = (now + piece, used + piece);
            now += brake.told(now, used).unwrap_or_default();
        }
        used
    }

    #[test]
    fn whoever_always_reads_uses_the_limit_and_what_was_saved() {
        let begin = Instant::now();
        for limit in [0.01, 0.05, 0.5] {
            let mut brake = Brake::new(limit);
            let used = read(&mut brake, begin, 100, Duration::from_millis(2)).as_secs_f64();
            let expected = limit * 102.0;
            assert!((used - expected).abs() < 0.004, "{limit}: {used} of {expected}");
        }
    }

    #[test]
    fn whoever_needs_less_is_never_held_and_saves_no_more_than_a_little() {
        let (mut brake, begin) = (Brake::new(0.05), Instant::now());
        let mut used = Duration::ZERO;
        for second in 0..1000 {
            used += Duration::from_millis(40);
            assert_eq!(brake.told(begin + Duration::from_secs(second), used), None);
        }
        assert!(!brake.is_short());
        let burst = brake.told(begin + Duration::from_secs(1000), used + Duration::from_millis(90));
        assert_eq!(burst, None, "what was saved");
        assert!(brake.is_short());
        let more = brake.told(begin + Duration::from_secs(1000), used + Duration::from_millis(200)).unwrap();
        assert!((1.9..=2.0).contains(&more.as_secs_f64()), "{more:?}");
    }

    #[test]
    fn one_long_piece_does_not_hold_for_longer_than_what_is_saved() {
        let (mut brake, begin) = (Brake::new(0.01), Instant::now());
        brake.told(begin, Duration::ZERO);
        let (mut now, used) = (begin, Duration::from_secs(5));
        while let Some(pause) = brake.told(now, used) {
            now += pause.max(Duration::from_micros(1));
        }
        assert!((1.9..2.1).contains(&(now - begin).as_secs_f64()), "{:?}", now - begin);
    }
}
