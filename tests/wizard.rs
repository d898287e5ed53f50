//! The wizard on a terminal: what somebody sees who types `sidetap`, and what comes of it.

use std::process::Command;

use serde_json::{Value, json};
use standin::Standin;

use crate::support::{Key, Screen, Sidetap, snapshot, task_definition};

/// An account with two services that can have a sidecar, one that another system deploys, and two that cannot.
fn account() -> Standin {
    let standin = Standin::start();
    for name in ["api", "billing", "express", "legacy", "web"] {
        let mut definition = task_definition(name);
        if name == "legacy" {
            definition["runtimePlatform"] = json!({ "operatingSystemFamily": "WINDOWS_SERVER_2022_CORE" });
        }
        standin.service("main", name, definition);
    }
    standin.edit_service("billing", json!({ "deploymentController": { "type": "CODE_DEPLOY" } }));
    standin.edit_service("express", json!({ "resourceManagementType": "ECS" }));
    standin.cluster("staging");
    standin
}

/// A screen as it is when the wizard waits for a key there.
fn look(screen: &mut Screen, name: &str, wait_for: &str) {
    screen.wait_for(wait_for);
    snapshot(name, &screen.settled());
    assert_eq!(screen.wrapped_lines(), Vec::<String>::new(), "{screen}");
}

/// The command line that the wizard printed, as a shell understands it, without the program's name.
fn printed_line(screen: &Screen) -> Vec<String> {
    let raw = String::from_utf8(screen.raw()).expect("text");
    let mut lines = raw.lines().skip_while(|line| !line.contains("The same without questions:"));
    let line = lines.nth(1).expect("the line after it").trim().strip_prefix("sidetap ").expect("a command line");
    let shell = Command::new("sh").args(["-c", &format!("printf '%s\\n' {line}")]).output().expect("a shell");
    assert!(shell.status.success(), "{line}");
    String::from_utf8(shell.stdout).expect("text").lines().map(str::to_owned).collect()
}

/// The sidecar in the newest revision of a family.
fn sidecar(standin: &Standin, family: &str) -> Value {
    let described = standin.describe(family);
    let containers = described["taskDefinition"]["containerDefinitions"].as_array().expect("a list");
    containers.iter().find(|container| container["name"] == "sidetap-sensor").expect("a sidecar").clone()
}

#[test]
fn from_nothing_to_a_watched_deployment_in_eight_screens() {
    let standin = account();
    let mut screen = Sidetap::new("").against(&standin).on_screen();
    look(&mut screen, "wizard-1-place", "Yes, go on");
    screen.press(Key::Enter);
    look(&mut screen, "wizard-2-cluster", "Which cluster?");
    screen.press(Key::Enter);
    look(&mut screen, "wizard-3-services", "Which services");
    screen.press_times(Key::Down, 2).press(Key::Space).press(Key::Enter);
    look(&mut screen, "wizard-4-sidecar", "Which sidecar?");
    screen.press(Key::Enter);
    look(&mut screen, "wizard-5-image", "sensor: image");
    screen.type_text("example/sidetap:1").press(Key::Enter).wait_for("sensor: exports").press(Key::Enter);
    look(&mut screen, "wizard-5-parameters", "go on with these");
    screen.press(Key::Enter);
    look(&mut screen, "wizard-6-size", "How much does the sidecar get?");
    screen.press(Key::Enter);
    look(&mut screen, "wizard-7-logs", "Where does the sidecar log?");
    screen.press(Key::Enter);
    look(&mut screen, "wizard-8-review", "What is to be done?");
    assert_eq!(standin.calls_of("RegisterTaskDefinition").len(), 0);
    screen.press(Key::Down).press(Key::Enter);
    screen.exits(0);
    snapshot("wizard-9-result", &screen.contents());

    assert_eq!(
        standin.service_json("web")["taskDefinition"],
        standin.describe("web:2")["taskDefinition"]["taskDefinitionArn"]
    );
    assert_eq!(standin.calls_of("UpdateService").len(), 1);
    assert_eq!(sidecar(&standin, "web")["command"], json!(["capture", "--export", "ndjson:-"]));

    let words = printed_line(&screen);
    let again = Sidetap::of(words.iter().map(String::as_str)).against(&standin).exits(0);
    again.stdout_has("nothing to change");
    assert_eq!(standin.calls_of("RegisterTaskDefinition").len(), 1);
}

