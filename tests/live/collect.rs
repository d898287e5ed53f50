//! What `sidetap collect` takes and what it refuses, and what it says.

use std::time::Duration;

use rustix::process::Signal;

use crate::support::lab::{CLIENT, Lab, Namespace, SERVER};
use crate::support::memory_limit;
use crate::support::nginx::{Nginx, PORT};
use crate::support::sensor::{BINARY, ROOMY, Sensor, copy};
use crate::support::vxlan::{Mirror, corpus, exchanges, payloads};
use crate::support::wait_for;

#[test]
fn the_kernels_own_vxlan_is_understood() {
    let Some(lab) = Lab::with(&["nginx", "curl", "bridge"]) else { return };
    let further = lab.further();
    // Each end sends every frame to the other and to the collector.
    for (namespace, peer, last) in [(&lab.client, SERVER, 1), (&lab.server, CLIENT, 2)] {
        namespace.ip("link add vxlan0 type vxlan id 42 dstport 4789 nolearning");
        for destination in [peer, "10.78.0.2"] {
            flood(namespace, destination);
        }
        namespace.ip(&format!("addr add 10.79.0.{last}/24 dev vxlan0"));
        namespace.ip("link set vxlan0 up");
    }
    let nginx = Nginx::start(&lab);
    let command = further.command(BINARY);
    let sensor = Sensor::collector_of(&lab, command).args(&["--memory-limit", ROOMY, "--vni", "42"]).listen();
    let url = format!("http://10.79.0.2:{PORT}/across/[1-50]");
    lab.client.run("curl", &["--silent", "--output", "/dev/null", &url]);
    lab.client.run("curl", &["--silent", "--output", "/dev/null", &format!("http://10.79.0.2:{PORT}/files/text.txt")]);
    let logged = nginx.finish();
    let ended = sensor.stop().well();

    // The two directions come from two sources, each of which sees half of it.
    assert_eq!(logged.len(), 51);
    let sources = |message: &str| -> Vec<&str> {
        let of_message = ended.exchanges().filter(|record| !record.text(message).is_empty());
        of_message.map(|record| record.text("sidetap.source.address")).collect()
    };
    assert_eq!(sources("http.request.method"), vec![CLIENT; 51], "{}", ended.stderr);
    assert!(ended.exchanges().all(|record| record.number("sidetap.source.vni") == Some(42)));
    let answers = ended.exchanges().filter(|record| record.status() == 200);
    let from: Vec<&str> = answers.map(|record| record.text("sidetap.source.address")).collect();
    assert_eq!(from, vec!["10.78.0.1"; 51], "{}", ended.stderr);
    // Nobody saw the bodies that the other end acknowledged, and that is all that is missing.
    assert!(ended.summary("bytes sent but not in the capture") < 100_000, "{}", ended.stderr);
    assert_eq!(ended.summary("sources, "), 2, "{}", ended.stderr);
}

fn flood(namespace: &Namespace, destination: &str) {
    namespace.run("bridge", &["fdb", "append", "00:00:00:00:00:00", "dev", "vxlan0", "dst", destination]);
}

#[test]
fn captured_tunnels_of_another_project_are_taken() {
    let Some(lab) = Lab::with(&[]) else { return };
    let sensor = Sensor::collector(&lab).listen();
    let mirror = Mirror::new(&lab, 1);
    let mut sent = 0;
    for name in ["vxlan-encapsulated-http", "vxlan-inner-tcp-bad-checksum", "vxlan"] {
        let Some(capture) = corpus(&format!("zeek__tunnels__{name}.pcap")) else { return };
        for payload in payloads(&capture) {
            mirror.datagram(&payload);
            sent += 1;
        }
    }
    let ended = sensor.stop().without_loss();
    assert_eq!(
        (ended.summary("datagrams from 3 sources"), ended.summary("packets, 2 connections")),
        (sent, sent),
        "{}",
        ended.stderr
    );
    let [record] = &ended.exchanges().collect::<Vec<_>>()[..] else { panic!("{}", ended.stderr) };
    assert_eq!((record.path(), record.status(), record.response_body()), ("/image/svg", 200, 8984));
    assert_eq!((record.text("sidetap.source.address"), record.number("sidetap.source.vni")), (CLIENT, Some(1)));
}

