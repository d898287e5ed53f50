//! What becomes of deployments, as the binary sees and tells it.

use std::time::{Duration, Instant};

use serde_json::json;
use standin::{Fault, Script, Standin};

use crate::support::{Sidetap, task_definition, wait_for};
#[cfg(unix)]
use crate::support::{ended_by, interrupted};

fn service(script: Script) -> Standin {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web")).script("web", [script]);
    standin
}

const INJECT: &str = "inject --cluster main --service web --image i --yes";
const DRY: &str = "inject --cluster main --service web --image i --dry-run --detailed-exitcode";

#[test]
fn a_slow_success_is_told_line_by_line() {
    let standin = service(Script::SucceedsAt(2));
    let finished = Sidetap::new(INJECT).against(&standin).exits(0);
    finished.stderr_has("web: web:2  1/2 running  1 pending  0 failed").stderr_has("web: deployed");
}

#[test]
fn a_failed_deployment_tells_why_its_tasks_stopped_our_container_first() {
    let standin = service(Script::Fails);
    let finished = Sidetap::new(INJECT).against(&standin).exits(6);
    let text = finished.stdout();
    assert!(text.contains("tasks failed to start"), "{finished}");
    let ours = text.find("container sidetap-sensor exit code 137 (OutOfMemoryError").expect("ours is told");
    assert!(ours < text.find("container app exit code 0").expect("the others, too"), "{finished}");
}

#[test]
fn a_rolled_back_deployment_is_a_failure() {
    let standin = service(Script::RollsBack);
    let finished = Sidetap::new(INJECT).against(&standin).exits(6);
    finished.stdout_has("rolled back by ECS: ECS deployment circuit breaker: tasks failed to start.");
}

#[test]
fn a_rollback_that_only_the_service_deployment_tells_of_is_a_failure() {
    let standin = service(Script::RollsBackOnAlarm);
    standin.edit_service("web", json!({"deploymentConfiguration": {"strategy": "BLUE_GREEN"}}));
    let finished = Sidetap::new(INJECT).against(&standin).exits(6);
    finished.stdout_has("rolled back by ECS: Service deployment rolled back because of an alarm");
}

#[test]
fn a_region_or_policy_without_service_deployments_does_without() {
    let standin = service(Script::SucceedsAt(2));
    standin.fault(Fault::Deny { operation: "DescribeServiceDeployments" });
    Sidetap::new(INJECT).against(&standin).exits(0);
    assert_eq!(standin.calls_of("DescribeServiceDeployments").len(), 1, "it is not asked again");
}

#[test]
fn a_superseded_deployment_is_a_failure() {
    let standin = service(Script::Superseded);
    Sidetap::new(INJECT).against(&standin).exits(6).stdout_has("superseded by a deployment of somebody-elses:");
}

#[test]
fn a_deleted_service_is_a_failure() {
    let standin = service(Script::Deleted);
    Sidetap::new(INJECT).against(&standin).exits(6).stdout_has("the service is gone: it is DRAINING");
}

#[test]
fn a_stuck_deployment_times_out_and_goes_on() {
    let standin = service(Script::Stuck);
    let started = Instant::now();
    let finished = Sidetap::new(&format!("{INJECT} --timeout 2s")).against(&standin).exits(7);
    assert!(started.elapsed() < Duration::from_secs(10));
    finished.stdout_has("not finished after 2s; the deployment goes on");
}

#[test]
fn a_service_that_wants_no_tasks_proves_nothing() {
    let standin = service(Script::Stuck);
    standin.edit_service("web", json!({"desiredCount": 0, "runningCount": 0}));
    let finished = Sidetap::new(INJECT).against(&standin).exits(0);
    finished.stdout_has("updated, unverified").stdout_has("nothing will start");
}

