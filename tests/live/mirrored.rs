//! The whole way: what an application says, forwarded by one sidetap and collected by others.

use std::collections::{BTreeMap, BTreeSet};
use std::net::UdpSocket;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::net::sockopt::set_socket_recv_buffer_size_force;
use rustix::process::Signal;
use serde_json::Value;

use crate::support::child::Child;
use crate::support::dump::{self, Dump};
use crate::support::lab::{CABLE, SERVER};
use crate::support::mirror::{COLLECTOR, Mirror, SENDER};
use crate::support::nginx::{Nginx, PORT};
use crate::support::record::Record;
use crate::support::sensor::{BINARY, ROOMY, Sensor};
use crate::support::vxlan::corpus;
use crate::support::wait_for;

/// What is asked for: many segments, so that offloads have something to do, or one.
const LONG: &str = "files/text.txt";
const SHORT: &str = "short";

/// Asks at a pace that a debug build follows on a machine that runs other tests too: every answer
/// still comes as a burst of full segments.
fn ask(mirror: &Mirror, path: &str, requests: usize, connections: usize) {
    let each = requests / connections;
    for connection in 0..connections {
        let url = format!("http://{SERVER}:{PORT}/{path}?{connection}-[1-{each}]");
        mirror.lab.client.run("curl", &["--silent", "--rate", "100/s", "--output", "/dev/null", &url]);
    }
}

