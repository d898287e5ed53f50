//! Ids of spans, and what to make of the trace contexts that requests carry.
//!
//! We see packets and send none, so that a span of ours can only stand beside those of the programs that we watch. Whether
//! it goes on with the trace of the request that it describes, or has one of its own that points there, depends on
//! whether somebody there records spans himself: his and ours would be of the same request, twice in one trace.
//!
//! - [`mod@ids`]: ids that both ends of a connection agree on
//! - [`headers`]: what `traceparent`, `b3` and `X-Amzn-Trace-Id` say
//! - [`policy`]: what the user wants
//! - [`contexts`]: what becomes of each request
//! - `tracers`: whether the service has a tracer of its own
//! - `crowd`: whether many requests name the same parent
//! - `slots`: the tables of both

pub mod contexts;
mod crowd;
pub mod headers;
pub mod ids;
pub mod policy;
mod slots;
mod tracers;

pub use contexts::{ContextCounts, TraceContexts};
pub use ids::{ids, randomness};
pub use policy::{TraceContextPolicy, UnknownPolicy};
pub use tracers::Tracer;
