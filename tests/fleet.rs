//! Whole fleets at AWS's real rates, with what goes wrong on the way. It takes minutes, nearly all of them spent waiting
//! for `RegisterTaskDefinition`, of which AWS takes one a second.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use standin::{Fault, Script, Standin};
use tempfile::TempDir;

use crate::support::{Finished, Sidetap, task_definition};

/// Far more than any of it takes, even on a slow machine.
const PATIENCE: Duration = Duration::from_secs(900);

/// A cluster of services, each with a family of its own, and a plan file.
struct Fleet {
    standin: Standin,
    names: Vec<String>,
    directory: TempDir,
}

impl Fleet {
    fn of(services: usize) -> Self {
        let standin = Standin::start();
        let names: Vec<String> = (0..services).map(|number| format!("service-{number:03}")).collect();
        for name in &names {
            standin.service("main", name, task_definition(name));
        }
        standin.enforce_rates();
        Fleet { standin, names, directory: tempfile::tempdir().expect("a directory") }
    }

    fn plan(&self) -> String {
        self.directory.path().join("plan.json").to_str().expect("a path").to_owned()
    }

    fn inject(&self) -> Sidetap {
        let line =
            "inject --cluster main --all-services --image example/sidetap:1 --yes --keep-going --max-parallel 50";
        Sidetap::new(&format!("{line} --out {}", self.plan())).against(&self.standin)
    }

    fn apply(&self) -> Sidetap {
        let line = format!("apply {} --yes --keep-going --max-parallel 50 --output json", self.plan());
        Sidetap::new(&line).against(&self.standin).within(PATIENCE)
    }

