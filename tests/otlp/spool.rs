//! What the receiver does not take waits on disk, if there is a disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::backends::receiver;
use crate::capture::Capture;
use crate::peers::closed_port;
use crate::receiver::Receiver;
use crate::run::{Directory, Ended, Run};
use crate::skip;

const EXCHANGES: u64 = 1600;

/// A run with a spool and a receiver that has no time while it lasts.
fn without_receiver(spool: &Path, receiver: &Receiver) -> Ended {
    receiver.fault(&json!({"mode": "status", "status": 503}));
    let ended = Run::to(receiver).path("--spool-dir", spool).read(Capture::of(EXCHANGES as usize));
    receiver.fault(&json!({"mode": "ok"}));
    ended
}

/// A run that sends what is in the spool, and a little more.
fn with_receiver(spool: &Path, receiver: &Receiver, least: u64) -> Ended {
    let mut reading = Run::to(receiver).path("--spool-dir", spool).start();
    reading.write(&Capture::new().of_others().and(30, "/later").file());
    receiver.wait_for("what was spooled", |seen| seen.unique_spans() >= least);
    reading.end()
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path()).collect()
}

/// The files with requests, of each receiver the oldest first.
fn segments(spool: &Path) -> Vec<PathBuf> {
    let files = entries(spool).into_iter().flat_map(|receiver| entries(&receiver));
    let mut segments: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "spool")).collect();
    segments.sort();
    segments
}

#[test]
fn what_was_not_taken_is_sent_by_the_next_run() {
    let Some(receiver) = receiver() else { return };
    let directory = Directory::new();
    let spool = directory.path("spool");
    let ended = without_receiver(&spool, &receiver).with(1);
    assert_eq!(ended.ledger().spans("spooled"), EXCHANGES, "{}", ended.stderr);
    let ended = with_receiver(&spool, &receiver, EXCHANGES).with(0);
    let ledger = ended.agrees_with(&receiver.seen());
    assert_eq!(ledger.account("traces").recovered, EXCHANGES, "{}", ended.stderr);
    assert_eq!(ledger.spans("accepted"), EXCHANGES + 30, "{}", ended.stderr);
    assert_eq!(receiver.seen().duplicate_spans(), 0);
}

#[test]
fn a_spool_that_is_sent_while_the_receiver_breaks_connections_has_duplicates_only_of_what_was_sent_again() {
    let Some(receiver) = receiver() else { return };
    let directory = Directory::new();
    let spool = directory.path("spool");
    without_receiver(&spool, &receiver).with(1);
    receiver.fault(&json!({"mode": "reset", "accept": true, "path": "/v1/traces", "count": 2}));
    let ended = with_receiver(&spool, &receiver, EXCHANGES + 30);
    let (ledger, seen) = (ended.agrees_with(&receiver.seen()), receiver.seen());
    assert_eq!(ledger.spans("accepted"), EXCHANGES + 30, "{}", ended.stderr);
    assert!(seen.duplicate_spans() > 0, "{}", ended.stderr);
}

#[test]
fn a_torn_spool_costs_its_torn_end() {
    for tear in [Tear::Cut, Tear::Garbage, Tear::Bit] {
        let Some(receiver) = receiver() else { return };
        let directory = Directory::new();
        let spool = directory.path("spool");
        without_receiver(&spool, &receiver).with(1);
        tear.apply(segments(&spool).last().expect("a segment"));
        let ended = with_receiver(&spool, &receiver, 30);
        let ledger = ended.agrees_with(&receiver.seen());
        let account = ledger.account("traces");
        let (least, most) = if tear == Tear::Garbage { (EXCHANGES, EXCHANGES) } else { (0, EXCHANGES) };
        assert!((least..=most).contains(&account.recovered), "{tear:?}: {}", ended.stderr);
        assert_eq!(receiver.seen().duplicate_spans(), 0);
    }
}

/// What a crash, or a disk, does to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tear {
    /// The end is missing.
    Cut,
    /// There is something behind the end.
    Garbage,
    /// A bit has turned.
    Bit,
}

impl Tear {
    fn apply(self, path: &Path) {
        let mut bytes = fs::read(path).expect("a segment");
        match self {
            Tear::Cut => bytes.truncate(bytes.len() - 7),
            Tear::Garbage => bytes.extend([0xff; 13]),
            Tear::Bit => {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
            }
        }
        fs::write(path, bytes).expect("a file");
    }
}

#[test]
fn a_spool_that_cannot_be_is_told_and_what_the_receiver_takes_is_sent_all_the_same() {
    let Some(receiver) = receiver() else { return };
    let directory = Directory::new();
    let file = directory.path("file");
    fs::write(&file, b"").expect("a file");
    let ended = Run::to(&receiver).path("--spool-dir", &file.join("spool")).read(Capture::of(30)).with(1);
    assert_eq!(ended.agrees_with(&receiver.seen()).spans("accepted"), 30, "{}", ended.stderr);
    ended.saying("Not a directory");
}

