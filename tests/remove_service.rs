//! `sidetap remove` on services and task definitions, against the stand-in.

use serde_json::{Value, json};
use standin::{Script, Standin};

use crate::support::{Sidetap, fixture, registrable, snapshot, task_definition};

const INJECT: &str = "inject --cluster main --service web --image i --yes";
const REMOVE: &str = "remove --cluster main --service web --yes";

/// What was registered, but for what a new revision always has of its own: its number and tags.
fn body(standin: &Standin, revision: &str) -> Value {
    registrable(&standin.describe(revision)["taskDefinition"])
}

fn tag(standin: &Standin, key: &str) -> Option<String> {
    let json = standin.service_json("web");
    let tag = json["tags"].as_array()?.iter().find(|tag| tag["key"] == key)?.clone();
    tag["value"].as_str().map(str::to_owned)
}

fn containers(standin: &Standin, revision: &str) -> Vec<String> {
    let described = standin.describe(revision);
    let containers = described["taskDefinition"]["containerDefinitions"].as_array().expect("containers").clone();
    containers.iter().map(|container| container["name"].as_str().unwrap_or_default().to_owned()).collect()
}

/// A fixture as it can be registered, of a family of our own.
fn fixture_as_web(name: &str) -> Value {
    let document = fixture(name);
    let mut definition = registrable(document.get("taskDefinition").unwrap_or(&document));
    definition["family"] = json!("web");
    let members = definition.as_object_mut().expect("an object");
    members.retain(|_, value| !value.is_null());
    if let Some(tags) = members.get_mut("tags").and_then(Value::as_array_mut) {
        tags.retain(|tag| !tag["key"].as_str().is_some_and(|key| key.starts_with("aws:")));
    }
    definition
}

#[test]
fn injecting_and_removing_leaves_a_revision_like_the_first_for_every_shape_and_way_to_make_room() {
    let mut ways = 0;
    for name in ["roomy.json", "two-containers.json", "full.json", "describe-output.json", "unknown-fields.json"] {
        for size in ["", "--take-from app", "--grow-task", "--best-effort"] {
            let standin = Standin::start();
            standin.service("main", "web", fixture_as_web(name));
            let injected = Sidetap::new(&format!("{INJECT} --no-wait {size}")).against(&standin).run();
            if injected.code() != 0 {
                assert_eq!(injected.code(), 5, "{name} {size}: {injected}");
                continue;
            }
            ways += 1;
            Sidetap::new(&format!("{REMOVE} --no-wait")).against(&standin).exits(0);
            assert_eq!(body(&standin, "web:3"), body(&standin, "web:1"), "{name} {size}");
            assert!(standin.service_json("web")["taskDefinition"].as_str().unwrap().ends_with("web:3"));
        }
    }
    assert!(ways >= 15, "{ways} of 20 were tried");
}

#[test]
fn both_of_two_sidecars_leave_a_task_definition_as_it_was() {
    let standin = Standin::start();
    standin.task_definition(fixture_as_web("full.json"));
    for sidecar in ["sensor", "forwarder --destination collector"] {
        let line = format!("inject --task-definition web --image i --grow-task --yes --sidecar {sidecar}");
        Sidetap::new(&line).against(&standin).exits(0);
    }
    assert_eq!(containers(&standin, "web:3"), ["app", "sidetap-sensor", "sidetap-forwarder"]);
    Sidetap::new("remove --task-definition web --yes").against(&standin).exits(0).stdout_has("registered");
    assert_eq!(body(&standin, "web:4"), body(&standin, "web:1"));
    assert!(standin.calls_of("UpdateService").is_empty());
}

#[test]
fn the_plan_is_shown_the_deployment_watched_and_the_receipt_corrected() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    Sidetap::new(INJECT).against(&standin).exits(0);
    assert_eq!(tag(&standin, "sidetap:sidecar").as_deref(), Some("sidetap-sensor"));

    let finished = Sidetap::new(REMOVE).against(&standin).exits(0);
    snapshot("remove-service", &format!("{}\n{}", finished.stdout(), finished.stderr()));
    assert_eq!(tag(&standin, "sidetap:sidecar").as_deref(), Some(""));
    assert_eq!(tag(&standin, "sidetap:previous-task-definition").as_deref(), Some("web:2"));
}

