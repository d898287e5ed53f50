//! What spans say: samples and what they stand for, whose trace they are of, gRPC, both sides, clocks, bodies.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::backends::receiver;
use crate::capture::{Capture, get, ok, response};
use crate::receiver::attribute;
use crate::run::Run;

#[test]
fn samples_say_what_they_stand_for_and_what_is_left_out_is_counted() {
    let Some(receiver) = receiver() else { return };
    // 6000 exchanges in 6 minutes.
    let capture = Capture::new().paced(Duration::from_millis(30)).and(6000, "/items");
    let ended = Run::to(&receiver).args(&["--rate-limit", "60"]).read(capture).with(0);
    let seen = receiver.seen();
    let ledger = ended.agrees_with(&seen);
    assert_eq!(ledger.seen, 6000, "{}", ended.stderr);
    let emitted = ledger.of_transactions("emitted");
    // 75 in any minute, of which there are 6 and a beginning.
    assert!((100..=75 * 7).contains(&emitted) && emitted == ledger.spans("accepted"), "{}", ended.stderr);
    // OpenTelemetry's probability sampling: the threshold that the randomness of a trace id was not below.
    let stands_for = |span: &Value| {
        let state = span["trace_state"].as_str().expect("a text");
        let (_, threshold) = state.split_once("th:")?;
        let digits = format!("{:0<14}", threshold.split(';').next()?);
        let threshold = u64::from_str_radix(&digits, 16).ok()? as f64 / (1_u64 << 56) as f64;
        Some(1.0 / (1.0 - threshold))
    };
    let weights: Vec<f64> = seen.spans().iter().filter_map(stands_for).collect();
    assert!(weights.len() * 10 > seen.spans().len() * 5, "{} of {emitted}", weights.len());
    assert!(weights.iter().any(|weight| *weight > 2.0), "{weights:?}");
    let total: f64 = weights.iter().sum();
    assert!((3000.0..12_000.0).contains(&total), "{total}");
    // Metrics do not depend on it.
    assert_eq!(seen.metric("http.server.request.duration"), 6000.0, "{}", seen.0["metrics"]);
}

#[test]
fn rules_leave_out_and_count() {
    let Some(receiver) = receiver() else { return };
    let capture = Capture::new().and(100, "/items").and(40, "/health");
    let run = Run::to(&receiver).args(&["--path-exclusions", "^/health", "--host-allow", "SHOP"]);
    let ended = run.read(capture).with(0);
    let ledger = ended.agrees_with(&receiver.seen());
    assert_eq!((ledger.seen, ledger.of_transactions("rule"), ledger.spans("accepted")), (140, 40, 100));
}

/// Calls of each procedure.
const CALLS: u64 = 40;
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// The span of a request that carries a trace context.
fn traced(policy: &str) -> Option<Value> {
    let receiver = receiver()?;
    let capture = Capture::new().exchange(get("/a", &format!("traceparent: 00-{TRACE}-{PARENT}-01\r\n")), ok(""));
    Run::to(&receiver).args(&["--trace-context", policy]).read(capture).with(0);
    let seen = receiver.seen();
    assert_eq!(seen.is_right().spans().len(), 1);
    Some(seen.spans()[0].clone())
}

#[test]
fn a_trace_is_joined_linked_or_left_alone() {
    let Some(joined) = traced("join") else { return };
    assert_eq!((&joined["trace_id"], &joined["parent"]), (&json!(TRACE), &json!(PARENT)), "{joined}");
    let Some(linked) = traced("link") else { return };
    assert_ne!(linked["trace_id"], TRACE);
    assert_eq!((&linked["links"], &linked["parent"]), (&json!([[TRACE, PARENT]]), &json!("")), "{linked}");
    let Some(alone) = traced("off") else { return };
    assert!(alone["trace_id"] != TRACE && alone["links"] == json!([]), "{alone}");
}

#[test]
fn both_sides_of_a_hop_give_a_span_the_same_ids() {
    let capture = Capture::of(50).file();
    let ids = || {
        let receiver = receiver()?;
        let mut reading = Run::to(&receiver).start();
        reading.write(&capture);
        reading.end().with(0);
        let seen = receiver.seen();
        let id = |span: &Value| format!("{}-{}", span["trace_id"], span["span_id"]);
        let mut ids: Vec<String> = seen.spans().iter().map(id).collect();
        ids.sort();
        Some(ids)
    };
    let (Some(one), Some(other)) = (ids(), ids()) else { return };
    assert_eq!((one.len(), &one), (50, &other));
}

