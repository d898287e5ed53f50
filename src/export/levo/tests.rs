//! What a satellite is sent of a transaction, and what becomes of it where the satellite misbehaves.

use std::collections::BTreeMap;
use std::io::{BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::export::otlp::transport::{Endpoint, Headers, Options};
use crate::export::sample::{self, START};
use crate::export::{Export, Overflow};
use crate::record::{Annotations, Body, Exchange, Trace, Vantage};

fn annotations() -> Annotations {
    Annotations {
        trace: Trace { trace_id: [0x4b; 16], span_id: [7; 8], ..Trace::default() },
        surrogate_target: "/api/v1/items/0?colour=string&all".to_owned(),
        ..Annotations::default()
    }
}

fn resource() -> ResourceCell {
    let environment = Environment { name: "staging".to_owned(), host_name: Some("ip-10-2-0-0".to_owned()) };
    ResourceCell::new(environment, "shop")
}

/// The whole object, as a satellite gets it.
fn object(exchange: &Exchange, annotations: &Annotations) -> Value {
    assert!(item::has_form(exchange, annotations));
    let mut line = Vec::new();
    item::write(&mut line, &sample::connection(), exchange, annotations);
    resource().add_to(&mut line);
    assert!(!line.contains(&b'\n'), "an object is one line");
    serde_json::from_slice(&line).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&line)))
}

/// The members that a satellite reads, each of its type, and no others.
#[track_caller]
fn assert_is_object(object: &Value) {
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let expected = [
        "http_scheme",
        "trace_id",
        "span_kind",
        "request_time_ns",
        "duration_ns",
        "request",
        "response",
        "local_net",
        "remote_net",
        "resource",
    ];
    assert_eq!(keys(object), expected);
    assert!(["http", "https"].contains(&object["http_scheme"].as_str().unwrap()));
    let id = object["trace_id"].as_str().unwrap();
    assert!(id.len() == 32 && id.bytes().all(|digit| digit.is_ascii_hexdigit()), "{id}");
    assert_eq!(object["span_kind"], "SERVER");
    assert!(object["request_time_ns"].is_u64() && object["duration_ns"].is_u64());
    for message in ["request", "response"] {
        let message = &object[message];
        assert_eq!(keys(message), ["headers", "body", "truncated"]);
        assert!(message["headers"].as_object().unwrap().values().all(Value::is_string), "{message}");
        assert!(STANDARD.decode(message["body"].as_str().unwrap()).is_ok() && message["truncated"].is_boolean());
    }
    for (message, needed) in [("request", &[":authority", ":method", ":path"][..]), ("response", &[":status"])] {
        for name in needed {
            assert_ne!(object[message]["headers"][name].as_str().unwrap_or_default(), "", "{name} of {object}");
        }
    }
    for end in ["local_net", "remote_net"] {
        assert_eq!(keys(&object[end]), ["ip", "port"]);
        assert!(
            object[end]["ip"].as_str().unwrap().parse::<std::net::IpAddr>().is_ok() && object[end]["port"].is_u64()
        );
    }
    let expected = [
        "service_name",
        "host_name",
        "levo_env",
        "telemetry_sdk_language",
        "telemetry_sdk_name",
        "telemetry_sdk_version",
    ];
    assert_eq!(keys(&object["resource"]), expected);
    assert!(object["resource"].as_object().unwrap().values().all(Value::is_string));
}

#[test]
fn a_transaction_is_an_object_with_surrogates_for_its_values() {
    let object = object(&sample::exchange(), &annotations());
    assert_is_object(&object);
    let expected = json!({
        "http_scheme": "http",
        "trace_id": "4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b",
        "span_kind": "SERVER",
        "request_time_ns": START,
        "duration_ns": 3_500_000,
        "request": {
            "headers": {
                ":authority": "shop.example.com",
                ":method": "GET",
                ":path": "/api/v1/items/0?colour=string&all",
                "user-agent": "curl/8.5.0",
                "accept": "*/*",
            },
            "body": "",
            "truncated": false,
        },
        "response": {
            "headers": { ":status": "200", "server": "nginx", "content-type": "application/json" },
            "body": "",
            "truncated": true,
        },
        "local_net": { "ip": "10.2.0.0", "port": 8080 },
        "remote_net": { "ip": "10.1.0.0", "port": 20000 },
        "resource": {
            "service_name": "shop",
            "host_name": "ip-10-2-0-0",
            "levo_env": "staging",
            "telemetry_sdk_language": "rust",
            "telemetry_sdk_name": "sidetap",
            "telemetry_sdk_version": env!("CARGO_PKG_VERSION"),
        },
    });
    assert_eq!(object, expected);
}

