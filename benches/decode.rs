//! From a frame to its TCP segment.

mod bytes;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use sidetap::packet::decode::decode;

fn bench(criterion: &mut Criterion) {
    let bytes = bytes::frame(7, bytes::From::Client, 1, 1, bytes::ACK, bytes::REQUEST);
    let frame = bytes::captured(&bytes, 0);
    criterion.bench_function("decode/tcp", |bencher| bencher.iter(|| decode(black_box(&frame)).is_ok()));
}

criterion_group!(benches, bench);
criterion_main!(benches);
