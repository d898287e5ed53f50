//! What is asked how it does.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::report::Report;

/// The packet loop publishes ten times a second. After so long without a word it stands still.
pub const STILL: Duration = Duration::from_secs(5);

/// Something that takes packets and can say how that goes. Asked by the thread that answers, never by the packet path.
pub trait Subject: Send + Sync + 'static {
    /// How long ago the packet loop has last turned.
    fn silent(&self) -> Duration;

    /// Whether packets are taken and go somewhere; if not, why, in one line.
    fn ready(&self) -> Result<(), String>;

    /// Adds every count, and lists of what there is one of for each interface, source or destination.
    fn describe(&self, report: &mut Report);
}

/// What is known of the process whatever it does.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// `forward`, `capture` or `collect`.
    pub command: &'static str,
    /// Bytes that it may use.
    pub memory_limit: u64,
    /// Bytes that it does use, as far as that can be found out.
    pub memory: fn() -> Option<u64>,
    started: Instant,
    started_at: SystemTime,
}

/// How it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Ready,
    /// It lives, but packets do not come or do not go anywhere.
    NotReady(String),
    /// The packet loop stands still, since so long.
    Still(Duration),
}

impl About {
    /// Of a process that begins now.
    pub fn new(command: &'static str, memory_limit: u64, memory: fn() -> Option<u64>) -> Self {
        About { command, memory_limit, memory, started: Instant::now(), started_at: SystemTime::now() }
    }

    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// Adds what is known of the process.
    pub fn describe(&self, state: &State, report: &mut Report) {
        let version = [("version", env!("CARGO_PKG_VERSION")), ("command", self.command)];
        report.gauge("sidetap_build_info", "The version, and the command that runs; always 1").of(&version, 1);
        report.gauge("sidetap_live", "Whether the packet loop turns").is((!matches!(state, State::Still(_))).into());
        report.gauge("sidetap_ready", "Whether packets are taken and go somewhere").is((*state == State::Ready).into());
        let started = self.started_at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        report.gauge("process_start_time_seconds", "When it began, in seconds since the Unix epoch").is(started);
        if let Some(bytes) = (self.memory)() {
            report.gauge("process_resident_memory_bytes", "Memory in use, rings and program included").is(bytes);
        }
        report.gauge("sidetap_memory_limit_bytes", "Memory that it keeps to").is(self.memory_limit);
    }
}

impl State {
    pub fn of(subject: &impl Subject) -> State {
        let silent = subject.silent();
        if silent > STILL {
            return State::Still(silent);
        }
        subject.ready().map_or_else(State::NotReady, |()| State::Ready)
    }

    /// As one word.
    pub fn word(&self) -> &'static str {
        match self {
            State::Ready => "ready",
            State::NotReady(_) => "not ready",
            State::Still(_) => "still",
        }
    }

    /// Why it is not ready, in one line.
    pub fn why(&self) -> Option<String> {
        match self {
            State::Ready => None,
            State::NotReady(why) => Some(why.replace(char::is_control, " ")),
            State::Still(since) => Some(format!("the packet loop stands still since {} s", since.as_secs())),
        }
    }
}