#[test]
fn bodies_that_may_leave_are_in_base64() {
    let body = |text: &str, truncated| {
        Some(Body { media_type: "application/json".to_owned(), text: text.to_owned(), truncated })
    };
    let request_body = body("{\"a\": \"ä\"}\n", false);
    let annotations = Annotations { request_body, response_body: body("[1", true), ..annotations() };
    let object = object(&sample::exchange(), &annotations);
    assert_is_object(&object);
    assert_eq!(STANDARD.decode(object["request"]["body"].as_str().unwrap()).unwrap(), "{\"a\": \"ä\"}\n".as_bytes());
    assert_eq!(object["request"]["truncated"], false);
    assert_eq!(STANDARD.decode(object["response"]["body"].as_str().unwrap()).unwrap(), b"[1");
    assert_eq!(object["response"]["truncated"], true);
}

#[test]
fn a_field_that_came_several_times_is_one_list() {
    let mut exchange = sample::exchange();
    let start = exchange.text.start();
    for (name, value) in [("Accept", "a"), ("X-Id", "1"), ("accept", "b"), ("User-Agent", "other"), ("Accept", "\"c\"")]
    {
        exchange.text.push_field(name.as_bytes(), value.as_bytes());
    }
    exchange.request_fields = exchange.text.since(start);
    let object = object(&exchange, &annotations());
    let headers = object["request"]["headers"].as_object().unwrap();
    let others: Vec<_> = headers.iter().filter(|(name, _)| !name.starts_with(':')).collect();
    let expected = json!({ "user-agent": "curl/8.5.0", "accept": "a, b, \"c\"", "x-id": "1" });
    assert_eq!(others, expected.as_object().unwrap().iter().collect::<Vec<_>>());
}

#[test]
fn what_is_asked_of_others_or_was_seen_by_half_has_no_form() {
    let outgoing = Annotations { vantage: Vantage::Client, ..annotations() };
    assert!(!item::has_form(&sample::exchange(), &outgoing));
    let both = Annotations { vantage: Vantage::Both, ..annotations() };
    assert!(item::has_form(&sample::exchange(), &both));
    for half in [sample::unanswered(), sample::response_only()] {
        assert!(!item::has_form(&half, &annotations()));
    }
    // RFC 9110 §9.3.6: the target of CONNECT is no path.
    let mut tunnel = sample::exchange();
    tunnel.path = Default::default();
    assert!(!item::has_form(&tunnel, &annotations()));
}

#[test]
fn the_name_of_the_service_is_the_one_that_is_known_when_it_is_sent() {
    let resource = resource();
    let mut text = Vec::new();
    resource.set("found \"out\"");
    resource.add_to(&mut text);
    let object: Value = serde_json::from_slice(&[b"{\"x\":0", &text[..]].concat()).unwrap();
    assert_eq!(object["resource"]["service_name"], "found \"out\"");
}

proptest! {
    #[test]
    fn whatever_came_over_the_wire_is_one_object(
        texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 6),
        fields in prop::collection::vec((prop::collection::vec(any::<u8>(), 1..4), prop::collection::vec(any::<u8>(), 0..9)), 0..9),
        surrogate in any::<String>(),
    ) {
        let mut exchange = sample::exchange();
        let [method, host, path, query, agent, reason] = [0, 1, 2, 3, 4, 5].map(|place| exchange.text.add(&texts[place]));
        (exchange.host, exchange.query, exchange.user_agent, exchange.reason) = (host, query, agent, reason);
        if !texts[0].is_empty() {
            exchange.method = method;
        }
        if !texts[2].is_empty() {
            exchange.path = path;
        }
        let start = exchange.text.start();
        fields.iter().for_each(|(name, value)| exchange.text.push_field(name, value));
        exchange.request_fields = exchange.text.since(start);
        exchange.response_fields = exchange.request_fields;
        assert_is_object(&object(&exchange, &Annotations { surrogate_target: surrogate, ..annotations() }));
    }
}

/// A request that a satellite got.
#[derive(Debug, Clone)]
struct Posted {
    line: String,
    headers: BTreeMap<String, String>,
    objects: Vec<Value>,
    answered: u16,
}

/// A satellite that answers each request with the next of these, and the last of them from then on.
fn satellite(answers: &[u16]) -> (String, Arc<Mutex<Vec<Posted>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/base", listener.local_addr().unwrap());
    let posted: Arc<Mutex<Vec<Posted>>> = Arc::default();
    let (all, mut answers) = (Arc::clone(&posted), answers.to_vec());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while let Some((line, headers)) = crate::export::otlp::transport::tests::receiver::head(&mut reader) {
                let mut body = vec![0; headers["content-length"].parse().unwrap()];
                reader.read_exact(&mut body).unwrap();
                let answered = if answers.len() > 1 { answers.remove(0) } else { answers[0] };
                let objects = serde_json::from_slice(&body).expect("an array of JSON objects, not compressed");
                all.lock().unwrap().push(Posted { line, headers, objects, answered });
                // What protobuf's readers would take for three items that were refused.
                let body = "\n\x02\x08\x03";
                write!(&stream, "HTTP/1.1 {answered} X\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
            }
        }
    });
    (url, posted)
}

