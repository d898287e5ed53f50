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

/// The checks of `sidetap doctor` for a service that have this outcome, each as its code and subject.
fn examined(standin: &Standin, service: &str, flags: &str, code: i32, outcome: &str) -> Vec<String> {
    let line = format!("doctor --cluster production --service {service} {flags} --output json");
    let diagnosis = Sidetap::new(&line).against(standin).exits(code).json();
    let checks = diagnosis["targets"][0]["checks"].as_array().expect("checks").iter();
    let meant = checks.filter(|check| check["outcome"] == outcome);
    meant.map(|check| format!("{}: {}", check["code"], check["subject"]).replace('"', "")).collect()
}

#[test]
fn doctor_has_nothing_to_say_of_a_healthy_service_and_finds_what_was_forgotten() {
    let standin = account();
    let none = Vec::<String>::new();
    assert_eq!(examined(&standin, "notifications", "", 0, "problem"), none);
    // All of the way to an address in the VPC can be looked at.
    let image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/sidetap:0.1.0";
    let forwarder = format!("--sidecar forwarder --image {image} --destination 10.20.9.20");
    for outcome in ["problem", "not-checked"] {
        assert_eq!(examined(&standin, "storefront", &forwarder, 0, outcome), none, "{outcome}");
    }
    let problems = examined(&standin, "customer-profile", "", 5, "problem");
    assert_eq!(problems, ["log-group: /ecs/customer-profile-pcap"]);
}
