//! The sensor in the smallest task, under more than it can follow.

use std::time::Duration;

use runner::{container_of, web};
use serde_json::{Value, json};

use crate::last_word::LastWord;
use crate::sensor::SENSOR;
use crate::world::{Load, PATIENCE, World, ran_to_its_end, wait_until_said};

/// What the sensor has there: 12 CPU units.
const CPUS: f64 = 12.0 / 1024.0;
/// The least that a packet with a request or an answer has, as `wrk` and nginx write them.
const REQUEST_BYTES: u64 = 47;
/// How long ECS waits after SIGTERM, where a task definition says nothing else.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
/// The exit code of a sensor that could not write what it has to.
const DEAD_BACKEND: i64 = 1;
/// The exit code of a sensor that has not enough memory.
const TOO_LITTLE: i64 = 5;

/// The revision with a sensor that sends to this export, and the same with one that sees nothing.
fn busy_and_idle(world: &World, export: &str) -> (Value, Value) {
    world.inject_sensor(export);
    let busy = world.revision();
    let idle = with_words(&busy, &["--filter", "udp port 1"]);
    (busy, idle)
}

/// A document whose sensor has more on its command line.
fn with_words(document: &Value, words: &[&str]) -> Value {
    let mut document = document.clone();
    let command = &mut container_of(&mut document, SENSOR).expect("the sensor")["command"];
    command.as_array_mut().expect("a command").extend(words.iter().map(|word| json!(word)));
    document
}

#[test]
fn ten_times_what_it_can_follow_costs_the_application_next_to_nothing() {
    let Some(world) = World::alone("the sensor under stress") else { return };
    let (receiver, export) = world.receiver();
    let (busy, idle) = busy_and_idle(&world, &export);
    let mut loads: [Vec<Load>; 2] = Default::default();
    let mut accepted = 0;
    // Whatever else runs on the machine makes a load less; then there are more rounds.
    for round in 1..=10 {
        loads[0].push(under_load(&world, &idle).1);
        let (taken, load) = under_load(&world, &busy);
        assert!(taken > 0, "the receiver was sent nothing");
        loads[1].push(load);
        accepted += taken;
        let [idle, busy] = [0, 1].map(|which| best(&loads[which]));
        println!("with a sensor that sees nothing {idle:?}, with one that sees everything {busy:?}");
        if round >= 4 && is_next_to_nothing(idle, busy) {
            break;
        }
        assert!(round < 10, "{busy:?} instead of {idle:?}");
    }
    let seen = world.seen(&receiver);
    assert_eq!((seen.is_right().unique_spans(), seen.duplicate_spans()), (accepted, 0));
}

/// Loads a task for six seconds, and requires that its sensor is left as it has to be and, if it sees something, accounts for
/// all of it. How many transactions were accepted, and what the application did.
#[track_caller]
fn under_load(world: &World, document: &Value) -> (u64, Load) {
    let earlier = Packets::of(world);
    let mut task = world.start_of(document);
    wait_until_said(&task, SENSOR, "listening");
    let (before, listening) = (task.usage(SENSOR).cpu, Packets::of(world));
    let load = world.load(16, 6);
    let (usage, stopping) = (task.usage(SENSOR), Packets::of(world));
    let cpus = (usage.cpu - before).as_secs_f64() / 6.0;
    assert_eq!(task.stop(), None);
    let later = Packets::of(world);
    assert!(cpus < CPUS * 1.5, "its share, and what it had saved: {cpus}");
    ran_to_its_end(&task, SENSOR, usage, 0);
    assert_eq!(usage.memory_limit, 25 << 20);
    let said = task.said(SENSOR);
    if LastWord::of(&said).transactions().total == 0 {
        return (0, load);
    }
    // All that came after it had said that it listens, and nothing from before it was started.
    let (least, most) = (stopping.of_the_application - listening.of_the_application, later.all - earlier.all);
    let (read, accepted) = accounts_for_all(&said, web::logged(&task), (least, most));
    // So many a second it reads with its share of a CPU.
    let follows = read as f64 / (task.usage(SENSOR).cpu - before).as_secs_f64() * CPUS;
    println!("it follows {follows:.0} requests a second, and there were {:.0}", load.requests_a_second);
    assert!(load.requests_a_second >= 10.0 * follows, "{load:?}, and it follows {follows}");
    (accepted, load)
}

/// Whether the application does nearly as well.
fn is_next_to_nothing(idle: Load, busy: Load) -> bool {
    // Of a task that is at its quota, the slowest requests wait for the next period of 100 ms.
    busy.requests_a_second > 0.9 * idle.requests_a_second && busy.p99 < 1.1 * idle.p99 + 5.0
}

/// Packets that the task's interfaces have carried, by the kernel's count.
struct Packets {
    of_the_application: u64,
    /// With those of health checks and to the metadata endpoint.
    all: u64,
}

impl Packets {
    fn of(world: &World) -> Packets {
        let [eth1, eth0, lo] = ["eth1", "eth0", "lo"].map(|name| world.network.carried(name).expect("an interface"));
        let of_the_application = eth1.received + eth1.sent;
        // What is sent at `lo` is received there.
        Packets { of_the_application, all: of_the_application + eth0.received + eth0.sent + lo.received }
    }
}

