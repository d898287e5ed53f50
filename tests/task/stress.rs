//! The sensor in the smallest task, under more than it can follow.

use std::time::Duration;

use runner::{Happened, web};
use serde_json::{Value, json};

use crate::world::{IMAGE, Load, PATIENCE, World, wait_until_said};

const SENSOR: &str = "sidetap-sensor";
/// What the sensor has there: 12 CPU units.
const CPUS: f64 = 12.0 / 1024.0;

/// The revision with a sensor that sends to this export, and the same with one that sees nothing.
fn busy_and_idle(world: &World, export: &str) -> (Value, Value) {
    world.sidetap(&format!(
        "inject --cluster main --service web --image {IMAGE} --export {export} --rate-limit unlimited --yes"
    ));
    let busy = world.revision();
    let idle = with_words(&busy, &["--filter", "udp port 1"]);
    (busy, idle)
}

/// A document whose sensor has more on its command line.
fn with_words(document: &Value, words: &[&str]) -> Value {
    let mut document = document.clone();
    let command = &mut sensor_of(&mut document)["command"];
    command.as_array_mut().expect("a command").extend(words.iter().map(|word| json!(word)));
    document
}

fn sensor_of(document: &mut Value) -> &mut Value {
    let containers = document["containerDefinitions"].as_array_mut().expect("containers");
    containers.iter_mut().find(|container| container["name"] == SENSOR).expect("the sensor")
}

/// The number that stands before this in the last line that has it.
fn told(said: &str, what: &str) -> u64 {
    let before = said.lines().rev().find_map(|line| line.split_once(what)).map_or("", |(before, _)| before);
    let number = before.rsplit(' ').next().unwrap_or_default();
    number.replace(',', "").parse().unwrap_or(0)
}

#[test]
fn ten_times_what_it_can_follow_costs_the_application_next_to_nothing() {
    let Some(world) = World::alone("the sensor under stress") else { return };
    let (receiver, export) = world.receiver();
    let (busy, idle) = busy_and_idle(&world, &export);
    let mut loads: [Vec<Load>; 2] = Default::default();
    for _ in 0..4 {
        for (document, loads) in [&idle, &busy].into_iter().zip(&mut loads) {
            let mut task = world.start_of(document);
            wait_until_said(&task, SENSOR, "listening");
            let before = task.usage(SENSOR).cpu;
            let load = world.load(16, 6);
            let usage = task.usage(SENSOR);
            let cpus = (usage.cpu - before).as_secs_f64() / 6.0;
            assert_eq!(task.stop(), None);
            let said = task.said(SENSOR);
            loads.push(load);
            assert!(cpus < CPUS * 1.5, "its share, and what it had saved: {cpus}");
            assert_eq!((task.runs(SENSOR), usage.oom_kills), (1, 0), "{said}");
            assert!(usage.memory_peak <= 25 << 20, "{usage:?}");
            if document == &busy {
                accounts_for_all(&said, web::logged(&task));
            }
        }
    }
    let seen = world.seen(&receiver);
    assert_eq!(seen.is_right().duplicate_spans(), 0);
    let [idle, busy] = loads.map(|loads| best(&loads));
    println!("with a sensor that sees nothing {idle:?}, with one that sees everything {busy:?}");
    assert!(busy.requests_a_second > 0.9 * idle.requests_a_second, "{busy:?} instead of {idle:?}");
    // Of a task that is at its quota, the slowest requests wait for the next period of 100 ms.
    assert!(busy.p99 < 1.1 * idle.p99 + 5.0, "{busy:?} instead of {idle:?}");
}

/// What the ledger sees adds up, and what it cannot have seen was dropped by the kernel.
fn accounts_for_all(said: &str, logged: u64) {
    let ledger = said.lines().rev().find(|line| line.starts_with("ledger:")).expect("a last word");
    let (of_transactions, of_export) = ledger.split_once(';').expect("two ledgers");
    let sum = |text: &str| -> (u64, u64) {
        let (seen, parts) = text.split_once(" = ").expect("an equation");
        let number = |text: &str| text.rsplit(' ').next().and_then(|number| number.parse::<u64>().ok());
        let parts = parts.split(" + ").map(|part| number(part).unwrap_or_else(|| panic!("{part}: {text}")));
        (number(seen).expect("a number"), parts.sum())
    };
    let (seen, parts) = sum(of_transactions);
    assert_eq!(seen, parts, "{said}");
    let traces = of_export.split(": ").nth(1).and_then(|text| text.split(", ").next()).expect("traces");
    let (given, parts) = sum(traces.trim_start_matches("traces "));
    assert_eq!(given, parts, "{said}");
    let (packets, dropped) = (told(said, " packets, "), told(said, " packets dropped by the kernel"));
    assert!(dropped > 0 && packets > dropped, "{said}");
    // A request and its answer are two packets at the least: so many exchanges may have been in what was dropped.
    assert!(seen + dropped >= logged, "{logged} requests: {said}");
}

