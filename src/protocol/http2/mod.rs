//! HTTP/2 without TLS, RFC 9113, read from beside the connection.
//!
//! - [`connection`]: both directions of one connection; where to begin
//! - [`event`]: what it tells
//! - [`fields`]: the fields of a header block
//! - [`anomaly`]: what the RFC forbids and a connection does all the same
//! - `frames`: what each frame means
//! - `blocks`: header blocks, put together and placed on their streams
//! - `classify`: what a header block is for
//! - `lifecycle`: how streams live and end
//! - `outline`: what is to be seen in a header block
//! - `direction`: where in a frame one direction is
//! - `resync`: where the next frame is after a loss
//! - `streams`, `stream`: those that are alive
//! - `settings`: what one end asks of the other
//! - `frame`: frame headers
//!
//! Data is handed on as it comes and never kept. What is kept is bounded by [`MAX_STREAMS`], [`MAX_BLOCK`],
//! [`MAX_CONTINUATIONS`] and the limits of [`hpack`](super::hpack); the sum of it by [`MAX_MEMORY`]. A connection that
//! idles takes its header tables and little else.
//!
//! Losses are survived without ever giving a wrong value. The number of its stream says what a frame belongs to, and
//! header fields whose table entries were missed are said to be unknown.

pub mod anomaly;
mod blocks;
mod classify;
pub mod connection;
mod direction;
pub mod event;
pub mod fields;
mod frame;
mod frames;
mod lifecycle;
mod outline;
mod resync;
mod settings;
mod stream;
mod streams;
#[cfg(test)]
mod tests;

pub use anomaly::Anomalies;
pub use blocks::{MAX_BLOCK, MAX_CONTINUATIONS};
pub use connection::{Connection, Counts, Scratch};
pub use event::{EndStream, Gap, Headers, Kind, Reset, Sink};
pub use fields::Fields;
pub use streams::MAX_STREAMS;

/// The most octets that [`Connection::memory`] answers: two header tables, and while there is unusual traffic two
/// header blocks, two windows to look for frames in, and a header list.
pub const MAX_MEMORY: usize = 1 << 20;
