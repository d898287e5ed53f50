//! An HTTP/2 connection: its streams are its exchanges.

use super::exchanges::Exchanges;
use super::fields;
use super::http1::Room;
use super::privacy::auth_scheme;
use super::reporter::Reporter;
use crate::flow::{Content, Direction, Identity, Piece, Side};
use crate::packet::Timestamp;
use crate::protocol::grpc::{self, MessageCounter, Status};
use crate::protocol::http2::{self, EndStream, Gap, Headers, Kind, Reset, Scratch, Sink};
use crate::record::{self, Connection, Exchange, Message, Scheme, Version};

/// Room for streams that a connection keeps while it has none.
const KEPT: usize = 8;

/// What is remembered of it.
#[derive(Debug)]
pub struct Http2 {
    client: Direction,
    ends: Connection,
    /// The sequence number of the first byte that the client was seen to send.
    sequence: u32,
    connection: http2::Connection,
    streams: Streams,
}

/// The live streams. There are at most [`http2::MAX_STREAMS`].
#[derive(Debug, Default)]
struct Streams {
    live: Vec<Stream>,
    index: u32,
    /// Those of them that are gRPC calls.
    calls: usize,
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
    pub fn new(flow: &Identity, client: Direction) -> Self {
        Http2::of(flow, client, http2::Connection::new(), Streams::default())
    }

    /// A connection whose beginning was missed.
    pub fn midstream(flow: &Identity, client: Direction) -> Self {
        Http2::of(flow, client, http2::Connection::midstream(), Streams::default())
    }

    /// A connection that was HTTP/1 up to here. The request that asked for the change, in this slot, is stream 1; the
    /// client's settings came with it (RFC 7540 §3.2).
    pub fn upgraded(flow: &Identity, client: Direction, slot: u32, exchanges: &Exchanges) -> Self {
        let pending = exchanges.get(slot);
        let exchange = &pending.exchange;
        let (method, settings) = (exchange.get(exchange.method), exchange.get(pending.handshake));
        let connection = http2::Connection::upgraded(method, settings);
        let live = vec![Stream { id: 1, slot, calls: None }];
        Http2::of(flow, client, connection, Streams { live, index: 1, calls: 0 })
    }

    fn of(flow: &Identity, client: Direction, connection: http2::Connection, streams: Streams) -> Self {
        let sequence = flow.first_sequence[client.index()];
        Http2 { client, ends: super::conversation::connection(flow, client), sequence, connection, streams }
    }

    /// Bytes that it holds.
    pub fn memory(&self) -> usize {
        size_of::<Self>()
            + self.connection.memory()
            + self.streams.live.capacity() * size_of::<Stream>()
            + self.streams.calls * size_of::<[MessageCounter; 2]>()
    }

    /// Takes a piece.
    pub fn piece(&mut self, direction: Direction, piece: &Piece<'_>, scratch: &mut Scratch, room: &mut Room<'_>) {
        let (from, connection, mut desk) = self.desk(direction, room);
        connection.swap_scratch(scratch);
        match piece.content {
            Content::Data(bytes) => connection.push(from, bytes, piece.time, &mut desk),
            Content::Gap(len) => connection.gap(from, len, piece.time, &mut desk),
        }
        connection.swap_scratch(scratch);
    }

    /// A direction has ended.
    pub fn end(&mut self, direction: Direction, time: Timestamp, scratch: &mut Scratch, room: &mut Room<'_>) {
        let (from, connection, mut desk) = self.desk(direction, room);
        connection.swap_scratch(scratch);
        connection.end(from, time, &mut desk);
        connection.swap_scratch(scratch);
    }

    /// The connection is over: what is left is handed on as it is.
    pub fn close(&mut self, room: &mut Room<'_>) {
        let (_, _, mut desk) = self.desk(self.client, room);
        while let Some(stream) = desk.streams.live.first() {
            desk.release(stream.id);
        }
    }

    /// Who sends in a direction, and what it takes to read him.
    fn desk<'d>(
        &'d mut self,
        direction: Direction,
        room: &'d mut Room<'_>,
    ) -> (Side, &'d mut http2::Connection, Desk<'d>) {
        let Http2 { client, ends, sequence, connection, streams } = self;
        let from = if direction == *client { Side::Client } else { Side::Server };
        (
            from,
            connection,
            Desk { streams, exchanges: room.exchanges, reporter: room.reporter, ends: *ends, sequence: *sequence },
        )
    }
}

