//! Inputs that mean harm. What must hold for each, [`read_from`] asserts.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::order::ByteOrder;
use super::build::{MICROS, NANOS, Ng, ORDERS, Pcap, Put};
use super::*;

/// Starts that lead a reader on.
fn starts() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(Vec::new()),
        Just(vec![0x1f, 0x8b, 8, 0]),
        order().prop_map(|order| Pcap::new(order, MICROS).bytes),
        order().prop_map(|order| Pcap::new(order, NANOS).bytes[..4].to_vec()),
        order().prop_map(|order| Ng::section(order).bytes),
        order().prop_map(|order| Ng::ethernet(order).bytes),
    ]
}

fn order() -> impl Strategy<Value = ByteOrder> {
    prop::sample::select(&ORDERS[..])
}

/// Blocks with a type that means something, a body that does not, and lengths that match.
fn block() -> impl Strategy<Value = (u32, Vec<u8>)> {
    (prop_oneof![0..8_u32, Just(0x0a0d_0d0a), any::<u32>()], vec(prop_oneof![Just(0), any::<u8>()], 0..80))
}

/// A file of each kind, with all kinds of blocks.
fn valid(order: ByteOrder) -> [Vec<u8>; 2] {
    let pcap = Pcap::new(order, NANOS).record(1, 2, b"one").record(3, 4, b"").header(5, 6, 2, 9).raw(b"cd");
    let pcapng = Ng::section(order)
        .interface(1, 100, &[(2, b"eth0"), (9, &[0x86]), (14, &[0, 0, 0, 1, 0, 0, 0, 0])])
        .enhanced_with(0, 5, b"one", 60, &[(1, b"comment"), (2, &[1, 0, 0, 0])])
        .simple(3, b"two")
        .obsolete(0, 1, 9, b"three")
        .block(5, |block| block.raw(b"statistics"))
        .then_section(order)
        .interface(113, 0, &[])
        .enhanced(0, 9, b"four");
    [pcap.bytes, pcapng.bytes]
}

proptest! {
    #[test]
    fn any_bytes_are_read_to_an_end(start in starts(), rest in vec(any::<u8>(), 0..400)) {
        let bytes = [start, rest].concat();
        prop_assert!(read(&bytes).frames.len() <= bytes.len());
    }

    #[test]
    fn any_blocks_are_read_to_an_end(order in order(), blocks in vec(block(), 0..20)) {
        let file = blocks.into_iter().fold(Ng::ethernet(order), |file, (kind, body)| {
            file.block(kind, |block| block.raw(&body))
        });
        prop_assert!(read(&file.bytes).frames.len() <= file.bytes.len());
    }

    #[test]
    fn valid_files_that_were_changed_are_read_to_an_end(
        order in order(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        end in any::<prop::sample::Index>(),
        cut in any::<bool>(),
    ) {
        for mut file in valid(order) {
            for (at, byte) in &changes {
                let at = at.index(file.len());
                file[at] = *byte;
            }
            if cut {
                file.truncate(end.index(file.len()));
            }
            let reading = read(&file);
            prop_assert!(reading.frames.len() <= file.len());
            let slowly = pieces(&file, &[1]);
            prop_assert_eq!(&reading.frames, &slowly.frames);
            prop_assert_eq!(reading.error.map(|error| error.to_string()), slowly.error.map(|error| error.to_string()));
        }
    }
}

#[test]
fn every_byte_of_a_valid_file_can_take_every_value() {
    for order in ORDERS {
        for file in valid(order) {
            for at in 0..file.len() {
                for value in [0, 1, 0x7f, 0x80, 0xff] {
                    let mut changed = file.clone();
                    changed[at] = value;
                    read(&changed);
                }
            }
        }
    }
}

#[test]
fn an_endless_stream_of_empty_blocks_is_read_as_it_comes() {
    let empty = Ng::section(ORDERS[0]).bytes.len();
    let block = Ng::section(ORDERS[0]).block(99, |block| block).bytes.split_off(empty);
    let file = [Ng::ethernet(ORDERS[0]).bytes, block.repeat(100_000)].concat();
    assert!(read(&file).whole().is_empty());
}