#[test]
fn spans_of_messages_that_lack_their_other_half_have_ids_of_their_own() {
    let Some(receiver) = receiver() else { return };
    let exchanges: Vec<_> = (0..50).map(|number| (get(&format!("/items/{number}"), ""), ok("done"))).collect();
    let capture = Capture::new().without_every_third().connection(&exchanges).connection(&exchanges);
    let ended = Run::to(&receiver).read(capture).with(0);
    let seen = receiver.seen();
    let half = |span: &&Value| attribute(span, "sidetap.transaction.completeness") == "response_only";
    assert!(seen.spans().iter().filter(half).count() > 5, "{}", ended.stderr);
    ended.agrees_with(&seen);
    assert_eq!(seen.duplicate_spans(), 0);
}

#[test]
fn a_client_in_the_task_has_client_spans() {
    let Some(receiver) = receiver() else { return };
    let teapot = response("418 I'm a teapot", "", "");
    let capture =
        Capture::new().to([93, 184, 216, 34]).exchange(get("/a?b=c", ""), ok("d")).exchange(get("/t", ""), teapot);
    let ended = Run::to(&receiver).read(capture).with(0);
    let seen = receiver.seen();
    assert_eq!(ended.agrees_with(&seen).spans("accepted"), 2);
    assert!(seen.spans().iter().all(|span| span["kind"] == 3), "{:?}", seen.spans());
    let failed: Vec<_> = seen.spans().iter().filter(|span| span["status"] == 2).collect();
    assert_eq!(failed.len(), 1, "a 4xx is a client's error: {failed:?}");
    assert_eq!(attribute(failed[0], "error.type"), "418");
    assert_eq!(attribute(failed[0], "server.address"), "shop.example");
}

#[test]
fn calls_of_grpc_are_named_after_their_method() {
    let Some(receiver) = receiver() else { return };
    let mut capture = Capture::new();
    // A name is shown when enough clients have proven it to be one.
    for call in 0..CALLS {
        capture = capture.from([10, 0, 1, call as u8]);
        for (path, status) in [("/shop.Cart/Add", 13), ("/shop.Cart/Get", 0), ("/shop.Cart/None", 12)] {
            let (client, server) = grpc(path, status);
            capture = capture.exchange(client, server);
        }
    }
    let ended = Run::to(&receiver).read(capture).with(0);
    let seen = receiver.seen();
    assert_eq!(ended.agrees_with(&seen).spans("accepted"), 3 * CALLS);
    let spans = |name: &str| seen.spans().iter().filter(|span| span["name"] == name).collect::<Vec<_>>();
    let names: Vec<_> = seen.spans().iter().map(|span| span["name"].to_string()).collect();
    let (failed, well) = (spans("shop.Cart/Add"), spans("shop.Cart/Get"));
    assert!(failed.len() > 1 && well.len() > 1, "{names:?}");
    for (spans, code, status) in [(failed, "INTERNAL", 2), (well, "OK", 0)] {
        for span in spans {
            assert_eq!(attribute(span, "rpc.system.name"), "grpc", "{span}");
            assert_eq!((attribute(span, "rpc.status_code"), &span["status"]), (&json!(code), &json!(status)), "{span}");
        }
    }
    // What the server does not know may be anything that anybody has asked for.
    assert!(spans("shop.Cart/None").is_empty(), "{names:?}");
}

/// What client and server of a call send over HTTP/2.
fn grpc(path: &str, status: u8) -> (Vec<u8>, Vec<u8>) {
    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const SETTINGS: u8 = 4;
    const END_STREAM: u8 = 1;
    const END_HEADERS: u8 = 4;
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        let length = (payload.len() as u32).to_be_bytes();
        [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
    };
    // Literals that enter no table (RFC 7541 §6.2.2).
    let fields = |fields: &[(&str, &str)]| -> Vec<u8> {
        let text = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
        fields.iter().flat_map(|(name, value)| [vec![0], text(name), text(value)].concat()).collect()
    };
    let message = [0, 0, 0, 0, 2, 8, 1];
    let request = fields(&[
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "cart.example"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ]);
    let client = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(),
        frame(SETTINGS, 0, 0, b""),
        frame(HEADERS, END_HEADERS, 1, &request),
        frame(DATA, END_STREAM, 1, &message),
    ];
    let head = fields(&[(":status", "200"), ("content-type", "application/grpc")]);
    let trailers = fields(&[("grpc-status", &status.to_string())]);
    let server = [
        frame(SETTINGS, 0, 0, b""),
        frame(HEADERS, END_HEADERS, 1, &head),
        frame(DATA, 0, 1, &message),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, &trailers),
    ];
    (client.concat(), server.concat())
}

