//! A record as a line of JSON.

use std::hint::black_box;
use std::net::Ipv4Addr;

use criterion::{Criterion, criterion_group, criterion_main};
use sidetap::export::json::Rfc3339;
use sidetap::export::ndjson;
use sidetap::packet::Realm;
use sidetap::record::{Annotations, Connection, Content, Endpoint, Exchange, Message, Record};

fn exchange() -> Exchange {
    let message = |start: u64, end: u64, body_len: u64| Message {
        start_unix_nanos: 1_700_000_000_123_456_000 + start,
        end_unix_nanos: 1_700_000_000_123_456_000 + end,
        body_len,
        gap: false,
        whole: true,
    };
    let mut exchange = Exchange { status: Some(200), ..Exchange::default() };
    exchange.method = exchange.text.add(b"GET");
    exchange.path = exchange.text.add(b"/api/v1/items/42");
    exchange.query = exchange.text.add(b"page=REDACTED&size=REDACTED");
    exchange.host = exchange.text.add(b"shop.example.com");
    exchange.user_agent = exchange.text.add(b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36");
    let start = exchange.text.start();
    exchange.text.push_field(b"Accept", b"application/json");
    exchange.text.push_field(b"X-Request-Id", b"7f1b6a34-3c5e-4a0b-9a53-000000000042");
    exchange.request_fields = exchange.text.since(start);
    let start = exchange.text.start();
    exchange.text.push_field(b"Server", b"nginx");
    exchange.text.push_field(b"Content-Type", b"application/json");
    exchange.response_fields = exchange.text.since(start);
    exchange.request = message(0, 2000, 0);
    exchange.response = message(1_250_000, 1_254_000, 900);
    exchange
}

fn bench(criterion: &mut Criterion) {
    let exchange = exchange();
    let end = |last, port| Endpoint { address: Ipv4Addr::new(10, 0, 0, last).into(), port };
    let connection = Connection { client: end(7, 40_000), server: end(2, 80), realm: Realm::OUTSIDE };
    let annotations = Annotations::default();
    let record = Record { connection, source: None, content: Content::Exchange(&exchange, &annotations) };
    let mut clock = Rfc3339::default();
    let mut line = Vec::with_capacity(4096);
    criterion.bench_function("ndjson/exchange", |bencher| {
        bencher.iter(|| {
            line.clear();
            ndjson::line(&mut line, &mut clock, black_box(&record));
            line.len()
        });
    });
}

criterion_group!(benches, bench);
criterion_main!(benches);