impl Streams {
    fn get_mut(&mut self, id: u32) -> Option<&mut Stream> {
        self.live.iter_mut().rev().find(|stream| stream.id == id)
    }
}

/// The streams, with all that it takes to hand exchanges on.
struct Desk<'a> {
    streams: &'a mut Streams,
    exchanges: &'a mut Exchanges,
    reporter: &'a mut Reporter,
    ends: Connection,
    sequence: u32,
}

impl Desk<'_> {
    fn stream(&mut self, id: u32) -> Option<&mut Stream> {
        self.streams.get_mut(id)
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
        if self.streams.live.is_empty() {
            self.streams.live.shrink_to(KEPT);
        }
        let connection = self.ends;
        let exchange = &mut self.exchanges.get_mut(slot).exchange;
        if let Some([sent, received]) = calls.as_deref() {
            self.streams.calls -= 1;
            let rpc = exchange.more().rpc.get_or_insert_default();
            rpc.request_messages = sent.messages();
            rpc.response_messages = received.messages();
        }
        exchange.completeness = record::Completeness::of(&exchange.request, &exchange.response);
        let fate = self.reporter.exchange(connection, self.exchanges.get_mut(slot));
        self.exchanges.end(slot, fate);
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
        note(exchange, headers);
        if field(b"content-type").is_some_and(grpc::is_content_type) {
            exchange.more().rpc.get_or_insert_default();
            let answered = exchange.response.start_unix_nanos != 0;
            let Streams { live, calls: count, .. } = self.streams;
            if let Some(stream) = live.iter_mut().rev().find(|known| known.id == stream) {
                *count += usize::from(stream.calls.is_none());
                let calls = stream.calls.get_or_insert_default();
                if answered {
                    // Some of its messages may have come before they were counted.
                    calls[Side::Server.index()].stop();
                }
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
        note(exchange, headers);
        take_status(exchange, headers);
    }

    /// Keeps fields of a head, and asks whether its exchange is reported.
    fn ask(&mut self, slot: u32, headers: &Headers<'_>) {
        let pending = self.exchanges.get_mut(slot);
        let fields = || headers.fields.iter().filter_map(|field| Some((field.name?, field.value?)));
        let text = &mut pending.exchange.text;
        let start = text.start();
        // Pseudo-header fields (RFC 9113 §8.3) have places of their own.
        for (name, value) in fields().filter(|(name, _)| !name.starts_with(b":")) {
            fields::add_if_kept(text, name, value, self.reporter.privacy());
        }
        let kept = text.since(start);
        match headers.kind {
            Kind::Response => {
                pending.exchange.response_fields = kept;
                self.reporter.begin_response(&self.ends, pending);
            }
            _ => {
                pending.exchange.request_fields = kept;
                pending.auth = auth_scheme(fields());
                pending.context = self.reporter.context(fields());
                pending.forwarded_for = headers.fields.get(b"x-forwarded-for").and_then(fields::first_address);
                pending.sequence = self.sequence;
                self.reporter.begin(&self.ends, pending);
            }
        }
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
            if !matches!(headers.kind, Kind::Trailers | Kind::Informational | Kind::Unknown) {
                self.ask(slot, headers);
            }
            self.exchanges.account(slot);
        }
    }

    fn data(&mut self, stream: u32, from: Side, bytes: &[u8], _time: Timestamp) {
        let Desk { streams, exchanges, .. } = self;
        let Some(Stream { slot, calls, .. }) = streams.get_mut(stream) else { return };
        exchanges.keep_content(*slot, from, bytes);
        let Some(calls) = calls else { return };
        let exchange = &exchanges.get(*slot).exchange;
        let begun = from == Side::Client || exchange.response.start_unix_nanos != 0;
        // Without its head, nobody knows whether this is the beginning of a body.
        match begun {
            true => calls[from.index()].push(bytes),
            false => calls[from.index()].stop(),
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
                for stream in &mut self.streams.live {
                    message(&mut self.exchanges.get_mut(stream.slot).exchange, from).gap = true;
                    if let Some(calls) = &mut stream.calls {
                        calls[from.index()].stop();
                    }
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
        if anomalies.contains(http2::Anomalies::BAD_PREFACE) {
            // A request of HTTP/1, as a rule.
            self.exchanges.unread();
        }
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

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;
    use crate::export::{Export, ExportError, Exports, QueueCounts};
    use crate::flow::{Endpoint, Key};
    use crate::packet::Address;
    use crate::packet::decode::Realm;
    use crate::protocol::buffers::Buffers;
    use crate::record::Record;

    /// Keeps of each call how many messages both ends sent.
    #[derive(Default, Clone)]
    struct Keeper(Rc<RefCell<Vec<[u64; 2]>>>);

    impl Export for Keeper {
        fn record(&mut self, record: &Record<'_>) {
            if let record::Content::Exchange(exchange, _) = record.content
                && let Some(rpc) = exchange.more.as_ref().and_then(|more| more.rpc.as_ref())
            {
                self.0.borrow_mut().push([rpc.request_messages, rpc.response_messages]);
            }
        }

        fn finish(&mut self) -> Result<(), ExportError> {
            Ok(())
        }

        fn counts(&self) -> QueueCounts {
            QueueCounts::default()
        }

        fn target(&self) -> &str {
            "keeper"
        }
    }

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        frame
    }

    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const END_STREAM: u8 = 1;
    const END_HEADERS: u8 = 4;

    /// A message of six octets.
    const MESSAGE: [u8; 11] = [0, 0, 0, 0, 6, 0, 0, 0, 0, 1, 9];

    /// How many messages of a call's two directions are counted, if this is what the server sends.
    fn counted(server: &[Content<'_>]) -> [u64; 2] {
        let end = |host, port| Endpoint { address: Address::v4([10, 0, 0, host]), port };
        let (key, client) = Key::new(Realm::OUTSIDE, end(1, 40_000), end(2, 80));
        let opened = Timestamp::from_parts(1, 0);
        let flow = Identity { key, initiator: Some(client), from_start: [true; 2], first_sequence: [0; 2], opened };
        let keeper = Keeper::default();
        let mut reporter = Reporter::from(Exports::new(vec![Box::new(keeper.clone())]));
        let (mut exchanges, mut buffers) = (Exchanges::with_capacity(4), Buffers::with_capacity(1 << 20));
        let mut room = Room { exchanges: &mut exchanges, buffers: &mut buffers, reporter: &mut reporter };

        // POST, http, the path /a, and a content-type by its index.
        let request = [&[0x83, 0x86, 0x04, 2][..], b"/a", &[0x0f, 16, 16], b"application/grpc"].concat();
        let sent = [
            &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..],
            &SETTINGS,
            &frame(HEADERS, END_HEADERS, 1, &request),
            &frame(DATA, END_STREAM, 1, &[MESSAGE, MESSAGE].concat()),
        ]
        .concat();
        let (mut http2, mut scratch) = (Http2::new(&flow, client), Scratch::default());
        let piece = |content| Piece { time: opened, offset: 0, acknowledged: 0, content };
        http2.piece(client, &piece(Content::Data(&sent)), &mut scratch, &mut room);
        for content in server {
            http2.piece(client.reverse(), &piece(*content), &mut scratch, &mut room);
        }
        http2.close(&mut room);
        let [counts] = keeper.0.borrow()[..] else { panic!("{:?}", keeper.0) };
        counts
    }

    #[test]
    fn messages_are_counted_until_some_may_have_been_missed() {
        let begin = [&SETTINGS[..], &frame(HEADERS, END_HEADERS, 1, &[0x88])].concat();
        let data = frame(DATA, 0, 1, &MESSAGE.repeat(3));
        assert_eq!(counted(&[Content::Data(&begin), Content::Data(&data)]), [2, 3]);

        // Whole frames are missed, and reading goes on amid a message: what is read there is no prefix.
        let (first, rest) = MESSAGE.split_at(5);
        let broken = frame(DATA, 0, 1, first);
        let resumed = [&frame(DATA, 0, 1, rest)[..], &data, &data].concat();
        let pieces = [Content::Data(&begin), Content::Data(&broken), Content::Gap(1_000), Content::Data(&resumed)];
        assert_eq!(counted(&pieces), [2, 1]);
    }

    #[test]
    fn a_body_whose_head_was_missed_has_no_messages() {
        let data = frame(DATA, 0, 1, &MESSAGE);
        let resumed = data.repeat(4);
        assert_eq!(counted(&[Content::Data(&SETTINGS), Content::Gap(40), Content::Data(&resumed)]), [2, 0]);
    }
}
