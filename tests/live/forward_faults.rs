//! `sidetap forward` when names, paths and interfaces change under it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::support::mirror::{COLLECTOR, Forwarding, Mirror, OUT, SENDER, number};
use crate::support::ping::{Pings, ping};
use crate::support::sensor::BINARY;

#[test]
fn a_name_is_looked_up_again_when_its_collector_refuses() {
    let Some((mirror, names)) = with_names() else { return };
    mirror.collector.ip("addr add 10.78.0.3/24 dev in0");
    names.say(COLLECTOR);
    let forwarding = names.forward(&mirror);
    assert!(forwarding.said().contains("to collector.test:4789 (10.78.0.2:4789);"), "{}", forwarding.said());

    // It stops resolving: what it had is kept.
    names.say("# nobody");
    let refused = Pings::start(&mirror.lab.client);
    forwarding.wait_for("collector.test:4789 refuses");
    forwarding.wait_for("its last address is kept");

    // It has this host's address: none of that.
    names.say(SENDER);
    forwarding.wait_for("collector.test:4789 has an address of this host now, to which nothing is sent");

    // It has moved.
    let outer = mirror.dump();
    names.say("10.78.0.3");
    forwarding.wait_for("collector.test:4789 is at 10.78.0.3:4789 now");
    let moved = mirror.collector.enter(|| std::net::UdpSocket::bind("10.78.0.3:4789").expect("the port is free"));
    moved.set_read_timeout(Some(Duration::from_secs(5))).expect("a socket");
    let mut buffer = [0; 2000];
    moved.recv(&mut buffer).expect("a packet at the new place");
    std::thread::sleep(Duration::from_millis(500));
    drop(refused);

    // The filter has followed: what is sent to either place is not captured on its way out.
    let frames = outer.finish();
    let sent: Vec<&Vec<u8>> = frames.iter().filter(|frame| frame[14 + 9] == 17).collect();
    assert!(sent.len() > 10);
    assert!(sent.iter().all(|frame| frame.len() < 200), "a packet of ours in another one");
    let last = forwarding.stop();
    assert!(number(&last, "packets captured") > 0, "{last}");
}

#[test]
fn a_name_that_has_no_address_at_first_is_found_later() {
    let Some((mirror, names)) = with_names() else { return };
    let collector = mirror.listen();
    names.say("# nobody");
    let forwarding = names.forward(&mirror);
    assert!(forwarding.said().contains("packets to it are dropped until it has an address"), "{}", forwarding.said());
    ping(&mirror.lab.client, 3, Duration::from_millis(50), 56);
    names.say(COLLECTOR);
    forwarding.wait_for("collector.test:4789 is at 10.78.0.2:4789 now");
    ping(&mirror.lab.client, 4, Duration::from_millis(50), 56);
    collector.set_read_timeout(Some(Duration::from_secs(5))).expect("a socket");
    let mut buffer = [0; 2000];
    (0..8).for_each(|_| assert!(collector.recv(&mut buffer).expect("a packet") > 0));
    let last = forwarding.stop();
    assert_eq!((number(&last, "datagrams sent"), number(&last, "datagrams no address")), (8, 6), "{last}");
}

#[test]
fn a_name_server_that_is_silent_holds_up_nothing() {
    let Some((mirror, names)) = with_names() else { return };
    names.say(COLLECTOR);
    // Nobody has this address, and nobody says so.
    let silent = mirror.lab.directory().join("resolv.conf");
    std::fs::write(&silent, "nameserver 10.77.0.1\noptions timeout:30 attempts:3\n").expect("a file");
    let black_hole = mirror.lab.client.enter(|| std::net::UdpSocket::bind("10.77.0.1:53").expect("the port is free"));
    let forwarding = names.forward_asking(&mirror, Some(&silent));
    names.say("# nobody");
    let refused = Pings::start(&mirror.lab.client);
    forwarding.wait_for("collector.test:4789 refuses");
    drop(refused);
    // From now on it is waited for, for a minute and a half.
    black_hole.set_read_timeout(Some(Duration::from_secs(10))).expect("a socket");
    black_hole.recv(&mut [0; 512]).expect("it is asked");
    let collector = mirror.listen();
    collector.set_read_timeout(Some(Duration::from_secs(1))).expect("a socket");
    let mut buffer = [0; 2000];
    for _ in 0..10 {
        ping(&mirror.lab.client, 1, Duration::ZERO, 56);
        (0..2).for_each(|_| assert!(collector.recv(&mut buffer).expect("a packet, and at once") > 0));
    }
    assert!(!forwarding.said().contains("its last address is kept"), "{}", forwarding.said());
    // Which it does in time.
    forwarding.stop();
}

