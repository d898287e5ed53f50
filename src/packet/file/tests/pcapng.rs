//! pcapng.

use super::super::order::ByteOrder::{Big, Little};
use super::build::{Ng, ORDERS, Put};
use super::*;

const NAME: u16 = 2;
const RESOLUTION: u16 = 9;
const OFFSET: u16 = 14;

fn malformed(reading: &Reading) -> (u64, Problem) {
    let Some(FileError::Malformed { offset, problem }) = reading.error else { panic!("{:?}", reading.error) };
    (offset, problem)
}

#[test]
fn packets_are_read_in_both_byte_orders() {
    for order in ORDERS {
        let file = Ng::ethernet(order).enhanced(0, (7 << 32) | 5, b"one").enhanced_with(0, 6, b"two!", 1500, &[]);
        let reading = read(&file.bytes);
        assert_eq!(reading.whole(), [&b"one"[..], b"two!"]);
        assert_eq!(reading.frames[0].nanos, ((7 << 32) | 5) * 1000);
        assert_eq!((reading.frames[0].wire_len, reading.frames[1].wire_len), (3, 1500));
    }
}

#[test]
fn interfaces_are_numbered_over_all_sections() {
    let file = Ng::section(Little)
        .interface(1, 96, &[(NAME, b"eth0"), (0, b"")])
        .interface(113, 0, &[(NAME, b"any\0")])
        .enhanced(1, 1, b"a1")
        .enhanced(0, 2, b"a0")
        .then_section(Big)
        .interface(101, 0, &[])
        .enhanced(0, 3, b"b0")
        .interface(1, 0, &[(NAME, b"late"), (RESOLUTION, &[9])])
        .enhanced(1, 4, b"b1");
    let reading = read(&file.bytes);
    assert_eq!(reading.whole(), [b"a1", b"a0", b"b0", b"b1"]);
    let seen: Vec<_> = reading.frames.iter().map(|frame| (frame.interface, frame.link, frame.nanos)).collect();
    let expected = [
        (1, LinkType::LinuxSll, 1000),
        (0, LinkType::Ethernet, 2000),
        (2, LinkType::Raw, 3000),
        (3, LinkType::Ethernet, 4),
    ];
    assert_eq!(seen, expected);
    let names: Vec<_> = reading.interfaces.iter().map(|interface| interface.name.as_deref()).collect();
    assert_eq!(names, [Some("eth0"), Some("any"), None, Some("late")]);
    assert_eq!(reading.interfaces[0].snap_len, 96);
}

#[test]
fn time_stamps_follow_the_resolution_and_the_offset() {
    for order in ORDERS {
        let two_seconds = match order {
            Little => 2_u64.to_le_bytes(),
            Big => 2_u64.to_be_bytes(),
        };
        for (resolution, ticks, nanos) in
            [(0, 3, 3_000_000_000), (3, 1, 1_000_000), (9, 1, 1), (12, 5000, 5), (0x80 | 20, 1 << 19, 500_000_000)]
        {
            let options: [(u16, &[u8]); 2] = [(RESOLUTION, &[resolution]), (OFFSET, &two_seconds)];
            let file = Ng::section(order).interface(1, 0, &options).enhanced(0, ticks, b"x");
            assert_eq!(read(&file.bytes).frames[0].nanos, 2_000_000_000 + nanos, "{resolution:#x}");
        }
    }
}

#[test]
fn options_that_make_no_sense_count_as_absent() {
    let options: [(u16, &[u8]); 3] = [(RESOLUTION, b""), (OFFSET, b"\x01"), (RESOLUTION, b"\x01\x02")];
    let file = Ng::section(Little).interface(1, 0, &options).enhanced(0, 1, b"x");
    assert_eq!(read(&file.bytes).frames[0].nanos, 1000);
    // A length that leads out of the block, and one after the end of the options.
    for tail in [&[2, 0, 200, 0, b'e', b't', b'h', b'0'][..], &[0, 0, 0, 0, 2, 0, 4, 0, b'e', b't', b'h', b'0']] {
        let file = Ng::section(Little).block(1, |block| block.u32(1).u32(0).raw(tail)).enhanced(0, 1, b"x");
        let reading = read(&file.bytes);
        assert_eq!((reading.whole().len(), &reading.interfaces[0].name), (1, &None));
    }
}

