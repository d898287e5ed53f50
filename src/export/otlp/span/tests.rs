use std::net::IpAddr;

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message as _;
use serde_json::{Value, json};

use super::*;
use crate::export::otlp::decoded::{assert_attributes, attributes};
use crate::export::sample::{self, START};
use crate::packet::Realm;
use crate::record::{AuthScheme, Completeness, Content, Message, Route, RouteSource, Scheme, Source, Version};

mod properties;

const TRACE_ID: [u8; 16] = [0x4b; 16];
const SPAN_ID: [u8; 8] = [0, 1, 2, 3, 4, 5, 6, 7];

fn annotations() -> Annotations {
    Annotations {
        trace: Trace { trace_id: TRACE_ID, span_id: SPAN_ID, ..Trace::default() },
        route: Route { template: "/api/v1/items/{id}".into(), source: RouteSource::Heuristic },
        ..Annotations::default()
    }
}

fn of_client() -> Annotations {
    Annotations { vantage: Vantage::Client, ..annotations() }
}

fn span(exchange: &Exchange, annotations: &Annotations) -> Span {
    span_of(&sample::annotated(exchange, annotations))
}

fn span_of(record: &Record<'_>) -> Span {
    let Content::Exchange(exchange, annotations) = record.content else { panic!("no exchange") };
    let mut out = Vec::new();
    encode(record, exchange, annotations, &mut out);
    let span = Span::decode(&out[..]).unwrap();
    assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
    span
}

fn attribute_of(span: &Span, name: &str) -> Option<Value> {
    attributes(&span.attributes).get(name).cloned()
}

/// Whether it failed, and how.
fn failure(span: &Span) -> (bool, Option<Value>) {
    let failed = span.status.as_ref().is_some_and(|status| status.code == 2 && status.message.is_empty());
    assert_eq!(failed, span.status.is_some());
    (failed, attribute_of(span, "error.type"))
}

#[test]
fn a_get_is_a_span_of_the_server() {
    let span = span(&sample::exchange(), &annotations());
    assert_eq!((&span.trace_id[..], &span.span_id[..]), (&TRACE_ID[..], &SPAN_ID[..]));
    assert_eq!((&span.parent_span_id[..], &span.trace_state[..], span.flags), (&b""[..], "", 0x103));
    assert_eq!((&span.name[..], span.kind()), ("GET /api/v1/items/{id}", SpanKind::Server));
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (START, START + 3_500_000));
    assert_eq!((span.status.clone(), span.links.len(), span.dropped_attributes_count), (None, 0, 0));
    assert_attributes(
        &span.attributes,
        json!({
            "http.request.method": "GET",
            "url.scheme": "http",
            "url.path": "/api/v1/items/0",
            "url.query": "colour=REDACTED&all",
            "http.route": "/api/v1/items/{id}",
            "url.template": "/api/v1/items/{id}",
            "sidetap.route.source": "heuristic",
            "server.address": "shop.example.com",
            "server.port": 8080,
            "client.address": "10.1.0.0",
            "client.port": 20000,
            "network.peer.address": "10.1.0.0",
            "network.peer.port": 20000,
            "network.local.address": "10.2.0.0",
            "network.local.port": 8080,
            "network.protocol.name": "http",
            "network.protocol.version": "1.1",
            "flow.community_id": CommunityId::of_tcp(&sample::connection()).to_string(),
            "http.response.status_code": 200,
            "http.request.body.size": 0,
            "http.response.body.size": 17,
            "user_agent.original": "curl/8.5.0",
            "http.request.header.accept": ["*/*"],
            "http.response.header.server": ["nginx"],
            "http.response.header.content-type": ["application/json"],
            "sidetap.vantage": "server",
            "sidetap.transaction.completeness": "complete",
            "sidetap.transaction.index": 0,
            "sidetap.sampling.lane": "unlimited",
            "sidetap.auth.scheme": "none",
            "sidetap.timing.send": 0.0005,
            "sidetap.timing.wait": 0.0025,
            "sidetap.timing.receive": 0.0005,
        }),
    );
}

#[test]
fn a_client_has_the_whole_url_and_its_errors_are_its_own() {
    let exchange = Exchange { status: Some(404), scheme: Scheme::Https, ..sample::exchange() };
    let span = span(&exchange, &of_client());
    assert_eq!((&span.name[..], span.kind()), ("GET /api/v1/items/{id}", SpanKind::Client));
    assert_eq!(failure(&span), (true, Some("404".into())));
    let told = attributes(&span.attributes);
    assert_eq!(told["url.full"], "https://shop.example.com/api/v1/items/0?colour=REDACTED&all");
    assert_eq!((&told["url.template"], told.get("http.route")), (&json!("/api/v1/items/{id}"), None));
    assert_eq!((&told["network.peer.address"], &told["network.peer.port"]), (&json!("10.2.0.0"), &json!(8080)));
    assert_eq!((&told["network.local.address"], &told["network.local.port"]), (&json!("10.1.0.0"), &json!(20000)));
    assert_eq!(told["sidetap.vantage"], "client");
}

