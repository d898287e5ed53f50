//! What the fuzz targets share.
//!
//! - [`dice`]: chances that an input decides, so that a finding repeats
//! - [`script`]: a conversation of two ends, written as bytes that mutate well
//! - [`packets`]: frames around TCP and UDP payloads
//! - [`lines`]: an export that keeps its records as lines

pub mod dice;
pub mod lines;
pub mod packets;
pub mod script;