#[test]
fn simple_packets_are_as_long_as_the_snapshot_length_lets_them_and_keep_the_time() {
    for order in ORDERS {
        let file = Ng::section(order).interface(1, 4, &[]).simple(9, b"cut!").enhanced(0, 8, b"x").simple(2, b"ok");
        let reading = read(&file.bytes);
        assert_eq!(reading.whole(), [&b"cut!"[..], b"x", b"ok"]);
        let seen: Vec<_> = reading.frames.iter().map(|frame| (frame.wire_len, frame.nanos)).collect();
        assert_eq!(seen, [(9, 0), (1, 8000), (2, 8000)]);
    }
    let unlimited = Ng::ethernet(Little).simple(5, b"whole");
    assert_eq!(read(&unlimited.bytes).whole(), [b"whole"]);
}

#[test]
fn obsolete_packet_blocks_are_read() {
    for order in ORDERS {
        let file = Ng::ethernet(order).interface(113, 0, &[]).obsolete(1, 0xffff, 12, b"old");
        let reading = read(&file.bytes);
        assert_eq!(reading.whole(), [b"old"]);
        assert_eq!((reading.frames[0].interface, reading.frames[0].nanos), (1, 12_000));
    }
}

#[test]
fn other_blocks_are_skipped_whatever_their_length() {
    let long = vec![0x5a; 3 * 256 * 1024];
    // Name resolution, statistics, secrets, a custom block, and one that nobody has defined.
    let file = [4, 5, 10, 0xbad, 0x7fff_ffff].iter().fold(Ng::ethernet(Little).enhanced(0, 0, b"a"), |file, kind| {
        file.block(*kind, |block| block.raw(b"something")).block(*kind, |block| block).block(*kind, |b| b.raw(&long))
    });
    let file = file.enhanced(0, 0, b"b");
    assert_eq!(read(&file.bytes).whole(), [b"a", b"b"]);
}

#[test]
fn options_of_packets_are_skipped_whatever_their_length() {
    let comment = vec![b'c'; 65_535];
    let options: Vec<(u16, &[u8])> = vec![(1, &comment); 20];
    let file = Ng::ethernet(Big).enhanced_with(0, 0, b"a", 1, &options).enhanced(0, 0, b"b");
    assert_eq!(read(&file.bytes).whole(), [b"a", b"b"]);
}

#[test]
fn a_file_cut_anywhere_gives_what_came_before() {
    let head = Ng::ethernet(Little).bytes.len();
    let file = Ng::ethernet(Little).enhanced_with(0, 0, b"a", 1, &[(1, b"comment")]).enhanced(0, 0, b"b").bytes;
    let second = file.len() - 36;
    for end in 4..file.len() {
        let reading = read(&file[..end]);
        if end == second || end == head || end == head - 20 {
            reading.whole();
            continue;
        }
        let (frames, offset) = reading.cut();
        if end > second {
            assert_eq!((frames[0], offset), (&b"a"[..], second as u64));
        } else if end > head {
            // All of the packet is there once its bytes are, before its options.
            assert_eq!((frames.len(), offset), (usize::from(end > head + 28), head as u64));
        } else {
            assert_eq!((frames.len(), offset), (0, if end > head - 20 { head as u64 - 20 } else { 0 }));
        }
    }
}

#[test]
fn lengths_that_cannot_be_are_malformed() {
    let head = Ng::ethernet(Little).bytes.len() as u64;
    for (kind, length) in [(99, 0), (99, 8), (99, 13), (99, u32::MAX), (6, 28), (6, 0), (3, 12), (2, 12), (1, 16)] {
        let file = Ng::ethernet(Little).u32(kind).u32(length).raw(&[0; 64]);
        assert_eq!(malformed(&read(&file.bytes)), (head, Problem::Length(length)), "{kind} {length}");
    }
    for length in [0, 24, 30] {
        let file = Ng::ethernet(Little).u32(0x0a0d_0d0a).u32(length).u32(0x1a2b_3c4d).u16(1).u16(0).raw(&[0; 64]);
        assert_eq!(malformed(&read(&file.bytes)), (head, Problem::Length(length)));
    }
}

#[test]
fn a_block_whose_lengths_differ_is_malformed_after_its_packet() {
    let mut file = Ng::ethernet(Little).enhanced(0, 0, b"a").enhanced(0, 0, b"b").bytes;
    let (offset, at) = (file.len() as u64 - 36, file.len() - 4);
    file[at] = 40;
    let reading = read(&file);
    assert_eq!(reading.frames.len(), 2);
    assert_eq!(malformed(&reading), (offset, Problem::Lengths { first: 36, last: 40 }));
}

