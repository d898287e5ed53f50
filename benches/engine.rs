//! A whole exchange through the engine: a request, its response and an acknowledgement, as frames.

mod bytes;

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sidetap::export::{Export, ExportError, Exports, QueueCounts};
use sidetap::record::Record;
use sidetap::sensor::{Budget, Engine};

use bytes::{ACK, From, SYN};

/// An export that keeps nothing.
struct Nowhere;

impl Export for Nowhere {
    fn record(&mut self, _: &Record<'_>) {}

    fn finish(&mut self) -> Result<(), ExportError> {
        Ok(())
    }

    fn counts(&self) -> QueueCounts {
        QueueCounts::default()
    }

    fn target(&self) -> &str {
        "nowhere"
    }
}

fn bench(criterion: &mut Criterion) {
    let budget = Budget::new(25 << 20).expect("that is enough");
    let mut engine = Engine::new(budget.engine(Duration::from_secs(10)), Exports::new(vec![Box::new(Nowhere)]));
    for (from, sequence, flags) in [(From::Client, 0, SYN), (From::Server, 0, SYN | ACK), (From::Client, 1, ACK)] {
        let acknowledgement = u32::from(flags != SYN);
        engine.frame(&bytes::captured(&bytes::frame(7, from, sequence, acknowledgement, flags, b""), 0));
    }
    let response = bytes::response();
    let mut request = bytes::frame(7, From::Client, 1, 1, ACK, bytes::REQUEST);
    let mut answer = bytes::frame(7, From::Server, 1, 1, ACK, &response);
    let mut receipt = bytes::frame(7, From::Client, 1, 1, ACK, b"");
    let (mut sent, mut received, mut nanos, mut exchanges) = (1_u32, 1_u32, 0, 0_u64);
    let mut group = criterion.benchmark_group("engine");
    group.throughput(Throughput::Elements(1));
    group.bench_function("exchange", |bencher| {
        bencher.iter(|| {
            bytes::change_numbers(&mut request, sent, received);
            sent = sent.wrapping_add(bytes::REQUEST.len() as u32);
            bytes::change_numbers(&mut answer, received, sent);
            received = received.wrapping_add(response.len() as u32);
            bytes::change_numbers(&mut receipt, sent, received);
            for frame in [&request, &answer, &receipt] {
                nanos += 2000;
                engine.frame(&bytes::captured(frame, nanos));
            }
            exchanges += 1;
        });
    });
    group.finish();
    assert_eq!(engine.counts().transactions.emitted, exchanges);
}

criterion_group!(benches, bench);
criterion_main!(benches);
