//! The image in place of others' and in other ways, each as its users write it down: as root, with Levo's entry point, and
//! with Traceable's variables and no command.

use std::time::Duration;

use runner::{Task, container_of, web};
use serde_json::{Value, json};

use crate::last_word::LastWord;
use crate::sensor::SENSOR;
use crate::world::{COLLECTOR, IMAGE, World, ran_to_its_end, wait_until_said};

/// How many requests the application is sent.
const REQUESTS: u64 = 20;

#[test]
fn a_sensor_runs_as_root_where_the_task_definition_says_so() {
    let Some(world) = World::new("the sensor as root") else { return };
    let (receiver, export) = world.receiver();
    world.inject_sensor(&export);
    let mut document = world.revision();
    container_of(&mut document, SENSOR).expect("the sensor")["user"] = "0".into();
    let task = asked(&world, &document, SENSOR, "listening");
    let said = task.said(SENSOR);
    assert!(LastWord::of(&said).items("traces").is_all("accepted"), "{said}");
    assert_eq!(world.seen(&receiver).is_right().unique_spans(), REQUESTS, "{said}");
}

#[test]
fn levos_container_definition_starts_a_sensor() {
    let Some(world) = World::new("the sensor in place of Levo's") else { return };
    let (receiver, export) = world.receiver();
    let satellite = export.trim_start_matches("otlp:");
    let document = beside(&json!({
        "name": "levo-pcap-sensor",
        "image": IMAGE,
        "cpu": 64,
        "memory": 128,
        "portMappings": [],
        "essential": false,
        "entryPoint": [
            "./bin/init", "apidump", "--satellite-url", satellite, "--levo-env", "staging", "--levoai-org-id", "org-1",
            "--rate-limit", "1000"
        ],
        "environment": [{ "name": "LEVO_AWS_REGION", "value": "eu-west-1" }],
        "mountPoints": [],
        "volumesFrom": []
    }));
    let task = asked(&world, &document, "levo-pcap-sensor", "listening");
    let said = task.said("levo-pcap-sensor");
    let word = LastWord::of(&said);
    assert!(word.has_lost_nothing(), "{said}");
    assert_eq!(word.transactions().part("emitted"), REQUESTS, "{said}");
    let bytes = world.network.outside_do(|| receiver.get("/bytes")).expect("the namespace is there");
    let sent = String::from_utf8_lossy(&bytes);
    let sent = serde_json::Deserializer::from_str(&sent).into_iter::<Vec<Value>>();
    let transactions: usize = sent.map(|items| items.expect("an array").len()).sum();
    assert_eq!(transactions as u64, REQUESTS, "{said}");
}

#[test]
fn traceables_container_definition_starts_a_forwarder() {
    let Some(world) = World::new("the forwarder in place of Traceable's") else { return };
    let collector = world.collector();
    let document = beside(&json!({
        "name": "traceable-agent-packet-forwarder",
        "image": IMAGE,
        "essential": true,
        "environment": [
            { "name": "BPF_FILTER", "value": "tcp" },
            { "name": "DESTINATION", "value": COLLECTOR.split(':').next() },
            { "name": "INTERFACE", "value": "any" },
            { "name": "MTU", "value": "9000" },
            { "name": "STAT_DURATION", "value": "1" }
        ]
    }));
    let task = asked(&world, &document, "traceable-agent-packet-forwarder", "forwarding from ");
    let said = task.said("traceable-agent-packet-forwarder");
    assert!(said.contains(&format!(" to {COLLECTOR}; packets of at most ")), "{said}");
    // Every second, as it was asked to.
    assert!(said.contains("so far: "), "{said}");
    let (records, told) = collector.stop();
    let answered = records.iter().filter(|record| record["url.path"] == "/items/{id}");
    assert_eq!(answered.count() as u64, REQUESTS, "{told}{said}");
}

/// The application's task definition with a container that was written by hand.
fn beside(container: &Value) -> Value {
    let mut document = web::task_definition(512, 1024);
    document["containerDefinitions"].as_array_mut().expect("containers").push(container.clone());
    document
}

/// Runs a task until the application has been asked all it is to be, and the container has ended well. It began to watch
/// once it said so.
#[track_caller]
fn asked(world: &World, document: &Value, container: &str, begins: &str) -> Task {
    let mut task = world.start_of(document);
    wait_until_said(&task, container, begins);
    world.ask(REQUESTS as usize, Duration::from_millis(80));
    let usage = task.usage(container);
    assert_eq!(task.stop(), None, "{}", task.said(container));
    ran_to_its_end(&task, container, usage, 0);
    task
}
