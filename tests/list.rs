//! `sidetap list`.

use serde_json::json;
use standin::{Fault, Standin};

use crate::support::{Sidetap, fixture, snapshot, task_definition};

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

#[test]
fn what_a_service_can_have_and_has_is_told_from_the_revision_that_it_runs() {
    let standin = Standin::start();
    for (name, fixture_name) in [("bridge", "bridge.json"), ("none", "network-none.json"), ("win", "windows.json")] {
        standin.service("main", name, fixture(fixture_name));
    }
    for name in ["plain", "sensed"] {
        standin.service("main", name, task_definition(name));
    }
    let of_vendor = json!({ "name": "mirror", "image": "traceableai/packet-forwarder:1.0.10", "memory": 64 });
    let mut pasted = task_definition("pasted");
    pasted["containerDefinitions"].as_array_mut().expect("containers").push(of_vendor);
    standin.service("main", "pasted", pasted);
    let before = standin.task_definition(task_definition("reverted"));
    standin.service_of("main", "reverted", &before);
    let shared = standin.task_definition(task_definition("shared"));
    for number in 0..20 {
        standin.service_of("main", &format!("shared-{number:02}"), &shared);
    }
    for name in ["sensed", "reverted"] {
        let line = format!("inject --cluster main --service {name} --image i:1 --memory 64 --yes --no-wait");
        Sidetap::new(&line).against(&standin).exits(0);
    }
    // Somebody deploys the revision of before.
    standin.edit_service("reverted", json!({ "taskDefinition": before }));
    let reads = standin.calls_of("DescribeTaskDefinition").len();
    let services = Sidetap::new("list services --cluster main --output json").against(&standin).exits(0).json();
    assert_eq!(standin.calls_of("DescribeTaskDefinition").len() - reads, 8);
    assert!(standin.most_in_flight() <= 8);
    let row = |name: &str| services.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap().clone();
    for (name, support, sidecars, lost) in [
        ("bridge", "refused", json!([]), json!([])),
        ("none", "refused", json!([]), json!([])),
        ("win", "refused", json!([]), json!([])),
        ("plain", "full", json!([]), json!([])),
        ("pasted", "full", json!(["mirror"]), json!([])),
        ("sensed", "full", json!(["sidetap-sensor"]), json!([])),
        ("reverted", "full", json!([]), json!(["sidetap-sensor"])),
        ("shared-19", "full", json!([]), json!([])),
    ] {
        let row = row(name);
        assert_eq!((&row["support"], &row["sidecars"], &row["lost"]), (&json!(support), &sidecars, &lost), "{name}");
    }
    assert!(row("bridge")["reason"].as_str().unwrap().contains("bridge"));
    let table = Sidetap::new("list services --cluster main").against(&standin).exits(0);
    table.stdout_has("was sidetap-sensor");
}

#[test]
fn without_the_right_to_read_task_definitions_services_are_listed_nevertheless() {
    let standin = world();
    standin.fault(Fault::Deny { operation: "DescribeTaskDefinition" });
    let finished = Sidetap::new("list services --cluster main").against(&standin).exits(0);
    let finished = finished.stdout_has("unknown").stderr_has("ecs:DescribeTaskDefinition");
    assert!(!finished.stdout().contains("full"), "{finished}");
}
