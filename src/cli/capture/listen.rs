//! Listening on interfaces: opens, drops its rights, starts threads, listens until it is stopped.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::context::Context;
use super::super::ending::Ending;
use super::super::interfaces::{self, Interfaces};
use super::super::monitor::{Monitor, MonitorArg};
use super::super::output::{count, counted};
use super::super::sensor::conclusion::conclude;
use super::super::sensor::documents::Documents;
use super::super::sensor::exports::Surroundings;
use super::super::sensor::run::{Input, Run};
use super::super::sensor::status::{self, Status};
use super::super::sensor::{exports, options, reporting, summary};
use super::Args;
use crate::exit::Exit;
use crate::export::monitor::Published;
use crate::packet;
use crate::packet::filter::Target;
use crate::packet::live::{Live, LiveCounts};
use crate::sensor::monitor::{Monitored, Snapshot, live_counts};
use crate::sensor::rate::RateLimit;
use crate::sensor::reporter::Reporter;
use crate::sensor::vantage::Home;
use crate::sensor::{Budget, Engine};

/// Listens on these interfaces, and for those who ask how it goes.
pub fn run(
    args: &Args,
    (names, listen): (&[String], Option<MonitorArg>),
    budget: &Budget,
    ending: Ending,
    cx: &mut Context,
) -> anyhow::Result<Exit> {
    let sensor = &args.sensor;
    options::check_filter(&sensor.filter, Target::Socket)?;
    let rotation = exports::check(sensor, None)?;
    let own = Arc::default();
    let settings = reporting::settings(sensor, (RateLimit::default(), budget), home(), &own, cx)?;
    let monitor = Monitor::open(listen)?;
    let filter = monitor.exclude_from(&sensor.filter);
    let mut live = Live::open(names, &filter, budget.ring_bytes, sensor.report.cpu_limit)?;
    let names: Vec<&str> = live.interfaces().collect();
    let privacy = (settings.privacy.level(), settings.privacy.policy_hash());
    let surroundings = Surroundings { budget, privacy, own: &own, interfaces: &names };
    let exports = exports::begin(sensor, rotation, &surroundings, cx)?;
    let mut engine = Engine::new(budget.engine(sensor.stream_timeout()), Reporter::new(settings, exports));
    let mut run = Run::begin(Input::Live, Documents::of(&sensor.report))?;

    let stop = ending.in_order()?;
    cx.stop_waiting()?;
    status::begin(&names.join(", "), budget, cx);
    interfaces::filtered_outside(&live).for_each(|news| cx.printer.note(&news));
    let published = Published::default();
    let monitored = Monitored::new(published.clone(), names.iter().map(ToString::to_string).collect());
    let is_monitored = monitor.serve("capture", budget.limit, monitored, cx)?;
    // The rings are open: what comes from now on is seen.
    published.publish((Snapshot::of(&mut engine), LiveCounts::default()));
    let mut status = Status::new(sensor.stat_duration, cx);
    let mut interfaces = Interfaces::default();
    let mut counts = LiveCounts::default();
    let listened = live.run(&mut engine, |live, engine, now| {
        counts = now;
        run.tick(engine, |report| live_counts(now, report));
        run.mind_cpu(engine, now);
        status.changes(interfaces.news(live), engine, cx);
        if is_monitored {
            published.publish((Snapshot::of(engine), now));
        }
        let came = || format!("{}, {} dropped", counted(now.packets, "packet"), count(now.dropped));
        let gone = || (now.gone > 0).then(|| format!("{} gone", counted(now.gone as u64, "interface")));
        status.tick(engine, cx, came, gone);
        match stop.load(Ordering::Relaxed) || engine.exports().readers_are_gone() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    // What was seen before something failed is handed on all the same.
    let counts = *listened.as_ref().unwrap_or(&counts);
    let failures = run.finish(&mut engine, |report| live_counts(counts, report));
    status.clear(cx);
    summary::of_interfaces(&engine.counts(), counts, &sensor.filter, engine.exports(), cx);
    conclude(failures, listened.map(|_| Exit::Done).map_err(anyhow::Error::new), cx)
}

/// The addresses of this host, by which it is told who is here.
fn home() -> Home {
    let interfaces = packet::interfaces::list().unwrap_or_default();
    Home::new(interfaces.into_iter().flat_map(|interface| interface.addresses))
}
