//! A plan that was begun is taken up again by `sidetap apply`, however the first run ended.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use standin::{Fault, Script, Standin};
use tempfile::TempDir;

use crate::support::{Finished, Sidetap, task_definition};

/// A cluster of services, and a plan that is saved.
struct Fleet {
    standin: Standin,
    directory: TempDir,
}

impl Fleet {
    fn of(names: &[&str]) -> Self {
        let standin = Standin::start();
        for name in names {
            standin.service("main", name, task_definition(name));
        }
        Fleet { standin, directory: tempfile::tempdir().unwrap() }
    }

    fn plan(&self) -> String {
        self.directory.path().join("plan.json").to_str().unwrap().to_owned()
    }

    /// Injects into all services, and saves the plan.
    fn inject(&self, more: &str) -> Sidetap {
        let line = format!("inject --cluster main --all-services --image i --yes --out {} {more}", self.plan());
        Sidetap::new(&line).against(&self.standin)
    }

    fn apply(&self, more: &str) -> Sidetap {
        Sidetap::new(&format!("apply {} --yes --output json {more}", self.plan())).against(&self.standin)
    }

    /// The calls of an operation that were answered well, for a service or family.
    fn count(&self, operation: &str, name: &str) -> usize {
        let is = |body: &Value| {
            let service = body["service"].as_str().is_some_and(|arn| arn.ends_with(&format!("/{name}")));
            service || body["family"] == name
        };
        self.standin.calls_of(operation).iter().filter(|call| call.error.is_none() && is(&call.body)).count()
    }