/// What the application can do: whatever else runs on the machine only makes it less.
fn best(loads: &[Load]) -> Load {
    let least = |part: fn(&Load) -> f64| loads.iter().map(part).fold(f64::INFINITY, f64::min);
    let most = loads.iter().map(|load| load.requests_a_second).fold(0.0, f64::max);
    Load { requests_a_second: most, median: least(|load| load.median), p99: least(|load| load.p99) }
}

#[test]
fn a_dead_backend_and_twenty_thousand_connections_take_no_more_memory() {
    let Some(world) = World::alone("the sensor under stress") else { return };
    // Nobody listens there.
    let (busy, _) = busy_and_idle(&world, "otlp:http://10.0.1.1:9");
    let mut task = world.start_of(&busy);
    wait_until_said(&task, SENSOR, "listening");
    std::thread::scope(|scope| {
        let loads = [(); 2].map(|()| scope.spawn(|| world.load(10_000, 12)));
        loads.map(|load| load.join().expect("a load"))
    });
    let usage = task.usage(SENSOR);
    assert_eq!(task.stop(), None);
    let said = task.said(SENSOR);
    assert_eq!((task.runs(SENSOR), usage.oom_kills), (1, 0), "{said}");
    assert!(usage.memory_peak <= 25 << 20, "{usage:?}");
    assert!(said.contains("not brought to otlp:http://10.0.1.1:9"), "{said}");
    let opened = said.lines().find(|line| line.contains(" packets, ")).expect("how much there was");
    assert!(told(opened, " connections") >= 20_000, "{said}");
    let exits: Vec<Happened> = task.events_of(SENSOR).iter().map(|event| event.happened).collect();
    assert!(matches!(exits.last(), Some(Happened::Exited { out_of_memory: false, .. })), "{said}");
}

#[test]
fn too_little_memory_is_said_at_the_start_and_the_application_goes_on() {
    let Some(world) = World::alone("the sensor under stress") else { return };
    let (_receiver, export) = world.receiver();
    let (mut document, _) = busy_and_idle(&world, &export);
    for (mib, runs) in [(14, false), (16, true)] {
        let sensor = sensor_of(&mut document);
        (sensor["memory"], sensor["memoryReservation"]) = (mib.into(), mib.into());
        let mut task = world.start_of(&document);
        if runs {
            wait_until_said(&task, SENSOR, "listening");
        } else {
            assert_eq!(task.wait_until_ended(SENSOR, PATIENCE).unwrap(), 5);
            let said = task.said(SENSOR);
            assert!(said.contains("of memory are too little"), "{said}");
        }
        let load = world.load(16, 3);
        assert!(load.requests_a_second > 100.0);
        let usage = task.usage(SENSOR);
        assert_eq!(usage.oom_kills, 0, "{mib} MiB: {}", task.said(SENSOR));
        assert_eq!(task.runs("web"), 1);
        assert_eq!(task.stop(), None);
    }
}

#[test]
fn sigterm_under_load_loses_nothing_that_was_accepted() {
    let Some(world) = World::alone("the sensor under stress") else { return };
    let (receiver, export) = world.receiver();
    let (busy, _) = busy_and_idle(&world, &export);
    let mut task = world.start_of(&busy);
    wait_until_said(&task, SENSOR, "listening");
    std::thread::scope(|scope| {
        scope.spawn(|| world.load(4, 6));
        std::thread::sleep(Duration::from_secs(3));
        task.signal(SENSOR, "TERM");
        assert_eq!(task.wait_until_ended(SENSOR, Duration::from_secs(30)).unwrap(), 0, "{}", task.said(SENSOR));
    });
    let said = task.said(SENSOR);
    let ledger = said.lines().rev().find(|line| line.starts_with("ledger:")).expect("a last word");
    let accepted = ledger.split("accepted ").nth(1).and_then(|text| text.split([' ', ',']).next()?.parse::<u64>().ok());
    assert_eq!(world.seen(&receiver).unique_spans(), accepted.expect("a number"), "{said}");
    assert!(accepted > Some(0));
    assert_eq!(task.stop(), None);
}

#[test]
fn the_sensors_crash_leaves_the_application_alone() {
    let Some(world) = World::alone("the sensor under stress") else { return };
    let (_receiver, export) = world.receiver();
    let (busy, _) = busy_and_idle(&world, &export);
    let mut task = world.start_of(&busy);
    wait_until_said(&task, SENSOR, "listening");
    let load = std::thread::scope(|scope| {
        let load = scope.spawn(|| world.load(4, 4));
        std::thread::sleep(Duration::from_secs(2));
        task.signal(SENSOR, "KILL");
        assert_eq!(task.wait_until_ended(SENSOR, PATIENCE).unwrap(), 137);
        load.join().expect("a load")
    });
    assert!(load.requests_a_second > 100.0);
    world.ask(10, Duration::ZERO);
    assert_eq!(task.runs("web"), 1);
    assert_eq!(task.stop(), None, "the task goes on without the sensor");
}
