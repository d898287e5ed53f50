//! How a capture ends.

use std::time::Duration;

use rustix::process::Signal;

use crate::support::child::Child;
use crate::support::lab::{CABLE, Lab, SERVER};
use crate::support::nginx::{Nginx, PORT};
use crate::support::sensor::{BINARY, Sensor};
use crate::support::wait_for;

#[test]
fn sigterm_under_load_ends_it_in_time_with_all_lines_whole() {
    ends_in_time(Signal::TERM);
}

#[test]
fn sigint_under_load_ends_it_in_time_with_all_lines_whole() {
    ends_in_time(Signal::INT);
}

#[test]
fn the_end_of_its_terminal_is_its_end() {
    ends_in_time(Signal::HUP);
}

#[test]
fn under_nohup_the_end_of_its_terminal_is_nothing() {
    let Some(lab) = Lab::with(&["nohup"]) else { return };
    let mut command = lab.server.command("nohup");
    command.arg(BINARY);
    let sensor = Sensor::of(&lab, command).listen();
    sensor.signal(Signal::HUP);
    std::thread::sleep(Duration::from_millis(300));
    assert!(!sensor.stderr().contains("lost"), "{}", sensor.stderr());
    sensor.stop().well();
}

/// `timeout` signals its child, and then the child's whole group.
#[test]
fn two_signals_at_once_are_one() {
    let Some(lab) = Lab::with(&[]) else { return };
    let sensor = Sensor::new(&lab).args(&["--interface", CABLE]).listen();
    // Two kinds, because two of a kind that come together are one for the kernel.
    sensor.signal(Signal::TERM);
    let ended = sensor.stop_with(Signal::INT);
    assert!(ended.stderr.contains("lost"), "a summary: {}", ended.stderr);
    ended.well();
}

fn ends_in_time(signal: Signal) {
    let Some(lab) = Lab::with(&["nginx", "wrk"]) else { return };
    let _nginx = Nginx::start(&lab);
    let sensor = Sensor::new(&lab).args(&["--interface", CABLE]).listen();
    let _load = load(&lab);
    wait_for("records", || (sensor.records().len() > 500).then_some(()));
    let ended = sensor.stop_with(signal).well();

    assert!(ended.took < Duration::from_secs(2), "{:?}", ended.took);
    let lines = std::fs::read_to_string(lab.directory().join("records.ndjson")).expect("the records");
    // Each of those was read as JSON by now.
    assert!(lines.ends_with('\n'), "the last line is whole");
    let kept = ended.transactions() - ended.summary("records not taken in time");
    assert_eq!(ended.records.len() as u64, kept, "{}", ended.stderr);
    assert_eq!(ended.exchanges().count() as u64, kept);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let Some(lab) = Lab::with(&["nginx", "wrk"]) else { return };
    let _nginx = Nginx::start(&lab);
    // Nobody reads: the first signal leaves the writer a second to be done.
    let (_reader, writer) = std::io::pipe().expect("a pipe");
    let sensor = Sensor::new(&lab).args(&["--interface", CABLE]).stdout(writer).listen();
    let _load = load(&lab);
    std::thread::sleep(Duration::from_millis(800));
    sensor.signal(Signal::TERM);
    std::thread::sleep(Duration::from_millis(750));
    let ended = sensor.stop_with(Signal::INT);
    assert_eq!(ended.status.code(), Some(130), "{}", ended.stderr);
    assert!(!ended.stderr.contains("lost"), "no summary: {}", ended.stderr);
}

/// Requests without end.
fn load(lab: &Lab) -> Child {
    let mut command = lab.client.command("wrk");
    command.args(["-t1", "-c16", "-d30s", &format!("http://{SERVER}:{PORT}/load")]);
    command.stdout(std::process::Stdio::null());
    Child::start(&mut command)
}
