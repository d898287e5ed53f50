//! `sidetap forward`: what arrives at a collector is what the application's peers saw.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream, UdpSocket};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::dump::{self, Dump, Outer, carried};
use crate::support::lab::{CABLE, Lab, SERVER};
use crate::support::mirror::{COLLECTOR, Mirror, OUT, number};
use crate::support::ping::ping;
use crate::support::sensor::BINARY;

/// Bytes of the longest transfer: many super-frames.
const BULK: usize = 3 << 20;
/// Rings that hold all of a test's traffic, however slow a debug build is.
const ROOMY: [&str; 2] = ["--memory-limit", "256MiB"];

#[test]
fn what_arrives_is_what_was_sent_at_an_mtu_of_1500() {
    is_faithful(1500, &[]);
}

#[test]
fn what_arrives_is_what_was_sent_at_an_mtu_of_9001() {
    is_faithful(9001, &[]);
}

#[test]
fn what_arrives_is_what_was_sent_where_the_way_out_is_narrower() {
    is_faithful(9001, &["--mtu", "1400", "--vni", "16777215"]);
}

/// Whatever the application sends, in bulk and in bits, in both directions, is at the collector; and nothing else is.
fn is_faithful(mtu: u32, args: &[&str]) {
    let Some(mirror) = Mirror::with(&["tshark"], mtu) else { return };
    let _collector = mirror.listen();
    let source = Dump::start(&mirror.lab.server, CABLE, mirror.lab.directory().join("source.pcap"), "");
    let outer = mirror.dump();
    // On every interface: also on that which packets leave by.
    let forwarding = mirror.forward(&[&["--destination", COLLECTOR], &ROOMY[..], args].concat());
    talk(&mirror.lab);
    // Before the dumps, which see nothing that it does not send: neighbours look for each other every now and then.
    let last = forwarding.stop();
    let (source, outer) = (source.finish(), outer.finish());

    assert!(last.contains("nothing dropped"), "{last}");
    let (mtu, vni) = if args.is_empty() { (mtu as usize, 1) } else { (1400, 0xff_ffff) };
    let outer: Vec<Outer> = outer.iter().map(|frame| Outer::parse(frame, vni)).collect();
    assert_eq!(number(&last, "datagrams sent"), outer.len() as u64, "{last}");
    assert!(source.iter().any(|frame| frame.len() > mtu + 14), "offloads are on: super-frames were seen");
    let longest = outer.iter().map(|packet| packet.length).max().unwrap_or_default();
    assert!(longest <= mtu && longest > mtu - 100, "{longest} of {mtu}");

    // Both directions of each flow have one port, and flows spread.
    let mut ports: BTreeMap<_, u16> = BTreeMap::new();
    for packet in &outer {
        let Some((protocol, from, to)) = dump::flow(&packet.inner) else { continue };
        let port = *ports.entry((protocol, from.min(to), from.max(to))).or_insert(packet.source_port);
        assert_eq!(port, packet.source_port, "{protocol} {from:?} {to:?}");
    }
    let used: std::collections::BTreeSet<u16> = ports.values().copied().collect();
    assert!(used.len() > 4, "{used:?}");
    let first = used.first().expect("some") & !15;
    assert!(used.iter().all(|port| (first..first + 16).contains(port) && *port >= 49152), "{used:?}");

    // The same bytes, no more and no less: none of our own packets either.
    let inner: Vec<Vec<u8>> = outer.into_iter().map(|packet| packet.inner).collect();
    let (sent, arrived) = (carried(source.iter()), carried(inner.iter()));
    assert_eq!(sent.keys().collect::<Vec<_>>(), arrived.keys().collect::<Vec<_>>());
    for (flow, sent) in &sent {
        let arrived = &arrived[flow];
        assert_eq!((sent.sent, sent.packets.len()), (arrived.sent, arrived.packets.len()), "{flow:?}");
        assert!(sent == arrived, "{flow:?} carries something else");
    }
    assert!(sent.values().any(|carried| carried.stream.len() >= BULK));

    let file = mirror.lab.directory().join("inner.pcap");
    dump::write(&file, &inner);
    let wrong = dump::wrong_checksums(&file);
    assert!(wrong.is_empty(), "{} wrong, first {:?}", wrong.len(), wrong.first());
    // The oracle can tell: as they were captured, they are not finished.
    let file = mirror.lab.directory().join("captured.pcap");
    dump::write(&file, &source);
    assert!(!dump::wrong_checksums(&file).is_empty());
}

