//! `sidetap collect`: HTTP transactions from packets that others mirror over VXLAN.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytesize::ByteSize;

use super::config::ConfigArg;
use super::context::Context;
use super::ending::Ending;
use super::listen_arg::ListenArg;
use super::monitor::{Monitor, MonitorArg};
use super::output::{count, counted};
use super::sensor::conclusion::conclude;
use super::sensor::documents::Documents;
use super::sensor::exports::Surroundings;
use super::sensor::run::{Input, Run};
use super::sensor::status::{self, Status};
use super::sensor::{SensorArgs, exports, options, reporting, summary};
use crate::collect::monitor::{Collected, Monitored};
use crate::collect::{CollectCounts, Collector, Networks, Options};
use crate::exit::Exit;
use crate::export::monitor::Published;
use crate::packet::filter::Target;
use crate::packet::live::LiveCounts;
use crate::packet::vxlan;
use crate::sensor::rate::RateLimit;
use crate::sensor::reporter::Reporter;
use crate::sensor::vantage::Home;
use crate::sensor::{Budget, Engine};

/// The highest VXLAN network identifier.
const MAX_VNI: i64 = 0xff_ffff;

/// Turn mirrored packets into HTTP transactions.
///
/// Takes what `sidetap forward`, AWS VPC Traffic Mirroring and other mirrors send over VXLAN, without any privilege. What
/// one source mirrors is never mixed with what another does, and each record names its source. On a terminal each
/// transaction is one line; otherwise it is one JSON object a line.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Where mirrors send to: an address of this machine, with a port unless it is 4789; repeatable.
    #[arg(
        long,
        value_name = "ADDRESS[:PORT]",
        env = "SIDETAP_COLLECT_LISTEN",
        value_delimiter = ',',
        default_value = "0.0.0.0:4789"
    )]
    listen: Vec<ListenArg<{ vxlan::PORT }>>,
    /// Only this VXLAN network; repeatable. Default: all.
    #[arg(long, value_name = "N", env = "SIDETAP_VNI", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(0..=MAX_VNI))]
    vni: Vec<u32>,
    /// Send the frames out of this interface as well, for another analyser; takes CAP_NET_RAW.
    #[arg(long, value_name = "NAME", env = "SIDETAP_TO_INTERFACE")]
    to_interface: Option<String>,
    /// Answer health checks and serve metrics over HTTP here: `/live /ready /metrics /status.json`, on port 9464 unless
    /// another is named. Default: nowhere.
    #[arg(long, value_name = "ADDRESS[:PORT]", env = "SIDETAP_HEALTH_LISTEN")]
    health_listen: Option<MonitorArg>,
    #[command(flatten)]
    sensor: SensorArgs,
    #[command(flatten)]
    pub config: ConfigArg,
}

const EXAMPLES: &str = "Examples:
  sidetap collect
  sidetap collect --vni 42 --export ndjson:- | jq .
  sidetap collect --export pcapng:/data/mirror.pcapng --rotate-size 1GiB --rotate-files 20
  sidetap collect --to-interface tap0 --export none";

pub fn run(args: &Args, cx: &mut Context) -> anyhow::Result<Exit> {
    let sensor = &args.sensor;
    let budget = sensor.budget()?;
    options::check_filter(&sensor.filter, Target::File)?;
    let rotation = exports::check(sensor, None)?;
    let own = Arc::default();
    let settings = reporting::settings(sensor, (RateLimit::Unlimited, &budget), Home::default(), &own, cx)?;
    let ending = Ending::at_once()?;
    let monitor = Monitor::open(args.health_listen)?;
    let listen: Vec<_> = args.listen.iter().map(|listen| listen.0).collect();
    let mut collector = Collector::open(Options {
        listen: &listen,
        networks: Networks::new(args.vni.clone()),
        filter: &sensor.filter,
        to_interface: args.to_interface.as_deref(),
        bytes: budget.ring_bytes,
    })?;
    let privacy = (settings.privacy.level(), settings.privacy.policy_hash());
    let surroundings = Surroundings { budget: &budget, privacy, own: &own, interfaces: &[] };
    let exports = exports::begin(sensor, rotation, &surroundings, cx)?;
    let mut engine = Engine::new(budget.engine(sensor.stream_timeout()), Reporter::new(settings, exports));
    let mut run = Run::begin(Input::Live, Documents::of(&sensor.report))?;
    let stop = ending.in_order()?;
    cx.stop_waiting()?;
    begin(&collector, &budget, cx);
    let published = Published::default();
    let is_monitored = monitor.serve("collect", budget.limit, Monitored::new(published.clone(), &collector), cx)?;
    let mut status = Status::new(sensor.stat_duration, cx);
    let mut interface_is_gone = false;
    let mut counts = CollectCounts::default();
    let collected = collector.run(&mut engine, |collector, engine, now| {
        counts = now;
        run.tick(engine, |_| ());
        run.mind_cpu(engine, LiveCounts::default());
        let changed = std::mem::replace(&mut interface_is_gone, now.replay.is_gone) != now.replay.is_gone;
        let news = collector.to_interface().filter(|_| changed).map(|interface| news(interface, now.replay.is_gone));
        status.changes(news.into_iter().collect(), engine, cx);
        let came = || {
            let [refused, dropped, unsent] = [now.refused.total(), now.dropped, now.replay.unsent()].map(count);
            let unsent = if now.replay.unsent() > 0 { format!(", {unsent} not sent on") } else { String::new() };
            format!("{}, {refused} refused, {dropped} dropped{unsent}", counted(now.datagrams, "datagram"))
        };
        if is_monitored {
            published.publish(Collected::of(collector, engine, now));
        }
        status.tick(engine, cx, came, || Some(counted(now.sources as u64, "source")));
        match stop.load(Ordering::Relaxed) || engine.exports().readers_are_gone() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    // What was seen before something failed is handed on all the same.
    let failures = run.finish(&mut engine, |_| ());
    status.clear(cx);
    let counts = *collected.as_ref().unwrap_or(&counts);
    summary::of_collector(&engine.counts(), &counts, &collector, &sensor.filter, engine.exports(), cx);
    conclude(failures, collected.map(|_| Exit::Done).map_err(anyhow::Error::new), cx)
}

/// That the interface that frames go out of has gone or come back.
fn news(interface: &str, is_gone: bool) -> String {
    match is_gone {
        true => format!("{interface} is down or gone; frames go out of it again when it is back"),
        false => format!("{interface} is back"),
    }
}

fn begin(collector: &Collector, budget: &Budget, cx: &Context) {
    let addresses: Vec<String> = collector.addresses().iter().map(ToString::to_string).collect();
    status::begin(&addresses.join(", "), budget, cx);
    let (wanted, granted) = collector.receive_buffers();
    if granted < wanted / 2 {
        let [wanted, granted] = [wanted, granted].map(|bytes| ByteSize(bytes).display().iec());
        cx.printer.note(&format!(
            "the kernel keeps {granted} of datagrams, and there is memory for {wanted}: a higher `net.core.rmem_max` \
             bridges longer bursts"
        ));
    }
}