#[test]
fn a_read_only_disk_is_told() {
    let Some(receiver) = receiver() else { return };
    let Some(disk) = SmallDisk::new("ro,size=64k") else { return };
    let ended = Run::to(&receiver).path("--spool-dir", &disk.path("spool")).read(Capture::of(30)).with(1);
    assert_eq!(ended.agrees_with(&receiver.seen()).spans("accepted"), 30, "{}", ended.stderr);
    ended.saying("Read-only file system");
}

#[test]
fn a_full_disk_has_what_fits_and_the_rest_is_counted() {
    let Some(receiver) = receiver() else { return };
    let Some(disk) = SmallDisk::new("size=40k") else { return };
    let spool = disk.path("spool");
    let ended = without_receiver(&spool, &receiver).with(1);
    let ledger = ended.ledger();
    assert!(ledger.spans("shutdown") + ledger.spans("queue.full") > 0, "{}", ended.stderr);
    let kept = ledger.spans("spooled");
    let ended = ended.saying("the disk of the spool is full");
    // What did fit is whole.
    let again = with_receiver(&spool, &receiver, kept);
    assert_eq!(again.agrees_with(&receiver.seen()).account("traces").recovered, kept, "{}", ended.stderr);
}

#[test]
fn a_spool_with_a_bound_keeps_the_newest() {
    let directory = Directory::new();
    let spool = directory.path("spool");
    let export = format!("otlp:http://127.0.0.1:{}", closed_port());
    let run = Run::new().args(&["--export", &export, "--spool-size", "40KiB"]).path("--spool-dir", &spool);
    let ended = run.read(Capture::of(EXCHANGES as usize)).with(1);
    let ledger = ended.ledger();
    assert!(ledger.spans("spool.full") > 0 && ledger.spans("spooled") > 0, "{}", ended.stderr);
    let bytes: u64 = segments(&spool).iter().map(|path| path.metadata().expect("a file").len()).sum();
    assert!(bytes <= 40 << 10, "{bytes}");
}

#[test]
fn a_directory_is_one_process_only() {
    let Some(receiver) = receiver() else { return };
    let directory = Directory::new();
    let spool = directory.path("spool");
    let mut first = Run::to(&receiver).path("--spool-dir", &spool).start();
    first.write(&Capture::of(30).file());
    receiver.wait_for("the first one's spans", |seen| seen.unique_spans() > 0);
    let second = Run::to(&receiver).path("--spool-dir", &spool).read(Capture::of(30)).with(1);
    second.saying("another process has the directory");
    first.end().with(0);
}

#[test]
fn what_waits_for_one_receiver_is_never_sent_to_another() {
    let (Some(one), Some(other)) = (receiver(), receiver()) else { return };
    let directory = Directory::new();
    let spool = directory.path("spool");
    without_receiver(&spool, &one).with(1);
    with_receiver(&spool, &other, 30).with(0);
    assert_eq!((one.seen().unique_spans(), other.seen().unique_spans()), (0, 30));
    with_receiver(&spool, &one, EXCHANGES + 30).with(0);
    assert_eq!((one.seen().unique_spans(), other.seen().unique_spans()), (EXCHANGES + 30, 30));
}

#[test]
fn several_receivers_keep_what_waits_side_by_side() {
    let directory = Directory::new();
    let spool = directory.path("spool");
    let exports = [closed_port(), closed_port()].map(|port| format!("otlp:http://127.0.0.1:{port}"));
    let [one, other] = &exports;
    let run = Run::new().args(&["--export", one, "--export", other]).path("--spool-dir", &spool);
    let ended = run.read(Capture::of(20)).with(1);
    assert!(!ended.stderr.contains("another process has the directory"), "{}", ended.stderr);
    let directories = entries(&spool);
    assert_eq!(directories.len(), 2, "{directories:?}");
    assert!(directories.iter().all(|path| entries(path).len() > 1), "{}", ended.stderr);
}

/// A file system of its own.
struct SmallDisk(Directory);

impl SmallDisk {
    fn new(options: &str) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            return skip("a file system takes root");
        }
        let directory = Directory::new();
        let disk = directory.path("disk");
        fs::create_dir(&disk).expect("a directory");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "none"]).arg(&disk).status();
        match mounted.is_ok_and(|status| status.success()) {
            true => Some(SmallDisk(directory)),
            false => skip("nothing can be mounted here"),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path("disk").join(name)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path("disk")).status();
    }
}
