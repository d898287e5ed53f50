//! What runs a task definition on a schedule: found, told of, and changed on request without losing a field.

use serde_json::{Value, json};
use standin::{ACCOUNT, Fault, REGION, Script, Standin};

use crate::support::{Sidetap, snapshot, task_definition};

const INJECT: &str = "inject --cluster main --service web --image i --yes";

fn cluster(name: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{name}")
}

fn revision(number: u32) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/web:{number}")
}

/// A rule's target with everything that EventBridge knows of, and something that it does not know yet.
fn target(id: &str, task_definition: &str) -> Value {
    json!({
        "Id": id,
        "Arn": cluster("main"),
        "RoleArn": "arn:aws:iam::123456789012:role/events",
        "Input": "{\"containerOverrides\": [{\"name\": \"app\", \"command\": [\"a b\", \"é\"]}]}",
        "EcsParameters": {
            "TaskDefinitionArn": task_definition,
            "TaskCount": 2,
            "LaunchType": "FARGATE",
            "NetworkConfiguration": { "awsvpcConfiguration": { "Subnets": ["subnet-1"], "AssignPublicIp": "ENABLED" } },
            "EnableECSManagedTags": false,
            "Tags": [{ "Key": "a", "Value": "" }],
            "FutureField": { "deep": [1, 2.5, null] }
        },
        "DeadLetterConfig": {},
        "RetryPolicy": { "MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60 },
        "FutureTop": []
    })
}

/// A service that runs `web:7`, whose family has been registered seven times.
fn world() -> Standin {
    let standin = Standin::start();
    for _ in 0..6 {
        standin.task_definition(task_definition("web"));
    }
    standin.service("main", "web", task_definition("web"));
    standin
}

/// With a rule and a schedule for the base revision and for each other way to name the family.
fn world_on_schedule() -> Standin {
    let standin = world();
    standin.around(|around| {
        around.events.buses.push("orders".to_owned());
        around.events.rule("nightly", [target("other", &revision(3)), target("run", &revision(7))]);
        around.events.rule("hourly", [target("run", "web")]);
        around.events.rule("unrelated", [target("run", "web-admin:7"), json!({ "Id": "q", "Arn": "arn:aws:sqs:q" })]);
        around.events.rule("on-order", [target("run", "web:7")]).bus = "orders".to_owned();
        let mut on_schedule = target("", &revision(7));
        on_schedule.as_object_mut().unwrap().remove("Id");
        let schedule = around.scheduler.schedule("reports", "weekly", on_schedule.clone());
        schedule["StartDate"] = json!(1_762_000_000.123);
        schedule["Description"] = Value::Null;
        schedule["ActionAfterCompletion"] = json!("NONE");
        schedule["FutureField"] = json!({ "x": "" });
        on_schedule["EcsParameters"]["TaskDefinitionArn"] = json!(revision(2));
        around.scheduler.schedule("default", "old", on_schedule);
        let input = json!({ "Cluster": "main", "TaskDefinition": "web:7" }).to_string();
        let universal = json!({ "Arn": "arn:aws:scheduler:::aws-sdk:ecs:runTask", "RoleArn": "r", "Input": input });
        around.scheduler.schedule("default", "universal", universal);
        around.scheduler.schedule("default", "lambda", json!({ "Arn": "arn:aws:lambda:x", "RoleArn": "r" }));
    });
    standin
}

fn rule_targets(standin: &Standin, rule: &str) -> Vec<Value> {
    standin.around(|around| around.events.rules.iter().find(|other| other.name == rule).unwrap().targets.clone())
}

fn schedule(standin: &Standin, group: &str, name: &str) -> Value {
    standin.around(|around| around.scheduler.find(group, name).unwrap().clone())
}

#[test]
fn a_plan_tells_what_runs_the_task_definition_on_a_schedule() {
    let standin = world_on_schedule();
    let finished = Sidetap::new("inject --cluster main --service web --image i --dry-run").against(&standin).exits(0);
    snapshot("schedules-told", &finished.stdout());
    assert!(standin.calls_of("PutTargets").is_empty() && standin.calls_of("UpdateSchedule").is_empty());
    // Only schedules that run tasks are looked at.
    assert_eq!(standin.calls_of("GetSchedule").len(), 3);
}

#[test]
fn without_being_asked_nothing_on_a_schedule_is_changed() {
    let standin = world_on_schedule();
    Sidetap::new(INJECT).against(&standin).exits(0).stdout_has("will go on running that revision");
    assert!(standin.calls_of("PutTargets").is_empty() && standin.calls_of("UpdateSchedule").is_empty());
}

#[test]
fn what_names_the_base_revision_is_pointed_at_the_new_one_and_keeps_every_field() {
    let standin = world_on_schedule();
    let before = schedule(&standin, "reports", "weekly");
    let finished = Sidetap::new(&format!("{INJECT} --include-schedules")).against(&standin).exits(0);
    snapshot("schedules-included", &finished.stdout());

    let nightly = rule_targets(&standin, "nightly");
    assert_eq!(nightly, [target("other", &revision(3)), target("run", &revision(8))]);
    assert_eq!(rule_targets(&standin, "on-order"), [target("run", &revision(8))]);
    assert_eq!(rule_targets(&standin, "hourly"), [target("run", "web")]);
    let mut expected = before;
    expected["Target"]["EcsParameters"]["TaskDefinitionArn"] = json!(revision(8));
    expected["Target"]["EcsParameters"]["FutureField"]["deep"] = json!([1, 2.5, null]);
    expected.as_object_mut().unwrap().remove("Description");
    assert_eq!(schedule(&standin, "reports", "weekly"), expected);
    assert_eq!(schedule(&standin, "default", "old")["Target"]["EcsParameters"]["TaskDefinitionArn"], revision(2));

    // The service comes first: what it cannot run is not put on a schedule.
    let order: Vec<String> = standin.calls().into_iter().map(|call| call.operation).collect();
    let at = |operation: &str| order.iter().position(|other| other == operation).unwrap();
    assert!(at("UpdateService") < at("PutTargets").min(at("UpdateSchedule")), "{order:?}");
    for call in standin.calls() {
        assert_eq!((call.signature_fault.as_deref(), call.length_ok), (None, true), "{}", call.operation);
    }
}

#[test]
fn a_saved_plan_says_what_is_to_be_pointed_elsewhere() {
    let standin = world_on_schedule();
    let plan = tempfile::NamedTempFile::new().unwrap();
    let path = plan.path().to_str().unwrap();
    let line = format!("inject --cluster main --service web --image i --include-schedules --dry-run --out {path}");
    Sidetap::new(&line).against(&standin).exits(0);
    Sidetap::new(&format!("apply {path} --yes")).against(&standin).exits(0);
    assert_eq!(rule_targets(&standin, "nightly")[1], target("run", &revision(8)));
}

#[test]
fn a_task_definition_is_looked_for_in_every_cluster() {
    let standin = world();
    standin.cluster("batch");
    let mut elsewhere = target("run", &revision(7));
    elsewhere["Arn"] = json!(cluster("batch"));
    standin.around(|around| around.events.rule("batch-rule", [elsewhere]).name.clone());
    let line = "inject --task-definition web --image i --yes --include-schedules";
    Sidetap::new(line).against(&standin).exits(0).stdout_has("batch-rule");
    assert_eq!(rule_targets(&standin, "batch-rule")[0]["EcsParameters"]["TaskDefinitionArn"], revision(8));
}

#[test]
fn a_missing_permission_is_one_warning_and_stops_nothing() {
    let standin = world_on_schedule();
    standin.fault(Fault::Deny { operation: "ListEventBuses" }).fault(Fault::Deny { operation: "GetSchedule" });
    standin.service("main", "api", task_definition("api"));
    let finished =
        Sidetap::new("inject --cluster main --all-services --image i --yes --no-wait").against(&standin).exits(0);
    let stderr = finished.stderr() + &finished.stdout();
    for text in ["whether EventBridge rules run what is changed", "whether EventBridge schedules run what is changed"] {
        assert_eq!(stderr.matches(text).count(), 1, "{finished}");
    }
}

#[test]
fn what_cannot_be_changed_makes_the_run_partly_done() {
    let standin = world_on_schedule();
    standin.around(|around| around.events.failing_targets.push("run".to_owned()));
    let line = format!("{INJECT} --include-schedules --output json");
    let results = Sidetap::new(&line).against(&standin).exits(3).json();
    let result = &results["results"][0];
    assert_eq!(result["outcome"], "succeeded");
    let schedules = result["schedules"].as_array().unwrap();
    let by = |name: &str| schedules.iter().find(|schedule| schedule["name"] == name).unwrap();
    assert!(by("nightly")["error"].as_str().unwrap().contains("Internal failure, try again. (InternalFailure)"));
    assert_eq!(by("weekly")["task_definition"], revision(8));
    assert_eq!(rule_targets(&standin, "nightly")[1], target("run", &revision(7)));
}

#[test]
fn what_was_changed_since_the_plan_is_left_alone() {
    let standin = world_on_schedule();
    let plan = tempfile::NamedTempFile::new().unwrap();
    let path = plan.path().to_str().unwrap();
    let line = format!("inject --cluster main --service web --image i --include-schedules --dry-run --out {path}");
    Sidetap::new(&line).against(&standin).exits(0);
    standin.around(|around| {
        around.events.rules.iter_mut().find(|rule| rule.name == "on-order").unwrap().targets.clear();
        let weekly = around.scheduler.find("reports", "weekly").unwrap();
        weekly["Target"]["EcsParameters"]["TaskDefinitionArn"] = json!("web:5");
    });
    let finished = Sidetap::new(&format!("apply {path} --yes")).against(&standin).exits(3);
    let finished = finished.stdout_has("it is gone").stdout_has("it now runs `web:5`");
    assert_eq!(schedule(&standin, "reports", "weekly")["Target"]["EcsParameters"]["TaskDefinitionArn"], "web:5");
    assert_eq!(rule_targets(&standin, "nightly")[1], target("run", &revision(8)), "{finished}");
}

#[test]
fn a_rule_of_another_owner_is_told_of() {
    let standin = world();
    standin.around(|around| around.events.rule("managed", [target("run", &revision(7))]).managed = true);
    let finished = Sidetap::new(&format!("{INJECT} --include-schedules")).against(&standin).exits(3);
    finished.stdout_has("Rule managed is managed by an AWS service.");
}

#[test]
fn a_failed_deployment_leaves_schedules_as_they_were() {
    let standin = world_on_schedule();
    standin.script("web", [Script::Fails]);
    let finished = Sidetap::new(&format!("{INJECT} --include-schedules")).against(&standin).exits(6);
    finished.stdout_has("3 rules or schedules were left as they were");
    assert!(standin.calls_of("PutTargets").is_empty() && standin.calls_of("UpdateSchedule").is_empty());
}

#[test]
fn many_pages_are_read_to_their_end() {
    let standin = world();
    standin.around(|around| {
        for number in 0..150 {
            around.events.rule(&format!("rule-{number}"), [target("run", "another:1")]);
            around.scheduler.schedule("default", &format!("schedule-{number}"), json!({ "Arn": "arn:aws:lambda:x" }));
        }
        around.events.rule("last", [target("run", &revision(7))]);
        let on_schedule = json!({ "Arn": cluster("other"), "EcsParameters": { "TaskDefinitionArn": "web" } });
        around.scheduler.schedule("default", "last", on_schedule);
    });
    let finished = Sidetap::new("inject --cluster main --service web --image i --dry-run").against(&standin).exits(0);
    finished.stdout_has("rule `last`").stdout_has("schedule `default/last`");
}

#[test]
fn a_change_whose_answer_was_lost_is_read_again_and_what_cannot_be_read_is_not_known() {
    // The answers are lost, and the changes arrived.
    let standin = world_on_schedule();
    for operation in ["PutTargets", "UpdateSchedule"] {
        standin.fault(Fault::LoseReply { operation, times: 9 });
    }
    let finished = Sidetap::new(&format!("{INJECT} --include-schedules")).against(&standin).exits(0);
    finished.stdout_has("`nightly` now runs web:8").stdout_has("`reports/weekly` now runs web:8");

    // After the change nothing can be read any more.
    let standin = world_on_schedule();
    let meanwhile = standin.clone();
    standin.delay(std::time::Duration::from_millis(40));
    let other = std::thread::spawn(move || {
        crate::support::wait_for(&meanwhile, "UpdateSchedule", 1);
        meanwhile.fault(Fault::Deny { operation: "GetSchedule" });
    });
    let line = format!("{INJECT} --include-schedules --output json");
    let results = Sidetap::new(&line).against(&standin).exits(3).json();
    other.join().unwrap();
    let result = &results["results"][0];
    let weekly = result["schedules"].as_array().unwrap().iter().find(|schedule| schedule["name"] == "weekly").unwrap();
    assert_eq!((&weekly["unconfirmed"], &weekly["task_definition"]), (&json!(true), &Value::Null), "{weekly}");
    assert!(result["notes"].to_string().contains("`reports/weekly` was pointed at the new revision is not known"));
}
