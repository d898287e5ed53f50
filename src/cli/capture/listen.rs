//! Listening on interfaces: opens, drops its rights, starts threads, listens until it is stopped.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytesize::ByteSize;

use super::super::context::Context;
use super::super::output::{StatusLine, count, counted};
use super::ending::Ending;
use super::trouble::{self, Troubles};
use super::{Args, NO_SIGNALS, conclude, exports, options, summary};
use crate::exit::Exit;
use crate::export::Overflow;
use crate::packet::filter::Target;
use crate::packet::live::{Live, LiveCounts};
use crate::process::privileges;
use crate::process::resident::Resident;
use crate::sensor::{Budget, Engine, EngineCounts};

/// How often the status line is written.
const STATUS: Duration = Duration::from_millis(500);

pub fn run(
    args: &Args,
    interfaces: &[String],
    budget: &Budget,
    ending: Ending,
    cx: &mut Context,
) -> anyhow::Result<Exit> {
    options::check_filter(&args.filter, Target::Socket)?;
    let mut live = Live::open(interfaces, &args.filter, budget.ring_bytes)?;
    exports::check(&args.export, None)?;
    // Root may write where it may not any more without its rights.
    let exports = exports::open(&args.export, cx)?;
    // Before the first thread starts, since rights belong to threads.
    privileges::drop_all().context("cannot give up the rights that are no longer needed")?;
    let names: Vec<&str> = live.interfaces().collect();
    let exports = exports::start(exports, &names, budget, Overflow::Drop)?;
    let mut engine = Engine::new(budget.engine(Duration::from_secs(args.stream_timeout_seconds)), exports);

    let stop = ending.in_order().context(NO_SIGNALS)?;
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
    let mut counts = LiveCounts::default();
    let listened = live.run(&mut engine, |live, engine, now| {
        counts = now;
        engine.exports().flush();
        report.changes(live, engine, cx);
        report.tick(engine, now, cx);
        match stop.load(Ordering::Relaxed) || engine.exports().readers_are_gone() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    // What was seen before something failed is handed on all the same.
    engine.finish();
    let failures = engine.exports().finish();
    report.status.clear();
    let counts = *listened.as_ref().unwrap_or(&counts);
    summary::of_interfaces(&engine.counts(), counts, &args.filter, engine.exports(), cx);
    conclude(failures, listened.map(|_| Exit::Done).map_err(anyhow::Error::new), cx)
}

/// What is told while listening: a status line on a terminal, else a line every now and then.
struct Report {
    every: Duration,
    /// Never, if there is none.
    next: Option<Instant>,
    status: StatusLine,
    transactions: u64,
    last: Instant,
    /// Interfaces that were gone when last looked at.
    gone: Vec<String>,
    troubles: Troubles,
}

impl Report {
    fn new(stat_duration: Duration, cx: &Context) -> Self {
        let status = StatusLine::new(&cx.printer);
        let every = if status.is_shown() { STATUS } else { stat_duration };
        let now = Instant::now();
        let mut report = Report {
            every,
            next: None,
            status,
            transactions: 0,
            last: now,
            gone: Vec::new(),
            troubles: Troubles::default(),
        };
        report.schedule(now);
        report
    }

    fn schedule(&mut self, now: Instant) {
        // What is further away than a clock can tell does not come.
        self.next = if self.every.is_zero() { None } else { now.checked_add(self.every) };
    }

    /// Says which interfaces have gone or come back, and which exports.
    fn changes(&mut self, live: &Live, engine: &mut Engine, cx: &Context) {
        let mut news = self.interfaces(live);
        news.extend(self.troubles.news(engine.exports().counts(), Instant::now()));
        if !news.is_empty() {
            self.status.clear();
        }
        for news in news {
            cx.printer.note(&news);
        }
    }

    fn interfaces(&mut self, live: &Live) -> Vec<String> {
        if live.gone().eq(self.gone.iter().map(String::as_str)) {
            return Vec::new();
        }
        let now: Vec<String> = live.gone().map(str::to_owned).collect();
        let went = now.iter().filter(|name| !self.gone.contains(name));
        let came = self.gone.iter().filter(|name| !now.contains(name));
        let news = went
            .map(|name| format!("{name} is down or gone; it is captured again when it is back"))
            .chain(came.map(|name| format!("{name} is back")))
            .collect();
        self.gone = now;
        news
    }

    fn tick(&mut self, engine: &mut Engine, live: LiveCounts, cx: &Context) {
        let now = Instant::now();
        if self.next.is_none_or(|next| now < next) {
            return;
        }
        self.schedule(now);
        let counts = engine.counts();
        let line = self.line(&counts, live, now) + &trouble::unwritten(engine.exports().counts());
        match self.status.is_shown() {
            true => self.status.show(&line),
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
}