#[test]
fn whether_a_status_is_a_failure_depends_on_the_side() {
    for (status, server, client) in [
        (101, false, false),
        (200, false, false),
        (304, false, false),
        (404, false, true),
        (503, true, true),
        (999, true, true),
    ] {
        let exchange = Exchange { status: Some(status), ..sample::exchange() };
        let both = Annotations { vantage: Vantage::Both, ..annotations() };
        for (annotations, failed) in [(annotations(), server), (of_client(), client), (both, server)] {
            let expected = (failed, failed.then(|| status.to_string().into()));
            assert_eq!(failure(&span(&exchange, &annotations)), expected, "{status} {:?}", annotations.vantage);
        }
    }
}

#[test]
fn a_response_that_was_not_seen_is_no_failure() {
    let span = span(&sample::unanswered(), &of_client());
    assert_eq!(failure(&span), (false, None));
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (START, START + 500_000));
    let told = attributes(&span.attributes);
    assert_eq!(told["sidetap.transaction.completeness"], "request_only");
    for absent in ["http.response.status_code", "http.response.body.size", "sidetap.timing.wait"] {
        assert_eq!(told.get(absent), None);
    }
}

#[test]
fn a_response_without_its_request_is_a_span_all_the_same() {
    let mut exchange = Exchange { status: Some(500), ..Exchange::default() };
    exchange.completeness = Completeness::ResponseOnly;
    exchange.response = sample::exchange().response;
    let nothing = Annotations::default();
    let span = span(&exchange, &nothing);
    assert_eq!((&span.name[..], span.kind()), ("HTTP", SpanKind::Server));
    assert_eq!((&span.trace_id[..], &span.span_id[..]), (&[0; 16][..], &[0; 8][..]), "ids are taken as they are");
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (START + 3_000_000, START + 3_500_000));
    assert_attributes(
        &span.attributes,
        json!({
            "server.address": "10.2.0.0",
            "server.port": 8080,
            "client.address": "10.1.0.0",
            "client.port": 20000,
            "network.peer.address": "10.1.0.0",
            "network.peer.port": 20000,
            "network.local.address": "10.2.0.0",
            "network.local.port": 8080,
            "network.protocol.name": "http",
            "network.protocol.version": "1.1",
            "flow.community_id": CommunityId::of_tcp(&sample::connection()).to_string(),
            "http.response.status_code": 500,
            "http.response.body.size": 17,
            "sidetap.vantage": "server",
            "sidetap.transaction.completeness": "response_only",
            "sidetap.transaction.index": 0,
            "sidetap.sampling.lane": "unlimited",
            "error.type": "500",
        }),
    );
}

fn call(path: &str, status: Option<u32>, status_name: Option<&'static str>) -> Exchange {
    let mut exchange = Exchange { version: Version::Http2, stream: Some(5), index: 2, ..sample::exchange() };
    exchange.path = exchange.text.add(path.as_bytes());
    exchange.method = exchange.text.add(b"POST");
    exchange.more().rpc = Some(Rpc { status, status_name, request_messages: 1, response_messages: 3 });
    exchange
}

#[test]
fn a_remote_procedure_call_has_attributes_of_its_own() {
    let exchange = call("/shop.v1.Carts/AddItem", Some(4), Some("DEADLINE_EXCEEDED"));
    let span = span(&exchange, &annotations());
    assert_eq!((&span.name[..], span.kind()), ("shop.v1.Carts/AddItem", SpanKind::Server));
    assert_eq!(failure(&span), (true, Some("DEADLINE_EXCEEDED".into())));
    let told = attributes(&span.attributes);
    assert_eq!([&told["rpc.system.name"], &told["rpc.method"]], ["grpc", "shop.v1.Carts/AddItem"]);
    assert_eq!(told["rpc.status_code"], "DEADLINE_EXCEEDED");
    assert_eq!([&told["sidetap.rpc.request.messages"], &told["sidetap.rpc.response.messages"]], [1, 3]);
    assert_eq!([&told["http.response.status_code"], &told["sidetap.http2.stream"]], [200, 5]);
    assert_eq!(told["network.protocol.version"], "2");
    for absent in ["http.request.method", "url.path", "url.scheme", "http.route", "url.template"] {
        assert_eq!(told.get(absent), None);
    }
}