#[test]
fn what_was_deployed_since_the_injection_stays() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    Sidetap::new(INJECT).against(&standin).exits(0);
    let mut since = body(&standin, "web:2");
    since["containerDefinitions"][0]["image"] = json!("example/web:2");
    since["containerDefinitions"][0]["dependsOn"] = json!([{"containerName": "sidetap-sensor", "condition": "START"}]);
    let newer = standin.task_definition(since);
    standin.edit_service("web", json!({"taskDefinition": newer}));

    let finished = Sidetap::new(REMOVE).against(&standin).exits(0);
    finished.stdout_has("`app` referred to `sidetap-sensor`, and no longer does");
    let mut expected = body(&standin, "web:1");
    expected["containerDefinitions"][0]["image"] = json!("example/web:2");
    expected["containerDefinitions"][0]["dependsOn"] = json!([]);
    assert_eq!(body(&standin, "web:4"), expected);
}

#[test]
fn with_nothing_to_remove_nothing_is_done_whatever_the_service_is() {
    let standin = Standin::start();
    for name in ["web", "draining", "express", "blue"] {
        standin.service("main", name, task_definition(name));
    }
    standin.edit_service("draining", json!({"status": "DRAINING"}));
    standin.edit_service("express", json!({"resourceManagementType": "ECS"}));
    standin.edit_service("blue", json!({"deploymentController": {"type": "CODE_DEPLOY"}}));
    let line = "remove --cluster main --all-services --yes";
    Sidetap::new(line).against(&standin).exits(0).stdout_has("nothing to change");
    let line = "remove --cluster main --all-services --dry-run --detailed-exitcode --output json";
    let plan = Sidetap::new(line).against(&standin).exits(0).json();
    assert_eq!(plan["summary"], json!({"change": 0, "no_change": 4, "blocked": 0}));
    assert!(standin.calls_of("RegisterTaskDefinition").is_empty());
}

#[test]
fn a_service_that_must_not_be_changed_is_refused_if_it_has_a_sidecar() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    Sidetap::new(INJECT).against(&standin).exits(0);
    standin.edit_service("web", json!({"status": "DRAINING"}));
    Sidetap::new(REMOVE).against(&standin).exits(5).stderr_has("the service is DRAINING");
    assert_eq!(standin.calls_of("RegisterTaskDefinition").len(), 1);
}

#[test]
fn a_service_that_code_deploy_deploys_gets_a_revision_and_the_way_on_is_told() {
    let standin = Standin::start();
    let injected = Sidetap::new("inject --file roomy.json --image i").exits(0).json();
    standin.service("main", "web", injected);
    standin.edit_service("web", json!({"deploymentController": {"type": "CODE_DEPLOY"}}));
    let finished = Sidetap::new(REMOVE).against(&standin).exits(0);
    finished.stdout_has("registered").stdout_has("aws deploy create-deployment");
    assert!(standin.calls_of("UpdateService").is_empty());
}

#[test]
fn only_the_kind_that_is_named_is_taken_out() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    for sidecar in ["sensor", "forwarder --destination collector"] {
        Sidetap::new(&format!("{INJECT} --sidecar {sidecar}")).against(&standin).exits(0);
    }
    Sidetap::new(&format!("{REMOVE} --sidecar sensor"))
        .against(&standin)
        .exits(0)
        .stdout_has("removes  sidetap-sensor");
    assert_eq!(containers(&standin, "web:4"), ["app", "sidetap-forwarder"]);
    assert_eq!(tag(&standin, "sidetap:sidecar").as_deref(), Some("sidetap-forwarder"));
    let again = Sidetap::new(&format!("{REMOVE} --sidecar sensor")).against(&standin).exits(0);
    again.stdout_has("nothing to change");
    Sidetap::new(&format!("{REMOVE} --sidecar levo")).against(&standin).exits(0).stdout_has("nothing to change");
}

/// A task definition with a vendor's container in it that somebody pasted, with a volume and what depends on it.
fn pasted(image: &str) -> Value {
    let mut definition = task_definition("web");
    definition["volumes"] = json!([{"name": "data"}, {"name": "agent"}, {"name": "shared"}]);
    definition["containerDefinitions"][0]["mountPoints"] =
        json!([{"sourceVolume": "data", "containerPath": "/d"}, {"sourceVolume": "shared", "containerPath": "/s"}]);
    definition["containerDefinitions"][0]["dependsOn"] = json!([{"containerName": "agent", "condition": "START"}]);
    definition["containerDefinitions"].as_array_mut().unwrap().push(json!({
        "name": "agent", "image": image, "cpu": 16, "memory": 32, "essential": false,
        "mountPoints": [
            {"sourceVolume": "agent", "containerPath": "/a"}, {"sourceVolume": "shared", "containerPath": "/s"}
        ]
    }));
    definition
}

