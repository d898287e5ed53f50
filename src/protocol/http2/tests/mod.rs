//! Whole connections, written by a frame writer that has nothing in common with the reader but the RFC.

mod anomalies;
mod conversation;
mod exchanges;
mod limits;
mod losses;
mod properties;
mod record;
mod writer;

use super::{Anomalies, Connection, Gap, Kind};
use crate::flow::Side::{self, Client, Server};
use crate::packet::Timestamp;
use record::{Event, Record};
use writer::{Writer, frame};

const NOW: Timestamp = Timestamp::from_nanos(1);

/// A connection with a writer at each end, past preface and SETTINGS.
struct Bench {
    connection: Connection,
    client: Writer,
    server: Writer,
    record: Record,
}

impl Bench {
    fn new() -> Self {
        let mut bench = Bench::silent(Connection::new());
        bench.send(Client, &writer::opening(Client));
        bench.send(Server, &writer::opening(Server));
        bench.record.events.clear();
        bench
    }

    /// Of which nothing has been read yet.
    fn silent(connection: Connection) -> Self {
        Bench { connection, client: Writer::new(), server: Writer::new(), record: Record::default() }
    }

    fn send(&mut self, from: Side, bytes: &[u8]) {
        self.connection.push(from, bytes, NOW, &mut self.record);
    }

    fn lose(&mut self, from: Side, bytes: usize) {
        self.connection.gap(from, bytes as u64, NOW, &mut self.record);
    }

    fn writer(&mut self, from: Side) -> &mut Writer {
        if from == Client { &mut self.client } else { &mut self.server }
    }

    fn headers(&mut self, from: Side, stream: u32, fields: &[(&str, &str)], end_stream: bool) {
        let bytes = self.writer(from).headers(stream, fields, end_stream);
        self.send(from, &bytes);
    }

    fn get(&mut self, stream: u32, end_stream: bool) {
        self.headers(Client, stream, GET, end_stream);
    }

    fn data(&mut self, from: Side, stream: u32, bytes: &[u8], end_stream: bool) {
        self.send(from, &frame(0, u8::from(end_stream), stream, bytes));
    }

    /// The events since the last call.
    fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.record.events)
    }

    /// The anomalies in the events since the last call, those of headers among them.
    fn anomalies(&mut self) -> Anomalies {
        self.events().iter().fold(Anomalies::NONE, |all, event| match event {
            Event::Anomaly { anomalies, .. } | Event::Headers { anomalies, .. } => all | *anomalies,
            _ => all,
        })
    }

    /// Kinds of the headers in the events since the last call.
    fn kinds(&mut self) -> Vec<(u32, Kind)> {
        let kind = |event: &Event| match event {
            Event::Headers { stream, kind, .. } => Some((*stream, *kind)),
            _ => None,
        };
        self.events().iter().filter_map(kind).collect()
    }
}

const GET: &[(&str, &str)] = &[(":method", "GET"), (":scheme", "http"), (":path", "/a"), (":authority", "example")];
const POST: &[(&str, &str)] = &[(":method", "POST"), (":scheme", "http"), (":path", "/b"), (":authority", "example")];
const OK: &[(&str, &str)] = &[(":status", "200"), ("content-type", "text/plain")];
