//! Infrastructure as code: what to put into the descriptions of those who deploy a task definition, too, as a change made
//! beside them does not last. Who they are, `taskdef::owner` tells. Pure: no I/O, no clock.
//!
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
mod property;
mod terraform;
mod yaml;

pub use emission::Emission;
pub use emit::emit;
