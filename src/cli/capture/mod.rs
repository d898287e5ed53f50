//! `sidetap capture`: HTTP transactions from packets, of interfaces or of a capture file.

mod exports;
#[cfg(target_os = "linux")]
mod listen;
pub(super) mod options;
mod source;
mod summary;
mod trouble;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Context as _;
use bytesize::ByteSize;

pub use self::exports::BadExports;
use self::exports::ExportArg;
pub use self::options::BadFilter;
use self::source::Source;
use super::context::Context;
use super::ending::Ending;
use super::failure;
use super::output::counted;
use crate::exit::Exit;
use crate::export::{ExportError, Exports, Overflow};
use crate::packet::file::CaptureFile;
use crate::packet::filter::Target;
use crate::sensor::read::{self, End, ReadCounts};
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
    /// Only packets that this pcap-filter(7) expression accepts.
    #[arg(long, value_name = "EXPRESSION", env = "SIDETAP_FILTER", default_value = "", hide_default_value = true)]
    filter: String,
    /// Where records go: `ndjson:-`, `ndjson:PATH` (added to), `har:DIR`, `pcapng:PATH` (overwritten) or `none`;
    /// repeatable.
    #[arg(long, value_name = "KIND:TARGET", env = "SIDETAP_EXPORT", value_delimiter = ',')]
    export: Vec<ExportArg>,
    /// Memory for all of it, such as `25MiB`. Default: 80 % of the cgroup's limit, at most 64 MiB.
    #[arg(long, value_name = "SIZE", env = "SIDETAP_MEMORY_LIMIT", value_parser = options::size)]
    memory_limit: Option<ByteSize>,
    /// How long bytes are waited for that nobody has acknowledged.
    #[arg(long, value_name = "SECONDS", env = "SIDETAP_STREAM_TIMEOUT_SECONDS", default_value_t = 10)]
    stream_timeout_seconds: u64,
    /// How often statistics are printed while listening, such as `30s`; `0` for never.
    #[arg(long, value_name = "DURATION", env = "SIDETAP_STAT_DURATION", default_value = "30s", value_parser = options::duration)]
    stat_duration: Duration,
}

const EXAMPLES: &str = "Examples:
  sidetap capture --read trace.pcap
  sidetap capture --read trace.pcap --export ndjson:- | jq .
  sidetap capture --interface lo --interface eth1 --filter 'tcp port 8080' --export har:/tmp/har";

pub fn run(args: &Args, cx: &mut Context) -> anyhow::Result<Exit> {
    let budget = Budget::new(options::memory_limit(args.memory_limit))?;
    let ending = Ending::at_once()?;
    match &args.source {
        Source::File(path) => read_file(args, path, &budget, ending, cx),
        #[cfg(target_os = "linux")]
        Source::Interfaces(names) => listen::run(args, names, &budget, ending, cx),
        #[cfg(not(target_os = "linux"))]
        Source::Interfaces(_) => {
            anyhow::bail!("listening on interfaces works on Linux only; `--read FILE` works here, too")
        }
    }
}

fn read_file(args: &Args, path: &Path, budget: &Budget, ending: Ending, cx: &mut Context) -> anyhow::Result<Exit> {
    options::check_filter(&args.filter, Target::File)?;
    let name = path.display().to_string();
    let mut file = match name.as_str() {
        "-" => CaptureFile::from_stdin().context("cannot read standard input")?,
        _ => CaptureFile::open(path).with_context(|| format!("cannot read `{name}`"))?,
    };
    exports::check(&args.export, Some(path))?;
    let exports = exports::start(exports::open(&args.export, cx)?, &[], budget, Overflow::Wait)?;
    let mut engine = Engine::new(budget.engine(Duration::from_secs(args.stream_timeout_seconds)), exports);
    let stop = ending.in_order()?;
    let (counts, read) = read::read(&mut file, &args.filter, &mut engine, |engine| {
        engine.exports().flush();
        match stop.load(Ordering::Relaxed) || engine.exports().readers_are_gone() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    engine.finish();
    let failures = engine.exports().finish();
    summary::of_file(&engine.counts(), &counts, &args.filter, engine.exports(), cx);
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

/// Tells of each failure. The last one is left to the caller, as its cause decides the exit code.
fn conclude(failures: Vec<ExportError>, ending: anyhow::Result<Exit>, cx: &Context) -> anyhow::Result<Exit> {
    let mut errors: Vec<anyhow::Error> = failures.into_iter().map(anyhow::Error::new).collect();
    let exit = match ending {
        Ok(exit) => exit,
        Err(error) => {
            errors.push(error);
            Exit::Failed
        }
    };
    let Some(last) = errors.pop() else { return Ok(exit) };
    for error in &errors {
        failure::report(error, cx);
    }
    Err(last)
}
