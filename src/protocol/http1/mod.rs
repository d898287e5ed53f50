//! HTTP/1.0 and HTTP/1.1 (RFC 9112).
//!
//! - [`reader`]: one direction, piece by piece
//! - [`head`]: start lines, fields, and what they say about framing
//! - [`body`]: bodies by length, by chunks, until the end
//! - [`anomaly`]: what should not be there
//! - [`sink`]: who is told

pub mod anomaly;
pub mod body;
pub mod head;
pub mod reader;
pub mod sink;

pub use anomaly::{Anomalies, Anomaly};
pub use head::{Head, StartLine};
pub use reader::{Progress, Reader, begins_message};
pub use sink::{Answered, End, Mark, Sink};
