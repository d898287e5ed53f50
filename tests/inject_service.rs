//! `sidetap inject` on services, against the stand-in.

use serde_json::{Value, json};
use standin::{Fault, Standin};

use crate::support::{Sidetap, registrable, snapshot, task_definition};

fn tag(tags: &Value, key: &str) -> Option<String> {
    let tag = tags.as_array()?.iter().find(|tag| tag["key"] == key)?;
    tag["value"].as_str().map(str::to_owned)
}

fn names(definition: &Value) -> Vec<String> {
    let containers = definition["containerDefinitions"].as_array().expect("containers");
    containers.iter().map(|container| container["name"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_service_gets_a_revision_of_what_it_runs_and_both_are_tagged() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    let line = "inject --cluster main --service web --image example/sidetap:1 --yes";
    let finished = Sidetap::new(line).against(&standin).exits(0);
    snapshot("inject-service-stdout", &finished.stdout());
    snapshot("inject-service-stderr", &finished.stderr());

    let registered = standin.describe("web:2");
    assert_eq!(names(&registered["taskDefinition"]), ["app", "sidetap-sensor"]);
    let plan_id = tag(&registered["tags"], "sidetap:plan-id").expect("the revision is tagged");
    assert!(tag(&registered["tags"], "sidetap:created-by").unwrap().starts_with("sidetap "));

    let arn = registered["taskDefinition"]["taskDefinitionArn"].clone();
    let update = &standin.calls_of("UpdateService")[0].body;
    let service_arn = "arn:aws:ecs:eu-west-1:123456789012:service/main/web";
    let cluster_arn = "arn:aws:ecs:eu-west-1:123456789012:cluster/main";
    assert_eq!(*update, json!({"cluster": cluster_arn, "service": service_arn, "taskDefinition": arn}));

    let tags = standin.service_json("web")["tags"].clone();
    assert_eq!(tag(&tags, "sidetap:plan-id"), Some(plan_id));
    assert_eq!(tag(&tags, "sidetap:previous-task-definition").as_deref(), Some("web:1"));
    assert_eq!(tag(&tags, "sidetap:sidecar").as_deref(), Some("sidetap-sensor"));
    assert!(tag(&tags, "sidetap:modified-by").unwrap().starts_with("sidetap "));
}

#[test]
fn every_call_is_signed_and_whole_also_when_it_is_repeated() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    standin.fault(Fault::Throttle { operation: "RegisterTaskDefinition", times: 2 });
    standin.fault(Fault::Throttle { operation: "DescribeServices", times: 1 });
    Sidetap::new("inject --cluster main --service web --image i --yes").against(&standin).exits(0);
    let registrations = standin.calls_of("RegisterTaskDefinition");
    assert_eq!(registrations.len(), 3);
    assert!(registrations.windows(2).all(|pair| pair[0].body == pair[1].body), "every attempt sends the same body");
    for call in standin.calls() {
        assert_eq!(call.signature_fault, None, "{}", call.operation);
        assert!(call.length_ok, "{}", call.operation);
    }
}

#[test]
fn fields_that_no_sdk_knows_arrive_unchanged() {
    let standin = Standin::start();
    let mut definition = task_definition("web");
    definition["futureTop"] = json!({"nested": [1, 2.5, "x", {"deep": null}]});
    definition["containerDefinitions"][0]["futureField"] = json!({"a": ""});
    definition["containerDefinitions"][0]["restartPolicy"] = json!({"enabled": true, "zNew": 9});
    definition["enableFaultInjection"] = json!(true);
    standin.service("main", "web", definition);
    Sidetap::new("inject --cluster main --service web --image i --register-only --yes").against(&standin).exits(0);

    let before = registrable(&standin.describe("web:1")["taskDefinition"]);
    let body = standin.calls_of("RegisterTaskDefinition")[0].body.clone();
    let mut sent = body;
    let tags = sent.as_object_mut().unwrap().remove("tags").unwrap();
    assert_eq!(tags.as_array().unwrap().len(), 2);
    let containers = sent["containerDefinitions"].as_array_mut().unwrap();
    assert_eq!(containers.pop().unwrap()["name"], "sidetap-sensor");
    assert_eq!(sent, before);
}

#[test]
fn the_tags_of_the_revision_are_carried_over_but_for_reserved_ones() {
    let standin = Standin::start();
    let mut definition = task_definition("web");
    definition["tags"] = json!([{"key": "team", "value": "checkout"}]);
    standin.service("main", "web", definition);
    Sidetap::new("inject --cluster main --service web --image i --register-only --yes").against(&standin).exits(0);
    let describe = &standin.calls_of("DescribeTaskDefinition")[0].body;
    assert_eq!(describe["include"], json!(["TAGS"]));
    assert_eq!(tag(&standin.describe("web:2")["tags"], "team").as_deref(), Some("checkout"));
}

#[test]
fn the_base_is_what_the_service_runs_and_never_the_newest() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    let mut newer = task_definition("web");
    newer["containerDefinitions"][0]["image"] = json!("example/web:not-yet-deployed");
    standin.task_definition(newer);
    let line = "inject --cluster main --service web --image i --register-only --yes";
    Sidetap::new(line).against(&standin).exits(0).stdout_has("the family has a newer revision, web:2");
    assert_eq!(standin.describe("web:3")["taskDefinition"]["containerDefinitions"][0]["image"], "example/web:1");
}

