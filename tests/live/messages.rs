//! Nobody reads what is said.

use std::io::{PipeReader, Write as _};
use std::os::fd::AsFd as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use crate::support::child::Child;
use crate::support::lab::{CABLE, Lab};
use crate::support::mirror::{COLLECTOR, Mirror};
use crate::support::ping::ping;
use crate::support::sensor::BINARY;
use crate::support::wait_for;

/// Lets it write messages to a pipe that is full.
fn say_in_vain(command: &mut Command) -> PipeReader {
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    rustix::io::ioctl_fionbio(writer.as_fd(), true).expect("a pipe");
    while writer.write(&[b'\n'; 4096]).is_ok() {}
    rustix::io::ioctl_fionbio(writer.as_fd(), false).expect("a pipe");
    command.stderr(writer);
    reader
}

#[test]
fn a_forwarder_that_nobody_listens_to_forwards_and_ends() {
    let Some(mirror) = Mirror::with(&[], 1500) else { return };
    let collector = mirror.listen();
    let mut command = mirror.lab.server.command(BINARY);
    command.args(["forward", "--destination", COLLECTOR, "--filter", "icmp", "--stat-duration", "10ms"]);
    let _reader = say_in_vain(command.stdout(Stdio::null()));
    let mut forwarding = Child::start(&mut command);

    collector.set_read_timeout(Some(Duration::from_millis(20))).expect("a socket");
    let mut buffer = [0; 2000];
    let mut came = || collector.recv(&mut buffer).is_ok();
    wait_for("the first packet", || {
        ping(&mirror.lab.client, 1, Duration::ZERO, 56);
        came().then_some(())
    });
    // Hundreds of messages later.
    std::thread::sleep(Duration::from_secs(2));
    while came() {}
    ping(&mirror.lab.client, 1, Duration::ZERO, 56);
    wait_for("a packet", || came().then_some(()));

    forwarding.signal(Signal::TERM);
    let status = forwarding.ends_within(Duration::from_secs(8)).expect("it ends");
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_capture_that_nobody_listens_to_ends() {
    let Some(lab) = Lab::with(&[]) else { return };
    let records = lab.directory().join("records.ndjson");
    let mut command = lab.server.command(BINARY);
    command.args(["capture", "--interface", CABLE, "--stat-duration", "10ms", "--export"]);
    command.arg(format!("ndjson:{}", records.display()));
    let _reader = say_in_vain(command.stdout(Stdio::null()));
    let mut sensor = Child::start(&mut command);
    wait_for("the sensor to have opened its exports", || records.exists().then_some(()));
    std::thread::sleep(Duration::from_secs(2));
    sensor.signal(Signal::TERM);
    let status = sensor.ends_within(Duration::from_secs(8)).expect("it ends");
    assert_eq!(status.code(), Some(0));
}
