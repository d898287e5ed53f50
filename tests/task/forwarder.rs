//! The forwarder in the smallest task: what nginx logs is what a collector makes of the packets.

use std::time::Duration;

use runner::web;

use crate::world::{COLLECTOR, IMAGE, PATIENCE, World, ran_to_its_end, wait_until_said};

const FORWARDER: &str = "sidetap-forwarder";

#[test]
fn what_the_application_answers_arrives_at_a_collector() {
    let Some(world) = World::new("the forwarder in a task") else { return };
    let before = world.revision();
    let collector = world.collector();
    world.sidetap(&format!(
        "inject --cluster main --service web --sidecar forwarder --image {IMAGE} --destination {COLLECTOR} --yes"
    ));
    let mut task = world.start();
    wait_until_said(&task, FORWARDER, "forwarding");
    world.ask(300, Duration::from_millis(20));
    task.wait_until_healthy(FORWARDER, PATIENCE).unwrap();
    let usage = task.usage(FORWARDER);
    assert_eq!(task.stop(), None, "the task ran until it was told to stop");
    let (records, said) = collector.stop();

    assert_eq!(web::logged(&task), 300);
    let answered = records.iter().filter(|record| record["url.path"] == "/items/{id}");
    assert_eq!(answered.count(), 300, "{said}{}", task.said(FORWARDER));
    assert!(said.contains("\nnothing was lost\n"), "{said}");
    ran_to_its_end(&task, FORWARDER, usage, 0);
    assert_eq!(usage.memory_limit, 25 << 20);

    world.sidetap("remove --cluster main --service web --yes");
    world.runs_what_it_ran(&before);
}
