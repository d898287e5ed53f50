//! Frames that are longer than the budget, and what was captured in part.

use super::super::*;
use super::frames::*;

#[test]
fn a_frame_of_exactly_the_budget_passes_and_one_byte_more_does_not() {
    let frame = Maker::v4().tcp(ACK | PSH, 7, &[1; 12], &[5; 1000]);
    let (made, _) = cut_one(frame.len(), Oversize::Drop, &packet(&frame));
    assert_eq!(made, [&frame[..]]);
    let (made, counts) = cut_one(frame.len() - 1, Oversize::Drop, &packet(&frame));
    assert_eq!((made.len(), counts.dropped_oversize), (0, 1));
}

#[test]
fn tcp_is_split_without_loss() {
    let frame = Maker::v6().tcp(ACK | PSH, 7, &[1; 12], &[5; 8900]);
    let (made, counts) = cut_one(8500, Oversize::Split, &packet(&frame));
    let seen: Vec<_> = made.iter().map(|frame| Seen::of(frame)).collect();
    seen.iter().for_each(|seen| seen.assert_right(6));
    assert_eq!(seen.iter().map(Seen::flags).collect::<Vec<_>>(), [ACK, ACK | PSH]);
    assert_eq!(seen.iter().map(|seen| seen.tcp_payload().len()).sum::<usize>(), 8900);
    assert_eq!((made[0].len(), counts.split, counts.segments, counts.super_frames), (8500, 1, 2, 0));
}

#[test]
fn a_wrong_checksum_stays_wrong() {
    let mut frame = Maker::v4().tcp(ACK | PSH, 7, &[], &[5; 3000]);
    frame[50] ^= 0x40;
    let (made, counts) = cut_one(1514, Oversize::Split, &packet(&frame));
    assert_eq!((made.len(), counts.split), (3, 1));
    for made in made {
        let (network, message) = (&made[14..34], &made[34..]);
        let length = (message.len() as u16).to_be_bytes();
        let pseudo_header = [&network[12..20], &[0, 6], &length].concat();
        assert_ne!(slow_checksum(&[&pseudo_header, message]), 0);
    }
}

#[test]
fn the_urgent_pointer_points_to_the_same_byte() {
    const URG: u8 = 0x20;
    let mut frame = Maker::v4().tcp(ACK | URG, 7, &[], &[5; 3000]);
    frame[52..54].copy_from_slice(&1500_u16.to_be_bytes());
    let (made, _) = cut_one(54 + 1000, Oversize::Split, &packet(&frame));
    let urgent: Vec<_> = made.iter().map(|made| (made[47] & URG != 0, [made[52], made[53]])).collect();
    let at = |byte: u16| byte.to_be_bytes();
    assert_eq!(urgent, [(true, at(1500)), (true, at(500)), (false, at(0))]);
}

#[test]
fn anything_else_is_truncated_with_its_lengths_intact() {
    let mut fragment = Maker::v4().tcp(ACK, 7, &[], &[5; 3000]);
    fragment[20] = 0x20;
    let mut arp = vec![2; 2000];
    arp[12..14].copy_from_slice(&[0x08, 0x06]);
    for frame in [Maker::v4().udp([1, 2], &[5; 3000]), fragment, arp] {
        let (made, counts) = cut_one(1514, Oversize::Split, &packet(&frame));
        assert_eq!(made, [&frame[..1514]]);
        assert_eq!((counts.truncated, counts.split, counts.malformed), (1, 0, 0));
    }
}

#[test]
fn what_is_truncated_has_the_checksum_of_the_whole() {
    let right = Maker::v4().udp([1, 2], &[5; 3000]);
    let mut frame = right.clone();
    let packet = unfinish(&mut frame, None, 34, UDP);
    for policy in [Oversize::Split, Oversize::Truncate] {
        assert_eq!(cut_one(1514, policy, &packet).0, [&right[..1514]]);
    }
}

#[test]
fn truncation_spares_no_tcp_where_it_is_asked_for() {
    let frame = Maker::v4().tcp(ACK, 7, &[], &[5; 3000]);
    let (made, counts) = cut_one(1514, Oversize::Truncate, &packet(&frame));
    assert_eq!(made, [&frame[..1514]]);
    assert_eq!(counts.truncated, 1);
}

#[test]
fn a_budget_without_room_for_headers_truncates_and_one_of_nothing_drops() {
    let frame = Maker::v4().tcp(ACK, 7, &[], &[5; 3000]);
    for offload in [None, Some(offload(GsoType::TcpV4, 1400))] {
        let packet = RingPacket { offload, ..packet(&frame) };
        for budget in [1, 13, 40, 54] {
            assert_eq!(cut_one(budget, Oversize::Split, &packet).0, [&frame[..budget]]);
        }
        let (made, counts) = cut_one(0, Oversize::Split, &packet);
        assert_eq!((made.len(), counts.dropped_oversize), (0, 1));
    }
}

#[test]
fn a_new_budget_is_for_the_frames_from_then_on() {
    let frame = Maker::v4().udp([1, 2], &[5; 100]);
    let mut segmenter = Segmenter::new(1000, Oversize::Truncate);
    assert_eq!(cut(&mut segmenter, &packet(&frame), LinkType::Ethernet), [&frame[..]]);
    segmenter.set_budget(100);
    assert_eq!(cut(&mut segmenter, &packet(&frame), LinkType::Ethernet), [&frame[..100]]);
}

#[test]
fn what_was_captured_in_part_passes_with_its_lengths() {
    let frame = Maker::v4().udp([1, 2], &[5; 3000]);
    let packet = RingPacket { bytes: &frame[..256], ..packet(&frame) };
    for policy in [Oversize::Split, Oversize::Drop] {
        let (made, counts) = cut_one(1514, policy, &packet);
        assert_eq!(made, [&frame[..256]]);
        assert_eq!((counts.snapped, counts.malformed), (1, 0));
    }
}

#[test]
fn contradictory_headers_pass_and_are_counted_where_something_was_to_do() {
    let good = Maker::v4().tcp(ACK, 7, &[], &[5; 100]);
    for (at, value) in [(14, 0x41), (14, 0x95), (16, 0)] {
        let mut frame = good.clone();
        frame[at] = value;
        frame[17] = 10;
        let offload = Some(offload(GsoType::TcpV4, 50));
        let (made, counts) = cut_one(1514, Oversize::Split, &RingPacket { offload, ..packet(&frame) });
        assert_eq!(made, [&frame[..]]);
        assert_eq!(counts.malformed, 1);
        let (made, _) = cut_one(100, Oversize::Split, &packet(&frame));
        assert_eq!(made, [&frame[..100]]);
    }
}

#[test]
fn headers_too_long_to_write_anew_leave_the_frame_to_the_policy() {
    let mut extension = vec![0; 600];
    extension[..2].copy_from_slice(&[6, 74]);
    extension[2..4].copy_from_slice(&[1, 255]);
    let maker = Maker { ip_options: extension, extension: Some(60), ..Maker::v6() };
    let frame = maker.tcp(ACK, 7, &[], &[5; 3000]);
    let packet = RingPacket { offload: Some(offload(GsoType::TcpV6, 1000)), ..packet(&frame) };
    let (made, counts) = cut_one(1514, Oversize::Split, &packet);
    assert_eq!((made.len(), counts.uncut, counts.super_frames), (1, 1, 0));
}
