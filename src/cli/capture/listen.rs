//! Listening on interfaces: opens, drops its rights, starts threads, listens until it is stopped.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use bytesize::ByteSize;

use super::super::context::Context;
use super::super::ending::Ending;
use super::super::interfaces::{self, Interfaces};
use super::super::output::{StatusLine, count, counted};
use super::super::pace::Pace;
use super::trouble::{self, Troubles};
use super::{Args, conclude, exports, options, summary};
use crate::exit::Exit;
use crate::export::Overflow;
use crate::packet::filter::Target;
use crate::packet::live::{Live, LiveCounts};
use crate::process::privileges;
use crate::process::resident::Resident;
use crate::sensor::{Budget, Engine, EngineCounts};

/// How often the status line is written.
const STATUS: Duration = Duration::from_millis(500);

pub fn run(args: &Args, names: &[String], budget: &Budget, ending: Ending, cx: &mut Context) -> anyhow::Result<Exit> {
    options::check_filter(&args.filter, Target::Socket)?;
    let mut live = Live::open(names, &args.filter, budget.ring_bytes)?;
    exports::check(&args.export, None)?;
    // Root may write where it may not any more without its rights.
    let exports = exports::open(&args.export, cx)?;
    // Before the first thread starts, since rights belong to threads.
    privileges::drop_all().context("cannot give up the rights that are no longer needed")?;
    let names: Vec<&str> = live.interfaces().collect();
    let exports = exports::start(exports, &names, budget, Overflow::Drop)?;
    let mut engine = Engine::new(budget.engine(Duration::from_secs(args.stream_timeout_seconds)), exports);

    let stop = ending.in_order()?;
    cx.printer.note(&format!(
        "listening on {}; at most {} in {}; stop with Ctrl-C",
        names.join(", "),
        counted(budget.connections as u64, "connection"),
        ByteSize(budget.limit).display().iec(),
    ));
    interfaces::filtered_outside(&live).for_each(|news| cx.printer.note(&news));
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
    pace: Pace,
    status: StatusLine,
    transactions: u64,
    last: Instant,
    interfaces: Interfaces,
    troubles: Troubles,
}

impl Report {
    fn new(stat_duration: Duration, cx: &Context) -> Self {
        let status = StatusLine::new(&cx.printer);
        let every = if status.is_shown() { STATUS } else { stat_duration };
        Report {
            pace: Pace::new(every),
            status,
            transactions: 0,
            last: Instant::now(),
            interfaces: Interfaces::default(),
            troubles: Troubles::default(),
        }
    }

    /// Says which interfaces have gone or come back, and which exports.
    fn changes(&mut self, live: &Live, engine: &mut Engine, cx: &Context) {
        let mut news = self.interfaces.news(live);
        news.extend(self.troubles.news(engine.exports().counts(), Instant::now()));
        if !news.is_empty() {
            self.status.clear();
        }
        for news in news {
            cx.printer.note(&news);
        }
    }

    fn tick(&mut self, engine: &mut Engine, live: LiveCounts, cx: &Context) {
        let now = Instant::now();
        if !self.pace.is_due(now) {
            return;
        }
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
