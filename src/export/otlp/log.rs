//! Writes what is no HTTP exchange as log records: DNS, TLS and WebSocket, and what was found out over several of them.
//!
//! They are told as the client sees them: the peer is the server.

use super::attributes::Attributes;
use super::names::{attribute, event};
use super::{span, wire};
use crate::record::{
    Connection, DiscoveredEndpoint, DnsAnswer, EgressSummary, Record, TlsHandshake, Trace, Vantage, WebSocketSession,
    WebSocketTotals,
};

/// Fields of `LogRecord`.
mod field {
    pub const TIME: u32 = 1;
    pub const SEVERITY_NUMBER: u32 = 2;
    pub const SEVERITY_TEXT: u32 = 3;
    pub const ATTRIBUTES: u32 = 6;
    pub const FLAGS: u32 = 8;
    pub const TRACE_ID: u32 = 9;
    pub const SPAN_ID: u32 = 10;
    pub const OBSERVED_TIME: u32 = 11;
    pub const EVENT_NAME: u32 = 12;
}

/// `SeverityNumber`.
const INFO: i64 = 9;

/// Begins a record of an event. It was observed when it happened: nobody reads a clock here.
pub(super) fn begin<'a>(out: &'a mut Vec<u8>, event: &str, unix_nanos: u64, trace: Option<&Trace>) -> Attributes<'a> {
    wire::fixed64(out, field::TIME, unix_nanos);
    wire::fixed64(out, field::OBSERVED_TIME, unix_nanos);
    wire::integer(out, field::SEVERITY_NUMBER, INFO);
    wire::text(out, field::SEVERITY_TEXT, b"INFO");
    wire::text(out, field::EVENT_NAME, event.as_bytes());
    if let Some(trace) = trace {
        wire::bytes(out, field::TRACE_ID, &trace.trace_id);
        wire::bytes(out, field::SPAN_ID, &trace.span_id);
        wire::fixed32(out, field::FLAGS, span::trace_flags(trace));
    }
    Attributes::new(out, field::ATTRIBUTES)
}

/// A DNS response.
pub fn encode_dns(record: &Record<'_>, answer: &DnsAnswer, out: &mut Vec<u8>) {
    let mut attributes = begin(out, event::DNS_RESPONSE, answer.time_unix_nanos, None);
    attributes.text(attribute::DNS_QUESTION_NAME, answer.question.as_bytes());
    attributes.text(attribute::DNS_QUESTION_TYPE, answer.question_type.as_bytes());
    attributes.text(attribute::DNS_RESPONSE_CODE, answer.response_code.as_bytes());
    attributes.texts(attribute::DNS_ANSWERS, &answer.answers);
    if let Some(ttl) = answer.ttl_min {
        attributes.integer(attribute::DNS_TTL_MIN, ttl);
    }
    if let Some(rtt) = answer.rtt_nanos {
        attributes.seconds(attribute::DNS_RTT, rtt);
    }
    attributes.integer(attribute::DNS_ID, answer.id);
    attributes.server(&record.connection, b"", None);
    add_ends(&mut attributes, &record.connection);
    attributes.whereabouts(&record.connection, record.source);
}

/// A TLS handshake.
pub fn encode_tls(record: &Record<'_>, handshake: &TlsHandshake, out: &mut Vec<u8>) {
    let mut attributes = begin(out, event::TLS_HANDSHAKE, handshake.time_unix_nanos, None);
    let TlsHandshake { server_name, version, cipher, next_protocol, .. } = handshake;
    let texts = [
        (attribute::SERVER_ADDRESS, server_name.as_deref()),
        (attribute::TLS_PROTOCOL_NAME, Some("tls")),
        (attribute::TLS_PROTOCOL_VERSION, *version),
        (attribute::TLS_CIPHER, cipher.as_deref()),
        (attribute::TLS_NEXT_PROTOCOL, next_protocol.as_deref()),
        (attribute::TLS_ALERT, handshake.alert),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            attributes.text(name, text.as_bytes());
        }
    }
    attributes.integer(attribute::SERVER_PORT, record.connection.server.port);
    attributes.texts(attribute::TLS_CLIENT_ALPN, &handshake.offered_protocols);
    attributes.flag(attribute::TLS_RESUMED, handshake.resumed);
    attributes.flag(attribute::TLS_ESTABLISHED, handshake.established);
    add_tcp(&mut attributes, record);
}