/// What an application does: transfers in both directions, small exchanges, datagrams, pings.
fn talk(lab: &Lab) {
    let listener = lab.server.enter(|| TcpListener::bind("0.0.0.0:0").expect("a port"));
    let datagrams = lab.server.enter(|| UdpSocket::bind("0.0.0.0:0").expect("a port"));
    let port = |address: std::io::Result<std::net::SocketAddr>| address.expect("a bound socket").port();
    let (stream_port, datagram_port) = (port(listener.local_addr()), port(datagrams.local_addr()));
    let bytes = |seed: u32, length: usize| -> Vec<u8> {
        (0..length as u32).map(|at| (at ^ seed).wrapping_mul(0x9e37_79b9).to_be_bytes()[0]).collect()
    };
    let sizes = [1, 700, 5_000, 70_000, BULK];
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for (seed, length) in (100..).zip(sizes) {
                let (mut stream, _) = listener.accept().expect("the client comes");
                let mut got = Vec::new();
                stream.read_to_end(&mut got).expect("the client sends");
                assert_eq!(got.len(), length);
                stream.write_all(&bytes(seed, length / 2)).expect("the client reads");
            }
        });
        lab.client.enter(|| {
            for (seed, length) in (200..).zip(sizes) {
                let mut stream = TcpStream::connect((SERVER, stream_port)).expect("the server listens");
                stream.write_all(&bytes(seed, length)).expect("the server reads");
                stream.shutdown(Shutdown::Write).expect("a connection");
                let mut got = Vec::new();
                stream.read_to_end(&mut got).expect("the server sends");
                assert_eq!(got.len(), length / 2);
            }
            for number in 0..40 {
                let socket = UdpSocket::bind("0.0.0.0:0").expect("a port");
                socket.send_to(&bytes(number, 10 + 30 * number as usize), (SERVER, datagram_port)).expect("sent");
            }
        });
    });
    drop(datagrams);
    ping(&lab.client, 5, Duration::from_millis(50), 300);
}

#[test]
fn a_collector_that_is_down_is_told_and_feeds_nothing_back() {
    let Some(mirror) = Mirror::with(&[], 1500) else { return };
    let outer = mirror.dump();
    let forwarding = mirror.forward(&["--destination", COLLECTOR, "--filter", "icmp or udp"]);
    ping(&mirror.lab.client, 20, Duration::from_millis(50), 56);
    forwarding.wait_for("10.78.0.2:4789 refuses");
    // The application's packets, each once; the errors that quote ours are none of them.
    let frames = outer.finish();
    let refused = frames.iter().filter(|frame| frame[14 + 9] == 1).count();
    assert!(refused > 0, "the collector's host refuses");
    let sent = frames.iter().filter(|frame| frame[14 + 9] == 17).count();
    assert_eq!(sent, 40, "20 requests and 20 replies");

    let _collector = mirror.listen();
    ping(&mirror.lab.client, 30, Duration::from_millis(200), 56);
    forwarding.wait_for("10.78.0.2:4789 is back");
    let last = forwarding.stop();
    assert_eq!(number(&last, "packets captured"), 100, "{last}");
    assert_eq!(number(&last, "datagrams sent") + number(&last, "datagrams refused"), 100, "{last}");
}

