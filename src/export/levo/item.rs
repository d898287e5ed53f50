//! Writes a transaction as a JSON object on one line, all but its end, which is its resource.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::export::json::{self, member};
use crate::export::url;
use crate::record::{Annotations, Body, Connection, Endpoint, Exchange, Message, Span, Vantage};

/// Whether there is a form for a transaction: its server is here, and request and response were seen. A satellite learns
/// what this service offers, so that what it asks of others is not for it.
pub fn has_form(exchange: &Exchange, annotations: &Annotations) -> bool {
    annotations.vantage != Vantage::Client
        && exchange.request.start_unix_nanos != 0
        && exchange.status.is_some()
        && !exchange.path.is_empty()
}

/// Writes one that has a form. What is over the wire in other words has names as in HTTP/2: `:path`.
pub fn write(out: &mut Vec<u8>, connection: &Connection, exchange: &Exchange, annotations: &Annotations) {
    out.extend_from_slice(br#"{"http_scheme":"#);
    json::string(out, exchange.scheme.name().as_bytes());
    out.extend_from_slice(br#","trace_id":""#);
    hexadecimal(out, &annotations.trace.trace_id);
    out.extend_from_slice(br#"","span_kind":"SERVER","request_time_ns":"#);
    json::number(out, exchange.start_unix_nanos());
    out.extend_from_slice(member!("duration_ns"));
    json::number(out, exchange.duration_nanos());
    write_request(out, connection, exchange, annotations);
    write_response(out, exchange, annotations);
    out.extend_from_slice(member!("local_net"));
    write_end(out, &connection.server);
    out.extend_from_slice(member!("remote_net"));
    write_end(out, &connection.client);
}

fn write_request(out: &mut Vec<u8>, connection: &Connection, exchange: &Exchange, annotations: &Annotations) {
    out.extend_from_slice(br#","request":{"headers":{":authority":""#);
    url::write_authority(out, connection, exchange);
    out.extend_from_slice(br#"",":method":"#);
    json::string(out, exchange.get(exchange.method));
    out.extend_from_slice(br#",":path":""#);
    url::write_surrogate_target(out, exchange, annotations);
    out.push(b'"');
    let user_agent = exchange.get(exchange.user_agent);
    if !user_agent.is_empty() {
        out.extend_from_slice(member!("user-agent"));
        json::string(out, user_agent);
    }
    write_fields(out, exchange, exchange.request_fields);
    write_body(out, annotations.request_body.as_ref(), &exchange.request);
    out.push(b'}');
}

fn write_response(out: &mut Vec<u8>, exchange: &Exchange, annotations: &Annotations) {
    out.extend_from_slice(br#","response":{"headers":{":status":""#);
    json::number(out, exchange.status.unwrap_or_default().into());
    out.push(b'"');
    write_fields(out, exchange, exchange.response_fields);
    write_body(out, annotations.response_body.as_ref(), &exchange.response);
    out.push(b'}');
}

/// The fields, each name once: several values of one are a list (RFC 9110 §5.3). Those that stand for what is over the wire
/// in other words are there already.
fn write_fields(out: &mut Vec<u8>, exchange: &Exchange, fields: Span) {
    let fields = exchange.text.fields(fields);
    for (place, (name, value)) in fields.clone().enumerate() {
        let is_known = name.starts_with(b":") || matches!(name, b"user-agent" | b"host");
        if is_known || fields.clone().take(place).any(|(before, _)| before == name) {
            continue;
        }
        out.push(b',');
        json::string(out, name);
        out.push(b':');
        let mut others = fields.clone().skip(place + 1).filter(|(other, _)| *other == name).peekable();
        if others.peek().is_none() {
            json::string(out, value);
            continue;
        }
        let mut values = value.to_vec();
        for (_, value) in others {
            values.extend_from_slice(b", ");
            values.extend_from_slice(value);
        }
        json::string(out, &values);
    }
    out.push(b'}');
}

/// The body in Base64, as it may be anything, and as far as it may leave; what does not is told to be missing.
fn write_body(out: &mut Vec<u8>, body: Option<&Body>, message: &Message) {
    out.extend_from_slice(member!("body"));
    out.push(b'"');
    base64(out, body.map_or(b"", |body| body.text.as_bytes()));
    out.push(b'"');
    out.extend_from_slice(member!("truncated"));
    let truncated = body.map_or(message.body_len > 0, |body| body.truncated);
    out.extend_from_slice(if truncated { b"true" } else { b"false" });
}

fn write_end(out: &mut Vec<u8>, end: &Endpoint) {
    out.extend_from_slice(br#"{"ip":""#);
    url::address(out, end.address);
    out.extend_from_slice(br#"","port":"#);
    json::number(out, end.port.into());
    out.push(b'}');
}

/// RFC 4648 §4.
fn base64(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + base64::encoded_len(bytes.len(), true).unwrap_or(0), b'=');
    // There is room for all of it.
    let _ = STANDARD.encode_slice(bytes, &mut out[start..]);
}

fn hexadecimal(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        out.extend([byte >> 4, byte & 0xf].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
    }
}
