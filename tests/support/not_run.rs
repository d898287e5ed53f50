//! A test that cannot run says so, and fails where everything has to run.

/// Says why a test does nothing; under `CI=true` it fails.
#[track_caller]
pub fn not_run(reason: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "cannot run, and must under CI=true: {reason}");
    eprintln!("NOT RUN: {reason}");
}
