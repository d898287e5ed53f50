//! WebSocket (RFC 6455): the messages of a connection after its 101, by their sizes.
//!
//! - [`accept`]: whether the server's answer belongs to the client's key
//! - [`event`]: what a reader reports
//! - [`extensions`]: what was agreed beside the base protocol
//! - [`reader`]: frames to messages
//!
//! Payload is counted and stepped over by its length, never kept, but for the 125 bytes that a close frame can have.

pub mod accept;
pub mod event;
pub mod extensions;
pub mod reader;
#[cfg(test)]
mod tests;

pub use accept::accept_key_matches;
pub use event::{Anomaly, Event, MessageKind, Totals};
pub use extensions::Extensions;
pub use reader::Reader;
