//! `sidetap forward`: what is captured, over VXLAN, to collectors.

mod given;
mod report;

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use bytesize::ByteSize;

pub use self::given::BadSetting;
use self::given::{Mtu, Rate, or_environment};
use self::report::Report;
use super::config::ConfigArg;
use super::context::Context;
use super::ending::Ending;
use super::monitor::{Monitor, MonitorArg};
use super::sensor::options;
use crate::exit::Exit;
use crate::forward::neighbour::Presence;
use crate::forward::{Budget, Destination, ForwardError, Forwarder, Monitored, Options, Shared};
use crate::packet::filter::Target;
use crate::packet::live::{Live, LiveCounts};
use crate::packet::segment::Oversize;
use crate::packet::vxlan::Vni;
use crate::process::privileges;

/// Send packets to collectors over VXLAN.
///
/// Listens on network interfaces, which takes root or CAP_NET_RAW, and sends every packet to every destination: cut to
/// the path's MTU, with checksums completed, both directions of a connection from one source port. What it sends itself
/// is left out, whatever the filter says.
#[derive(Debug, clap::Args)]
#[command(after_help = NOTES)]
pub struct Args {
    /// Listen on this interface, or on `any`; repeatable. Default: every interface that is up.
    #[arg(long, value_name = "NAME", env = "SIDETAP_INTERFACE")]
    interface: Vec<String>,
    /// Only packets that this pcap-filter(7) expression accepts.
    #[arg(long, value_name = "EXPRESSION", env = "SIDETAP_FILTER")]
    filter: Option<String>,
    /// Where packets go: a name or an address, and a UDP port if it is not 4789; repeatable.
    #[arg(long, value_name = "HOST[:PORT]", env = "SIDETAP_DESTINATION")]
    destination: Vec<String>,
    /// The VXLAN network identifier. Default: 1.
    #[arg(long, value_name = "NUMBER", env = "SIDETAP_VNI")]
    vni: Option<u32>,
    /// The largest packet that is sent, IP header included: `auto` (what the path takes) or at most so many bytes.
    #[arg(long, value_name = "auto|BYTES", env = "SIDETAP_MTU")]
    mtu: Option<Mtu>,
    /// What is done with a packet that does not fit and is no TCP of an interface's making. Default: split.
    #[arg(long, value_name = "split|truncate|drop", env = "SIDETAP_OVERSIZE")]
    oversize: Option<OversizeArg>,
    /// How often statistics are printed, such as `30s`; `0` for never. Default: 30s.
    #[arg(long, value_name = "DURATION", env = "SIDETAP_STAT_DURATION")]
    stat_duration: Option<Seconds>,
    /// Send at most so many bits a second, such as `100mbit`; over it whole connections are left out for a while.
    #[arg(long, value_name = "RATE", env = "SIDETAP_RATE_CAP")]
    rate_cap: Option<Rate>,
    /// Memory for all of it, such as `25MiB`. Default: 80 % of the cgroup's limit, at most 64 MiB.
    #[arg(long, value_name = "SIZE", env = "SIDETAP_MEMORY_LIMIT", value_parser = options::size)]
    memory_limit: Option<ByteSize>,
    /// How many CPUs may be used, such as `0.05`: packets wait, and are dropped, rather than that more is used.
    #[arg(long, value_name = "CPUS", env = "SIDETAP_CPU_LIMIT", value_parser = options::cpus)]
    cpu_limit: Option<f64>,
    /// Answer health checks and serve metrics over HTTP here: `/live /ready /metrics /status.json`, on port 9464 unless
    /// another is named. Default: nowhere.
    #[arg(long, value_name = "ADDRESS[:PORT]", env = "SIDETAP_LISTEN")]
    listen: Option<MonitorArg>,
    #[command(flatten)]
    pub config: ConfigArg,
}

const NOTES: &str =
    "BPF_FILTER, DESTINATION, INTERFACE, MTU and STAT_DURATION in the environment mean the same; SIDETAP_… \
beats them, a flag beats both, and a variable that is empty counts as not set. Lists may be separated by commas or blanks. \
Without any argument and without a terminal, `sidetap` is `sidetap forward` if the environment has a DESTINATION.

A packet that this host forwards from one of its interfaces to another is seen, and sent, at both: name one of them.

Examples:
  sidetap forward --destination collector.internal
  sidetap forward --interface eth1 --filter 'tcp port 8080' --destination 10.0.0.7:4789 --rate-cap 200mbit";

/// A filter that lets nothing in: until it is known where packets go, they would only fill the rings.
const NOTHING: &str = "less 0";

/// `--oversize`.
#[derive(Debug, Clone, Copy)]
struct OversizeArg(Oversize);

impl std::str::FromStr for OversizeArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "split" => Ok(OversizeArg(Oversize::Split)),
            "truncate" => Ok(OversizeArg(Oversize::Truncate)),
            "drop" => Ok(OversizeArg(Oversize::Drop)),
            _ => Err("it is none of `split`, `truncate` and `drop`".to_owned()),
        }
    }
}

/// `--stat-duration`.
#[derive(Debug, Clone, Copy)]
struct Seconds(Duration);

impl std::str::FromStr for Seconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        options::duration(text).map(Seconds)
    }
}

/// Variables without the prefix that mean what a flag does, as users of other forwarders know them.
const PLAIN_VARIABLES: [(&str, &str); 5] = [
    ("filter", "BPF_FILTER"),
    ("destination", "DESTINATION"),
    ("interface", "INTERFACE"),
    ("mtu", "MTU"),
    ("stat-duration", "STAT_DURATION"),
];

