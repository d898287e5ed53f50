//! The sensor in the smallest task: what nginx logs is what arrives.

use std::time::Duration;

use runner::web;

use crate::last_word::LastWord;
use crate::world::{IMAGE, PATIENCE, World, ran_to_its_end, wait_until_said};

pub const SENSOR: &str = "sidetap-sensor";

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
    let word = LastWord::of(&said);
    assert!(word.has_lost_nothing(), "{said}");
    let (seen, sent) = (word.transactions(), word.items("traces"));
    // All that was asked is seen, but for what the sensor itself has to do with.
    assert_eq!(seen.total - seen.part("own") - seen.part("credentials"), 300, "{said}");
    assert_eq!((seen.part("emitted"), sent.total), (300, 300), "{said}");
    assert!(sent.is_all("accepted"), "{said}");
    let seen = world.seen(&receiver);
    assert_eq!(seen.is_right().unique_spans(), 300, "{said}");
    assert_eq!(seen.spans()[0]["attributes"]["url.path"], "/items/{id}");
    let resource = &seen.list("resources")[0];
    assert_eq!((&resource["cloud.platform"], &resource["aws.ecs.task.family"]), (&"aws_ecs".into(), &"web".into()));
    ran_to_its_end(&task, SENSOR, usage, 0);

    world.sidetap("remove --cluster main --service web --yes");
    world.runs_what_it_ran(&before);
}
