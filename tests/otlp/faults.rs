//! A receiver that fails: what can be sent again is, the rest is counted under its cause, and nothing is lost unnoticed.

use std::time::Duration;

use serde_json::json;

use crate::backends::receiver;
use crate::capture::Capture;
use crate::peers::closed_port;
use crate::run::Run;

/// Three requests of spans, and the beginning of a fourth.
const EXCHANGES: usize = 1600;
/// What memory holds, so that it is at the end that is decided what becomes of it.
const FEW: usize = 250;
/// The end may take so long: ECS kills a container 30 s after it has asked it to stop.
const FAREWELL: Duration = Duration::from_secs(25);

#[test]
fn a_receiver_that_is_well_has_every_span_once() {
    let Some(receiver) = receiver() else { return };
    let ended = Run::to(&receiver).read(Capture::of(EXCHANGES)).with(0).saying("nothing was lost");
    let seen = receiver.seen();
    let ledger = ended.agrees_with(&seen);
    assert_eq!((ledger.seen, ledger.of_transactions("emitted"), ledger.spans("accepted")), (1600, 1600, 1600));
    assert_eq!((ledger.resent, seen.duplicate_spans()), (0, 0));
    assert_eq!(seen.0["user_agents"], json!([concat!("sidetap/", env!("CARGO_PKG_VERSION"))]));
    // Each exchange was a different one, and all of one endpoint.
    let mut paths: Vec<_> = seen.spans().iter().map(|span| span["attributes"]["url.path"].to_string()).collect();
    paths.sort();
    paths.dedup();
    assert!(seen.spans().iter().all(|span| span["kind"] == 2 && span["status"] == 0), "{:?}", seen.spans().first());
    // Metrics are exact, whatever is sampled.
    assert_eq!(seen.metric("http.server.request.duration"), 1600.0, "{}", seen.0["metrics"]);
    assert!(seen.metric("sidetap.transactions.seen") == 1600.0 || seen.0["metrics"].as_object().unwrap().len() > 10);
}

/// A fault that passes: everything arrives in the end, once.
fn passes(fault: &serde_json::Value, least: Duration) {
    let Some(receiver) = receiver() else { return };
    receiver.fault(fault);
    let ended = Run::to(&receiver).read(Capture::of(EXCHANGES)).with(0).saying("nothing was lost");
    let seen = receiver.seen();
    let ledger = ended.agrees_with(&seen);
    assert_eq!((ledger.spans("accepted"), seen.duplicate_spans()), (1600, 0), "{}", ended.stderr);
    assert!(ended.took >= least && ended.took < FAREWELL, "{:?}", ended.took);
    assert!(seen.requests(fault["mode"].as_str().unwrap()) > 0, "the fault was met");
}

#[test]
fn a_receiver_without_time_is_asked_again() {
    passes(&json!({"mode": "status", "status": 503, "count": 3}), Duration::ZERO);
}

#[test]
fn a_receiver_that_says_when_is_asked_then() {
    passes(&json!({"mode": "status", "status": 503, "retry_after": "3", "count": 2}), Duration::from_secs(3));
    passes(&json!({"mode": "status", "status": 429, "retry_after": "3", "count": 2}), Duration::from_secs(3));
}

#[test]
fn too_many_requests_are_sent_again_later() {
    passes(&json!({"mode": "status", "status": 429, "count": 3}), Duration::ZERO);
}

#[test]
fn a_gateway_without_its_server_is_asked_again() {
    passes(&json!({"mode": "status", "status": 502, "count": 1}), Duration::ZERO);
    passes(&json!({"mode": "status", "status": 504, "count": 1}), Duration::ZERO);
}

#[test]
fn a_connection_that_is_reset_is_made_again() {
    passes(&json!({"mode": "reset", "count": 3}), Duration::ZERO);
}

#[test]
fn an_answer_that_does_not_come_is_not_waited_for_for_ever() {
    passes(&json!({"mode": "hang", "seconds": 60, "count": 1}), Duration::from_secs(10));
}