/// Whether the environment gives a flag its value by such a variable.
pub fn has_plain_variable(flag: &str) -> bool {
    PLAIN_VARIABLES.iter().any(|(name, plain)| *name == flag && given::variable(plain).is_some())
}

/// Whether the environment says that this command is meant where none was named.
pub fn is_meant() -> bool {
    use std::io::IsTerminal;
    let is_named = |name| std::env::var(name).is_ok_and(|value| !value.trim().is_empty());
    let is_person = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    !is_person && (is_named("DESTINATION") || is_named("SIDETAP_DESTINATION"))
}

/// The arguments with what the environment adds.
struct Settings {
    interfaces: Vec<String>,
    filter: String,
    stat_duration: Duration,
    budget: Budget,
    options: Options,
}

fn destinations(given: &[String], name: &str) -> Result<Vec<Destination>, BadSetting> {
    given.iter().map(|text| text.parse().map_err(|error| BadSetting::new(name, text, error))).collect()
}

fn vni(args: &Args) -> Result<Vni, BadSetting> {
    let vni = args.vni.unwrap_or(1);
    Vni::new(vni).ok_or_else(|| BadSetting::new("--vni", vni, "it is no number of 24 bits"))
}

/// What can be said of the arguments alone, before anything is opened.
#[cfg(feature = "aws")]
pub fn check(args: &Args) -> anyhow::Result<()> {
    destinations(&given::words(&args.destination), "--destination")?;
    vni(args)?;
    if let Some(ByteSize(limit)) = args.memory_limit {
        Budget::new(limit)?;
    }
    options::check_filter(args.filter.as_deref().unwrap_or_default(), Target::Socket)?;
    Ok(())
}

impl Settings {
    fn of(args: &Args) -> anyhow::Result<Self> {
        let name = if args.destination.is_empty() { "DESTINATION" } else { "--destination" };
        let destinations = destinations(&given::list(&args.destination, "DESTINATION"), name);
        let vni = vni(args)?;
        let mtu = or_environment(args.mtu, "MTU")?.unwrap_or_default();
        let stat_duration = or_environment(args.stat_duration, "STAT_DURATION")?;
        let memory_limit = options::memory_limit(args.memory_limit);
        let filter = args.filter.clone().filter(|filter| !filter.trim().is_empty());
        Ok(Settings {
            interfaces: given::list(&args.interface, "INTERFACE"),
            filter: filter.or_else(|| given::variable("BPF_FILTER")).unwrap_or_default(),
            stat_duration: stat_duration.map_or(Duration::from_secs(30), |Seconds(duration)| duration),
            budget: Budget::new(memory_limit)?,
            options: Options {
                destinations: destinations?,
                vni,
                mtu: mtu.bytes(),
                oversize: args.oversize.map_or(Oversize::Split, |OversizeArg(it)| it),
                rate_cap: args.rate_cap.map(Rate::bits),
            },
        })
    }
}

pub fn run(args: &Args, cx: &mut Context) -> anyhow::Result<Exit> {
    let settings = Settings::of(args)?;
    options::check_filter(&settings.filter, Target::Socket)?;
    if settings.options.destinations.is_empty() {
        return Err(ForwardError::NoDestination.into());
    }
    let ending = Ending::at_once()?;
    let monitor = Monitor::open(args.listen)?;
    let wanted = monitor.exclude_from(&settings.filter);
    let mtu = settings.options.mtu;
    let mut forwarder = Forwarder::claim(settings.options)?;
    let mut live = Live::open_replaceable(&settings.interfaces, NOTHING, settings.budget.ring_bytes, args.cpu_limit)?;
    // Before the first thread starts, since rights belong to threads.
    privileges::drop_all().context("cannot give up the rights that are no longer needed")?;
    // Looks names up, which may take long, and takes no rights.
    forwarder.connect()?;
    live.replace_filter(&forwarder.filter(&wanted))?;
    forwarder.filter_has_changed();
    forwarder.start()?;
    let stop = ending.in_order()?;
    cx.stop_waiting()?;

    let shared = Shared::default();
    let status = forwarder.status(Default::default());
    let mut report = Report::new(settings.stat_duration);
    report.begin(&live, &forwarder, &status, settings.budget.limit, cx);
    if let Some(asked) = mtu.filter(|asked| *asked > status.mtu) {
        cx.printer.note(&format!("packets of {asked} bytes were asked for; the path takes {}", status.mtu));
    }
    shared.publish(status);
    let monitored = Monitored::new(shared.clone(), live.interfaces().map(str::to_owned).collect());
    monitor.serve("forward", settings.budget.limit, monitored, cx)?;
    let presence = Presence::announce();
    if presence.is_second() {
        cx.printer.note(
            "another sidetap forwards here: what it sends is left out if it has the same VNI and port; else each sends what \
             the other sends, without end, unless a filter such as `tcp` leaves it out",
        );
    }
    let mut refilter = Ok(());
    let mut counts = LiveCounts::default();
    let listened = live.run(&mut forwarder, |live, forwarder, now| {
        counts = now;
        if forwarder.filter_has_changed() {
            refilter = live.replace_filter(&forwarder.filter(&wanted));
        }
        let status = forwarder.status(now);
        report.observe(live, &status, cx);
        shared.publish(status);
        match stop.load(Ordering::Relaxed) || refilter.is_err() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    // What was sent before something failed is told all the same.
    let status = forwarder.status(*listened.as_ref().unwrap_or(&counts));
    report.end(&status, cx);
    shared.publish(status);
    listened?;
    refilter?;
    Ok(Exit::Done)
}
