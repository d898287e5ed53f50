//! A DNS response with its answers.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use sidetap::protocol::dns::Message;

/// An alias and two addresses, their names compressed (RFC 1035 §4.1.4).
fn response() -> Vec<u8> {
    let mut bytes = vec![0x12, 0x34, 0x81, 0x80, 0, 1, 0, 3, 0, 0, 0, 0];
    bytes.extend(b"\x04shop\x07example\x03com\x00\x00\x01\x00\x01");
    bytes.extend(b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x01\x2c\x00\x08\x05front\xc0\x11");
    let alias = (bytes.len() - 8) as u8;
    for last in [10, 11] {
        bytes.extend([0xc0, alias, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, last]);
    }
    bytes
}

fn bench(criterion: &mut Criterion) {
    let response = response();
    criterion.bench_function("dns/response", |bencher| {
        bencher.iter(|| {
            let message = Message::parse(black_box(&response)).expect("the message is right");
            assert_eq!(message.answers().filter(Result::is_ok).count(), 3);
        });
    });
}

criterion_group!(benches, bench);
criterion_main!(benches);
