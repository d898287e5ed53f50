//! Records for the tests of exports.

use std::net::IpAddr;
use std::sync::LazyLock;

use crate::packet::Realm;
use crate::record::{Annotations, Completeness, Connection, Content, Endpoint, Exchange, Message, Record};

/// 2023-11-14 22:13:20 UTC, in nanoseconds.
pub const START: u64 = 1_700_000_000_000_000_000;

/// An end, by its address as text.
pub fn endpoint(address: &str, port: u16) -> Endpoint {
    Endpoint { address: address.parse::<IpAddr>().unwrap(), port }
}

/// From 10.1.0.0:20000 to 10.2.0.0:8080.
pub fn connection() -> Connection {
    Connection { client: endpoint("10.1.0.0", 20000), server: endpoint("10.2.0.0", 8080), realm: Realm::OUTSIDE }
}

/// A GET that was answered after 3.5 ms.
pub fn exchange() -> Exchange {
    let mut exchange = Exchange { status: Some(200), ..Exchange::default() };
    let text = &mut exchange.text;
    exchange.method = text.add(b"GET");
    exchange.host = text.add(b"shop.example.com");
    exchange.path = text.add(b"/api/v1/items/0");
    exchange.query = text.add(b"colour=REDACTED&all");
    exchange.user_agent = text.add(b"curl/8.5.0");
    exchange.reason = text.add(b"OK");
    let start = text.start();
    text.push_field(b"Accept", b"*/*");
    exchange.request_fields = text.since(start);
    let start = text.start();
    text.push_field(b"Server", b"nginx");
    text.push_field(b"Content-Type", b"application/json");
    exchange.response_fields = text.since(start);
    exchange.request = message(START, START + 500_000, 0);
    exchange.response = message(START + 3_000_000, START + 3_500_000, 17);
    exchange
}

/// One that was not answered.
pub fn unanswered() -> Exchange {
    let mut exchange = exchange();
    (exchange.status, exchange.response) = (None, Message::default());
    exchange.completeness = Completeness::RequestOnly;
    exchange
}

/// One whose request was not seen.
pub fn response_only() -> Exchange {
    let mut exchange = exchange();
    exchange.request = Message::default();
    exchange.completeness = Completeness::ResponseOnly;
    exchange
}

fn message(start_unix_nanos: u64, end_unix_nanos: u64, body_len: u64) -> Message {
    Message { start_unix_nanos, end_unix_nanos, body_len, gap: false, whole: true }
}

/// The record of an exchange on [`connection`], of which nothing else is known.
pub fn record(exchange: &Exchange) -> Record<'_> {
    static NOTHING: LazyLock<Annotations> = LazyLock::new(Annotations::default);
    annotated(exchange, &NOTHING)
}

/// The record of an exchange on [`connection`].
pub fn annotated<'a>(exchange: &'a Exchange, annotations: &'a Annotations) -> Record<'a> {
    Record { connection: connection(), source: None, content: Content::Exchange(exchange, annotations) }
}