#[test]
fn the_environment_of_traceables_forwarder_and_no_command_is_enough() {
    let Some(mirror) = Mirror::with(&[], 9001) else { return };
    let _collector = mirror.listen();
    let outer = mirror.dump();
    let mut command = mirror.lab.server.command(BINARY);
    command.envs([
        ("BPF_FILTER", "icmp"),
        ("DESTINATION", COLLECTOR),
        ("INTERFACE", "any"),
        ("MTU", "9000"),
        ("STAT_DURATION", "1"),
        ("SIDETAP_FILTER", ""),
    ]);
    let forwarding = mirror.start(command);
    let said = forwarding.said();
    for words in ["from lo, eth0, out0 to 10.78.0.2:4789;", "at most 9000 bytes"] {
        assert!(said.contains(words), "no `{words}` in {said}");
    }
    ping(&mirror.lab.client, 5, Duration::from_millis(50), 56);
    forwarding.wait_for("10 packets captured");
    assert_eq!(outer.finish().len(), 10);
    forwarding.stop();
}

#[test]
fn nobody_with_net_raw_forwards_and_keeps_no_right() {
    let Some(mirror) = Mirror::with(&[], 1500) else { return };
    let collector = mirror.listen();
    let copy = mirror.lab.directory().join("sidetap");
    let copied = Command::new("install").args(["--mode=755", BINARY]).arg(&copy).status();
    assert!(copied.is_ok_and(|status| status.success()));
    let mut command = mirror.lab.server.command("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all,+net_raw"]);
    command.args(["--ambient-caps=-all,+net_raw", "--bounding-set=-all,+net_raw"]).arg(copy);
    command.args(["forward", "--destination", COLLECTOR]);
    let forwarding = mirror.start(command);
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(forwarding.status(set), "0000000000000000", "{set}");
    }
    ping(&mirror.lab.client, 3, Duration::from_millis(50), 56);
    collector.set_read_timeout(Some(Duration::from_secs(5))).expect("a socket");
    let mut buffer = [0; 2000];
    (0..6).for_each(|_| assert!(collector.recv(&mut buffer).expect("a packet") > 0));
    forwarding.stop();
}

#[test]
fn every_destination_gets_everything() {
    let Some(mirror) = Mirror::with(&[], 1500) else { return };
    mirror.collector.ip("addr add 10.78.0.3/24 dev in0");
    let sockets = mirror.collector.enter(|| {
        ["10.78.0.2:4789", "10.78.0.3:4789", "10.78.0.3:9999"].map(|address| {
            let socket = UdpSocket::bind(address).expect("the port is free");
            socket.set_read_timeout(Some(Duration::from_secs(5))).expect("a socket");
            socket
        })
    });
    let places = "10.78.0.2, 10.78.0.3 10.78.0.3:9999";
    let forwarding = mirror.forward(&["--destination", places, "--interface", CABLE, "--filter", "icmp"]);
    ping(&mirror.lab.client, 4, Duration::from_millis(50), 56);
    let all = sockets.map(|socket| {
        let mut buffer = [0; 2000];
        let mut packets: Vec<(u16, Vec<u8>)> = (0..8)
            .map(|_| {
                let (length, from) = socket.recv_from(&mut buffer).expect("a packet");
                (from.port(), buffer[..length].to_vec())
            })
            .collect();
        packets.sort();
        packets
    });
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0], all[2]);
    assert_eq!(number(&forwarding.stop(), "datagrams sent"), 24);
}

#[test]
fn the_memory_limit_holds_at_any_rate() {
    let Some(mirror) = Mirror::with(&[], 1500) else { return };
    let _collector = mirror.listen();
    let forwarding = mirror.forward(&["--destination", COLLECTOR, "--memory-limit", "25MiB"]);
    (0..3).for_each(|_| talk(&mirror.lab));
    let peak: u64 = forwarding.status("VmHWM").parse().expect("a number");
    println!("VmHWM {peak} KiB");
    assert!(peak * 1024 < crate::support::memory_limit(25 << 20), "{peak} KiB");
    forwarding.stop();
}

