//! Somebody who ends a run at a certain moment: a person with Ctrl-C, or a CI system with SIGTERM.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use standin::Standin;

/// Waits until `operation` was called so many times.
pub fn wait_for(standin: &Standin, operation: &str, calls: usize) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while standin.calls_of(operation).len() < calls {
        assert!(Instant::now() < deadline, "{operation} is called");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Runs sidetap and presses Ctrl-C once `operation` was called so many times. Returns the exit code and both streams.
#[cfg(unix)]
pub fn interrupted(standin: &Standin, line: &str, operation: &str, calls: usize) -> (Option<i32>, String, String) {
    ended_by("-INT", standin, line, operation, calls)
}

/// The same with a signal, as `kill` takes it.
#[cfg(unix)]
pub fn ended_by(
    signal: &str,
    standin: &Standin,
    line: &str,
    operation: &str,
    calls: usize,
) -> (Option<i32>, String, String) {
    let child = Command::new(assert_cmd::cargo::cargo_bin!("sidetap"))
        .args(line.split_whitespace())
        .env_clear()
        .env("AWS_ENDPOINT_URL", standin.url())
        .env("AWS_ACCESS_KEY_ID", standin::ACCESS_KEY)
        .env("AWS_SECRET_ACCESS_KEY", standin::SECRET_KEY)
        .env("AWS_REGION", standin::REGION)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for(standin, operation, calls);
    Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}
