//! Infrastructure as code: who else deploys a task definition, so that a change made beside them does not last.
//! Pure: no I/O, no clock.

mod owner;
mod tags;

pub use owner::{Owner, Resource, Tool, owner, warnings};
pub use tags::{Tags, tags_of};
