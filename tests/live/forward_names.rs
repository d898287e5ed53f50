//! `sidetap forward` and names: several addresses, servers that do not answer, and collectors that nothing leads to.

use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::mirror::{COLLECTOR, Mirror, OUT, number};
use crate::support::ping::{Pings, ping};
use crate::support::sensor::BINARY;

#[test]
fn where_one_address_refuses_the_next_is_used_and_kept() {
    let Some((mirror, names)) = with_file("hosts") else { return };
    mirror.collector.ip("addr add 10.78.0.3/24 dev in0");
    std::fs::write(&names, format!("{COLLECTOR} collector.test\n10.78.0.3 collector.test\n")).expect("a file");
    let second = mirror.collector.enter(|| UdpSocket::bind("10.78.0.3:4789").expect("the port is free"));
    let forwarding = mirror.start(forwarder(&mirror, &names, "/etc/hosts", &["--destination", "collector.test"]));
    assert!(forwarding.said().contains("to collector.test:4789 (10.78.0.2:4789);"), "{}", forwarding.said());
    let pings = Pings::start(&mirror.lab.client);
    forwarding.wait_for("collector.test:4789 is at 10.78.0.3:4789 now");
    second.set_read_timeout(Some(Duration::from_secs(5))).expect("a socket");
    let mut buffer = [0; 2000];
    assert!(second.recv(&mut buffer).expect("a packet") > 0);
    forwarding.wait_for("collector.test:4789 is back");
    // The first one would take packets now; the second one does, too.
    let _first = mirror.collector.enter(|| UdpSocket::bind("10.78.0.2:4789").expect("the port is free"));
    std::thread::sleep(Duration::from_secs(2));
    drop(pings);
    let said = forwarding.said();
    assert_eq!(said.matches(" is at 10.78.0.").count(), 1, "{said}");
    forwarding.stop();
}

#[test]
fn an_address_that_nothing_leads_to_is_no_missing_address() {
    let Some(mirror) = Mirror::with(&[], 1500) else { return };
    let forwarding = mirror.forward(&["--destination", "10.9.9.9", "--filter", "icmp", "--interface", "eth0"]);
    let said = forwarding.said();
    for words in [
        "to 10.9.9.9:4789;",
        "cannot connect to 10.9.9.9:4789: Network is unreachable",
        "packets to it are dropped until it can be reached",
    ] {
        assert!(said.contains(words), "no `{words}` in {said}");
    }
    assert!(!said.contains("address yet") && !said.contains("an address"), "{said}");
    ping(&mirror.lab.client, 3, Duration::from_millis(50), 56);

    mirror.collector.ip("addr add 10.9.9.9/32 dev in0");
    let _collector = mirror.listen();
    mirror.lab.server.ip(&format!("route add 10.9.9.9/32 dev {OUT}"));
    let pings = Pings::start(&mirror.lab.client);
    forwarding.wait_for("10.9.9.9:4789 is back");
    drop(pings);
    let last = forwarding.stop();
    assert!(number(&last, "datagrams no route") >= 6 && number(&last, "datagrams sent") > 0, "{last}");
    assert_eq!(number(&last, "datagrams no address"), 0, "{last}");
}

#[test]
fn what_is_forbidden_is_said_once_and_is_back_when_it_no_longer_is() {
    let Some(mirror) = Mirror::with(&[], 1500) else { return };
    let _collector = mirror.listen();
    let forwarding = mirror.forward(&["--destination", COLLECTOR, "--filter", "icmp", "--interface", "eth0"]);
    let _pings = Pings::start(&mirror.lab.client);
    mirror.lab.server.ip(&format!("route add prohibit {COLLECTOR}/32"));
    forwarding.wait_for("10.78.0.2:4789 cannot be reached");
    std::thread::sleep(Duration::from_secs(7));
    mirror.lab.server.ip(&format!("route del prohibit {COLLECTOR}/32"));
    forwarding.wait_for("10.78.0.2:4789 is back");
    let said = forwarding.said();
    for words in [" cannot be reached: packets", " cannot connect to ", " is back"] {
        assert!(said.matches(words).count() <= 1, "`{words}` in {said}");
    }
    let last = forwarding.stop();
    assert!(number(&last, "datagrams not sent") > 0, "{last}");
}

