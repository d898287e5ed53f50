//! Checksums that were left to an interface.

use super::super::*;
use super::frames::*;

#[test]
fn a_frame_that_needs_nothing_is_handed_out_as_it_lies() {
    let frame = Maker::v4().tcp(ACK, 1, &[], b"payload");
    let mut segmenter = Segmenter::new(frame.len(), Oversize::Drop);
    let mut calls = 0;
    segmenter.cut(&packet(&frame), LinkType::Ethernet, &mut |head, rest| {
        assert!(head.is_empty());
        assert_eq!(rest.as_ptr_range(), frame.as_ptr_range());
        calls += 1;
    });
    assert_eq!(calls, 1);
}

#[test]
fn checksums_of_every_transport_are_completed() {
    let with_extension = Maker { ip_options: vec![6, 0, 1, 4, 0, 0, 0, 0], extension: Some(0), ..Maker::v6() };
    for maker in [Maker::v4(), Maker::v6(), Maker { tags: vec![7], ..Maker::v4() }, with_extension] {
        let mut echo = [128, 0, 0, 0, 0, 1, 0, 1].to_vec();
        echo.extend(b"ping");
        let mut frames = vec![(maker.tcp(ACK, 1, &[1; 4], b"a segment"), TCP, 6)];
        // The extension says that TCP follows.
        if maker.extension.is_none() {
            frames.push((maker.udp([1, 2], b"a datagram"), UDP, 17));
            frames.push((maker.udp([1, 2], b""), UDP, 17));
        }
        if maker.v6 && maker.extension.is_none() {
            frames.push((maker.frame(ICMPV6, &echo), ICMPV6, 58));
        }
        for (right, protocol, number) in frames {
            let mut frame = right.clone();
            let packet = unfinish(&mut frame, None, maker.transport(), protocol);
            let (made, counts) = cut_one(1514, Oversize::Split, &packet);
            Seen::of(&made[0]).assert_right(number);
            assert_eq!(made, [&right[..]]);
            assert_eq!((counts.checksums_completed, counts.checksums_unfinished), (1, 0));

            // Without a word on where it is.
            let (made, _) = cut_one(1514, Oversize::Split, &RingPacket { offload: None, ..packet });
            assert_eq!(made, [right]);
        }
    }
}

#[test]
fn a_sum_of_zero_is_written_as_ones_in_udp() {
    // Two bytes of payload can make the sum anything.
    let maker = Maker::v4();
    let right = (0..=u16::MAX)
        .map(|payload| maker.udp([1, 2], &payload.to_be_bytes()))
        .find(|frame| frame[40..42] == [0xff, 0xff])
        .unwrap();
    let mut frame = right.clone();
    let packet = unfinish(&mut frame, None, 34, UDP);
    assert_eq!(cut_one(1514, Oversize::Split, &packet).0, [right]);
}

#[test]
fn padding_is_not_part_of_the_sum() {
    let right = [Maker::v4().tcp(ACK, 1, &[], b"x"), vec![0xaa; 5]].concat();
    let mut frame = right.clone();
    let packet = unfinish(&mut frame, None, 34, TCP);
    assert_eq!(cut_one(1514, Oversize::Split, &packet).0, [right]);
}

#[test]
fn inside_a_tunnel_it_is_completed_as_an_interface_does() {
    let inner = Maker::v4().tcp(ACK, 1, &[], b"inner");
    let mut unfinished = inner.clone();
    let _ = unfinish(&mut unfinished, None, 34, TCP);
    let outer = |inner: &[u8]| {
        let mut frame = Maker::v4().udp([50_000, 4789], &[&[8, 0, 0, 0, 0, 0, 5, 0], inner].concat());
        frame[40..42].fill(0);
        frame
    };
    let asked = Offload { csum_start: 50 + 34, csum_offset: 16, needs_csum: true, ..offload(GsoType::None, 0) };
    let frame = outer(&unfinished);
    let packet = RingPacket { checksum: Checksum::NotReady, offload: Some(asked), ..packet(&frame) };
    let (made, counts) = cut_one(1514, Oversize::Split, &packet);
    assert_eq!(made, [outer(&inner)]);
    assert_eq!(counts.checksums_completed, 1);
}

#[test]
fn what_cannot_be_completed_is_left_and_counted() {
    let right = Maker::v4().tcp(ACK, 1, &[], b"a segment");
    let mut frame = right.clone();
    let packet = unfinish(&mut frame, None, 34, TCP);
    let cut_off = RingPacket { bytes: &packet.bytes[..56], ..packet };
    let asked = packet.offload.unwrap();
    let beyond = Offload { csum_start: 60, csum_offset: 60_000, ..asked };
    // SCTP's is a CRC.
    let sctp = Offload { csum_offset: 8, ..asked };
    let mut with_sctp = packet.bytes.to_vec();
    with_sctp[23] = 132;
    for packet in [
        cut_off,
        RingPacket { offload: Some(beyond), ..packet },
        RingPacket { bytes: &with_sctp, offload: Some(sctp), ..packet },
    ] {
        let (made, counts) = cut_one(1514, Oversize::Split, &packet);
        assert_eq!(made, [packet.bytes]);
        assert_eq!((counts.checksums_completed, counts.checksums_unfinished), (0, 1));
    }
}

#[test]
fn a_packet_on_its_way_by_a_routing_header_is_completed_as_asked() {
    // The checksum is over the last destination, which only the sum that the kernel left knows.
    let mut extension = vec![17, 2, 0, 1, 0, 0, 0, 0];
    extension.extend([0xfd; 16]);
    let maker = Maker { ip_options: extension, extension: Some(43), ..Maker::v6() };
    let mut frame = maker.udp([1, 2], b"payload");
    let at = maker.transport();
    frame[at + 6..at + 8].copy_from_slice(&[0x12, 0x34]);
    let asked = Offload { csum_start: at as u16, csum_offset: 6, needs_csum: true, ..offload(GsoType::None, 0) };
    let packet = RingPacket { offload: Some(asked), ..packet(&frame) };
    let (made, _) = cut_one(1514, Oversize::Split, &packet);
    assert_eq!(made[0][at + 6..at + 8], slow_checksum(&[&frame[at..]]).to_be_bytes());
}
