//! Messages to records: who speaks what, which response belongs to which request, and what of it is reported.
//!
//! - [`engine`]: the whole way from a frame to records
//! - [`budget`]: how much memory each part may use
//! - [`conversation`]: what a connection speaks, and who reads it
//! - [`probe`]: finds that out
//! - [`http1`], [`http2`]: an HTTP connection
//! - [`followed`]: those of HTTP/2 that there is room for
//! - [`pairing`]: its requests and responses
//! - [`exchanges`]: those that wait
//! - [`fields`]: what of a head is kept
//! - [`tls`], [`web_socket`], [`dns`]: the other protocols
//! - [`read`]: a capture file into the engine
//! - [`unread`]: why there may be nothing to tell
//! - [`monitor`]: what it says of itself to those who ask
//!
//! What readers find goes to the [`reporter`], which hands on what may leave:
//!
//! - [`policy`]: which transactions are of interest
//! - [`rate`]: which of them are told one by one, when there are more than may leave
//! - [`privacy`]: what of a value may leave
//! - [`routes`]: paths as templates
//! - [`trace_context`]: ids, and the traces that requests name
//! - [`vantage`]: where connections are seen from
//! - [`metrics`]: exact metrics of all transactions
//! - [`egress`]: the sites that a task talks to
//! - [`schema`]: types of values, without any value
//! - [`inventory`]: endpoints, and an OpenAPI document of them

pub mod budget;
pub mod conversation;
pub mod dns;
pub mod egress;
pub mod engine;
pub mod exchanges;
pub mod fields;
pub mod followed;
pub mod http1;
pub mod http2;
pub mod inventory;
pub mod metrics;
pub mod monitor;
pub mod pairing;
pub mod policy;
pub mod privacy;
pub mod probe;
pub mod rate;
pub mod read;
pub mod reporter;
pub mod routes;
pub mod schema;
pub mod tls;
pub mod trace_context;
pub mod unread;
pub mod vantage;
pub mod web_socket;

pub use budget::Budget;
pub use engine::{Engine, EngineCounts, EngineLimits};
