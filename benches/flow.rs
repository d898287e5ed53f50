//! Segments in order, of many connections in turns.

mod bytes;

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sidetap::flow::{Direction, EndKind, FlowTable, Identity, Interest, Limits, Piece, Reader, Summary};
use sidetap::packet::decode::{Decoded, Packet, Transport, decode};
use sidetap::packet::tcp::{Flags, Segment};
use sidetap::packet::{Address, Timestamp};

/// Adds up what it is handed.
#[derive(Default)]
struct Count(u64);

impl Reader for Count {
    type State = ();

    fn piece(&mut self, _: &Identity, _: &mut (), _: Direction, piece: Piece<'_>) -> Interest {
        self.0 += piece.content.len();
        Interest::Bytes
    }

    fn end(&mut self, _: &Identity, _: &mut (), _: Direction, _: EndKind, _: Timestamp) {}

    fn close(&mut self, _: &Identity, _: &mut (), _: &Summary) {}
}

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("flow/in order");
    for connections in [64, 20_000] {
        let limits = Limits { connections: 32_768, early_bytes: 1 << 20, hole_timeout: Duration::from_secs(10) };
        let mut table = FlowTable::new(limits);
        let mut count = Count::default();
        let time = Timestamp::from_nanos(1_700_000_000_000_000_000);
        let segment = |connection: u16, sequence, flags, payload: &'static [u8]| {
            let bytes = bytes::frame(connection, bytes::From::Client, sequence, 1, flags, payload);
            let Ok(Decoded::Packet(Packet { realm, source, destination, transport: Transport::Tcp(segment) })) =
                decode(&bytes::captured(&bytes, 0))
            else {
                unreachable!("the frame is right")
            };
            let addresses: [Address; 2] = [source, destination];
            (realm, addresses, Segment { payload, ..segment })
        };
        for connection in 0..connections {
            let (realm, [source, destination], syn) = segment(connection, 0, bytes::SYN, b"");
            table.segment((realm, source, destination), &syn, time, 0, &mut count);
            let answer = Segment {
                source_port: syn.destination_port,
                destination_port: syn.source_port,
                acknowledgement: 1,
                flags: Flags::SYN.and(Flags::ACK),
                ..syn
            };
            table.segment((realm, destination, source), &answer, time, 0, &mut count);
        }
        let mut segments: Vec<_> =
            (0..connections).map(|connection| segment(connection, 1, bytes::ACK, bytes::REQUEST)).collect();
        group.throughput(Throughput::Elements(connections.into()));
        group.bench_function(format!("{connections} connections"), |bencher| {
            bencher.iter(|| {
                for (realm, [source, destination], segment) in &mut segments {
                    table.segment((*realm, *source, *destination), segment, time, 0, &mut count);
                    segment.sequence = segment.sequence.wrapping_add(segment.payload_len);
                }
            });
        });
        assert_eq!(count.0, table.ledger().delivered);
        assert_eq!(table.ledger().bytes_in, table.ledger().delivered);
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