#[test]
fn an_upgrade_keeps_what_the_sidecar_was_told() {
    let standin = account();
    let inject = ["inject", "--cluster", "main", "--service", "web", "--image", "example/sidetap:1", "--yes"];
    let told = ["--export", "ndjson:-", "--filter", "tcp port 8080 and not host 10.0.0.1", "--env", "MODE=a b"];
    let size = ["--cpu-percentage-limit", "10", "--memory", "60"];
    Sidetap::of(inject.into_iter().chain(told).chain(size)).against(&standin).exits(0);

    let mut screen = Sidetap::new("").against(&standin).on_screen();
    screen.wait_for("Yes, go on").press(Key::Enter).wait_for("Which cluster?").press(Key::Enter);
    look(&mut screen, "wizard-upgrade-services", "Which services");
    screen.press_times(Key::Down, 2).press(Key::Space).press(Key::Enter);
    look(&mut screen, "wizard-upgrade-sidecar", "Which sidecar?");
    screen.press(Key::Enter).wait_for("sensor: image").press(Key::Backspace).type_text("2").press(Key::Enter);
    screen.wait_for("sensor: exports").press(Key::Enter);
    look(&mut screen, "wizard-upgrade-parameters", "go on with these");
    screen.press(Key::Enter);
    look(&mut screen, "wizard-upgrade-size", "How much");
    screen.press(Key::Enter).wait_for("Where does").press(Key::Enter);
    look(&mut screen, "wizard-upgrade-review", "What is to be done?");
    screen.press(Key::Down).press(Key::Enter).exits(0);

    let sidecar = sidecar(&standin, "web");
    assert_eq!(sidecar["image"], "example/sidetap:2");
    assert_eq!((&sidecar["cpu"], &sidecar["memory"]), (&json!(25), &json!(60)));
    let filter = "tcp port 8080 and not host 10.0.0.1";
    assert_eq!(sidecar["command"], json!(["capture", "--export", "ndjson:-", "--filter", filter]));
    assert_eq!(sidecar["environment"][1], json!({ "name": "MODE", "value": "a b" }));
    let words = printed_line(&screen);
    assert!(words.contains(&filter.to_owned()) && words.contains(&"MODE=***".to_owned()), "{words:?}");
}

#[test]
fn a_profile_and_a_region_are_chosen_among_those_that_there_are() {
    let standin = account();
    standin.cluster_in("us-east-1", "overseas").refuse_region("me-south-1");
    let files = tempfile::tempdir().expect("a directory");
    let config = files.path().join("config");
    let keys =
        format!("aws_access_key_id = {}\naws_secret_access_key = {}\n", standin::ACCESS_KEY, standin::SECRET_KEY);
    let text = format!("[default]\nregion = eu-west-1\n[profile work]\nregion = eu-west-1\n{keys}[profile broken]\n");
    std::fs::write(&config, text).expect("a file");
    let mut screen = Sidetap::new("")
        .env("AWS_ENDPOINT_URL", &standin.url())
        .env("AWS_CONFIG_FILE", config.to_str().expect("a path"))
        .on_screen();
    // The usual profile has no credentials.
    look(&mut screen, "wizard-place-no-credentials", "Try again");
    screen.press(Key::Down).press(Key::Enter);
    look(&mut screen, "wizard-place-profiles", "Which profile?");
    screen.press_times(Key::Down, 2).press(Key::Enter).wait_for("Yes, go on");
    screen.press_times(Key::Down, 3).press(Key::Enter);
    look(&mut screen, "wizard-place-search", "Which region?");
    screen.press(Key::Down).press(Key::Enter).wait_for("region    us-east-1").press(Key::Enter);
    screen.wait_for("Which cluster?").wait_for("overseas").press(Key::CtrlC);
    screen.wait_for("nothing was changed").exits(130);
}

#[test]
fn where_nobody_can_be_asked_the_reason_and_the_flags_are_told() {
    let standin = account();
    for (line, variable, reason) in [
        ("", ("TERM", "dumb"), "this terminal is a dumb one"),
        ("", ("CI", "true"), "CI is set in the environment"),
        ("--no-input", ("CI", "false"), "`--no-input` was given"),
    ] {
        let mut screen = Sidetap::new(line).against(&standin).env(variable.0, variable.1).on_screen_of(100, 100);
        screen.wait_for("try: sidetap inject --cluster CLUSTER --service SERVICE --image IMAGE --yes").exits(64);
        assert!(screen.contents().contains(reason), "{screen}");
    }
    assert!(standin.calls().is_empty());
}
