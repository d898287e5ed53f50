//! HTTP/1.0 and HTTP/1.1 (RFC 9112).
//!
//! - [`reader`]: one direction, piece by piece
//! - [`head`]: start lines, fields, and what they say about framing
//! - [`body`]: bodies by length, by chunks, until the end
//! - `framing`: what follows a head
//! - [`anomaly`]: what should not be there
//! - [`sink`]: who is told
//! - `start`: whether bytes begin a message

pub mod anomaly;
pub mod body;
mod framing;
pub mod head;
pub mod reader;
pub mod sink;
mod start;
#[cfg(test)]
mod tests;

pub use anomaly::{Anomalies, Anomaly};
pub use head::{Head, StartLine};
pub use reader::{Progress, Reader};
pub use sink::{Answered, End, Mark, Missing, Sink};
pub use start::begins_message;
