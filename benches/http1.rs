//! HTTP/1.1: a request's head, and a response with a body.

mod bytes;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sidetap::flow::{Content, Piece, Side};
use sidetap::packet::Timestamp;
use sidetap::protocol::buffers::Buffers;
use sidetap::protocol::http1::{Anomalies, Answered, End, Head, Mark, Missing, Reader, Sink};

/// Counts what it is told.
#[derive(Default)]
struct Count {
    fields: usize,
    messages: usize,
}

impl Sink for Count {
    fn request(&mut self, head: &Head<'_, '_>, _: Mark) {
        self.fields += head.fields.len();
    }

    fn response(&mut self, head: &Head<'_, '_>, _: Mark) -> Answered {
        self.fields += head.fields.len();
        Answered::default()
    }

    fn interim(&mut self, _: &Head<'_, '_>, _: Mark) {}

    fn complete(&mut self, _: Side, _: End) {
        self.messages += 1;
    }

    fn anomalies(&mut self, _: Side, _: Anomalies) {}

    fn unread(&mut self, _: Side, _: Anomalies, _: Mark) {}

    fn given_up(&mut self, _: Side, _: Mark) {}

    fn lost(&mut self, _: Side, _: Mark, _: Missing) {}
}

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("http1");
    for (name, side, message) in
        [("request", Side::Client, bytes::REQUEST.to_vec()), ("response", Side::Server, bytes::response())]
    {
        let mut reader = Reader::new(side);
        let mut buffers = Buffers::with_capacity(1 << 20);
        let mut count = Count::default();
        let mut piece =
            Piece { time: Timestamp::default(), offset: 0, acknowledged: 0, content: Content::Data(&message) };
        let mut pushed = 0;
        group.throughput(Throughput::Elements(1));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                reader.push(black_box(&piece), &mut buffers, &mut count);
                piece.offset += message.len() as u64;
                pushed += 1;
            });
        });
        assert_eq!(count.messages, pushed);
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
