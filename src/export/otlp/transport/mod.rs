//! Brings encoded spans, log records and metrics to a receiver of OTLP over HTTP, or what is in another [`Format`] to
//! another receiver, and accounts for each of them.
//!
//! The capture hands over items, which wait in bounded memory; one thread gathers them in requests, compresses and posts
//! them. It tries again what the receiver may take later, and drops what it never will, each under its cause:
//! `given + recovered = accepted + dropped + superseded + queued + in flight + spooled`, at all times.
//!
//! - [`by_signal`]: one value for each signal
//! - [`batch`]: items one behind the other
//! - [`lanes`]: where items wait, and which are dropped first
//! - [`metric_set`]: the newest metrics, compressed
//! - [`envelope`]: items to a request, and back
//! - [`format`]: what a request is made of, by whom it is for
//! - [`compress`]: requests to bodies, and back
//! - [`options`], [`endpoint`], [`headers`], [`proxies`]: what the user says
//! - [`connector`]: makes connections that the engine knows for its own
//! - [`client`]: posts one request
//! - [`answer`]: what an answer means
//! - [`gate`]: when the receiver may be asked again
//! - [`ledger`]: what became of items
//! - [`desk`]: what both threads see, under one lock
//! - [`spool`]: what waits on disk
//! - [`packer`]: items to requests, to be posted or spooled
//! - [`sender`]: the thread that sends
//! - [`handle`]: the side of the capture
//! - [`feeder`]: an export's use of it

pub mod answer;
pub mod batch;
pub mod by_signal;
pub mod client;
pub mod compress;
pub mod connector;
pub mod desk;
pub mod endpoint;
pub mod envelope;
pub mod feeder;
pub mod format;
pub mod gate;
pub mod handle;
pub mod headers;
pub mod lanes;
pub mod ledger;
pub mod metric_set;
pub mod options;
pub mod packer;
pub mod proxies;
pub mod sender;
pub mod spool;
#[cfg(test)]
pub(in crate::export) mod tests;

use std::time::Duration;

pub use batch::Batch;
pub use by_signal::BySignal;
pub use endpoint::Endpoint;
pub use envelope::{Envelope, Envelopes};
pub use feeder::Feeder;
pub use format::Format;
pub use gate::State;
pub use handle::Handle;
pub use headers::Headers;
pub use ledger::{Items, TransportCounts};
pub use metric_set::MetricSet;
pub use options::{Options, SpoolOptions, TransportError};
pub use proxies::Proxies;
pub use sender::Sender;

use crate::record::Lane;

/// Time since the sender was started. It is handed in, so that tests need not wait.
pub type Moment = Duration;

/// What kind of telemetry an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Each item is a protobuf `Span`.
    Traces,
    /// Each item is a protobuf `LogRecord`.
    Logs,
    /// Each item is a protobuf `Metric`.
    Metrics,
}

impl Signal {
    /// All of them.
    pub const ALL: [Signal; 3] = [Signal::Traces, Signal::Logs, Signal::Metrics];

    /// As in the path of its requests, `/v1/traces`.
    pub fn word(self) -> &'static str {
        match self {
            Signal::Traces => "traces",
            Signal::Logs => "logs",
            Signal::Metrics => "metrics",
        }
    }

    /// Its place in [`Signal::ALL`].
    pub(super) fn index(self) -> usize {
        self as usize
    }

    pub(super) fn of_index(index: usize) -> Option<Signal> {
        Signal::ALL.get(index).copied()
    }
}

/// How much an item is worth: when there is no room, the lowest class goes first, and the oldest of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Bodies and schemas, which explain what is told elsewhere.
    Detail,
    /// What the fair share of an endpoint let through.
    Fair,
    /// What failed.
    Error,
    /// What was never seen before.
    Novelty,
}

impl Class {
    /// All of them, the lowest first.
    pub const ALL: [Class; 4] = [Class::Detail, Class::Fair, Class::Error, Class::Novelty];
}

impl From<Lane> for Class {
    /// What an exchange is worth, by why it was kept.
    fn from(lane: Lane) -> Self {
        match lane {
            Lane::Unlimited | Lane::Fair => Class::Fair,
            Lane::Error => Class::Error,
            Lane::Novelty => Class::Novelty,
        }
    }
}
