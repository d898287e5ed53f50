//! Each row of the table of answers, over sockets.

use opentelemetry_proto::tonic::collector::trace::v1::{ExportTracePartialSuccess, ExportTraceServiceResponse};
use prost::Message;

use super::receiver::{Receiver, Reply};
use super::run::{Run, S, accepted_and, options};
use crate::export::otlp::metric;
use crate::export::otlp::transport::Signal::{Logs, Metrics, Traces};
use crate::export::otlp::transport::ledger::Cause;
use crate::export::otlp::transport::options::LEAST_QUEUE_BYTES;
use crate::export::otlp::transport::{Batch, Class, State};

#[test]
fn a_request_says_what_it_is() {
    let receiver = Receiver::answering([Reply::status(200)]);
    let mut options = options(&format!("{}/base/?k=1", receiver.url()));
    options.headers.add("X-Token", "s3cr3t").unwrap();
    let mut run = Run::new(&options);
    run.push_spans(2);
    run.push(Logs, "log");
    let mut metrics = Batch::new(Metrics);
    metrics.push(0, b"metric");
    run.set_metrics(&metrics);
    run.run_for(11 * S);
    let mut received = receiver.received();
    received.sort_by(|a, b| a.path.cmp(&b.path));
    let paths: Vec<_> = received.iter().map(|it| &it.path[..]).collect();
    assert_eq!(paths, ["/base/v1/logs?k=1", "/base/v1/metrics?k=1", "/base/v1/traces?k=1"]);
    assert_eq!(received[2].items, ["span 0", "span 1"]);
    for it in &received {
        let header = |name: &str| it.headers.get(name).map(String::as_str);
        assert_eq!(header("content-type"), Some("application/x-protobuf"));
        assert_eq!(header("content-encoding"), Some("gzip"));
        assert_eq!(header("user-agent"), Some(concat!("sidetap/", env!("CARGO_PKG_VERSION"))));
        assert_eq!(header("x-token"), Some("s3cr3t"));
        assert_eq!(it.connection, 0);
    }
    let counts = run.handle.counts();
    assert!(counts.signals.iter().all(|items| items.accepted == items.given));
    assert_eq!((counts.requests, counts.retries, run.failure().as_str()), (3, 0, ""));
}

#[test]
fn what_the_receiver_will_never_take_is_dropped() {
    for status in [400, 402, 406, 408, 409, 410, 411, 422, 500, 501, 505] {
        let receiver = Receiver::answering([Reply::Status(status, "", b"no".to_vec()), Reply::status(200)]);
        let mut run = Run::to(&receiver.url());
        run.push_spans(3);
        let counts = run.run_for(100 * S);
        assert_eq!(accepted_and(&counts.signals.traces, Cause::Rejected), (0, 3));
        assert_eq!(counts.requests, 1);
        assert_eq!(run.handle.state(Traces), State::Rejected(format!("status {status}: no")));
        run.push_spans(1);
        run.run_for(100 * S);
        assert_eq!(run.failure(), "");
    }
}

#[test]
fn what_may_pass_is_posted_again() {
    for reply in [
        Reply::status(429),
        Reply::status(502),
        Reply::status(503),
        Reply::status(504),
        Reply::Hang,
        Reply::Bytes(""),
        Reply::Bytes("HTTP/1.1 200 OK\r\nContent-"),
        Reply::Bytes("SSH-2.0-OpenSSH\r\n\r\n"),
    ] {
        let receiver = Receiver::answering([reply.clone(), reply.clone(), Reply::status(200)]);
        let mut run = Run::to(&receiver.url());
        run.push_spans(3);
        run.run_for(10 * S + S / 2);
        let counts = run.run_for(100 * S);
        assert_eq!(accepted_and(&counts.signals.traces, Cause::Rejected), (3, 0), "{reply:?}");
        assert_eq!((counts.requests, counts.retries, counts.resent), (3, 2, 6), "{reply:?}");
        let [first, second, third] = run.posted[..] else { panic!() };
        assert!(second > first && second <= first + 2 * S && third > second && third <= second + 3 * S);
        assert_eq!(receiver.items(), ["span 0", "span 1", "span 2"].repeat(3));
    }
}

