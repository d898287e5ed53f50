//! The account of `cargo xtask demo`: each kind of service is in it, and says what can be done with it.

use serde_json::Value;
use standin::Standin;

use crate::support::{Sidetap, snapshot};

fn account() -> Standin {
    let standin = Standin::start();
    standin.demo();
    standin
}

#[test]
fn its_lists_show_each_kind_of_service() {
    let standin = account();
    let mut text = String::new();
    for line in ["list clusters", "list services --cluster production", "list services --cluster sandbox"] {
        let finished = Sidetap::new(line).against(&standin).exits(0);
        text.push_str(&format!("$ sidetap {line}\n{}{}\n", finished.stdout(), finished.stderr()));
    }
    snapshot("demo-lists", &text);
}

#[test]
fn each_blocked_service_says_why() {
    let standin = account();
    let line = "inject --cluster production --all-services --image example/sidetap:1 --dry-run --output json";
    let plan = Sidetap::new(line).against(&standin).exits(5).json();
    let mut text = String::new();
    for target in plan["targets"].as_array().into_iter().flatten() {
        let name = target["service_arn"].as_str().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default();
        let action = target["action"].as_str().unwrap_or_default();
        let mut reasons: Vec<&str> = target["reason"]["message"].as_str().into_iter().collect();
        let warnings = target["warnings"].as_array().into_iter().flatten();
        reasons.extend(warnings.filter_map(|warning| warning["code"].as_str()));
        text.push_str(&format!("{name}: {action}: {}\n", reasons.join(", ").replace('\n', " / ")));
    }
    snapshot("demo-plan", &text);
}

#[test]
fn its_deployments_take_a_while_and_one_fails() {
    let standin = account();
    let line = |service: &str| format!("inject --cluster production --service {service} --image i --yes");
    Sidetap::new(&line("storefront")).against(&standin).exits(0).stderr_has("2/4");
    Sidetap::new(&line("recommendations")).against(&standin).exits(6);
    // It keeps its log configuration, secrets and second container.
    let storefront = standin.describe("storefront:2");
    let names: Vec<&Value> = storefront["taskDefinition"]["containerDefinitions"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|container| &container["name"])
        .collect();
    assert_eq!(names, ["nginx", "app", "sidetap-sensor"]);
}
