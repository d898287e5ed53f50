//! `sidetap policy`: the least policy, compared with the calls that each command makes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sidetap::ecs::permissions::{Command, PERMISSIONS, When};
use standin::{ACCOUNT, REGION, Script, Standin};

use crate::doctor::world::World;
#[cfg(target_os = "linux")]
use crate::support::Key;
use crate::support::{Python, Sidetap, snapshot, task_definition};

/// Calls that need no permission.
const FREE: [&str; 1] = ["sts:GetCallerIdentity"];

#[test]
fn the_policy_of_all_commands_needs_no_account() {
    snapshot("policy", &Sidetap::new("policy --include-schedules").exits(0).stdout());
}

#[test]
fn cluster_account_and_region_narrow_it() {
    let line = "policy inject --cluster main --account 123456789012 --region eu-west-1 --include-schedules";
    snapshot("policy-narrow", &Sidetap::new(line).exits(0).stdout());
}

#[test]
fn what_it_cannot_use_is_refused() {
    Sidetap::new("policy nonsense").exits(64).stderr_has("inject");
    Sidetap::new("policy --account 123").exits(64).stderr_has("12 digits");
    let arn = "arn:aws:ecs:eu-west-1:123456789012:cluster/main";
    for (words, says) in [
        (vec!["--cluster", "a b"], "`--cluster a b` is no name"),
        (vec!["--cluster", arn, "--region", "us-east-1"], "`--region us-east-1` contradicts"),
        (vec!["--cluster", arn, "--account", "210987654321"], "`--account 210987654321` contradicts"),
        (vec!["--region", "Ireland"], "is no region"),
    ] {
        let finished = Sidetap::of(["policy"].into_iter().chain(words)).exits(64).stderr_has(says).stderr_has("hint:");
        assert_eq!(finished.stdout(), "", "{finished}");
    }
    Sidetap::of(["policy", "--cluster", arn, "--region", "eu-west-1"]).exits(0);
}

/// The calls that runs of a command make, as IAM actions.
fn actions(standin: &Standin, lines: &[&str]) -> BTreeSet<String> {
    actions_of(standin, || {
        for line in lines {
            Sidetap::new(line).against(standin).run();
        }
    })
}

fn actions_of(standin: &Standin, work: impl FnOnce()) -> BTreeSet<String> {
    let before = standin.calls().len();
    work();
    let calls = standin.calls();
    let actions = calls[before..].iter().map(|call| format!("{}:{}", call.service, call.operation));
    actions.filter(|action| !FREE.contains(&action.as_str())).collect()
}

const SERVICES: [&str; 4] = ["web", "api", "bad", "worse"];

/// Makes the next deployments of two services fail, each in its way.
fn fail_next(standin: &Standin) {
    standin.script("bad", [Script::RollsBackOnAlarm]).script("worse", [Script::Fails]);
}

/// Services that do well, some whose deployments fail, and what runs on a schedule.
fn world() -> Standin {
    world_of_revision(1)
}

/// What runs on a schedule names this revision.
fn world_of_revision(revision: u32) -> Standin {
    let standin = Standin::start();
    for name in SERVICES {
        standin.service("main", name, task_definition(name));
    }
    fail_next(&standin);
    standin.around(|around| {
        for name in SERVICES {
            let target = json!({
                "Id": "run",
                "Arn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/main"),
                "EcsParameters": { "TaskDefinitionArn": format!("{name}:{revision}") }
            });
            around.events.rule(&format!("rule-{name}"), [target.clone()]);
            around.scheduler.schedule("default", &format!("schedule-{name}"), target);
        }
    });
    standin.service("main", "yellow", task_definition("yellow"));
    let sets = json!([{"id": "ecs-svc/1", "status": "PRIMARY", "startedBy": "CODE_DEPLOY", "externalId": "d-1"}]);
    standin.edit_service("yellow", json!({"deploymentController": {"type": "CODE_DEPLOY"}, "taskSets": sets}));
    standin.around(|around| around.code_deploy.deployment("d-1", "application", "group", json!({})));
    standin
}

/// Everything right, an image that tells its architecture in its configuration, and a security group that names a
/// prefix list.
fn worlds_to_examine() -> [World; 3] {
    let configured = World::healthy();
    let registry = &configured.registry;
    registry.blob("sidetap", "sha256:config", &json!({ "os": "linux", "architecture": "amd64" }));
    let url = registry.url("sidetap/blobs/sha256:config");
    let listed = World::healthy().change(|around| {
        let groups = around.ec2.security_groups.iter_mut();
        let group = groups.into_iter().find(|group| group["groupId"] == "sg-tasks").expect("the tasks' group");
        let lists = json!([{ "prefixListId": "pl-1" }]);
        group["ipPermissionsEgress"] =
            json!([{ "ipProtocol": "udp", "fromPort": 4789, "toPort": 4789, "prefixListIds": lists }]);
    });
    let configured = configured.change(|around| {
        let repository = &mut around.ecr.repositories[0];
        repository.images[0].manifest = json!({ "schemaVersion": 2, "config": { "digest": "sha256:config" } });
        repository.layers.insert("sha256:config".to_owned(), url);
    });
    [World::healthy(), configured, listed]
}

