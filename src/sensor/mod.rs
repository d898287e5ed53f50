//! Messages to records: who speaks what, which response belongs to which request.
//!
//! - [`engine`]: the whole way from a frame to records
//! - [`budget`]: how much memory each part may use
//! - [`conversation`]: what a connection speaks, and who reads it
//! - [`probe`]: finds that out
//! - [`http1`], [`http2`]: an HTTP connection
//! - [`followed`]: those of HTTP/2 that there is room for
//! - [`pairing`]: its requests and responses
//! - [`exchanges`]: those that wait
//! - [`fields`]: what of a head goes into a record
//! - [`monitor`]: what it says of itself to those who ask
//! - [`read`]: a capture file into the engine
//! - [`tls`], [`web_socket`], [`dns`]: the other protocols
//! - [`unread`]: why there may be nothing to tell

pub mod budget;
pub mod conversation;
pub mod dns;
pub mod engine;
pub mod exchanges;
pub mod fields;
pub mod followed;
pub mod http1;
pub mod http2;
pub mod monitor;
pub mod pairing;
pub mod probe;
pub mod read;
pub mod tls;
pub mod unread;
pub mod web_socket;

pub use budget::Budget;
pub use engine::{Engine, EngineCounts, EngineLimits};
