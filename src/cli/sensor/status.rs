//! What is told while listening: a status line on a terminal, else a line every now and then.

use std::time::{Duration, Instant};

use bytesize::ByteSize;

use super::super::context::Context;
use super::super::output::{StatusLine, counted};
use super::super::pace::Pace;
use super::trouble::{self, Troubles};
use crate::process::resident::Resident;
use crate::sensor::{Budget, Engine, EngineCounts};

/// How often the status line is written.
const STATUS: Duration = Duration::from_millis(500);

/// Says where it listens, and how much memory there is.
pub fn begin(places: &str, budget: &Budget, cx: &Context) {
    cx.printer.note(&format!(
        "listening on {places}; at most {} in {}; stop with Ctrl-C",
        counted(budget.connections as u64, "connection"),
        ByteSize(budget.limit).display().iec(),
    ));
}

/// Tells how it goes.
pub struct Status {
    pace: Pace,
    line: StatusLine,
    transactions: u64,
    last: Instant,
    troubles: Troubles,
}

impl Status {
    /// A line so often, never if that is zero; a status line more often.
    pub fn new(stat_duration: Duration, cx: &Context) -> Self {
        let line = StatusLine::new(&cx.printer);
        let every = if line.is_shown() { STATUS } else { stat_duration };
        let troubles = Troubles::default();
        Status { pace: Pace::new(every), line, transactions: 0, last: Instant::now(), troubles }
    }

    /// Tells at once what has changed: this, and which exports cannot write or can again.
    pub fn changes(&mut self, mut news: Vec<String>, engine: &mut Engine, cx: &Context) {
        news.extend(self.troubles.news(engine.exports().counts(), Instant::now()));
        if !news.is_empty() {
            self.line.clear(&cx.printer);
        }
        for news in news {
            cx.printer.note(&news);
        }
    }

    /// Tells how it goes if it is time to: what came in, what was made of it, and what else there is.
    pub fn tick(
        &mut self,
        engine: &mut Engine,
        cx: &Context,
        came: impl FnOnce() -> String,
        more: impl FnOnce() -> Option<String>,
    ) {
        let now = Instant::now();
        if !self.pace.is_due(now) {
            return;
        }
        let more = more().map_or(String::new(), |more| format!(", {more}"));
        let made = self.made(&engine.counts(), now);
        let line = format!("{}, {made}{more}{}", came(), trouble::unwritten(engine.exports().counts()));
        match self.line.is_shown() {
            true => self.line.show(&line, &cx.printer),
            false => cx.printer.note(&line),
        }
    }

    fn made(&mut self, counts: &EngineCounts, now: Instant) -> String {
        let emitted = counts.transactions.emitted;
        let seconds = now.duration_since(self.last).as_secs_f64().max(1e-3);
        let rate = (emitted - self.transactions) as f64 / seconds;
        self.transactions = emitted;
        self.last = now;
        let memory = Resident::now().map_or(0, |resident| resident.total());
        format!(
            "{}, {rate:.0}/s, {}, {}",
            counted(emitted, "transaction"),
            counted(counts.open_connections as u64, "connection"),
            ByteSize(memory).display().iec(),
        )
    }

    /// Takes the status line away, as there is no more to tell.
    pub fn clear(&self, cx: &Context) {
        self.line.clear(&cx.printer);
    }
}