#[test]
fn requests_that_are_too_large_are_halved_until_they_are_not() {
    passes(&json!({"mode": "too_large", "bytes": 60_000}), Duration::ZERO);
    // As the Collector says it.
    passes(&json!({"mode": "too_large", "bytes": 60_000, "status": 400}), Duration::ZERO);
}

#[test]
fn an_answer_that_is_none_counts_by_its_status() {
    passes(&json!({"mode": "garbage"}), Duration::ZERO);
}

#[test]
fn what_arrived_before_the_connection_broke_arrives_twice_and_is_known_by_its_ids() {
    for fault in [
        json!({"mode": "reset", "accept": true, "path": "/v1/traces", "count": 2}),
        json!({"mode": "status", "status": 503, "accept": true, "path": "/v1/traces", "count": 2}),
        json!({"mode": "hang", "seconds": 60, "accept": true, "path": "/v1/traces", "count": 1}),
    ] {
        let Some(receiver) = receiver() else { return };
        receiver.fault(&fault);
        let ended = Run::to(&receiver).read(Capture::of(EXCHANGES)).with(0);
        let seen = receiver.seen();
        let ledger = ended.agrees_with(&seen);
        assert_eq!(ledger.spans("accepted"), 1600, "{fault}: {}", ended.stderr);
        assert!(ledger.resent > 0, "{fault}: {}", ended.stderr);
        assert_eq!(seen.duplicate_spans(), ledger.resent, "{fault}: {}", ended.stderr);
    }
}

#[test]
fn what_the_receiver_does_not_want_is_dropped_and_the_rest_goes_on() {
    let Some(receiver) = receiver() else { return };
    receiver.fault(&json!({"mode": "status", "status": 400, "body": "bad span", "path": "/v1/traces", "count": 1}));
    let ended = Run::to(&receiver).read(Capture::of(EXCHANGES)).with(0);
    let ledger = ended.agrees_with(&receiver.seen());
    let rejected = ledger.spans("export.rejected");
    assert!(rejected > 0 && rejected <= 512, "{}", ended.stderr);
    assert_eq!(ledger.spans("accepted"), 1600 - rejected);
    // The first request may be of one span.
    let items = if rejected == 1 { "item" } else { "items" };
    ended.saying(&format!("{rejected} {items} refused by otlp:http://127.0.0.1"));
}

#[test]
fn what_the_receiver_rejects_in_part_is_counted_and_told_and_no_failure() {
    let Some(receiver) = receiver() else { return };
    receiver.fault(&json!({"mode": "partial", "rejected": 7, "path": "/v1/traces"}));
    let ended = Run::to(&receiver).read(Capture::of(EXCHANGES)).with(0);
    // Which ones it did not want, it does not say.
    let (ledger, seen) = (ended.ledger(), receiver.seen());
    let requests = seen.requests("partial");
    assert_eq!(ledger.spans("export.rejected"), 7 * requests, "{}", ended.stderr);
    assert_eq!(ledger.spans("accepted"), 1600 - 7 * requests);
    ended.saying(&format!("{} items refused by otlp:http://127.0.0.1", 7 * requests));
}

#[test]
fn a_receiver_that_does_not_know_us_costs_everything_and_says_so_at_once() {
    for status in [401, 403] {
        let Some(receiver) = receiver() else { return };
        receiver.fault(&json!({"mode": "status", "status": status, "body": "who are you"}));
        let ended = Run::to(&receiver).read(Capture::of(FEW)).with(1);
        let ledger = ended.agrees_with(&receiver.seen());
        assert_eq!(ledger.spans("shutdown"), FEW as u64, "{}", ended.stderr);
        assert!(ended.took < Duration::from_secs(10), "{:?}", ended.took);
        ended.saying(&format!("not allowed to send: status {status}: who are you"));
    }
}

#[test]
fn the_wrong_path_is_called_so() {
    let Some(receiver) = receiver() else { return };
    let url = format!("{}/nowhere", receiver.export());
    let ended = Run::new().args(&["--export", &url]).read(Capture::of(20)).with(1);
    assert_eq!(ended.agrees_with(&receiver.seen()).spans("shutdown"), 20, "{}", ended.stderr);
    ended.saying("wrong endpoint: status 404");
}

