//! What waits on disk.

use std::path::{Path, PathBuf};

use super::receiver::{Receiver, Reply};
use super::run::{Run, S, envelope, options};
use crate::export::otlp::transport::ledger::Cause;
use crate::export::otlp::transport::{Batch, Class, Options, Sender, Signal, SpoolOptions};

/// One that is not there yet.
pub fn directory(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("sidetap-spool-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    path
}

fn small(receiver: &Receiver, spool: &Path) -> Options {
    let mut options = options(&receiver.url());
    options.queue_bytes = 300 << 10;
    options.spool = Some(SpoolOptions::new(spool.to_owned()));
    options
}

fn push(run: &mut Run, from: usize, to: usize) {
    for span in from..to {
        run.push(Signal::Traces, &format!("{:.<500}", format!("span {span}")));
    }
}

fn spans(from: usize, to: usize) -> Vec<String> {
    (from..to).map(|span| format!("span {span}")).collect()
}

#[test]
fn what_has_no_room_while_the_receiver_is_away_is_sent_when_it_is_back() {
    let spool = directory("away");
    let up = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let is_up = std::sync::Arc::clone(&up);
    let receiver = Receiver::new(move |_| match is_up.load(std::sync::atomic::Ordering::SeqCst) {
        true => Reply::status(200),
        false => Reply::status(503),
    });
    let mut run = Run::new(&small(&receiver, &spool));
    for part in 0..40 {
        push(&mut run, 50 * part, 50 * (part + 1));
        let counts = run.run_for(S);
        assert!(counts.held <= 300 << 10);
    }
    let counts = run.handle.counts().signals.traces;
    assert!(counts.spooled > 1000 && counts.all_dropped() == 0, "{counts:?}");
    let before = receiver.received().len();
    up.store(true, std::sync::atomic::Ordering::SeqCst);
    let counts = run.run_for(120 * S).signals.traces;
    assert_eq!((counts.accepted, counts.all_dropped()), (2000, 0));
    let mut got: Vec<_> = receiver.received().into_iter().skip(before).flat_map(|it| it.items).collect();
    got.sort_by_key(|span| span[5..].parse::<usize>().unwrap());
    assert_eq!(got, spans(0, 2000));
    assert_eq!(run.failure(), "");
    drop(run);
    assert_eq!(std::fs::read_dir(&spool).unwrap().count(), 1, "only the lock is left");
    std::fs::remove_dir_all(spool).unwrap();
}

#[test]
fn a_spool_is_read_in_order_by_the_next_run_even_after_a_crash() {
    let spool = directory("restart");
    let receiver = Receiver::answering([Reply::status(503)]);
    let mut run = Run::new(&small(&receiver, &spool));
    for part in 0..10 {
        push(&mut run, 50 * part, 50 * (part + 1));
        run.run_for(5 * S);
    }
    let spooled = run.handle.counts().signals.traces.spooled;
    assert!(spooled > 200, "{spooled}");
    // Nothing is closed.
    drop(run);
    let receiver = Receiver::answering([Reply::status(200)]);
    let mut run = Run::new(&small(&receiver, &spool));
    assert_eq!(run.handle.counts().signals.traces.recovered, spooled);
    let counts = run.run_for(S / 10).signals.traces;
    assert_eq!((counts.given, counts.accepted), (0, spooled));
    assert_eq!(receiver.items(), spans(0, spooled as usize));
    std::fs::remove_dir_all(spool).unwrap();
}

#[test]
fn a_spooled_request_that_is_too_large_is_posted_in_halves() {
    let spool = directory("halves");
    leave(&spool, |run| push(run, 0, 60));
    let receiver = Receiver::new(|request| Reply::status(if request.bytes > 5000 { 413 } else { 200 }));
    let mut run = Run::new(&small(&receiver, &spool));
    let counts = run.run_for(S).signals.traces;
    assert_eq!((counts.recovered, counts.accepted, counts.spooled), (60, 60, 0));
    std::fs::remove_dir_all(spool).unwrap();
}

/// Leaves items in the spool, behind those that are there.
fn leave(spool: &Path, fill: impl FnOnce(&mut Run)) {
    let receiver = Receiver::answering([Reply::status(503)]);
    let mut run = Run::new(&small(&receiver, spool));
    fill(&mut run);
    run.handle.finish(S);
    run.run_for(2 * S);
}

#[test]
fn what_waits_on_disk_stays_while_there_is_no_receiver_and_is_tried_every_minute() {
    for status in [404, 405, 415, 308] {
        let spool = directory("nowhere");
        leave(&spool, |run| push(run, 0, 60));
        let away = Reply::status(status);
        let receiver = Receiver::answering([away.clone(), away.clone(), away, Reply::status(200)]);
        let mut run = Run::new(&small(&receiver, &spool));
        let counts = run.run_for(130 * S).signals.traces;
        assert_eq!((counts.recovered, counts.spooled, counts.all_dropped()), (60, 60, 0));
        assert!(run.failure().starts_with(&format!("wrong endpoint: status {status}")), "{}", run.failure());
        let counts = run.run_for(60 * S).signals.traces;
        assert_eq!((counts.accepted, counts.spooled, counts.all_dropped()), (60, 0, 0));
        let mut waits = run.posted.windows(2).map(|pair| pair[1] - pair[0]);
        assert!(waits.all(|wait| (60 * S..61 * S).contains(&wait)), "{:?}", run.posted);
        std::fs::remove_dir_all(spool).unwrap();
    }
}

#[test]
fn what_a_receiver_of_spans_only_does_not_take_does_not_hold_up_the_spans_behind_it() {
    let spool = directory("spans-only");
    for part in 0..3 {
        leave(&spool, |run| run.push(Signal::Logs, &format!("log {part}")));
        leave(&spool, |run| push(run, 50 * part, 50 * (part + 1)));
    }
    let receiver = Receiver::new(|request| Reply::status(if request.path == "/v1/logs" { 404 } else { 200 }));
    let mut run = Run::new(&small(&receiver, &spool));
    let counts = run.run_for(5 * S).signals;
    assert_eq!((counts.logs.spooled, counts.traces.spooled), (3, 150), "it may be a receiver that is not up yet");
    push(&mut run, 150, 151);
    let counts = run.run_for(30 * S).signals;
    assert_eq!((counts.traces.accepted, counts.traces.spooled), (151, 0));
    assert_eq!((counts.logs.dropped_for(Cause::Rejected), counts.logs.spooled), (3, 0));
    std::fs::remove_dir_all(spool).unwrap();
}

#[test]
fn what_cannot_be_read_back_is_counted() {
    let spool = directory("damaged");
    leave(&spool, |run| push(run, 0, 60));
    let segments = std::fs::read_dir(&spool).unwrap().map(|entry| entry.unwrap().path());
    for segment in segments.filter(|path| path.extension().is_some()) {
        let bytes = std::fs::read(&segment).unwrap();
        std::fs::write(&segment, &bytes[..bytes.len() - 1]).unwrap();
    }
    let receiver = Receiver::answering([Reply::status(200)]);
    let mut run = Run::new(&small(&receiver, &spool));
    let counts = run.run_for(S).signals.traces;
    assert_eq!((counts.recovered, counts.dropped_for(Cause::SpoolFull), counts.accepted), (60, 60, 0));
    std::fs::remove_dir_all(spool).unwrap();
}

#[test]
fn the_newest_metrics_survive_the_end() {
    let spool = directory("metrics");
    let receiver = Receiver::answering([Reply::status(503)]);
    let mut run = Run::new(&small(&receiver, &spool));
    let mut metrics = Batch::new(Signal::Metrics);
    metrics.push(0, b"metric");
    run.set_metrics(&metrics);
    run.handle.finish(S);
    let counts = run.run_for(2 * S).signals.metrics;
    assert_eq!((counts.given, counts.spooled), (1, 1));
    std::fs::remove_dir_all(spool).unwrap();
}

#[test]
fn without_a_spool_that_works_sending_goes_on_in_memory() {
    let receiver = Receiver::answering([Reply::status(503), Reply::status(200)]);
    let file = directory("file");
    std::fs::write(&file, "in the way").unwrap();
    let mut run = Run::new(&small(&receiver, &file));
    assert!(run.failure().starts_with("cannot spool in `"), "{}", run.failure());
    push(&mut run, 0, 10);
    assert_eq!(run.run_for(30 * S).signals.traces.accepted, 10);
    std::fs::remove_file(file).unwrap();
}

#[test]
fn a_directory_that_somebody_else_has_is_left_alone() {
    let spool = directory("lock");
    let receiver = Receiver::answering([Reply::status(503)]);
    let first = Run::new(&small(&receiver, &spool));
    let second = Run::new(&small(&receiver, &spool));
    assert_eq!(first.failure(), "");
    assert!(second.failure().ends_with("another process has the directory"), "{}", second.failure());
    std::fs::remove_dir_all(spool).unwrap();
}

#[test]
fn a_spool_that_cannot_be_written_to_is_told_and_costs_what_has_no_room() {
    let spool = directory("gone");
    let receiver = Receiver::answering([Reply::status(503)]);
    let mut run = Run::new(&small(&receiver, &spool));
    // No file can be made any more, whoever runs this.
    std::fs::remove_dir_all(&spool).unwrap();
    for part in 0..20 {
        for span in 0..50 {
            run.handle.push(Signal::Traces, 0, format!("{:.<500}", 50 * part + span).as_bytes(), Class::Fair);
        }
        run.run_for(5 * S);
    }
    let counts = run.handle.counts().signals.traces;
    assert!(counts.dropped_for(Cause::QueueFull) > 0 && counts.spooled == 0, "{counts:?}");
    assert!(run.failure().contains("cannot write to the spool"), "{}", run.failure());
}

/// Opening a pipe to write into it waits until somebody reads, as a disk may that does not answer.
#[cfg(unix)]
#[test]
fn the_capture_does_not_wait_for_a_spool_that_is_being_opened() {
    let spool = directory("slow");
    std::fs::create_dir_all(&spool).unwrap();
    let lock = spool.join("lock");
    assert!(std::process::Command::new("mkfifo").arg(&lock).status().unwrap().success());
    let receiver = Receiver::answering([Reply::status(200)]);
    let mut handle = Sender::start(&small(&receiver, &spool), envelope()).unwrap();
    let (done, seen) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        std::thread::sleep(S / 5);
        handle.push(Signal::Traces, 0, b"span", Class::Fair);
        done.send((handle.counts(), handle.failure())).unwrap();
        handle
    });
    let seen = seen.recv_timeout(10 * S);
    // The thread goes on.
    let _pipe = std::fs::File::open(&lock).unwrap();
    let mut handle = reader.join().unwrap();
    let (counts, failure) = seen.expect("who asks how it goes waits for the disk");
    assert_eq!((counts.signals.traces.queued, failure), (1, None));
    assert_eq!(handle.finish(5 * S).signals.traces.accepted, 1);
    std::fs::remove_dir_all(spool).unwrap();
}
