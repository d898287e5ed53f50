//! `inject … --emit`: what to put into a template or configuration, read back by software that we did not write.

mod formatted;
mod services;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use standin::Standin;
use tempfile::TempDir;

use crate::support::{Python, Sidetap, fixture, fixture_path, snapshot, task_definition};

const SIDECARS: [&str; 4] = [
    "--image example/sidetap:1 --env ODD=${a}%{b}'\"\\#:é\u{202e}",
    "--sidecar forwarder --image example/sidetap:1 --destination collector",
    "--sidecar levo --satellite-url http://s --levo-env e --levoai-org-id o --region eu-west-1",
    "--sidecar traceable",
];
const FIXTURES: [&str; 15] = [
    "describe-output.json",
    "ec2-host.json",
    "ec2-no-sizes.json",
    "every-field.json",
    "full-largest.json",
    "full.json",
    "name-taken.json",
    "nulls.json",
    "pasted-levo.json",
    "roomy.json",
    "sidecar-reserving.json",
    "tags-inside.json",
    "two-containers.json",
    "unknown-fields.json",
    "vcpu-strings.json",
];

/// The corpus and the fixtures.
fn sources() -> Vec<PathBuf> {
    FIXTURES.iter().map(|name| fixture_path(name)).chain(crate::corpus::files()).collect()
}

/// A directory for each task definition and sidecar that go together, with the body of the registration in
/// `expected.json` and what is printed in `file`.
fn emitted(format: &str, file: &str) -> (TempDir, Vec<PathBuf>) {
    let root = tempfile::tempdir().expect("a temporary directory");
    let mut directories = Vec::new();
    for source in sources() {
        let Ok(document) = serde_json::from_slice::<Value>(&std::fs::read(&source).expect("readable")) else {
            continue;
        };
        let Ok((definition, _)) = sidetap::taskdef::TaskDefinition::parse(document) else { continue };
        let bare = with_real_roles(definition.as_value().clone()).to_string();
        let first = definition.containers()[0]["name"].as_str().unwrap_or_default().to_owned();
        let taken = format!("--take-from {first}");
        for sidecar in SIDECARS {
            let sizes = [taken.as_str(), "--grow-task", "--best-effort", "--cpu 16 --memory 32"];
            let injected = sizes.iter().find_map(|size| {
                let line = format!("inject --file - {sidecar} {size}");
                let finished = Sidetap::new(&line).stdin(&bare).run();
                (finished.code() == 0).then_some((line, finished))
            });
            let Some((line, injected)) = injected else { continue };
            let directory = root.path().join(directories.len().to_string());
            std::fs::create_dir(&directory).expect("a directory");
            let emitted = Sidetap::new(&format!("{line} --emit {format}")).stdin(&bare).exits(0);
            std::fs::write(directory.join("expected.json"), injected.stdout()).expect("written");
            std::fs::write(directory.join(file), emitted.stdout()).expect("written");
            directories.push(directory);
        }
    }
    assert!(directories.len() >= 50, "only {} task definitions took a sidecar", directories.len());
    (root, directories)
}

/// Published task definitions have placeholders where roles belong, which are no more ARNs in a template.
fn with_real_roles(mut definition: Value) -> Value {
    for role in ["taskRoleArn", "executionRoleArn"] {
        if definition.get(role).is_some_and(Value::is_string) {
            definition[role] = json!("arn:aws:iam::123456789012:role/task");
        }
    }
    definition
}

