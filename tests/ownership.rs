//! Services and task definitions that infrastructure as code deploys, too.

use serde_json::{Value, json};
use standin::Standin;

use crate::support::{Sidetap, fixture, snapshot, task_definition};

const SERVICE: &str = "arn:aws:ecs:eu-west-1:123456789012:service/main/web";
const REVISION: &str = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:1";
const DRY_RUN: &str = "inject --cluster main --service web --image i --dry-run --output json";

fn with_web() -> Standin {
    let standin = Standin::start();
    standin.service("main", "web", task_definition("web"));
    standin
}

/// The warnings of the plan's only target that say who else deploys it.
fn owners(plan: &Value) -> Vec<Value> {
    let warnings = plan["targets"][0]["warnings"].as_array().expect("warnings");
    let managed = |warning: &&Value| warning["code"].as_str().is_some_and(|code| code.starts_with("managed-by-"));
    warnings.iter().filter(managed).cloned().collect()
}

#[test]
fn a_stack_that_deploys_the_service_is_named_in_the_plan_and_blocks_nothing() {
    let standin = with_web();
    for (arn, logical_id) in [(SERVICE, "WebService"), (REVISION, "WebTaskDefinition")] {
        standin.tag(arn, "aws:cloudformation:stack-name", "shop-prod");
        standin.tag(arn, "aws:cloudformation:logical-id", logical_id);
    }
    let shown = Sidetap::new("inject --cluster main --service web --image i --dry-run").against(&standin).exits(0);
    snapshot("inject-managed-by-cloudformation", &shown.stdout());
    let warnings = owners(&Sidetap::new(DRY_RUN).against(&standin).exits(0).json());
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0]["code"], "managed-by-cloudformation");

    Sidetap::new("inject --cluster main --service web --image i --yes").against(&standin).exits(0);
    let tags = standin.describe("web:2")["tags"].to_string();
    assert!(!tags.contains("aws:cloudformation"), "keys that only AWS may set are not registered: {tags}");
    let again = owners(&Sidetap::new(&format!("{DRY_RUN} --env A=1")).against(&standin).exits(0).json());
    assert!(again[0]["message"].as_str().unwrap().contains("manages this service (stack `shop-prod`"), "{again:?}");
}

#[test]
fn a_tag_of_terraform_on_the_service_or_the_revision_is_named() {
    let standin = with_web();
    standin.tag(SERVICE, "managed-by", "Terraform");
    let warnings = owners(&Sidetap::new(DRY_RUN).against(&standin).exits(0).json());
    assert_eq!(warnings[0]["code"], "managed-by-terraform");
    assert!(warnings[0]["message"].as_str().unwrap().contains("(tag `managed-by=Terraform`)"), "{warnings:?}");

    let mut definition = task_definition("batch");
    definition["tags"] = json!([{"key": "Terraform", "value": "true"}]);
    standin.task_definition(definition);
    let line = "inject --task-definition batch --image i --dry-run --output json";
    let warnings = owners(&Sidetap::new(line).against(&standin).exits(0).json());
    assert_eq!(warnings[0]["code"], "managed-by-terraform");
    assert!(warnings[0]["message"].as_str().unwrap().starts_with("Terraform manages this task definition"));
}

#[test]
fn the_tags_in_a_file_are_read_too() {
    let finished = Sidetap::new("inject --file describe-output.json --image i").exits(0);
    finished.stderr_has("warning: CloudFormation manages this task definition (stack");
    let mut file = fixture("tags-inside.json");
    let tags = file["taskDefinition"]["tags"].as_array_mut().expect("tags");
    tags.push(json!({"key": "ManagedBy", "value": "terraform"}));
    let finished = Sidetap::new("inject --file - --image i").stdin(&file.to_string()).exits(0);
    finished.stderr_has("warning: Terraform manages this task definition (tag `ManagedBy=terraform`)");
}

#[test]
fn a_tag_with_control_characters_does_not_reach_the_screen() {
    let standin = with_web();
    standin.tag(SERVICE, "terraform", "\u{1b}[2Jx\u{202e}y");
    let shown = Sidetap::new("inject --cluster main --service web --image i --dry-run").against(&standin).exits(0);
    assert!(shown.stdout().contains("(tag `terraform=[2Jxy`)"), "{shown}");
}

#[test]
fn what_nobody_else_deploys_gets_no_warning() {
    let standin = with_web();
    standin.tag(SERVICE, "team", "terraform fans");
    assert_eq!(owners(&Sidetap::new(DRY_RUN).against(&standin).exits(0).json()), Vec::<Value>::new());
}
