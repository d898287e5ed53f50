//! Adds a traffic sensor or packet forwarder to Amazon ECS tasks, and is the engine that runs inside them.
//!
//! - [`exit`]: the documented exit codes
//! - [`cli`]: the terminal: the command line, its commands and their output
//! - `ecs`: talks to ECS: lists, reads, registers, updates, tags, watches
//! - `aws`: what every AWS call needs: session, identity, errors
//! - `taskdef`: a task definition, its sidecars, their sizes, the patch and the plan
//!
//! The last three are the patcher, behind the feature `aws`.

#[cfg(feature = "aws")]
pub mod aws;
pub mod cli;
#[cfg(feature = "aws")]
pub mod ecs;
pub mod exit;
#[cfg(feature = "aws")]
pub mod taskdef;
