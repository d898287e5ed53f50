//! How a running engine does, over HTTP: whether it lives, whether it is ready, and every count.
//!
//! - [`subject`]: what is asked: a forwarder, a capture, a collector
//! - [`published`]: what the packet path lets others know, so that neither waits for the other
//! - [`report`]: counts and lists, as they are described once for both formats
//! - `exposition`: the counts as OpenMetrics text
//! - `document`: all of it as JSON
//! - `routes`: which path has what
//! - [`server`]: the thread that answers
//! - `own`: leaves its packets out of what is captured
//! - [`mod@probe`]: asks a running engine, for a container's health check
//!
//! The packet path does nothing for it but to publish a copy of its counts ten times a second. Answers are made by a
//! thread of low priority, for [`server::MOST_CONNECTIONS`] connections at a time and [`server::PATIENCE`] each.

mod document;
pub(crate) mod exposition;
mod own;
pub mod probe;
pub mod published;
pub mod report;
mod routes;
pub mod server;
pub mod subject;

pub use probe::{ProbeError, probe};
pub use published::Published;
pub use report::Report;
pub use server::{Door, MonitorError};
pub use subject::{About, Subject};

/// The port that is meant where none is named.
pub const PORT: u16 = 9464;
