//! A compiled pcap-filter expression over a frame.

mod bytes;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use sidetap::packet::LinkType;
use sidetap::packet::filter::Filter;

fn bench(criterion: &mut Criterion) {
    let frame = bytes::frame(7, bytes::From::Client, 1, 1, bytes::ACK, bytes::REQUEST);
    let program = Filter::compile("tcp port 80", LinkType::Ethernet).expect("the expression is right");
    criterion.bench_function("filter/tcp port 80", |bencher| {
        bencher.iter(|| program.matches(black_box(&frame), frame.len() as u32));
    });
}

criterion_group!(benches, bench);
criterion_main!(benches);
