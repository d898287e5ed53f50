//! The end: what there is is sent, spooled or counted, in time.

use std::time::{Duration, Instant};

use super::receiver::{Receiver, Reply};
use super::run::{Run, S, accepted_and, envelope, options};
use super::spooling::directory;
use crate::export::otlp::transport::ledger::Cause;
use crate::export::otlp::transport::{Class, Options, Sender, Signal, SpoolOptions, TransportCounts};

/// Sends by a thread, and ends after this.
fn finish(options: &Options, spans: usize, within: Duration, before: Duration) -> (TransportCounts, Duration) {
    let mut handle = Sender::start(options, envelope()).unwrap();
    for span in 0..spans {
        assert!(handle.push(Signal::Traces, 0, format!("span {span}").as_bytes(), Class::Fair));
    }
    std::thread::sleep(before);
    let start = Instant::now();
    let counts = handle.finish(within);
    let took = start.elapsed();
    assert!(counts.balances(), "{counts:?}");
    assert!(!handle.push(Signal::Traces, 0, b"late", Class::Fair));
    assert!(handle.counts().balances());
    let end = Instant::now() + 5 * S;
    while !handle.has_ended() {
        assert!(Instant::now() < end, "the thread hangs");
        std::thread::sleep(Duration::from_millis(5));
    }
    (counts, took)
}

#[test]
fn what_waits_is_sent_at_once() {
    let receiver = Receiver::answering([Reply::status(200)]);
    let mut options = options(&receiver.url());
    options.export_interval = 60 * S;
    let (counts, took) = finish(&options, 1000, 10 * S, Duration::ZERO);
    assert_eq!(accepted_and(&counts.signals.traces, Cause::Shutdown), (1000, 0));
    assert!(took < 5 * S, "{took:?}");
}

#[test]
fn a_receiver_that_hangs_does_not_hold_up_the_end() {
    let receiver = Receiver::answering([Reply::Hang]);
    let mut options = options(&receiver.url());
    options.timeout = 30 * S;
    // The request is begun before the end, or by it.
    for (spans, before) in [(600, 200), (10, 0)] {
        let (counts, took) = finish(&options, spans, S, Duration::from_millis(before));
        assert_eq!(accepted_and(&counts.signals.traces, Cause::Shutdown), (0, spans as u64));
        assert!(took < S + S / 4, "{took:?}");
        assert!(!receiver.received().is_empty());
    }
}

#[test]
fn what_cannot_be_sent_in_time_is_spooled_and_sent_by_the_next_run() {
    let receiver = Receiver::answering([Reply::Hang]);
    let mut options = options(&receiver.url());
    options.timeout = 30 * S;
    let spool = directory("shutdown");
    options.spool = Some(SpoolOptions::new(spool.clone()));
    let (counts, took) = finish(&options, 700, 2 * S, Duration::from_millis(300));
    assert_eq!((counts.signals.traces.spooled, counts.signals.traces.all_dropped()), (700, 0));
    assert!(took < 2 * S + S / 4, "{took:?}");

    let receiver = Receiver::answering([Reply::status(200)]);
    let mut options = super::run::options(&receiver.url());
    options.spool = Some(SpoolOptions::new(spool.clone()));
    let mut run = Run::new(&options);
    let counts = run.run_for(11 * S);
    assert_eq!((counts.signals.traces.recovered, counts.signals.traces.accepted), (700, 700));
    std::fs::remove_dir_all(spool).unwrap();
}

#[test]
fn a_receiver_that_is_away_is_not_waited_for_when_it_will_not_be_back_in_time() {
    let receiver = Receiver::answering([Reply::Status(503, "Retry-After: 100\r\n", Vec::new())]);
    let mut options = options(&receiver.url());
    options.export_interval = S;
    let (counts, took) = finish(&options, 10, 20 * S, Duration::ZERO);
    assert_eq!(accepted_and(&counts.signals.traces, Cause::Shutdown), (0, 10));
    assert!(took < 5 * S, "{took:?}");
}

#[test]
fn a_receiver_that_comes_back_in_time_gets_all() {
    let receiver = Receiver::answering([Reply::status(503), Reply::status(503), Reply::status(200)]);
    let (counts, _) = finish(&options(&receiver.url()), 10, 20 * S, Duration::ZERO);
    assert_eq!(accepted_and(&counts.signals.traces, Cause::Shutdown), (10, 0));
}

#[test]
fn items_are_sent_by_the_thread_when_their_time_has_come() {
    let receiver = Receiver::answering([Reply::status(200)]);
    let mut options = options(&receiver.url());
    options.export_interval = S;
    let mut handle = Sender::start(&options, envelope()).unwrap();
    let end = Instant::now() + 20 * S;
    handle.push(Signal::Logs, 0, b"one", Class::Novelty);
    while handle.counts().signals.logs.accepted == 0 {
        assert!(Instant::now() < end);
        std::thread::sleep(Duration::from_millis(10));
    }
    // As many as a request has do not wait, either.
    (0..512).for_each(|_| assert!(handle.push(Signal::Logs, 0, b"more", Class::Fair)));
    while handle.counts().signals.logs.accepted < 513 {
        assert!(Instant::now() < end);
        std::thread::sleep(Duration::from_millis(10));
    }
    handle.finish(S);
}

#[test]
fn receivers_that_hang_do_not_add_up() {
    let receivers = [(); 3].map(|()| Receiver::answering([Reply::Hang]));
    let mut handles: Vec<_> = receivers
        .iter()
        .map(|receiver| {
            let mut options = options(&receiver.url());
            options.timeout = 30 * S;
            Sender::start(&options, envelope()).unwrap()
        })
        .collect();
    handles.iter_mut().for_each(|handle| assert!(handle.push(Signal::Traces, 0, b"span", Class::Fair)));
    let start = Instant::now();
    handles.iter_mut().for_each(|handle| handle.begin_finish(S));
    assert!(start.elapsed() < S / 2, "it waits");
    for handle in &mut handles {
        let counts = handle.finish(S);
        assert!(counts.balances());
        assert_eq!(accepted_and(&counts.signals.traces, Cause::Shutdown), (0, 1));
    }
    assert!(start.elapsed() < S + S / 4, "{:?}", start.elapsed());
    assert!(receivers.iter().all(|receiver| !receiver.received().is_empty()));
}