/// Runs a check of all directories.
fn check(python: &Python, script: &str, directories: &[PathBuf]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/emit").join(script);
    let output = python.program("python").arg(script).args(directories).output().expect("python runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(said.trim(), format!("checked {}", directories.len()), "{errors}");
}

#[test]
fn templates_are_the_patched_task_definitions_and_cfn_lint_finds_nothing_in_them() {
    let Some(python) = Python::prepared("cfn-lint") else { return };
    let (_root, directories) = emitted("cloudformation", "template.yaml");
    check(&python, "cloudformation_check.py", &directories);

    // What ECS would not register is no better in a template.
    let registrable = directories.iter().filter(|directory| {
        let body = std::fs::read(directory.join("expected.json")).expect("readable");
        standin::accepts(&serde_json::from_slice(&body).expect("JSON")).is_ok()
    });
    // Every task definition, with every other of its sidecars: one is like another to it, and it takes its time.
    let templates: Vec<PathBuf> = registrable.step_by(2).map(|directory| directory.join("template.yaml")).collect();
    assert!(templates.len() >= 20, "only {}", templates.len());
    let output = python.program("cfn-lint").arg("--").args(&templates).output().expect("cfn-lint runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn resources_of_terraform_are_the_patched_task_definitions_and_formatted() {
    let Some(python) = Python::prepared("python-hcl2") else { return };
    let (root, directories) = emitted("terraform", "main.tf");
    check(&python, "terraform_check.py", &directories);
    for directory in &directories {
        let text = std::fs::read_to_string(directory.join("main.tf")).expect("readable");
        formatted::check(&text);
    }
    let Some(mut fmt) = terraform() else { return };
    let output = fmt.args(["fmt", "-check", "-diff", "-recursive"]).arg(root.path()).output().expect("terraform runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn terraform_evaluates_the_containers_to_what_they_are() {
    let Some(mut terraform) = terraform() else { return };
    let line = "inject --file every-field.json --image i --best-effort";
    let expected = Sidetap::new(line).exits(0).json()["containerDefinitions"].clone();
    let resource = Sidetap::new(&format!("{line} --emit terraform")).exits(0).stdout();
    let (_, rest) = resource.split_once("container_definitions = ").expect("the containers");
    let (containers, _) = rest.split_once("\n  ])\n").expect("their end");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let locals = format!("locals {{\n  encoded = {containers}\n  ])\n}}\n");
    std::fs::write(directory.path().join("main.tf"), locals).expect("written");
    std::fs::write(directory.path().join("line"), "local.encoded\n").expect("written");
    let line = std::fs::File::open(directory.path().join("line")).expect("readable");
    let output = terraform.arg("console").current_dir(directory.path()).stdin(line).output().expect("terraform runs");
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    // It shows a string as JSON would.
    let text: String = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}\n{said}\n{errors}"));
    let found: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(found, expected);
}

/// Terraform, where it is installed; it is no part of what `cargo xtask test` prepares.
fn terraform() -> Option<Command> {
    let mut terraform = Command::new("terraform");
    terraform.env("TF_CLI_CONFIG_FILE", "/dev/null").env("CHECKPOINT_DISABLE", "1");
    let is_there = Command::new("terraform").arg("version").output().is_ok_and(|output| output.status.success());
    if !is_there {
        eprintln!("NOT RUN: terraform is not installed; `formatted` checks its rules as we know them");
    }
    is_there.then_some(terraform)
}

#[test]
fn each_format_shows_what_the_sidecar_adds_and_changes() {
    for format in ["json", "cloudformation", "terraform"] {
        let line = format!("inject --file full.json --image example/sidetap:1 --take-from app --emit {format}");
        let finished = Sidetap::new(&line).exits(0);
        snapshot(&format!("inject-emit-{format}"), &finished.stdout());
        finished.stderr_has("nothing was changed; values of environment variables are written out");
    }
}

#[test]
fn every_field_has_its_place_in_each_format() {
    for format in ["cloudformation", "terraform"] {
        let line = format!("inject --file every-field.json --image example/sidetap:1 --best-effort --emit {format}");
        snapshot(&format!("inject-emit-every-field-{format}"), &Sidetap::new(&line).exits(0).stdout());
    }
}

#[test]
fn a_service_of_a_stack_gets_a_template_with_its_names_and_nothing_is_written() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    let revision = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1";
    standin.service_of("main", "admin", revision);
    standin.service("main", "batch", task_definition("batch"));
    standin.tag(revision, "aws:cloudformation:stack-name", "shop-prod");
    standin.tag(revision, "aws:cloudformation:logical-id", "WebTask");
    let line = "inject --cluster main --service web --service admin --service batch --image i --emit cloudformation";
    let finished = Sidetap::new(line).against(&standin).exits(0);
    snapshot("inject-emit-services", &finished.stdout());
    assert!(!finished.stderr().contains("manages"), "whoever asks for a template need not be told: {finished}");
    assert!(standin.calls().iter().all(|call| {
        call.operation.starts_with("Describe")
            || call.operation.starts_with("List")
            || call.operation.starts_with("Get")
    }));
}

#[test]
fn a_sidecar_that_is_there_already_is_printed_as_new() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    let line = "inject --cluster main --service web --image i";
    let before = Sidetap::new(&format!("{line} --emit json")).against(&standin).exits(0).json();
    Sidetap::new(&format!("{line} --yes")).against(&standin).exits(0);
    let after = Sidetap::new(&format!("{line} --emit json")).against(&standin).exits(0).json();
    let sidecar = |fragment: &Value| fragment["containerDefinitions"][0].clone();
    assert_eq!(sidecar(&before)["name"], "sidetap-sensor");
    // ECS has filled in what was not said.
    assert_eq!(sidecar(&after)["command"], sidecar(&before)["command"]);
    assert_eq!(sidecar(&after)["dockerLabels"], sidecar(&before)["dockerLabels"]);
    assert_eq!(after["containerDefinitions"].as_array().map(Vec::len), Some(1), "{after}");
    let template = Sidetap::new(&format!("{line} --emit cloudformation")).against(&standin).exits(0).stdout();
    assert!(!template.contains("sidetap:plan-id"), "tags of a registration have no place in a template: {template}");
}

