//! A container's health check, as Docker does it: one after the other, each so long after the one before, and unhealthy
//! after so many failures in a row that were not in the start period.

use std::process::Child;
use std::time::Instant;

use anyhow::Result;

use crate::container::HealthCheck;
use crate::process::Run;
use crate::supervisor::Health;

/// The checks of one run of a container.
#[derive(Debug)]
pub(crate) struct Checks {
    check: HealthCheck,
    started: Instant,
    next: Instant,
    running: Option<(Child, Instant)>,
    failures: u32,
    pub health: Health,
}

impl Checks {
    /// Those of a container that has just started.
    pub fn begin(check: &HealthCheck) -> Self {
        let started = Instant::now();
        Checks {
            check: check.clone(),
            started,
            next: started + check.interval,
            running: None,
            failures: 0,
            health: Health::Unknown,
        }
    }

    /// Does what is due. Returns whether the health is another than before.
    pub fn step(&mut self, run: &Run) -> Result<bool> {
        let now = Instant::now();
        let Some((child, begun)) = &mut self.running else {
            if now >= self.next {
                self.running = Some((run.execute(&self.check.command)?, now));
            }
            return Ok(false);
        };
        let passed = match child.try_wait()? {
            Some(status) => status.success(),
            None if now.duration_since(*begun) >= self.check.timeout => {
                let _ = child.kill();
                let _ = child.wait();
                false
            }
            None => return Ok(false),
        };
        self.running = None;
        self.next = now + self.check.interval;
        let before = self.health;
        if passed {
            self.failures = 0;
            self.health = Health::Healthy;
        } else if now.duration_since(self.started) >= self.check.start_period || before == Health::Healthy {
            self.failures += 1;
            if self.failures >= self.check.retries {
                self.health = Health::Unhealthy;
            }
        }
        Ok(self.health != before)
    }
}

impl Drop for Checks {
    fn drop(&mut self) {
        if let Some((mut child, _)) = self.running.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