#[test]
fn clocks_that_jump_make_no_span_end_before_it_starts_and_lose_none() {
    let Some(receiver) = receiver() else { return };
    let capture = Capture::new().and(200, "/before").jump(-3600).and(200, "/back").jump(86_400).and(200, "/ahead");
    let capture = capture.jump(-86_400 * 30).and(200, "/behind");
    let ended = Run::to(&receiver).read(capture).with(0);
    // The receiver checks times.
    let ledger = ended.agrees_with(&receiver.seen());
    assert_eq!((ledger.seen, ledger.spans("accepted")), (800, 800), "{}", ended.stderr);
}

#[test]
fn clocks_that_jump_do_not_open_or_close_the_rate_limit_for_ever() {
    let Some(receiver) = receiver() else { return };
    // 2000 exchanges are two minutes: a clock that was set back is believed after one.
    let pace = Duration::from_millis(30);
    let capture = Capture::new().paced(pace).and(2000, "/items").jump(-86_400).and(2000, "/orders").jump(86_400 * 2);
    let ended = Run::to(&receiver).args(&["--rate-limit", "60"]).read(capture.and(2000, "/users")).with(0);
    let seen = receiver.seen();
    let ledger = ended.agrees_with(&seen);
    assert_eq!(ledger.seen, 6000);
    for below in ["/items", "/orders", "/users"] {
        let path = |span: &&Value| attribute(span, "url.path").as_str().is_some_and(|path| path.starts_with(below));
        let spans = seen.spans().iter().filter(path).count();
        assert!((10..=75 * 4).contains(&spans), "{below}: {spans}\n{}", ended.stderr);
    }
}

#[test]
fn a_bomb_is_not_unpacked_further_than_bodies_are_looked_at() {
    let Some(receiver) = receiver() else { return };
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(b"{\"card\": \"4111111111111111\", \"zeros\": \"").expect("memory");
    for _ in 0..64 {
        bomb.write_all(&[b'0'; 1 << 20]).expect("memory");
    }
    let bomb = bomb.finish().expect("memory");
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        bomb.len()
    );
    let answer = [head.as_bytes(), &bomb].concat();
    let exchanges: Vec<_> =
        (0..20).map(|number| (get(&format!("/bomb/{number}"), "").into_bytes(), answer.clone())).collect();
    let capture = Capture::new().connection(&exchanges);
    // No more address space than the engine is to have, some for the program itself, and none for a body of 64 MiB.
    let run = Run::to(&receiver).args(&["--privacy-level", "redacted", "--memory-limit", "40MiB"]);
    let ended = run.read(capture).with(0);
    let seen = receiver.seen();
    assert_eq!(ended.agrees_with(&seen).spans("accepted"), 20, "{}", ended.stderr);
    assert!(!String::from_utf8_lossy(&receiver.get("/bytes")).contains("4111111111111111"));
    assert!(receiver.get("/bytes").len() < 4 << 20, "{}", receiver.get("/bytes").len());
    assert!(ended.took < Duration::from_secs(20), "{:?}", ended.took);
}

#[test]
fn at_the_redacted_level_bodies_are_log_records_of_their_span() {
    let Some(receiver) = receiver() else { return };
    let body = r#"{"name":"Ada","card":"4111111111111111","note":"fine"}"#;
    let answer = response("200 OK", "Content-Type: application/json\r\n", body);
    let capture = Capture::new().exchange(get("/a", ""), answer);
    let ended = Run::to(&receiver).args(&["--privacy-level", "redacted"]).read(capture).with(0);
    let seen = receiver.seen();
    ended.agrees_with(&seen);
    let span = &seen.spans()[0];
    let payload = seen.list("logs").iter().find(|log| log["event_name"] == "sidetap.http.payload");
    let payload = payload.unwrap_or_else(|| panic!("no payload in {:?}", seen.list("logs")));
    assert_eq!((&payload["trace_id"], &payload["span_id"]), (&span["trace_id"], &span["span_id"]));
    assert!(!String::from_utf8_lossy(&receiver.get("/bytes")).contains("4111111111111111"));
    assert!(
        seen.list("logs").iter().any(|log| log["event_name"] == "sidetap.endpoint.discovered"),
        "{:?}",
        seen.list("logs")
    );
}
