//! What a run of the sensor does beside reading packets: hands metrics on, writes documents, and minds its CPU.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::documents::Documents;
use crate::export::ExportError;
use crate::export::monitor::Report;
use crate::packet::Timestamp;
#[cfg(target_os = "linux")]
use crate::packet::brake::cpu_time;
#[cfg(target_os = "linux")]
use crate::packet::live::LiveCounts;
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
    /// When it began, by both clocks.
    begun: (Instant, SystemTime),
    #[cfg(target_os = "linux")]
    cpu: Option<Cpu>,
}

/// What had been used at a moment, and how many packets had come and been dropped by then.
#[cfg(target_os = "linux")]
#[derive(Debug, Clone, Copy)]
struct Cpu {
    at: Instant,
    used: Duration,
    packets: u64,
    dropped: u64,
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
    ///
    /// # Errors
    ///
    /// A document cannot be written where it is to go, or the thread that writes cannot be started.
    pub fn begin(input: Input, mut documents: Documents) -> Result<Self, ExportError> {
        documents.start()?;
        Ok(Run {
            input,
            documents,
            next_metrics: Instant::now() + METRICS,
            begun: (Instant::now(), SystemTime::now()),
            #[cfg(target_os = "linux")]
            cpu: None,
        })
    }

    /// Time has passed. `more` adds what else is counted than by the engine.
    pub fn tick(&mut self, engine: &mut Engine, more: impl FnOnce(&mut Report)) {
        engine.exports().flush();
        engine.reporter().expire(self.latest());
        if self.input == Input::File {
            engine.tell_findings();
        }
        let now = Instant::now();
        self.documents.tick(engine, now);
        if now >= self.next_metrics {
            self.next_metrics = now + METRICS;
            engine.tell_metrics(wall_clock(), more);
        }
    }

    /// It is over: hands on what is left, and waits for those who write; what failed.
    pub fn finish(mut self, engine: &mut Engine, more: impl FnOnce(&mut Report)) -> Vec<ExportError> {
        engine.finish();
        engine.tell_metrics(wall_clock(), more);
        self.documents.hand_over(engine, self.input);
        // First what has a receiver that may be away: a disk that hangs is not to cost the time for it.
        let mut failures = engine.exports().finish();
        failures.extend(self.documents.finish(self.input));
        failures
    }

    /// What time it is, and no less than has passed: a clock that is set back makes nothing last longer.
    fn latest(&self) -> Timestamp {
        let (instant, wall) = self.begun;
        wall_clock().max(timestamp(wall + instant.elapsed()))
    }

    /// Gives up what takes more CPU than there is. `live` tells of packets that were dropped because too much was used.
    #[cfg(target_os = "linux")]
    pub fn mind_cpu(&mut self, engine: &mut Engine, live: LiveCounts) {
        let now = Cpu { at: Instant::now(), used: cpu_time(), packets: live.packets, dropped: live.dropped };
        let Some(before) = self.cpu.filter(|before| now.at.duration_since(before.at) < CPU) else {
            if let Some(before) = self.cpu.replace(now) {
                engine.reporter().observe_cpu(now.wanted_since(before), wall_clock());
            }
            return;
        };
        self.cpu = Some(before);
    }
}

#[cfg(target_os = "linux")]
impl Cpu {
    /// How many CPUs would have been used if no packet had been dropped.
    fn wanted_since(self, before: Cpu) -> f64 {
        let passed = self.at.duration_since(before.at).as_secs_f64();
        let used = self.used.saturating_sub(before.used).as_secs_f64();
        let came = self.packets.saturating_sub(before.packets);
        let taken = came.saturating_sub(self.dropped.saturating_sub(before.dropped));
        used / passed * came.max(1) as f64 / taken.max(1) as f64
    }
}

fn wall_clock() -> Timestamp {
    timestamp(SystemTime::now())
}

fn timestamp(time: SystemTime) -> Timestamp {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn dropped_packets_would_have_taken_as_much_as_those_that_were_read() {
        let begin = Instant::now();
        let cpu = |seconds, used, packets, dropped| Cpu {
            at: begin + Duration::from_secs(seconds),
            used: Duration::from_millis(used),
            packets,
            dropped,
        };
        let wanted =
            |packets: u64, dropped: u64| cpu(10, 600, 100 + packets, 7 + dropped).wanted_since(cpu(0, 100, 100, 7));
        assert_eq!(wanted(1_000, 0), 0.05);
        assert_eq!(wanted(1_000, 900), 0.5);
        assert_eq!(wanted(0, 0), 0.05);
    }
}
