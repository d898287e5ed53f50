//! Records out, and how it goes.
//!
//! - [`account`]: what became of all that an export was given
//! - [`exports`]: all exports of a run as one
//! - [`ndjson`]: one JSON object a line
//! - [`har`]: rolling files of HAR 1.2
//! - [`otlp`]: OpenTelemetry's messages over HTTP
//! - [`levo`]: a Levo satellite's JSON over HTTP, experimental
//! - [`workload`]: whose traffic it is
//! - [`own_sockets`]: the connections that it makes itself
//! - [`pcapng`]: the frames themselves, with comments that name what they completed
//! - [`output`]: a file or stream that lines or blocks are written to whole
//! - `rename`: gives a file that is complete its name
//! - [`queue`]: the thread that writes, and what waits for it
//! - [`json`], [`url`]: write JSON and URLs
//! - `rpc`: what remote procedure calls are called
//! - [`monitor`]: how a running engine does, over HTTP

pub mod account;
pub mod exports;
pub mod har;
pub mod json;
pub mod levo;
pub mod monitor;
pub mod ndjson;
pub mod otlp;
pub mod output;
pub mod own_sockets;
pub mod pcapng;
pub mod queue;
mod rename;
mod rpc;
#[cfg(test)]
mod sample;
pub mod url;
pub mod workload;

pub use account::{Account, ItemLedger};
pub use exports::{ExportCounts, Exports};
pub use har::Har;
pub use levo::Levo;
pub use ndjson::Ndjson;
pub use output::{Framing, Output};
pub use pcapng::{Pcapng, RotatingFiles, Rotation};
pub use queue::{Overflow, QueueCounts, WriteQueue};

use self::monitor::Report;
use crate::packet::Frame;
use crate::record::{Finding, Record, Source};

/// Names of fields of one message that are told, each once. Those of more are left out.
const MAX_FIELD_NAMES: usize = 64;

/// Takes records as they are made. It never blocks a live capture: what does not fit is counted and left out.
pub trait Export {
    /// Takes one.
    fn record(&mut self, record: &Record<'_>);

    /// Takes what was found out over several connections.
    fn finding(&mut self, _finding: &Finding<'_>) {}

    /// Takes what is counted, as it stands at a time in nanoseconds since the Unix epoch.
    fn metrics(&mut self, _metrics: &Report, _time_unix_nanos: u64) {}

    /// Packets are mirrored to us from somewhere new, or a number that nobody has had for long is given to another.
    fn source(&mut self, _number: u16, _source: &Source) {}

    /// A frame was read. The records that it completed have been handed over before.
    fn frame(&mut self, _frame: &Frame<'_>) {}

    /// Hands on what was gathered, because time has passed.
    fn flush(&mut self) {}

    /// No record comes any more: what takes time to end may begin with it, and must not wait for it. [`Export::finish`]
    /// follows.
    fn begin_finish(&mut self) {}

    /// Writes what is left. No record comes afterwards.
    fn finish(&mut self) -> Result<(), ExportError>;

    /// What became of what it was given so far, in [`Export::unit`]s.
    fn counts(&self) -> QueueCounts;

    /// Why it cannot write at the moment, if so; it tries again all the same.
    fn failure(&self) -> Option<String> {
        None
    }

    /// What [`Export::counts`] counts.
    fn unit(&self) -> Unit {
        Unit::Record
    }

    /// What became of each thing that it was given, if it counts more than [`Export::counts`].
    fn ledger(&self) -> Option<ItemLedger> {
        None
    }

    /// Adds what it counts beyond [`Export::counts`].
    fn describe(&self, _report: &mut Report) {}

    /// Whether [`Export::metrics`] leads anywhere.
    fn wants_metrics(&self) -> bool {
        false
    }

    /// Whether it shows the ids of exchanges.
    fn wants_ids(&self) -> bool {
        false
    }

    /// Records that it has no form for, and that [`Export::counts`] does not count.
    fn left_out(&self) -> u64 {
        0
    }

    /// Whether it goes to somebody who does not read any longer.
    fn reader_is_gone(&self) -> bool {
        false
    }

    /// Where it goes, as the user named it: `ndjson:-`.
    fn target(&self) -> &str;
}

/// What an export writes one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Record,
    Frame,
    /// A span or a log record, of which a record may need several.
    Item,
}

/// An export that could not write.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to `{target}`")]
pub struct ExportError {
    /// As the user named it.
    pub target: String,
    #[source]
    pub source: std::io::Error,
}

impl ExportError {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        let refused = self.source.kind() == std::io::ErrorKind::PermissionDenied;
        match refused && self.target.starts_with("har:") {
            true => vec![
                "listening gives up root's rights before it makes HAR files: name a directory that is writable without \
                 them, or one that is not there yet"
                    .into(),
            ],
            false => Vec::new(),
        }
    }
}
