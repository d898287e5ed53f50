//! The hello of a TLS client.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use sidetap::protocol::tls::{ClientHelloReader, Progress};

fn vector16(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_be_bytes(), bytes].concat()
}

fn extension(kind: u16, body: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &vector16(body)].concat()
}

/// A record with a hello as clients of TLS 1.3 send it.
fn client_hello() -> Vec<u8> {
    let suites: Vec<u8> = [0x1302_u16, 0x1303, 0x1301, 0xc02c, 0xc030, 0xc02b, 0xc02f, 0xcca9, 0xcca8]
        .iter()
        .flat_map(|suite| suite.to_be_bytes())
        .collect();
    let extensions = [
        extension(0, &vector16(&[&[0][..], &vector16(b"shop.example.com")].concat())),
        extension(10, &vector16(&[0, 29, 0, 23, 0, 24])),
        extension(13, &vector16(&[4, 3, 8, 4, 4, 1, 5, 3, 8, 5, 5, 1])),
        extension(16, &vector16(b"\x02h2\x08http/1.1")),
        extension(43, &[4, 3, 4, 3, 3]),
        extension(51, &vector16(&[&[0, 29][..], &vector16(&[9; 32])].concat())),
    ]
    .concat();
    let body = [&[3, 3][..], &[7; 32], &[32], &[8; 32], &vector16(&suites), &[1, 0], &vector16(&extensions)].concat();
    let message = [&[1, 0][..], &vector16(&body)].concat();
    [&[22, 3, 1][..], &vector16(&message)].concat()
}

fn bench(criterion: &mut Criterion) {
    let record = client_hello();
    criterion.bench_function("tls/client hello", |bencher| {
        bencher.iter(|| {
            let mut input = black_box(&record[..]);
            let progress = ClientHelloReader::new().push(&mut input);
            assert!(matches!(progress, Progress::Hello(_)));
        });
    });
}

criterion_group!(benches, bench);
criterion_main!(benches);
