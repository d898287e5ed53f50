//! Outputs that take nothing: the capture goes on, and what is lost is counted.

use std::io::Read;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::support::lab::{CABLE, Lab, SERVER};
use crate::support::nginx::{Nginx, PORT};
use crate::support::record::Record;
use crate::support::sensor::{BINARY, Sensor};
use crate::support::{memory_limit, wait_for};

#[test]
fn a_reader_that_does_not_read_costs_records_and_nothing_else() {
    let Some(lab) = Lab::with(&["nginx", "wrk", "curl"]) else { return };
    let _nginx = Nginx::start(&lab);
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let sensor = Sensor::new(&lab)
        .args(&["--interface", CABLE, "--memory-limit", "25MiB", "--export", "ndjson:-"])
        .stdout(writer)
        .listen();
    lab.client.run("wrk", &["-t1", "-c16", "-d2s", &format!("http://{SERVER}:{PORT}/load")]);
    let peak: u64 = sensor.status("VmHWM").parse().expect("a number");
    let ended = sensor.stop().well();
    assert!(ended.took < Duration::from_secs(3), "{:?}", ended.took);
    assert!(peak * 1024 < memory_limit(25 << 20), "{peak} KiB");

    // The sensor's end of the pipe is closed by now.
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("UTF-8");
    let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
    let lines = whole.lines().map(Record::parse).count() as u64;
    let seen = ended.transactions();
    let dropped = ended.summary("records not taken in time");
    // Far more than the pipe and the queue hold.
    assert!(seen > 1000, "{}", ended.stderr);
    assert!(dropped > 0, "{}", ended.stderr);
    // What stays of the write that never returned counts as dropped, though its beginning is in the pipe.
    // So may what was found out over all of them.
    let written = seen.saturating_sub(dropped);
    assert!(written <= lines && lines < written + 500, "{written} written, {lines} lines\n{}", ended.stderr);
}

#[test]
fn a_full_disk_is_a_failure_in_the_end_and_the_other_export_has_everything() {
    let Some(lab) = Lab::with(&["nginx", "curl"]) else { return };
    let _nginx = Nginx::start(&lab);
    let sensor = Sensor::new(&lab)
        .args(&["--interface", CABLE, "--export", "ndjson:/dev/full", "--export", "ndjson:-"])
        .listen();
    for round in 1..=3 {
        let url = format!("http://{SERVER}:{PORT}/{round}/[1-10]");
        lab.client.run("curl", &["--silent", "--output", "/dev/null", &url]);
        std::thread::sleep(Duration::from_millis(250));
    }
    let ended = sensor.stop();
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    for words in [
        "cannot write to `ndjson:/dev/full`",
        "No space left",
        "30 transactions",
        "records that could not be written to ndjson:/dev/full",
    ] {
        assert!(ended.stderr.contains(words), "no `{words}` in: {}", ended.stderr);
    }
    // Endpoints are records, too.
    assert!(ended.summary("records that could not be written to ndjson:/dev/full") >= 30, "{}", ended.stderr);
    assert_eq!(ended.complete().count(), 30);
}

#[test]
fn a_disk_that_was_full_for_a_while_costs_what_came_meanwhile() {
    let Some(lab) = Lab::with(&["nginx", "curl", "mount"]) else { return };
    let _nginx = Nginx::start(&lab);
    let small = SmallDisk::new(&lab);
    let ask = |directory: &str| {
        let url = format!("http://{SERVER}:{PORT}/{directory}/[1-100]");
        lab.client.run("curl", &["--silent", "--output", "/dev/null", &url]);
    };
    let at = |name: &str| small.0.join(name);
    let exports = ["ndjson", "pcapng", "har"].map(|kind| format!("{kind}:{}", at(kind).display()));
    let args: Vec<&str> = exports.iter().flat_map(|export| ["--export", export]).collect();
    let sensor = Sensor::new(&lab).args(&["--interface", CABLE]).args(&args).listen();
    let says = |what: String| wait_for(&what, || sensor.stderr().contains(&what).then_some(()));

    ask("before");
    wait_for("the first records", || (Record::read(&at("ndjson")).len() == 100).then_some(()));
    std::fs::write(at("ballast"), vec![0; 4 << 20]).expect_err("the disk is full");
    ask("meanwhile");
    for export in &exports {
        says(format!("cannot write to {export}: No space left on device"));
    }
    std::fs::remove_file(at("ballast")).expect("it was written in part");
    ask("after");
    for export in &exports {
        says(format!("{export} is written again"));
    }
    ask("later");
    let ended = sensor.stop();
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);

    // Each of those was read as JSON by now.
    let lines = Record::read(&at("ndjson"));
    let below = |directory: &str| lines.iter().filter(|record| record.path().starts_with(directory)).count();
    assert_eq!((below("/before/"), below("/later/")), (100, 100));
    assert!(below("/meanwhile/") < 100, "{}", ended.stderr);
    let lost = 400 - lines.len() as u64;
    // Of endpoints that were discovered meanwhile there are some, too.
    let told = ended.summary(&format!("records that could not be written to {}", exports[0]));
    assert!((lost..lost + 10).contains(&told), "{lost} of {}", ended.stderr);
    // Every packet in the file can be read, and no file of HAR is torn.
    let read = Command::new(BINARY).args(["capture", "--export", "none", "--read"]).arg(at("pcapng")).output();
    let read = read.expect("it runs");
    let told = String::from_utf8_lossy(&read.stderr);
    assert!(read.status.success(), "{told}");
    assert!(told.lines().nth(1).is_some_and(|line| line.starts_with(|first| matches!(first, '2'..='4'))), "{told}");
    for file in std::fs::read_dir(at("har")).expect("a directory") {
        let text = std::fs::read(file.expect("an entry").path()).expect("a file");
        let _: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    }
}

/// A file system with room for a test's records and little more.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn new(lab: &Lab) -> Self {
        let path = lab.directory().join("small");
        std::fs::create_dir(&path).expect("a directory");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=3m", "none"]).arg(&path).status();
        assert!(mounted.is_ok_and(|status| status.success()), "root may mount");
        SmallDisk(path)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}
