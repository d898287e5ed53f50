//! An account for a page, made up by the stand-in: what the page does on AWS is done there.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use serde_json::Value;
use standin::{ACCESS_KEY, REGION, SECRET_KEY, Standin};
use tempfile::TempDir;

use crate::command::{self, Invocation};
use crate::page::{Needs, Page, checkout};

/// The services of the cluster `main`, all of which have room for a sidecar.
const SERVICES: [&str; 3] = ["web", "orders", "web-canary"];

/// Runs what a page does on AWS with sidetap, in its order: how many commands that were, or what went wrong.
///
/// Left out are the wizard, which needs a terminal, and `doctor`, which would ask a registry for an image that is not.
pub fn run(page: &Page) -> Result<usize, String> {
    let blocks = page.blocks.iter().filter(|block| block.language() == "console" && block.needs() == Ok(Needs::Aws));
    let lines = blocks.flat_map(|block| block.commands().into_iter().map(|line| (block.place.as_str(), line)));
    let lines: Vec<(&str, String)> = lines.collect();
    if lines.is_empty() {
        return Ok(0);
    }
    let standin = Standin::start();
    let sample = std::fs::read_to_string(checkout().join("examples/web.json")).expect("the sample");
    for service in SERVICES {
        let mut body: Value = serde_json::from_str(&sample).expect("JSON");
        body["family"] = service.into();
        standin.service("main", service, body);
    }
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut ran = 0;
    for (place, line) in lines {
        for Invocation { words } in command::invocations(&line)? {
            if matches!(words.get(1).map(String::as_str), None | Some("doctor")) {
                continue;
            }
            sidetap(&standin, &directory, &words).map_err(|why| format!("{place}: {line}\n{why}"))?;
            ran += 1;
        }
    }
    Ok(ran)
}

/// Runs sidetap in that account, where nobody can be asked.
fn sidetap(standin: &Standin, directory: &TempDir, words: &[String]) -> Result<(), String> {
    let has = |flag: &str| words.iter().any(|word| word == flag);
    let asks = matches!(words[1].as_str(), "inject" | "remove" | "apply" | "rollback");
    let mut arguments = words[1..].to_vec();
    if asks && !has("--yes") && !has("--dry-run") && !has("--emit") {
        arguments.push("--yes".into());
    }
    let output = Command::new(assert_cmd::cargo::cargo_bin!("sidetap"))
        .args(arguments)
        .env_clear()
        .envs(BTreeMap::from([
            ("AWS_ENDPOINT_URL", standin.url().as_str()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
            ("AWS_REGION", REGION),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ]))
        .env("HOME", directory.path())
        .current_dir(directory.path())
        .stdin(Stdio::null())
        .output()
        .expect("sidetap runs");
    let expected = match words[1].as_str() {
        _ if has("--detailed-exitcode") => 2,
        // Nothing was injected before.
        "rollback" if standin.calls_of("UpdateService").is_empty() => 5,
        _ => 0,
    };
    match output.status.code() {
        Some(code) if code == expected => Ok(()),
        code => Err(format!("ended with {code:?}, not with {expected}:\n{}", String::from_utf8_lossy(&output.stderr))),
    }
}
