//! `--export KIND:TARGET`: where records go.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

#[cfg(target_os = "linux")]
use anyhow::Context as _;

use super::super::context::Context;
use super::super::output::live::Live;
use super::SensorArgs;
use super::levo::Satellite;
use super::otlp::Receiver;
use crate::export::otlp::transport::Endpoint;
use crate::export::otlp::transport::options::LEAST_QUEUE_BYTES;
use crate::export::own_sockets::OwnSockets;
use crate::export::{
    Export, ExportError, Exports, Framing, Har, Ndjson, Output, Overflow, Pcapng, RotatingFiles, Rotation, WriteQueue,
};
use crate::record::PrivacyLevel;
use crate::sensor::Budget;

/// One `--export`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportArg {
    /// Lines of JSON; `-` is standard output. A file that exists is added to.
    Ndjson(String),
    /// A directory for HAR files.
    Har(PathBuf),
    /// The packets themselves; a file that exists is overwritten.
    Pcapng(String),
    /// The base URL of a receiver.
    Otlp(String),
    /// Nowhere: only the statistics count.
    None,
}

impl FromStr for ExportArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const KINDS: &str = "`ndjson:-`, `ndjson:PATH`, `otlp:URL`, `har:DIR`, `pcapng:PATH` or `none`";
        if text == "none" {
            return Ok(ExportArg::None);
        }
        let Some((kind, target)) = text.split_once(':') else {
            return Err(format!("it is none of {KINDS}"));
        };
        if target.is_empty() {
            return Err(format!("`{kind}:` wants a target"));
        }
        match kind {
            "ndjson" => Ok(ExportArg::Ndjson(target.to_owned())),
            "har" => Ok(ExportArg::Har(target.into())),
            "pcapng" => Ok(ExportArg::Pcapng(target.to_owned())),
            "otlp" => match Endpoint::parse(target) {
                Ok(_) => Ok(ExportArg::Otlp(target.to_owned())),
                // Whoever tells of it repeats all of it. It is refused later, by somebody who does not.
                Err(_) if target.contains('@') => Ok(ExportArg::Otlp(target.to_owned())),
                Err(error) => Err(error.to_string()),
            },
            _ => Err(format!("`{kind}` is none of {KINDS}")),
        }
    }
}

/// Exports that would destroy something.
#[derive(Debug, thiserror::Error)]
pub enum BadExports {
    #[error("cannot write to `{0}`: it is the capture file that is read")]
    Input(String),
    #[error("two exports cannot write to `{0}` at once")]
    Twice(String),
}

/// Refuses exports that would write over the capture file that is read, or into each other. How files are rotated.
pub fn check(args: &SensorArgs, input: Option<&Path>) -> anyhow::Result<Option<Rotation>> {
    let documents = [&args.report.openapi, &args.report.egress_report];
    check_targets(&args.export, documents.into_iter().flatten(), input)?;
    args.levo.satellite()?;
    Ok(args.rotation.rotation(&args.export)?)
}

fn check_targets<'a>(
    exports: &'a [ExportArg],
    documents: impl Iterator<Item = &'a PathBuf>,
    input: Option<&Path>,
) -> Result<(), BadExports> {
    let exports = exports.iter().filter_map(|export| match export {
        ExportArg::Ndjson(target) | ExportArg::Pcapng(target) => Some(Path::new(target)),
        ExportArg::Har(directory) => Some(directory),
        ExportArg::Otlp(_) | ExportArg::None => None,
    });
    let mut targets: Vec<OsString> = Vec::new();
    for path in exports.chain(documents.map(PathBuf::as_path)) {
        // Paths of devices are compared as they are written.
        let target = place(path).into_os_string();
        if input.is_some_and(|input| input.is_file() && place(input).into_os_string() == target) {
            return Err(BadExports::Input(path.display().to_string()));
        }
        if targets.contains(&target) {
            return Err(BadExports::Twice(path.display().to_string()));
        }
        targets.push(target);
    }
    Ok(())
}

