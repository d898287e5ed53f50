//! OpenTelemetry's messages (OTLP): spans, log records and metrics, whom they are about, and how they get there.
//!
//! Each function that encodes writes one item, as bytes of Protocol Buffers and without a length in front; the transport
//! puts them below a resource and a scope, and sends them.
//!
//! - [`span`]: one for each HTTP exchange
//! - [`payload`]: the bodies of an exchange, as a log record beside its span
//! - [`log`]: what has no duration, or is no HTTP
//! - [`metric`]: what is counted
//! - [`resource`]: whose traffic it is, and who saw it
//! - [`names`]: all names that go out
//! - `attributes`, `outcome`, `wire`: what these are made with
//! - [`exporter`]: hands records on
//! - [`transport`]: sends them

mod attributes;
#[cfg(test)]
mod decoded;
pub mod exporter;
pub mod log;
pub mod metric;
pub mod names;
mod outcome;
pub mod payload;
pub mod resource;
pub mod span;
pub mod transport;
mod wire;

pub use exporter::{Otlp, Resources};
pub use resource::{Identity, ResourceCell};
