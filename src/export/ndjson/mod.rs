//! Records as one JSON object a line, with the names of OpenTelemetry's semantic conventions.
//!
//! - `annotations`: what is said of an exchange beyond its messages
//! - `finding`: what was found out over several connections

mod annotations;
mod finding;

use std::io::Write as _;
use std::net::IpAddr;

use crate::export::json::{self, Rfc3339, member};
use crate::export::{Export, ExportError, MAX_FIELD_NAMES, QueueCounts, WriteQueue, rpc};
use crate::record::{
    Annotations, Connection, Content, DnsAnswer, Exchange, Finding, Record, Rpc, Source, Span, TlsHandshake,
    WebSocketSession, WebSocketTotals, methods,
};

/// Writes records as lines.
#[derive(Debug)]
pub struct Ndjson {
    target: String,
    queue: WriteQueue,
    clock: Rfc3339,
}

impl Ndjson {
    /// Lines for this queue, which writes to what the user named so.
    pub fn new(target: String, queue: WriteQueue) -> Self {
        Ndjson { target, queue, clock: Rfc3339::default() }
    }
}

impl Export for Ndjson {
    #[inline]
    fn record(&mut self, record: &Record<'_>) {
        line(self.queue.buffer(), &mut self.clock, record);
        self.queue.commit();
    }

    fn finding(&mut self, finding: &Finding<'_>) {
        finding::write(self.queue.buffer(), &mut self.clock, finding);
        self.queue.commit();
    }

    fn flush(&mut self) {
        self.queue.flush();
    }

    fn finish(&mut self) -> Result<(), ExportError> {
        match self.queue.finish() {
            Some(source) => Err(ExportError { target: self.target.clone(), source }),
            None => Ok(()),
        }
    }

    fn counts(&self) -> QueueCounts {
        self.queue.counts()
    }

    fn failure(&self) -> Option<String> {
        self.queue.failure()
    }

    fn reader_is_gone(&self) -> bool {
        self.queue.reader_is_gone()
    }

    fn wants_ids(&self) -> bool {
        true
    }

    fn target(&self) -> &str {
        &self.target
    }
}

/// Writes one record and the end of its line.
pub fn line(out: &mut Vec<u8>, clock: &mut Rfc3339, record: &Record<'_>) {
    match record.content {
        Content::Exchange(exchange, annotations) => {
            write_exchange(out, clock, &record.connection, exchange, annotations)
        }
        Content::Tls(handshake) => write_tls(out, clock, &record.connection, handshake),
        Content::Dns(answer) => write_dns(out, clock, &record.connection, answer),
        Content::WebSocket(session) => write_web_socket(out, clock, &record.connection, session),
    }
    if let Some(source) = record.source {
        write_source(out, source);
    }
    out.extend_from_slice(b"}\n");
}

