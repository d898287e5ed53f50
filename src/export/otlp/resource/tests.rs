use serde_json::json;

use super::*;
use crate::export::otlp::decoded::{assert_attributes, attributes as told};
use crate::export::workload::metadata::tests::{EC2, FARGATE, OWN_ID};

fn task(document: &[u8], own_id: &str) -> TaskMetadata {
    TaskMetadata::parse(document, Some(own_id)).unwrap()
}

fn service_name(identity: &Identity, task: Option<&TaskMetadata>) -> String {
    told(&identity.workload(task).attributes)["service.name"].as_str().unwrap().to_owned()
}

#[test]
fn a_workload_on_fargate_is_told() {
    let identity = Identity {
        host_name: Some("ip-10-0-17-5.eu-central-1.compute.internal".into()),
        privacy: Some((PrivacyLevel::Metadata, "9f86d081".into())),
        attributes: attributes("deployment.environment.name=test,sidetap.privacy.level=full").unwrap(),
        ..Identity::default()
    };
    let task_arn = "arn:aws:ecs:eu-central-1:123456789012:task/shop/0a1b2c3d4e5f60718293a4b5c6d7e8f9";
    let resource = identity.workload(Some(&task(FARGATE, OWN_ID)));
    assert_attributes(
        &resource.attributes,
        json!({
            "service.name": "web",
            "service.instance.id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
            "deployment.environment.name": "test",
            "host.name": "ip-10-0-17-5.eu-central-1.compute.internal",
            "cloud.provider": "aws",
            "cloud.platform": "aws_ecs",
            "cloud.region": "eu-central-1",
            "cloud.account.id": "123456789012",
            "cloud.availability_zone": "eu-central-1b",
            "cloud.resource_id": task_arn,
            "aws.ecs.cluster.arn": "arn:aws:ecs:eu-central-1:123456789012:cluster/shop",
            "aws.ecs.task.arn": task_arn,
            "aws.ecs.task.id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
            "aws.ecs.task.family": "web",
            "aws.ecs.task.revision": "42",
            "aws.ecs.launchtype": "fargate",
            "sidetap.aws.vpc.id": "vpc-0123456789abcdef0",
            "container.id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9-1111111111",
            "container.name": "app",
            "container.image.name": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop/web",
            "container.image.tags": ["2025-03-01"],
            "aws.ecs.container.arn":
                "arn:aws:ecs:eu-central-1:123456789012:container/shop/0a1b2c3d4e5f60718293a4b5c6d7e8f9/11111111-2222-3333-4444-555555555555",
            "sidetap.privacy.level": "metadata",
            "sidetap.privacy.policy_hash": "9f86d081",
        }),
    );
}

#[test]
fn the_sensor_is_another_service_of_the_same_task() {
    let identity = Identity {
        service_name: Some("web".into()),
        attributes: attributes("service.namespace=shop,team=a").unwrap(),
        instance_id: random_id(),
        ..Identity::default()
    };
    let told_of = |task: Option<&TaskMetadata>| told(&identity.sensor(task).attributes);
    let in_task = told_of(Some(&task(FARGATE, OWN_ID)));
    assert_eq!((&in_task["service.name"], in_task.get("service.namespace")), (&json!("sidetap"), None));
    assert_eq!((&in_task["service.version"], &in_task["team"]), (&json!(env!("CARGO_PKG_VERSION")), &json!("a")));
    assert_eq!(in_task["service.instance.id"], in_task["aws.ecs.task.id"]);
    assert_eq!(in_task.get("container.name"), None, "that is the workload's");
    assert_eq!(told_of(None)["service.instance.id"], identity.instance_id);
}

#[test]
fn a_service_is_named_by_whoever_knows_best() {
    let (fargate, ec2) = (task(FARGATE, OWN_ID), task(EC2, "own"));
    let mut identity = Identity::default();
    assert_eq!(service_name(&identity, None), "unknown_service");
    let of_family = TaskMetadata { family: Some("family".into()), ..TaskMetadata::default() };
    assert_eq!(service_name(&identity, Some(&of_family)), "family");
    assert_eq!(service_name(&identity, Some(&fargate)), "web");
    assert_eq!(service_name(&identity, Some(&ec2)), "hello-by-label");
    identity.attributes = attributes("service.name=of-attributes").unwrap();
    assert_eq!(service_name(&identity, Some(&ec2)), "of-attributes");
    identity.otel_service_name = Some("of-variable".into());
    assert_eq!(service_name(&identity, Some(&ec2)), "of-variable");
    identity.service_name = Some("of-settings".into());
    assert_eq!(service_name(&identity, Some(&ec2)), "of-settings");
    (identity.service_name, identity.otel_service_name) = (Some(String::new()), Some(String::new()));
    assert_eq!(service_name(&identity, Some(&ec2)), "of-attributes", "empty variables are none");
}

#[test]
fn what_is_unknown_is_not_said() {
    for document in ["{}", "[]", r#"{"TaskARN":"garbage","Cluster":"main","Containers":[7]}"#] {
        let resource = Identity::default().workload(Some(&task(document.as_bytes(), "own")));
        assert_attributes(&resource.attributes, json!({"service.name": "unknown_service"}));
    }
}

#[test]
fn what_the_user_says_comes_first() {
    let identity = Identity {
        attributes: attributes("cloud.region=mars,service.instance.id=mine").unwrap(),
        ..Identity::default()
    };
    let told = told(&identity.workload(Some(&task(FARGATE, OWN_ID))).attributes);
    assert_eq!([&told["cloud.region"], &told["service.instance.id"]], ["mars", "mine"]);
}

#[test]
fn attributes_are_percent_decoded() {
    let pairs = |variable| attributes(variable).unwrap();
    assert_eq!(pairs(""), []);
    assert_eq!(
        pairs(" a=1, b%2Cc = x%3Dy%20%C3%A9 ,a=2,d==,e=,"),
        [("b,c", "x=y \u{e9}"), ("a", "2"), ("d", "="), ("e", "")].map(|(name, value)| (name.into(), value.into()))
    );
    for part in ["a", "=1", "a=%", "a=%2", "a=%zz", "a=%ff", "%00%ff=1"] {
        assert_eq!(attributes(&format!("ok=1,{part}")), Err(AttributesError { part: part.to_owned() }));
    }
}

#[test]
fn an_id_looks_like_one_and_is_not_given_twice() {
    let id = random_id();
    let parts: Vec<&str> = id.split('-').collect();
    assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    assert!(parts[2].starts_with('4') && parts[3].starts_with(['8', '9', 'a', 'b']), "{id}");
    assert_ne!(id, random_id());
}

#[test]
fn a_resource_is_replaced_for_all_who_hold_its_cell() {
    let cell = ResourceCell::new(&Identity::default().workload(None));
    let (other, before) = (cell.clone(), cell.get());
    let known = Identity::default().workload(Some(&task(FARGATE, OWN_ID)));
    cell.set(&known);
    assert_eq!(Resource::decode(&other.get()[..]).unwrap(), known);
    assert_ne!(before, other.get());
}
