//! `sidetap capture --export otlp:URL` against receivers that we did not write, or that fail as they are told to.
//!
//! The real binary reads capture files that the tests write, so that it is known what has to arrive. Whatever goes
//! wrong, every transaction and every span is accounted for in the last line, and the receiver agrees with it.
//! Tests with real interfaces are in `tests/live/otlp.rs`. A test that cannot run says why, and fails under `CI=true`.
#![cfg(target_os = "linux")]

mod backends;
mod capture;
mod faults;
mod independent;
mod ledger;
mod metadata;
#[path = "../support/not_run.rs"]
mod not_run;
mod peers;
mod receiver;
mod reporting;
mod run;
mod secrecy;
mod settings;
mod spool;

/// Says why a test cannot run; fails where it must.
fn skip<T>(reason: &str) -> Option<T> {
    not_run::not_run(reason);
    None
}