#[test]
fn names_are_looked_up_without_rights_and_keep_nobody_from_ending_it() {
    let Some((mirror, servers)) = with_file("resolv.conf") else { return };
    // Takes questions, and says nothing.
    let server = mirror.lab.client.enter(|| UdpSocket::bind("10.77.0.1:53").expect("the port is free"));
    std::fs::write(&servers, "nameserver 10.77.0.1\noptions timeout:15 attempts:1\n").expect("a file");
    let args = ["--destination", "collector.test"];
    let forwarding = mirror.spawn(forwarder(&mirror, &servers, "/etc/resolv.conf", &args));
    server.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket");
    let mut buffer = [0; 512];
    server.recv(&mut buffer).expect("a question");
    assert!(!forwarding.said().contains("forwarding from"), "{}", forwarding.said());
    for set in ["CapPrm", "CapEff"] {
        assert_eq!(forwarding.status(set), "0000000000000000", "{set}");
    }
    let since = Instant::now();
    let (status, said) = forwarding.end();
    assert!(status.code().is_some() && since.elapsed() < Duration::from_secs(2), "{status} {said}");
}

#[test]
fn a_name_that_is_in_trouble_and_never_answered_keeps_no_other_one_waiting() {
    let Some((mirror, servers)) = with_file("resolv.conf") else { return };
    let server = mirror.lab.client.enter(|| UdpSocket::bind("10.77.0.1:53").expect("the port is free"));
    std::fs::write(&servers, "nameserver 10.77.0.1\noptions timeout:2 attempts:1\n").expect("a file");
    let zone = Arc::new(Mutex::new(vec![("first", [10, 78, 0, 2]), ("second", [10, 78, 0, 3])]));
    let theirs = Arc::clone(&zone);
    let _answers = std::thread::spawn(move || answer(&server, &theirs));
    for last in [3, 4] {
        mirror.collector.ip(&format!("addr add 10.78.0.{last}/24 dev in0"));
    }
    let args = ["--destination", "first.test,second.test", "--filter", "icmp", "--interface", "eth0"];
    let forwarding = mirror.start(forwarder(&mirror, &servers, "/etc/resolv.conf", &args));
    // The first one cannot be reached any more, and nobody knows where it is. The second one has moved.
    *zone.lock().expect("nobody panics") = vec![("second", [10, 78, 0, 4])];
    let _moved = mirror.collector.enter(|| UdpSocket::bind("10.78.0.4:4789").expect("the port is free"));
    mirror.lab.server.ip("route add prohibit 10.78.0.2/32");
    let _pings = Pings::start(&mirror.lab.client);
    forwarding.wait_for("first.test:4789 cannot be reached");
    forwarding.wait_for("second.test:4789 is at 10.78.0.4:4789 now");
}

/// Answers questions for the addresses of names that begin so, and no others, until nobody asks any more.
fn answer(server: &UdpSocket, zone: &Mutex<Vec<(&str, [u8; 4])>>) {
    let mut question = [0; 512];
    server.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
    while let Ok((length, from)) = server.recv_from(&mut question) {
        // RFC 1035 §4.1: a header of 12 bytes, then the name's first label behind its length.
        let zone = zone.lock().expect("nobody panics");
        let Some((_, address)) = zone.iter().find(|(name, _)| question[13..].starts_with(name.as_bytes())) else {
            continue;
        };
        let kind = question[12..length].iter().position(|byte| *byte == 0).expect("a name's end") + 13;
        let is_a = question[kind..kind + 2] == [0, 1];
        let mut reply = question[..kind + 4].to_vec();
        reply[2..12].copy_from_slice(&[0x81, 0x80, 0, 1, 0, u8::from(is_a), 0, 0, 0, 0]);
        if is_a {
            reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
            reply.extend(address);
        }
        let _ = server.send_to(&reply, from);
    }
}

/// A mirror, and a file that will be in the place of one of the system's.
fn with_file(name: &str) -> Option<(Mirror, PathBuf)> {
    let mirror = Mirror::with(&["unshare", "mount"], 1500)?;
    let file = mirror.lab.directory().join(name);
    Some((mirror, file))
}

/// A forwarder that sees a file in the place of another one.
fn forwarder(mirror: &Mirror, file: &PathBuf, place: &str, args: &[&str]) -> Command {
    let script = "mount --bind \"$1\" \"$2\" && shift 2 && exec \"$@\"";
    let mut command = mirror.lab.server.command("unshare");
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(file).arg(place).arg(BINARY).arg("forward").args(args);
    command
}