#[test]
fn the_time_to_wait_begins_when_a_request_has_failed() {
    let receiver = Receiver::answering([Reply::Hang, Reply::status(200)]);
    let mut options = options(&receiver.url());
    options.timeout = S + S / 10;
    let mut run = Run::new(&options);
    run.push_spans(1);
    run.run_for(20 * S);
    let [first, second] = run.posted[..] else { panic!("{:?}", run.posted) };
    // The first time to wait is a second at most.
    assert!(second - first > options.timeout);
}

#[test]
fn a_receiver_that_is_not_there_is_tried_again_until_items_are_too_old() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut run = Run::to(&format!("http://{gone}"));
    run.push_spans(3);
    let counts = run.run_for(300 * S);
    assert_eq!((counts.signals.traces.in_flight, counts.signals.traces.all_dropped()), (3, 0));
    assert!(run.failure().starts_with("Connection refused"), "{}", run.failure());
    assert!((8..40).contains(&counts.requests), "{}", counts.requests);
    let counts = run.run_for(400 * S);
    assert_eq!(accepted_and(&counts.signals.traces, Cause::Expired), (0, 3));
}

#[test]
fn a_receiver_that_says_when_is_asked_then() {
    for (headers, wait) in [
        ("Retry-After: 17\r\n", 17),
        ("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:50:07 GMT\r\n", 30),
        ("Retry-After: 86400\r\n", 300),
    ] {
        for status in [429, 503] {
            let receiver = Receiver::answering([Reply::Status(status, headers, Vec::new()), Reply::status(202)]);
            let mut run = Run::to(&receiver.url());
            run.push_spans(1);
            run.run_for(400 * S);
            let [first, second] = run.posted[..] else { panic!("{:?}", run.posted) };
            assert!((wait * S..wait * S + S).contains(&(second - first)), "{:?}", second - first);
        }
    }
}

#[test]
fn a_receiver_that_says_at_once_is_asked_no_sooner_than_one_that_says_nothing() {
    for headers in
        ["Retry-After: 0\r\n", "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:07 GMT\r\n"]
    {
        let receiver = Receiver::answering([Reply::Status(503, headers, Vec::new())]);
        let mut run = Run::to(&receiver.url());
        run.push_spans(1);
        let counts = run.run_for(300 * S);
        assert!((5..40).contains(&counts.requests), "{:?}", run.posted);
    }
}

#[test]
fn who_is_not_let_in_knocks_every_minute_and_keeps_what_it_has() {
    for status in [401, 403] {
        let reply = Reply::Status(status, "", b"unknown token s3cr3t-t0ken".to_vec());
        let receiver = Receiver::answering([reply.clone(), reply.clone(), reply, Reply::status(200)]);
        let mut options = options(&receiver.url());
        options.headers.add("Authorization", "Bearer s3cr3t-t0ken").unwrap();
        let mut run = Run::new(&options);
        run.push_spans(3);
        run.run_for(130 * S);
        assert_eq!(run.failure(), format!("not allowed to send: status {status}: unknown token ***"));
        run.push_spans(2);
        let counts = run.run_for(100 * S);
        assert_eq!(accepted_and(&counts.signals.traces, Cause::Rejected), (5, 0));
        let mut waits = run.posted.windows(2).map(|pair| pair[1] - pair[0]).take(3);
        assert!(waits.all(|wait| (60 * S..61 * S).contains(&wait)), "{:?}", run.posted);
        assert_eq!(run.failure(), "");
    }
}

#[test]
fn a_wrong_path_is_told_and_does_not_hold_up_the_right_ones() {
    for status in [404, 405, 415, 301, 308] {
        let receiver = Receiver::new(move |request| match &request.path[..] {
            "/v1/logs" => Reply::Status(status, "Location: http://127.0.0.1:1/\r\n", Vec::new()),
            _ => Reply::status(200),
        });
        let mut run = Run::to(&receiver.url());
        for number in 0..5 {
            run.push_spans(2);
            run.push(Logs, &format!("log {number}"));
            run.run_for(20 * S);
        }
        let counts = run.handle.counts();
        assert_eq!(accepted_and(&counts.signals.traces, Cause::Rejected), (10, 0));
        assert_eq!((counts.signals.logs.accepted, counts.signals.logs.all_dropped()), (0, 0));
        assert!(run.failure().starts_with(&format!("wrong endpoint: status {status}")));
        let logs = receiver.received().iter().filter(|it| it.path == "/v1/logs").count();
        assert!(logs <= 2, "{logs}");
    }
}

