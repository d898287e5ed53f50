//! `sidetap forward` where the way to the collector becomes narrow, or has no room, while it sends.

use std::collections::BTreeMap;

use crate::support::dump::{Carried, Dump, Flow, Outer, carried};
use crate::support::lab::CABLE;
use crate::support::load::Load;
use crate::support::mirror::{COLLECTOR, IN, Mirror, OUT, number};
use crate::support::sensor::ROOMY;

/// A collector behind the mirror's own, which is a router to it.
const FAR: &str = "10.79.0.2";

#[test]
fn what_waits_when_the_way_out_becomes_narrower_is_cut_again_and_all_arrives() {
    let Some(mirror) = Mirror::with(&["tc"], 9001) else { return };
    let _collector = mirror.listen();
    let source = Dump::start(&mirror.lab.server, CABLE, mirror.lab.directory().join("source.pcap"), "tcp");
    let outer = mirror.dump();
    let args = ["--destination", COLLECTOR, "--filter", "tcp", "--interface", CABLE, "--memory-limit", ROOMY];
    let forwarding = mirror.forward(&args);
    let load = Load::start(&mirror.lab);
    for times in 1..=3 {
        load.goes_on(2);
        mirror.lab.server.ip(&format!("link set {OUT} mtu 1500"));
        forwarding.wait_for_times("packets of at most 1500 bytes are sent now", times);
        load.goes_on(2);
        mirror.lab.server.ip(&format!("link set {OUT} mtu 9001"));
        forwarding.wait_for_times("packets of at most 9001 bytes are sent now", times);
    }
    load.finish();
    let last = forwarding.stop();
    let (source, outer) = (source.finish(), outer.finish());
    println!("{last}");

    assert!(last.contains("nothing dropped"), "{last}");
    assert!(number(&last, "datagrams cut again") > 0, "{last}");
    assert_eq!(number(&last, "datagrams sent"), outer.len() as u64, "{last}");
    let outer: Vec<Outer> = outer.iter().map(|frame| Outer::parse(frame, 1)).collect();
    assert!(outer.iter().any(|packet| packet.length > 8000) && outer.iter().any(|packet| packet.length == 1500));
    let inner: Vec<Vec<u8>> = outer.into_iter().map(|packet| packet.inner).collect();
    let (sent, arrived) = (carried(source.iter()), carried(inner.iter()));
    assert_eq!(bytes(&sent), bytes(&arrived), "{last}");
    assert!(sent == arrived, "something else arrived");
}

#[test]
fn what_a_router_on_the_way_has_no_room_for_is_all_that_is_missing() {
    let Some(mirror) = Mirror::with(&["tc"], 9001) else { return };
    let Mirror { lab, collector: router } = &mirror;
    let far = lab.another("far");
    router.lay_cable("far0", &far, IN);
    router.enter(|| std::fs::write("/proc/sys/net/ipv4/ip_forward", "1").expect("root may"));
    for (namespace, name, address) in [(router, "far0", "10.79.0.1"), (&far, IN, FAR)] {
        namespace.ip(&format!("addr add {address}/24 dev {name}"));
        namespace.ip(&format!("link set {name} mtu 9001 up"));
    }
    lab.server.ip(&format!("route add 10.79.0.0/24 via {COLLECTOR}"));
    far.ip("route add default via 10.79.0.1");
    router.wait_for_link("far0");
    let _listening = far.enter(|| std::net::UdpSocket::bind("0.0.0.0:4789").expect("the port is free"));

    let source = Dump::start(&lab.server, CABLE, lab.directory().join("source.pcap"), "tcp");
    let outer = Dump::start(&far, IN, lab.directory().join("outer.pcap"), "udp");
    let args = ["--destination", FAR, "--filter", "tcp", "--interface", CABLE, "--memory-limit", ROOMY];
    let forwarding = mirror.forward(&args);
    let load = Load::start(lab);
    load.goes_on(2);
    router.ip("link set far0 mtu 1500");
    forwarding.wait_for("packets of at most 1500 bytes are sent now");
    load.goes_on(3);
    load.finish();
    let last = forwarding.stop();
    let (source, outer) = (source.finish(), outer.finish());
    let refused = router.enter(|| snmp("Ip", "FragFails"));
    println!("{last}; {refused} refused by the router");

    // What was on its way is the router's loss; it said so at once.
    assert!(last.contains("nothing dropped"), "{last}");
    assert!(number(&last, "datagrams cut again") > 0, "{last}");
    assert!((1..200).contains(&refused), "{refused}");
    assert_eq!(number(&last, "datagrams sent"), outer.len() as u64 + refused, "{last}");
    let inner: Vec<Vec<u8>> = outer.iter().map(|frame| Outer::parse(frame, 1).inner).collect();
    let (sent, arrived) = (carried(source.iter()), carried(inner.iter()));
    let missing = bytes(&sent) - bytes(&arrived);
    assert!(missing <= refused as usize * 8960, "{missing} bytes are missing: {refused} packets");
    let incomplete = sent.iter().filter(|(flow, sent)| arrived.get(flow) != Some(sent)).count();
    assert!(incomplete <= 2, "the connection of that moment, and no other: {incomplete}");
}

#[test]
fn what_the_interfaces_queue_drops_is_counted_and_the_application_goes_on() {
    let Some(mirror) = Mirror::with(&["tc"], 1500) else { return };
    let server = &mirror.lab.server;
    // Less than the application sends. Its own packets take another interface.
    let tc = |words: &str| server.run("tc", &words.split(' ').collect::<Vec<_>>());
    tc(&format!("qdisc add dev {OUT} root handle 1: htb default 1"));
    tc(&format!("class add dev {OUT} parent 1: classid 1:1 htb rate 16mbit burst 64k"));
    tc(&format!("qdisc add dev {OUT} parent 1:1 handle 2: pfifo limit 4"));
    let _collector = mirror.listen();
    let outer = mirror.dump();
    let args = ["--destination", COLLECTOR, "--filter", "tcp", "--interface", CABLE, "--memory-limit", ROOMY];
    let forwarding = mirror.forward(&args);
    let load = Load::start(&mirror.lab);
    load.goes_on(8);
    load.finish();
    let last = forwarding.stop();
    let arrived = outer.finish().len() as u64;
    println!("{last}");
    let (sent, full) = (number(&last, "datagrams sent"), number(&last, "datagrams send buffer full"));
    assert!(sent > 0 && full > 0, "{last}");
    assert_eq!(sent, arrived, "{last}");
    let made = number(&last, "packets captured") - number(&last, "frames cut") + number_after(&last, "frames cut into");
    assert_eq!(sent + full, made, "{last}");
}

fn bytes(flows: &BTreeMap<Flow, Carried>) -> usize {
    flows.values().map(|carried| carried.sent).sum()
}

/// The number behind these words.
fn number_after(line: &str, words: &str) -> u64 {
    let (_, after) = line.split_once(words).unwrap_or_else(|| panic!("no `{words}` in {line}"));
    let digits: String = after.trim_start().chars().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
    digits.replace(',', "").parse().expect("a number")
}

/// A counter of this namespace.
fn snmp(group: &str, name: &str) -> u64 {
    let all = std::fs::read_to_string("/proc/thread-self/net/snmp").expect("proc is mounted");
    let mut lines = all.lines().filter_map(|line| line.strip_prefix(group)?.strip_prefix(": "));
    let (names, numbers) = (lines.next().expect("names"), lines.next().expect("numbers"));
    let place = names.split(' ').position(|it| it == name).expect("the kernel counts it");
    numbers.split(' ').nth(place).and_then(|number| number.parse().ok()).expect("a number")
}