#[test]
fn what_is_refused_is_counted_by_cause() {
    let Some(lab) = Lab::with(&[]) else { return };
    let sensor = Sensor::collector(&lab).args(&["--vni", "42", "--vni", "43"]).listen();
    let mirror = Mirror::new(&lab, 1);
    let frames = exchanges(40_000, "taken", 1, 10);
    let frame = &frames[0];
    let header = |bytes: [u8; 8]| [&bytes[..], frame].concat();
    let nested = [&[2; 12][..], &[8, 0, 0x45, 0, 0, 50, 0, 0, 0x40, 0, 64, 17, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]].concat();
    let nested = [nested, vec![0, 7, 0x12, 0xb5, 0, 30, 0, 0, 8, 0, 0, 0, 0, 0, 9, 0], vec![0; 14]].concat();
    for _ in 0..2 {
        mirror.datagram(&[8, 0, 0, 0, 0, 0, 42]);
        mirror.datagram(b"");
        mirror.datagram(&header([0, 0, 0, 0, 0, 0, 42, 0]));
        for place in [0, 1, 2, 3, 7] {
            let mut bytes = [8, 0, 0, 0, 0, 0, 42, 0];
            bytes[place] |= 0x41;
            mirror.datagram(&header(bytes));
        }
        mirror.frame(41, frame);
        mirror.frame(42, &frame[..13]);
        mirror.frame(42, &nested);
    }
    frames.iter().for_each(|frame| mirror.frame(43, frame));
    let ended = sensor.stop().without_loss();
    for (words, count) in [
        ("datagrams too short for VXLAN", 4),
        ("datagrams without VXLAN's I flag", 2),
        ("datagrams with a reserved bit set", 10),
        ("datagrams of another VNI", 2),
        ("datagrams whose frame is too short", 2),
        ("datagrams whose frame is a tunnel's", 2),
        ("datagrams from 1 source,", 22 + frames.len() as u64),
        ("packets, 1 connection", frames.len() as u64),
    ] {
        assert_eq!(ended.summary(words), count, "{words}: {}", ended.stderr);
    }
    assert_eq!(ended.complete().count(), 1, "{}", ended.stderr);
}

#[test]
fn frames_that_their_mirror_has_cut_give_records_that_say_so() {
    let Some(lab) = Lab::with(&["tshark"]) else { return };
    let file = lab.directory().join("cut.pcapng");
    let export = format!("pcapng:{}", file.display());
    let sensor = Sensor::collector(&lab).args(&["--export", "ndjson:-", "--export", &export]).listen();
    let mirror = Mirror::new(&lab, 1);
    // A target whose MTU has room for 120 bytes of each frame: heads come whole, bodies do not.
    for frame in exchanges(40_000, "cut", 10, 5000) {
        mirror.frame(7, &frame[..frame.len().min(120)]);
    }
    let ended = sensor.stop().well();
    let exchanges: Vec<_> = ended.exchanges().collect();
    assert_eq!(exchanges.len(), 10, "{}", ended.stderr);
    for record in exchanges {
        assert_eq!((record.status(), record.text("sidetap.transaction.completeness")), (200, "gap"));
        assert_eq!(record.response_body(), 5000);
    }
    assert!(ended.summary("bytes sent but not in the capture") > 40_000, "{}", ended.stderr);
    let lengths = lab
        .client
        .run("tshark", &["-r", &file.display().to_string(), "-T", "fields", "-e", "frame.len", "-e", "frame.cap_len"]);
    assert!(lengths.lines().any(|line| line == "1502\t120"), "{lengths}");
}

#[test]
fn nobody_without_any_right_collects_and_root_keeps_none() {
    let Some(lab) = Lab::with(&[]) else { return };
    let mirror = Mirror::new(&lab, 1);
    let mut nobody = lab.server.command("setpriv");
    nobody.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]);
    nobody.arg(copy(&lab));
    for command in [nobody, lab.server.command(BINARY)] {
        let sensor = Sensor::collector_of(&lab, command).listen();
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            assert_eq!(sensor.status(set), "0000000000000000", "{set}");
        }
        exchanges(40_000, "x", 20, 100).iter().for_each(|frame| mirror.frame(1, frame));
        let ended = sensor.stop().without_loss();
        assert_eq!(ended.complete().count(), 20, "{}", ended.stderr);
    }
}

