//! `--export KIND:TARGET`: where records go.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::super::context::Context;
use super::super::output::live::Live;
use crate::export::{Export, ExportError, Exports, Har, Ndjson, Overflow, Pcapng, WriteQueue};
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
    /// Nowhere: only the statistics count.
    None,
}

impl FromStr for ExportArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const KINDS: &str = "`ndjson:-`, `ndjson:PATH`, `har:DIR`, `pcapng:PATH` or `none`";
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
            "otlp" => Err("this version cannot export over OTLP yet".to_owned()),
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

/// Refuses exports that would write over the capture file that is read, or into each other.
pub fn check(args: &[ExportArg], input: Option<&Path>) -> Result<(), BadExports> {
    let mut targets: Vec<&str> = Vec::new();
    for arg in args {
        let (ExportArg::Ndjson(target) | ExportArg::Pcapng(target)) = arg else { continue };
        if input.is_some_and(|input| is_same_file(input, Path::new(target))) {
            return Err(BadExports::Input(target.clone()));
        }
        if targets.contains(&target.as_str()) {
            return Err(BadExports::Twice(target.clone()));
        }
        targets.push(target);
    }
    Ok(())
}

/// Whether both lead to one file that exists. Devices and pipes may be both ends.
fn is_same_file(one: &Path, other: &Path) -> bool {
    one.is_file() && matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// An export whose file is open and whose thread is not started.
pub enum Opened {
    /// Lines for a person at the terminal.
    Lines,
    Ndjson(String, Box<dyn Write + Send>),
    Har(PathBuf),
    Pcapng(String, Box<dyn Write + Send>),
}

/// Opens what the exports write to; with none named, standard output. HAR files are made later, but their directory now.
pub fn open(args: &[ExportArg], cx: &Context) -> Result<Vec<Opened>, ExportError> {
    if args.is_empty() {
        let lines = cx.printer.shows_lines();
        return Ok(vec![if lines { Opened::Lines } else { Opened::Ndjson("-".to_owned(), Box::new(io::stdout())) }]);
    }
    let mut opened = Vec::new();
    for arg in args {
        opened.push(match arg {
            ExportArg::Ndjson(target) => {
                Opened::Ndjson(target.clone(), file(target, OpenOptions::new().create(true).append(true))?)
            }
            ExportArg::Har(directory) => {
                std::fs::create_dir_all(directory)
                    .map_err(|source| ExportError { target: har_target(directory), source })?;
                Opened::Har(directory.clone())
            }
            ExportArg::Pcapng(target) => Opened::Pcapng(
                target.clone(),
                file(target, OpenOptions::new().create(true).write(true).truncate(true))?,
            ),
            ExportArg::None => continue,
        });
    }
    Ok(opened)
}

/// Starts the threads of all exports. Frames come from these interfaces, in the order of their numbers.
pub fn start(
    opened: Vec<Opened>,
    interfaces: &[&str],
    budget: &Budget,
    overflow: Overflow,
) -> Result<Exports, ExportError> {
    let each = budget.queue_bytes / opened.len().max(1);
    let queue = |target: &str, writer| {
        WriteQueue::new(writer, each, overflow).map_err(|source| ExportError { target: target.to_owned(), source })
    };
    let mut exports: Vec<Box<dyn Export>> = Vec::new();
    for opened in opened {
        exports.push(match opened {
            Opened::Lines => Box::new(Live::new(queue("standard output", Box::new(anstream::stdout()))?)),
            Opened::Ndjson(target, writer) => {
                let target = format!("ndjson:{target}");
                let queue = queue(&target, writer)?;
                Box::new(Ndjson::new(target, queue))
            }
            Opened::Har(directory) => Box::new(Har::new(har_target(&directory), directory, each, overflow)?),
            Opened::Pcapng(target, writer) => {
                let mut export = Pcapng::new(format!("pcapng:{target}"), writer, each, overflow)?;
                for (number, name) in interfaces.iter().enumerate() {
                    export.interface(number as u32, name, 0);
                }
                Box::new(export)
            }
        });
    }
    Ok(Exports::new(exports))
}

fn har_target(directory: &Path) -> String {
    format!("har:{}", directory.display())
}

/// Standard output, or a file opened like this.
fn file(path: &str, how: &OpenOptions) -> Result<Box<dyn Write + Send>, ExportError> {
    if path == "-" {
        return Ok(Box::new(io::stdout()));
    }
    match how.open(path) {
        Ok(file) => Ok(Box::new(file)),
        Err(source) => Err(ExportError { target: path.to_owned(), source }),
    }
}
