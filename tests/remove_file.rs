//! `sidetap remove --file`.

use serde_json::json;

use crate::support::{Sidetap, fixture, snapshot};

const FIXTURES: [&str; 11] = [
    "roomy.json",
    "two-containers.json",
    "full.json",
    "describe-output.json",
    "tags-inside.json",
    "nulls.json",
    "unknown-fields.json",
    "vcpu-strings.json",
    "ec2-host.json",
    "pasted-levo.json",
    "full-largest.json",
];

#[test]
fn removing_restores_the_file_exactly_whatever_was_done_for_the_sidecar() {
    for name in FIXTURES {
        let mut injections = 0;
        for size in ["", "--take-from app", "--grow-task", "--best-effort"] {
            let injected = Sidetap::new(&format!("inject --file {name} --image i {size}")).run();
            if injected.code() != 0 {
                assert_eq!(injected.code(), 5, "{injected}");
                continue;
            }
            injections += 1;
            let removed = Sidetap::new("remove --file -").stdin(&injected.stdout()).exits(0);
            assert_eq!(removed.json(), fixture(name), "{name} {size}");
        }
        assert!(injections > 0, "{name} takes no sidecar at all");
    }
}

#[test]
fn a_file_without_a_sidecar_comes_out_as_it_went_in() {
    let removed = Sidetap::new("remove --file describe-output.json").exits(0).stderr_has("no sidecar of sidetap's");
    assert_eq!(removed.json(), fixture("describe-output.json"));
}

#[test]
fn sizes_changed_since_are_kept_and_told() {
    let injected = Sidetap::new("inject --file full.json --image i --take-from app").exits(0).json();
    let mut edited = injected.clone();
    edited["containerDefinitions"][0]["memory"] = json!(400);
    let removed = Sidetap::new("remove --file -").stdin(&edited.to_string()).exits(0).json();
    assert_eq!(removed["containerDefinitions"][0]["memory"], 425, "the sidecar gives its share back");
    assert_eq!(removed["containerDefinitions"][0]["cpu"], 256);

    let grown = Sidetap::new("inject --file full.json --image i --grow-task").exits(0).json();
    let mut edited = grown.clone();
    edited["memory"] = json!("2048");
    let removed = Sidetap::new("remove --file -").stdin(&edited.to_string()).exits(0);
    assert_eq!(removed.json()["memory"], "2048");
    removed.stderr_has("`memory` of the task is not set back to \"512\": the task's size was changed since");
}

#[test]
fn a_revision_read_back_from_ecs_loses_the_sidecar_and_nothing_else() {
    let mut registered = Sidetap::new("inject --file describe-output.json --image i").exits(0).json();
    registered["revision"] = json!(8);
    registered["status"] = json!("ACTIVE");
    let removed = Sidetap::new("remove --file -").stdin(&registered.to_string()).exits(0).json();
    standin::accepts(&removed).unwrap();
    assert_eq!(
        removed["containerDefinitions"],
        fixture("describe-output.json")["taskDefinition"]["containerDefinitions"]
    );
}

#[test]
fn a_dry_run_shows_the_plan() {
    let injected = Sidetap::new("inject --file full.json --image i:1 --grow-task").exits(0).stdout();
    let plan = Sidetap::new("remove --file - --dry-run --detailed-exitcode").stdin(&injected).exits(2);
    snapshot("plan-remove", &plan.stdout());
}

#[test]
fn a_vendors_container_in_a_file_leaves_if_its_kind_is_named() {
    let removed = Sidetap::new("remove --file pasted-levo.json --sidecar levo").exits(0);
    let names = |definition: &serde_json::Value| {
        let containers = definition["containerDefinitions"].as_array().unwrap().clone();
        containers.iter().map(|container| container["name"].clone()).collect::<Vec<_>>()
    };
    let (before, after) = (names(&fixture("pasted-levo.json")), names(&removed.json()));
    assert_eq!(after.len() + 1, before.len());
    removed.stderr_has("took out");
    Sidetap::new("remove --file pasted-levo.json").exits(0).stderr_has("no sidecar of sidetap's is there");
    Sidetap::new("remove --file roomy.json --sidecar levo").exits(0).stderr_has("no sidecar `levo` is there");
}
