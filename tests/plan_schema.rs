//! Every plan is what `schemas/plan-1.0.json` says.

use serde_json::Value;
use standin::Standin;

use crate::support::{Sidetap, snapshot, task_definition};

fn check(plan: &Value) {
    let schema = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/plan-1.0.json")).unwrap();
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(plan).map(|error| format!("{}: {error}", error.instance_path)).collect();
    assert!(errors.is_empty(), "{}\n{plan:#}", errors.join("\n"));
    for target in plan["targets"].as_array().unwrap() {
        check_tests(target["patch"].as_array().unwrap());
    }
}

/// An operation inside `containerDefinitions` comes after a `test` of a container's name.
fn check_tests(patch: &[Value]) {
    let mut tested = false;
    for operation in patch {
        let path = operation["path"].as_str().unwrap();
        if operation["op"] == "test" {
            assert!(path.starts_with("/containerDefinitions/") && path.ends_with("/name"), "{path}");
            tested = true;
        } else if path.starts_with("/containerDefinitions/") {
            assert!(tested, "{path} is changed without a test");
        }
    }
}

#[test]
fn plans_of_files_are_valid() {
    for arguments in [
        "--file roomy.json",
        "--file describe-output.json",
        "--file unknown-fields.json",
        "--file full.json --take-from app",
        "--file full.json --grow-task",
        "--file full.json --best-effort",
        "--file ec2-host.json",
    ] {
        let line = format!("inject --image i --dry-run --output json {arguments}");
        check(&Sidetap::new(&line).exits(0).json());
    }
    let blocked = Sidetap::new("inject --image i --dry-run --output json --file full.json").exits(5).json();
    check(&blocked);
    assert_eq!(blocked["targets"][0]["reason"]["code"], "does-not-fit");

    let injected = Sidetap::new("inject --image i --file full.json --take-from app").exits(0).stdout();
    for line in ["remove --file - --dry-run --output json", "inject --image i:2 --file - --dry-run --output json"] {
        let plan = Sidetap::new(line).stdin(&injected).exits(0).json();
        check(&plan);
        assert_eq!(plan["targets"][0]["action"], "update");
    }
    let same = Sidetap::new("inject --image i --file - --dry-run --output json").stdin(&injected).exits(0).json();
    check(&same);
    assert_eq!(same["targets"][0]["action"], "none");
}

#[test]
fn plans_of_services_and_task_definitions_are_valid() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web")).service("main", "gone", task_definition("gone"));
    standin.edit_service("gone", serde_json::json!({"status": "DRAINING"}));
    let line = "inject --cluster main --all-services --image i:1 --dry-run --output json";
    let plan = Sidetap::new(line).against(&standin).exits(5).json();
    check(&plan);
    snapshot("plan-json", &format!("{plan:#}\n"));
    let line = "inject --task-definition web --image i --dry-run --detailed-exitcode --output json";
    check(&Sidetap::new(line).against(&standin).exits(2).json());

    Sidetap::new("inject --cluster main --service web --image i --yes").against(&standin).exits(0);
    for source in ["--cluster main --service web", "--cluster main --all-services", "--task-definition web"] {
        let line = format!("remove {source} --dry-run --detailed-exitcode --output json");
        check(&Sidetap::new(&line).against(&standin).exits(2).json());
    }
}

#[test]
fn the_same_plan_has_the_same_id() {
    let plan = || Sidetap::new("inject --image i --file roomy.json --dry-run --output json").exits(0).json();
    assert_eq!(plan()["plan_id"], plan()["plan_id"]);
    let other = Sidetap::new("inject --image j --file roomy.json --dry-run --output json").exits(0).json();
    assert_ne!(plan()["plan_id"], other["plan_id"]);
}