#[test]
fn which_codes_of_calls_are_failures_depends_on_the_side() {
    for (code, name, server, client) in [
        (0, Some("OK"), false, false),
        (5, Some("NOT_FOUND"), false, true),
        (13, Some("INTERNAL"), true, true),
        (99, None, false, true),
    ] {
        let exchange = call("/a.B/C", Some(code), name);
        for (annotations, failed) in [(annotations(), server), (of_client(), client)] {
            let span = span(&exchange, &annotations);
            let told = name.map_or_else(|| code.to_string(), str::to_owned);
            assert_eq!(failure(&span), (failed, failed.then(|| told.clone().into())), "{code}");
            assert_eq!(attribute_of(&span, "rpc.status_code"), Some(told.into()));
        }
    }
    let span = span(&Exchange { status: Some(503), ..call("/a.B/C", None, None) }, &annotations());
    assert_eq!((failure(&span), attribute_of(&span, "rpc.status_code")), ((true, Some("503".into())), None));
}

#[test]
fn what_is_no_procedure_names_no_span() {
    for path in ["", "/", "/a", "/a/", "//b", "/a/b/c", "/a/b?c", "/1/b", "/a/\u{e9}", "a/b"] {
        let span = span(&call(path, Some(0), Some("OK")), &annotations());
        assert_eq!((&span.name[..], attribute_of(&span, "rpc.method")), ("grpc", Some("_OTHER".into())), "{path}");
        let original = (!path.is_empty()).then(|| path.into());
        assert_eq!(attribute_of(&span, "rpc.method_original"), original);
    }
}

#[test]
fn an_upgrade_a_reset_and_anomalies_are_told() {
    let mut exchange = Exchange { status: Some(101), ..sample::exchange() };
    exchange.more().upgrade = Some("websocket");
    exchange.more().add_anomalies(["bare_lf", "websocket_accept_mismatch"]);
    let mut reset = Exchange { version: Version::Http2, stream: Some(1), ..sample::exchange() };
    reset.more().reset_code = Some(2);
    reset.more().hpack_lost = true;
    let told = attributes(&span(&exchange, &annotations()).attributes);
    assert_eq!((&told["sidetap.upgrade"], &told["http.response.status_code"]), (&json!("websocket"), &json!(101)));
    assert_eq!(told["sidetap.anomalies"], json!(["bare_lf", "websocket_accept_mismatch"]));
    let told = attributes(&span(&reset, &annotations()).attributes);
    assert_eq!((&told["sidetap.http2.reset_code"], &told["sidetap.http2.hpack_lost"]), (&json!(2), &json!(true)));
    assert_eq!(told.get("error.type"), None, "the response was whole");
}

#[test]
fn a_response_that_was_reset_in_the_middle_is_a_failure() {
    let mut exchange =
        Exchange { version: Version::Http2, completeness: Completeness::Truncated, ..sample::exchange() };
    exchange.response.whole = false;
    assert_eq!(failure(&span(&exchange, &annotations())), (false, None), "it may have been our loss");
    for (code, failed) in [(0, false), (8, false), (2, true), (11, true)] {
        exchange.more().reset_code = Some(code);
        let expected = (failed, failed.then(|| "response_incomplete".into()));
        assert_eq!(failure(&span(&exchange, &annotations())), expected, "{code}");
    }
}

#[test]
fn addresses_have_no_brackets() {
    let mut exchange = Exchange { host_port: Some(9443), ..sample::exchange() };
    exchange.host = exchange.text.add(b"[fd00::2]");
    let annotations = of_client();
    let mut record = sample::annotated(&exchange, &annotations);
    let v6 = |text: &str| text.parse::<IpAddr>().unwrap();
    (record.connection.client.address, record.connection.server.address) = (v6("fd00::1"), v6("fd00::2"));
    let told = attributes(&span_of(&record).attributes);
    assert_eq!((&told["server.address"], &told["server.port"]), (&json!("fd00::2"), &json!(9443)));
    assert_eq!([&told["client.address"], &told["network.peer.address"]], ["fd00::1", "fd00::2"]);
    assert_eq!(told["url.full"], "http://[fd00::2]:9443/api/v1/items/0?colour=REDACTED&all");
}

#[test]
fn a_trace_that_is_continued_has_a_remote_parent() {
    let mut annotations = annotations();
    (annotations.trace.parent, annotations.trace.flags) = (Some([7; 8]), 0x01);
    let span = span(&sample::exchange(), &annotations);
    assert_eq!((&span.parent_span_id[..], span.flags, span.links.len()), (&[7; 8][..], 0x301, 0));
}

#[test]
fn a_trace_that_is_pointed_at_is_a_link() {
    let mut annotations = annotations();
    annotations.trace.link = Some(SpanContext { trace_id: [9; 16], span_id: [8; 8], flags: 1 });
    let span = span(&sample::exchange(), &annotations);
    assert_eq!((&span.trace_id[..], &span.parent_span_id[..], span.flags), (&TRACE_ID[..], &b""[..], 0x103));
    let [link] = &span.links[..] else { panic!("one link") };
    assert_eq!((&link.trace_id[..], &link.span_id[..], link.flags), (&[9; 16][..], &[8; 8][..], 0x301));
}

