//! Frames that fit, of what a ring captured; and the checksum, which most of that is.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

#[cfg(target_os = "linux")]
mod bytes;

#[cfg(target_os = "linux")]
fn segment(criterion: &mut Criterion) {
    use sidetap::packet::ring::{Checksum, GsoType, Offload, RingPacket};
    use sidetap::packet::segment::{Oversize, Segmenter};
    use sidetap::packet::{LinkType, Timestamp};

    let frame = |payload: usize| bytes::frame(7, bytes::From::Client, 1, 1, bytes::ACK, &vec![b'x'; payload]);
    let offload = |gso_type| Offload {
        gso_type,
        ecn: false,
        gso_size: 1460,
        hdr_len: 54,
        csum_start: 34,
        csum_offset: 16,
        needs_csum: true,
    };
    for (name, payload, offload) in [
        ("unchanged/1460", 1460, None),
        ("completed/54", 54, Some(offload(GsoType::None))),
        ("completed/1460", 1460, Some(offload(GsoType::None))),
        ("super_frame/64KiB", 65_000, Some(offload(GsoType::TcpV4))),
    ] {
        let bytes = frame(payload);
        let packet = RingPacket {
            time: Timestamp::from_parts(0, 0),
            bytes: &bytes,
            wire_len: bytes.len() as u32,
            vlan: None,
            checksum: if offload.is_some() { Checksum::NotReady } else { Checksum::Valid },
            offload,
            outgoing: true,
        };
        let mut segmenter = Segmenter::new(1514, Oversize::Split);
        criterion.bench_function(&format!("segment/{name}"), |bencher| {
            bencher.iter(|| {
                segmenter.cut(black_box(&packet), LinkType::Ethernet, &mut |head, rest| {
                    black_box((head, rest));
                });
            });
        });
    }
}

#[cfg(not(target_os = "linux"))]
fn segment(_: &mut Criterion) {}

fn checksum(criterion: &mut Criterion) {
    use sidetap::packet::checksum::Sum;

    let mut group = criterion.benchmark_group("checksum");
    for length in [20, 1460, 65_000] {
        let bytes: Vec<u8> = (0..length).map(|at| at as u8).collect();
        group.throughput(Throughput::Bytes(length as u64));
        group.bench_function(length.to_string(), |bencher| bencher.iter(|| Sum::of(black_box(&bytes)).checksum()));
    }
}

criterion_group!(benches, checksum, segment);
criterion_main!(benches);
