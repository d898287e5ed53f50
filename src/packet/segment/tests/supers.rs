//! Super-frames.

use super::super::*;
use super::frames::*;

const BUDGET: usize = 1514;

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 7 % 251) as u8).collect()
}

#[test]
fn tcp_becomes_what_the_interface_would_have_sent() {
    let maker = Maker::v4();
    let payload = bytes(3000);
    let mut frame = maker.tcp(ACK | PSH | FIN | CWR, 0xffff_ff00, &[1; 12], &payload);
    let packet = with_ecn(unfinish(&mut frame, Some((GsoType::TcpV4, 1400)), 34, TCP));
    let (made, counts) = cut_one(BUDGET, Oversize::Drop, &packet);
    let seen: Vec<_> = made.iter().map(|frame| Seen::of(frame)).collect();
    seen.iter().for_each(|seen| seen.assert_right(6));
    assert_eq!(seen.iter().map(|seen| seen.tcp_payload().len()).collect::<Vec<_>>(), [1400, 1400, 200]);
    assert_eq!(seen.iter().map(Seen::id).collect::<Vec<_>>(), [0xfffe, 0xffff, 0]);
    assert_eq!(seen.iter().map(Seen::sequence).collect::<Vec<_>>(), [0xffff_ff00, 0x478, 0x9f0]);
    assert_eq!(seen.iter().map(Seen::flags).collect::<Vec<_>>(), [ACK | CWR, ACK, ACK | PSH | FIN]);
    assert_eq!(seen.iter().flat_map(|seen| seen.tcp_payload().to_vec()).collect::<Vec<_>>(), payload);
    assert_eq!((counts.super_frames, counts.segments, counts.checksums_completed, counts.split), (1, 3, 3, 0));
}

fn with_ecn(packet: RingPacket<'_>) -> RingPacket<'_> {
    RingPacket { offload: packet.offload.map(|offload| Offload { ecn: true, ..offload }), ..packet }
}

#[test]
fn the_counter_of_accurate_ecn_is_on_every_segment_and_the_flag_of_classic_ecn_on_the_first() {
    let frame = Maker::v4().tcp(ACK | CWR, 1, &[], &bytes(3000));
    let accurate = RingPacket { offload: Some(offload(GsoType::TcpV4, 1400)), ..packet(&frame) };
    let flags = |packet: &RingPacket<'_>| -> Vec<u8> {
        let (made, _) = cut_one(BUDGET, Oversize::Split, packet);
        made.iter().map(|frame| Seen::of(frame).flags()).collect()
    };
    assert_eq!(flags(&accurate), [ACK | CWR; 3]);
    assert_eq!(flags(&with_ecn(accurate)), [ACK | CWR, ACK, ACK]);
    // Nobody says which of the two it is.
    assert_eq!(flags(&packet(&frame)), [ACK | CWR, ACK, ACK]);
}

#[test]
fn a_frame_that_was_joined_on_arrival_gets_a_checksum_for_each_segment() {
    for maker in [Maker::v4(), Maker::v6()] {
        let frame = maker.tcp(ACK, 1, &[], &bytes(2801));
        let packet = RingPacket {
            checksum: Checksum::Valid,
            offload: Some(offload(if maker.v6 { GsoType::TcpV6 } else { GsoType::TcpV4 }, 1400)),
            ..packet(&frame)
        };
        let (made, counts) = cut_one(BUDGET, Oversize::Split, &packet);
        made.iter().for_each(|frame| Seen::of(frame).assert_right(6));
        assert_eq!((made.len(), counts.checksums_completed, counts.checksums_unfinished), (3, 0, 0));
    }
}

#[test]
fn segments_that_would_not_fit_are_as_large_as_fits() {
    let frame = Maker::v4().tcp(ACK, 1, &[1; 12], &bytes(30_000));
    let packet = RingPacket { offload: Some(offload(GsoType::TcpV4, 8949)), ..packet(&frame) };
    for policy in [Oversize::Split, Oversize::Truncate, Oversize::Drop] {
        let (made, counts) = cut_one(8965, policy, &packet);
        assert_eq!(made.iter().map(Vec::len).collect::<Vec<_>>(), [8965, 8965, 8965, 3369]);
        assert_eq!((counts.super_frames, counts.truncated, counts.dropped_oversize), (1, 0, 0));
    }
}

#[test]
fn one_segment_stays_one_even_if_it_says_how_long_segments_are() {
    let frame = Maker::v4().tcp(ACK, 1, &[], &bytes(1400));
    let packet = RingPacket { offload: Some(offload(GsoType::TcpV4, 1400)), ..packet(&frame) };
    let (made, counts) = cut_one(BUDGET, Oversize::Split, &packet);
    assert_eq!(made, [frame]);
    assert_eq!((counts.super_frames, counts.segments), (0, 0));
}

