use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message as _;
use serde_json::json;

use super::*;
use crate::export::otlp::decoded::{assert_attributes, attributes};
use crate::export::otlp::payload;
use crate::export::sample::{self, START};
use crate::record::{Annotations, AuthScheme, Body, CommunityId, Content, NameSource, Route, RouteSource, Source};

/// What a reader sees of the record of an event.
fn decoded(event: &str, time_unix_nanos: u64, encode: impl FnOnce(&mut Vec<u8>)) -> LogRecord {
    let mut out = Vec::new();
    encode(&mut out);
    let log = LogRecord::decode(&out[..]).unwrap();
    assert_eq!((&log.event_name[..], &log.severity_text[..], log.severity_number), (event, "INFO", 9));
    assert_eq!((log.time_unix_nano, log.observed_time_unix_nano), (time_unix_nanos, time_unix_nanos));
    log
}

fn record(content: Content<'_>) -> Record<'_> {
    Record { connection: sample::connection(), source: None, content }
}

#[test]
fn a_dns_response_is_told() {
    let mut answer = DnsAnswer {
        time_unix_nanos: START,
        id: 7,
        question: "shop.example.com".into(),
        question_type: "A".into(),
        response_code: "NOERROR".into(),
        answers: vec!["192.0.2.1".into(), "192.0.2.2".into()],
        ttl_min: Some(60),
        rtt_nanos: Some(1_500_000),
    };
    let source = Source { address: "10.9.0.1".parse().unwrap(), vni: 77 };
    let log = decoded("sidetap.dns.response", START, |out| {
        encode_dns(&Record { source: Some(&source), ..record(Content::Dns(&answer)) }, &answer, out);
    });
    assert_eq!((log.trace_id.len(), log.span_id.len(), log.flags), (0, 0, 0));
    assert_attributes(
        &log.attributes,
        json!({
            "dns.question.name": "shop.example.com",
            "sidetap.dns.question.type": "A",
            "sidetap.dns.response_code": "NOERROR",
            "dns.answers": ["192.0.2.1", "192.0.2.2"],
            "sidetap.dns.ttl_min": 60,
            "sidetap.dns.rtt": 0.0015,
            "sidetap.dns.id": 7,
            "server.address": "10.2.0.0",
            "server.port": 8080,
            "client.address": "10.1.0.0",
            "client.port": 20000,
            "network.peer.address": "10.2.0.0",
            "network.peer.port": 8080,
            "sidetap.source.address": "10.9.0.1",
            "sidetap.source.vni": 77,
        }),
    );
    (answer.answers, answer.ttl_min, answer.rtt_nanos) = (Vec::new(), None, None);
    let log = decoded("sidetap.dns.response", START, |out| encode_dns(&record(Content::Dns(&answer)), &answer, out));
    let told = attributes(&log.attributes);
    for absent in ["dns.answers", "sidetap.dns.ttl_min", "sidetap.dns.rtt", "sidetap.source.vni"] {
        assert_eq!(told.get(absent), None);
    }
}

#[test]
fn a_tls_handshake_is_told() {
    let mut handshake = TlsHandshake {
        time_unix_nanos: START,
        server_name: Some("shop.example.com".into()),
        offered_protocols: vec!["h2".into(), "http/1.1".into()],
        version: Some("1.3"),
        cipher: Some("TLS_AES_128_GCM_SHA256".into()),
        next_protocol: Some("h2".into()),
        resumed: false,
        established: true,
        alert: Some("unknown_ca"),
    };
    let log =
        decoded("sidetap.tls.handshake", START, |out| encode_tls(&record(Content::Tls(&handshake)), &handshake, out));
    assert_attributes(
        &log.attributes,
        json!({
            "server.address": "shop.example.com",
            "server.port": 8080,
            "tls.protocol.name": "tls",
            "tls.protocol.version": "1.3",
            "tls.cipher": "TLS_AES_128_GCM_SHA256",
            "tls.next_protocol": "h2",
            "sidetap.tls.client.alpn": ["h2", "http/1.1"],
            "tls.resumed": false,
            "tls.established": true,
            "sidetap.tls.alert": "unknown_ca",
            "client.address": "10.1.0.0",
            "client.port": 20000,
            "network.peer.address": "10.2.0.0",
            "network.peer.port": 8080,
            "flow.community_id": CommunityId::of_tcp(&sample::connection()).to_string(),
        }),
    );
    handshake.server_name = None;
    let log =
        decoded("sidetap.tls.handshake", START, |out| encode_tls(&record(Content::Tls(&handshake)), &handshake, out));
    assert_eq!(attributes(&log.attributes).get("server.address"), None, "the client named nobody");
}

#[test]
fn a_web_socket_session_is_told_when_it_ends() {
    let session = WebSocketSession {
        host: "shop.example.com".into(),
        host_port: None,
        start_unix_nanos: START,
        end_unix_nanos: START + 2_500_000_000,
        sent: WebSocketTotals { text_messages: 1, binary_messages: 2, frames: 3, bytes: 4 },
        received: WebSocketTotals { text_messages: 5, binary_messages: 6, frames: 7, bytes: u64::MAX },
        close_code: Some(1000),
        gap: false,
        anomalies: vec!["unmasked_frame"],
    };
    let log = decoded("sidetap.websocket.session", START + 2_500_000_000, |out| {
        encode_web_socket(&record(Content::WebSocket(&session)), &session, out);
    });
    assert_attributes(
        &log.attributes,
        json!({
            "server.address": "shop.example.com",
            "server.port": 8080,
            "sidetap.websocket.duration": 2.5,
            "sidetap.websocket.sent.text_messages": 1,
            "sidetap.websocket.sent.binary_messages": 2,
            "sidetap.websocket.sent.frames": 3,
            "sidetap.websocket.sent.bytes": 4,
            "sidetap.websocket.received.text_messages": 5,
            "sidetap.websocket.received.binary_messages": 6,
            "sidetap.websocket.received.frames": 7,
            "sidetap.websocket.received.bytes": i64::MAX,
            "sidetap.websocket.close_code": 1000,
            "sidetap.websocket.gap": false,
            "sidetap.anomalies": ["unmasked_frame"],
            "client.address": "10.1.0.0",
            "client.port": 20000,
            "network.peer.address": "10.2.0.0",
            "network.peer.port": 8080,
            "flow.community_id": CommunityId::of_tcp(&sample::connection()).to_string(),
        }),
    );
}

#[test]
fn a_site_that_was_talked_to_is_told() {
    let summary = EgressSummary {
        time_unix_nanos: START,
        name: "api.example.com".into(),
        name_source: NameSource::TlsSni,
        address: "192.0.2.1".parse().unwrap(),
        port: 443,
        protocol: "tls",
        flows: 3,
        sent_bytes: 1000,
        received_bytes: 2000,
        first_seen_unix_nanos: START - 1_000_000_001,
        last_seen_unix_nanos: START,
        first_ever: true,
        ambiguous: false,
        mismatches: vec!["sni_never_resolved"],
    };
    let log = decoded("sidetap.egress.summary", START, |out| encode_egress(&summary, out));
    assert_attributes(
        &log.attributes,
        json!({
            "server.address": "api.example.com",
            "server.port": 443,
            "network.peer.address": "192.0.2.1",
            "sidetap.fqdn.source": "tls_sni",
            "sidetap.fqdn.ambiguous": false,
            "sidetap.fqdn.mismatch": ["sni_never_resolved"],
            "sidetap.egress.protocol": "tls",
            "sidetap.egress.flows": 3,
            "sidetap.egress.sent.bytes": 1000,
            "sidetap.egress.received.bytes": 2000,
            "sidetap.egress.first_seen": "2023-11-14T22:13:18.999999999Z",
            "sidetap.egress.last_seen": "2023-11-14T22:13:20.000000000Z",
            "sidetap.egress.first_ever": true,
        }),
    );
}

#[test]
fn an_endpoint_is_told_with_its_schemas() {
    let mut endpoint = DiscoveredEndpoint {
        time_unix_nanos: START,
        host: "shop.example.com".into(),
        method: "POST".into(),
        route: "/carts/{id}".into(),
        route_source: RouteSource::Learned,
        version: "1.1",
        status: Some(201),
        auth: AuthScheme::Bearer,
        request_content_type: "application/json".into(),
        response_content_type: "application/json".into(),
        requests: 3,
        schema_hash: "9f86d081".into(),
        request_schema: r#"{"type":"object"}"#.into(),
        response_schema: r#"{"type":"array"}"#.into(),
        ..DiscoveredEndpoint::default()
    };
    let log = decoded("sidetap.endpoint.discovered", START, |out| encode_endpoint(&endpoint, out));
    assert_attributes(
        &log.attributes,
        json!({
            "http.request.method": "POST",
            "http.route": "/carts/{id}",
            "url.template": "/carts/{id}",
            "sidetap.route.source": "learned",
            "server.address": "shop.example.com",
            "network.protocol.name": "http",
            "network.protocol.version": "1.1",
            "http.response.status_code": 201,
            "sidetap.vantage": "server",
            "sidetap.auth.scheme": "Bearer",
            "sidetap.endpoint.requests": 3,
            "sidetap.endpoint.request.content_type": "application/json",
            "sidetap.endpoint.response.content_type": "application/json",
            "sidetap.endpoint.schema.hash": "9f86d081",
            "sidetap.endpoint.request.schema": r#"{"type":"object"}"#,
            "sidetap.endpoint.response.schema": r#"{"type":"array"}"#,
        }),
    );
    endpoint.vantage = Vantage::Client;
    let log = decoded("sidetap.endpoint.discovered", START, |out| encode_endpoint(&endpoint, out));
    assert_eq!(attributes(&log.attributes).get("http.route"), None, "routes are those of servers");
}

#[test]
fn bodies_are_told_beside_their_span() {
    let exchange = sample::exchange();
    let body =
        |text: &str, truncated| Some(Body { media_type: "application/json".into(), text: text.into(), truncated });
    let mut annotations = Annotations {
        request_body: body(r#"{"id":0}"#, false),
        response_body: body("[", true),
        route: Route { template: "/carts/{id}".into(), source: RouteSource::Learned },
        trace: Trace { trace_id: [1; 16], span_id: [2; 8], ..Trace::default() },
        ..Annotations::default()
    };
    let log = decoded("sidetap.http.payload", START, |out| assert!(payload::encode(&exchange, &annotations, out)));
    assert_eq!((&log.trace_id[..], &log.span_id[..], log.flags), (&[1; 16][..], &[2; 8][..], 0x03));
    assert_attributes(
        &log.attributes,
        json!({
            "http.request.method": "GET",
            "http.route": "/carts/{id}",
            "url.template": "/carts/{id}",
            "http.response.status_code": 200,
            "http.request.body.content": r#"{"id":0}"#,
            "sidetap.http.request.body.media_type": "application/json",
            "http.response.body.content": "[",
            "sidetap.http.response.body.media_type": "application/json",
            "sidetap.http.response.body.truncated": true,
        }),
    );
    annotations.request_body = None;
    let log = decoded("sidetap.http.payload", START, |out| assert!(payload::encode(&exchange, &annotations, out)));
    assert_eq!(attributes(&log.attributes).get("http.request.body.content"), None);
    annotations.response_body = None;
    let mut out = Vec::new();
    assert!(!payload::encode(&exchange, &annotations, &mut out), "there is nothing to tell");
    assert!(out.is_empty());
}