/// Goes through the wizard with the service at this place of the list, to the end with this exit code.
#[cfg(target_os = "linux")]
fn wizard(standin: &Standin, service: usize, code: i32) {
    let mut screen = Sidetap::new("").against(standin).on_screen();
    screen.wait_for("Yes, go on").press(Key::Enter).wait_for("Which cluster?").press(Key::Enter);
    screen.wait_for("Which services").press_times(Key::Down, service).press(Key::Space).press(Key::Enter);
    screen.wait_for("Which sidecar?").press(Key::Enter).wait_for("sensor: image").type_text("i").press(Key::Enter);
    screen.wait_for("sensor: exports").press(Key::Enter).wait_for("go on with these").press(Key::Enter);
    screen.wait_for("How much").press(Key::Enter).wait_for("Where does").press(Key::Enter);
    screen.wait_for("What is to be done?").press(Key::Down).press(Key::Enter).exits(code);
}

/// What each command calls, with and without `--include-schedules`.
fn calls_of(command: Command) -> BTreeMap<bool, BTreeSet<String>> {
    let standin = world();
    let plan = tempfile::tempdir().unwrap();
    let path = |name: &str| plan.path().join(name).to_str().unwrap().to_owned();
    let inject = "inject --cluster main --image i";
    let mut calls: BTreeMap<bool, BTreeSet<String>> = BTreeMap::new();
    let mut run = |schedules: bool, lines: &[String]| {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        calls.entry(schedules).or_default().extend(actions(&standin, &lines));
    };
    match command {
        Command::List => {
            run(false, &["list clusters", "list services --cluster main", "list task-definitions"].map(str::to_owned))
        }
        Command::Inject => {
            run(
                false,
                &[
                    format!("{inject} --service web --yes"),
                    format!("{inject} --service bad --service worse --keep-going --yes"),
                    "inject --task-definition api --image i --yes".to_owned(),
                    format!("{inject} --all-services --keep-going --yes"),
                ],
            );
            let standin = world();
            let line = format!("{inject} --service web --include-schedules --yes");
            calls.entry(true).or_default().extend(actions(&standin, &[&line]));
        }
        Command::Apply => {
            let (well, badly, scheduled) = (path("well"), path("badly"), path("scheduled"));
            for line in [
                format!("{inject} --service web --service yellow --dry-run --out {well}"),
                format!("{inject} --service bad --service worse --dry-run --out {badly}"),
                format!("{inject} --service api --dry-run --include-schedules --out {scheduled}"),
            ] {
                Sidetap::new(&line).against(&standin).exits(0);
            }
            run(false, &[format!("apply {well} --yes"), format!("apply {badly} --keep-going --yes")]);
            run(true, &[format!("apply {scheduled} --yes")]);
        }
        Command::Status => {
            Sidetap::new(&format!("{inject} --service web --yes --no-wait")).against(&standin).exits(0);
            standin.running_tasks("web", "sidetap-sensor", &["sha256:aa"]);
            run(false, &["status", "status --cluster main --service web"].map(str::to_owned));
        }
        Command::Rollback => {
            standin.script("api", [Script::Stuck]);
            let line = format!("{inject} --service api --service worse --yes --no-wait --max-parallel 2");
            Sidetap::new(&line).against(&standin).exits(0);
            fail_next(&standin);
            let back = ["api", "worse", "yellow", "misspelt"]
                .map(|name| format!("rollback --cluster main --service {name} --yes"));
            run(false, &back);
        }
        Command::Doctor => {
            for world in worlds_to_examine() {
                let lines = ["doctor --cluster main --service web", "doctor --cluster main --all-services"];
                calls.entry(false).or_default().extend(actions(&world.standin, &lines));
            }
        }
        #[cfg(not(target_os = "linux"))]
        Command::Wizard => {}
        #[cfg(target_os = "linux")]
        Command::Wizard => {
            // The services by name: api, bad, web, worse, yellow. Two fail, and one is CodeDeploy's.
            let runs = [(1, 6), (3, 6), (4, 0)];
            let made = runs.map(|(service, code)| actions_of(&standin, || wizard(&standin, service, code)));
            calls.entry(false).or_default().extend(made.into_iter().flatten());
        }
        Command::Remove => {
            Sidetap::new(&format!("{inject} --all-services --yes --no-wait")).against(&standin).exits(0);
            fail_next(&standin);
            // CodeDeploy has deployed it since.
            let deployed = format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/yellow:2");
            standin.edit_service("yellow", json!({ "taskDefinition": deployed }));
            let remove = "remove --cluster main";
            run(
                false,
                &[
                    format!("{remove} --service web --yes"),
                    format!("{remove} --service bad --service worse --keep-going --yes"),
                    "remove --task-definition api --yes".to_owned(),
                    format!("{remove} --all-services --keep-going --yes"),
                ],
            );
            let standin = world_of_revision(2);
            Sidetap::new(&format!("{inject} --service web --yes --no-wait")).against(&standin).exits(0);
            let line = format!("{remove} --service web --include-schedules --yes");
            calls.entry(true).or_default().extend(actions(&standin, &[&line]));
        }
    }
    calls
}