#[test]
fn where_the_interface_completes_no_checksums_everything_arrives_all_the_same() {
    let Some(mirror) = Mirror::with(&["tshark"], 1500) else { return };
    mirror.lab.server.run("ethtool", &["-K", OUT, "tx", "off"]);
    let _collector = mirror.listen();
    let outer = mirror.dump();
    let forwarding = mirror.forward(&[&["--destination", COLLECTOR, "--interface", CABLE], &ROOMY[..]].concat());
    talk(&mirror.lab);
    let last = forwarding.stop();
    let arrived = outer.finish().len() as u64;
    assert_eq!(number(&last, "datagrams sent"), arrived, "{last}");
    assert!(last.contains("nothing dropped"), "{last}");
    let wrong = dump::wrong_checksums(&mirror.lab.directory().join("outer.pcap"));
    assert!(wrong.is_empty(), "the kernel has completed the outer ones: {:?}", wrong.first());
}

#[test]
fn a_loop_a_missing_destination_and_nonsense_are_refused() {
    let Some(mirror) = Mirror::with(&[], 1500) else { return };
    let fail = |args: &[&str]| {
        let mut command = mirror.lab.server.command(BINARY);
        command.arg("forward").args(args).stdin(Stdio::null());
        mirror.fail(command)
    };
    for own in ["127.0.0.1", "10.78.0.1", "10.77.0.2:9999", "localhost", "[::1]"] {
        let (status, said) = fail(&["--destination", own]);
        assert_eq!(status.code(), Some(5), "{said}");
        assert!(said.contains("is this host") && said.contains("hint: name a collector on another host"), "{said}");
    }
    for (args, words) in [
        (&[][..], "hint: name one with `--destination HOST[:PORT]`"),
        (&["--destination", "collector:0"], "`0` is no port"),
        (&["--destination", COLLECTOR, "--mtu", "12"], "neither `auto` nor a number"),
        (&["--destination", COLLECTOR, "--vni", "16777216"], "24 bits"),
        (&["--destination", COLLECTOR, "--rate-cap", "fast"], "100mbit"),
        (&["--destination", COLLECTOR, "--filter", "tcp prot 80"], "`prot`"),
    ] {
        let (status, said) = fail(args);
        assert_eq!(status.code(), Some(64), "{args:?}: {said}");
        assert!(said.contains(words), "no `{words}` in {said}");
    }
    let (status, said) = fail(&["--destination", COLLECTOR, "--memory-limit", "5MiB"]);
    assert_eq!(status.code(), Some(5), "{said}");
}

#[test]
fn a_second_forwarder_in_the_namespace_is_told() {
    let Some(mirror) = Mirror::with(&[], 1500) else { return };
    let words = "another sidetap forwards here";
    let first = mirror.forward(&["--destination", COLLECTOR, "--filter", "tcp"]);
    assert!(!first.said().contains(words), "{}", first.said());
    let second = mirror.forward(&["--destination", COLLECTOR, "--filter", "tcp"]);
    second.wait_for(words);
}

#[test]
fn what_is_mirrored_already_is_not_mirrored_again() {
    let Some(mirror) = Mirror::with(&[], 1500) else { return };
    let _collector = mirror.listen();
    let all = ["--destination", COLLECTOR];
    let (first, second) = (mirror.forward(&all), mirror.forward(&all));
    mirror.lab.client.enter(|| {
        let socket = UdpSocket::bind("0.0.0.0:0").expect("a port");
        for number in 0..100 {
            // Nobody listens there, which an error says now and then.
            let _ = socket.send_to(&[number], (SERVER, 9));
        }
    });
    std::thread::sleep(Duration::from_millis(500));
    let lines = [first.stop(), second.stop()];
    // Without end would be tens of thousands by now.
    assert!(lines.iter().all(|line| (100..1_000).contains(&number(line, "datagrams sent"))), "{lines:?}");
    assert!(lines.iter().all(|line| line.contains("left out, mirrored already")), "{lines:?}");
}