    fn wait_for(&self, operation: &str, calls: usize) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.standin.calls_of(operation).len() < calls {
            assert!(Instant::now() < deadline, "{operation} is called {calls} times");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn outcomes(finished: &Finished) -> String {
    let results = finished.json()["results"].as_array().unwrap().clone();
    results.iter().map(|result| result["outcome"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
}

#[test]
fn what_was_done_stays_and_what_goes_on_is_watched() {
    let fleet = Fleet::of(&["a", "b", "c"]);
    fleet.standin.script("b", [Script::SucceedsAt(3)]);
    let run = fleet.inject("--max-parallel 1").start();
    fleet.wait_for("TagResource", 2);
    let interrupted = run.stopped_by("INT");
    assert_eq!(interrupted.code(), 130, "{interrupted}");
    let interrupted =
        interrupted.stderr_has(&format!("to go on: sidetap apply {} --yes --max-parallel 1", fleet.plan()));
    assert!(interrupted.stdout().contains("deployment started"), "{interrupted}");

    let resumed = fleet.apply("").exits(0);
    assert_eq!(outcomes(&resumed), "done-before succeeded succeeded", "{resumed}");
    let resumed = resumed.stderr_has("an earlier run of this plan has begun it: 1 done, 1 still deploying, 1 to do");
    assert!(resumed.stderr().contains("b: deployed"), "it is watched again: {resumed}");
    for name in ["a", "b", "c"] {
        assert_eq!((fleet.count("RegisterTaskDefinition", name), fleet.count("UpdateService", name)), (1, 1), "{name}");
    }
    assert_eq!(outcomes(&fleet.apply("").exits(0)), "done-before done-before done-before");
}

#[test]
fn a_revision_that_a_killed_run_registered_is_found_below_newer_ones() {
    let fleet = Fleet::of(&["a", "b"]);
    fleet.standin.delay(Duration::from_millis(150));
    let run = fleet.inject("").start();
    fleet.wait_for("RegisterTaskDefinition", 1);
    assert_eq!(run.stopped_by("KILL").code(), -1);
    fleet.standin.delay(Duration::ZERO);
    assert_eq!(fleet.count("UpdateService", "a"), 0);
    fleet.standin.task_definition(task_definition("a"));
    fleet.standin.task_definition(task_definition("a"));

    let resumed = fleet.apply("").exits(0);
    assert!(resumed.json()["results"][0]["task_definition"].as_str().unwrap().ends_with("a:2"), "{resumed}");
    assert_eq!(fleet.count("RegisterTaskDefinition", "a"), 1);
    resumed.stderr_has("a: a:2 is registered already").stderr_has("b: registered b:2");
}

#[test]
fn a_service_that_went_back_is_reported_and_tried_again_only_if_asked() {
    let fleet = Fleet::of(&["a", "b"]);
    fleet.standin.script("a", [Script::RollsBack]);
    let first = fleet.inject("--max-parallel 1").exits(6);
    first.stderr_has("--yes --max-parallel 1 --keep-going");

    let stopped = fleet.apply("").exits(6);
    assert_eq!(outcomes(&stopped), "rolled-back not-started");
    let reason = stopped.json()["results"][0]["reason"].clone();
    assert_eq!(reason, "an earlier run of this plan updated it, and it went back to a:1");
    let stopped = stopped.stderr_has("`--retry-failed` updates services again that went back");
    assert_eq!(stopped.json()["results"][0]["stopped_tasks"][0]["containers"][0]["name"], "sidetap-sensor");

    assert_eq!(outcomes(&fleet.apply("--keep-going").exits(3)), "rolled-back succeeded");
    assert_eq!(fleet.count("UpdateService", "a"), 1);
    assert_eq!(outcomes(&fleet.apply("--retry-failed").exits(0)), "succeeded done-before");
    assert_eq!((fleet.count("UpdateService", "a"), fleet.count("RegisterTaskDefinition", "a")), (2, 1));
}

#[test]
fn a_way_back_that_goes_on_is_watched_by_the_next_run() {
    let fleet = Fleet::of(&["a", "b"]);
    fleet.standin.script("a", [Script::Fails, Script::SucceedsAt(6)]);
    let first = fleet.inject("--keep-going --auto-rollback --timeout 7s").exits(3);
    let first = first.stderr_has("to go on: sidetap apply");
    first.stdout_has("tasks failed to start.; going back to a:1 is not finished after 7s, and goes on");

    let resumed = fleet.apply("--keep-going").exits(3);
    assert_eq!(outcomes(&resumed), "rolled-back done-before");
    let result = resumed.json()["results"][0].clone();
    assert_eq!(result["reason"], "an earlier run of this plan updated it; taken back: it runs a:1 again");
    assert_eq!(result["notes"], json!(["returning to a:1: done"]));
    assert_eq!(fleet.count("UpdateService", "a"), 2, "there and back");
}

#[test]
fn a_deployment_that_failed_meanwhile_is_told_with_its_reason() {
    let fleet = Fleet::of(&["a"]);
    fleet.standin.script("a", [Script::Fails]);
    fleet.inject("--no-wait").exits(0);
    // Somebody looks, and it plays on.
    Sidetap::new("list services --cluster main").against(&fleet.standin).exits(0);
    let resumed = fleet.apply("").exits(6);
    assert_eq!(outcomes(&resumed), "failed");
    assert!(resumed.json()["results"][0]["reason"].as_str().unwrap().contains("tasks failed to start"), "{resumed}");
    assert_eq!(fleet.count("UpdateService", "a"), 1);

    let back = fleet.apply("--auto-rollback").exits(6);
    assert_eq!(back.json()["results"][0]["notes"], json!(["returning to a:1: done"]));
}

#[test]
fn what_has_moved_on_is_left_alone_and_the_others_go_on_if_asked() {
    let fleet = Fleet::of(&["a", "b"]);
    fleet.inject("--dry-run").exits(0);
    let other = fleet.standin.task_definition(task_definition("a"));
    fleet.standin.edit_service("a", json!({"taskDefinition": other}));
    let refused = fleet.apply("").exits(5);
    refused.stderr_has("`a` cannot be changed").stderr_has("`a` now runs a:2, and the plan was made for a:1");
    assert!(fleet.standin.calls_of("RegisterTaskDefinition").is_empty());

    let rest = fleet.apply("--keep-going").exits(3);
    assert_eq!(outcomes(&rest), "blocked succeeded");
    assert!(rest.json()["results"][0]["reason"].as_str().unwrap().contains("`a` now runs a:2"));
}

#[test]
fn a_receipt_that_was_never_left_is_left_later() {
    let fleet = Fleet::of(&["a"]);
    fleet.standin.fault(Fault::Throttle { operation: "TagResource", times: 5 });
    fleet.inject("").exits(0).stdout_has("the service is not tagged");
    assert_eq!(outcomes(&fleet.apply("").exits(0)), "done-before");
    let tags = fleet.standin.service_json("a")["tags"].clone();
    let previous = tags.as_array().unwrap().iter().find(|tag| tag["key"] == "sidetap:previous-task-definition");
    assert_eq!(previous.unwrap()["value"], "a:1");
}

#[test]
fn once_credentials_have_expired_nothing_more_is_tried() {
    let fleet = Fleet::of(&["a", "b", "c"]);
    let meanwhile = fleet.standin.clone();
    let other = std::thread::spawn(move || {
        while meanwhile.calls_of("RegisterTaskDefinition").is_empty() {
            std::thread::sleep(Duration::from_millis(2));
        }
        meanwhile.fault(Fault::ExpireCredentials);
    });
    fleet.standin.delay(Duration::from_millis(50));
    let finished = fleet.inject("--keep-going --output json").exits(4);
    other.join().unwrap();
    assert_eq!(outcomes(&finished), "not-started error not-started", "{finished}");
    finished.stderr_has("to go on: sidetap apply");
}

#[test]
fn a_lost_network_ends_the_run_and_the_next_one_goes_on() {
    let fleet = Fleet::of(&["a", "b", "c"]);
    fleet.standin.delay(Duration::from_millis(50));
    let meanwhile = fleet.standin.clone();
    let other = std::thread::spawn(move || {
        while meanwhile.calls_of("RegisterTaskDefinition").len() < 3 {
            std::thread::sleep(Duration::from_millis(2));
        }
        meanwhile.fault(Fault::Unreachable);
    });
    let finished = fleet.inject("--keep-going --output json").exits(1);
    other.join().unwrap();
    assert_eq!(outcomes(&finished), "error not-started not-started", "{finished}");
    finished.stderr_has("to go on: sidetap apply");

    fleet.standin.repair();
    assert_eq!(outcomes(&fleet.apply("").exits(0)), "succeeded succeeded succeeded");
    for name in ["a", "b", "c"] {
        assert_eq!((fleet.count("RegisterTaskDefinition", name), fleet.count("UpdateService", name)), (1, 1), "{name}");
    }
}

#[test]
fn what_the_service_ran_before_an_upgrade_is_known_again_once_that_went_back() {
    let fleet = Fleet::of(&["a"]);
    Sidetap::new("inject --cluster main --service a --image i --yes").against(&fleet.standin).exits(0);
    fleet.standin.script("a", [Script::RollsBack]);
    fleet.inject("--env LEVEL=2 --no-wait").exits(0);
    for _ in 0..3 {
        Sidetap::new("list services --cluster main").against(&fleet.standin).exits(0);
    }
    assert_eq!(outcomes(&fleet.apply("").exits(6)), "rolled-back");
    let tags = fleet.standin.service_json("a")["tags"].clone();
    let tag = |key: &str| tags.as_array().unwrap().iter().find(|tag| tag["key"] == key).unwrap()["value"].clone();
    assert_eq!((tag("sidetap:task-definition"), tag("sidetap:previous-task-definition")), (json!("a:2"), json!("a:1")));
    let back = Sidetap::new("rollback --cluster main --service a --yes").against(&fleet.standin).exits(0);
    back.stdout_has("back to  a:1");
}

#[test]
fn a_revision_or_cluster_that_was_deleted_blocks_only_its_own_targets() {
    let fleet = Fleet::of(&["a", "b", "c"]);
    fleet.inject("--dry-run").exits(0);
    fleet.standin.delete_revision("arn:aws:ecs:eu-west-1:123456789012:task-definition/a:1");
    let refused = fleet.apply("").exits(5);
    refused.stderr_has("`a` cannot be changed").stderr_has("`a:1`, which the plan was made from, is no longer there");
    let rest = fleet.apply("--keep-going").exits(3);
    assert_eq!(outcomes(&rest), "blocked succeeded succeeded", "{rest}");

    let fleet = Fleet::of(&["a", "b"]);
    fleet.standin.service("other", "c", task_definition("c"));
    let (plan, second) = (fleet.plan(), fleet.directory.path().join("second.json"));
    fleet.inject("--dry-run").exits(0);
    let line = format!("inject --cluster other --service c --image i --dry-run --out {}", second.to_str().unwrap());
    Sidetap::new(&line).against(&fleet.standin).exits(0);
    // As from somebody who has put the targets of several plans into one.
    let read = |path: &std::path::Path| -> Value { serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap() };
    let mut both = read(plan.as_ref());
    both["targets"].as_array_mut().unwrap().push(read(&second)["targets"][0].clone());
    std::fs::write(&plan, both.to_string()).unwrap();
    fleet.standin.delete_cluster("other");
    fleet.apply("").exits(5).stderr_has("cluster `other` is gone, and `c` with it");
    let rest = fleet.apply("--keep-going").exits(3);
    assert_eq!(outcomes(&rest), "succeeded succeeded blocked", "{rest}");
    // Also where the plan had nothing to change.
    Sidetap::new(&format!("inject --cluster main --all-services --image i --yes --dry-run --out {plan}"))
        .against(&fleet.standin)
        .exits(0);
    fleet.standin.delete_cluster("main");
    fleet.apply("").exits(0);
}
