//! Listening on interfaces: opens, drops its rights, listens until it is stopped.

use std::io::{IsTerminal, Write};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytesize::ByteSize;

use super::super::context::Context;
use super::super::output::{count, counted};
use super::{Args, exports, options, summary};
use crate::exit::Exit;
use crate::export::Overflow;
use crate::packet::filter::Target;
use crate::packet::live::{Live, LiveCounts};
use crate::process::privileges;
use crate::process::resident::Resident;
use crate::sensor::{Budget, Engine, EngineCounts};

/// How often the status line is written.
const STATUS: Duration = Duration::from_millis(500);

pub fn run(args: &Args, budget: &Budget, stop: &AtomicBool, cx: &mut Context) -> anyhow::Result<Exit> {
    options::check_filter(&args.filter, Target::Socket)?;
    let mut live = Live::open(&args.interface, &args.filter, budget.ring_bytes)?;
    // Before the first thread starts, since rights belong to threads.
    privileges::drop_all().context("cannot give up the rights that are no longer needed")?;
    let names: Vec<&str> = live.interfaces().collect();
    let exports = exports::open(&args.export, &names, budget, Overflow::Drop, cx)?;
    let mut engine = Engine::new(budget.engine(Duration::from_secs(args.stream_timeout_seconds)), exports);

    cx.printer.note(&format!(
        "listening on {}; at most {} in {}; stop with Ctrl-C",
        names.join(", "),
        counted(budget.connections as u64, "connection"),
        ByteSize(budget.limit).display().iec(),
    ));
    for name in live.filtered_outside() {
        cx.printer.note(&format!("the filter is too long for the kernel and runs outside of it on {name}"));
    }
    let mut report = Report::new(args.stat_duration, cx);
    let counts = live.run(&mut engine, |live, engine, counts| {
        engine.exports().flush();
        report.changes(live, cx);
        report.tick(engine, counts, cx);
        match stop.load(Ordering::Relaxed) || engine.exports().readers_are_gone() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    })?;
    engine.finish();
    let failures = engine.exports().finish();
    report.clear();
    summary::of_interfaces(&engine.counts(), counts, engine.exports(), cx);
    match failures.into_iter().next() {
        Some(failure) => Err(failure.into()),
        None => Ok(Exit::Done),
    }
}

/// What is told while listening: a status line on a terminal, else a line every now and then.
struct Report {
    every: Duration,
    next: Instant,
    status_line: bool,
    transactions: u64,
    last: Instant,
    /// Interfaces that were gone when last looked at.
    gone: Vec<String>,
}

impl Report {
    fn new(stat_duration: Duration, cx: &Context) -> Self {
        let status_line = std::io::stderr().is_terminal() && !cx.printer.quiet();
        let every = if status_line { STATUS } else { stat_duration };
        let now = Instant::now();
        Report { every, next: now + every, status_line, transactions: 0, last: now, gone: Vec::new() }
    }

    /// Says which interfaces have gone or come back.
    fn changes(&mut self, live: &Live, cx: &Context) {
        if live.gone().eq(self.gone.iter().map(String::as_str)) {
            return;
        }
        let now: Vec<String> = live.gone().map(str::to_owned).collect();
        self.clear();
        for name in now.iter().filter(|name| !self.gone.contains(name)) {
            cx.printer.note(&format!("{name} is down or gone; it is captured again when it is back"));
        }
        for name in self.gone.iter().filter(|name| !now.contains(name)) {
            cx.printer.note(&format!("{name} is back"));
        }
        self.gone = now;
    }

    fn tick(&mut self, engine: &mut Engine, live: LiveCounts, cx: &Context) {
        let now = Instant::now();
        if now < self.next || self.every.is_zero() {
            return;
        }
        self.next = now + self.every;
        let counts = engine.counts();
        let line = self.line(&counts, live, now);
        match self.status_line {
            // There is nowhere to complain if the terminal is gone.
            true => drop(write!(std::io::stderr(), "\r\x1b[K{line}\r")),
            false => cx.printer.note(&line),
        }
    }

    fn line(&mut self, counts: &EngineCounts, live: LiveCounts, now: Instant) -> String {
        let emitted = counts.transactions.emitted;
        let seconds = now.duration_since(self.last).as_secs_f64().max(1e-3);
        let rate = (emitted - self.transactions) as f64 / seconds;
        self.transactions = emitted;
        self.last = now;
        let memory = Resident::now().map_or(0, |resident| resident.total());
        let gone = match live.gone {
            0 => String::new(),
            gone => format!(", {} gone", counted(gone as u64, "interface")),
        };
        format!(
            "{}, {} dropped, {}, {rate:.0}/s, {}, {}{gone}",
            counted(live.packets, "packet"),
            count(live.dropped),
            counted(emitted, "transaction"),
            counted(counts.open_connections as u64, "connection"),
            ByteSize(memory).display().iec(),
        )
    }

    fn clear(&self) {
        if self.status_line {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
