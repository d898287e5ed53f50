//! `--to-interface`: mirrored frames for another analyser.

use std::time::Duration;

use crate::support::lab::{CABLE, Lab, SERVER};
use crate::support::sensor::Sensor;
use crate::support::vxlan::{self, Mirror, exchanges};
use crate::support::wait_for;

#[test]
fn another_analyser_sees_every_frame_as_it_was() {
    let Some(lab) = Lab::with(&["tcpdump"]) else { return };
    lab.server.ip("link add out0 type veth peer name in0");
    for end in ["out0", "in0"] {
        lab.server.ip(&format!("link set {end} up"));
    }
    lab.server.wait_for_link("out0");
    let file = lab.directory().join("theirs.pcap");
    let mut tcpdump = lab.server.command("tcpdump");
    tcpdump.args(["-i", "in0", "-U", "-s", "2048", "-Z", "root", "-w"]).arg(&file);
    let mut tcpdump = crate::support::child::Child::start(tcpdump.stderr(std::process::Stdio::null()));
    wait_for("tcpdump", || file.exists().then_some(()));
    std::thread::sleep(Duration::from_millis(300));

    let sensor = Sensor::collector(&lab).args(&["--to-interface", "out0", "--filter", "tcp"]).listen();
    let mirror = Mirror::new(&lab, 1);
    let frames = exchanges(40_000, "seen", 50, 1000);
    frames.iter().for_each(|frame| mirror.frame(7, frame));
    // Longer than the interface can send.
    mirror.frame(7, &[&frames[3][..], &[0; 1500]].concat());
    let ended = sensor.stop().well();
    wait_for("tcpdump to write them", || (vxlan::frames(&file).len() >= frames.len()).then_some(()));
    tcpdump.signal(rustix::process::Signal::TERM);
    tcpdump.ends_within(crate::support::PATIENCE).expect("tcpdump ends");

    assert_eq!(ended.summary("frames sent out of out0"), frames.len() as u64, "{}", ended.stderr);
    assert!(ended.stderr.contains("1 frame not sent: longer than the interface's MTU"), "{}", ended.stderr);
    let seen = vxlan::frames(&file);
    assert_eq!(seen.len(), frames.len());
    assert!(seen == frames);
    assert_eq!(ended.complete().count(), 50);
}

#[test]
fn an_interface_on_which_the_host_talks_is_refused() {
    let Some(lab) = Lab::with(&[]) else { return };
    let refused = |args: &[&str], words: &str| {
        let ended = Sensor::collector(&lab).args(args).fail();
        assert_eq!(ended.status.code(), Some(64), "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "no `{words}` in: {}", ended.stderr);
        assert!(ended.stderr.contains("ip link add mirror0 type dummy"), "{}", ended.stderr);
    };
    refused(&["--to-interface", "lo"], "take them for its own");
    refused(&["--to-interface", CABLE, "--listen", SERVER], "10.77.0.2, where mirrors send to");
    lab.server.ip(&format!("route add default dev {CABLE}"));
    refused(&["--to-interface", CABLE], "the default route goes by it");
}

#[test]
fn an_interface_that_goes_and_returns_is_sent_to_again() {
    let Some(lab) = Lab::with(&[]) else { return };
    let make = || {
        lab.server.ip("link add out0 type veth peer name in0");
        lab.server.ip("link set in0 up");
        lab.server.ip("link set out0 up");
        lab.server.wait_for_link("out0");
    };
    make();
    let sensor = Sensor::collector(&lab).args(&["--to-interface", "out0"]).listen();
    let mirror = Mirror::new(&lab, 1);
    let send = |port: u16| exchanges(port, "x", 5, 100).iter().for_each(|frame| mirror.frame(7, frame));
    send(1);
    wait_for("the first to be sent", || (sensor.records().len() == 5).then_some(()));
    lab.server.ip("link del out0");
    send(2);
    wait_for("it to miss the interface", || sensor.stderr().contains("out0 is down or gone").then_some(()));
    send(3);
    make();
    wait_for("it to see the interface", || sensor.stderr().contains("out0 is back").then_some(()));
    send(4);
    let ended = sensor.stop().well();
    let each = exchanges(1, "x", 5, 100).len() as u64;
    let [sent, gone] = ["frames sent out of out0", "frames not sent: the interface was down or gone"]
        .map(|words| ended.summary(words));
    assert_eq!((sent, gone), (2 * each, 2 * each), "{}", ended.stderr);
    assert_eq!(ended.complete().count(), 20, "{}", ended.stderr);
}
