//! What is said when listening cannot begin.

use crate::support::lab::Lab;
use crate::support::sensor::{Ended, Sensor};

#[test]
fn an_interface_that_there_is_not_is_named_beside_those_that_there_are() {
    let Some(ended) = fails(&["--interface", "eth7"]) else { return };
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("there is no interface eth7"), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: there are lo, eth0"), "{}", ended.stderr);
}

#[test]
fn a_bad_filter_is_a_matter_of_usage_and_the_word_is_pointed_at() {
    let Some(ended) = fails(&["--filter", "tcp prot 80"]) else { return };
    assert_eq!(ended.status.code(), Some(64), "{}", ended.stderr);
    assert!(ended.stderr.contains("`prot`"), "{}", ended.stderr);
    let lines: Vec<&str> = ended.stderr.lines().collect();
    let carets = lines.iter().position(|line| line.trim() == "^^^^").expect(&ended.stderr);
    let at = lines[carets].find('^').expect("just found");
    assert_eq!(lines[carets - 1].get(at..at + 4), Some("prot"), "{}", ended.stderr);
}

#[test]
fn too_little_memory_is_refused() {
    let Some(ended) = fails(&["--memory-limit", "5MiB"]) else { return };
    assert_eq!(ended.status.code(), Some(5), "{}", ended.stderr);
    assert!(ended.stderr.contains("5.0 MiB") && ended.stderr.contains("12.0 MiB"), "{}", ended.stderr);
}

#[test]
fn times_may_be_as_long_as_a_number_can_say() {
    let Some(lab) = Lab::with(&[]) else { return };
    let longest = "18446744073709551615";
    let times = ["--stat-duration", longest, "--stream-timeout-seconds", longest];
    let sensor = Sensor::new(&lab).args(&["--interface", "lo"]).args(&times).listen();
    sensor.stop().well();
}

fn fails(args: &[&str]) -> Option<Ended> {
    let lab = Lab::with(&[])?;
    Some(Sensor::new(&lab).args(args).fail())
}
