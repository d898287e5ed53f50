//! Sections, where sources pass.

use super::*;

/// Frames of sources that take turns at three numbers, the first of which stays the same.
fn of_passing_sources(pcapng: &mut Pcapng, rounds: u8) -> Vec<String> {
    let mut expected = Vec::new();
    for round in 0..rounds {
        for number in 0..3_u16 {
            let last = if number == 0 { 0 } else { 2 * round + number as u8 };
            let source = Source { address: [10, 0, 3, last].into(), vni: 42 };
            pcapng.source(number, &source);
            pcapng.frame(&Frame { interface: number.into(), ..frame(&answer()) });
            expected.push(source.to_string());
        }
    }
    expected
}

#[test]
fn another_section_begins_where_one_has_described_all_it_may() {
    for (most, sections) in [(1, 120), (3, 40), (4, 27), (1000, 1)] {
        let (pcapng, output) = pcapng();
        let mut pcapng = Pcapng { most, ..pcapng };
        let expected = of_passing_sources(&mut pcapng, 40);
        pcapng.finish().unwrap();
        assert_eq!(pcapng.counts(), QueueCounts { written: 120, dropped: 0, failed: 0 });
        let file = lock(&output.0).clone();
        let (frames, names) = read(&file);
        let of: Vec<&str> = frames.iter().map(|frame| names[frame.0 as usize].as_deref().unwrap()).collect();
        assert_eq!(of, expected, "{most}");
        assert_eq!(memchr::memmem::find_iter(&file, &SECTION_HEADER).count(), sections, "{most}");
    }
}

#[test]
fn more_interfaces_than_a_section_has_room_for_are_read_again() {
    let (mut pcapng, output) = pcapng();
    let all = MAX_INTERFACES as u32 * 2 + 3;
    for interface in 0..all {
        pcapng.interface(interface, "eth0", 0);
        pcapng.frame(&Frame { interface, ..frame(b"x") });
    }
    pcapng.finish().unwrap();
    assert_eq!(pcapng.counts(), QueueCounts { written: all.into(), dropped: 0, failed: 0 });
    assert_eq!(read(&lock(&output.0)).0.len() as u32, all);
}

#[test]
fn sections_that_wait_for_a_stuck_output_are_few_and_it_is_whole_all_the_same() {
    let (go, waiting) = channel();
    let output = Shared::default();
    let slow = Output::stream(Box::new(Slow { go: waiting, output: output.clone() }), Framing::Blocks);
    let pcapng = Pcapng::new("pcapng:x".to_owned(), slow, 128 << 10, Overflow::Drop).unwrap();
    let mut pcapng = Pcapng { most: 2, ..pcapng };
    of_passing_sources(&mut pcapng, 50);
    assert!(lock(&pcapng.waiting).len() <= MAX_WAITING);
    drop(go);
    while lock(&pcapng.waiting).len() > 1 {
        pcapng.flush();
        std::thread::yield_now();
    }
    let last = Source { address: [10, 0, 3, 222].into(), vni: 42 };
    pcapng.source(1, &last);
    pcapng.frame(&Frame { interface: 1, ..frame(&answer()) });
    pcapng.finish().unwrap();
    let counts = pcapng.counts();
    assert_eq!(counts.written + counts.dropped + counts.failed, 151);
    let (frames, names) = read(&lock(&output.0));
    assert_eq!(frames.len() as u64, counts.written);
    assert_eq!(names[frames.last().unwrap().0 as usize], Some(last.to_string().into()));
}

#[test]
fn tshark_reads_every_section() {
    let shown = shown_by_tshark("sections", &["section_number", "interface_id"], |pcapng| {
        pcapng.most = 4;
        of_passing_sources(pcapng, 5);
    });
    if let Some(lines) = shown {
        let expected = "1|0 1|1 1|2 1|0 1|3 2|0 2|1 2|2 2|3 2|1 3|0 3|1 3|2 3|3 4|0";
        assert_eq!(lines.join(" "), expected);
    }
}