#[test]
fn a_reset_is_at_the_end_and_an_opening_at_the_start() {
    let frame = Maker::v4().tcp(SYN | RST, 100, &[], &bytes(2000));
    let packet = RingPacket { offload: Some(offload(GsoType::TcpV4, 1000)), ..packet(&frame) };
    let (made, _) = cut_one(BUDGET, Oversize::Split, &packet);
    let seen: Vec<_> = made.iter().map(|frame| Seen::of(frame)).collect();
    assert_eq!(seen.iter().map(Seen::flags).collect::<Vec<_>>(), [SYN, RST]);
    // The SYN has a number of its own.
    assert_eq!(seen.iter().map(Seen::sequence).collect::<Vec<_>>(), [100, 1101]);
}

#[test]
fn tags_and_extensions_are_repeated() {
    let maker =
        Maker { tags: vec![5, 6], ip_options: vec![6, 0, 1, 4, 0, 0, 0, 0], extension: Some(60), ..Maker::v6() };
    let mut frame = maker.tcp(ACK, 1, &[], &bytes(2500));
    let captured = frame.clone();
    let packet = unfinish(&mut frame, Some((GsoType::TcpV6, 1000)), maker.transport(), TCP);
    let (made, _) = cut_one(BUDGET, Oversize::Split, &packet);
    assert_eq!(made.len(), 3);
    for frame in &made {
        Seen::of(frame).assert_right(6);
        assert_eq!(frame[..26], captured[..26]);
        assert_eq!(frame[62..70], captured[62..70]);
    }
}

#[test]
fn beyond_64_kib_the_length_is_the_frames_and_the_jumbo_option_goes() {
    let payload = bytes(100_000);
    let mut v4 = Maker::v4().tcp(ACK, 1, &[], &payload);
    v4[16..18].fill(0);
    let jumbo = Maker { ip_options: vec![6, 0, 0xc2, 4, 0, 1, 0x86, 0xb4], extension: Some(0), ..Maker::v6() };
    let mut v6 = jumbo.tcp(ACK, 1, &[], &payload);
    v6[18..20].fill(0);
    for (frame, gso_type) in [(v4, GsoType::TcpV4), (v6, GsoType::TcpV6)] {
        let packet = RingPacket { offload: Some(offload(gso_type, 1400)), ..packet(&frame) };
        let (made, counts) = cut_one(BUDGET, Oversize::Drop, &packet);
        let seen: Vec<_> = made.iter().map(|frame| Seen::of(frame)).collect();
        seen.iter().for_each(|seen| seen.assert_right(6));
        assert!(seen.iter().all(|seen| [20, 40].contains(&seen.network.len())));
        assert_eq!(seen.iter().flat_map(|seen| seen.tcp_payload().to_vec()).collect::<Vec<_>>(), payload);
        assert_eq!(counts.segments, 72);
    }
}

#[test]
fn what_was_captured_in_part_is_cut_as_far_as_it_goes() {
    let frame = Maker::v4().tcp(ACK | PSH, 1, &[], &bytes(5000));
    let offload = Some(offload(GsoType::TcpV4, 1000));
    let packet = RingPacket { bytes: &frame[..54 + 2300], offload, ..packet(&frame) };
    let (made, counts) = cut_one(BUDGET, Oversize::Split, &packet);
    assert_eq!(made.iter().map(Vec::len).collect::<Vec<_>>(), [1054, 1054, 354]);
    made[..2].iter().for_each(|frame| Seen::of(frame).assert_right(6));
    // It says how long it was.
    assert_eq!(made[2][16..18], 1040_u16.to_be_bytes());
    assert_eq!(made[2][47], ACK);
    assert_eq!((counts.snapped, counts.segments, counts.checksums_unfinished), (1, 3, 1));

    let headers_only = RingPacket { bytes: &frame[..54], ..packet };
    let (made, _) = cut_one(BUDGET, Oversize::Split, &headers_only);
    assert_eq!(made.iter().map(Vec::len).collect::<Vec<_>>(), [54]);
    assert_eq!(made[0][16..18], 1040_u16.to_be_bytes());
}

#[test]
fn udp_becomes_datagrams() {
    for maker in [Maker::v4(), Maker::v6()] {
        let payload = bytes(2900);
        let mut frame = maker.udp([40_000, 443], &payload);
        let packet = unfinish(&mut frame, Some((GsoType::Udp, 1200)), maker.transport(), UDP);
        let (made, counts) = cut_one(BUDGET, Oversize::Split, &packet);
        let seen: Vec<_> = made.iter().map(|frame| Seen::of(frame)).collect();
        seen.iter().for_each(|seen| seen.assert_right(17));
        assert_eq!(seen.iter().map(|seen| seen.message.len()).collect::<Vec<_>>(), [1208, 1208, 508]);
        assert_eq!(seen.iter().flat_map(|seen| seen.message[8..].to_vec()).collect::<Vec<_>>(), payload);
        if !maker.v6 {
            assert_eq!(seen.iter().map(Seen::id).collect::<Vec<_>>(), [0xfffe, 0xffff, 0]);
        }
        assert_eq!((counts.super_frames, counts.segments, counts.checksums_completed), (1, 3, 3));
    }
}

