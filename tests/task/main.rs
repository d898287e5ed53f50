//! The whole way, on one machine: a service at the stand-in is given a sidecar, the revision that was registered is run
//! as a task of the smallest Fargate size, and what the sidecar sees arrives somewhere.
//!
//! The sidecar is the image that `cargo xtask image` makes. A test that cannot run says why, and fails under `CI=true`.
#![cfg(target_os = "linux")]

#[path = "../otlp/receiver.rs"]
#[allow(dead_code, reason = "shared with the other tests")]
mod receiver;
#[path = "../support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the other tests")]
mod support;

mod forms;
mod forwarder;
mod last_word;
mod names;
mod sensor;
mod stress;
mod world;

/// Says why a test cannot run; fails where it must.
fn skip<T>(reason: &str) -> Option<T> {
    support::not_run(reason);
    None
}