/// How many HTTP responses tshark finds if it passes over every segment whose checksum is wrong.
fn responses_with_right_checksums(capture: &Path) -> usize {
    const RIGHT: &str = "http.response && tcp.checksum.status == Good";
    let mut command = std::process::Command::new("tshark");
    command.arg("-r").arg(capture).args(["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]);
    command.args(["-d", &format!("tcp.port=={PORT},http"), "-Y", RIGHT, "-T", "fields", "-e", "frame.number"]);
    let output = command.output().expect("tshark");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).count()
}

#[test]
fn every_transaction_over_an_offloading_path_is_a_record_and_whole_to_an_analyser() {
    let Some(mirror) = Mirror::with(&["nginx", "curl", "tshark"], 1500) else { return };
    let file = mirror.lab.directory().join("collected.pcapng");
    let exports = ["--export", "ndjson:-", "--export", &format!("pcapng:{}", file.display())];
    let command = mirror.collector.command(BINARY);
    let collecting =
        Sensor::collector_of(&mirror.lab, command).args(&exports).args(&["--memory-limit", ROOMY]).listen();
    let source = Dump::start(&mirror.lab.server, CABLE, mirror.lab.directory().join("source.pcap"), "tcp");
    let forwarding = mirror.forward(&["--destination", COLLECTOR, "--filter", "tcp", "--memory-limit", ROOMY]);
    let nginx = Nginx::start(&mirror.lab);
    ask(&mirror, LONG, 500, 10);
    let logged = nginx.finish();
    assert_eq!(logged.len(), 500);

    let last = forwarding.stop();
    assert!(last.contains("nothing dropped"), "{last}");
    let ended = collecting.stop().well();
    assert_eq!(ended.complete().count(), 500, "{}", ended.stderr);
    assert!(ended.exchanges().all(|record| record.text("sidetap.source.address") == SENDER));
    assert_eq!(responses_with_right_checksums(&file), 500);
    // As they were captured they are unfinished, and an analyser that looks passes over all of them.
    let captured = mirror.lab.directory().join("captured.pcap");
    dump::write(&captured, &source.finish());
    assert_eq!(responses_with_right_checksums(&captured), 0);
}

#[test]
fn traceables_container_with_our_image_forwards_to_a_collector() {
    let Some(mirror) = Mirror::with(&["nginx", "curl", "unshare", "mount"], 9001) else { return };
    let Some(container) = corpus("../sidecars/traceable-packet-forwarder.json") else { return };
    let container: Value = serde_json::from_slice(&std::fs::read(container).expect("a file")).expect("JSON");
    let environment: BTreeMap<&str, &str> = container["environment"]
        .as_array()
        .expect("an array")
        .iter()
        .map(|pair| (pair["name"].as_str().expect("a name"), pair["value"].as_str().expect("a value")))
        .collect();
    assert!(container["command"].is_null() && container["entryPoint"].is_null());

    // Its name is one that only a private network knows.
    let hosts = mirror.lab.directory().join("hosts");
    std::fs::write(&hosts, format!("{COLLECTOR} {}\n", environment["DESTINATION"])).expect("a file");
    let collecting = Sensor::collector_of(&mirror.lab, mirror.collector.command(BINARY)).listen();
    let mut command = mirror.lab.server.command("unshare");
    let script = "mount --bind \"$1\" /etc/hosts && shift && exec \"$@\"";
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(&hosts).arg(BINARY).envs(&environment);
    let forwarding = mirror.start(command);
    let nginx = Nginx::start(&mirror.lab);
    ask(&mirror, LONG, 50, 5);
    assert_eq!(nginx.finish().len(), 50);
    forwarding.stop();
    let ended = collecting.stop().well();
    assert_eq!(ended.complete().count(), 50, "{}", ended.stderr);
}

#[test]
fn a_balancer_that_looks_at_outer_ports_splits_no_flow_over_four_collectors() {
    const COLLECTORS: usize = 4;
    let Some(mirror) = Mirror::with(&["nginx", "curl"], 1500) else { return };
    let directory = mirror.lab.directory();
    let files: Vec<_> = (0..COLLECTORS).map(|place| directory.join(format!("collector-{place}.ndjson"))).collect();
    let mut collectors: Vec<Child> = (0..COLLECTORS)
        .map(|place| {
            let messages = directory.join(format!("collector-{place}.txt"));
            let mut command = mirror.collector.command(BINARY);
            command.args(["collect", "--listen", &format!("127.0.0.1:{}", 5000 + place), "--memory-limit", ROOMY]);
            command.args(["--export", &format!("ndjson:{}", files[place].display())]);
            command.stderr(std::fs::File::create(&messages).expect("a file"));
            let child = Child::start(&mut command);
            wait_for("a collector to listen", || {
                std::fs::read_to_string(&messages).is_ok_and(|said| said.contains("listening on")).then_some(())
            });
            child
        })
        .collect();
    let (outside, inside) = mirror.collector.enter(|| {
        let outside = UdpSocket::bind("0.0.0.0:4789").expect("the port is free");
        (outside, UdpSocket::bind("127.0.0.1:0").expect("a port"))
    });
    // Debug builds beside other tests may be slow to take what comes.
    set_socket_recv_buffer_size_force(&outside, 16 << 20).expect("root");
    outside.set_read_timeout(Some(Duration::from_millis(100))).expect("a socket");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut datagram = [0; 65_536];
            while !stop.load(Ordering::Relaxed) {
                // As a load balancer does for UDP: by addresses and ports, of which only the source port differs.
                let Ok((length, from)) = outside.recv_from(&mut datagram) else { continue };
                let port = 5000 + (usize::from(from.port()).wrapping_mul(0x9e37) >> 4) % COLLECTORS;
                inside.send_to(&datagram[..length], ("127.0.0.1", port as u16)).expect("a collector");
            }
        });
        let forwarding = mirror.forward(&["--destination", COLLECTOR, "--filter", "tcp", "--memory-limit", ROOMY]);
        let nginx = Nginx::start(&mirror.lab);
        ask(&mirror, SHORT, 200, 40);
        assert_eq!(nginx.finish().len(), 200);
        forwarding.stop();
        std::thread::sleep(Duration::from_secs(1));
        stop.store(true, Ordering::Relaxed);
    });
    for collector in &mut collectors {
        collector.signal(Signal::TERM);
        assert!(collector.ends_within(Duration::from_secs(10)).expect("it ends").success());
    }

    let records: Vec<Vec<Record>> = files.iter().map(|file| Record::read(file)).collect();
    let complete: usize = records.iter().flatten().filter(|record| record.is_complete()).count();
    let all: usize = records.iter().map(Vec::len).sum();
    assert_eq!((complete, all), (200, 200), "a flow that is split gives halves");
    let clients: Vec<BTreeSet<u64>> = records
        .iter()
        .map(|records| records.iter().filter_map(|record| record.number("client.port")).collect())
        .collect();
    let together: BTreeSet<u64> = clients.iter().flatten().copied().collect();
    assert_eq!(clients.iter().map(BTreeSet::len).sum::<usize>(), together.len(), "no connection at two collectors");
    assert!(clients.iter().filter(|clients| !clients.is_empty()).count() > 1, "and not all at one: {clients:?}");
}
