//! What only the receiver may see, and how what is sent gets there.

use serde_json::json;

use crate::backends::{Python, receiver};
use crate::capture::Capture;
use crate::peers::Proxy;
use crate::receiver::Receiver;
use crate::run::{Directory, Ended, Run};

const TOKEN: &str = "canary-4f1c";
const KEY: &str = "canary-9b22";

fn with_secrets(receiver: &Receiver) -> Run {
    let run = Run::to(receiver).env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20canary-4f1c,x-team=shop");
    run.env("RUST_LOG", "trace").args(&["--export", "ndjson:-"]).file(
        "--otlp-headers-file",
        "headers",
        b"X-Api-Key: canary-9b22\n\nx-team: other\n",
    )
}

fn tells_none(ended: &Ended) {
    for secret in [TOKEN, KEY] {
        assert!(!ended.stderr.contains(secret) && !ended.stdout.contains(secret), "{}", ended.stderr);
    }
}

#[test]
fn headers_of_the_environment_and_of_a_file_arrive_and_are_never_shown() {
    let Some(receiver) = receiver() else { return };
    let ended = with_secrets(&receiver).read(Capture::of(30)).with(0);
    let seen = receiver.seen();
    ended.agrees_with(&seen);
    assert!(seen.list("headers").len() >= 3, "one request for each signal");
    for head in seen.list("headers") {
        assert_eq!(head["authorization"], format!("Bearer {TOKEN}"), "{head}");
        assert_eq!(head["x-api-key"], KEY, "{head}");
        assert_eq!(head["content-encoding"], "gzip", "{head}");
    }
    tells_none(&ended);
}

#[test]
fn a_receiver_that_repeats_a_secret_does_not_have_it_printed() {
    let Some(receiver) = receiver() else { return };
    let body = format!("no such token: Bearer {TOKEN}; key {KEY}");
    receiver.fault(&json!({"mode": "status", "status": 401, "body": body}));
    let ended = with_secrets(&receiver).read(Capture::of(30)).with(1).saying("status 401: no such token");
    tells_none(&ended);
}

#[test]
fn header_fields_that_cannot_be_read_are_refused_by_their_place_alone() {
    let Some(receiver) = receiver() else { return };
    let run = Run::to(&receiver).file("--otlp-headers-file", "headers", b"X-Team: a\ncanary-4f1c\n");
    let ended = run.read(Capture::of(1));
    assert!(ended.code != 0 && ended.stderr.contains("line 2"), "{}", ended.stderr);
    tells_none(&ended);
    let run = Run::to(&receiver).env("OTEL_EXPORTER_OTLP_HEADERS", "canary-4f1c");
    let ended = run.read(Capture::of(1));
    assert!(ended.code != 0 && ended.stderr.contains("OTEL_EXPORTER_OTLP_HEADERS"), "{}", ended.stderr);
    tells_none(&ended);
}

#[test]
fn a_receiver_with_a_certificate_of_a_named_authority_is_trusted() {
    let Some(python) = Python::prepared() else { return };
    let directory = Directory::new();
    let (receiver, authority) = python.tls_receiver(&directory.path(""));
    let export = format!("otlp:https://127.0.0.1:{}", receiver.port);
    let run = Run::new().args(&["--export", &export]).path("--otlp-ca", &authority);
    let ended = run.read(Capture::of(600)).with(0);
    assert_eq!(ended.agrees_with(&receiver.seen()).spans("accepted"), 600);
}

#[test]
fn a_receiver_with_any_other_certificate_gets_nothing() {
    let Some(python) = Python::prepared() else { return };
    let (directory, other) = (Directory::new(), Directory::new());
    let (receiver, _) = python.tls_receiver(&directory.path(""));
    let (_other, authority) = python.tls_receiver(&other.path(""));
    let export = format!("otlp:https://127.0.0.1:{}", receiver.port);
    let run = Run::new().args(&["--export", &export]).path("--otlp-ca", &authority);
    let ended = run.read(Capture::of(30)).with(1).saying("`--otlp-ca FILE` names one");
    assert_eq!(ended.agrees_with(&receiver.seen()).spans("shutdown"), 30);
    assert!(receiver.get("/bytes").is_empty());
}

#[test]
fn http_to_a_port_of_https_is_told_and_sends_nothing() {
    let Some(python) = Python::prepared() else { return };
    let directory = Directory::new();
    let (receiver, _) = python.tls_receiver(&directory.path(""));
    let ended = Run::to(&receiver).read(Capture::of(30)).with(1).saying("cannot write to");
    assert_eq!(ended.agrees_with(&receiver.seen()).spans("shutdown"), 30);
}

#[test]
fn a_proxy_of_the_environment_is_asked_for_a_tunnel() {
    let Some(python) = Python::prepared() else { return };
    let directory = Directory::new();
    let (secure, authority) = python.tls_receiver(&directory.path(""));
    let plain = python.receiver();
    for (variable, receiver, scheme) in
        [("HTTP_PROXY", &plain, "http"), ("https_proxy", &secure, "https"), ("ALL_PROXY", &plain, "http")]
    {
        let proxy = Proxy::start();
        let before = receiver.seen().unique_spans();
        let export = format!("otlp:{scheme}://127.0.0.1:{}", receiver.port);
        let run = Run::new().args(&["--export", &export]).path("--otlp-ca", &authority);
        let run = run.env(variable, &format!("http://127.0.0.1:{}", proxy.port));
        let capture = if variable == "ALL_PROXY" { Capture::new().of_others() } else { Capture::new() };
        let ended = run.read(capture.and(30, "/items")).with(0);
        assert_eq!(ended.ledger().spans("accepted"), 30, "{variable}: {}", ended.stderr);
        assert_eq!(receiver.seen().is_right().unique_spans() - before, 30, "{variable}");
        assert!(proxy.tunnels() > 0, "{variable}");
    }
}

#[test]
fn hosts_that_no_proxy_names_are_reached_directly() {
    let Some(receiver) = receiver() else { return };
    let proxy = Proxy::start();
    let run = Run::to(&receiver).env("HTTP_PROXY", &format!("http://127.0.0.1:{}", proxy.port));
    let ended = run.env("NO_PROXY", "10.0.0.0/8,127.0.0.0/8").read(Capture::of(30)).with(0);
    assert_eq!(ended.agrees_with(&receiver.seen()).spans("accepted"), 30);
    assert_eq!(proxy.tunnels(), 0);
}
