//! Outputs that take nothing: the capture goes on, and what is lost is counted.

use std::io::Read;
use std::time::Duration;

use crate::support::lab::{CABLE, Lab, SERVER};
use crate::support::memory_limit;
use crate::support::nginx::{Nginx, PORT};
use crate::support::record::Record;
use crate::support::sensor::Sensor;

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
    assert!(seen > 3000, "{}", ended.stderr);
    assert!(dropped > 0, "{}", ended.stderr);
    // What stays of the write that never returned counts as dropped, though its beginning is in the pipe.
    let written = seen.checked_sub(dropped).expect(&ended.stderr);
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
        "30 records that could not be written to ndjson:/dev/full",
    ] {
        assert!(ended.stderr.contains(words), "no `{words}` in: {}", ended.stderr);
    }
    assert_eq!(ended.complete().count(), 30);
}
