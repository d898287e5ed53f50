//! `sidetap rollback`, against the stand-in.

use serde_json::{Value, json};
use standin::{Fault, Script, Standin};

#[cfg(target_os = "linux")]
use crate::support::Key;
use crate::support::{Sidetap, registrable, snapshot, task_definition};
#[cfg(unix)]
use crate::support::{interrupted, wait_for};

const INJECT: &str = "inject --cluster main --service web --image i --yes";
const ROLLBACK: &str = "rollback --cluster main --service web --yes";

/// A service into which a sidecar was injected, with the script of that deployment if it was not watched.
fn injected(script: Option<Script>) -> Standin {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    let wait = if script.is_some() { "--no-wait" } else { "" };
    standin.script("web", script);
    Sidetap::new(&format!("{INJECT} {wait}")).against(&standin).exits(0);
    standin
}

fn tag(standin: &Standin, key: &str) -> Option<String> {
    let json = standin.service_json("web");
    let tag = json["tags"].as_array()?.iter().find(|tag| tag["key"] == key)?.clone();
    tag["value"].as_str().map(str::to_owned)
}

fn runs(standin: &Standin) -> String {
    let json = standin.service_json("web");
    json["taskDefinition"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned()
}

/// Operations that change something, since the injection.
fn writes(standin: &Standin) -> Vec<String> {
    let is_write = |name: &str| ["UpdateService", "TagResource", "StopServiceDeployment"].contains(&name);
    let calls = standin.calls().into_iter().map(|call| call.operation).filter(|name| is_write(name));
    let all: Vec<String> = calls.collect();
    all.into_iter().skip(2).collect()
}

#[test]
fn a_service_returns_to_the_recorded_revision_also_if_others_were_registered_in_between() {
    let standin = injected(None);
    for image in ["example/web:7", "example/web:8"] {
        let mut other = task_definition("web");
        other["containerDefinitions"][0]["image"] = json!(image);
        standin.task_definition(other);
    }
    let finished = Sidetap::new(ROLLBACK).against(&standin).exits(0);
    snapshot("rollback", &format!("{}\n{}", finished.stdout(), finished.stderr()));

    assert_eq!(runs(&standin), "web:1");
    let update = standin.calls_of("UpdateService").pop().expect("an update").body;
    assert_eq!(
        update,
        json!({
            "cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/main",
            "service": "arn:aws:ecs:eu-west-1:123456789012:service/main/web",
            "taskDefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1"
        })
    );
    assert_eq!(tag(&standin, "sidetap:sidecar").as_deref(), Some(""));
    assert_eq!(tag(&standin, "sidetap:task-definition").as_deref(), Some("web:1"));
    assert_eq!(standin.calls_of("RegisterTaskDefinition").len(), 1, "nothing is registered");
}

#[test]
fn a_second_rollback_finds_nothing_to_do() {
    let standin = injected(None);
    Sidetap::new(ROLLBACK).against(&standin).exits(0);
    let before = standin.calls_of("UpdateService").len();
    Sidetap::new(ROLLBACK).against(&standin).exits(0).stdout_has("nothing to change");
    assert_eq!(standin.calls_of("UpdateService").len(), before);
}

#[test]
fn an_upgrade_and_a_removal_are_taken_back_to_what_ran_before_them() {
    let standin = injected(None);
    Sidetap::new(&format!("{INJECT} --env LEVEL=2")).against(&standin).exits(0);
    assert_eq!(runs(&standin), "web:3");
    Sidetap::new(ROLLBACK).against(&standin).exits(0);
    assert_eq!(
        (runs(&standin).as_str(), tag(&standin, "sidetap:sidecar").as_deref()),
        ("web:2", Some("sidetap-sensor"))
    );

    Sidetap::new("remove --cluster main --service web --yes").against(&standin).exits(0);
    let finished = Sidetap::new(ROLLBACK).against(&standin).exits(0);
    finished.stdout_has("back to  web:2");
    assert_eq!(
        (runs(&standin).as_str(), tag(&standin, "sidetap:sidecar").as_deref()),
        ("web:2", Some("sidetap-sensor"))
    );
}

#[test]
fn after_an_upgrade_that_ecs_took_back_the_way_leads_where_it_led_before() {
    let standin = injected(None);
    standin.script("web", [Script::RollsBack]);
    Sidetap::new(&format!("{INJECT} --env LEVEL=2")).against(&standin).exits(6);
    assert_eq!(tag(&standin, "sidetap:task-definition").as_deref(), Some("web:2"));
    Sidetap::new(ROLLBACK).against(&standin).exits(0).stdout_has("back to  web:1");
    assert_eq!(runs(&standin), "web:1");
}

#[test]
fn a_deployment_in_progress_is_stopped_and_the_way_back_watched() {
    let standin = injected(Some(Script::Stuck));
    standin.script("web", [Script::SucceedsAt(2)]);
    let finished = Sidetap::new(ROLLBACK).against(&standin).exits(0);
    finished
        .stdout_has("stopping the deployment in progress, which began at web:1")
        .stderr_has("web:1  1/2 running")
        .stderr_has("web: deployed");
    let stop = standin.calls_of("StopServiceDeployment").pop().expect("it is stopped").body;
    assert_eq!(stop["stopType"], "ROLLBACK");
    assert_eq!(standin.calls_of("UpdateService").len(), 1, "only the injection's own");
    assert_eq!(runs(&standin), "web:1");
    assert_eq!(tag(&standin, "sidetap:sidecar").as_deref(), Some(""));
}

#[test]
fn a_deployment_that_ends_before_it_can_be_stopped_is_followed_by_one_back() {
    // The plan sees it in progress, and the look right before the change ends it.
    let standin = injected(Some(Script::SucceedsAt(2)));
    Sidetap::new(ROLLBACK).against(&standin).exits(0).stdout_has("stopping the deployment");
    let refused = standin.calls_of("StopServiceDeployment").pop().expect("it was tried");
    assert_eq!(refused.error.as_deref(), Some("ConflictException"));
    assert_eq!((standin.calls_of("UpdateService").len(), runs(&standin).as_str()), (2, "web:1"));
}

#[test]
fn without_the_permission_to_look_at_or_stop_deployments_another_one_is_started() {
    for (operation, note) in [
        ("ListServiceDeployments", "deployed"),
        ("DescribeServiceRevisions", "deployed"),
        ("StopServiceDeployment", "cannot be stopped"),
    ] {
        let standin = injected(Some(Script::Stuck));
        standin.fault(Fault::Deny { operation });
        Sidetap::new(ROLLBACK).against(&standin).exits(0).stderr_has(note);
        assert_eq!((standin.calls_of("UpdateService").len(), runs(&standin).as_str()), (2, "web:1"), "{operation}");
    }
}

#[test]
fn a_deployment_that_began_elsewhere_is_not_stopped() {
    let standin = injected(None);
    standin.script("web", [Script::Stuck]);
    Sidetap::new(&format!("{INJECT} --env LEVEL=2 --no-wait")).against(&standin).exits(0);
    // Somebody corrected the record: stopping would lead to web:2.
    standin.tag_service("web", "sidetap:previous-task-definition", "web:1");
    Sidetap::new(ROLLBACK).against(&standin).exits(0).stdout_has("a deployment of web:1");
    assert!(standin.calls_of("StopServiceDeployment").is_empty());
    assert_eq!(runs(&standin), "web:1");
}

#[test]
fn a_service_that_somebody_has_deployed_since_is_left_alone() {
    let standin = injected(None);
    let other = standin.task_definition(task_definition("web"));
    standin.edit_service("web", json!({"taskDefinition": other}));
    let finished = Sidetap::new(ROLLBACK).against(&standin).exits(5);
    finished
        .stderr_has("it runs web:3, and sidetap deployed web:2: somebody has deployed since")
        .stderr_has("`aws ecs update-service --cluster main --service web --task-definition web:1`");
    assert!(writes(&standin).is_empty());
    let finished = Sidetap::new(ROLLBACK).against(&standin).exits(5);
    assert!(!finished.stderr().contains("sidetap remove"), "what it runs has no sidecar: {finished}");

    let with_sidecar = registrable(&standin.describe("web:2")["taskDefinition"]);
    let copy = standin.task_definition(with_sidecar);
    standin.edit_service("web", json!({"taskDefinition": copy}));
    let says = "`sidetap remove --cluster main --service web` takes the sidecar out of what it runs now";
    Sidetap::new(ROLLBACK).against(&standin).exits(5).stderr_has(says);
    let elsewhere = Sidetap::new(&format!("{ROLLBACK} --region eu-west-1")).against(&standin).exits(5);
    elsewhere.stderr_has("`sidetap remove --cluster main --service web --region eu-west-1`");
}

#[test]
fn a_service_that_somebody_deploys_between_looking_and_changing_is_left_alone() {
    let standin = injected(None);
    standin.delay(std::time::Duration::from_millis(60));
    let meanwhile = standin.clone();
    let described = standin.calls_of("DescribeTaskDefinition").len();
    let other = std::thread::spawn(move || {
        while meanwhile.calls_of("DescribeTaskDefinition").len() < described + 2 {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        let arn = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:9";
        meanwhile.edit_service("web", json!({"taskDefinition": arn}));
    });
    Sidetap::new(ROLLBACK).against(&standin).exits(5).stderr_has("`web` now runs web:9");
    other.join().unwrap();
    assert!(writes(&standin).is_empty());
}

#[test]
fn a_recorded_revision_that_is_inactive_or_gone_is_told() {
    let standin = injected(None);
    standin.deregister("arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1");
    let finished = Sidetap::new(ROLLBACK).against(&standin).exits(5);
    finished.stderr_has("web:1, which it ran before, is INACTIVE").stderr_has("`sidetap remove");
    standin.tag_service("web", "sidetap:previous-task-definition", "web:77");
    Sidetap::new(ROLLBACK).against(&standin).exits(5).stderr_has("web:77, which it ran before, is no longer there");
    assert!(writes(&standin).is_empty());
}

#[test]
fn a_service_without_a_receipt_is_told_with_what_to_do_instead() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    let finished = Sidetap::new(ROLLBACK).against(&standin).exits(5);
    finished.stderr_has("it bears no record of what it ran before").stderr_has("--task-definition FAMILY:REVISION");
    Sidetap::new("rollback --cluster main --service wbe --yes").against(&standin).exits(1).stderr_has("`web`?");
}

#[test]
fn a_service_that_others_deploy_is_taken_back_only_there() {
    for (controller, run) in [("CODE_DEPLOY", "aws deploy create-deployment"), ("EXTERNAL", "aws ecs create-task-set")]
    {
        let standin = injected(None);
        standin.edit_service("web", json!({"deploymentController": {"type": controller}}));
        let finished = Sidetap::new(ROLLBACK).against(&standin).exits(5);
        finished.stderr_has("only there it can be taken back").stderr_has(run).stderr_has("web:1");
        assert!(writes(&standin).is_empty());
    }
    let draining = injected(None);
    draining.edit_service("web", json!({"status": "DRAINING"}));
    Sidetap::new(ROLLBACK).against(&draining).exits(5).stderr_has("the service is DRAINING");
}

#[test]
fn a_dry_run_shows_the_way_back_and_changes_nothing() {
    let standin = injected(Some(Script::Stuck));
    let line = "rollback --cluster main --service web --dry-run";
    snapshot("rollback-dry-run", &Sidetap::new(line).against(&standin).exits(0).stdout());
    let shown: Value = Sidetap::new(&format!("{line} --output json")).against(&standin).exits(0).json();
    assert_eq!(shown["way"], "stop");
    assert!(shown["service_deployment_arn"].as_str().unwrap().contains(":service-deployment/main/web/"));
    assert!(shown["task_definition"].as_str().unwrap().ends_with("web:2"));
    assert!(shown["previous_task_definition"].as_str().unwrap().ends_with("web:1"));
    assert!(writes(&standin).is_empty());
}

#[test]
fn a_rollback_by_ecs_that_nobody_watched_only_needs_the_receipt_corrected() {
    let standin = injected(Some(Script::RollsBack));
    // ECS goes back while nobody looks but `list`.
    for _ in 0..2 {
        Sidetap::new("list services --cluster main").against(&standin).exits(0);
    }
    assert_eq!(
        (runs(&standin).as_str(), tag(&standin, "sidetap:sidecar").as_deref()),
        ("web:1", Some("sidetap-sensor"))
    );
    Sidetap::new(ROLLBACK)
        .against(&standin)
        .exits(0)
        .stdout_has("is back  it runs what it ran before")
        .stdout_has("tags     they tell of web:2");
    assert_eq!(tag(&standin, "sidetap:sidecar").as_deref(), Some(""));
    assert_eq!(tag(&standin, "sidetap:task-definition").as_deref(), Some("web:1"));
    assert_eq!(writes(&standin), ["TagResource"]);
}

#[test]
fn a_way_back_that_fails_says_why_and_leaves_a_true_receipt() {
    let standin = injected(None);
    standin.script("web", [Script::RollsBack]);
    Sidetap::new(ROLLBACK).against(&standin).exits(6).stdout_has("rolled back by ECS: ECS deployment circuit breaker");
    assert_eq!(
        (runs(&standin).as_str(), tag(&standin, "sidetap:sidecar").as_deref()),
        ("web:2", Some("sidetap-sensor"))
    );
    assert_eq!(tag(&standin, "sidetap:task-definition").as_deref(), Some("web:2"));

    let failing = injected(None);
    failing.script("web", [Script::Fails]);
    Sidetap::new(ROLLBACK).against(&failing).exits(6).stdout_has("exit code 137");

    let stopped = injected(Some(Script::Stuck));
    stopped.script("web", [Script::Fails]);
    Sidetap::new(ROLLBACK).against(&stopped).exits(6).stdout_has("deployment failed");
}

#[test]
fn a_way_back_that_takes_too_long_or_is_not_watched_goes_on() {
    let standin = injected(None);
    standin.script("web", [Script::Stuck]);
    Sidetap::new(&format!("{ROLLBACK} --timeout 1s")).against(&standin).exits(7).stdout_has("not finished after 1s");

    let unwatched = injected(None);
    let line = format!("{ROLLBACK} --no-wait --output json");
    let result = Sidetap::new(&line).against(&unwatched).exits(0).json();
    assert_eq!(result["results"][0]["outcome"], "started");
    assert_eq!(tag(&unwatched, "sidetap:sidecar").as_deref(), Some(""));
}

#[test]
fn a_service_that_wants_no_tasks_is_back_and_nothing_proved() {
    let standin = injected(None);
    standin.edit_service("web", json!({"desiredCount": 0, "runningCount": 0}));
    Sidetap::new(ROLLBACK).against(&standin).exits(0).stdout_has("updated, unverified");
}

#[test]
fn nothing_is_taken_back_that_nobody_confirms() {
    let standin = Standin::start();
    let finished = Sidetap::new("rollback").against(&standin).exits(64);
    finished.stderr_has("try: sidetap rollback --cluster CLUSTER --service SERVICE --yes");
    Sidetap::new("rollback --cluster main --service web").against(&standin).exits(64).stderr_has("--yes");
    assert!(standin.calls().is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn the_question_names_service_revision_account_and_region() {
    let asked = |standin: &Standin| {
        let sidetap = Sidetap::new("rollback --cluster main --service web").against(standin);
        let mut screen = sidetap.on_screen_of(100, 100);
        screen.wait_for("Return `web` to web:1, in account 123456789012 in eu-west-1?");
        screen
    };
    for (key, code, says) in
        [(Key::CtrlC, 130, "interrupted; nothing was changed"), (Key::Esc, 1, "nothing was changed")]
    {
        let standin = injected(None);
        asked(&standin).press(key).wait_for(says).exits(code);
        assert!(writes(&standin).is_empty());
    }
    let standin = injected(None);
    asked(&standin).type_text("y").exits(0);
    assert_eq!(runs(&standin), "web:1");
}

#[test]
fn without_the_permission_to_update_nothing_is_done() {
    let standin = injected(None);
    standin.fault(Fault::Deny { operation: "UpdateService" });
    Sidetap::new(ROLLBACK).against(&standin).exits(4).stderr_has("needs the IAM action ecs:UpdateService");
    assert_eq!(tag(&standin, "sidetap:task-definition").as_deref(), Some("web:2"));
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_watching_and_says_that_going_back_goes_on() {
    let standin = injected(None);
    standin.script("web", [Script::Stuck]);
    let tagged = standin.calls_of("TagResource").len();
    let (code, stdout, stderr) = interrupted(&standin, ROLLBACK, "TagResource", tagged + 1);
    assert_eq!(code, Some(130), "{stderr}");
    assert!(stderr.contains("interrupted; what was started goes on in ECS"), "{stderr}");
    assert!(stdout.contains("deployment started"), "{stdout}");
}

#[test]
fn a_way_back_that_has_begun_is_followed_to_its_end() {
    // By a deployment of the recorded revision.
    let standin = injected(None);
    standin.script("web", [Script::SucceedsAt(4)]);
    Sidetap::new(&format!("{ROLLBACK} --no-wait")).against(&standin).exits(0).stdout_has("deployment started");
    let before = writes(&standin);
    let unwatched = Sidetap::new(&format!("{ROLLBACK} --no-wait")).against(&standin).exits(0);
    unwatched.stdout_has("following the deployment of web:1 that has begun").stdout_has("it was in progress already");
    let finished = Sidetap::new(ROLLBACK).against(&standin).exits(0);
    finished.stderr_has("web: deployed").stdout_has("deployed  web:2   web:1");
    assert_eq!(writes(&standin), before, "following changes nothing");
    Sidetap::new(ROLLBACK).against(&standin).exits(0).stdout_has("nothing to change");

    // One that fails is a failure also for whoever comes later.
    let failing = injected(None);
    failing.script("web", [Script::Fails]);
    Sidetap::new(&format!("{ROLLBACK} --no-wait")).against(&failing).exits(0);
    let failed = Sidetap::new(ROLLBACK).against(&failing).exits(6).stdout_has("tasks failed to start");
    failed.stdout_has("to try it again: aws ecs update-service --cluster main --service web --force-new-deployment");
    let unwatched = Sidetap::new(&format!("{ROLLBACK} --no-wait")).against(&failing).exits(6);
    unwatched.stdout_has("the deployment of web:1 that has begun has failed").stdout_has("tasks failed to start");

    // One that ECS takes back leaves the service at the sidecar, with a receipt that says so.
    let taken_back = injected(None);
    taken_back.script("web", [Script::RollsBack]);
    Sidetap::new(&format!("{ROLLBACK} --no-wait")).against(&taken_back).exits(0);
    assert_eq!(tag(&taken_back, "sidetap:sidecar").as_deref(), Some(""));
    Sidetap::new(ROLLBACK).against(&taken_back).exits(6).stdout_has("rolled back by ECS");
    assert_eq!(tag(&taken_back, "sidetap:sidecar").as_deref(), Some("sidetap-sensor"));
}

#[test]
fn a_stopped_deployment_is_followed_before_and_after_ecs_has_turned_round() {
    for polls in 0..3 {
        let standin = injected(Some(Script::Stuck));
        standin.script("web", [Script::SucceedsAt(5)]);
        Sidetap::new(&format!("{ROLLBACK} --no-wait")).against(&standin).exits(0);
        for _ in 0..polls {
            Sidetap::new("list services --cluster main").against(&standin).exits(0);
        }
        let before = writes(&standin);
        let finished = Sidetap::new(ROLLBACK).against(&standin).exits(0);
        finished.stdout_has("following ECS, which is going back already").stderr_has("web: deployed");
        assert_eq!((writes(&standin), runs(&standin).as_str()), (before, "web:1"), "after {polls} polls");
    }
    let dry = injected(Some(Script::Stuck));
    Sidetap::new(&format!("{ROLLBACK} --no-wait")).against(&dry).exits(0);
    let line = "rollback --cluster main --service web --dry-run --output json";
    assert_eq!(Sidetap::new(line).against(&dry).exits(0).json()["way"], "follow");
}

#[cfg(unix)]
#[test]
fn ctrl_c_before_the_first_change_changes_nothing() {
    let standin = injected(None);
    let read = standin.calls_of("DescribeTaskDefinition").len();
    let delay = std::time::Duration::from_millis(600);
    standin.delay(delay);
    let run = Sidetap::new(ROLLBACK).against(&standin).start();
    // Both revisions are read, and the look right before the change takes its time.
    wait_for(&standin, "DescribeTaskDefinition", read + 2);
    std::thread::sleep(delay / 3);
    let finished = run.stopped_by("INT");
    assert_eq!(finished.code(), 130, "{finished}");
    finished.stdout_has("not started").stdout_has("interrupted before the service was changed");
    assert!(writes(&standin).is_empty());
    assert_eq!(runs(&standin), "web:2");
}

#[test]
fn a_record_of_another_family_is_refused() {
    let standin = injected(None);
    standin.task_definition(task_definition("other"));
    standin.tag_service("web", "sidetap:previous-task-definition", "other:1");
    let refused = Sidetap::new(ROLLBACK).against(&standin).exits(5);
    refused.stderr_has("its tags say that it ran other:1 before, of another family than web:2");
    assert_eq!((runs(&standin).as_str(), writes(&standin)), ("web:2", Vec::new()));
}