/// Bytes that what waits for the exports needs at least: each has the same, and who sends needs [`LEAST_QUEUE_BYTES`].
pub fn least_queue_bytes(args: &SensorArgs) -> usize {
    let satellites = usize::from(args.levo.satellite().is_ok_and(|satellite| satellite.is_some()));
    let count = |of: fn(&ExportArg) -> bool| satellites + args.export.iter().filter(|arg| of(arg)).count();
    match count(|arg| matches!(arg, ExportArg::Otlp(_))) {
        0 => 0,
        _ => count(|arg| *arg != ExportArg::None) * LEAST_QUEUE_BYTES,
    }
}

/// Where a path leads, however it is written: of what is not there yet, the directory is. Devices and pipes may be several
/// things.
fn place(path: &Path) -> PathBuf {
    if let Ok(found) = path.canonicalize() {
        return if found.is_file() || found.is_dir() { found } else { path.to_owned() };
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (parent.canonicalize(), path.file_name()) {
        (Ok(parent), Some(name)) => parent.join(name),
        _ => path.to_owned(),
    }
}

/// An export whose file is open and whose thread is not started.
pub enum Opened {
    /// Lines for a person at the terminal.
    Lines,
    Ndjson(String, Output),
    Har(PathBuf),
    Pcapng(String, Output),
    Rotating(String, Box<RotatingFiles>),
    Otlp(Box<Receiver>),
    Levo(Box<Satellite>),
}

/// What exports need to know beside their flags.
pub struct Surroundings<'a> {
    pub budget: &'a Budget,
    /// How much leaves, and the hash of the policy that says so.
    pub privacy: (PrivacyLevel, String),
    /// The connections that exports make.
    pub own: &'a Arc<OwnSockets>,
    /// The interfaces that frames come from, in the order of their numbers.
    pub interfaces: &'a [&'a str],
}

/// Opens what the exports write to, gives up what rights the process has, and starts the threads of exports that never
/// hold up who listens.
#[cfg(target_os = "linux")]
pub fn begin(
    args: &SensorArgs,
    rotation: Option<Rotation>,
    surroundings: &Surroundings<'_>,
    cx: &Context,
) -> anyhow::Result<Exports> {
    // Root may write where it may not any more without its rights.
    let opened = open(args, rotation, surroundings, cx)?;
    // Before the first thread starts, since rights belong to threads.
    crate::process::privileges::drop_all().context("cannot give up the rights that are no longer needed")?;
    start(opened, surroundings, Overflow::Drop)
}

/// Opens what the exports write to; with none named and no satellite, standard output. HAR files are made later, but their directory now.
pub fn open(
    args: &SensorArgs,
    rotation: Option<Rotation>,
    surroundings: &Surroundings<'_>,
    cx: &Context,
) -> anyhow::Result<Vec<Opened>> {
    let satellite = args.levo.satellite()?;
    if args.export.is_empty() && satellite.is_none() {
        return Ok(vec![match cx.printer.shows_lines() {
            true => Opened::Lines,
            false => ndjson("-")?,
        }]);
    }
    let mut opened = Vec::new();
    for arg in &args.export {
        opened.push(match arg {
            ExportArg::Ndjson(target) => ndjson(target)?,
            ExportArg::Har(directory) => har(directory)?,
            ExportArg::Pcapng(target) => match rotation {
                Some(rotation) if target != "-" => rotating(target, rotation)?,
                _ => pcapng(target)?,
            },
            ExportArg::Otlp(url) => Opened::Otlp(Box::new(Receiver::open(
                url,
                &args.otlp,
                surroundings.privacy.clone(),
                surroundings.own,
                cx,
            )?)),
            ExportArg::None => continue,
        });
    }
    if let Some(given) = satellite {
        opened.push(Opened::Levo(Box::new(Satellite::open(given, &args.otlp, surroundings.own, cx)?)));
    }
    Ok(opened)
}

