//! Services that CodeDeploy deploys: the AppSpec, and the command with the application and group that they really have.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};
use standin::{Fault, Standin};

use crate::support::{Python, Sidetap, snapshot, task_definition};

const INJECT: &str = "inject --cluster main --service shop --image example/sidetap:1 --yes";

/// A service behind a load balancer, whose tasks this deployment made.
fn with_shop(deployment: Option<&str>) -> Standin {
    let standin = Standin::start();
    standin.service("main", "shop", task_definition("shop"));
    let set = json!({
        "id": "ecs-svc/1",
        "status": "PRIMARY",
        "startedBy": "CODE_DEPLOY",
        "externalId": deployment,
        "taskDefinition": standin.service_json("shop")["taskDefinition"],
        "platformVersion": "1.4.0",
        "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "base": 0, "weight": 2}],
        "loadBalancers": [{"containerName": "app", "containerPort": 8080}]
    });
    standin.edit_service("shop", json!({"deploymentController": {"type": "CODE_DEPLOY"}, "taskSets": [set]}));
    standin
}

/// An AppSpec with hooks, as a user has it.
fn with_hooks() -> Value {
    json!({
        "version": 0.0,
        "Resources": [{"TargetService": {"Type": "AWS::ECS::Service", "Properties": {
            "TaskDefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:1",
            "LoadBalancerInfo": {"ContainerName": "app", "ContainerPort": 8080}
        }}}],
        "Hooks": [{"BeforeAllowTraffic": "validate-it's-fine"}]
    })
}

fn revision(app_spec: &Value) -> Value {
    json!({"revisionType": "AppSpecContent", "appSpecContent": {"content": app_spec.to_string()}})
}

/// Reads the results as botocore would the command, and as CodeDeploy's reference describes an AppSpec.
fn check(results: &Value) {
    const CHECK: &str = include_str!("emit/code_deploy_check.py");
    let Some(python) = Python::prepared("botocore") else { return };
    let mut process = python
        .program("python")
        .args(["-c", CHECK])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python runs");
    process.stdin.take().expect("a pipe").write_all(results.to_string().as_bytes()).expect("written");
    let output = process.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "1", "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_command_names_the_real_application_and_group_and_keeps_the_hooks() {
    let standin = with_shop(Some("d-ABCDEFGH1"));
    let app_spec = with_hooks();
    standin.around(|around| around.code_deploy.deployment("d-ABCDEFGH1", "shop app", "blue", revision(&app_spec)));
    let finished = Sidetap::new(INJECT).against(&standin).exits(0);
    snapshot("inject-code-deploy", &finished.stdout());
    assert!(standin.calls_of("UpdateService").is_empty());

    let standin = with_shop(Some("d-ABCDEFGH1"));
    standin.around(|around| around.code_deploy.deployment("d-ABCDEFGH1", "shop app", "blue", revision(&app_spec)));
    let results = Sidetap::new(&format!("{INJECT} --output json")).against(&standin).exits(0).json();
    let result = &results["results"][0];
    assert_eq!(result["app_spec"]["Hooks"], app_spec["Hooks"]);
    let new = &result["app_spec"]["Resources"][0]["TargetService"]["Properties"]["TaskDefinition"];
    assert_eq!(new, &result["task_definition"]);
    assert!(result["deploy_command"].as_str().unwrap().contains("--application-name 'shop app'"), "{result}");
    assert_eq!(result["notes"], json!([]));
    check(&results);
}

#[test]
fn without_its_last_deployment_the_names_are_guessed_and_that_is_said() {
    for (deployment, denied) in [(None, false), (Some("d-GONE"), false), (Some("d-ABCDEFGH1"), true)] {
        let standin = with_shop(deployment);
        standin.around(|around| around.code_deploy.deployment("d-ABCDEFGH1", "shop", "blue", revision(&with_hooks())));
        if denied {
            standin.fault(Fault::Deny { operation: "GetDeployment" });
        }
        let results = Sidetap::new(&format!("{INJECT} --output json")).against(&standin).exits(0).json();
        let result = &results["results"][0];
        assert_eq!(result["outcome"], "registered");
        let command = result["deploy_command"].as_str().unwrap();
        assert!(command.contains("--application-name AppECS-main-shop --deployment-group-name DgpECS-main-shop"));
        let notes = result["notes"].to_string();
        assert!(notes.contains("are guessed, as the ECS console gives them: ") && notes.contains("add the hooks"));
        assert_eq!(
            result["app_spec"]["Resources"][0]["TargetService"]["Properties"],
            json!({
                "TaskDefinition": result["task_definition"],
                "LoadBalancerInfo": {"ContainerName": "app", "ContainerPort": 8080},
                "PlatformVersion": "1.4.0",
                "CapacityProviderStrategy": [{"Base": 0, "CapacityProvider": "FARGATE_SPOT", "Weight": 2}]
            })
        );
        check(&results);
    }
}

#[test]
fn an_app_spec_that_cannot_be_read_is_made_anew_with_the_real_names() {
    let standin = with_shop(Some("d-ABCDEFGH1"));
    let in_s3 =
        json!({"revisionType": "S3", "s3Location": {"bucket": "b", "key": "appspec.yaml", "bundleType": "YAML"}});
    standin.around(|around| around.code_deploy.deployment("d-ABCDEFGH1", "shop", "blue", in_s3));
    let results = Sidetap::new(&format!("{INJECT} --output json")).against(&standin).exits(0).json();
    let result = &results["results"][0];
    assert!(
        result["deploy_command"].as_str().unwrap().contains("--application-name shop --deployment-group-name blue")
    );
    assert_eq!(result["notes"].as_array().map(Vec::len), Some(1), "{result}");
    assert!(result["notes"].to_string().contains("add the hooks of yours"));
    check(&results);
}

#[test]
fn going_back_takes_the_full_name_of_a_revision_or_says_that_it_is_not_known() {
    let standin = with_shop(Some("d-ABCDEFGH1"));
    standin.around(|around| around.code_deploy.deployment("d-ABCDEFGH1", "shop", "blue", revision(&with_hooks())));
    let line = "rollback --cluster main --service shop --yes";
    let unknown = Sidetap::new(line).against(&standin).exits(5);
    unknown
        .stderr_has("it bears no record of what it ran before: put the ARN of that revision in place of")
        .stderr_has(r#"\"TaskDefinition\":\"TASK_DEFINITION_ARN\""#);
    standin.tag_service("shop", "sidetap:previous-task-definition", "shop:7");
    let known = Sidetap::new(line).against(&standin).exits(5);
    known.stderr_has(r#"\"TaskDefinition\":\"arn:aws:ecs:eu-west-1:123456789012:task-definition/shop:7\""#);
}
