//! `sidetap apply`: a saved plan makes exactly what it says, or stops.

use serde_json::{Value, json};
use standin::Standin;
use tempfile::TempDir;

use crate::support::{Sidetap, fixture, registrable, task_definition};

struct Saved {
    directory: TempDir,
}

impl Saved {
    fn plan(line: &str, standin: Option<&Standin>) -> Self {
        let saved = Saved { directory: tempfile::tempdir().unwrap() };
        let path = saved.path();
        let mut words: Vec<&str> = line.split_whitespace().collect();
        words.extend(["--dry-run", "--out", &path]);
        let sidetap = Sidetap::of(words);
        match standin {
            Some(standin) => sidetap.against(standin).exits(0),
            None => sidetap.exits(0),
        };
        saved
    }

    fn path(&self) -> String {
        self.directory.path().join("plan.json").to_str().unwrap().to_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.path()).unwrap()).unwrap()
    }

    fn apply(&self) -> Sidetap {
        let path = self.path();
        Sidetap::of(["apply", &path, "--yes"])
    }
}

fn service() -> Standin {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    standin
}

const INJECT: &str = "inject --cluster main --service web --image i";

#[test]
fn applying_registers_exactly_the_planned_body() {
    let standin = service();
    let saved = Saved::plan(INJECT, Some(&standin));
    saved.apply().against(&standin).exits(0).stdout_has("deployed");

    let mut expected = registrable(&standin.describe("web:1")["taskDefinition"]);
    expected["tags"] = json!([]);
    // An independent reading of RFC 6902, as far as plans go.
    for operation in saved.json()["targets"][0]["patch"].as_array().unwrap() {
        let path = operation["path"].as_str().unwrap();
        match (operation["op"].as_str().unwrap(), path.rsplit_once('/').unwrap()) {
            ("test", _) => assert_eq!(expected.pointer(path), Some(&operation["value"])),
            ("add", ("/containerDefinitions", index)) => expected["containerDefinitions"]
                .as_array_mut()
                .unwrap()
                .insert(index.parse().unwrap(), operation["value"].clone()),
            ("add" | "replace", (parent, key)) => {
                expected.pointer_mut(parent).unwrap()[key] = operation["value"].clone();
            }
            (other, _) => panic!("{other} {path}"),
        }
    }
    assert_eq!(standin.calls_of("RegisterTaskDefinition")[0].body, expected);
}

