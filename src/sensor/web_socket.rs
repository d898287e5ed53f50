//! A WebSocket session, from the handshake's answer to the end of the connection.

use crate::flow::{Content, Direction, Piece, Side, Summary};
use crate::packet::Timestamp;
use crate::protocol::websocket::{Event, Extensions, Reader, Totals};
use crate::record::{WebSocketSession, WebSocketTotals};

/// Names of anomalies that one session tells; each is told once.
const MOST_ANOMALIES: usize = 8;

/// What both ends agreed on in the handshake, and whom the client asked.
#[derive(Debug, Default)]
pub struct Agreed {
    pub extensions: Extensions,
    /// Without the port; empty if the request named none.
    pub host: String,
    pub host_port: Option<u16>,
}

/// What is remembered of a session.
#[derive(Debug)]
pub struct WebSocket {
    client: Direction,
    readers: [Reader; 2],
    host: String,
    host_port: Option<u16>,
    start: Timestamp,
    gap: bool,
    anomalies: Vec<&'static str>,
}

impl WebSocket {
    /// A session that begins after the server's answer.
    pub fn new(client: Direction, agreed: Agreed, start: Timestamp) -> Self {
        let Agreed { extensions, host, host_port } = agreed;
        let readers = [Reader::new(Side::Client, extensions), Reader::new(Side::Server, extensions)];
        WebSocket { client, readers, host, host_port, start, gap: false, anomalies: Vec::new() }
    }

    /// Bytes that it holds.
    pub fn memory(&self) -> usize {
        size_of::<Self>() + self.host.capacity() + self.anomalies.capacity() * size_of::<&str>()
    }

    /// Which direction the client sends in.
    pub fn client(&self) -> Direction {
        self.client
    }

    /// Takes a piece.
    pub fn piece(&mut self, direction: Direction, piece: &Piece<'_>) {
        let side = if direction == self.client { Side::Client } else { Side::Server };
        let anomalies = &mut self.anomalies;
        let mut lost = false;
        let note = |event: Event<'_>| match event {
            Event::Anomaly(anomaly) if anomalies.len() < MOST_ANOMALIES && !anomalies.contains(&anomaly.name()) => {
                anomalies.push(anomaly.name());
            }
            Event::Lost => lost = true,
            _ => {}
        };
        let reader = &mut self.readers[side.index()];
        match piece.content {
            Content::Data(bytes) => reader.push(bytes, note),
            Content::Gap(len) => {
                self.gap = true;
                reader.gap(len, note);
            }
        }
        self.gap |= lost;
    }

    /// The record of the session, once it is over.
    pub fn close(&mut self, summary: &Summary) -> WebSocketSession {
        let [sent, received] = [Side::Client, Side::Server].map(|side| *self.readers[side.index()].totals());
        WebSocketSession {
            host: std::mem::take(&mut self.host),
            host_port: self.host_port,
            start_unix_nanos: self.start.nanos(),
            end_unix_nanos: summary.last.nanos(),
            sent: totals(&sent),
            received: totals(&received),
            // The first to close says why; the other one repeats it.
            close_code: sent.close_code.or(received.close_code),
            gap: self.gap,
            anomalies: std::mem::take(&mut self.anomalies),
        }
    }
}

fn totals(totals: &Totals) -> WebSocketTotals {
    let Totals { text_messages, binary_messages, frames, payload_bytes, .. } = *totals;
    WebSocketTotals { text_messages, binary_messages, frames, bytes: payload_bytes }
}
