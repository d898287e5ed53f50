//! `sidetap capture`: HTTP transactions from packets, of interfaces or of a capture file.

mod foreign;
#[cfg(target_os = "linux")]
mod listen;
mod source;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::Context as _;

use self::foreign::Foreign;
pub use self::foreign::{NotSupported, with_variables};
use self::source::Source;
use super::config::ConfigArg;
use super::context::Context;
use super::ending::Ending;
use super::output::counted;
use super::sensor::conclusion::conclude;
use super::sensor::documents::Documents;
use super::sensor::exports::Surroundings;
use super::sensor::privacy_report::PrivacyReport;
use super::sensor::run::{Input, Run};
use super::sensor::{SensorArgs, exports, options, reporting, summary};
use crate::exit::Exit;
use crate::export::{Exports, Overflow};
use crate::packet::file::CaptureFile;
use crate::packet::filter::Target;
use crate::sensor::rate::RateLimit;
use crate::sensor::read::{self, End, ReadCounts};
use crate::sensor::reporter::Reporter;
use crate::sensor::vantage::Home;
use crate::sensor::{Budget, Engine};

/// Turn packets into HTTP transactions.
///
/// Listens on network interfaces, which takes root or CAP_NET_RAW, or reads a capture file. On a terminal each
/// transaction is one line; otherwise it is one JSON object a line.
#[derive(Debug, clap::Args)]
#[command(alias = "apidump", after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    sensor: SensorArgs,
    #[command(flatten)]
    pub config: ConfigArg,
    #[command(flatten)]
    foreign: Foreign,
}

const EXAMPLES: &str = "Examples:
  sidetap capture --read trace.pcap
  sidetap capture --read trace.pcap --export ndjson:- | jq .
  sidetap capture --read trace.pcap --privacy-level redacted --privacy-report
  sidetap capture --interface lo --interface eth1 --filter 'tcp port 8080' --export har:/tmp/har";

pub fn run(args: &Args, cx: &mut Context) -> anyhow::Result<Exit> {
    args.foreign.check(cx)?;
    let budget = args.sensor.budget()?;
    let ending = Ending::at_once()?;
    match &args.source {
        Source::File { path, dry } => read_file(args, (path, *dry), &budget, ending, cx),
        #[cfg(target_os = "linux")]
        Source::Interfaces { names, listen } => listen::run(args, (names, *listen), &budget, ending, cx),
        #[cfg(not(target_os = "linux"))]
        Source::Interfaces { .. } => {
            anyhow::bail!("listening on interfaces works on Linux only; `--read FILE` works here, too")
        }
    }
}

/// What can be said of the arguments before anything is opened.
#[cfg(all(feature = "aws", target_os = "linux"))]
pub fn check(args: &Args) -> anyhow::Result<()> {
    use super::sensor::exports::ExportArg;
    use crate::export::otlp::transport::Endpoint;

    options::check_filter(&args.sensor.filter, Target::Socket)?;
    args.sensor.check_memory_limit()?;
    args.sensor.rules()?;
    exports::check(&args.sensor, None)?;
    for export in &args.sensor.export {
        if let ExportArg::Otlp(url) = export {
            Endpoint::parse(url).context("`--export`")?;
        }
    }
    Ok(())
}

fn read_file(
    args: &Args,
    (path, dry): (&Path, bool),
    budget: &Budget,
    ending: Ending,
    cx: &mut Context,
) -> anyhow::Result<Exit> {
    let sensor = &args.sensor;
    options::check_filter(&sensor.filter, Target::File)?;
    // A dry run writes to none of them.
    let rotation = if dry { None } else { exports::check(sensor, Some(path))? };
    let own = Arc::default();
    let settings = reporting::settings(sensor, (RateLimit::Unlimited, budget), Home::default(), &own, cx)?;
    let name = path.display().to_string();
    let mut file = match name.as_str() {
        "-" => CaptureFile::from_stdin().context("cannot read standard input")?,
        _ => CaptureFile::open(path).with_context(|| format!("cannot read `{name}`"))?,
    };
    let (report, exports, documents) = if dry {
        let (report, export) = PrivacyReport::new(&name, &settings.privacy);
        (Some(report), Exports::new(vec![export]), Documents::default())
    } else {
        let privacy = (settings.privacy.level(), settings.privacy.policy_hash());
        let surroundings = Surroundings { budget, privacy, own: &own, interfaces: &[] };
        let opened = exports::open(sensor, rotation, &surroundings, cx)?;
        (None, exports::start(opened, &surroundings, Overflow::Wait)?, Documents::of(&sensor.report))
    };
    let mut engine = Engine::new(budget.engine(sensor.stream_timeout()), Reporter::new(settings, exports));
    let stop = ending.in_order()?;
    let mut run = Run::begin(Input::File, documents)?;
    let (counts, read) = read::read(&mut file, &sensor.filter, &mut engine, |engine| {
        run.tick(engine, |_| ());
        match stop.load(Ordering::Relaxed) || engine.exports().readers_are_gone() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    let failures = run.finish(&mut engine, |_| ());
    if let Some(report) = report {
        report.show(&mut engine, cx).context("cannot write to standard output")?;
    }
    summary::of_file(&engine.counts(), &counts, &sensor.filter, engine.exports(), cx);
    let ending = match read {
        Ok(End::Reached) => Ok(Exit::Done),
        Ok(End::Stopped) if stop.load(Ordering::Relaxed) => Ok(Exit::Interrupted),
        // Nobody reads what is written.
        Ok(End::Stopped) => Ok(Exit::Done),
        Err(error) => Err(anyhow::Error::new(error).context(unread_rest(&name, &counts, engine.exports()))),
    };
    conclude(failures, ending, cx)
}

/// What the records are worth of a file that could not be read to its end.
fn unread_rest(name: &str, counts: &ReadCounts, exports: &Exports) -> String {
    format!(
        "cannot read all of `{name}`: the {} before that were read and gave {}",
        counted(counts.frames, "packet"),
        counted(exports.records(), "record"),
    )
}