#[test]
fn the_memory_limit_holds_whoever_sends_and_what_the_kernel_drops_is_told() {
    let Some(lab) = Lab::with(&[]) else { return };
    let sensor = Sensor::collector(&lab).args(&["--memory-limit", "25MiB", "--export", "none"]).listen();
    let senders: Vec<Mirror> = (11..19).map(|last| Mirror::new(&lab, last)).collect();
    let mut sent = 0;
    // More sources than there is room for, and more connections, as fast as they can be sent.
    for round in 0..4_u32 {
        for vni in 0..1000 {
            for mirror in &senders {
                for frame in &exchanges((20_000 + round) as u16, "many", 1, 1000)[..4] {
                    mirror.frame(vni, frame);
                    sent += 1;
                }
            }
        }
    }
    let peak: u64 = sensor.status("VmHWM").parse().expect("a number");
    let ended = sensor.stop().well();
    assert!(peak * 1024 < memory_limit(25 << 20), "{peak} KiB\n{}", ended.stderr);
    let dropped = ended.summary("datagrams dropped by the kernel");
    assert_eq!(ended.summary("datagrams from") + dropped, sent, "{}", ended.stderr);
    assert!(ended.summary("datagrams of more sources") > 0, "{}", ended.stderr);
}

#[test]
fn sigterm_under_load_ends_it_in_time_and_another_takes_its_place() {
    let Some(lab) = Lab::with(&[]) else { return };
    for signal in [Signal::TERM, Signal::KILL, Signal::INT] {
        let sensor = Sensor::collector(&lab).listen();
        let mirror = Mirror::new(&lab, 1);
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for port in 1..u16::MAX {
                    exchanges(port, "load", 10, 100).iter().for_each(|frame| mirror.frame(1, frame));
                    if done.load(std::sync::atomic::Ordering::Relaxed) {
                        return;
                    }
                }
            });
            wait_for("records", || (sensor.records().len() > 500).then_some(()));
            let ended = sensor.stop_with(signal);
            done.store(true, std::sync::atomic::Ordering::Relaxed);
            if signal != Signal::KILL {
                assert!(ended.took < Duration::from_secs(3), "{:?}", ended.took);
                let kept = ended.transactions() - ended.summary("records not taken by an export in time");
                assert_eq!(ended.exchanges().count() as u64, kept, "{}", ended.stderr);
                ended.well();
            }
        });
    }
}

#[test]
fn a_port_or_an_address_that_cannot_be_had_is_explained() {
    let Some(lab) = Lab::with(&[]) else { return };
    lab.server.ip("link add vxlan0 type vxlan id 42 dstport 4790 local 10.77.0.2 remote 10.77.0.1");
    lab.server.ip("link set vxlan0 up");
    let fails = |args: &[&str], code: i32, words: &str| {
        let ended = Sensor::collector(&lab).args(args).fail();
        assert_eq!(ended.status.code(), Some(code), "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "no `{words}` in: {}", ended.stderr);
    };
    fails(&["--listen", "0.0.0.0:4790"], 1, "the kernel's own VXLAN");
    fails(&["--listen", "192.0.2.1"], 1, "0.0.0.0 is all of them");
    fails(&["--listen", "localhost"], 64, "0.0.0.0:4789");
    fails(&["--vni", "16777216"], 64, "16777215");
    fails(&["--filter", "tcp prot 80"], 64, "`prot`");
    fails(&["--to-interface", "eth7"], 1, "there are lo, eth0, vxlan0");
    fails(&["--rotate-size", "1MiB"], 64, "pcapng:PATH");
    fails(&["--memory-limit", "5MiB"], 5, "12.0 MiB");
    let mut command = lab.server.command("setpriv");
    command.args(["--inh-caps=-all", "--bounding-set=-all", "--reuid=65534", "--clear-groups"]);
    command.arg(copy(&lab));
    lab.server.enter(|| std::fs::write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "1024").expect("root may"));
    let ended = Sensor::collector_of(&lab, command).args(&["--listen", "0.0.0.0:53"]).fail();
    assert_eq!(ended.status.code(), Some(4), "{}", ended.stderr);
    assert!(ended.stderr.contains("CAP_NET_BIND_SERVICE"), "{}", ended.stderr);
}