#[test]
fn every_call_is_allowed_and_everything_allowed_is_called() {
    // Deployments are polled every few seconds, whichever command started them.
    std::thread::scope(|scope| {
        // The terminal that tests type at is Linux's.
        let testable = |command: &Command| *command != Command::Wizard || cfg!(target_os = "linux");
        for command in Command::ALL.into_iter().filter(testable) {
            scope.spawn(move || compare(command));
        }
    });
}

/// Compares the calls that a command makes with its policy.
fn compare(command: Command) {
    let calls = calls_of(command);
    let called: BTreeSet<&str> = calls.values().flatten().map(String::as_str).collect();
    for schedules in [false, true] {
        let include = if schedules { " --include-schedules" } else { "" };
        let policy = Sidetap::new(&format!("policy {}{include}", command.name())).exits(0).json();
        let allowed = allowed(&policy);
        let made = calls.get(&schedules).cloned().unwrap_or_default();
        let missing: Vec<&String> = made.iter().filter(|action| !allowed.contains(*action)).collect();
        assert!(missing.is_empty(), "`{}{include}` calls what its policy lacks: {missing:?}", command.name());
    }
    for permission in PERMISSIONS.iter().filter(|permission| permission.commands.contains(&command)) {
        let action = permission.action;
        match permission.not_called {
            Some(reason) => assert!(!called.contains(action) && !reason.is_empty(), "{action} is called"),
            None => assert!(called.contains(action), "`{}` never calls {action}", command.name()),
        }
        assert!(permission.when == When::Always || command != Command::List);
    }
}

fn allowed(policy: &Value) -> BTreeSet<String> {
    let statements = policy["Statement"].as_array().unwrap();
    let actions = statements.iter().flat_map(|statement| statement["Action"].as_array().unwrap());
    actions.map(|action| action.as_str().unwrap().to_owned()).collect()
}

const LINTER: &str = r#"
import json, parliament, re, sys
from policy_sentry.querying.actions import get_action_data

policy = json.load(sys.stdin)
for finding in parliament.analyze_policy_string(json.dumps(policy)).findings:
    # Its table lacks the newest actions; the one asked below has them, and fails on what it does not know.
    if finding.issue == "UNKNOWN_ACTION":
        continue
    # ListTasks knows container instances as resources, and is asked for a service's tasks.
    if finding.issue == "RESOURCE_STAR" and finding.detail == ["ecs:ListTasks"]:
        continue
    # Without an account and a region, that is what ARNs look like.
    if finding.issue == "RESOURCE_EFFECTIVELY_STAR" and "narrow" not in sys.argv:
        continue
    print(finding.issue, finding.detail)

def kind(arn):
    return re.split("[/:]", arn.split(":", 5)[5])[0]

for statement in policy["Statement"]:
    for action in statement["Action"]:
        service, name = action.split(":")
        rows = get_action_data(service, name)[service]
        kinds = [kind(row["resource_arn_format"]) for row in rows if row["resource_arn_format"] != "*"]
        for resource in statement["Resource"]:
            if resource == "*":
                anywhere = not kinds or "*" in [row["resource_arn_format"] for row in rows]
                if not anywhere:
                    print(action, "could be narrowed to", kinds)
            elif kind(resource) not in kinds:
                print(action, "knows no", resource)
        keys = {key for row in rows for key in row["condition_keys"]}
        for key in [key for block in statement.get("Condition", {}).values() for key in block]:
            if key not in keys:
                print(action, "knows no", key)
"#;

#[test]
fn linters_that_we_did_not_write_find_nothing() {
    let Some(python) = Python::prepared("policy") else { return };
    for (line, narrow) in [
        ("policy --include-schedules", "open"),
        ("policy --cluster main", "open"),
        ("policy --cluster main --account 123456789012 --region eu-west-1 --include-schedules", "narrow"),
        ("policy list --account 123456789012 --region us-gov-west-1", "narrow"),
    ] {
        let policy = Sidetap::new(line).exits(0).stdout();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), policy).unwrap();
        let input = std::fs::File::open(file.path()).unwrap();
        let output = python.program("python").args(["-c", LINTER, narrow]).stdin(input).output().expect("python runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(said.trim(), "", "sidetap {line}");
    }
}