#[test]
fn a_vendors_container_that_was_pasted_by_hand_leaves_with_what_was_only_its_own() {
    for (sidecar, image) in [
        ("levo", "registry.internal:5000/mirror/levoai/pcap-sensor@sha256:00"),
        ("traceable", "traceableai/packet-forwarder:1.0.10"),
    ] {
        let standin = Standin::start();
        standin.service("main", "web", pasted(image));
        // Without being named it is nobody's business.
        Sidetap::new(REMOVE).against(&standin).exits(0).stdout_has("nothing to change");
        let other = if sidecar == "levo" { "traceable" } else { "levo" };
        Sidetap::new(&format!("{REMOVE} --sidecar {other}")).against(&standin).exits(0).stdout_has("nothing to change");

        let finished = Sidetap::new(&format!("{REMOVE} --sidecar {sidecar}")).against(&standin).exits(0);
        finished.stdout_has("volume `agent` goes with `agent`, which alone had it mounted");
        let mut expected = body(&standin, "web:1");
        expected["containerDefinitions"].as_array_mut().unwrap().pop();
        expected["containerDefinitions"][0]["dependsOn"] = json!([]);
        expected["volumes"] = json!([{"name": "data"}, {"name": "shared"}]);
        assert_eq!(body(&standin, "web:2"), expected);
    }
}

#[test]
fn a_pasted_container_that_ours_replaced_comes_back_unless_its_kind_is_to_go() {
    let levo = "--sidecar levo --satellite-url https://satellite --levo-env staging --levoai-org-id org";
    let standin = Standin::start();
    standin.service("main", "web", pasted("levoai/pcap-sensor:0.1.9"));
    Sidetap::new(&format!("{INJECT} {levo}")).against(&standin).exits(0);
    Sidetap::new(REMOVE).against(&standin).exits(0);
    assert_eq!(body(&standin, "web:3"), body(&standin, "web:1"));

    Sidetap::new(&format!("{INJECT} {levo}")).against(&standin).exits(0);
    Sidetap::new(&format!("{REMOVE} --sidecar levo")).against(&standin).exits(0);
    let last = standin.service_json("web")["taskDefinition"].as_str().unwrap().to_owned();
    assert_eq!(containers(&standin, &last), ["app"]);
}

#[test]
fn a_sidecar_that_is_all_there_is_stays() {
    let standin = Standin::start();
    let mut definition = pasted("levoai/pcap-sensor:0.1.9");
    definition["containerDefinitions"].as_array_mut().unwrap().remove(0);
    standin.service("main", "web", definition);
    let finished = Sidetap::new(&format!("{REMOVE} --sidecar levo")).against(&standin).exits(5);
    finished.stderr_has("the sidecar `agent` is its only container");
}

#[test]
fn a_saved_plan_takes_out_what_it_said_and_stops_if_the_service_moved_on() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    Sidetap::new(INJECT).against(&standin).exits(0);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("plan.json").to_str().unwrap().to_owned();
    let line = format!("remove --cluster main --service web --dry-run --detailed-exitcode --out {path}");
    Sidetap::new(&line).against(&standin).exits(2).stdout_has("removes  sidetap-sensor");
    assert_eq!(standin.calls_of("RegisterTaskDefinition").len(), 1, "a dry run changes nothing");

    Sidetap::of(["apply", &path, "--yes"]).against(&standin).exits(0).stdout_has("removes  sidetap-sensor");
    assert_eq!(body(&standin, "web:3"), body(&standin, "web:1"));
    Sidetap::of(["apply", &path, "--yes"]).against(&standin).exits(0).stdout_has("deployed before");
    assert_eq!(standin.calls_of("UpdateService").len(), 2, "once for each plan");
    Sidetap::new(INJECT).against(&standin).exits(0);
    Sidetap::of(["apply", &path, "--yes"]).against(&standin).exits(5).stderr_has("`web` now runs web:4");
}