#[test]
fn services_are_left_out_by_name_and_pattern() {
    let standin = Standin::start();
    for name in ["api", "api-canary", "web", "web-canary", "batch"] {
        standin.service("main", name, task_definition(name));
    }
    let line = "inject --cluster main --all-services --image i --dry-run --output json";
    let plan = Sidetap::new(&format!("{line} --exclude-service *-canary --exclude-service batch"));
    let plan = plan.against(&standin).exits(0).json();
    let arns = plan["targets"].as_array().unwrap().iter().map(|target| target["service_arn"].as_str().unwrap());
    let left: Vec<&str> = arns.map(|arn| arn.rsplit('/').next().unwrap()).collect();
    assert_eq!(left, ["api", "web"]);
    let described = standin.calls_of("DescribeServices");
    assert_eq!(described[0].body["services"].as_array().unwrap().len(), 2, "the others are not even read");
}

#[test]
fn an_exclusion_that_fits_nothing_may_be_a_mistake_and_ends_the_run() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    let line = "inject --cluster main --all-services --image i --yes --exclude-service";
    let finished = Sidetap::new(&format!("{line} wbe")).against(&standin).exits(1);
    finished.stderr_has("there is no service `wbe` in cluster `main`").stderr_has("did you mean `web`?");
    let finished = Sidetap::new(&format!("{line} *-canry")).against(&standin).exits(1);
    finished.stderr_has("there is no service like `*-canry` in cluster `main`");
    assert!(standin.calls_of("RegisterTaskDefinition").is_empty());
    let named = "inject --cluster main --service web --image i --yes --exclude-service web";
    Sidetap::new(named).against(&standin).exits(64);
}

#[test]
fn injecting_again_registers_nothing() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    let line = "inject --cluster main --service web --image i --env B=2 --env A=1 --yes";
    Sidetap::new(line).against(&standin).exits(0);
    let again = Sidetap::new(line).against(&standin).exits(0);
    again.stdout_has("nothing to change");
    assert_eq!(standin.calls_of("RegisterTaskDefinition").len(), 1);
    assert_eq!(standin.calls_of("UpdateService").len(), 1);
}

#[test]
fn a_lost_answer_makes_no_second_revision() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    standin.fault(Fault::LoseReply { operation: "RegisterTaskDefinition", times: 1 });
    standin.fault(Fault::LoseReply { operation: "UpdateService", times: 1 });
    Sidetap::new("inject --cluster main --service web --image i --yes").against(&standin).exits(0).stdout_has("web:2");
    assert_eq!(standin.calls_of("RegisterTaskDefinition").len(), 1);
    assert!(standin.service_json("web")["taskDefinition"].as_str().unwrap().ends_with("web:2"));
}

#[test]
fn a_run_that_was_cut_off_after_registering_goes_on_with_that_revision() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    let line = "inject --cluster main --service web --image i --yes";
    Sidetap::new(&format!("{line} --register-only")).against(&standin).exits(0);
    Sidetap::new(line).against(&standin).exits(0).stdout_has("web:2");
    assert_eq!(standin.calls_of("RegisterTaskDefinition").len(), 1);
}

