//! What a run of the sensor does beside reading packets: hands metrics on, writes documents, and minds its CPU.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::documents::Documents;
use crate::export::ExportError;
use crate::export::monitor::Report;
use crate::packet::Timestamp;
use crate::sensor::Engine;

/// How often metrics are handed to exports that send them on.
const METRICS: Duration = Duration::from_secs(60);
/// Over how long the use of CPU is measured.
#[cfg(target_os = "linux")]
const CPU: Duration = Duration::from_secs(10);

/// A run.
pub struct Run {
    input: Input,
    documents: Documents,
    next_metrics: Instant,
    #[cfg(target_os = "linux")]
    cpu: Option<(Instant, Duration)>,
}

/// Where packets are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// They come as they are sent, and the clock on the wall is theirs.
    Live,
    /// They are read as fast as possible, and have a time of their own.
    File,
}

impl Run {
    /// Begins one that writes these documents.
    pub fn begin(input: Input, mut documents: Documents) -> std::io::Result<Self> {
        documents.start()?;
        Ok(Run {
            input,
            documents,
            next_metrics: Instant::now() + METRICS,
            #[cfg(target_os = "linux")]
            cpu: None,
        })
    }

    /// Time has passed. `more` adds what else is counted than by the engine.
    pub fn tick(&mut self, engine: &mut Engine, more: impl FnOnce(&mut Report)) {
        engine.exports().flush();
        engine.reporter().expire(wall_clock());
        if self.input == Input::File {
            engine.tell_findings();
        }
        let now = Instant::now();
        self.documents.tick(engine, now);
        if now >= self.next_metrics {
            self.next_metrics = now + METRICS;
            engine.tell_metrics(wall_clock(), more);
        }
        #[cfg(target_os = "linux")]
        if self.input == Input::Live {
            self.mind_cpu(engine, now);
        }
    }

    /// It is over: hands on what is left, and waits for those who write; what failed.
    pub fn finish(self, engine: &mut Engine, more: impl FnOnce(&mut Report)) -> Vec<ExportError> {
        engine.finish();
        engine.tell_metrics(wall_clock(), more);
        let document = self.documents.finish(engine);
        let mut failures = engine.exports().finish();
        failures.extend(document);
        failures
    }

    #[cfg(target_os = "linux")]
    fn mind_cpu(&mut self, engine: &mut Engine, now: Instant) {
        let Some(used) = cpu_time() else { return };
        let Some((since, before)) = self.cpu else {
            self.cpu = Some((now, used));
            return;
        };
        let passed = now.duration_since(since);
        if passed >= CPU {
            self.cpu = Some((now, used));
            let cpus = used.saturating_sub(before).as_secs_f64() / passed.as_secs_f64();
            engine.reporter().observe_cpu(cpus, wall_clock());
        }
    }
}

/// CPU time that this process has used.
#[cfg(target_os = "linux")]
fn cpu_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
}

fn wall_clock() -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(u64::try_from(now.as_nanos()).unwrap_or(u64::MAX))
}
