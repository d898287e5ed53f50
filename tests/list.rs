//! `sidetap list`.

use serde_json::json;
use standin::Standin;

use crate::support::{Sidetap, snapshot, task_definition};

fn world() -> Standin {
    let standin = Standin::start();
    for name in ["web", "api", "legacy", "express"] {
        standin.service("main", name, task_definition(name));
    }
    standin.edit_service("legacy", json!({"deploymentController": {"type": "CODE_DEPLOY"}, "runningCount": 1}));
    standin.edit_service("express", json!({"resourceManagementType": "ECS"}));
    standin.cluster("staging");
    standin
}

#[test]
fn clusters_services_and_families_are_listed_as_tables() {
    let standin = world();
    let mut text = String::new();
    for line in
        ["list clusters", "list services --cluster main", "list task-definitions", "list services --cluster staging"]
    {
        let finished = Sidetap::new(line).against(&standin).exits(0);
        text.push_str(&format!("$ sidetap {line}\n{}{}\n", finished.stdout(), finished.stderr()));
    }
    snapshot("list", &text);
}

#[test]
fn lists_are_json_for_programs() {
    let standin = world();
    let services = Sidetap::new("list services --cluster main --output json").against(&standin).exits(0).json();
    let support = |name: &str| {
        let rows = services.as_array().unwrap().iter();
        rows.clone().find(|row| row["name"] == name).unwrap()["support"].clone()
    };
    assert_eq!(
        (support("web"), support("legacy"), support("express")),
        (json!("full"), json!("register-only"), json!("refused"))
    );
    assert_eq!(
        Sidetap::new("list services --cluster staging --output json").against(&standin).exits(0).json(),
        json!([])
    );
    let clusters = Sidetap::new("list clusters --output json").against(&standin).exits(0).json();
    assert_eq!(clusters[0]["active_services"], 4);
    let families = Sidetap::new("list task-definitions --output json").against(&standin).exits(0).json();
    assert_eq!(families[0], json!({"family": "api"}));
}