#[test]
fn a_sender_of_datagrams_without_checksum_keeps_it_so() {
    let mut frame = Maker::v4().udp([1, 2], &bytes(100));
    frame[40..42].fill(0);
    let packet = RingPacket { offload: Some(offload(GsoType::Udp, 40)), ..packet(&frame) };
    let (made, _) = cut_one(BUDGET, Oversize::Split, &packet);
    assert_eq!(made.iter().map(|frame| frame[40..42].to_vec()).collect::<Vec<_>>(), [[0, 0], [0, 0], [0, 0]]);
}

#[test]
fn a_datagram_that_does_not_fit_is_for_the_policy() {
    let frame = Maker::v4().udp([1, 2], &bytes(3000));
    let packet = RingPacket { offload: Some(offload(GsoType::Udp, 1400)), ..packet(&frame) };
    let (made, counts) = cut_one(1000, Oversize::Split, &packet);
    assert_eq!(made.iter().map(Vec::len).collect::<Vec<_>>(), [1000, 1000, 242]);
    assert_eq!(made[0][38..40], 1408_u16.to_be_bytes());
    assert_eq!((counts.truncated, counts.segments), (2, 3));
    let (made, counts) = cut_one(1000, Oversize::Drop, &packet);
    assert_eq!((made.len(), counts.dropped_oversize, counts.segments), (1, 2, 3));
}

#[test]
fn a_long_datagram_becomes_fragments() {
    let payload = bytes(4000);
    let mut frame = Maker::v4().udp([1, 2], &payload);
    let whole = Seen::of(&frame).message;
    let packet = unfinish(&mut frame, Some((GsoType::UdpFragments, 1480)), 34, UDP);
    let (made, counts) = cut_one(BUDGET, Oversize::Drop, &packet);
    let seen: Vec<_> = made.iter().map(|frame| Seen::of(frame)).collect();
    let places: Vec<_> = seen.iter().map(|seen| u16::from_be_bytes([seen.network[6], seen.network[7]])).collect();
    assert_eq!(places, [0x2000, 0x2000 | 185, 370]);
    assert!(seen.iter().all(|seen| slow_checksum(&[&seen.network]) == 0 && seen.id() == 0xfffe));
    assert_eq!(seen.iter().flat_map(|seen| seen.message.clone()).collect::<Vec<_>>(), whole);
    assert_eq!((counts.super_frames, counts.segments, counts.checksums_completed), (1, 3, 1));
}

/// TCP in VXLAN, with the inner checksum unfinished.
fn tunnelled(inner_payload: usize) -> Vec<u8> {
    let inner = Maker::v4().tcp(ACK, 1, &[], &bytes(inner_payload));
    let vxlan = [&crate::packet::vxlan::header(crate::packet::vxlan::Vni::new(5).unwrap())[..], &inner].concat();
    Maker::v4().udp([50_000, 4789], &vxlan)
}

#[test]
fn a_super_frame_in_a_tunnel_is_not_cut_but_for_the_policy() {
    let frame = tunnelled(4000);
    let inside = |needs_csum, gso_type| Offload {
        needs_csum,
        csum_start: 14 + 20 + 8 + 8 + 34,
        csum_offset: 16,
        ..offload(gso_type, 1400)
    };
    for gso in [
        inside(true, GsoType::TcpV4),
        inside(false, GsoType::TcpV4),
        inside(true, GsoType::Udp),
        inside(false, GsoType::Udp),
    ] {
        let packet = RingPacket { offload: Some(gso), ..packet(&frame) };
        let (made, counts) = cut_one(BUDGET, Oversize::Split, &packet);
        assert_eq!(made.len(), 1, "{gso:?}");
        assert_eq!((made[0].len(), counts.uncut, counts.truncated, counts.super_frames), (BUDGET, 1, 0, 0));
        assert_eq!(made[0][..84], frame[..84]);
        let (made, counts) = cut_one(BUDGET, Oversize::Drop, &packet);
        assert_eq!((made.len(), counts.dropped_oversize), (0, 1));
    }
}

#[test]
fn a_super_frame_of_nothing_is_foreseen_with_its_padding() {
    let mut frame = Maker::v4().udp([1, 2], &[5; 74]);
    // By its header it ends behind UDP's.
    frame[16..18].copy_from_slice(&28_u16.to_be_bytes());
    let packet = RingPacket { offload: Some(offload(GsoType::Udp, 1)), ..packet(&frame) };
    let (made, _) = cut_one(43, Oversize::Split, &packet);
    assert_eq!(made, [&frame[..43]]);
}
