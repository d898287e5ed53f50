//! Records as one JSON object a line, with the names of OpenTelemetry's semantic conventions.

use std::io::Write as _;

use super::json::{self, Rfc3339, member};
use super::{Export, ExportError, QueueCounts, WriteQueue};
use crate::record::{
    Connection, Content, DnsAnswer, Endpoint, Exchange, Record, Span, TlsHandshake, WebSocketSession, WebSocketTotals,
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

    fn flush(&mut self) {
        self.queue.flush();
    }

    fn finish(&mut self) -> Result<(), ExportError> {
        match self.queue.finish() {
            // A reader that has gone away has seen what it wanted.
            Some(source) if source.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            Some(source) => Err(ExportError { target: self.target.clone(), source }),
            None => Ok(()),
        }
    }

    fn counts(&self) -> QueueCounts {
        self.queue.counts()
    }

    fn reader_is_gone(&self) -> bool {
        self.queue.reader_is_gone()
    }

    fn target(&self) -> &str {
        &self.target
    }
}

/// Writes one record and the end of its line.
pub fn line(out: &mut Vec<u8>, clock: &mut Rfc3339, record: &Record<'_>) {
    match record.content {
        Content::Exchange(exchange) => write_exchange(out, clock, &record.connection, exchange),
        Content::Tls(handshake) => write_tls(out, clock, &record.connection, handshake),
        Content::Dns(answer) => write_dns(out, clock, &record.connection, answer),
        Content::WebSocket(session) => write_web_socket(out, clock, &record.connection, session),
    }
    out.extend_from_slice(b"}\n");
}

fn write_exchange(out: &mut Vec<u8>, clock: &mut Rfc3339, connection: &Connection, exchange: &Exchange) {
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
    text(out, member!("http.request.method"), exchange.method);
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
    out.extend_from_slice(member!("server.address"));
    match exchange.host.is_empty() {
        true => address(out, &connection.server),
        false => json::string(out, exchange.get(exchange.host)),
    }
    out.extend_from_slice(member!("server.port"));
    json::number(out, exchange.host_port.unwrap_or(connection.server.port).into());
    ends(out, connection);
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
    if let Some(more) = &exchange.more {
        if let Some(rpc) = &more.rpc {
            out.extend_from_slice(br#","rpc.system.name":"grpc","rpc.method":"#);
            json::string(out, exchange.get(exchange.path).strip_prefix(b"/").unwrap_or_default());
            if let Some(name) = rpc.status_name {
                out.extend_from_slice(member!("rpc.status_code"));
                json::string(out, name.as_bytes());
            }
            out.extend_from_slice(member!("sidetap.rpc.request.messages"));
            json::number(out, rpc.request_messages);
            out.extend_from_slice(member!("sidetap.rpc.response.messages"));
            json::number(out, rpc.response_messages);
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

/// The fields of a message, each with the list of its values.
fn fields(out: &mut Vec<u8>, exchange: &Exchange, prefix: &[u8], list: Span) {
    for (name, value) in exchange.text.fields(list) {
        // Names are tokens (RFC 9110 §5.1), which JSON need not escape.
        out.extend_from_slice(prefix);
        out.extend_from_slice(name);
        out.extend_from_slice(b"\":[");
        json::string(out, value);
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
    out.extend_from_slice(member!("server.address"));
    address(out, &connection.server);
    out.extend_from_slice(member!("server.port"));
    json::number(out, connection.server.port.into());
    ends(out, connection);
}

fn write_web_socket(out: &mut Vec<u8>, clock: &mut Rfc3339, connection: &Connection, session: &WebSocketSession) {
    out.extend_from_slice(br#"{"type":"websocket","start_time":"#);
    clock.write(out, session.start_unix_nanos);
    out.extend_from_slice(member!("duration"));
    json::seconds(out, session.end_unix_nanos.saturating_sub(session.start_unix_nanos));
    out.extend_from_slice(member!("server.address"));
    address(out, &connection.server);
    out.extend_from_slice(member!("server.port"));
    json::number(out, connection.server.port.into());
    ends(out, connection);
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

/// The two ends on the wire.
fn ends(out: &mut Vec<u8>, connection: &Connection) {
    out.extend_from_slice(member!("client.address"));
    address(out, &connection.client);
    out.extend_from_slice(member!("client.port"));
    json::number(out, connection.client.port.into());
    out.extend_from_slice(member!("network.local.address"));
    address(out, &connection.server);
    out.extend_from_slice(member!("network.local.port"));
    json::number(out, connection.server.port.into());
    if let Some(vni) = connection.vni {
        out.extend_from_slice(member!("sidetap.vxlan.vni"));
        json::number(out, vni.into());
    }
}

#[inline]
fn address(out: &mut Vec<u8>, endpoint: &Endpoint) {
    out.push(b'"');
    match endpoint.address {
        std::net::IpAddr::V4(v4) => dotted(out, v4.octets()),
        // Writing into a vector does not fail.
        std::net::IpAddr::V6(v6) => drop(write!(out, "{v6}")),
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
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_the_standard_library_does() {
        for octets in [[0, 9, 10, 99], [100, 101, 199, 200], [255, 255, 255, 255], [127, 0, 0, 1]] {
            let mut out = Vec::new();
            dotted(&mut out, octets);
            assert_eq!(String::from_utf8(out).unwrap(), std::net::Ipv4Addr::from(octets).to_string());
        }
    }
}
