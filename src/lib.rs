//! Adds a traffic sensor or packet forwarder to Amazon ECS tasks, and is the engine that runs inside them.
//!
//! - [`exit`]: the documented exit codes
//! - [`cli`]: the terminal: the command line, its commands and their output
//! - `ecs`: talks to ECS: lists, reads, registers, updates, tags, watches
//! - `aws`: what every AWS call needs: session, identity, errors
//! - `iac`: infrastructure as code: what to put into templates and configurations instead
//! - `taskdef`: a task definition, its sidecars, their sizes, the patch and the plan
//!
//! The last four are the patcher, behind the feature `aws`. The engine, behind the feature `engine`:
//!
//! - `collect`: mirrored packets over VXLAN to the sensor, its exports and an interface; only on Linux
//! - `sensor`: messages to records: pairs requests with responses, decides what is reported and what of it may leave, and finds
//!   out endpoints, sites and metrics
//! - `forward`: packets to VXLAN collectors; only on Linux
//! - `export`: records out: OTLP, NDJSON, HAR, pcapng; counts for Prometheus
//! - `record`: what is reported, as plain data
//! - `protocol`: bytes in order to messages
//! - `flow`: TCP segments to bytes in order
//! - `packet`: bytes and frames: capture files, the ring, filters, decoding
//! - `memory_limit`: what the budgets of `sensor` and `forward` divide
//! - `process`: the limits, rights and use of this process; only on Linux

#[cfg(feature = "aws")]
pub mod aws;
pub mod cli;
#[cfg(all(feature = "engine", target_os = "linux"))]
pub mod collect;
#[cfg(feature = "aws")]
pub mod ecs;
pub mod exit;
#[cfg(feature = "engine")]
pub mod export;
#[cfg(feature = "engine")]
pub mod flow;
#[cfg(all(feature = "engine", target_os = "linux"))]
pub mod forward;
#[cfg(feature = "aws")]
pub mod iac;
#[cfg(feature = "engine")]
pub mod memory_limit;
#[cfg(all(test, feature = "engine"))]
#[path = "../tests/support/not_run.rs"]
mod not_run;
#[cfg(feature = "engine")]
pub mod packet;
#[cfg(all(feature = "engine", target_os = "linux"))]
pub mod process;
#[cfg(feature = "engine")]
pub mod protocol;
#[cfg(feature = "engine")]
pub mod record;
#[cfg(feature = "engine")]
pub mod sensor;
#[cfg(feature = "aws")]
pub mod taskdef;
