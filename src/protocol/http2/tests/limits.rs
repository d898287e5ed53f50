//! Memory under attack.

use super::super::{Connection, MAX_MEMORY, MAX_STREAMS, Scratch};
use super::record::Event;
use super::*;

#[test]
fn a_new_connection_takes_nothing_and_an_ordinary_one_little() {
    assert_eq!(Connection::new().memory(), 0);
    let mut bench = Bench::new();
    for n in 0..1000 {
        bench.get(n * 2 + 1, true);
        bench.headers(Server, n * 2 + 1, OK, false);
        bench.data(Server, n * 2 + 1, &[0; 3000], true);
    }
    assert!(bench.connection.memory() < 4096, "{}", bench.connection.memory());
    let mut shared = Scratch::default();
    bench.connection.swap_scratch(&mut shared);
    assert!(shared.memory() > 0 && bench.connection.memory() < 1024, "{}", bench.connection.memory());
}

#[test]
fn a_continuation_flood_is_bounded() {
    let mut bench = Bench::new();
    bench.send(Client, &frame(1, 1, 1, &[0x84; 100]));
    let mut most = 0;
    for _ in 0..2000 {
        bench.send(Client, &frame(9, 0, 1, &[0x84; 16_000]));
        most = most.max(bench.connection.memory());
    }
    assert!(most <= 256 << 10, "{most}");
    assert!(bench.connection.memory() <= 8 << 10, "{}", bench.connection.memory());
}

#[test]
fn a_thousand_open_streams_are_bounded_and_the_idle_ones_give_way() {
    let mut bench = Bench::new();
    for n in 0..1000 {
        bench.headers(Client, n * 2 + 1, POST, false);
        // The first stays in use.
        bench.data(Client, 1, b"x", false);
    }
    let evicted = bench.events().iter().filter(|event| matches!(event, Event::Evicted(_))).count();
    assert_eq!(evicted, 1000 - MAX_STREAMS);
    assert!(bench.connection.memory() <= 64 << 10, "{}", bench.connection.memory());
    bench.headers(Server, 1, OK, true);
    bench.headers(Server, 3, OK, true);
    assert_eq!(bench.kinds(), [(1, Kind::Response)], "nothing is told of one that gave way");
}

#[test]
fn everything_at_once_is_bounded() {
    let mut bench = Bench::new();
    let large = 1 << 20;
    for side in [Client, Server] {
        bench.send(side, &writer::settings(&[(1, large), (5, large)]));
    }
    let mut most = 0;
    for side in [Client, Server] {
        for n in 0..400_u32 {
            let stream = n * 2 + 1;
            // A table of 1 MiB, filled with entries of all sizes.
            let mut block = vec![0x3f, 0xe1, 0xff, 0x3f];
            for entry in 0..20 {
                block.push(0x40);
                let name = "n".repeat(1 + (n as usize * 37 + entry * 997) % 900);
                crate::protocol::hpack::tests::encoder::string(&mut block, name.as_bytes(), false);
                crate::protocol::hpack::tests::encoder::string(&mut block, &[b'v'; 1500], false);
            }
            bench.send(side, &frame(1, 4, stream, &block));
            bench.send(side, &frame(1, 0, stream + 1000, &vec![0x84; 60_000])[..50_000]);
            most = most.max(bench.connection.memory());
            bench.lose(side, 10_009);
            most = most.max(bench.connection.memory());
            let three = [frame(0, 0, stream, b"a"), frame(0, 0, stream, b"b"), frame(0, 0, stream, b"c")].concat();
            bench.send(side, &[0xff; 70_000]);
            most = most.max(bench.connection.memory());
            bench.send(side, &three);
        }
        bench.lose(side, u64::MAX as usize);
        bench.send(side, &frame(0, 0, 1, &[0; 15_000])[..14_000]);
        most = most.max(bench.connection.memory());
        bench.events();
    }
    assert!(most <= MAX_MEMORY, "{most}");
}
