//! Spaces out writes, so that sidetap does not use up the request rate that the whole account shares.
//!
//! Source: "Request throttling for the Amazon ECS API": RegisterTaskDefinition has a bucket of 20 calls that refills by
//! one a second, UpdateService one of 50 that refills by five. A few are left for others.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// A number of calls at once, then one an interval.
pub(super) struct Pace {
    burst: u32,
    interval: Duration,
    made: u32,
    next: Option<Instant>,
}

impl Pace {
    pub fn of_registrations() -> Self {
        Pace { burst: 15, interval: Duration::from_secs(1), made: 0, next: None }
    }

    pub fn of_updates() -> Self {
        Pace { burst: 40, interval: Duration::from_millis(200), made: 0, next: None }
    }

    /// Waits until the next call may be made.
    pub async fn wait(&mut self) {
        self.made += 1;
        if self.made <= self.burst {
            return;
        }
        let due = self.next.unwrap_or_else(|| Instant::now() + self.interval);
        sleep_until(due).await;
        self.next = Some(due + self.interval);
    }
}