#[test]
fn a_way_out_that_goes_and_comes_back_is_used_again() {
    let Some(mirror) = Mirror::with(&[], 1500) else { return };
    let forwarding = mirror.forward(&["--destination", COLLECTOR, "--filter", "icmp", "--interface", "eth0"]);
    let _collector = mirror.listen();
    let _pings = Pings::start(&mirror.lab.client);
    for time in 1..=2 {
        mirror.lab.server.ip(&format!("link del {OUT}"));
        let said = |words: &str| forwarding.said().matches(words).count();
        crate::support::wait_for("it to be missed", || (said("cannot be reached: packets") == time).then_some(()));
        // Made anew, with another index.
        mirror.connect();
        crate::support::wait_for("it to be back", || (said("10.78.0.2:4789 is back") == time).then_some(()));
    }
    let last = forwarding.stop();
    let counts = ["datagrams sent", "datagrams no route", "datagrams not sent"].map(|what| number(&last, what));
    assert!(counts[0] > 0 && counts[1] > 0, "{last}");
    assert_eq!(counts.iter().sum::<u64>(), number(&last, "packets captured"), "{last}");
}

#[test]
fn a_collector_whose_host_has_gone_is_missed_and_its_name_looked_up_again() {
    let Some((mirror, names)) = with_names() else { return };
    names.say(COLLECTOR);
    let _collector = mirror.listen();
    let forwarding = names.forward(&mirror);
    let _pings = Pings::start(&mirror.lab.client);
    let vanish = || {
        mirror.collector.ip("addr flush dev in0");
        mirror.lab.server.ip(&format!("neigh flush dev {OUT}"));
    };
    vanish();
    forwarding.wait_for("collector.test:4789 cannot be reached: packets to it are lost");
    mirror.collector.ip("addr add 10.78.0.2/24 dev in0");
    forwarding.wait_for("collector.test:4789 is back");
    // Another one takes its place.
    vanish();
    names.say("10.78.0.3");
    mirror.collector.ip("addr add 10.78.0.3/24 dev in0");
    forwarding.wait_for("collector.test:4789 is at 10.78.0.3:4789 now");
    let last = forwarding.stop();
    assert!(number(&last, "datagrams sent") > 0, "{last}");
}

#[test]
fn a_path_that_becomes_narrower_is_followed() {
    let Some(mirror) = Mirror::with(&[], 9001) else { return };
    let _collector = mirror.listen();
    let outer = mirror.dump();
    let forwarding = mirror.forward(&["--destination", COLLECTOR, "--filter", "icmp", "--interface", "eth0"]);
    assert!(forwarding.said().contains("at most 9001 bytes"), "{}", forwarding.said());
    mirror.lab.server.ip(&format!("link set {OUT} mtu 1500"));
    forwarding.wait_for("packets of at most 1500 bytes are sent now");
    ping(&mirror.lab.client, 3, Duration::from_millis(50), 8000);
    let frames = outer.finish();
    let last = forwarding.stop();
    assert!(last.contains("6 frames truncated"), "{last}");
    assert_eq!(frames.len(), 6);
    assert!(frames.iter().all(|frame| frame.len() == 1514), "as much as fits");
}

/// A hosts file that only the forwarder sees.
struct Names(PathBuf);

fn with_names() -> Option<(Mirror, Names)> {
    let mirror = Mirror::with(&["unshare", "mount"], 1500)?;
    let names = Names(mirror.lab.directory().join("hosts"));
    Some((mirror, names))
}

impl Names {
    /// From here on, `collector.test` has this address.
    fn say(&self, address: &str) {
        std::fs::write(&self.0, format!("{address} collector.test\n")).expect("a file");
    }

    fn forward(&self, mirror: &Mirror) -> Forwarding {
        self.forward_asking(mirror, None)
    }

    /// With another `/etc/resolv.conf`.
    fn forward_asking(&self, mirror: &Mirror, servers: Option<&Path>) -> Forwarding {
        let script = "mount --bind \"$1\" /etc/hosts && mount --bind \"$2\" /etc/resolv.conf && shift 2 && exec \"$@\"";
        let mut command = mirror.lab.server.command("unshare");
        command.args(["--mount", "sh", "-c", script, "sh"]).arg(&self.0);
        command.arg(servers.unwrap_or(Path::new("/etc/resolv.conf"))).arg(BINARY);
        command.args(["forward", "--destination", "collector.test", "--filter", "icmp or udp"]);
        mirror.start(command)
    }
}