/// A WebSocket session that has ended.
pub fn encode_web_socket(record: &Record<'_>, session: &WebSocketSession, out: &mut Vec<u8>) {
    let mut attributes = begin(out, event::WEB_SOCKET_SESSION, session.end_unix_nanos, None);
    attributes.server(&record.connection, session.host.as_bytes(), session.host_port);
    let duration = session.end_unix_nanos.saturating_sub(session.start_unix_nanos);
    attributes.seconds(attribute::WEB_SOCKET_DURATION, duration);
    for (names, totals) in
        [(attribute::WEB_SOCKET_SENT, session.sent), (attribute::WEB_SOCKET_RECEIVED, session.received)]
    {
        let WebSocketTotals { text_messages, binary_messages, frames, bytes } = totals;
        for (name, value) in names.into_iter().zip([text_messages, binary_messages, frames, bytes]) {
            attributes.integer(name, value);
        }
    }
    if let Some(code) = session.close_code {
        attributes.integer(attribute::WEB_SOCKET_CLOSE_CODE, code);
    }
    attributes.flag(attribute::WEB_SOCKET_GAP, session.gap);
    attributes.texts(attribute::ANOMALIES, &session.anomalies);
    add_tcp(&mut attributes, record);
}

/// A site that was talked to.
pub fn encode_egress(summary: &EgressSummary, out: &mut Vec<u8>) {
    let mut attributes = begin(out, event::EGRESS_SUMMARY, summary.time_unix_nanos, None);
    attributes.text(attribute::SERVER_ADDRESS, summary.name.as_bytes());
    attributes.integer(attribute::SERVER_PORT, summary.port);
    attributes.address(attribute::NETWORK_PEER_ADDRESS, summary.address);
    attributes.text(attribute::FQDN_SOURCE, summary.name_source.name().as_bytes());
    attributes.flag(attribute::FQDN_AMBIGUOUS, summary.ambiguous);
    attributes.texts(attribute::FQDN_MISMATCH, &summary.mismatches);
    attributes.text(attribute::EGRESS_PROTOCOL, summary.protocol.as_bytes());
    attributes.integer(attribute::EGRESS_FLOWS, summary.flows);
    attributes.integer(attribute::EGRESS_SENT_BYTES, summary.sent_bytes);
    attributes.integer(attribute::EGRESS_RECEIVED_BYTES, summary.received_bytes);
    attributes.time(attribute::EGRESS_FIRST_SEEN, summary.first_seen_unix_nanos);
    attributes.time(attribute::EGRESS_LAST_SEEN, summary.last_seen_unix_nanos);
    attributes.flag(attribute::EGRESS_FIRST_EVER, summary.first_ever);
}

/// An operation of an API that is new, or has changed.
pub fn encode_endpoint(endpoint: &DiscoveredEndpoint, out: &mut Vec<u8>) {
    let mut attributes = begin(out, event::ENDPOINT_DISCOVERED, endpoint.time_unix_nanos, None);
    attributes.method(endpoint.method.as_bytes());
    if endpoint.vantage != Vantage::Client {
        attributes.some_text(attribute::HTTP_ROUTE, endpoint.route.as_bytes());
    }
    attributes.some_text(attribute::URL_TEMPLATE, endpoint.route.as_bytes());
    attributes.text(attribute::ROUTE_SOURCE, endpoint.route_source.name().as_bytes());
    attributes.some_text(attribute::SERVER_ADDRESS, endpoint.host.as_bytes());
    attributes.text(attribute::NETWORK_PROTOCOL_NAME, b"http");
    attributes.some_text(attribute::NETWORK_PROTOCOL_VERSION, endpoint.version.as_bytes());
    if let Some(status) = endpoint.status {
        attributes.integer(attribute::HTTP_RESPONSE_STATUS_CODE, status);
    }
    attributes.text(attribute::VANTAGE, endpoint.vantage.name().as_bytes());
    attributes.text(attribute::AUTH_SCHEME, endpoint.auth.name().as_bytes());
    attributes.integer(attribute::ENDPOINT_REQUESTS, endpoint.requests);
    for (name, text) in [
        (attribute::ENDPOINT_REQUEST_CONTENT_TYPE, &endpoint.request_content_type),
        (attribute::ENDPOINT_RESPONSE_CONTENT_TYPE, &endpoint.response_content_type),
        (attribute::ENDPOINT_SCHEMA_HASH, &endpoint.schema_hash),
        (attribute::ENDPOINT_REQUEST_SCHEMA, &endpoint.request_schema),
        (attribute::ENDPOINT_RESPONSE_SCHEMA, &endpoint.response_schema),
    ] {
        attributes.some_text(name, text.as_bytes());
    }
}

fn add_ends(attributes: &mut Attributes<'_>, connection: &Connection) {
    attributes.end([attribute::CLIENT_ADDRESS, attribute::CLIENT_PORT], connection.client);
    attributes.end([attribute::NETWORK_PEER_ADDRESS, attribute::NETWORK_PEER_PORT], connection.server);
}

/// What is known of a TCP connection.
fn add_tcp(attributes: &mut Attributes<'_>, record: &Record<'_>) {
    add_ends(attributes, &record.connection);
    let id = crate::record::CommunityId::of_tcp(&record.connection);
    attributes.text(attribute::FLOW_COMMUNITY_ID, &id.text());
    attributes.whereabouts(&record.connection, record.source);
}

#[cfg(test)]
mod tests;
