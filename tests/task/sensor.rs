//! The sensor in the smallest task: what nginx logs is what arrives.

use std::time::Duration;

use runner::{Happened, web};

use crate::world::{IMAGE, PATIENCE, World, wait_until_said};

const SENSOR: &str = "sidetap-sensor";

#[test]
fn what_the_application_answers_arrives_at_a_receiver() {
    let Some(world) = World::new("the sensor in a task") else { return };
    let before = world.revision();
    let (receiver, export) = world.receiver();
    let share = "--cpu-percentage-limit 5 --memory-percentage-limit 5";
    world.sidetap(&format!(
        "inject --cluster main --service web --image {IMAGE} {share} --export {export} --rate-limit unlimited --yes"
    ));
    let mut task = world.start();
    wait_until_said(&task, SENSOR, "listening");
    assert_eq!(task.usage(SENSOR).memory_limit, 25 << 20);

    world.ask(300, Duration::from_millis(20));
    task.wait_until_healthy(SENSOR, PATIENCE).unwrap();
    let usage = task.usage(SENSOR);
    assert_eq!(task.stop(), None, "the task ran until it was told to stop");

    let said = task.said(SENSOR);
    assert_eq!(web::logged(&task), 300);
    assert!(said.contains("\nnothing was lost\n"), "{said}");
    let ledger = said.lines().rev().find(|line| line.starts_with("ledger:")).expect("a last word");
    assert!(ledger.contains("emitted 300 ") && ledger.contains("traces given 300 = accepted 300,"), "{said}");
    let seen = world.seen(&receiver);
    assert_eq!(seen.is_right().unique_spans(), 300, "{said}");
    assert_eq!(seen.spans()[0]["attributes"]["url.path"], "/items/{id}");
    let resource = &seen.list("resources")[0];
    assert_eq!((&resource["cloud.platform"], &resource["aws.ecs.task.family"]), (&"aws_ecs".into(), &"web".into()));
    let exits: Vec<Happened> = task.events_of(SENSOR).iter().map(|event| event.happened).collect();
    assert_eq!(exits.last(), Some(&Happened::Exited { code: 0, out_of_memory: false }), "{said}");
    assert_eq!((task.runs(SENSOR), usage.oom_kills), (1, 0));
    assert!(usage.memory_peak <= 25 << 20, "{usage:?}");

    world.sidetap("remove --cluster main --service web --yes");
    world.runs_what_it_ran(&before);
}