#[test]
fn what_chance_kept_tells_its_chance() {
    for (lane, threshold, expected) in [
        (Lane::Fair, Some(0), "ot=th:0"),
        (Lane::Fair, Some(0x80_0000_0000_0000), "ot=th:8"),
        (Lane::Fair, Some(0x0c_0000_0000_0000), "ot=th:0c"),
        (Lane::Fair, Some(0xff_ffff_ffff_fffe), "ot=th:fffffffffffffe"),
        (Lane::Fair, Some(1), "ot=th:00000000000001"),
        (Lane::Fair, None, ""),
        (Lane::Novelty, Some(0x80_0000_0000_0000), ""),
        (Lane::Error, None, ""),
        (Lane::Unlimited, None, ""),
    ] {
        let annotations = Annotations { sampling: Sampling { lane, threshold }, ..annotations() };
        let span = span(&sample::exchange(), &annotations);
        assert_eq!(span.trace_state, expected);
        assert_eq!(attribute_of(&span, "sidetap.sampling.lane"), Some(lane.name().into()));
    }
}

#[test]
fn a_trace_of_somebody_else_is_told_with_the_number_that_chance_went_by() {
    let mut annotations = annotations();
    annotations.sampling = Sampling { lane: Lane::Fair, threshold: Some(0x80_0000_0000_0000) };
    annotations.trace.randomness = Some(0x81_0000_0000_00ab);
    assert_eq!(span(&sample::exchange(), &annotations).trace_state, "ot=th:8;rv:810000000000ab");
}

#[test]
fn an_odd_method_names_no_span() {
    let mut exchange = sample::exchange();
    exchange.method = exchange.text.add(b"get");
    let span = span(&exchange, &Annotations { auth: AuthScheme::Bearer, ..annotations() });
    assert_eq!(span.name, "HTTP /api/v1/items/{id}");
    let told = attributes(&span.attributes);
    assert_eq!([&told["http.request.method"], &told["http.request.method_original"]], ["_OTHER", "get"]);
    assert_eq!(told["sidetap.auth.scheme"], "Bearer");
}

#[test]
fn without_a_template_there_is_only_the_method() {
    let span = span(&sample::exchange(), &Annotations::default());
    assert_eq!((&span.name[..], attribute_of(&span, "sidetap.route.source")), ("GET", None));
}

#[test]
fn who_mirrored_it_is_told() {
    let (exchange, annotations) = (sample::exchange(), annotations());
    let source = Source { address: "10.9.0.1".parse().unwrap(), vni: 77 };
    let mut record = sample::annotated(&exchange, &annotations);
    record.source = Some(&source);
    record.connection.realm = Realm::of_source(0).inside(crate::packet::vxlan::Vni::new(5).unwrap());
    let told = attributes(&span_of(&record).attributes);
    assert_eq!([&told["sidetap.source.vni"], &told["sidetap.vxlan.vni"]], [77, 5]);
    assert_eq!(told["sidetap.source.address"], "10.9.0.1");
}

#[test]
fn a_field_that_comes_twice_is_one_attribute() {
    let mut exchange = sample::exchange();
    let start = exchange.text.start();
    for (name, value) in [("Via", "1.1 a"), ("Server", "x"), ("via", "1.1 b"), ("\u{fe}", "no token"), ("", "none")] {
        exchange.text.push_field(name.as_bytes(), value.as_bytes());
    }
    exchange.response_fields = exchange.text.since(start);
    let span = span(&exchange, &annotations());
    assert_eq!(attribute_of(&span, "http.response.header.via"), Some(json!(["1.1 a", "1.1 b"])));
    let fields = attributes(&span.attributes).keys().filter(|name| name.starts_with("http.response.header")).count();
    assert_eq!((fields, span.dropped_attributes_count), (2, 0));
}

#[test]
fn fields_that_there_is_no_room_for_are_counted() {
    let mut exchange = sample::exchange();
    let start = exchange.text.start();
    for number in 0..70 {
        exchange.text.push_field(format!("x-{number}").as_bytes(), b"1");
    }
    exchange.request_fields = exchange.text.since(start);
    let span = span(&exchange, &annotations());
    let fields = attributes(&span.attributes).keys().filter(|name| name.starts_with("http.request.header")).count();
    assert_eq!((fields, span.dropped_attributes_count), (64, 6));
}

#[test]
fn a_clock_that_was_set_back_makes_no_span_end_before_it_begins() {
    let mut exchange = sample::exchange();
    exchange.response = Message { start_unix_nanos: START - 5, end_unix_nanos: START - 4, ..exchange.response };
    exchange.request.end_unix_nanos = START - 9;
    let span = span(&exchange, &annotations());
    assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), (START, START));
}