#[test]
fn captured_bytes_must_fit_in_their_block() {
    let head = Ng::ethernet(Little).bytes.len() as u64;
    for captured in [5, u32::MAX] {
        let file = Ng::ethernet(Little)
            .block(6, |block| block.u32(0).u32(0).u32(0).u32(captured).u32(4).raw(b"four"))
            .enhanced(0, 0, b"never read");
        let problem = Problem::Captured { captured, length: 36 };
        assert_eq!(malformed(&read(&file.bytes)), (head, problem));
    }
    let simple = Ng::ethernet(Little).simple(5, b"four");
    assert_eq!(malformed(&read(&simple.bytes)).1, Problem::Captured { captured: 5, length: 20 });
}

#[test]
fn lengths_beyond_all_limits_are_refused_where_they_stand() {
    let head = Ng::ethernet(Little).bytes.len() as u64;
    let huge = u32::MAX - 3;
    let packet = |captured: u32| {
        let file = Ng::ethernet(Little).u32(6).u32(huge).u32(0).u32(0).u32(0).u32(captured).u32(captured);
        read(&file.raw(&[0; 64]).bytes).error.unwrap()
    };
    for captured in [MAX_CAPTURED + 1, huge - 32] {
        let FileError::TooLong { offset, length, .. } = packet(captured) else { panic!() };
        assert_eq!((offset, length), (head, captured));
    }
    let interface = Ng::ethernet(Little).u32(1).u32(huge).raw(&[0; 64]);
    let error = read(&interface.bytes).error;
    assert!(matches!(error, Some(FileError::TooLong { offset, length, .. }) if (offset, length) == (head, huge)));
}

#[test]
fn the_longest_packets_are_read() {
    let longest = vec![0xab; MAX_CAPTURED as usize];
    let file = Ng::ethernet(Big).enhanced(0, 0, &longest).enhanced(0, 0, b"short").simple(MAX_CAPTURED, &longest);
    assert_eq!(read(&file.bytes).whole(), [&longest[..], b"short", &longest]);
}

#[test]
fn packets_of_interfaces_that_nobody_described_are_refused() {
    let without = Ng::section(Little).bytes.len() as u64;
    for file in [
        Ng::section(Little).simple(1, b"x"),
        Ng::section(Little).enhanced(0, 0, b"x"),
        Ng::section(Little).obsolete(0, 0, 0, b"x"),
    ] {
        let error = read(&file.bytes).error;
        assert!(matches!(error, Some(FileError::NoInterface { offset, interface: 0 }) if offset == without));
    }
    // Those of the section before do not count, nor do those that come later.
    let file = Ng::ethernet(Little).then_section(Little).enhanced(0, 0, b"x").interface(1, 0, &[]);
    assert!(matches!(read(&file.bytes).error, Some(FileError::NoInterface { interface: 0, .. })));
    let file = Ng::ethernet(Little).enhanced(u32::MAX, 0, b"x");
    assert!(matches!(read(&file.bytes).error, Some(FileError::NoInterface { interface: u32::MAX, .. })));
}

#[test]
fn so_many_interfaces_and_no_more_are_kept() {
    let file = (0..MAX_INTERFACES).fold(Ng::section(Little), |file, _| file.interface(1, 0, &[]));
    let offset = file.bytes.len() as u64;
    let reading = read(&file.interface(1, 0, &[]).bytes);
    assert_eq!(reading.interfaces.len(), MAX_INTERFACES);
    let Some(FileError::TooManyInterfaces { offset: at, limit }) = reading.error else { panic!() };
    assert_eq!((at, limit), (offset, MAX_INTERFACES));
}

#[test]
fn interfaces_of_sections_that_are_over_give_way() {
    let half = MAX_INTERFACES / 2 + 1;
    let section = |file: Ng| (0..half).fold(file, |file, _| file.interface(1, 0, &[])).enhanced(3, 0, b"x");
    let file = section(section(section(Ng::section(Little)).then_section(Little)).then_section(Little));
    let reading = read(&file.bytes);
    assert!(reading.error.is_none());
    assert_eq!(reading.interfaces.len(), half);
    let numbers: Vec<u32> = reading.frames.iter().map(|frame| frame.interface).collect();
    assert_eq!(numbers, [0, 1, 2].map(|place| place * half as u32 + 3));
}

#[test]
fn sections_of_no_byte_order_or_another_version_are_refused() {
    let mut file = Ng::ethernet(Little).bytes;
    file[8] ^= 1;
    assert_eq!(malformed(&read(&file)), (0, Problem::ByteOrder(0x1a2b_3c4c)));
    let mut file = Ng::ethernet(Big).bytes;
    file[13] = 2;
    assert!(matches!(read(&file).error, Some(FileError::Version { offset: 0, major: 2, minor: 0 })));
}
