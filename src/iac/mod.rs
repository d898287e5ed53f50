//! Infrastructure as code: who else deploys a task definition, so that a change made beside them does not last, and what
//! to put into their descriptions instead. Pure: no I/O, no clock.
//!
//! - `tags`, `owner`: who deploys a target, by its tags
//! - `emission`: a patched task definition, and what the sidecar changed of it
//! - `emit`: that as text, in one of the formats:
//!   - `fragment`: JSON of the ECS API
//!   - `cloudformation`, `property`, `yaml`: a template
//!   - `terraform`, `hcl`: a resource

mod cloudformation;
mod emission;
mod emit;
mod fragment;
mod hcl;
mod owner;
mod property;
mod tags;
mod terraform;
mod yaml;

pub use emission::Emission;
pub use emit::{Format, emit};
pub use owner::{Owner, Tool, owner, warnings};
pub use tags::{Tags, tags_of};