/// Each packet that came was read or is told to be lost, each that was read is of a transaction that was, and each of those
/// was brought away or is told to be dropped. How many transactions of the application were read, and how many were accepted.
#[track_caller]
fn accounts_for_all(said: &str, logged: u64, (least, most): (u64, u64)) -> (u64, u64) {
    let word = LastWord::of(said);
    let (came, dropped) = (word.packets(), word.dropped());
    let read = came - dropped - word.lost("not read before the end");
    let (seen, sent) = (word.transactions(), word.items("traces"));
    let of_the_application = seen.total - seen.part("own") - seen.part("credentials");
    println!("{least} <= {came} <= {most} packets, {dropped} dropped; {logged} requests; {seen:?}; {sent:?}");
    assert!((least..=most).contains(&came), "{least} to {most} packets: {said}");
    assert!(dropped > 0, "{said}");
    // Requests and their answers are a packet each; others there are as many at most as are left. What came behind a hole
    // may have been given up.
    let others = most - 2 * logged + word.lost("bytes given up for lack of room") / REQUEST_BYTES;
    assert!(read <= 2 * of_the_application + others, "{others} other packets: {said}");
    assert!(of_the_application <= logged, "{logged} requests: {said}");
    assert_eq!(sent.total, seen.part("emitted"), "{said}");
    assert_eq!(sent.part("accepted") + sent.part("queue.full"), sent.total, "{said}");
    assert!(sent.part("accepted") > 0, "{said}");
    (of_the_application, sent.part("accepted"))
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
    ran_to_its_end(&task, SENSOR, usage, DEAD_BACKEND);
    assert_eq!(usage.memory_limit, 25 << 20);
    let said = task.said(SENSOR);
    let word = LastWord::of(&said);
    assert!(word.connections() >= 20_000, "{said}");
    // None of it could be brought away, and all of it is told.
    let (seen, sent) = (word.transactions(), word.items("traces"));
    assert!(seen.part("emitted") > 0 && sent.total == seen.part("emitted"), "{said}");
    assert_eq!(sent.part("accepted"), 0, "{said}");
    let all = sent.total + word.items("logs").total;
    assert_eq!(word.lost("that were not brought to otlp:http://10.0.1.1:9"), all, "{said}");
}

#[test]
fn too_little_memory_is_said_at_the_start_and_the_application_goes_on() {
    let Some(world) = World::alone("the sensor under stress") else { return };
    let (_receiver, export) = world.receiver();
    let (mut document, _) = busy_and_idle(&world, &export);
    for (mib, runs) in [(14_u64, false), (16, true)] {
        let sensor = container_of(&mut document, SENSOR).expect("the sensor");
        (sensor["memory"], sensor["memoryReservation"]) = (mib.into(), mib.into());
        let mut task = world.start_of(&document);
        if runs {
            wait_until_said(&task, SENSOR, "listening");
        } else {
            assert_eq!(task.wait_until_ended(SENSOR, PATIENCE).unwrap(), TOO_LITTLE);
            let said = task.said(SENSOR);
            assert!(said.contains("of memory are too little"), "{said}");
        }
        let load = world.load(16, 3);
        assert!(load.requests_a_second > 100.0, "{load:?}");
        let usage = task.usage(SENSOR);
        assert_eq!(usage.memory_limit, mib << 20);
        assert_eq!(task.runs("web"), 1);
        assert_eq!(task.stop(), None);
        ran_to_its_end(&task, SENSOR, usage, if runs { 0 } else { TOO_LITTLE });
    }
}

#[test]
fn sigterm_under_load_loses_nothing_that_was_taken_on() {
    let Some(world) = World::alone("the sensor under stress") else { return };
    let (receiver, export) = world.receiver();
    let (busy, _) = busy_and_idle(&world, &export);
    let mut accepted = 0;
    // What it can follow, and far more.
    for follows in [true, false] {
        let mut task = world.start_of(&busy);
        wait_until_said(&task, SENSOR, "listening");
        let usage = std::thread::scope(|scope| {
            let load = scope.spawn(|| match follows {
                true => world.ask(1_000, Duration::from_millis(5)),
                false => drop(world.load(4, 6)),
            });
            std::thread::sleep(Duration::from_secs(3));
            let usage = task.usage(SENSOR);
            task.signal(SENSOR, "TERM");
            assert_eq!(task.wait_until_ended(SENSOR, STOP_TIMEOUT).unwrap(), 0, "{}", task.said(SENSOR));
            load.join().expect("a load");
            usage
        });
        assert_eq!(task.stop(), None);
        ran_to_its_end(&task, SENSOR, usage, 0);
        let said = task.said(SENSOR);
        let word = LastWord::of(&said);
        let (seen, sent) = (word.transactions(), word.items("traces"));
        println!("{seen:?}; {sent:?}");
        // What was read was handed on, and nothing of that was left when it ended.
        assert!(seen.part("emitted") > 0, "{said}");
        assert_eq!(sent.total, seen.part("emitted"), "{said}");
        // Before it was to end, there may have been no room for all.
        assert_eq!(sent.part("accepted") + sent.part("queue.full"), sent.total, "{said}");
        if follows {
            assert!(word.has_lost_nothing() && sent.is_all("accepted"), "{said}");
        }
        accepted += sent.part("accepted");
    }
    let seen = world.seen(&receiver);
    assert_eq!((seen.is_right().unique_spans(), seen.duplicate_spans()), (accepted, 0));
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
    assert!(load.requests_a_second > 100.0, "{load:?}");
    world.ask(10, Duration::ZERO);
    assert_eq!(task.runs("web"), 1);
    assert_eq!(task.stop(), None, "the task goes on without the sensor");
}
