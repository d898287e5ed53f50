//! Records out, and how it goes.
//!
//! - [`exports`]: all exports of a run as one
//! - [`ndjson`]: one JSON object a line
//! - [`har`]: rolling files of HAR 1.2
//! - [`pcapng`]: the frames themselves, with comments that name what they completed
//! - [`output`]: a file or stream that lines or blocks are written to whole
//! - `rename`: gives a file that is complete its name
//! - [`queue`]: the thread that writes, and what waits for it
//! - [`json`], [`url`]: write JSON and URLs
//! - [`monitor`]: how a running engine does, over HTTP

pub mod exports;
pub mod har;
pub mod json;
pub mod monitor;
pub mod ndjson;
pub mod output;
pub mod pcapng;
pub mod queue;
mod rename;
#[cfg(test)]
mod sample;
pub mod url;

pub use exports::{ExportCounts, Exports};
pub use har::Har;
pub use ndjson::Ndjson;
pub use output::{Framing, Output};
pub use pcapng::{Pcapng, RotatingFiles, Rotation};
pub use queue::{Overflow, QueueCounts, WriteQueue};

use crate::packet::Frame;
use crate::record::{Record, Source};

/// Takes records as they are made. It never blocks a live capture: what does not fit is counted and left out.
pub trait Export {
    /// Takes one.
    fn record(&mut self, record: &Record<'_>);

    /// Packets are mirrored to us from somewhere new, or a number that nobody has had for long is given to another.
    fn source(&mut self, _number: u16, _source: &Source) {}

    /// A frame was read. The records that it completed have been handed over before.
    fn frame(&mut self, _frame: &Frame<'_>) {}

    /// Hands on what was gathered, because time has passed.
    fn flush(&mut self) {}

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