#[cfg(unix)]
#[test]
fn a_plan_is_for_its_owners_eyes() {
    use std::os::unix::fs::PermissionsExt;
    let saved = Saved::plan("inject --file roomy.json --image i --env KEY=s3cr3t", None);
    assert_eq!(std::fs::metadata(saved.path()).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(saved.json().to_string().contains("s3cr3t"), "a plan holds what is registered");
}

#[test]
fn a_service_that_moved_on_makes_the_plan_stale() {
    let standin = service();
    let saved = Saved::plan(INJECT, Some(&standin));
    let newer = standin.task_definition(task_definition("web"));
    standin.edit_service("web", json!({"taskDefinition": newer}));
    saved.apply().against(&standin).exits(5).stderr_has("`web` now runs web:2, and the plan was made for web:1");
    assert!(standin.calls_of("RegisterTaskDefinition").is_empty());
}

#[test]
fn a_base_whose_content_changed_makes_the_plan_stale() {
    let standin = service();
    let saved = Saved::plan(INJECT, Some(&standin));
    let arn = standin.describe("web:1")["taskDefinition"]["taskDefinitionArn"].as_str().unwrap().to_owned();
    standin.edit_revision(&arn, |revision| revision["containerDefinitions"][0]["image"] = json!("other"));
    saved.apply().against(&standin).exits(5).stderr_has("the plan is stale");
    assert!(standin.calls_of("RegisterTaskDefinition").is_empty());
}

#[test]
fn another_account_or_region_makes_the_plan_stale() {
    let standin = service();
    let saved = Saved::plan(INJECT, Some(&standin));
    let elsewhere = saved.apply().against(&standin).env("AWS_REGION", "eu-central-1");
    elsewhere.exits(5).stderr_has("it is for region eu-west-1, and the session is in eu-central-1");
    let other = saved.json().to_string().replace("\"account\":\"123456789012\"", "\"account\":\"999999999999\"");
    std::fs::write(saved.path(), other).unwrap();
    saved.apply().against(&standin).exits(5).stderr_has("it is for account 999999999999");
    assert!(standin.calls_of("RegisterTaskDefinition").is_empty());
}

#[test]
fn a_tampered_patch_does_not_apply() {
    let standin = service();
    let saved = Saved::plan(INJECT, Some(&standin));
    let other = saved.json().to_string().replace("\"value\":\"app\"", "\"value\":\"other\"");
    std::fs::write(saved.path(), other).unwrap();
    saved.apply().against(&standin).exits(5);
    assert!(standin.calls_of("RegisterTaskDefinition").is_empty());
}

#[test]
fn a_plan_of_a_file_prints_what_inject_would() {
    let direct = Sidetap::new("inject --file full.json --image i --take-from app").exits(0).stdout();
    let saved = Saved::plan("inject --file full.json --image i --take-from app", None);
    assert_eq!(saved.apply().exits(0).stdout(), direct);

    let mut moved = saved.json();
    moved["targets"][0]["base"]["sha256"] = json!("0".repeat(64));
    std::fs::write(saved.path(), moved.to_string()).unwrap();
    saved.apply().exits(5).stderr_has("it has changed since the plan was made");
}

#[test]
fn what_is_no_plan_is_said_so() {
    for (text, says) in
        [("{", "EOF"), ("{}", "format_version"), ("{\"format_version\":\"2.0\"}", "this build reads 1.x")]
    {
        Sidetap::new("apply - --yes").stdin(text).exits(1).stderr_has(says);
    }
    let saved = Saved::plan("inject --file roomy.json --image i", None);
    let mut doubled = saved.json();
    doubled["targets"].as_array_mut().unwrap().push(saved.json()["targets"][0].clone());
    Sidetap::new("apply - --yes").stdin(&doubled.to_string()).exits(1).stderr_has("only target of its plan");
    let mut emptied = saved.json();
    emptied["targets"][0]["patch"] = json!([]);
    Sidetap::new("apply - --yes").stdin(&emptied.to_string()).exits(1).stderr_has("action does not fit its patch");
    let task_definition = fixture("roomy.json").to_string();
    Sidetap::new("apply - --yes").stdin(&task_definition).exits(1).stderr_has("not a sidetap plan");
}

#[test]
fn a_service_that_moves_between_planning_and_updating_is_left_alone() {
    let standin = service();
    let saved = Saved::plan(INJECT, Some(&standin));
    let moving = standin.clone();
    // As soon as the revision is registered, somebody else deploys.
    let watcher = std::thread::spawn(move || {
        while moving.calls_of("RegisterTaskDefinition").is_empty() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        moving.edit_service(
            "web",
            json!({"taskDefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:99"}),
        );
    });
    standin.delay(std::time::Duration::from_millis(60));
    saved.apply().against(&standin).exits(5).stderr_has("`web` now runs web:99");
    watcher.join().unwrap();
    assert!(standin.calls_of("UpdateService").is_empty());
}

#[test]
fn the_command_that_carries_a_saved_plan_out_is_of_the_same_place_and_quoted() {
    let standin = service();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a plan.json").to_str().unwrap().to_owned();
    let url = standin.url();
    let mut words: Vec<&str> = INJECT.split_whitespace().collect();
    words.extend(["--dry-run", "--out", &path, "--endpoint-url", &url]);
    let saved = Sidetap::of(words).with_keys().exits(0);
    let stderr = saved.stderr();
    let note = stderr.lines().find(|line| line.contains("saved the plan")).expect("a note");
    assert!(note.contains(&format!("`sidetap apply '{path}' --endpoint-url ")) && note.contains(&url), "{note}");
    Sidetap::of(["apply", &path, "--endpoint-url", &url, "--yes"]).with_keys().exits(0);
    // A file is changed in no account.
    let line = ["inject", "--file", "roomy.json", "--image", "i", "--dry-run", "--out", &path, "--region", "eu-west-1"];
    Sidetap::of(line).exits(0).stderr_has(&format!("`sidetap apply '{path}'` carries it out"));
}