fn write_exchange(
    out: &mut Vec<u8>,
    clock: &mut Rfc3339,
    connection: &Connection,
    exchange: &Exchange,
    annotations: &Annotations,
) {
    out.extend_from_slice(br#"{"type":"http","start_time":"#);
    clock.write(out, exchange.start_unix_nanos());
    out.extend_from_slice(member!("duration"));
    json::seconds(out, exchange.duration_nanos());
    let text = |out: &mut Vec<u8>, member: &[u8], span: Span| {
        if !span.is_empty() {
            out.extend_from_slice(member);
            json::string(out, exchange.get(span));
        }
    };
    let request_seen = exchange.request.start_unix_nanos != 0;
    let response_seen = exchange.response.start_unix_nanos != 0;
    method(out, exchange.get(exchange.method));
    if request_seen {
        out.extend_from_slice(member!("url.scheme"));
        json::string(out, exchange.scheme.name().as_bytes());
    }
    text(out, member!("url.path"), exchange.path);
    text(out, member!("url.query"), exchange.query);
    if let Some(status) = exchange.status {
        out.extend_from_slice(member!("http.response.status_code"));
        json::number(out, status.into());
    }
    server(out, connection, exchange.get(exchange.host), exchange.host_port);
    out.extend_from_slice(br#","network.protocol.name":"http","network.protocol.version":"#);
    json::string(out, exchange.version.name().as_bytes());
    if request_seen {
        out.extend_from_slice(member!("http.request.body.size"));
        json::number(out, exchange.request.body_len);
    }
    if response_seen {
        out.extend_from_slice(member!("http.response.body.size"));
        json::number(out, exchange.response.body_len);
    }
    text(out, member!("user_agent.original"), exchange.user_agent);
    fields(out, exchange, br#","http.request.header."#, exchange.request_fields);
    fields(out, exchange, br#","http.response.header."#, exchange.response_fields);
    out.extend_from_slice(member!("sidetap.transaction.index"));
    json::number(out, exchange.index.into());
    if let Some(stream) = exchange.stream {
        out.extend_from_slice(member!("sidetap.http2.stream"));
        json::number(out, stream.into());
    }
    out.extend_from_slice(member!("sidetap.transaction.completeness"));
    json::string(out, exchange.completeness.name().as_bytes());
    if let Some([send, wait, receive]) = exchange.timings_nanos() {
        out.extend_from_slice(member!("sidetap.timing.send"));
        json::seconds(out, send);
        out.extend_from_slice(member!("sidetap.timing.wait"));
        json::seconds(out, wait);
        out.extend_from_slice(member!("sidetap.timing.receive"));
        json::seconds(out, receive);
    }
    annotations::write(out, annotations);
    if let Some(more) = &exchange.more {
        if let Some(call) = &more.rpc {
            write_rpc(out, exchange, call);
        }
        if let Some(upgrade) = more.upgrade {
            out.extend_from_slice(member!("sidetap.upgrade"));
            json::string(out, upgrade.as_bytes());
        }
        if let Some(code) = more.reset_code {
            out.extend_from_slice(member!("sidetap.http2.reset_code"));
            json::number(out, code.into());
        }
        if more.hpack_lost {
            flag(out, member!("sidetap.http2.hpack_lost"), true);
        }
        names(out, member!("sidetap.anomalies"), &more.anomalies);
    }
}

/// What is said of a remote procedure call.
fn write_rpc(out: &mut Vec<u8>, exchange: &Exchange, call: &Rpc) {
    out.extend_from_slice(br#","rpc.system.name":"grpc","rpc.method":"#);
    match rpc::method(exchange) {
        Some(method) => json::string(out, method),
        None => {
            json::string(out, methods::OTHER.as_bytes());
            let path = exchange.get(exchange.path);
            if !path.is_empty() {
                out.extend_from_slice(member!("rpc.method_original"));
                json::string(out, path);
            }
        }
    }
    if call.status.is_some() || call.status_name.is_some() {
        out.extend_from_slice(member!("rpc.status_code"));
        out.push(b'"');
        rpc::write_status(call, out);
        out.push(b'"');
    }
    out.extend_from_slice(member!("sidetap.rpc.request.messages"));
    json::number(out, call.request_messages);
    out.extend_from_slice(member!("sidetap.rpc.response.messages"));
    json::number(out, call.response_messages);
}

/// The method. One that is not known has a member of its own, as anybody can make one up.
fn method(out: &mut Vec<u8>, method: &[u8]) {
    if method.is_empty() {
        return;
    }
    let known = methods::known(method);
    out.extend_from_slice(member!("http.request.method"));
    json::string(out, known.as_bytes());
    if known == methods::OTHER {
        out.extend_from_slice(member!("http.request.method_original"));
        json::string(out, method);
    }
}

/// The fields of a message: of each name the list of its values.
fn fields(out: &mut Vec<u8>, exchange: &Exchange, prefix: &[u8], list: Span) {
    let mut told: [&[u8]; MAX_FIELD_NAMES] = [b""; MAX_FIELD_NAMES];
    let mut names = 0;
    let mut rest = exchange.text.fields(list);
    while let Some((name, value)) = rest.next() {
        // Names are tokens (RFC 9110 §5.1), which JSON need not escape. HTTP/2 can carry what is none.
        let is_name = name.iter().all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(byte));
        if !is_name || told.iter().take(names).any(|other| *other == name) {
            continue;
        }
        let Some(place) = told.get_mut(names) else { break };
        *place = name;
        names += 1;
        out.extend_from_slice(prefix);
        out.extend_from_slice(name);
        out.extend_from_slice(b"\":[");
        json::string(out, value);
        for (_, value) in rest.clone().filter(|(other, _)| *other == name) {
            out.push(b',');
            json::string(out, value);
        }
        out.push(b']');
    }
}

fn write_tls(out: &mut Vec<u8>, clock: &mut Rfc3339, connection: &Connection, handshake: &TlsHandshake) {
    out.extend_from_slice(br#"{"type":"tls","start_time":"#);
    clock.write(out, handshake.time_unix_nanos);
    let text = |out: &mut Vec<u8>, member: &[u8], text: Option<&str>| {
        if let Some(text) = text {
            out.extend_from_slice(member);
            json::string(out, text.as_bytes());
        }
    };
    text(out, member!("server.address"), handshake.server_name.as_deref());
    out.extend_from_slice(member!("server.port"));
    json::number(out, connection.server.port.into());
    ends(out, connection);
    out.extend_from_slice(br#","tls.protocol.name":"tls""#);
    text(out, member!("tls.protocol.version"), handshake.version);
    text(out, member!("tls.cipher"), handshake.cipher.as_deref());
    text(out, member!("tls.next_protocol"), handshake.next_protocol.as_deref());
    if !handshake.offered_protocols.is_empty() {
        names(out, member!("sidetap.tls.client.alpn"), &handshake.offered_protocols);
    }
    flag(out, member!("tls.resumed"), handshake.resumed);
    flag(out, member!("tls.established"), handshake.established);
    text(out, member!("sidetap.tls.alert"), handshake.alert);
}

fn write_dns(out: &mut Vec<u8>, clock: &mut Rfc3339, connection: &Connection, answer: &DnsAnswer) {
    out.extend_from_slice(br#"{"type":"dns","start_time":"#);
    clock.write(out, answer.time_unix_nanos);
    out.extend_from_slice(member!("dns.question.name"));
    json::string(out, answer.question.as_bytes());
    out.extend_from_slice(member!("sidetap.dns.question.type"));
    json::string(out, answer.question_type.as_bytes());
    out.extend_from_slice(member!("sidetap.dns.response_code"));
    json::string(out, answer.response_code.as_bytes());
    out.extend_from_slice(member!("dns.answers"));
    list(out, &answer.answers);
    if let Some(ttl) = answer.ttl_min {
        out.extend_from_slice(member!("sidetap.dns.ttl_min"));
        json::number(out, ttl.into());
    }
    if let Some(rtt) = answer.rtt_nanos {
        out.extend_from_slice(member!("sidetap.dns.rtt"));
        json::seconds(out, rtt);
    }
    out.extend_from_slice(member!("sidetap.dns.id"));
    json::number(out, answer.id.into());
    server(out, connection, b"", None);
}

fn write_web_socket(out: &mut Vec<u8>, clock: &mut Rfc3339, connection: &Connection, session: &WebSocketSession) {
    out.extend_from_slice(br#"{"type":"websocket","start_time":"#);
    clock.write(out, session.start_unix_nanos);
    out.extend_from_slice(member!("duration"));
    json::seconds(out, session.end_unix_nanos.saturating_sub(session.start_unix_nanos));
    server(out, connection, session.host.as_bytes(), session.host_port);
    for (side, totals) in [("sent", session.sent), ("received", session.received)] {
        let WebSocketTotals { text_messages, binary_messages, frames, bytes } = totals;
        for (name, value) in [
            ("text_messages", text_messages),
            ("binary_messages", binary_messages),
            ("frames", frames),
            ("bytes", bytes),
        ] {
            // Writing into a vector does not fail.
            let _ = write!(out, ",\"sidetap.websocket.{side}.{name}\":{value}");
        }
    }
    if let Some(code) = session.close_code {
        out.extend_from_slice(member!("sidetap.websocket.close_code"));
        json::number(out, code.into());
    }
    flag(out, member!("sidetap.websocket.gap"), session.gap);
    names(out, member!("sidetap.anomalies"), &session.anomalies);
}

/// The server as the client named it, or as it is on the wire, and the two ends.
fn server(out: &mut Vec<u8>, connection: &Connection, host: &[u8], port: Option<u16>) {
    // Only a URL has brackets around an IPv6 address (RFC 3986 §3.2.2).
    let host = host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]")).unwrap_or(host);
    out.extend_from_slice(member!("server.address"));
    match host.is_empty() {
        true => address(out, connection.server.address),
        false => json::string(out, host),
    }
    out.extend_from_slice(member!("server.port"));
    json::number(out, port.unwrap_or(connection.server.port).into());
    ends(out, connection);
}

/// Who mirrored it.
fn write_source(out: &mut Vec<u8>, source: &Source) {
    out.extend_from_slice(member!("sidetap.source.address"));
    address(out, source.address);
    out.extend_from_slice(member!("sidetap.source.vni"));
    json::number(out, source.vni.into());
}

/// The two ends on the wire.
fn ends(out: &mut Vec<u8>, connection: &Connection) {
    out.extend_from_slice(member!("client.address"));
    address(out, connection.client.address);
    out.extend_from_slice(member!("client.port"));
    json::number(out, connection.client.port.into());
    out.extend_from_slice(member!("network.local.address"));
    address(out, connection.server.address);
    out.extend_from_slice(member!("network.local.port"));
    json::number(out, connection.server.port.into());
    if let Some(vni) = connection.realm.vni() {
        out.extend_from_slice(member!("sidetap.vxlan.vni"));
        json::number(out, vni.into());
    }
}

#[inline]
fn address(out: &mut Vec<u8>, address: IpAddr) {
    out.push(b'"');
    match address {
        IpAddr::V4(v4) => dotted(out, v4.octets()),
        // Writing into a vector does not fail.
        IpAddr::V6(v6) => drop(write!(out, "{v6}")),
    }
    out.push(b'"');
}

/// An IPv4 address, added in one step.
#[inline]
fn dotted(out: &mut Vec<u8>, octets: [u8; 4]) {
    let mut text = *b"000.000.000.000";
    let mut len = 0;
    for (place, octet) in octets.into_iter().enumerate() {
        let digits = [octet / 100, octet / 10 % 10, octet % 10];
        let zeros = if octet < 10 { 2 } else { usize::from(octet < 100) };
        if place > 0 {
            text[len] = b'.';
            len += 1;
        }
        for digit in &digits[zeros..] {
            text[len] = b'0' + digit;
            len += 1;
        }
    }
    out.extend_from_slice(&text[..len]);
}

fn flag(out: &mut Vec<u8>, member: &[u8], value: bool) {
    out.extend_from_slice(member);
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

fn names(out: &mut Vec<u8>, member: &[u8], names: &[impl AsRef<str>]) {
    if !names.is_empty() {
        out.extend_from_slice(member);
        list(out, names);
    }
}

fn list(out: &mut Vec<u8>, texts: &[impl AsRef<str>]) {
    out.push(b'[');
    for (place, text) in texts.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        json::string(out, text.as_ref().as_bytes());
    }
    out.push(b']');
}

#[cfg(test)]
mod tests;
