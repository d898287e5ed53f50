//! pcap.

use super::build::{MICROS, NANOS, Ng, ORDERS, Pcap, Put};
use super::*;

#[test]
fn records_are_read_in_both_byte_orders_and_both_resolutions() {
    for order in ORDERS {
        for (magic, unit) in [(MICROS, 1000), (NANOS, 1)] {
            let file = Pcap::new(order, magic).record(1, 5, b"one").record(u32::MAX, 999_999, b"two");
            let reading = read(&file.bytes);
            assert_eq!(reading.whole(), [b"one", b"two"]);
            assert_eq!(reading.frames[0].nanos, 1_000_000_000 + 5 * unit);
            assert_eq!(reading.frames[1].nanos, u64::from(u32::MAX) * 1_000_000_000 + 999_999 * unit);
            assert_eq!(reading.interfaces, [Interface::new(None, LinkType::Ethernet, 65_535)]);
        }
    }
}

#[test]
fn the_upper_bits_of_the_link_type_are_not_part_of_it() {
    for order in ORDERS {
        let file = Pcap::with_header(order, MICROS, (2, 4), 0x4400_0000 | 276).record(0, 0, b"x");
        assert_eq!(read(&file.bytes).frames[0].link, LinkType::LinuxSll2);
    }
}

#[test]
fn a_file_without_packets_is_no_error() {
    assert!(read(&Pcap::new(ORDERS[0], MICROS).bytes).whole().is_empty());
}

#[test]
fn packets_may_be_empty_or_cut() {
    let file = Pcap::new(ORDERS[0], MICROS).record(0, 0, b"").header(0, 0, 0, 1500).header(0, 0, 3, 9000).raw(b"cut");
    let reading = read(&file.bytes);
    assert_eq!(reading.whole(), [&b""[..], b"", b"cut"]);
    let lengths: Vec<u32> = reading.frames.iter().map(|frame| frame.wire_len).collect();
    assert_eq!(lengths, [0, 1500, 9000]);
}

#[test]
fn a_packet_with_more_captured_than_there_was_is_as_long_as_what_was_captured() {
    let file = Pcap::new(ORDERS[0], MICROS).header(0, 0, 6, 2).raw(b"padded");
    let reading = read(&file.bytes);
    assert_eq!(reading.whole(), [b"padded"]);
    assert_eq!(reading.frames[0].wire_len, 6);
}

#[test]
fn old_versions_swap_the_two_lengths() {
    for (minor, first, second) in [(2, 9, 3), (3, 9, 3), (3, 3, 9), (4, 3, 9)] {
        let file = Pcap::with_header(ORDERS[1], MICROS, (2, minor), 1).header(0, 0, first, second).raw(b"cut");
        let reading = read(&file.bytes);
        assert_eq!(reading.whole(), [b"cut"], "2.{minor}");
        assert_eq!(reading.frames[0].wire_len, 9);
    }
}

#[test]
fn other_versions_are_refused() {
    for major in [0, 1, 3] {
        let file = Pcap::with_header(ORDERS[0], MICROS, (major, 4), 1);
        let error = read(&file.bytes).error;
        assert!(matches!(error, Some(FileError::Version { offset: 0, minor: 4, .. })), "{error:?}");
    }
}

#[test]
fn a_file_cut_anywhere_gives_what_came_before() {
    let header = Pcap::new(ORDERS[0], MICROS);
    let records = Pcap::new(ORDERS[0], MICROS).record(1, 0, b"first").record(2, 0, b"second");
    let (start, second) = (header.bytes.len(), header.bytes.len() + 16 + 5);
    for end in 4..records.bytes.len() {
        let reading = read(&records.bytes[..end]);
        if end == start {
            assert!(reading.whole().is_empty());
        } else if end < start {
            assert_eq!(reading.cut(), (vec![], 0), "{end}");
        } else if end < second {
            assert_eq!(reading.cut(), (vec![], start as u64), "{end}");
        } else if end == second {
            assert_eq!(reading.whole(), [b"first"]);
        } else {
            assert_eq!(reading.cut(), (vec![&b"first"[..]], second as u64), "{end}");
        }
    }
}

#[test]
fn a_second_capture_is_told_from_a_bad_packet() {
    for order in ORDERS {
        let pcap = Pcap::new(order, NANOS).record(1, 0, b"one").bytes;
        let pcapng = Ng::ethernet(order).enhanced(0, 1, b"one").bytes;
        for other in ORDERS {
            let other_pcap = Pcap::new(other, MICROS).record(2, 0, b"two").bytes;
            let other_pcapng = Ng::ethernet(other).enhanced(0, 2, b"two").bytes;
            for (first, second) in [(&pcap, &other_pcap), (&pcap, &other_pcapng), (&pcapng, &other_pcap)] {
                let reading = read(&[&first[..], second].concat());
                assert_eq!(reading.frames.len(), 1);
                let Some(FileError::SecondCapture { offset }) = reading.error else { panic!("{:?}", reading.error) };
                assert_eq!(offset, first.len() as u64);
            }
        }
    }
}

#[test]
fn a_length_beyond_all_limits_is_refused_where_it_stands() {
    let whole = Pcap::new(ORDERS[0], MICROS).record(0, 0, b"ok");
    let offset = whole.bytes.len() as u64;
    for length in [MAX_CAPTURED + 1, u32::MAX] {
        let file = Pcap::new(ORDERS[0], MICROS).record(0, 0, b"ok").header(0, 0, length, length);
        let reading = read(&file.bytes);
        assert_eq!(reading.frames.len(), 1);
        let Some(FileError::TooLong { offset: at, length: stated, limit }) = reading.error else { panic!() };
        assert_eq!((at, stated, limit), (offset, length, MAX_CAPTURED));
    }
}

#[test]
fn the_longest_packets_are_read() {
    let longest = vec![0xab; MAX_CAPTURED as usize];
    let file = Pcap::new(ORDERS[0], MICROS).record(0, 0, &longest).record(0, 0, b"short").record(0, 0, &longest);
    assert_eq!(read(&file.bytes).whole(), [&longest[..], b"short", &longest]);
}

#[test]
fn what_is_no_capture_file_is_named() {
    let error = |bytes: &[u8]| read(bytes).error.unwrap();
    assert!(matches!(error(b""), FileError::Empty));
    let looks = |bytes: &[u8]| match error(bytes) {
        FileError::UnknownFormat { looks_like, compressed: false } => looks_like,
        other => panic!("{other:?}"),
    };
    assert_eq!(looks(&[0xd4]), None);
    assert_eq!(looks(&[0xd4, 0xc3, 0xb2]), None);
    assert_eq!(looks(b"{\"log\": {\"entries\": []}}"), Some(Lookalike::Json));
    assert_eq!(looks(b"snoop\0\0\0\0\0\0\x02\0\0\0\x04"), Some(Lookalike::Snoop));
    assert_eq!(looks(&[0x34, 0xcd, 0xb2, 0xa1, 2, 0, 4, 0]), Some(Lookalike::ModifiedPcap(0xa1b2_cd34)));
    assert_eq!(
        error(&[0xa1, 0xb2, 0xcd, 0x34]).to_string(),
        "not a pcap or pcapng file; it looks like a modified pcap (0xa1b2cd34)"
    );
}
