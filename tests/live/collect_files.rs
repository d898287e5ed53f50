//! Capture files that rotate: whole ones, of collecting and of capturing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::Signal;
use sidetap::packet::file::CaptureFile;

use crate::support::lab::{CABLE, Lab, SERVER};
use crate::support::nginx::{Nginx, PORT};
use crate::support::sensor::Sensor;
use crate::support::vxlan::{Mirror, exchanges};
use crate::support::wait_for;

#[test]
fn rotated_files_are_whole_for_tshark_and_only_so_many_are_kept() {
    let Some(lab) = Lab::with(&["tshark"]) else { return };
    let directory = directory(&lab);
    let export = format!("pcapng:{}", directory.join("mirror.pcapng").display());
    let args = ["--export", &export, "--rotate-size", "64KiB", "--rotate-files", "5"];
    let sensor = Sensor::collector(&lab).args(&args).listen();
    let mirrors = [Mirror::new(&lab, 1), Mirror::new(&lab, 9)];
    for round in 0..30 {
        for (mirror, prefix) in mirrors.iter().zip(["one", "nine"]) {
            exchanges(40_000 + round, prefix, 5, 3000).iter().for_each(|frame| mirror.frame(7, frame));
        }
    }
    let ended = sensor.stop().without_loss();
    let files = complete(&directory);
    assert_eq!(files.len(), 5, "{files:?}");
    assert_eq!(everything(&directory), 5, "nothing half written is left");
    for (place, file) in files.iter().enumerate() {
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        let [stem, number, time] = name.trim_end_matches(".pcapng").split('_').collect::<Vec<_>>()[..] else {
            panic!("{name}");
        };
        assert_eq!((stem, number.len(), time.len()), ("mirror", 5, 14), "{name}");
        assert!(std::fs::metadata(file).expect("it is there").len() <= 64 << 10, "{name}");
        let file = file.display().to_string();
        let wanted =
            ["-T", "fields", "-e", "frame.interface_name", "-e", "http.request.uri", "-o", "tcp.check_checksum:FALSE"];
        let told = lab.client.run("tshark", &[&["-r", &file][..], &wanted].concat());
        assert!(told.lines().count() > 10, "{told}");
        for line in told.lines() {
            let (interface, uri) = line.split_once('\t').expect("two fields");
            assert!(["10.77.0.1 vni 7", "10.77.0.9 vni 7"].contains(&interface), "{place}: {line}");
            let own = if interface.starts_with("10.77.0.1 ") { "/one/" } else { "/nine/" };
            assert!(uri.is_empty() || uri.starts_with(own), "{place}: {line}");
        }
    }
    assert_eq!(ended.transactions(), 300);
}

#[test]
fn nothing_is_lost_between_files_of_an_interval() {
    let Some(lab) = Lab::with(&["nginx", "curl"]) else { return };
    let nginx = Nginx::start(&lab);
    let directory = directory(&lab);
    let export = format!("pcapng:{}", directory.join("live.pcapng").display());
    let args = ["--interface", CABLE, "--export", &export, "--rotate-interval", "1s", "--export", "ndjson:-"];
    let sensor = Sensor::new(&lab).args(&args).listen();
    for round in 0..6 {
        let url = format!("http://{SERVER}:{PORT}/{round}/[1-10]");
        lab.client.run("curl", &["--silent", "--output", "/dev/null", &url]);
        std::thread::sleep(Duration::from_millis(500));
    }
    let ended = sensor.stop().without_loss();
    nginx.finish();
    let files = complete(&directory);
    assert!((2..=10).contains(&files.len()), "{files:?}");
    let packets: u64 = files.iter().map(|file| packets(file)).sum();
    assert_eq!((packets, ended.complete().count()), (ended.summary("packets,"), 60), "{}", ended.stderr);
}

#[test]
fn what_a_killed_collector_leaves_can_be_read_and_stays() {
    let Some(lab) = Lab::with(&[]) else { return };
    let directory = directory(&lab);
    let export = format!("pcapng:{}", directory.join("killed.pcapng").display());
    let args = ["--export", &export, "--rotate-size", "64KiB", "--rotate-files", "2"];
    for round in 0..2 {
        let sensor = Sensor::collector(&lab).args(&args).listen();
        let mirror = Mirror::new(&lab, 1);
        exchanges(40_000, "x", 100, 2000).iter().for_each(|frame| mirror.frame(7, frame));
        wait_for("two files", || (complete(&directory).len() > round).then_some(()));
        std::thread::sleep(Duration::from_millis(300));
        sensor.stop_with(Signal::KILL);
    }
    // Those of the first run were not the second's to delete.
    assert_eq!(complete(&directory).len(), 2);
    let parts: Vec<PathBuf> =
        entries(&directory).into_iter().filter(|path| path.extension().is_some_and(|end| end == "part")).collect();
    assert_eq!(parts.len(), 2);
    assert!(parts.iter().all(|part| packets(part) > 0));
}

fn directory(lab: &Lab) -> PathBuf {
    let directory = lab.directory().join("files");
    std::fs::create_dir_all(&directory).expect("a directory");
    directory
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    entries
}

fn everything(directory: &Path) -> usize {
    entries(directory).len()
}

fn complete(directory: &Path) -> Vec<PathBuf> {
    entries(directory).into_iter().filter(|path| path.extension().is_some_and(|end| end == "pcapng")).collect()
}

fn packets(file: &Path) -> u64 {
    let mut file = CaptureFile::open(file).expect("a capture");
    let mut packets = 0;
    while file.next().expect("whole blocks").is_some() {
        packets += 1;
    }
    packets
}
