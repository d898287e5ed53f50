//! Runs a task definition on this machine as ECS runs it on Fargate, with Debian's `runc`; for tests and demonstrations.
//!
//! What is like there: one network namespace for the task, with `lo`, an `eth0` that only leads to the task metadata
//! endpoint, and an `eth1` that is the task's network interface; Fargate's capabilities and no others; CPU shares, the
//! task's CPU quota, and hard memory limits from the numbers in the document; entry points, commands, environment, users,
//! read-only roots; the order of `dependsOn`; health checks; restart policies; the end by SIGTERM and `stopTimeout`, and
//! of the task with its essential containers.
//!
//! What it does not know, it refuses: a task that runs here runs as its document says.
//!
//! - `container`: what the document says of a container
//! - `image`, `archive`: file systems to run containers from
//! - `network`: the task's namespace and the one around it
//! - `cgroup`: limits, and what was used
//! - `bundle`: a container as `runc` wants it described
//! - `process`: one run of a container
//! - `health`: a container's health check
//! - `metadata`: the task metadata endpoint, version 4
//! - `supervisor`: starts, watches, restarts and stops the containers
//! - `sweep`: what is left of processes that were killed
//! - `task`: a running task, for whoever started it
//! - [`web`]: an application to put sidecars beside
//!
//! Needs root, `runc`, `ip`, `setpriv`, `tar`, and cgroups of version 1 or 2.
#![cfg(target_os = "linux")]

mod archive;
mod bundle;
mod cgroup;
mod container;
mod health;
mod image;
mod metadata;
mod network;
mod process;
mod supervisor;
mod sweep;
mod task;
pub mod web;

pub use cgroup::Usage;
pub use container::container_of;
pub use image::{Image, Images};
pub use network::{Carried, Network};
pub use supervisor::{Event, Happened, Health};
pub use sweep::directory;
pub use task::{Missing, Task, missing, missing_rights};
