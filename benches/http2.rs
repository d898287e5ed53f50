//! HTTP/2: a header block, and a request with its response.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sidetap::flow::Side;
use sidetap::packet::Timestamp;
use sidetap::protocol::hpack::Decoder;
use sidetap::protocol::http2::{Connection, EndStream, Gap, Headers, Reset, Sink};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A literal field that is not added to the table, its name by index or in full (RFC 7541 §6.2.2).
fn literal(block: &mut Vec<u8>, index: u8, name: &[u8], value: &[u8]) {
    match index {
        0 => {
            block.extend([0, name.len() as u8]);
            block.extend(name);
        }
        index @ ..15 => block.push(index),
        index => block.extend([15, index - 15]),
    }
    block.push(value.len() as u8);
    block.extend(value);
}

/// `GET` over `http`, with a path and the fields of a usual client.
fn request_block() -> Vec<u8> {
    let mut block = vec![0x82, 0x86];
    literal(&mut block, 4, b"", b"/api/v1/items/42?page=1&size=50");
    // The example of RFC 7541 C.4.1: `www.example.com` in the Huffman code.
    block.extend([1, 0x8c, 0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff]);
    literal(&mut block, 58, b"", b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36");
    literal(&mut block, 19, b"", b"application/json");
    literal(&mut block, 0, b"x-request-id", b"7f1b6a34-3c5e-4a0b-9a53-000000000042");
    block
}

fn response_block() -> Vec<u8> {
    let mut block = vec![0x88];
    literal(&mut block, 31, b"", b"application/json");
    literal(&mut block, 28, b"", b"900");
    literal(&mut block, 54, b"", b"nginx");
    block
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Counts what it is told.
#[derive(Default)]
struct Count {
    ends: u64,
    anomalies: u64,
}

impl Sink for Count {
    fn headers(&mut self, _: &Headers<'_>) {}

    fn data(&mut self, _: u32, _: Side, _: &[u8], _: Timestamp) {}

    fn end_stream(&mut self, _: &EndStream) {
        self.ends += 1;
    }

    fn reset(&mut self, _: &Reset) {
        self.anomalies += 1;
    }

    fn refused(&mut self, _: u32, _: Timestamp) {}

    fn evicted(&mut self, _: u32, _: Timestamp) {}

    fn gap(&mut self, _: Side, _: Gap, _: Timestamp) {
        self.anomalies += 1;
    }
}

fn hpack(criterion: &mut Criterion) {
    let block = request_block();
    let mut decoder = Decoder::new();
    criterion.bench_function("hpack/request", |bencher| {
        bencher.iter(|| {
            let mut fields = 0;
            let decoded = decoder.decode(black_box(&block), |_| fields += 1);
            assert!(decoded.is_ok());
            fields
        });
    });
}

fn exchange(criterion: &mut Criterion) {
    let time = Timestamp::default();
    let mut connection = Connection::new();
    let mut count = Count::default();
    connection.push(Side::Client, &[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat(), time, &mut count);
    connection.push(Side::Server, &frame(SETTINGS, 0, 0, &[]), time, &mut count);
    let mut request = frame(HEADERS, END_HEADERS | END_STREAM, 1, &request_block());
    let head = frame(HEADERS, END_HEADERS, 1, &response_block());
    let body_at = head.len();
    let mut response = [head, frame(DATA, END_STREAM, 1, &[b'x'; 900])].concat();
    let (mut stream, mut exchanges) = (1_u32, 0);
    let mut group = criterion.benchmark_group("http2");
    group.throughput(Throughput::Elements(1));
    group.bench_function("exchange", |bencher| {
        bencher.iter(|| {
            for at in [5, body_at + 5] {
                response[at..at + 4].copy_from_slice(&stream.to_be_bytes());
            }
            request[5..9].copy_from_slice(&stream.to_be_bytes());
            connection.push(Side::Client, &request, time, &mut count);
            connection.push(Side::Server, &response, time, &mut count);
            stream += 2;
            exchanges += 1;
        });
    });
    group.finish();
    assert_eq!((count.ends, count.anomalies), (2 * exchanges, 0));
}

criterion_group!(benches, hpack, exchange);
criterion_main!(benches);
