use super::*;

/// Documents as ECS gives them, made by hand.
pub const FARGATE: &[u8] = include_bytes!("fargate.json");
pub const EC2: &[u8] = include_bytes!("ec2.json");

/// The sensor's container in the first of them.
pub const OWN_ID: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9-2222222222";

#[test]
fn a_task_on_fargate_is_read() {
    let task = TaskMetadata::parse(FARGATE, Some(OWN_ID)).unwrap();
    assert_eq!(task.task_id(), Some("0a1b2c3d4e5f60718293a4b5c6d7e8f9"));
    assert_eq!(task.cluster_arn().as_deref(), Some("arn:aws:ecs:eu-central-1:123456789012:cluster/shop"));
    assert_eq!((task.revision.as_deref(), task.launch_type.as_deref()), (Some("42"), Some("fargate")));
    assert_eq!(task.service_name.as_deref(), Some("web"));
    assert!(task.is_settled());
    let app = task.only_other().unwrap();
    assert_eq!(app.name.as_deref(), Some("app"));
    assert_eq!(app.image_name(), Some("123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop/web"));
    assert_eq!(app.image_tag(), Some("2025-03-01"));
    let own = task.containers.iter().find(|container| container.is_own).unwrap();
    assert_eq!((own.image_name(), own.image_tag()), (Some("registry.example:5000/sidetap"), None));
}

#[test]
fn a_task_on_ec2_is_read() {
    let task = TaskMetadata::parse(EC2, Some("own")).unwrap();
    assert_eq!(task.cluster_arn().as_deref(), Some("arn:aws:ecs:us-west-2:111122223333:cluster/default"));
    assert_eq!((task.service_name.as_deref(), task.revision.as_deref()), (Some("hello"), Some("26")));
    assert_eq!(task.containers.len(), 3, "the pause container is nobody's");
    assert!(!task.is_settled(), "the sensor's container is starting");
    let other = task.only_other().unwrap();
    assert_eq!((other.name.as_deref(), other.image_name(), other.image_tag()), (Some("hello"), Some("hello"), None));
}

#[test]
fn whose_traffic_it_is_is_not_guessed() {
    assert_eq!(TaskMetadata::parse(FARGATE, None).unwrap().only_other(), None, "any of them may be the sensor's");
    let three = r#"{"Containers":[{"DockerId":"own"},{"DockerId":"a"},{"DockerId":"b"}]}"#;
    assert_eq!(TaskMetadata::parse(three.as_bytes(), Some("own")).unwrap().only_other(), None);
}

#[test]
fn what_is_missing_or_odd_is_unknown() {
    let nothing = TaskMetadata::default();
    for document in ["{}", "[]", "null", "7", r#"{"Family":"","Containers":{},"TaskARN":7,"Revision":-1}"#] {
        assert_eq!(TaskMetadata::parse(document.as_bytes(), Some("own")).unwrap(), nothing, "{document}");
    }
    let odd = r#"{"Cluster":"main","Containers":[7,{"Name":7}]}"#;
    let task = TaskMetadata::parse(odd.as_bytes(), None).unwrap();
    assert_eq!((task.containers.len(), task.cluster_arn()), (2, None));
    assert!(!nothing.is_settled(), "no container is known");
    for garbage in [&b""[..], b"<html>", b"{", b"\xff"] {
        assert!(TaskMetadata::parse(garbage, None).is_err());
    }
}

#[test]
fn the_own_container_is_known_by_its_document() {
    assert_eq!(own_id(br#"{"DockerId":"abc","Name":"sidetap"}"#).as_deref(), Some("abc"));
    assert_eq!((own_id(b"{}"), own_id(b"<html>")), (None, None));
}