#[test]
fn a_receiver_of_spans_only_has_its_spans() {
    let Some(receiver) = receiver() else { return };
    receiver.fault(&json!({"mode": "status", "status": 404, "path": "/v1/logs"}));
    let ended = Run::to(&receiver).read(Capture::of(EXCHANGES)).with(1).saying("wrong endpoint");
    let ledger = ended.agrees_with(&receiver.seen());
    assert_eq!(ledger.spans("accepted"), 1600, "{}", ended.stderr);
    let logs = ledger.account("logs");
    assert!(logs.given > 0 && logs.of("shutdown") == logs.given, "{}", ended.stderr);
}

#[test]
fn a_receiver_that_is_not_there_costs_what_was_to_be_sent_and_no_time_beyond_the_end() {
    let export = format!("otlp:http://127.0.0.1:{}", closed_port());
    let ended = Run::new().args(&["--export", &export]).read(Capture::of(FEW)).with(1);
    assert_eq!(ended.ledger().spans("shutdown"), FEW as u64, "{}", ended.stderr);
    assert!(ended.took < FAREWELL, "{:?}", ended.took);
    ended.saying("Connection refused");
}

#[test]
fn two_receivers_that_are_not_there_take_no_more_time_than_one() {
    let exports = [closed_port(), closed_port()].map(|port| format!("otlp:http://127.0.0.1:{port}"));
    let [one, other] = &exports;
    let ended = Run::new().args(&["--export", one, "--export", other]).read(Capture::of(20)).with(1);
    assert!(ended.took < FAREWELL, "{:?}", ended.took);
    ended.saying(one).saying(other);
}

#[test]
fn a_name_that_nobody_has_is_told() {
    let ended = Run::new().args(&["--export", "otlp:http://receiver.invalid:4318"]).read(Capture::of(20)).with(1);
    assert_eq!(ended.ledger().spans("shutdown"), 20, "{}", ended.stderr);
    assert!(ended.took < FAREWELL, "{:?}", ended.took);
    ended.saying("receiver.invalid:4318");
}

#[test]
fn a_receiver_that_hangs_to_the_end_is_left_in_time() {
    let Some(receiver) = receiver() else { return };
    receiver.fault(&json!({"mode": "hang", "seconds": 60}));
    let ended = Run::to(&receiver).read(Capture::of(FEW)).with(1);
    let ledger = ended.agrees_with(&receiver.seen());
    assert_eq!(ledger.spans("shutdown"), FEW as u64, "{}", ended.stderr);
    assert!(ended.took < FAREWELL, "{:?}", ended.took);
}

#[test]
fn a_single_span_that_is_too_large_for_the_receiver_is_rejected() {
    let Some(receiver) = receiver() else { return };
    receiver.fault(&json!({"mode": "too_large", "bytes": 100, "path": "/v1/traces"}));
    let ended = Run::to(&receiver).read(Capture::of(20)).with(1).saying("request body too large");
    assert_eq!(ended.agrees_with(&receiver.seen()).spans("export.rejected"), 20, "{}", ended.stderr);
}

/// The file is read at the pace of the receiver, so that memory holds no more than it may and nothing is dropped.
#[test]
fn a_file_with_more_than_memory_holds_is_read_at_the_receivers_pace() {
    let Some(receiver) = receiver() else { return };
    let many = 20_000;
    let ended = Run::to(&receiver).args(&["--memory-limit", "25MiB"]).read(Capture::of(many)).with(0);
    let ledger = ended.agrees_with(&receiver.seen());
    assert_eq!(ledger.spans("accepted"), many as u64, "{}", ended.stderr);
}

#[test]
fn with_a_receiver_that_is_gone_a_large_file_is_read_to_its_end_all_the_same() {
    let export = format!("otlp:http://127.0.0.1:{}", closed_port());
    let run = Run::new().args(&["--export", &export, "--memory-limit", "25MiB"]);
    let ended = run.read(Capture::of(20_000)).with(1);
    let ledger = ended.ledger();
    assert!(ledger.spans("queue.full") > 0 && ledger.spans("shutdown") > 0, "{}", ended.stderr);
    // Patience is lost once, and not anew with every span.
    assert!(ended.took < Duration::from_secs(90), "{:?}", ended.took);
}
