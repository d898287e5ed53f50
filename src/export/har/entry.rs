//! Writes an exchange as an entry of a HAR file (HAR 1.2, "entries").
//!
//! Names that HAR does not have begin with an underscore, as it asks for; after it comes the name that NDJSON has. An entry is one line: text has no line breaks
//! that are not escaped. It is less than a mebibyte, as the text of an exchange and each of its bodies are at most 64 KiB.

use crate::export::json::{self, Rfc3339, member};
use crate::export::url;
use crate::record::{Annotations, Body, Connection, Exchange, Record, Span, Version};

/// What an entry begins with: the comma and line break that separate it from the one before, and the name of the time
/// that follows.
pub const START: &[u8] = b",\n{\"startedDateTime\":\"";

/// Writes an entry. The request must have been seen.
pub fn write(
    out: &mut Vec<u8>,
    clock: &mut Rfc3339,
    record: &Record<'_>,
    exchange: &Exchange,
    annotations: &Annotations,
) {
    let connection = &record.connection;
    // The time brings its own quote.
    out.extend_from_slice(&START[..START.len() - 1]);
    clock.write(out, exchange.start_unix_nanos());
    let timings = exchange.timings_nanos().unwrap_or_else(|| {
        let request = exchange.request;
        [request.end_unix_nanos.saturating_sub(request.start_unix_nanos), 0, 0]
    });
    out.extend_from_slice(member!("time"));
    json::milliseconds(out, timings.iter().fold(0, |sum, &nanos| sum.saturating_add(nanos)));
    write_request(out, connection, exchange, annotations);
    write_response(out, exchange, annotations.response_body.as_ref());
    out.extend_from_slice(br#","cache":{}"#);
    write_timings(out, timings);
    out.extend_from_slice(br#","serverIPAddress":""#);
    url::address(out, connection.server.address);
    // The client's end tells connections to one server apart.
    out.extend_from_slice(br#"","connection":""#);
    url::endpoint(out, &connection.client);
    out.push(b'"');
    write_own(out, record, exchange, annotations);
    out.push(b'}');
}

fn write_request(out: &mut Vec<u8>, connection: &Connection, exchange: &Exchange, annotations: &Annotations) {
    out.extend_from_slice(br#","request":{"method":"#);
    json::string(out, exchange.get(exchange.method));
    out.extend_from_slice(br#","url":""#);
    // Readers take values for examples, and infer types from them.
    let (path, query) = match annotations.surrogate_target.split_once('?') {
        Some((path, query)) => (path, Some(query.as_bytes())),
        None => (annotations.surrogate_target.as_str(), None),
    };
    match path.is_empty() {
        true => url::write(out, connection, exchange),
        false => url::write_with(out, connection, exchange, path.as_bytes(), query),
    }
    out.extend_from_slice(br#"","httpVersion":"#);
    json::string(out, version(exchange.version));
    out.extend_from_slice(br#","cookies":[],"headers":["#);
    let user_agent = Some((&b"user-agent"[..], exchange.get(exchange.user_agent)));
    let fields = exchange.text.fields(exchange.request_fields);
    pairs(out, user_agent.filter(|(_, value)| !value.is_empty()).into_iter().chain(fields));
    out.extend_from_slice(br#"],"queryString":["#);
    let query = if path.is_empty() { exchange.get(exchange.query) } else { query.unwrap_or_default() };
    pairs(out, parameters(query));
    out.extend_from_slice(br#"],"headersSize":-1,"bodySize":"#);
    json::number(out, exchange.request.body_len);
    if let Some(body) = &annotations.request_body {
        out.extend_from_slice(br#","postData":{"mimeType":"#);
        json::string(out, body.media_type.as_bytes());
        out.extend_from_slice(member!("text"));
        json::string(out, body.text.as_bytes());
        out.push(b'}');
    }
    out.push(b'}');
}

fn write_response(out: &mut Vec<u8>, exchange: &Exchange, body: Option<&Body>) {
    let Some(status) = exchange.status else {
        // What browsers write when no response came.
        out.extend_from_slice(
            br#","response":{"status":0,"statusText":"","httpVersion":"","cookies":[],"headers":[],"content":{"size":0,"mimeType":""},"redirectURL":"","headersSize":-1,"bodySize":-1}"#,
        );
        return;
    };
    out.extend_from_slice(br#","response":{"status":"#);
    json::number(out, status.into());
    out.extend_from_slice(br#","statusText":"#);
    json::string(out, exchange.get(exchange.reason));
    out.extend_from_slice(br#","httpVersion":"#);
    json::string(out, version(exchange.version));
    out.extend_from_slice(br#","cookies":[],"headers":["#);
    pairs(out, exchange.text.fields(exchange.response_fields));
    out.extend_from_slice(br#"],"content":{"size":"#);
    json::number(out, exchange.response.body_len);
    out.extend_from_slice(br#","mimeType":"#);
    json::string(out, field(exchange, exchange.response_fields, b"content-type"));
    if let Some(body) = body {
        out.extend_from_slice(member!("text"));
        json::string(out, body.text.as_bytes());
    }
    out.extend_from_slice(br#"},"redirectURL":"","headersSize":-1,"bodySize":"#);
    json::number(out, exchange.response.body_len);
    out.push(b'}');
}

fn write_timings(out: &mut Vec<u8>, [send, wait, receive]: [u64; 3]) {
    out.extend_from_slice(br#","timings":{"blocked":-1,"dns":-1,"connect":-1,"ssl":-1,"send":"#);
    json::milliseconds(out, send);
    out.extend_from_slice(member!("wait"));
    json::milliseconds(out, wait);
    out.extend_from_slice(member!("receive"));
    json::milliseconds(out, receive);
    out.push(b'}');
}

/// What HAR has no names for.
fn write_own(out: &mut Vec<u8>, record: &Record<'_>, exchange: &Exchange, annotations: &Annotations) {
    let connection = &record.connection;
    let count = |out: &mut Vec<u8>, member: &[u8], value: Option<u64>| {
        if let Some(value) = value {
            out.extend_from_slice(member);
            json::number(out, value);
        }
    };
    out.extend_from_slice(member!("_sidetap.transaction.completeness"));
    json::string(out, exchange.completeness.name().as_bytes());
    if !annotations.route.template.is_empty() {
        out.extend_from_slice(member!("_sidetap.route"));
        json::string(out, annotations.route.template.as_bytes());
    }
    count(out, member!("_sidetap.transaction.index"), Some(exchange.index.into()));
    count(out, member!("_network.local.port"), Some(connection.server.port.into()));
    count(out, member!("_sidetap.http2.stream"), exchange.stream.map(u64::from));
    count(out, member!("_sidetap.vxlan.vni"), connection.realm.vni().map(u64::from));
    if let Some(source) = record.source {
        out.extend_from_slice(member!("_sidetap.source.address"));
        out.push(b'"');
        url::address(out, source.address);
        out.push(b'"');
        count(out, member!("_sidetap.source.vni"), Some(source.vni.into()));
    }
    let Some(more) = &exchange.more else { return };
    count(out, member!("_sidetap.http2.reset_code"), more.reset_code.map(u64::from));
    if let Some(upgrade) = more.upgrade {
        out.extend_from_slice(member!("_sidetap.upgrade"));
        json::string(out, upgrade.as_bytes());
    }
    if let Some(name) = more.rpc.as_ref().and_then(|rpc| rpc.status_name) {
        out.extend_from_slice(member!("_rpc.status_code"));
        json::string(out, name.as_bytes());
    }
    if !more.anomalies.is_empty() {
        out.extend_from_slice(member!("_sidetap.anomalies"));
        for (place, anomaly) in more.anomalies.iter().enumerate() {
            out.push(if place == 0 { b'[' } else { b',' });
            json::string(out, anomaly.as_bytes());
        }
        out.push(b']');
    }
}

/// The members of a list of names and values.
fn pairs<'a>(out: &mut Vec<u8>, pairs: impl Iterator<Item = (&'a [u8], &'a [u8])>) {
    for (place, (name, value)) in pairs.enumerate() {
        if place > 0 {
            out.push(b',');
        }
        out.extend_from_slice(br#"{"name":"#);
        json::string(out, name);
        out.extend_from_slice(member!("value"));
        json::string(out, value);
        out.push(b'}');
    }
}

/// The parameters of a query as they were sent, not decoded.
fn parameters(query: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    query.split(|&byte| byte == b'&').filter(|parameter| !parameter.is_empty()).map(|parameter| {
        match memchr::memchr(b'=', parameter) {
            Some(equals) => (&parameter[..equals], &parameter[equals + 1..]),
            None => (parameter, &b""[..]),
        }
    })
}

/// The value of a field; nothing if there is no such field.
fn field<'a>(exchange: &'a Exchange, fields: Span, name: &[u8]) -> &'a [u8] {
    exchange.text.fields(fields).find(|(its_name, _)| *its_name == name).map_or(b"", |(_, value)| value)
}

fn version(version: Version) -> &'static [u8] {
    match version {
        Version::Http10 => b"HTTP/1.0",
        Version::Http11 => b"HTTP/1.1",
        Version::Http2 => b"HTTP/2",
    }
}
