//! An HTTP/2 connection: its streams are its exchanges.

use super::exchanges::Exchanges;
use super::fields;
use super::http1::Room;
use crate::export::Exports;
use crate::flow::{Content, Direction, Identity, Piece, Side};
use crate::packet::Timestamp;
use crate::protocol::grpc::{MessageCounter, Status, Variant};
use crate::protocol::http2::{self, EndStream, Gap, Headers, Kind, Reset, Sink};
use crate::record::{self, Exchange, Message, Record, Scheme, Version};

/// What is remembered of it.
#[derive(Debug)]
pub struct Http2 {
    client: Direction,
    connection: http2::Connection,
    streams: Streams,
}

/// The live streams. There are at most [`http2::MAX_STREAMS`].
#[derive(Debug, Default)]
struct Streams {
    live: Vec<Stream>,
    index: u32,
}

/// A stream, and which exchange it is.
#[derive(Debug)]
struct Stream {
    id: u32,
    slot: u32,
    /// The messages of a gRPC call, of the client and the server.
    calls: Option<Box<[MessageCounter; 2]>>,
}

impl Http2 {
    /// A connection that begins with its preface.
    pub fn new(client: Direction) -> Self {
        Http2 { client, connection: http2::Connection::new(), streams: Streams::default() }
    }

    /// A connection whose beginning was missed.
    pub fn midstream(client: Direction) -> Self {
        Http2 { client, connection: http2::Connection::midstream(), streams: Streams::default() }
    }

    /// A connection that was HTTP/1 up to here. The request that asked for the change, in this slot, is stream 1; the
    /// client's settings came with it (RFC 7540 §3.2).
    pub fn upgraded(client: Direction, slot: u32, exchanges: &Exchanges) -> Self {
        let pending = exchanges.get(slot);
        let exchange = &pending.exchange;
        let (method, settings) = (exchange.get(exchange.method), exchange.get(pending.handshake));
        let connection = http2::Connection::upgraded(method, settings);
        let live = vec![Stream { id: 1, slot, calls: None }];
        Http2 { client, connection, streams: Streams { live, index: 1 } }
    }

    /// Bytes that it holds.
    pub fn memory(&self) -> usize {
        size_of::<Self>() + self.connection.memory() + self.streams.live.capacity() * size_of::<Stream>()
    }

    /// Takes a piece.
    pub fn piece(&mut self, flow: &Identity, direction: Direction, piece: &Piece<'_>, room: &mut Room<'_>) {
        let from = if direction == self.client { Side::Client } else { Side::Server };
        let Http2 { client, connection, streams } = self;
        let mut desk = Desk { streams, exchanges: room.exchanges, exports: room.exports, flow, client: *client };
        match piece.content {
            Content::Data(bytes) => connection.push(from, bytes, piece.time, &mut desk),
            Content::Gap(len) => connection.gap(from, len, piece.time, &mut desk),
        }
    }

    /// A direction has ended.
    pub fn end(&mut self, flow: &Identity, direction: Direction, time: Timestamp, room: &mut Room<'_>) {
        let from = if direction == self.client { Side::Client } else { Side::Server };
        let Http2 { client, connection, streams } = self;
        let mut desk = Desk { streams, exchanges: room.exchanges, exports: room.exports, flow, client: *client };
        connection.end(from, time, &mut desk);
    }

    /// The connection is over: what is left is handed on as it is.
    pub fn close(&mut self, flow: &Identity, room: &mut Room<'_>) {
        let Http2 { client, streams, .. } = self;
        let mut desk = Desk { streams, exchanges: room.exchanges, exports: room.exports, flow, client: *client };
        while let Some(stream) = desk.streams.live.first() {
            desk.release(stream.id);
        }
    }
}

/// The streams, with all that it takes to hand exchanges on.
struct Desk<'a> {
    streams: &'a mut Streams,
    exchanges: &'a mut Exchanges,
    exports: &'a mut Exports,
    flow: &'a Identity,
    client: Direction,
}

