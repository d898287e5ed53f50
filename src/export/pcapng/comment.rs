//! What a frame completed, in a few words for people.
//!
//! A line a record: at most [`MAX_LINE`] bytes, and [`MAX_COMMENT`] for all lines. More records are counted in the last.

use std::fmt::Write as _;
use std::net::SocketAddr;

use crate::export::url;
use crate::packet::decode::{Decoded, Transport, decode};
use crate::packet::{Address, Frame};
use crate::record::{Connection, Content, DnsAnswer, Endpoint, Exchange, Record, TlsHandshake, WebSocketSession};

/// Longest comment, in bytes, but for the count of records that there was no room for.
pub const MAX_COMMENT: usize = 4 << 10;

/// Longest line, in bytes.
pub const MAX_LINE: usize = 512;

/// Longest text from the wire in a line, in bytes before what is not UTF-8 is replaced.
const MAX_TEXT: usize = 256;

/// What was reported since the last frame.
///
/// A frame completes records of its own connection only, and they come last: whatever was given up because time has
/// passed was given up before the frame was looked at. So only the last connection's records are kept, and they are
/// compared with the frame.
#[derive(Debug, Default)]
pub struct Comment {
    connection: Option<Connection>,
    text: String,
    /// Records that there was no room for.
    more: u64,
    /// A URL before it is cut: at most 50 KiB. Kept for its memory.
    line: Vec<u8>,
}

impl Comment {
    /// Adds a record.
    pub fn add(&mut self, record: &Record<'_>) {
        if self.connection != Some(record.connection) {
            self.clear();
            self.connection = Some(record.connection);
        }
        if self.more > 0 || self.text.len() + MAX_LINE >= MAX_COMMENT {
            self.more += 1;
            return;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let start = self.text.len();
        let connection = &record.connection;
        match record.content {
            Content::Exchange(exchange, _) => self.exchange(connection, exchange),
            Content::Tls(handshake) => self.tls(connection, handshake),
            Content::Dns(answer) => self.dns(connection, answer),
            Content::WebSocket(session) => self.web_socket(connection, session),
        }
        debug_assert!(self.text.len() - start <= MAX_LINE);
    }

    /// What this frame completed, if anything.
    #[inline]
    pub fn of(&mut self, frame: &Frame<'_>) -> Option<&str> {
        let connection = self.connection.as_ref()?;
        if !is_part_of(frame, connection) {
            return None;
        }
        if self.more > 0 {
            let more = self.more;
            self.write(format_args!("\n... and {more} more"));
        }
        Some(&self.text)
    }

    /// Forgets all of it.
    #[inline]
    pub fn clear(&mut self) {
        if self.connection.take().is_some() {
            self.text.clear();
            self.more = 0;
        }
    }

    fn exchange(&mut self, connection: &Connection, exchange: &Exchange) {
        if exchange.request.start_unix_nanos == 0 {
            self.text.push_str("unknown request");
        } else {
            self.wire(exchange.get(exchange.method), 32);
            self.text.push(' ');
            let mut line = std::mem::take(&mut self.line);
            url::write_without_query(&mut line, connection, exchange);
            self.wire(&line, MAX_TEXT);
            line.clear();
            self.line = line;
        }
        match exchange.status {
            Some(status) => self.write(format_args!(" -> {status}")),
            None => self.text.push_str(" -> no response"),
        }
        self.text.push_str(" (");
        self.text.push_str(exchange.completeness.name());
        self.client(connection);
        self.write(format_args!(" #{})", exchange.index));
    }

    fn tls(&mut self, connection: &Connection, handshake: &TlsHandshake) {
        self.text.push_str("TLS ");
        match &handshake.server_name {
            Some(name) => self.wire(name.as_bytes(), MAX_TEXT),
            None => self.end(&connection.server),
        }
        self.text.push_str(" -> ");
        self.text.push_str(handshake.version.unwrap_or("version unknown"));
        self.text.push_str(" (");
        match (handshake.alert, handshake.established) {
            (Some(alert), _) => self.wire(alert.as_bytes(), 64),
            (None, true) => self.text.push_str("established"),
            (None, false) => self.text.push_str("no answer"),
        }
        self.client(connection);
        self.text.push(')');
    }

    fn dns(&mut self, connection: &Connection, answer: &DnsAnswer) {
        self.text.push_str("DNS ");
        self.wire(answer.question_type.as_bytes(), 32);
        self.text.push(' ');
        self.wire(answer.question.as_bytes(), MAX_TEXT);
        self.text.push_str(" -> ");
        self.wire(answer.response_code.as_bytes(), 32);
        self.write(format_args!(" (answers: {}", answer.answers.len()));
        self.client(connection);
        self.text.push(')');
    }

    fn web_socket(&mut self, connection: &Connection, session: &WebSocketSession) {
        self.text.push_str("WebSocket -> ");
        match session.close_code {
            Some(code) => self.write(format_args!("closed {code}")),
            None => self.text.push_str("closed"),
        }
        self.write(format_args!(
            " (messages: {} sent, {} received",
            session.sent.messages(),
            session.received.messages()
        ));
        self.client(connection);
        self.text.push(')');
    }

    /// The client's end, which tells connections apart.
    fn client(&mut self, connection: &Connection) {
        self.text.push_str(", ");
        self.end(&connection.client);
    }

    fn end(&mut self, end: &Endpoint) {
        self.write(format_args!("{}", SocketAddr::new(end.address, end.port)));
    }

    /// Text from the wire, in one line.
    fn wire(&mut self, text: &[u8], most: usize) {
        let cut = text.get(..most).unwrap_or(text);
        for chunk in cut.utf8_chunks() {
            for character in chunk.valid().chars() {
                self.text.push(if character.is_control() { '?' } else { character });
            }
            if !chunk.invalid().is_empty() {
                self.text.push('?');
            }
        }
        if cut.len() < text.len() {
            self.text.push_str("...");
        }
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing into a string does not fail.
        let _ = self.text.write_fmt(text);
    }
}

/// Whether a frame is one of a connection, in either direction. Fragments name no ports.
fn is_part_of(frame: &Frame<'_>, connection: &Connection) -> bool {
    let (realm, source, destination, ports) = match decode(frame) {
        Ok(Decoded::Packet(packet)) => {
            let ports = match packet.transport {
                Transport::Tcp(segment) => Some((segment.source_port, segment.destination_port)),
                Transport::Udp(datagram) => Some((datagram.source_port, datagram.destination_port)),
                _ => return false,
            };
            (packet.realm, packet.source, packet.destination, ports)
        }
        Ok(Decoded::Fragment(fragment)) => (fragment.realm, fragment.source, fragment.destination, None),
        Err(_) => return false,
    };
    let from_to = |from: &Endpoint, to: &Endpoint| {
        (Address::from(from.address), Address::from(to.address)) == (source, destination)
            && ports.is_none_or(|ports| ports == (from.port, to.port))
    };
    let Connection { client, server, realm: theirs } = connection;
    realm == *theirs && (from_to(client, server) || from_to(server, client))
}