#[test]
fn what_is_blocked_is_told_and_the_rest_printed() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    standin.service("main", "old", task_definition("old"));
    standin.edit_service("old", json!({"status": "DRAINING"}));
    let line = "inject --cluster main --service web --service old --image i --emit terraform";
    let finished = Sidetap::new(line).against(&standin).exits(3);
    finished.stderr_has("`old` cannot be changed").stdout_has("resource \"aws_ecs_task_definition\" \"web\"");
    let line = "inject --cluster main --service old --image i --emit terraform";
    assert_eq!(Sidetap::new(line).against(&standin).exits(5).stdout(), "");
}

#[test]
fn a_registered_task_definition_can_be_printed_too() {
    let standin = Standin::start();
    standin.task_definition(task_definition("web"));
    standin.task_definition(task_definition("web"));
    let line = "inject --task-definition web --image i --emit terraform";
    Sidetap::new(line).against(&standin).exits(0).stdout_has("# The task definition web:2, with the sidecar");
    assert_eq!(standin.calls_of("RegisterTaskDefinition").len(), 0);
}

#[test]
fn text_from_tags_and_names_cannot_leave_a_comment() {
    let mut file = fixture("roomy.json");
    file["family"] = json!("web\nResources: {}");
    file["tags"] = json!([{"key": "aws:cloudformation:stack-name", "value": "x\n  Evil: {}\u{1b}[2J"}]);
    for format in ["cloudformation", "terraform"] {
        let line = format!("inject --file - --image i --emit {format}");
        let text = Sidetap::new(&line).stdin(&file.to_string()).exits(0).stdout();
        let outside = text.lines().filter(|line| !line.starts_with('#'));
        assert!(outside.clone().all(|line| !line.trim_start().starts_with("Evil")), "{text}");
        assert!(outside.clone().filter(|line| line.starts_with("Resources")).count() <= 1, "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}

#[test]
fn printing_goes_with_no_flag_that_changes_something() {
    for flag in ["--yes", "--dry-run", "--register-only", "--out plan.json", "--in-place"] {
        Sidetap::new(&format!("inject --file full.json --image i --emit json {flag}")).exits(64);
    }
}
