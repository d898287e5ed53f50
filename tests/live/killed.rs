//! What becomes of a mirror when either end of it is killed, or a cable pulled, in the middle of its work: the application
//! notices nothing, and whoever comes after goes on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use sidetap::packet::file::CaptureFile;

use crate::support::lab::{CABLE, SERVER};
use crate::support::load::Load;
use crate::support::mirror::{COLLECTOR, Mirror, OUT, number};
use crate::support::nginx::{Nginx, PORT};
use crate::support::record::Record;
use crate::support::sensor::{BINARY, Listening, ROOMY, Sensor};
use crate::support::wait_for;

const TCP: [&str; 6] = ["--destination", COLLECTOR, "--interface", CABLE, "--filter", "tcp"];

#[test]
fn the_application_goes_on_without_its_forwarder_and_the_next_one_finds_nothing_in_its_way() {
    let Some(mirror) = Mirror::with(&[], 1500) else { return };
    let collector = mirror.listen();
    collector.set_read_timeout(Some(Duration::from_secs(5))).expect("a socket");
    let load = Load::start(&mirror.lab);
    let mut buffer = [0; 2000];
    for _ in 0..4 {
        let forwarding = mirror.forward(&TCP);
        assert!(!forwarding.said().contains("another sidetap"), "{}", forwarding.said());
        while collector.recv_from(&mut buffer).is_ok_and(|(_, from)| !forwarding.has_port(from.port())) {}
        load.goes_on(1);
        forwarding.kill();
        load.goes_on(1);
    }
    let last = mirror.forward(&TCP);
    load.goes_on(1);
    load.finish();
    let last = last.stop();
    assert!(number(&last, "datagrams sent") > 0, "{last}");
}

#[test]
fn a_collector_that_is_killed_is_missed_and_the_next_one_gets_everything_from_then_on() {
    let Some(mirror) = Mirror::with(&["nginx", "curl"], 1500) else { return };
    let nginx = Nginx::start(&mirror.lab);
    let files = mirror.lab.directory().join("files");
    std::fs::create_dir_all(&files).expect("a directory");
    let (lines, captures) = (files.join("all.ndjson"), files.join("all.pcapng"));
    let exports = [format!("ndjson:{}", lines.display()), format!("pcapng:{}", captures.display())];
    let collect = || {
        let command = mirror.collector.command(BINARY);
        let args = ["--memory-limit", ROOMY, "--export", &exports[0], "--export", &exports[1]];
        Sensor::collector_of(&mirror.lab, command).args(&args).args(&["--rotate-size", "100KiB"]).listen()
    };
    let forwarding = mirror.forward(&[&TCP[..], &["--memory-limit", ROOMY]].concat());
    let load = Load::start(&mirror.lab);
    let get = |what: &str| {
        let url = format!("http://{SERVER}:{PORT}/{what}/[1-40]");
        mirror.lab.client.run("curl", &["--silent", "--output", "/dev/null", &url]);
    };
    let mut collecting: Listening = collect();
    for round in 1..=2 {
        get(&format!("before{round}"));
        wait_for("its records", || (count(&lines, &format!("/before{round}/")) == 40).then_some(()));
        collecting.stop_with(Signal::KILL);
        let kept = contents(&files);
        forwarding.wait_for_times("10.78.0.2:4789 refuses", round);
        load.goes_on(1);
        collecting = collect();
        forwarding.wait_for_times("10.78.0.2:4789 is back", round);
        get(&format!("after{round}"));
        wait_for("the new one's records", || (count(&lines, &format!("/after{round}/")) == 40).then_some(()));
        // Nothing that the killed one had written is gone or has changed.
        for (path, before) in kept {
            let now = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(now.starts_with(&before), "{}", path.display());
        }
    }
    load.finish();
    nginx.finish();
    let last = forwarding.stop();
    collecting.stop().well();
    assert!(number(&last, "datagrams sent") > 0 && !last.contains("ring full"), "{last}");

    // All of it can be read: capture files up to their last whole block, of the killed ones as well.
    let all = contents(&files);
    let parts = all.iter().filter(|(path, _)| path.extension().is_some_and(|end| end == "part")).count();
    assert_eq!(parts, 2, "one of each that was killed");
    let packets: Vec<u64> = all.iter().filter(|(path, _)| *path != lines).map(|(path, _)| packets(path)).collect();
    assert!(packets.len() > 4 && packets.iter().all(|packets| *packets > 0), "{packets:?}");
}

#[test]
fn cables_that_are_pulled_under_load_are_noticed_and_cost_no_more_than_what_was_said() {
    let Some(mirror) = Mirror::with(&[], 1500) else { return };
    let Mirror { lab, .. } = &mirror;
    let _collector = mirror.listen();
    let outer = mirror.dump();
    let forwarding = mirror.forward(&[&TCP[..], &["--memory-limit", ROOMY]].concat());
    let load = Load::start(lab);
    for time in 1..=3 {
        load.goes_on(1);
        // The one that is captured: the application waits for its cable, and so do we.
        lab.server.ip(&format!("link set {CABLE} down"));
        forwarding.wait_for_times(&format!("{CABLE} is down"), time);
        lab.server.ip(&format!("link set {CABLE} up"));
        load.goes_on(1);
        // The way out: the application does not notice.
        lab.server.ip(&format!("link set {OUT} down"));
        forwarding.wait_for_times("cannot be reached", time);
        load.goes_on(1);
        lab.server.ip(&format!("link set {OUT} up"));
        forwarding.wait_for_times("10.78.0.2:4789 is back", time);
    }
    load.finish();
    let said = forwarding.said();
    let last = forwarding.stop();
    println!("{last}");
    let sent = number(&last, "datagrams sent");
    let arrived = outer.finish().iter().filter(|frame| frame[14 + 9] == 17).count() as u64;
    assert!(number(&last, "datagrams no route") > 0, "{last}");
    // An interface that was just set up takes what it drops until the kernel has looked at it, for which it needs up to a
    // second on a busy machine; and one that is set down what waits for a neighbour. The kernel tells nobody.
    assert!(arrived <= sent && sent - arrived < sent / 4, "{arrived} have arrived: {last}");
    assert!(!said.contains(" bytes are sent now"), "the path was as wide all the while: {said}");
}

/// How many records have this in their path.
fn count(lines: &Path, path: &str) -> usize {
    let text = std::fs::read_to_string(lines).unwrap_or_default();
    // What a killed one was writing is the only line that is none.
    let whole = text.lines().filter(|line| line.starts_with('{') && line.ends_with('}'));
    whole.map(Record::parse).filter(|record| record.is("http") && record.path().starts_with(path)).count()
}

/// Everything in a directory.
fn contents(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let entries = std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    let mut all: Vec<_> = entries.filter_map(|path| Some((path.clone(), std::fs::read(&path).ok()?))).collect();
    all.sort();
    all
}

/// The packets of a capture file, up to where it was torn off.
fn packets(path: &Path) -> u64 {
    let mut file = CaptureFile::open(path).expect("a capture");
    let mut packets = 0;
    while let Ok(Some(_)) = file.next() {
        packets += 1;
    }
    packets
}