#[test]
fn a_second_injection_follows_the_deployment_of_the_first() {
    let standin = service(Script::SucceedsAt(7));
    Sidetap::new(&format!("{INJECT} --no-wait")).against(&standin).exits(0);
    let dry = Sidetap::new(DRY).against(&standin).exits(0);
    dry.stdout_has("the deployment of what is asked for was started before for `web`: it is watched to its end");
    let unwatched = Sidetap::new(&format!("{INJECT} --no-wait")).against(&standin).exits(0);
    let unwatched = unwatched
        .stdout_has("warning: the deployment that sidetap started is in progress")
        .stderr_has("started before for `web`: it is in progress");
    unwatched.stdout_has("deployment started  web:1   web:2").stdout_has("its deployment was in progress already");
    let watched = Sidetap::new(INJECT).against(&standin).exits(0);
    watched.stderr_has("it is watched to its end").stdout_has("deployed  web:1   web:2").stdout_has("To go back:");
    Sidetap::new(INJECT).against(&standin).exits(0).stdout_has("nothing to change");
    assert_eq!((standin.calls_of("UpdateService").len(), standin.calls_of("TagResource").len()), (1, 1));

    // What becomes of it is what becomes of the second run, also if it has failed by then.
    let failing = service(Script::Fails);
    Sidetap::new(&format!("{INJECT} --no-wait")).against(&failing).exits(0);
    for _ in 0..2 {
        let failed = Sidetap::new(INJECT).against(&failing).exits(6).stdout_has("tasks failed to start");
        failed.stdout_has("aws ecs update-service --cluster main --service web --force-new-deployment");
    }
    let unwatched = Sidetap::new(&format!("{INJECT} --no-wait")).against(&failing).exits(6);
    let unwatched = unwatched.stderr_has("started before for `web`: it has failed").stdout_has("deployment failed");
    unwatched.stdout_has("tasks failed to start").stdout_has("exit code 137");
    let dry = Sidetap::new(DRY).against(&failing).exits(0).stdout_has("started before for `web`: it has failed");
    assert!(!dry.stdout().contains("still to be done"), "{dry}");
    let dry = Sidetap::new(&format!("{DRY} --auto-rollback")).against(&failing).exits(2);
    dry.stdout_has("still to be done: `web`, whose deployment has failed: taken back");
    let back = Sidetap::new(&format!("{INJECT} --auto-rollback")).against(&failing).exits(6);
    let back = back.stderr_has("`web`, whose deployment has failed: taken back");
    back.stdout_has("returning to web:1: done");
    assert_eq!(
        (tag(&failing, "sidetap:sidecar"), tag(&failing, "sidetap:task-definition")),
        ("".into(), "web:1".into())
    );

    // Who only registers leaves the service alone.
    let going_on = service(Script::Stuck);
    Sidetap::new(&format!("{INJECT} --no-wait")).against(&going_on).exits(0);
    let line = format!("{INJECT} --register-only");
    Sidetap::new(&line).against(&going_on).exits(0).stdout_has("nothing to change");
}

#[test]
fn a_deployment_of_somebody_else_is_not_followed() {
    let standin = service(Script::Stuck);
    Sidetap::new(&format!("{INJECT} --no-wait")).against(&standin).exits(0);
    standin.tag_service("web", "sidetap:task-definition", "web:9");
    Sidetap::new(INJECT).against(&standin).exits(0).stdout_has("nothing to change");
    let plain = service(Script::Stuck);
    let deployments = plain.service_json("web")["deployments"].clone();
    let mut going_on = deployments.clone();
    going_on[0]["rolloutState"] = json!("IN_PROGRESS");
    plain.edit_service("web", json!({ "deployments": going_on }));
    let line = "remove --cluster main --service web --yes";
    Sidetap::new(line).against(&plain).exits(0).stdout_has("nothing to change");
}

#[test]
fn auto_rollback_returns_to_the_revision_before() {
    for (script, code) in [(Script::Fails, 6), (Script::Stuck, 7)] {
        let standin = service(script);
        let line = format!("{INJECT} --auto-rollback --timeout 7s");
        Sidetap::new(&line).against(&standin).exits(code).stdout_has("returning to web:1: done");
        assert!(standin.service_json("web")["taskDefinition"].as_str().unwrap().ends_with("web:1"));
    }
}

