//! HTTP transactions for a Levo satellite, as the sensors of Levo send them. Experimental: the satellite's format is not
//! published, and is inferred from what other public clients send.
//!
//! The satellite takes arrays of JSON objects, one for each transaction that was served here and answered. What it shows
//! is a catalogue of endpoints with the types of their values, so that it gets what HAR's readers get: paths and queries
//! with surrogates, and bodies as far as the privacy level lets them out.
//!
//! - [`item`]: a transaction as JSON
//! - [`resource`]: whose traffic it is
//! - [`exporter`]: hands transactions on

pub mod exporter;
pub mod item;
pub mod resource;
#[cfg(test)]
mod tests;

pub use exporter::Levo;
pub use resource::{Environment, ResourceCell};

use super::otlp::transport::Format;

/// What a satellite reads. Its path is not OTLP's.
pub const FORMAT: Format = Format::JsonArray { path: "/1.0/ebpf/traces" };

/// The header that says whose the transactions are.
pub const ORGANIZATION_HEADER: &str = "x-levo-organization-id";