impl Desk<'_> {
    fn stream(&mut self, id: u32) -> Option<&mut Stream> {
        self.streams.live.iter_mut().rev().find(|stream| stream.id == id)
    }

    fn exchange(&mut self, stream: u32) -> Option<&mut Exchange> {
        let slot = self.stream(stream)?.slot;
        Some(&mut self.exchanges.get_mut(slot).exchange)
    }

    /// The exchange of a stream, a new one if there is none. `None` if there is no room for it.
    fn open(&mut self, stream: u32) -> Option<&mut Exchange> {
        if self.stream(stream).is_none() {
            let slot = self.exchanges.begin()?;
            self.streams.live.push(Stream { id: stream, slot, calls: None });
            let exchange = &mut self.exchanges.get_mut(slot).exchange;
            exchange.version = Version::Http2;
            exchange.stream = Some(stream);
            exchange.index = self.streams.index;
            self.streams.index = self.streams.index.wrapping_add(1);
        }
        self.exchange(stream)
    }

    /// Hands a stream's exchange on.
    fn release(&mut self, stream: u32) {
        let Some(place) = self.streams.live.iter().position(|known| known.id == stream) else { return };
        let Stream { slot, calls, .. } = self.streams.live.swap_remove(place);
        let connection = super::conversation::connection(self.flow, self.client);
        let exchange = &mut self.exchanges.get_mut(slot).exchange;
        if let Some([sent, received]) = calls.as_deref() {
            let rpc = exchange.more().rpc.get_or_insert_default();
            rpc.request_messages = sent.messages;
            rpc.response_messages = received.messages;
        }
        exchange.completeness = record::Completeness::of(&exchange.request, &exchange.response);
        self.exports.record(&Record { connection, content: record::Content::Exchange(exchange) });
        self.exchanges.end(slot);
    }

    fn request(&mut self, stream: u32, headers: &Headers<'_>) {
        let Some(exchange) = self.open(stream) else { return };
        exchange.request.start_unix_nanos = headers.started.nanos();
        let field = |name: &[u8]| headers.fields.get(name);
        exchange.method = exchange.text.add(field(b":method").unwrap_or_default());
        if field(b":scheme") == Some(b"https") {
            exchange.scheme = Scheme::Https;
        }
        fields::set_path_and_query(exchange, field(b":path").unwrap_or_default());
        fields::set_host(exchange, field(b":authority").or(field(b"host")).unwrap_or_default());
        if let Some(user_agent) = field(b"user-agent") {
            exchange.user_agent = exchange.text.add(user_agent);
        }
        let start = exchange.text.start();
        add_safe(exchange, headers);
        exchange.request_fields = exchange.text.since(start);
        note(exchange, headers);
        if field(b"content-type").and_then(Variant::of_content_type) == Some(Variant::Grpc) {
            exchange.more().rpc.get_or_insert_default();
            if let Some(stream) = self.stream(stream) {
                stream.calls.get_or_insert_default();
            }
        }
    }

    fn response(&mut self, headers: &Headers<'_>) {
        let Some(exchange) = self.open(headers.stream) else { return };
        // What was HTTP/1 when it was asked is answered in HTTP/2.
        exchange.version = Version::Http2;
        exchange.stream = Some(headers.stream);
        exchange.response.start_unix_nanos = headers.started.nanos();
        exchange.status = headers.status;
        let start = exchange.text.start();
        add_safe(exchange, headers);
        exchange.response_fields = exchange.text.since(start);
        note(exchange, headers);
        take_status(exchange, headers);
    }
}