#[test]
fn items_that_nobody_takes_make_room_first() {
    let receiver = Receiver::new(|request| Reply::status(if request.path == "/v1/logs" { 404 } else { 200 }));
    let mut options = options(&receiver.url());
    options.queue_bytes = 300 << 10;
    let mut run = Run::new(&options);
    run.push(Logs, "log");
    run.run_for(11 * S);
    let large = "x".repeat(1000);
    while run.handle.counts().signals.logs.all_dropped() == 0 {
        run.handle.push(Logs, 0, large.as_bytes(), Class::Novelty);
    }
    let mut counts = run.handle.counts();
    while counts.signals.logs.queued > 0 {
        assert_eq!(counts.signals.traces.all_dropped(), 0);
        assert!(run.handle.push(Traces, 0, large.as_bytes(), Class::Detail));
        counts = run.handle.counts();
    }
    // Where there is a receiver, nothing is dropped for what has none.
    let spans = counts.signals.traces.given;
    assert!(!run.handle.push(Logs, 0, &[0; 30_000], Class::Novelty));
    assert_eq!(run.handle.counts().signals.traces.queued, spans);
}

#[test]
fn part_of_a_request_may_be_rejected_and_is_not_posted_again() {
    let body = |rejected_spans| {
        let partial_success = Some(ExportTracePartialSuccess { rejected_spans, error_message: "too old".into() });
        Reply::Status(200, "", ExportTraceServiceResponse { partial_success }.encode_to_vec())
    };
    for (rejected, counted) in [(2, 2), (1000, 5), (0, 0), (-7, 0)] {
        let receiver = Receiver::answering([body(rejected), Reply::status(200)]);
        let mut run = Run::to(&receiver.url());
        run.push_spans(5);
        let counts = run.run_for(60 * S);
        assert_eq!(accepted_and(&counts.signals.traces, Cause::Rejected), (5 - counted, counted));
        assert_eq!(counts.requests, 1);
        assert_eq!(run.failure().ends_with(&format!("{counted} of 5 items: too old")), counted > 0);
        assert_eq!(run.handle.final_failure(), None, "the receiver is well");
    }
}