/// Starts the threads of all exports.
pub fn start(opened: Vec<Opened>, surroundings: &Surroundings<'_>, overflow: Overflow) -> anyhow::Result<Exports> {
    let Surroundings { budget, interfaces, .. } = *surroundings;
    let each = budget.queue_bytes / opened.len().max(1);
    let queue = |target: &str, output| {
        WriteQueue::new(Box::new(output), each, overflow)
            .map_err(|source| ExportError { target: target.to_owned(), source })
    };
    let mut exports: Vec<Box<dyn Export>> = Vec::new();
    for opened in opened {
        exports.push(match opened {
            Opened::Lines => {
                let terminal = Output::stream(Box::new(anstream::stdout()), Framing::Lines);
                Box::new(Live::new(queue("standard output", terminal)?))
            }
            Opened::Ndjson(target, output) => {
                let queue = queue(&target, output)?;
                Box::new(Ndjson::new(target, queue))
            }
            Opened::Otlp(receiver) => receiver.start(each, overflow)?,
            Opened::Levo(satellite) => satellite.start(each, overflow)?,
            Opened::Har(directory) => Box::new(Har::new(har_target(&directory), directory, each, overflow)?),
            Opened::Pcapng(target, output) => named(Pcapng::new(target, output, each, overflow)?, interfaces),
            Opened::Rotating(target, files) => named(Pcapng::rotating(target, *files, each, overflow)?, interfaces),
        });
    }
    Ok(Exports::new(exports))
}

fn ndjson(target: &str) -> Result<Opened, ExportError> {
    let file = file(target, OpenOptions::new().create(true).append(true))?;
    let torn = target != "-" && ends_in_a_line(Path::new(target)).unwrap_or(false);
    Ok(Opened::Ndjson(format!("ndjson:{target}"), Output::file(file, Framing::Lines, torn)))
}

fn pcapng(target: &str) -> Result<Opened, ExportError> {
    let file = file(target, OpenOptions::new().create(true).write(true).truncate(true))?;
    Ok(Opened::Pcapng(format!("pcapng:{target}"), Output::file(file, Framing::Blocks, false)))
}

fn rotating(target: &str, rotation: Rotation) -> Result<Opened, ExportError> {
    match RotatingFiles::start(Path::new(target), rotation) {
        Ok(files) => Ok(Opened::Rotating(format!("pcapng:{target}"), Box::new(files))),
        Err(source) => Err(ExportError { target: target.to_owned(), source }),
    }
}

/// Tells it the names of interfaces.
fn named(mut export: Pcapng, interfaces: &[&str]) -> Box<Pcapng> {
    for (number, name) in interfaces.iter().enumerate() {
        export.interface(number as u32, name, 0);
    }
    Box::new(export)
}

fn har(directory: &Path) -> Result<Opened, ExportError> {
    match std::fs::create_dir_all(directory) {
        Ok(()) => Ok(Opened::Har(directory.to_owned())),
        Err(source) => Err(ExportError { target: har_target(directory), source }),
    }
}

fn har_target(directory: &Path) -> String {
    format!("har:{}", directory.display())
}

/// Standard output, or a file opened like this.
fn file(path: &str, how: &OpenOptions) -> Result<File, ExportError> {
    let opened = if path == "-" { stdout() } else { how.open(path) };
    opened.map_err(|source| ExportError { target: path.to_owned(), source })
}

/// Standard output without the buffer of the standard library, which would hide how much was written.
fn stdout() -> io::Result<File> {
    #[cfg(unix)]
    let stdout = std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned();
    #[cfg(windows)]
    let stdout = std::os::windows::io::AsHandle::as_handle(&io::stdout()).try_clone_to_owned();
    stdout.map(File::from)
}

/// Whether a file ends within a line, as a process that was killed may leave it.
fn ends_in_a_line(path: &Path) -> io::Result<bool> {
    if !path.is_file() {
        return Ok(false);
    }
    let (mut file, mut last) = (File::open(path)?, [b'\n']);
    if file.seek(SeekFrom::End(-1)).is_ok() {
        file.read_exact(&mut last)?;
    }
    Ok(last != [b'\n'])
}