#[test]
fn services_that_others_deploy_are_registered_only_and_the_way_on_is_told() {
    let standin = Standin::start();
    for (name, controller) in [("blue", "CODE_DEPLOY"), ("own", "EXTERNAL")] {
        standin.service("main", name, task_definition(name));
        standin.edit_service(name, json!({"deploymentController": {"type": controller}}));
    }
    // A service of task sets need not name a task definition itself.
    let arn = standin.service_json("own")["taskDefinition"].clone();
    let sets = json!([{"id": "ecs-svc/1", "status": "PRIMARY", "taskDefinition": arn}]);
    standin.edit_service("own", json!({"taskDefinition": null, "taskSets": sets}));
    standin.edit_service("blue", json!({"loadBalancers": [{"containerName": "app", "containerPort": 8080}]}));
    let line = "inject --cluster main --service blue --service own --image i --yes";
    let finished = Sidetap::new(line).against(&standin).exits(0);
    let finished = finished.stdout_has("aws deploy create-deployment").stdout_has("aws ecs create-task-set");
    finished.stdout_has("\\\"ContainerPort\\\":8080");
    assert!(standin.calls_of("UpdateService").is_empty());
    assert_eq!(standin.calls_of("RegisterTaskDefinition").len(), 2);
}

#[test]
fn services_that_must_not_be_changed_are_refused_with_the_reason() {
    let standin = Standin::start();
    for name in ["express", "draining", "windows", "bridge", "good"] {
        let mut definition = task_definition(name);
        if name == "windows" {
            definition["runtimePlatform"] = json!({"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"});
        }
        if name == "bridge" {
            definition["requiresCompatibilities"] = json!(["EC2"]);
            definition["networkMode"] = json!("bridge");
        }
        standin.service("main", name, definition);
    }
    standin.edit_service("express", json!({"resourceManagementType": "ECS"}));
    standin.edit_service("draining", json!({"status": "DRAINING"}));
    for (name, says) in [
        ("express", "it is an Express service"),
        ("draining", "the service is DRAINING"),
        ("windows", "it runs on Windows"),
        ("bridge", "its network mode is `bridge`"),
    ] {
        let line = format!("inject --cluster main --service {name} --image i --yes");
        Sidetap::new(&line).against(&standin).exits(5).stderr_has(says);
    }
    let line = "inject --cluster main --all-services --image i --yes";
    Sidetap::new(line).against(&standin).exits(5).stderr_has("`--keep-going` changes the others");
    assert!(standin.calls_of("RegisterTaskDefinition").is_empty(), "nothing is registered before all is known");
    let finished = Sidetap::new(&format!("{line} --keep-going")).against(&standin).exits(3);
    finished.stdout_has("deployed");
    assert_eq!(standin.calls_of("UpdateService").len(), 1);
}

#[test]
fn all_services_can_be_narrowed_down_by_tags() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web")).service("main", "api", task_definition("api"));
    let line =
        "inject --cluster main --all-services --service-tag sidetap:sidecar=sidetap-sensor --image i:2 --yes --no-wait";
    Sidetap::new(line).against(&standin).exits(0).stdout_has("nothing to change");
    Sidetap::new("inject --cluster main --service web --image i:1 --yes").against(&standin).exits(0);
    Sidetap::new(line).against(&standin).exits(0).stdout_has("deployment started");
    assert_eq!(standin.calls_of("UpdateService").len(), 2);
}

#[test]
fn a_task_definition_alone_is_registered_and_no_service_touched() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    let line = "inject --task-definition web --image i --yes --output json";
    let result = Sidetap::new(line).against(&standin).exits(0).json();
    assert_eq!(result["results"][0]["outcome"], "registered");
    assert!(result["results"][0]["task_definition"].as_str().unwrap().ends_with("web:2"));
    assert!(standin.calls_of("UpdateService").is_empty());
}

#[test]
fn services_of_one_revision_share_the_new_one() {
    let standin = Standin::start();
    let arn = standin.task_definition(task_definition("shared"));
    standin.service_of("main", "blue", &arn).service_of("main", "green", &arn);
    Sidetap::new("inject --cluster main --all-services --image i --yes").against(&standin).exits(0);
    assert_eq!(standin.calls_of("RegisterTaskDefinition").len(), 1);
    assert_eq!(standin.calls_of("UpdateService").len(), 2);
}

#[test]
fn what_cannot_be_registered_leaves_every_service_alone() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web")).service("main", "api", task_definition("api"));
    standin.fault(Fault::Deny { operation: "RegisterTaskDefinition" });
    let line = "inject --cluster main --all-services --image i --yes";
    Sidetap::new(line).against(&standin).exits(4).stdout_has("not started");
    assert!(standin.calls_of("UpdateService").is_empty());
}