fn tag(standin: &Standin, key: &str) -> String {
    let tags = standin.service_json("web")["tags"].as_array().expect("tags").clone();
    let tag = tags.iter().find(|tag| tag["key"] == key).unwrap_or_else(|| panic!("{key} of {tags:?}"));
    tag["value"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn what_was_taken_back_in_the_end_is_what_is_reported() {
    for (script, code, why) in
        [(Script::Stuck, 7, "not finished after 6s"), (Script::Fails, 6, "tasks failed to start.")]
    {
        let line = format!("{INJECT} --auto-rollback --timeout 6s");
        let finished = Sidetap::new(&line).against(&service(script.clone())).exits(code);
        let finished = finished.stdout_has(&format!("{why}; taken back: it runs web:1 again"));
        let row = finished.stdout().lines().find(|line| line.starts_with("web  ")).expect("a row").to_owned();
        assert!(row.ends_with("web:1   web:1"), "{finished}");
        assert!(!finished.stdout().contains("the deployment goes on"), "{finished}");
        assert!(!finished.stdout().contains("To go back"), "{finished}");

        let standin = service(script);
        let result = Sidetap::new(&format!("{line} --output json")).against(&standin).exits(code).json();
        let result = &result["results"][0];
        assert!(result["task_definition"].as_str().unwrap().ends_with("web:2"), "{result}");
        assert!(result["taken_back_to"].as_str().unwrap().ends_with("web:1"), "{result}");
        assert_eq!(
            (tag(&standin, "sidetap:sidecar").as_str(), tag(&standin, "sidetap:task-definition").as_str()),
            ("", "web:1")
        );
    }
}

#[test]
fn a_way_back_that_ecs_undoes_leaves_a_receipt_of_what_runs() {
    let standin = service(Script::Fails);
    standin.script("web", [Script::RollsBack]);
    let finished = Sidetap::new(&format!("{INJECT} --auto-rollback")).against(&standin).exits(6);
    let finished = finished.stdout_has("going back to web:1 was itself taken back by ECS: ");
    finished.stdout_has("tasks failed to start");
    assert!(standin.service_json("web")["taskDefinition"].as_str().unwrap().ends_with("web:2"));
    assert_eq!(
        ["sidetap:sidecar", "sidetap:task-definition", "sidetap:previous-task-definition"]
            .map(|key| tag(&standin, key)),
        ["sidetap-sensor", "web:2", "web:1"]
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_on_the_way_back_keeps_the_reason_of_the_failure() {
    let standin = service(Script::Fails);
    standin.script("web", [Script::Stuck]);
    let line = format!("{INJECT} --auto-rollback");
    let (code, stdout, stderr) = interrupted(&standin, &line, "TagResource", 2);
    assert_eq!(code, Some(130), "{stderr}");
    let why = "tasks failed to start.; going back to web:1 goes on, not watched to its end";
    assert!(stdout.contains(why) && stdout.contains("deployment failed"), "{stdout}");
    assert!(stderr.contains("going back goes on; `sidetap status --watch` shows what comes of it"), "{stderr}");
    assert_eq!(tag(&standin, "sidetap:task-definition"), "web:1");
}

#[test]
fn the_way_back_is_not_taken_over_somebody_elses_deployment() {
    let superseded = service(Script::Superseded);
    Sidetap::new(&format!("{INJECT} --auto-rollback")).against(&superseded).exits(6);
    assert_eq!(superseded.calls_of("UpdateService").len(), 1);

    let moved = service(Script::Stuck);
    let meanwhile = moved.clone();
    let other = std::thread::spawn(move || {
        wait_for(&meanwhile, "TagResource", 1);
        meanwhile
            .edit_service("web", json!({"taskDefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:9"}));
    });
    let finished = Sidetap::new(&format!("{INJECT} --auto-rollback --timeout 3s")).against(&moved).exits(7);
    other.join().unwrap();
    finished.stdout_has("not returning to web:1: somebody has deployed web:9");
    assert_eq!(moved.calls_of("UpdateService").len(), 1);
}

#[test]
fn a_rollback_that_ecs_made_unseen_is_recognised() {
    let standin = service(Script::RollsBack);
    let finished = Sidetap::new(&format!("{INJECT} --auto-rollback --timeout 1s")).against(&standin).exits(6);
    finished.stdout_has("rolled back by ECS");
    assert_eq!(standin.calls_of("UpdateService").len(), 1);
}

#[test]
fn a_rolled_back_service_no_longer_says_that_it_has_a_sidecar() {
    for (script, more) in [(Script::RollsBack, ""), (Script::Fails, "--auto-rollback")] {
        let standin = service(script);
        Sidetap::new(&format!("{INJECT} {more}")).against(&standin).exits(6);
        let tags = standin.service_json("web")["tags"].clone();
        let sidecar = tags.as_array().unwrap().iter().find(|tag| tag["key"] == "sidetap:sidecar");
        assert_eq!(sidecar.unwrap()["value"], "");
    }
}

#[test]
fn credentials_that_expire_while_watching_end_the_watch_at_once() {
    let standin = service(Script::Stuck);
    let meanwhile = standin.clone();
    let other = std::thread::spawn(move || {
        wait_for(&meanwhile, "TagResource", 1);
        meanwhile.fault(Fault::ExpireCredentials);
    });
    let finished = Sidetap::new(&format!("{INJECT} --auto-rollback")).against(&standin).exits(4);
    other.join().unwrap();
    finished.stderr_has("aws sso login");
    assert_eq!(standin.calls_of("UpdateService").len(), 1);
}

#[test]
fn the_first_failure_stops_what_has_not_started_unless_told_to_keep_going() {
    let run = |more: &str| {
        let standin = Standin::start();
        for name in ["a", "b", "c"] {
            standin.service("main", name, task_definition(name));
        }
        standin.script("a", [Script::Fails]);
        let line =
            format!("inject --cluster main --all-services --image i --yes --max-parallel 1 --output json {more}");
        let finished = Sidetap::new(&line).against(&standin).run();
        let results = finished.json()["results"].as_array().unwrap().clone();
        let outcomes: Vec<String> = results.iter().map(|r| r["outcome"].as_str().unwrap().to_owned()).collect();
        assert_eq!(standin.calls_of("RegisterTaskDefinition").len(), 3, "all are registered first");
        (finished.code(), outcomes.join(" "))
    };
    assert_eq!(run(""), (6, "failed not-started not-started".to_owned()));
    assert_eq!(run("--keep-going"), (3, "failed succeeded succeeded".to_owned()));
}

#[test]
fn no_more_deployments_run_at_once_than_asked_for() {
    let standin = Standin::start();
    for name in ["a", "b", "c"] {
        standin.service("main", name, task_definition(name));
    }
    let line = "inject --cluster main --all-services --image i --yes --max-parallel 2";
    Sidetap::new(line).against(&standin).exits(0);
    let order: Vec<String> = standin
        .calls()
        .into_iter()
        .filter(|call| {
            call.operation == "UpdateService" || call.body["services"].as_array().is_some_and(|s| s.len() == 2)
        })
        .map(|call| call.operation)
        .collect();
    assert_eq!(
        order,
        ["UpdateService", "UpdateService", "DescribeServices", "UpdateService"],
        "the third waits for a poll"
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_watching_and_says_that_the_deployment_goes_on() {
    let standin = service(Script::Stuck);
    let (code, stdout, stderr) = interrupted(&standin, INJECT, "TagResource", 1);
    assert_eq!(code, Some(130));
    assert!(stderr.contains("interrupted; what was started goes on in ECS"), "{stderr}");
    assert!(stderr.contains("to go on, run the same command again; what is done stays as it is"), "{stderr}");
    assert!(stdout.contains("deployment started") && stdout.contains("To go back:"), "{stdout}");
}

#[cfg(unix)]
#[test]
fn a_cancelled_job_is_told_what_was_started_too() {
    let standin = service(Script::Stuck);
    let (code, stdout, stderr) = ended_by("-TERM", &standin, INJECT, "TagResource", 1);
    assert_eq!(code, Some(130));
    assert!(stderr.contains("interrupted; what was started goes on in ECS"), "{stderr}");
    assert!(stdout.contains("deployment started") && stdout.contains("To go back:"), "{stdout}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_while_registering_starts_nothing_more_and_reports_what_was_done() {
    let standin = Standin::start();
    for name in ["a", "b", "c"] {
        standin.service("main", name, task_definition(name));
    }
    standin.delay(Duration::from_millis(200));
    let line = "inject --cluster main --all-services --image i --yes --output json";
    let (code, stdout, stderr) = interrupted(&standin, line, "RegisterTaskDefinition", 1);
    assert_eq!(code, Some(130), "{stderr}");
    let result: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let outcomes: Vec<_> = result["results"].as_array().unwrap().iter().map(|r| r["outcome"].clone()).collect();
    assert_eq!(outcomes, ["not-started", "not-started", "not-started"]);
    assert!(result["results"][0]["task_definition"].as_str().unwrap().ends_with("a:2"), "what was registered is told");
    assert!(standin.calls_of("UpdateService").is_empty());
}

#[test]
fn the_command_that_goes_back_is_of_the_same_place_and_runs_as_it_is_printed() {
    let printed = |standin: &Standin, begins: &str| {
        let line = format!("{INJECT} --region eu-west-1 --endpoint-url {}", standin.url());
        let finished = Sidetap::new(&line).with_keys().exits(0);
        let stdout = finished.stdout();
        let line = stdout.lines().find(|line| line.trim_start().starts_with(begins)).expect("a command").to_owned();
        assert!(line.contains("--region eu-west-1") && line.contains(&standin.url()), "{line}");
        line.trim_start().replace('\'', "")
    };
    let standin = service(Script::SucceedsAt(1));
    let line = printed(&standin, "sidetap rollback");
    Sidetap::new(&format!("{} --yes", line.trim_start_matches("sidetap "))).with_keys().exits(0);
    assert!(standin.service_json("web")["taskDefinition"].as_str().unwrap().ends_with("web:1"));

    let untagged = service(Script::SucceedsAt(1));
    untagged.fault(Fault::Deny { operation: "TagResource" });
    let line = printed(&untagged, "aws ecs update-service");
    assert!(line.contains("--cluster main --service web --task-definition web:1 --region"), "{line}");
}