#[test]
fn a_deployment_without_the_sidecar_can_fail_like_any_other() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    Sidetap::new(INJECT).against(&standin).exits(0);
    standin.script("web", [Script::RollsBack]);
    Sidetap::new(REMOVE).against(&standin).exits(6).stdout_has("rolled back by ECS");
    assert_eq!(tag(&standin, "sidetap:sidecar").as_deref(), Some("sidetap-sensor"), "it still has one");
}

#[test]
fn nothing_is_removed_that_nobody_confirms_and_nothing_of_ecs_is_asked_of_a_file() {
    let standin = Standin::start();
    Sidetap::new("remove --cluster main --service web").against(&standin).exits(64).stderr_has("--yes");
    Sidetap::new("remove --cluster main").against(&standin).exits(64).stderr_has("--service SERVICE");
    assert!(standin.calls().is_empty());
    Sidetap::new("remove --file roomy.json --no-wait").exits(64).stderr_has("`--no-wait` means nothing");
    Sidetap::new("remove --cluster main --service web --yes --in-place").exits(64);
}

#[test]
fn a_sidecar_that_somebody_s_deployment_has_lost_is_taken_off_the_record() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    Sidetap::new(INJECT).against(&standin).exits(0);
    let other = standin.task_definition(task_definition("web"));
    standin.edit_service("web", json!({"taskDefinition": other}));
    let drift = || {
        let line = "status --cluster main --service web --output json";
        Sidetap::new(line).against(&standin).exits(0).json()[0]["drift"].clone()
    };
    assert_eq!(drift()[0]["code"], "sidecar-lost");
    let tagged = standin.calls_of("TagResource").len();
    let dry = "remove --cluster main --service web --dry-run";
    let shown = Sidetap::new(dry).against(&standin).exits(0).stdout_has("no change");
    shown.stdout_has("still to be done: the tags of `web` are set");
    let detailed = Sidetap::new(&format!("{dry} --detailed-exitcode --output json")).against(&standin).exits(2);
    assert_eq!(detailed.json()["summary"]["change"], 0);
    detailed.stderr_has("still to be done: the tags of `web` are set");
    Sidetap::new(&format!("{dry} --detailed-exitcode --register-only")).against(&standin).exits(0);
    assert_eq!(standin.calls_of("TagResource").len(), tagged, "a dry run changes nothing");

    let finished = Sidetap::new(REMOVE).against(&standin).exits(0);
    let finished = finished.stdout_has("tags corrected").stderr_has("still to be done: the tags of `web` are set");
    finished.stdout_has("its tags told of something else; now they tell of web:3, without a sidecar");
    assert_eq!((drift(), tag(&standin, "sidetap:sidecar").as_deref()), (json!([]), Some("")));
    Sidetap::new(REMOVE).against(&standin).exits(0).stdout_has("nothing to change");
    assert_eq!(standin.calls_of("UpdateService").len(), 1, "only the injection's");
    // What somebody else deployed is not undone.
    let back = Sidetap::new("rollback --cluster main --service web --yes").against(&standin).exits(5);
    back.stderr_has("somebody else deployed web:3, which it runs: sidetap has only corrected its tags since");

    let denied = Standin::start();
    denied.service("main", "web", task_definition("web")).tag_service("web", "sidetap:sidecar", "sidetap-sensor");
    denied.fault(standin::Fault::Deny { operation: "TagResource" });
    Sidetap::new(REMOVE).against(&denied).exits(4).stderr_has("needs the IAM action ecs:TagResource");
}

#[test]
fn a_copy_of_ours_that_somebody_deployed_is_on_the_record_after_another_injection() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    Sidetap::new(INJECT).against(&standin).exits(0);
    let mut copy = body(&standin, "web:2");
    copy["containerDefinitions"][0]["image"] = json!("example/web:2");
    let copy = standin.task_definition(copy);
    standin.edit_service("web", json!({"taskDefinition": copy}));
    Sidetap::new(INJECT).against(&standin).exits(0).stdout_has("now they tell of web:3, with sidetap-sensor");
    let status = Sidetap::new("status --cluster main --service web --output json").against(&standin).exits(0).json();
    assert_eq!(status[0]["drift"], json!([]));
    assert_eq!(standin.calls_of("RegisterTaskDefinition").len(), 1);
}
