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

/// Opens all exports; with none named, standard output. Frames come from these interfaces, in the order of their numbers.
pub fn open(
    args: &[ExportArg],
    interfaces: &[&str],
    budget: &Budget,
    overflow: Overflow,
    cx: &Context,
) -> anyhow::Result<Exports> {
    let each = budget.queue_bytes / args.len().max(1);
    let mut exports: Vec<Box<dyn Export>> = Vec::new();
    if args.is_empty() {
        exports.push(match cx.printer.shows_lines() {
            true => Box::new(Live::new(WriteQueue::new(Box::new(anstream::stdout()), each, overflow)?)),
            false => ndjson("-", each, overflow)?,
        });
    }
    for arg in args {
        match arg {
            ExportArg::Ndjson(target) => exports.push(ndjson(target, each, overflow)?),
            ExportArg::Har(directory) => {
                let target = format!("har:{}", directory.display());
                exports.push(Box::new(Har::new(target, directory.clone(), each, overflow)?));
            }
            ExportArg::Pcapng(target) => {
                let mut export = Pcapng::new(format!("pcapng:{target}"), create(target)?, each, overflow)?;
                for (number, name) in interfaces.iter().enumerate() {
                    export.interface(number as u32, name, 0);
                }
                exports.push(Box::new(export));
            }
            ExportArg::None => {}
        }
    }
    Ok(Exports::new(exports))
}

fn ndjson(target: &str, bytes: usize, overflow: Overflow) -> anyhow::Result<Box<dyn Export>> {
    let writer = match target {
        "-" => Box::new(io::stdout()) as Box<dyn Write + Send>,
        path => file(path, OpenOptions::new().create(true).append(true))?,
    };
    Ok(Box::new(Ndjson::new(format!("ndjson:{target}"), WriteQueue::new(writer, bytes, overflow)?)))
}

fn create(target: &str) -> Result<Box<dyn Write + Send>, ExportError> {
    match target {
        "-" => Ok(Box::new(io::stdout())),
        path => file(path, OpenOptions::new().create(true).write(true).truncate(true)),
    }
}

fn file(path: &str, how: &OpenOptions) -> Result<Box<dyn Write + Send>, ExportError> {
    match how.open(path) {
        Ok(file) => Ok(Box::new(file)),
        Err(source) => Err(ExportError { target: path.to_owned(), source }),
    }
}