#[test]
fn success_with_a_body_that_is_rubbish_or_torn_is_success() {
    for reply in [
        Reply::Status(200, "", vec![0xff; 100]),
        Reply::Status(200, "", vec![b'x'; 1 << 20]),
        Reply::Bytes("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
        Reply::status(204),
    ] {
        let receiver = Receiver::answering([reply]);
        let mut run = Run::to(&receiver.url());
        run.push_spans(3);
        let counts = run.run_for(60 * S);
        assert_eq!(accepted_and(&counts.signals.traces, Cause::Rejected), (3, 0));
        assert_eq!(counts.requests, 1);
    }
}

#[test]
fn what_is_too_large_is_posted_in_halves_down_to_one() {
    for reply in [Reply::status(413), Reply::Status(400, "", b"http: request body too large".to_vec())] {
        let receiver = Receiver::new(move |request| match request.bytes > 3000 {
            true => reply.clone(),
            false => Reply::status(200),
        });
        let mut run = Run::to(&receiver.url());
        for span in 0..100 {
            let len = if span == 60 { 4000 } else { 150 };
            run.push(Traces, &format!("{:.<len$}", format!("span {span}")));
        }
        let counts = run.run_for(30 * S);
        assert_eq!(accepted_and(&counts.signals.traces, Cause::Rejected), (99, 1));
        let taken: Vec<_> =
            receiver.received().into_iter().filter(|it| it.bytes <= 3000).flat_map(|it| it.items).collect();
        let expected: Vec<_> = (0..100).filter(|&span| span != 60).map(|span| format!("span {span}")).collect();
        assert_eq!(taken, expected);
        assert!(counts.requests < 25, "{}", counts.requests);
    }
}

#[test]
fn after_a_refusal_for_size_requests_are_made_smaller() {
    let receiver = Receiver::new(|request| Reply::status(if request.bytes > 100_000 { 413 } else { 200 }));
    let mut run = Run::to(&receiver.url());
    let push = |run: &mut Run| (0..512).for_each(|_| run.push(Traces, &"x".repeat(400)));
    push(&mut run);
    run.run_for(11 * S);
    let before = run.handle.counts().requests;
    push(&mut run);
    let counts = run.run_for(20 * S);
    let refused = receiver.received().iter().skip(before as usize).filter(|it| it.bytes > 100_000).count();
    assert!(refused <= 1, "{refused}");
    assert_eq!(counts.signals.traces.accepted, 1024);
}

#[test]
fn a_full_request_does_not_wait_for_its_time() {
    let receiver = Receiver::answering([Reply::status(200)]);
    let mut run = Run::to(&receiver.url());
    run.run_for(10 * S);
    let start = run.now;
    run.push_spans(511);
    run.run_for(S / 1000);
    assert_eq!(receiver.received().len(), 0);
    run.push_spans(1);
    run.run_for(S / 1000);
    assert_eq!(receiver.received().len(), 1);
    for _ in 0..3 {
        run.push(Traces, &"x".repeat(400 << 10));
    }
    run.run_for(S / 1000);
    assert!(receiver.received().len() > 1);
    assert_eq!(run.now, start + 3 * S / 1000);
    assert!(receiver.received().iter().all(|it| it.bytes <= 1 << 20));
}

#[test]
fn only_the_newest_metrics_are_sent() {
    let receiver = Receiver::answering([Reply::status(503), Reply::status(200)]);
    let mut run = Run::to(&receiver.url());
    let set = |run: &mut Run, text: &str| {
        let mut metrics = Batch::new(Metrics);
        metrics.push(0, text.as_bytes());
        metrics.push(0, b"same");
        run.set_metrics(&metrics);
    };
    set(&mut run, "never seen");
    set(&mut run, "refused");
    let first = loop {
        let counts = run.run_for(S / 10);
        if counts.requests == 1 {
            break counts;
        }
    };
    assert_eq!((first.signals.metrics.superseded, first.signals.metrics.in_flight), (2, 2));
    set(&mut run, "newest");
    let metrics = run.run_for(30 * S).signals.metrics;
    assert_eq!((metrics.given, metrics.superseded, metrics.accepted, metrics.all_dropped()), (6, 4, 2, 0));
    assert_eq!(receiver.items(), ["refused", "same", "newest", "same"]);
}

#[test]
fn metrics_of_all_endpoints_arrive_through_the_least_queue_in_place_of_the_oldest_spans() {
    let receiver = Receiver::answering([Reply::status(200)]);
    let mut options = options(&receiver.url());
    options.queue_bytes = LEAST_QUEUE_BYTES;
    let mut run = Run::new(&options);
    for span in 0..75 {
        run.push(Traces, &format!("{span:.<1000}"));
    }
    let mut metrics = Batch::new(Metrics);
    let bytes = metric::tests::of_all_endpoints(|item| metrics.push(0, item));
    assert!(bytes > 500_000);
    run.set_metrics(&metrics);
    let counts = run.handle.counts();
    assert!(counts.balances() && counts.held <= LEAST_QUEUE_BYTES, "{counts:?}");
    let spans = counts.signals.traces;
    assert!(spans.dropped_for(Cause::QueueFull) > 0 && spans.queued > 10, "{spans:?}");
    assert_eq!(counts.signals.metrics.all_dropped(), 0);
    let counts = run.run_for(11 * S).signals;
    assert_eq!((counts.metrics.accepted, counts.metrics.all_dropped()), (metrics.len() as u64, 0));
    assert_eq!(counts.traces.accepted + counts.traces.all_dropped(), 75);
    let got = receiver.received().into_iter().filter(|it| it.path == "/v1/metrics").map(|it| it.items.len());
    assert_eq!(got.sum::<usize>(), metrics.len());
    // There is room again.
    for span in 0..75 {
        run.push(Traces, &format!("{span:.<1000}"));
    }
    assert_eq!(run.handle.counts().signals.traces.all_dropped(), counts.traces.all_dropped());
}
