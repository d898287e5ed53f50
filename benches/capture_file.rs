//! A pcap file, from memory.

mod bytes;

use std::io::{Cursor, Read};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use sidetap::packet::file::CaptureFile;

const PACKETS: u32 = 10_000;

fn pcap() -> Vec<u8> {
    let frame = bytes::frame(7, bytes::From::Client, 1, 1, bytes::ACK, bytes::REQUEST);
    let length = (frame.len() as u32).to_le_bytes();
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0];
    for number in 0..PACKETS {
        file.extend(1_700_000_000_u32.to_le_bytes());
        file.extend((2 * number).to_le_bytes());
        file.extend(length);
        file.extend(length);
        file.extend(&frame);
    }
    file
}

fn bench(criterion: &mut Criterion) {
    let file = pcap();
    let mut group = criterion.benchmark_group("capture file");
    group.throughput(Throughput::Elements(PACKETS.into()));
    group.bench_function("pcap", |bencher| {
        bencher.iter_batched(
            || Box::new(Cursor::new(file.clone())) as Box<dyn Read + Send>,
            |source| {
                let mut file = CaptureFile::from_reader(source).expect("the file is right");
                let mut packets = 0;
                while let Ok(Some(_)) = file.next() {
                    packets += 1;
                }
                assert_eq!(packets, PACKETS);
                file
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