    fn wait_until(&self, what: &str, is: impl Fn(&Standin) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is(&self.standin) {
            assert!(Instant::now() < deadline, "{what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// How often each name had a call of an operation that was done.
    fn done(&self, operation: &str) -> BTreeMap<String, usize> {
        let mut done = BTreeMap::new();
        for call in self.standin.calls_of(operation).iter().filter(|call| call.error.is_none()) {
            let name = call.body["service"].as_str().or(call.body["family"].as_str()).unwrap_or_default();
            *done.entry(name.rsplit('/').next().unwrap_or_default().to_owned()).or_default() += 1;
        }
        done
    }

    /// All but these, once each.
    fn once_each_but(&self, missing: &[&str]) -> BTreeMap<String, usize> {
        let names = self.names.iter().filter(|name| !missing.contains(&name.as_str()));
        names.map(|name| (name.clone(), 1)).collect()
    }
}

fn done(standin: &Standin, operation: &str) -> usize {
    standin.calls_of(operation).iter().filter(|call| call.error.is_none()).count()
}

/// The services by outcome.
fn outcomes(finished: &Finished) -> BTreeMap<String, Vec<Value>> {
    let mut outcomes: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for result in finished.json()["results"].as_array().expect("results") {
        outcomes.entry(result["outcome"].as_str().expect("an outcome").to_owned()).or_default().push(result.clone());
    }
    outcomes
}

#[test]
fn two_hundred_services_with_three_failures_throttling_and_an_interruption() {
    let fleet = Fleet::of(200);
    let standin = &fleet.standin;
    let throttle = || {
        for operation in ["DescribeServices", "DescribeTaskDefinition", "RegisterTaskDefinition"] {
            standin.fault(Fault::Throttle { operation, times: 3 });
        }
        for operation in ["UpdateService", "TagResource"] {
            standin.fault(Fault::Throttle { operation, times: 2 });
        }
    };
    throttle();
    standin.fault(Fault::RefuseFamily { family: "service-017" });
    standin.script("service-042", [Script::RollsBack]);
    for name in ["service-003", "service-060", "service-120"] {
        standin.script(name, [Script::SucceedsAt(3)]);
    }

    let started = Instant::now();
    let run = fleet.inject().start();
    fleet.wait_until("most are registered", |standin| done(standin, "RegisterTaskDefinition") >= 180);
    let moved = standin.task_definition(task_definition("somebody-elses"));
    standin.edit_service("service-150", json!({ "taskDefinition": moved }));
    fleet.wait_until("half are updated", |standin| {
        let back = standin.service_json("service-042")["deployments"].as_array().is_some_and(|list| list.len() == 3);
        done(standin, "UpdateService") >= 90 && back
    });
    let interrupted = run.stopped_by("INT");
    assert_eq!(interrupted.code(), 130, "{interrupted}");
    let updated = done(standin, "UpdateService");
    assert!(updated < 190, "it was stopped in the middle: {updated}");
    let interrupted = interrupted.stderr_has(&format!("to go on: sidetap apply {} --yes", fleet.plan()));
    println!("interrupted after {:?}, {updated} updated\n{}", started.elapsed(), interrupted.stdout());

    throttle();
    let resumed = fleet.apply().exits(3);
    println!("done after {:?}", started.elapsed());

    let outcomes = outcomes(&resumed);
    let count = |outcome: &str| outcomes.get(outcome).map_or(0, Vec::len);
    assert_eq!(count("done-before") + count("succeeded"), 197, "{resumed}");
    assert!(count("done-before") > 0 && count("succeeded") > 0, "{resumed}");
    let only = |outcome: &str, name: &str, why: &str| {
        let results = &outcomes[outcome];
        assert!(results.len() == 1 && results[0]["target"] == name, "{outcome}: {results:?}");
        assert!(results[0]["reason"].as_str().is_some_and(|reason| reason.contains(why)), "{results:?}");
    };
    only("error", "service-017", "Role is not valid");
    only("rolled-back", "service-042", "an earlier run of this plan updated it, and it went back to service-042:1");
    only("blocked", "service-150", "`service-150` now runs somebody-elses:1");

    assert_eq!(fleet.done("UpdateService"), fleet.once_each_but(&["service-017", "service-150"]));
    assert_eq!(fleet.done("RegisterTaskDefinition"), fleet.once_each_but(&["service-017"]));
    for name in &fleet.names {
        let runs = standin.service_json(name)["taskDefinition"].as_str().expect("an ARN").to_owned();
        let bad = ["service-017", "service-042", "service-150"].contains(&name.as_str());
        assert_eq!(runs.ends_with(&format!("{name}:2")), !bad, "{name} runs {runs}");
    }
    assert_eq!(standin.exceeded(), []);
}

#[test]
fn a_run_that_is_killed_again_and_again_does_nothing_twice() {
    let fleet = Fleet::of(40);
    let run = fleet.inject().start();
    fleet.wait_until("half are registered", |standin| done(standin, "RegisterTaskDefinition") >= 20);
    assert_eq!(run.stopped_by("KILL").code(), -1);
    assert_eq!(done(&fleet.standin, "UpdateService"), 0);

    let run = fleet.apply().start();
    fleet.wait_until("half are updated", |standin| done(standin, "UpdateService") >= 20);
    assert_eq!(run.stopped_by("KILL").code(), -1);
    let updated = done(&fleet.standin, "UpdateService");
    assert!(updated < 40, "it was killed in the middle");

    let resumed = fleet.apply().exits(0);
    let outcomes = outcomes(&resumed);
    let good: usize =
        ["done-before", "succeeded"].iter().filter_map(|outcome| outcomes.get(*outcome)).map(Vec::len).sum();
    assert_eq!(good, 40, "{resumed}");
    assert_eq!(fleet.done("UpdateService"), fleet.once_each_but(&[]));
    assert_eq!(fleet.done("RegisterTaskDefinition"), fleet.once_each_but(&[]));
    for name in &fleet.names {
        let tags = fleet.standin.service_json(name)["tags"].clone();
        let previous =
            tags.as_array().and_then(|tags| tags.iter().find(|tag| tag["key"] == "sidetap:previous-task-definition"));
        assert_eq!(previous.map(|tag| tag["value"].clone()), Some(json!(format!("{name}:1"))));
    }
    assert_eq!(fleet.standin.exceeded(), []);
}
