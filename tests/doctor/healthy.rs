//! Where everything is right, nothing else is said; and what doctor never does.

use serde_json::{Value, json};
use standin::Fault;

use super::world::{COLLECTORS, IMAGE, World, bare, changed, injected};
use crate::support::{Sidetap, snapshot};

#[test]
fn a_healthy_service_has_no_problems() {
    let report = World::healthy().examined();
    report.has_no_problems();
    assert_eq!(report.json["summary"]["not_checked"], 0, "{:#}", report.json);
    snapshot("doctor-healthy", &report.text.stdout());
    snapshot("doctor-healthy-json", &format!("{:#}\n", report.json));
}

#[test]
fn what_it_prints_for_programs_is_what_its_schema_says() {
    let schema = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/doctor-1.0.json")).unwrap();
    let validator = jsonschema::draft202012::new(&serde_json::from_slice(&schema).unwrap()).unwrap();
    let world = World::healthy().change(|around| {
        around.logs.groups.clear();
        around.ec2.network_acls.clear();
    });
    for json in [
        world.examined().json,
        Sidetap::new("doctor --file roomy.json --output json").exits(0).json(),
        Sidetap::new("doctor --task-definition web --output json").against(&world.standin).run().json(),
    ] {
        let errors: Vec<String> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}\n{json:#}", errors.join("\n"));
    }
}

#[test]
fn a_sidecar_that_is_not_there_yet_is_described_as_for_inject() {
    let world = World::with(bare());
    let flags = format!("--sidecar forwarder --image {IMAGE} --destination {COLLECTORS}");
    let report = world.examined_with(&flags);
    report.has_no_problems().found("sidecar", "`sidetap-forwarder` can be put in");
    report.found("load-balancer-targets", "1 of 1 targets are healthy");
    assert_eq!(report.json["targets"][0]["injected"], true);
    let report = world.examined();
    report.has_no_problems().did_not_check("sidecar", "there is none yet");
    let there = World::healthy().examined_with("--sidecar traceable");
    there.has_no_problems();
    assert!(there.text.stderr().contains("examined as it is"), "{}", there.text);
    let report = world.examined_with(&format!("{flags} --memory 999"));
    report.has_only_problem("sidecar", "999", "");
}

#[test]
fn nothing_is_changed_and_nothing_asked_twice() {
    let world = World::healthy();
    for name in ["api", "orders"] {
        world.standin.service("main", name, super::world::forwarding());
        let network = world.standin.service_json("web")["networkConfiguration"].clone();
        world.standin.edit_service(name, json!({ "networkConfiguration": network, "platformVersion": "1.4.0" }));
    }
    Sidetap::new("doctor --cluster main --all-services").against(&world.standin).exits(0);
    let calls = world.standin.calls();
    let reads = ["Describe", "Get", "List", "Simulate", "BatchGet"];
    for call in &calls {
        assert!(reads.iter().any(|verb| call.operation.starts_with(verb)), "{}", call.operation);
        assert_eq!(call.signature_fault, None);
        assert!(call.length_ok, "{}", call.operation);
    }
    let around: Vec<(String, Value)> = calls
        .iter()
        .filter(|call| !["ecs", "sts"].contains(&call.service.as_str()))
        .map(|call| (call.operation.clone(), call.body.clone()))
        .collect();
    for (index, call) in around.iter().enumerate() {
        assert!(!around[..index].contains(call), "asked twice: {call:?}");
    }
    assert!(world.standin.most_in_flight() <= 8, "{}", world.standin.most_in_flight());
}

#[test]
fn what_may_not_be_read_is_said_and_keeps_nothing_else_from_being_looked_at() {
    for (operation, code, action) in [
        ("SimulatePrincipalPolicy", "permissions", "iam:SimulatePrincipalPolicy"),
        ("SimulatePrincipalPolicy", "execution-role-permissions", "iam:SimulatePrincipalPolicy"),
        ("GetRole", "execution-role-trust", "iam:GetRole"),
        ("DescribeLogGroups", "log-group", "logs:DescribeLogGroups"),
        ("BatchGetImage", "image", "ecr:BatchGetImage"),
        ("DescribeSubnets", "network", "ec2:DescribeSubnets"),
        ("DescribeSecurityGroups", "security-group-egress", "ec2:DescribeSecurityGroups"),
        ("DescribeRouteTables", "route", "ec2:DescribeRouteTables"),
        ("DescribeNetworkAcls", "network-acl", "ec2:DescribeNetworkAcls"),
        ("DescribeLoadBalancers", "destination", "private name"),
        ("DescribeListeners", "load-balancer-listener", "elasticloadbalancing:DescribeListeners"),
        ("DescribeTargetHealth", "load-balancer-targets", "elasticloadbalancing:DescribeTargetHealth"),
    ] {
        let world = World::healthy();
        world.standin.fault(Fault::Deny { operation });
        let report = world.examined();
        report
            .has_no_problems()
            .did_not_check(code, action)
            .found("deployment-controller", "deploys new revisions itself");
        if code != "log-group" {
            report.found("log-group", "it is there");
        }
    }
}

#[test]
fn credentials_that_are_refused_end_it() {
    let world = World::healthy();
    world.standin.fault(Fault::ExpireCredentials);
    Sidetap::new("doctor --cluster main --service web").against(&world.standin).exits(4).stderr_has("expired");
}

#[test]
fn a_file_needs_no_account() {
    let finished = Sidetap::new("doctor --file roomy.json --sidecar traceable").exits(0);
    snapshot("doctor-file", &finished.stdout());
    Sidetap::new("doctor --file bridge.json --image i").exits(5).stdout_has("problem: network-mode: bridge");
    Sidetap::new("doctor --file windows.json --image i").exits(5).stdout_has("problem: operating-system: WINDOWS");
    Sidetap::new("doctor").exits(64).stderr_has("which task definition?").stderr_has("looks at a file");
    Sidetap::new("doctor --file roomy.json --sidecar forwarder").exits(64).stderr_has("--destination");
}

#[test]
fn a_task_definition_without_a_service_has_no_subnets() {
    let world = World::healthy();
    let json = Sidetap::new("doctor --task-definition web --output json").against(&world.standin).exits(0).json();
    let checks = json["targets"][0]["checks"].as_array().unwrap().clone();
    let network = checks.iter().find(|check| check["code"] == "network").unwrap();
    assert_eq!(network["outcome"], "not-checked");
    assert!(checks.iter().any(|check| check["code"] == "load-balancer-targets" && check["outcome"] == "ok"));
}

#[test]
fn names_cannot_rewrite_the_screen() {
    let definition = changed(injected(&["--image", IMAGE]), |sidecar| {
        sidecar["logConfiguration"] = json!({ "logDriver": "sys\u{1b}[2Jlog\nok  image" });
        sidecar["user"] = "1\u{1b}]0;x\u{7}\u{202e}".into();
    });
    let report = World::with(definition).examined();
    report.has_only_problem("log-configuration", "no log driver", "awslogs");
    let text = report.text.stdout();
    assert!(text.contains("`sys[2Jlog ok image`") || text.contains("`sys[2Jlog ok  image`"), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text}");
}
