//! Without a terminal nothing asks and nothing waits.

use std::time::{Duration, Instant};

use crate::support::{Sidetap, snapshot};

#[test]
fn every_command_with_missing_values_ends_at_once_with_a_ready_command_line() {
    let mut text = String::new();
    for line in [
        "",
        "list",
        "list services",
        "list clusters",
        "inject",
        "inject --cluster main",
        "inject --service web",
        "inject --file roomy.json",
        "inject --file roomy.json --sidecar forwarder",
        "inject --file roomy.json --sidecar levo",
        "inject --cluster main --service web",
        "inject --cluster main --service web --image i",
        "inject --task-definition web --image i -- --verbose",
        "inject --cluster main --service web --image i --dry-run",
        "apply",
        "remove",
        "rollback",
        "rollback --cluster main",
        "completions",
        "man",
    ] {
        let started = Instant::now();
        let finished = Sidetap::new(line).exits(64);
        assert!(started.elapsed() < Duration::from_secs(1), "{finished}");
        assert_eq!(finished.stdout(), "", "{finished}");
        let stderr = finished.stderr();
        let ready = stderr.lines().find(|line| line.trim_start().starts_with("try: sidetap "));
        text.push_str(&format!("$ sidetap {line}\n{}\n", ready.unwrap_or_else(|| panic!("{finished}"))));
    }
    snapshot("ready-command-lines", &text);
}

#[test]
fn a_plan_that_nobody_can_confirm_ends_before_the_first_call() {
    let standin = standin::Standin::start();
    for line in
        ["inject --cluster main --service web --image i", "inject --cluster main --service web --image i --no-input"]
    {
        Sidetap::new(line).against(&standin).exits(64).stderr_has("--yes");
    }
    assert!(standin.calls().is_empty());
}

#[test]
fn colours_are_for_terminals_unless_forced() {
    let line = "inject --file roomy.json --image i --dry-run";
    let escapes = |sidetap: Sidetap| sidetap.exits(0).stdout().contains('\u{1b}');
    assert!(!escapes(Sidetap::new(line)));
    assert!(escapes(Sidetap::new(&format!("{line} --color always"))));
    assert!(escapes(Sidetap::new(line).env("CLICOLOR_FORCE", "1")));
    assert!(!escapes(Sidetap::new(&format!("{line} --color never")).env("CLICOLOR_FORCE", "1")));
}
