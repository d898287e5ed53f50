//! Receivers that have a name. The sidecar's image is one static program, without `nsswitch.conf` and without libraries to
//! look names up with: it has to find them in the container's `hosts` file, and to ask the DNS server, all the same.

use std::net::{Ipv4Addr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use runner::Network;

use crate::last_word::LastWord;
use crate::receiver::Seen;
use crate::sensor::SENSOR;
use crate::world::{IMAGE, World, wait_until_said};

/// How many requests the application is sent.
const REQUESTS: u64 = 20;

#[test]
fn a_receiver_is_found_by_a_name_that_dns_has() {
    let Some(world) = World::new("a name in DNS") else { return };
    let dns = Dns::start(&world.network, &[("collector.internal", world.network.address_outside())]);
    let (receiver, _) = world.receiver();
    all_of_it_goes_to(&world, &format!("otlp:http://collector.internal:{}", receiver.port));
    arrived(&world.seen(&receiver));
    assert!(dns.was_asked_for("collector.internal"));
}

#[test]
fn a_receiver_is_found_by_a_name_that_the_hosts_file_has() {
    let Some(world) = World::new("a name in the hosts file") else { return };
    let dns = Dns::start(&world.network, &[]);
    world.network.add_host("collector", world.network.address_outside());
    let (receiver, _) = world.receiver();
    all_of_it_goes_to(&world, &format!("otlp:http://collector:{}", receiver.port));
    arrived(&world.seen(&receiver));
    assert!(!dns.was_asked_for("collector"));
}

/// As where a collector is another sidecar of the task.
#[test]
fn a_receiver_in_the_same_task_is_found_at_localhost() {
    let Some(world) = World::new("a receiver in the same task") else { return };
    let dns = Dns::start(&world.network, &[]);
    let receiver = world.receiver_inside();
    all_of_it_goes_to(&world, &format!("otlp:http://localhost:{}", receiver.port));
    let seen = world.network.inside_do(|| receiver.seen()).expect("the namespace is there");
    arrived(&seen);
    assert!(!dns.was_asked_for("localhost"));
}

#[test]
fn a_name_that_nobody_knows_is_said_and_leaves_the_application_alone() {
    let Some(world) = World::new("a name that nobody knows") else { return };
    let dns = Dns::start(&world.network, &[]);
    world.inject_sensor("otlp:http://collector.internal:4318");
    let mut task = world.start();
    wait_until_said(&task, SENSOR, "listening");
    world.ask(REQUESTS as usize, Duration::ZERO);
    wait_until_said(&task, SENSOR, "collector.internal:4318: failed to lookup");
    assert_eq!(task.stop(), None);
    assert!(dns.was_asked_for("collector.internal"));
    assert_eq!((task.runs(SENSOR), task.runs("web")), (1, 1));
}

#[test]
fn a_forwarders_collector_is_found_by_a_name_that_dns_has() {
    let Some(world) = World::new("a collector's name in DNS") else { return };
    let _dns = Dns::start(&world.network, &[("mirror.internal", world.network.address_outside())]);
    let collector = world.collector();
    world.sidetap(&format!(
        "inject --cluster main --service web --sidecar forwarder --image {IMAGE} --destination mirror.internal --yes"
    ));
    let mut task = world.start();
    wait_until_said(&task, "sidetap-forwarder", "to mirror.internal:4789 (10.0.1.1:4789);");
    world.ask(REQUESTS as usize, Duration::from_millis(20));
    assert_eq!(task.stop(), None);
    let (records, said) = collector.stop();
    let answered = records.iter().filter(|record| record["url.path"] == "/items/{id}");
    assert_eq!(answered.count() as u64, REQUESTS, "{said}{}", task.said("sidetap-forwarder"));
}

/// Runs a task whose sensor sends there, asks, and requires that the sensor brings all of that there.
#[track_caller]
fn all_of_it_goes_to(world: &World, export: &str) {
    world.inject_sensor(export);
    let mut task = world.start();
    wait_until_said(&task, SENSOR, "listening");
    world.ask(REQUESTS as usize, Duration::from_millis(20));
    assert_eq!(task.stop(), None);
    let said = task.said(SENSOR);
    let word = LastWord::of(&said);
    assert!(word.has_lost_nothing(), "{said}");
    // What the sensor sends itself is seen, and is none of it.
    assert_eq!(
        (word.transactions().part("emitted"), word.items("traces").part("accepted")),
        (REQUESTS, REQUESTS),
        "{said}"
    );
}

#[track_caller]
fn arrived(seen: &Seen) {
    assert_eq!(seen.is_right().unique_spans(), REQUESTS);
}

/// A DNS server of the VPC, which knows the addresses of a few names.
struct Dns {
    asked: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Dns {
    fn start(network: &Network, zone: &[(&'static str, Ipv4Addr)]) -> Dns {
        let address = (network.address_outside(), 53);
        let socket = network.outside_do(|| UdpSocket::bind(address)).expect("the namespace is there");
        let socket = socket.expect("the port is free");
        socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a socket");
        let (asked, over) = (Arc::<Mutex<Vec<String>>>::default(), Arc::new(AtomicBool::new(false)));
        let (asks, ends, zone) = (Arc::clone(&asked), Arc::clone(&over), zone.to_vec());
        let thread = std::thread::spawn(move || {
            let mut question = [0; 512];
            while !ends.load(Ordering::Relaxed) {
                let Ok((length, from)) = socket.recv_from(&mut question) else { continue };
                let Some((name, answer)) = answer(&question[..length], &zone) else { continue };
                asks.lock().expect("nobody panics").push(name);
                let _ = socket.send_to(&answer, from);
            }
        });
        Dns { asked, over, thread: Some(thread) }
    }

    fn was_asked_for(&self, name: &str) -> bool {
        self.asked.lock().expect("nobody panics").iter().any(|asked| asked == name)
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The name that a question is about, and the answer: an address (RFC 1035 §4.1), no data for another kind of question, or
/// that there is no such name.
fn answer(question: &[u8], zone: &[(&str, Ipv4Addr)]) -> Option<(String, Vec<u8>)> {
    let (mut labels, mut at) = (Vec::new(), 12);
    loop {
        let length = usize::from(*question.get(at)?);
        let label = question.get(at + 1..at + 1 + length)?;
        at += 1 + length;
        if label.is_empty() {
            break;
        }
        labels.push(String::from_utf8_lossy(label).to_lowercase());
    }
    let name = labels.join(".");
    let kind = question.get(at..at + 4)?;
    let known = zone.iter().find(|(known, _)| *known == name);
    let address = known.filter(|_| kind == [0, 1, 0, 1]).map(|(_, address)| address);
    // Not in the zone: NXDOMAIN.
    let code = if known.is_some() { 0 } else { 3 };
    let mut reply = question[..at + 4].to_vec();
    reply[2..12].copy_from_slice(&[0x81, 0x80 | code, 0, 1, 0, u8::from(address.is_some()), 0, 0, 0, 0]);
    if let Some(address) = address {
        // The name of the question, an address of the Internet, for a minute.
        reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        reply.extend(address.octets());
    }
    Some((name, reply))
}