#[test]
fn a_service_with_a_short_arn_is_updated_and_not_tagged() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    standin.edit_service("web", json!({"serviceArn": "arn:aws:ecs:eu-west-1:123456789012:service/web"}));
    let line = "inject --cluster main --service web --image i --yes";
    Sidetap::new(line).against(&standin).exits(0).stdout_has("short ARN, which cannot be tagged");
    assert!(standin.calls_of("TagResource").is_empty());
}

#[test]
fn a_service_that_cannot_be_tagged_is_updated_all_the_same() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web")).fault(Fault::Deny { operation: "TagResource" });
    let line = "inject --cluster main --service web --image i --yes";
    Sidetap::new(line).against(&standin).exits(0).stdout_has("the service is not tagged");
}

#[test]
fn results_are_one_json_document() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    let line = "inject --cluster main --service web --image i --yes --output json";
    let result = Sidetap::new(line).against(&standin).exits(0).json();
    assert_eq!(result["account"], "123456789012");
    let web = &result["results"][0];
    assert_eq!((&web["target"], &web["outcome"]), (&json!("web"), &json!("succeeded")));
    assert!(web["previous_task_definition"].as_str().unwrap().ends_with("web:1"));
    let unchanged = Sidetap::new(line).against(&standin).exits(0).json();
    assert_eq!(unchanged["results"][0]["outcome"], "unchanged");
}

#[test]
fn a_sidecar_of_ones_own_is_the_same_after_ecs_has_filled_it_in() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    let own = json!({
        "name": "own", "image": "i", "memory": 64, "memoryReservation": 32,
        "portMappings": [{"containerPort": 9000}],
        "healthCheck": {"command": ["CMD", "true"]}
    });
    let line = "inject --cluster main --service web --sidecar - --yes --no-wait";
    Sidetap::new(line).against(&standin).stdin(&own.to_string()).exits(0);
    let registered = standin.describe("web:2")["taskDefinition"]["containerDefinitions"][1].clone();
    assert_eq!((&registered["memory"], &registered["memoryReservation"]), (&json!(64), &json!(32)));
    let again = Sidetap::new(line).against(&standin).stdin(&own.to_string()).exits(0);
    again.stdout_has("nothing to change");
}

#[test]
fn a_service_on_fargate_grows_along_the_table_whatever_its_definition_says() {
    let standin = Standin::start();
    let mut definition = task_definition("web");
    definition["requiresCompatibilities"] = json!([]);
    definition["containerDefinitions"][0]["cpu"] = json!(256);
    standin.service("main", "web", definition);
    let line = "inject --cluster main --service web --image i --grow-task --yes --register-only";
    Sidetap::new(line).against(&standin).exits(0);
    let registered = standin.describe("web:2")["taskDefinition"].clone();
    assert_eq!((&registered["cpu"], &registered["memory"]), (&json!("512"), &json!("1024")));
}

#[test]
fn an_inactive_base_and_an_older_one_are_warned_of() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    let arn = standin.service_json("web")["taskDefinition"].as_str().unwrap().to_owned();
    standin.deregister(&arn);
    let line = "inject --cluster main --service web --image i --dry-run";
    Sidetap::new(line).against(&standin).exits(0).stdout_has("web:1 is inactive: once it is replaced");
    standin.task_definition(task_definition("web"));
    let line = "inject --task-definition web:1 --image i --dry-run";
    Sidetap::new(line).against(&standin).exits(0).stdout_has("the family has a newer revision, web:2");
}

#[test]
fn a_service_that_starts_to_drain_after_planning_is_left_alone() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    standin.delay(std::time::Duration::from_millis(60));
    let draining = standin.clone();
    let other = std::thread::spawn(move || {
        while draining.calls_of("RegisterTaskDefinition").is_empty() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        draining.edit_service("web", json!({"status": "DRAINING"}));
    });
    let line = "inject --cluster main --service web --image i --yes";
    Sidetap::new(line).against(&standin).exits(5).stderr_has("the service is DRAINING");
    other.join().unwrap();
    assert!(standin.calls_of("UpdateService").is_empty());
}

#[test]
fn who_wants_it_quiet_and_has_agreed_is_told_what_came_of_it_and_not_the_plan() {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    let line = "inject --cluster main --service web --image i --yes -q";
    let finished = Sidetap::new(line).against(&standin).exits(0).stdout_has("web");
    assert!(!finished.stdout().contains("Plan "), "{finished}");
    let line = "rollback --cluster main --service web --yes -q";
    let finished = Sidetap::new(line).against(&standin).exits(0).stdout_has("web");
    assert!(finished.stdout().lines().count() < 4, "{finished}");
}