fn export_to(url: &str) -> Levo {
    let mut options = Options::new(Endpoint::parse(url).unwrap(), Arc::default());
    options.format = FORMAT;
    options.headers = Headers::new();
    options.headers.add(ORGANIZATION_HEADER, "org-0123456789").unwrap();
    options.export_interval = std::time::Duration::from_secs(1);
    Levo::new(format!("levo:{url}"), &options, resource(), None, Overflow::Drop).unwrap()
}

/// Hands over so many transactions, a nanosecond apart.
fn send(export: &mut Levo, transactions: u64) {
    for number in 0..transactions {
        let mut exchange = sample::exchange();
        exchange.request.start_unix_nanos += number;
        export.record(&sample::annotated(&exchange, &annotations()));
    }
    assert!(export.feeder_balances());
}

#[test]
fn a_satellite_gets_arrays_where_it_looks_for_them() {
    let (url, posted) = satellite(&[200]);
    let mut export = export_to(&url);
    send(&mut export, 2000);
    export.record(&sample::record(&sample::unanswered()));
    export.finish().unwrap();
    let posted = posted.lock().unwrap().clone();
    for request in &posted {
        assert_eq!(request.line, "POST /base/1.0/ebpf/traces HTTP/1.1");
        let header = |name: &str| request.headers.get(name).map(String::as_str);
        assert_eq!(header("x-levo-organization-id"), Some("org-0123456789"));
        assert_eq!((header("content-type"), header("content-encoding")), (Some("application/json"), None));
        assert_eq!(header("accept"), Some("application/json"));
        request.objects.iter().for_each(assert_is_object);
    }
    let times: Vec<u64> = posted
        .iter()
        .flat_map(|request| request.objects.iter().map(|object| object["request_time_ns"].as_u64().unwrap()))
        .collect();
    assert!(times.iter().copied().eq(START..START + 2000), "{} came", times.len());
    assert!(posted.len() > 1, "so many do not fit into one request");
    let counts = export.counts();
    assert_eq!((counts.written, counts.dropped, counts.failed, export.left_out()), (2000, 0, 0, 1));
    assert!(export.feeder_balances());
}

#[test]
fn what_a_satellite_has_no_time_for_is_sent_again_and_the_same() {
    let (url, posted) = satellite(&[503, 429, 200]);
    let mut export = export_to(&url);
    send(&mut export, 10);
    export.finish().unwrap();
    let posted = posted.lock().unwrap().clone();
    assert_eq!(posted.iter().map(|request| request.answered).collect::<Vec<_>>(), [503, 429, 200]);
    // Whoever took the first one after all knows the others by these.
    let keys = |request: &Posted| {
        let key = |object: &Value| (object["trace_id"].clone(), object["request_time_ns"].clone());
        request.objects.iter().map(key).collect::<Vec<_>>()
    };
    assert!(keys(&posted[0]) == keys(&posted[2]) && keys(&posted[1]) == keys(&posted[2]));
    assert_eq!(export.counts().written, 10);
    assert_eq!(export.ledger().unwrap().resent, 20);
    assert!(export.feeder_balances());
}

#[test]
fn a_request_that_is_too_large_is_halved() {
    let (url, posted) = satellite(&[413, 200]);
    let mut export = export_to(&url);
    send(&mut export, 7);
    export.finish().unwrap();
    let posted = posted.lock().unwrap().clone();
    assert_eq!(posted.iter().map(|request| request.objects.len()).collect::<Vec<_>>(), [7, 3, 4]);
    posted.iter().flat_map(|request| &request.objects).for_each(assert_is_object);
    assert_eq!(export.counts().written, 7);
    assert!(export.feeder_balances());
}

#[test]
fn what_a_satellite_will_never_take_is_dropped_and_counted() {
    let (url, _) = satellite(&[400]);
    let mut export = export_to(&url);
    send(&mut export, 5);
    let error = export.finish().unwrap_err();
    assert!(error.source.to_string().contains("status 400"), "{error}");
    assert_eq!((export.counts().written, export.counts().failed), (0, 5));
    assert!(export.feeder_balances());
}

#[test]
fn the_organisation_is_never_told() {
    let (url, _) = satellite(&[401]);
    let mut export = export_to(&url);
    send(&mut export, 1);
    let said = format!("{:?} {:?}", export.finish().unwrap_err(), export.failure());
    assert!(said.contains("not allowed to send") && !said.contains("org-0123456789"), "{said}");
    assert!(export.feeder_balances());
}

impl Levo {
    /// Whether what was given is what has become of it.
    fn feeder_balances(&self) -> bool {
        self.ledger().unwrap().accounts.iter().all(|account| {
            account.given + account.recovered == account.fates.iter().map(|(_, number)| number).sum::<u64>()
        })
    }
}
