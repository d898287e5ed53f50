//! Adds a traffic sensor or packet forwarder to Amazon ECS tasks, and is the engine that runs inside them.
//!
//! - [`exit`]: the documented exit codes
//! - `taskdef`: a task definition, its sidecars, their sizes, the patch and the plan
//!
//! The last is the patcher, behind the feature `aws`.

pub mod exit;
#[cfg(feature = "aws")]
pub mod taskdef;
