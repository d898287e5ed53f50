//! Which transactions are kept, and how many records and bytes leave in a minute.
//!
//! Totals are counted elsewhere and for all traffic; here is decided which transactions are told one by one. At most
//! W + W/4 of them in any minute, where W is what the user allows, in three lanes: a fair share for each endpoint
//! (80 %), what was hardly seen before (10 %), and what failed (10 %).
//!
//! - [`limit`]: what the user allows
//! - [`limiter`]: decides, at a request's head and again at a transaction's end
//! - [`lanes`]: the tokens that the guarantee rests on
//! - [`endpoints`]: the share of each endpoint
//! - [`kinds`]: which transactions are like none before
//! - [`byte_budget`]: how many bytes leave
//! - [`governor`]: what gives way when the sensor needs too much of the processor
//! - [`clock`], [`bucket`], [`recent`]: what these are made of

pub mod bucket;
pub mod byte_budget;
pub mod clock;
pub mod endpoints;
pub mod governor;
pub mod kinds;
pub mod lanes;
pub mod limit;
pub mod limiter;
pub mod recent;

pub use byte_budget::ByteBudget;
pub use governor::{Governor, Level};
pub use limit::{LimitError, RateLimit};
pub use limiter::{Limiter, RateCounts, Refusal, Share};

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