impl Sink for Desk<'_> {
    fn headers(&mut self, headers: &Headers<'_>) {
        match headers.kind {
            Kind::Request => self.request(headers.stream, headers),
            Kind::PushPromise { promised } => {
                self.request(promised, headers);
                if let Some(exchange) = self.exchange(promised) {
                    exchange.request.whole = true;
                    exchange.request.end_unix_nanos = headers.time.nanos();
                }
            }
            Kind::Response => self.response(headers),
            Kind::Trailers | Kind::Informational | Kind::Unknown => {
                if let Some(exchange) = self.exchange(headers.stream) {
                    note(exchange, headers);
                    take_status(exchange, headers);
                }
            }
        }
        let stream = match headers.kind {
            Kind::PushPromise { promised } => promised,
            _ => headers.stream,
        };
        if let Some(slot) = self.stream(stream).map(|stream| stream.slot) {
            self.exchanges.account(slot);
        }
    }

    fn data(&mut self, stream: u32, from: Side, bytes: &[u8], _time: Timestamp) {
        if let Some(calls) = self.stream(stream).and_then(|stream| stream.calls.as_deref_mut()) {
            calls[from.index()].push(bytes);
        }
    }

    fn end_stream(&mut self, end: &EndStream) {
        let Some(exchange) = self.exchange(end.stream) else { return };
        let message = message(exchange, end.from);
        message.end_unix_nanos = end.time.nanos();
        message.body_len = end.data;
        message.gap |= end.gap;
        message.whole = true;
        if exchange.request.whole && exchange.response.whole {
            self.release(end.stream);
        }
    }

    fn reset(&mut self, reset: &Reset) {
        if let Some(exchange) = self.exchange(reset.stream) {
            exchange.more().reset_code = reset.error_code;
            self.release(reset.stream);
        }
    }

    fn refused(&mut self, stream: u32, _time: Timestamp) {
        self.release(stream);
    }

    fn evicted(&mut self, stream: u32, _time: Timestamp) {
        self.release(stream);
    }

    fn gap(&mut self, from: Side, gap: Gap, _time: Timestamp) {
        match gap {
            Gap::Data { stream, .. } | Gap::Headers { stream } => {
                if let Some(exchange) = self.exchange(stream) {
                    message(exchange, from).gap = true;
                }
            }
            Gap::Frames => {
                for stream in &self.streams.live {
                    message(&mut self.exchanges.get_mut(stream.slot).exchange, from).gap = true;
                }
            }
            Gap::Control => {}
        }
        if let Gap::Data { stream, bytes } = gap
            && let Some(calls) = self.stream(stream).and_then(|stream| stream.calls.as_deref_mut())
        {
            // How many messages there were in a stretch of unknown length nobody can tell.
            calls[from.index()].gap(bytes.unwrap_or(u64::MAX));
        }
    }

    fn anomaly(&mut self, _from: Side, stream: u32, anomalies: http2::Anomalies, _time: Timestamp) {
        if let Some(exchange) = self.exchange(stream) {
            exchange.more().add_anomalies(anomalies.names());
        }
    }
}

fn message(exchange: &mut Exchange, from: Side) -> &mut Message {
    match from {
        Side::Client => &mut exchange.request,
        Side::Server => &mut exchange.response,
    }
}

fn add_safe(exchange: &mut Exchange, headers: &Headers<'_>) {
    for field in headers.fields.iter() {
        if let (Some(name), Some(value)) = (field.name, field.value) {
            fields::add_if_safe(&mut exchange.text, name, value);
        }
    }
}

/// The status of a gRPC call, from its trailers or a response that is nothing but trailers.
fn take_status(exchange: &mut Exchange, headers: &Headers<'_>) {
    if let Some(rpc) = exchange.more.as_mut().and_then(|more| more.rpc.as_mut())
        && let Some(status) = headers.fields.get(b"grpc-status").and_then(Status::of_field)
    {
        rpc.status = Some(status.0);
        rpc.status_name = status.name();
    }
}

/// What is odd about a header block.
fn note(exchange: &mut Exchange, headers: &Headers<'_>) {
    if headers.hpack_lost {
        exchange.more().hpack_lost = true;
    }
    if headers.truncated {
        message(exchange, headers.from).gap = true;
    }
    if !headers.anomalies.is_empty() {
        exchange.more().add_anomalies(headers.anomalies.names());
    }
}
