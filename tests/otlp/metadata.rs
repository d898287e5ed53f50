//! Whose traffic it is, as the environment and ECS say it.

use std::time::Duration;

use crate::backends::receiver;
use crate::capture::Capture;
use crate::peers::{MetadataEndpoint, closed_port};
use crate::run::Run;

const VARIABLE: &str = "ECS_CONTAINER_METADATA_URI_V4";

#[test]
fn the_environment_names_the_service() {
    let Some(receiver) = receiver() else { return };
    let run = Run::to(&receiver).env("OTEL_SERVICE_NAME", "shop");
    let run = run.env("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,service.name=other");
    run.read(Capture::of(30)).with(0);
    let seen = receiver.seen();
    assert!(seen.is_right().spans().iter().all(|span| span["service"] == "shop"), "{:?}", seen.list("resources"));
    let shop = seen.list("resources").iter().find(|resource| resource["service.name"] == "shop").expect("a resource");
    assert_eq!(shop["deployment.environment.name"], "test", "{shop}");
    // What the sensor says of itself is about the sensor.
    assert!(
        seen.list("resources").iter().any(|resource| resource["service.name"] == "sidetap"),
        "{:?}",
        seen.list("resources")
    );
}

#[test]
fn ecs_says_whose_traffic_it_is() {
    let Some(receiver) = receiver() else { return };
    let endpoint = MetadataEndpoint::start(Duration::ZERO);
    let mut reading = Run::to(&receiver).env(VARIABLE, &endpoint.url()).start();
    // It begins when it knows what kind of file it is.
    let capture = Capture::of(30).file();
    let (head, packets) = capture.split_at(24);
    reading.write(head);
    std::thread::sleep(Duration::from_secs(2));
    reading.write(packets);
    reading.end().with(0);
    let seen = receiver.seen();
    assert_eq!(seen.is_right().unique_spans(), 30);
    assert!(seen.spans().iter().all(|span| span["service"] == "checkout"), "{:?}", seen.list("resources"));
    for resource in seen.list("resources") {
        assert_eq!(resource["aws.ecs.task.arn"], "arn:aws:ecs:eu-central-1:123456789012:task/main/0a1b", "{resource}");
        assert_eq!(resource["cloud.platform"], "aws_ecs", "{resource}");
        assert_eq!(resource["cloud.region"], "eu-central-1", "{resource}");
    }
}

#[test]
fn a_metadata_endpoint_that_is_not_there_delays_nothing() {
    let Some(receiver) = receiver() else { return };
    let url = format!("http://127.0.0.1:{}/v4/0a1b", closed_port());
    let ended = Run::to(&receiver).env(VARIABLE, &url).read(Capture::of(30)).with(0);
    assert_eq!(ended.agrees_with(&receiver.seen()).spans("accepted"), 30);
    assert!(ended.took < Duration::from_secs(5), "{:?}", ended.took);
}

#[test]
fn a_metadata_endpoint_that_is_slow_delays_nothing() {
    let Some(receiver) = receiver() else { return };
    let endpoint = MetadataEndpoint::start(Duration::from_secs(20));
    let run = Run::to(&receiver).env(VARIABLE, &endpoint.url()).env("OTEL_SERVICE_NAME", "shop");
    let ended = run.read(Capture::of(30)).with(0);
    let seen = receiver.seen();
    assert_eq!(ended.agrees_with(&seen).spans("accepted"), 30);
    assert!(seen.spans().iter().all(|span| span["service"] == "shop"), "{:?}", seen.list("resources"));
    assert!(ended.took < Duration::from_secs(10), "{:?}", ended.took);
}

#[test]
fn a_metadata_endpoint_that_answers_late_is_heeded_from_then_on() {
    let Some(receiver) = receiver() else { return };
    let endpoint = MetadataEndpoint::start(Duration::from_secs(1));
    let mut reading = Run::to(&receiver).env(VARIABLE, &endpoint.url()).start();
    let capture = Capture::of(30).file();
    let (first, second) = capture.split_at(capture.len() / 2);
    reading.write(first);
    receiver.wait_for("spans", |seen| seen.unique_spans() > 5);
    std::thread::sleep(Duration::from_secs(3));
    reading.write(second);
    let ended = reading.end().with(0);
    let seen = receiver.seen();
    assert_eq!(ended.agrees_with(&seen).spans("accepted"), 30);
    let last = seen.spans().last().expect("spans");
    assert_eq!(last["service"], "checkout", "{:?}", seen.list("resources"));
}
