//! What `sidetap collect` tells is what `sidetap capture --read` tells of the same frames, whoever mirrors them, and in
//! whatever order they come.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::lab::Lab;
use crate::support::record::Record;
use crate::support::sensor::{BINARY, Ended, ROOMY, Sensor};
use crate::support::vxlan::{Mirror, exchanges, frames, whole_corpus};

#[test]
fn every_capture_of_the_corpus_gives_the_same_records_as_when_it_is_read() {
    let Some((lab, captures)) = prepare() else { return };
    for (name, capture, read) in captures {
        let told = mirrored(&lab, &frames(&capture));
        assert_same(&name, &told, read);
    }
}

#[test]
fn frames_that_overtake_each_other_change_no_record() {
    let Some((lab, captures)) = prepare() else { return };
    for (name, capture, read) in captures {
        let mut frames = frames(&capture);
        // Within four, as behind a balancer whose ways differ a little in length.
        let mut chance = 12_345_u32;
        for start in 1..frames.len().saturating_sub(4) {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            frames.swap(start, start + (chance >> 24) as usize % 4);
        }
        let told = mirrored(&lab, &frames);
        assert_same(&name, &told, read);
    }
}

#[test]
fn two_mirrors_of_the_same_frames_are_told_apart() {
    let Some((lab, captures)) = prepare() else { return };
    for (name, capture, read) in captures.into_iter().take(6) {
        let sensor = Sensor::collector(&lab).args(&["--memory-limit", ROOMY]).listen();
        // Two addresses, and two networks of one.
        let mirrors = [(Mirror::new(&lab, 1), 5), (Mirror::new(&lab, 1), 6), (Mirror::new(&lab, 9), 5)];
        for frame in frames(&capture) {
            mirrors.iter().for_each(|(mirror, vni)| mirror.frame(*vni, &frame));
        }
        let ended = sensor.stop().well();
        lab.client.ip("addr del 10.77.0.9/24 dev eth0");
        for (address, vni) in [("10.77.0.1", 5), ("10.77.0.1", 6), ("10.77.0.9", 5)] {
            let of_source = |record: &&Record| {
                (record.text("sidetap.source.address"), record.number("sidetap.source.vni")) == (address, Some(vni))
            };
            let told = ended.records.iter().filter(of_source).map(Record::timeless).collect();
            assert_equal(&format!("{name} of {address} vni {vni}"), told, read.clone(), &ended.stderr);
        }
        assert_eq!(ended.records.len(), 3 * read.len(), "{name}");
    }
}

#[test]
fn a_filter_is_for_what_is_inside() {
    let Some(lab) = Lab::with(&[]) else { return };
    let sensor = Sensor::collector(&lab).args(&["--filter", "tcp port 40001 and host 10.0.0.1"]).listen();
    let mirror = Mirror::new(&lab, 1);
    let [unwanted, wanted] = [40_000, 40_001].map(|port| exchanges(port, &port.to_string(), 5, 10));
    unwanted.iter().zip(&wanted).for_each(|(one, other)| [one, other].into_iter().for_each(|f| mirror.frame(0, f)));
    let ended = sensor.stop().without_loss();
    let unwanted = format!("({} not wanted by the filter)", unwanted.len());
    assert!(ended.stderr.contains(&unwanted), "{}", ended.stderr);
    assert_eq!(ended.complete().count(), 5);
    assert!(ended.complete().all(|record| record.path().starts_with("/40001/")));
}

/// A capture's name, the capture, and the records of it.
type Told = (String, PathBuf, Vec<String>);

/// Captures of Ethernet without tunnels, each with what is told when it is read.
fn prepare() -> Option<(Lab, Vec<Told>)> {
    let lab = Lab::with(&[])?;
    let captures = whole_corpus()?;
    let usable = captures.into_iter().filter_map(|capture| {
        let name = capture.file_stem()?.to_str()?.to_owned();
        let count = frames(&capture).len();
        (count > 0 && !name.contains("tunnels")).then(|| (name, capture.clone(), read(&capture)))
    });
    let captures: Vec<_> = usable.collect();
    assert!(captures.len() > 15, "{}", captures.len());
    Some((lab, captures))
}

fn read(capture: &Path) -> Vec<String> {
    let output = Command::new(BINARY)
        .args(["capture", "--privacy-level", "redacted", "--export", "ndjson:-", "--read"])
        .arg(capture)
        .output();
    let output = output.expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let records = text.lines().map(Record::parse).filter(|record| !record.is_finding());
    records.map(|record| record.timeless()).collect()
}

fn mirrored(lab: &Lab, frames: &[Vec<u8>]) -> Ended {
    let sensor = Sensor::collector(lab).args(&["--memory-limit", ROOMY]).listen();
    let mirror = Mirror::new(lab, 1);
    frames.iter().for_each(|frame| mirror.frame(77, frame));
    let ended = sensor.stop().well();
    assert_eq!(ended.summary("datagrams from"), frames.len() as u64, "{}", ended.stderr);
    ended
}

#[track_caller]
fn assert_same(name: &str, told: &Ended, read: Vec<String>) {
    let records = told.records.iter().map(Record::timeless).collect();
    assert_equal(name, records, read, &told.stderr);
}

/// In any order: what is told at the end of several connections comes in the order of their times.
#[track_caller]
fn assert_equal(name: &str, mut told: Vec<String>, mut read: Vec<String>, stderr: &str) {
    told.sort();
    read.sort();
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        these.iter().filter(|this| !those.contains(this)).cloned().collect()
    };
    assert!(
        told == read,
        "{name}\nonly told: {:#?}\nonly read: {:#?}\n{stderr}",
        only(&told, &read),
        only(&read, &told)
    );
}
