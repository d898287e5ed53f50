//! What holds for any frame.

use proptest::prelude::*;

use super::super::super::vlan::VlanTag;
use super::super::*;
use super::frames::*;

fn makers() -> impl Strategy<Value = Maker> {
    (any::<bool>(), prop::collection::vec(0_u16..4096, 0..3), 0_usize..4, any::<u16>()).prop_map(
        |(v6, tags, options, identification)| {
            // IPv4: no-operations. IPv6: destination options, padded.
            let ip_options = match (v6, options) {
                (_, 0) => vec![],
                (false, options) => vec![1; 4 * options],
                (true, options) => {
                    let length = 8 * options;
                    let mut header = vec![0; length];
                    header[..4].copy_from_slice(&[6, (length / 8 - 1) as u8, 1, (length - 4) as u8]);
                    header
                }
            };
            let extension = (v6 && !ip_options.is_empty()).then_some(60);
            Maker { tags, v6, ip_options, extension, identification }
        },
    )
}

fn policies() -> impl Strategy<Value = Oversize> {
    prop_oneof![Just(Oversize::Split), Just(Oversize::Truncate), Just(Oversize::Drop)]
}

fn vlans() -> impl Strategy<Value = Option<VlanTag>> {
    prop::option::of(any::<u16>().prop_map(|tci| VlanTag { tpid: 0x8100, tci }))
}

fn gso_types() -> impl Strategy<Value = GsoType> {
    prop_oneof![
        Just(GsoType::None),
        Just(GsoType::TcpV4),
        Just(GsoType::TcpV6),
        Just(GsoType::Udp),
        Just(GsoType::UdpFragments),
        any::<u8>().prop_map(GsoType::Other),
    ]
}

fn links() -> impl Strategy<Value = LinkType> {
    prop_oneof![3 => Just(LinkType::Ethernet), 2 => (0_u16..300).prop_map(LinkType::from_number)]
}

proptest! {
    /// Segments are the super-frame: the same bytes in order, right numbers, right checksums, the same other headers.
    #[test]
    fn a_super_frame_is_its_segments(
        maker in makers(),
        flags: u8,
        sequence: u32,
        options in 0_usize..=10,
        payload in prop::collection::vec(any::<u8>(), 2..6000),
        gso_size: prop::sample::Index,
        room in 1_usize..3000,
        (unfinished, ecn) in any::<(bool, bool)>(),
        policy in policies(),
        vlan in vlans(),
    ) {
        let whole = maker.tcp(flags, sequence, &vec![1; 4 * options], &payload);
        let gso_size = 1 + gso_size.index(payload.len() - 1);
        let tag = if vlan.is_some() { 4 } else { 0 };
        let headers = tag + maker.transport() + 20 + 4 * options;
        let budget = headers + room;
        let gso_type = if maker.v6 { GsoType::TcpV6 } else { GsoType::TcpV4 };
        let mut captured = whole.clone();
        let packet = match unfinished {
            true => unfinish(&mut captured, Some((gso_type, gso_size)), maker.transport(), TCP),
            false => RingPacket { offload: Some(offload(gso_type, gso_size)), ..packet(&captured) },
        };
        let offload = packet.offload.map(|offload| Offload { ecn, ..offload });
        let packet = RingPacket { vlan, offload, ..packet };
        let (made, counts) = cut_one(budget, policy, &packet);
        let outlook = Segmenter::new(budget, policy).outlook(&packet, LinkType::Ethernet);
        prop_assert_eq!(outlook, Outlook { frames: made.len(), bytes: made.iter().map(Vec::len).sum() });

        let size = gso_size.min(room);
        prop_assert_eq!(made.len(), payload.len().div_ceil(size));
        prop_assert_eq!((counts.super_frames, counts.segments), (1, made.len() as u64));
        let original = Seen::of(&whole);
        let syn = u32::from(flags & SYN != 0);
        let mut offset = 0;
        for (number, frame) in made.iter().enumerate() {
            let mut seen = Seen::of(frame);
            seen.assert_right(6);
            prop_assert!(seen.padding.is_empty());
            let (is_first, is_last) = (number == 0, number + 1 == made.len());
            let length = size.min(payload.len() - offset);
            prop_assert_eq!(seen.tcp_payload(), &payload[offset..offset + length]);
            prop_assert_eq!(seen.sequence(), sequence.wrapping_add(offset as u32 + if is_first { 0 } else { syn }));
            let mut expected = flags;
            if !is_first {
                expected &= if ecn { !(CWR | SYN) } else { !SYN };
            }
            if !is_last {
                expected &= !(FIN | PSH | RST);
            }
            prop_assert_eq!(seen.flags(), expected);
            if !maker.v6 {
                prop_assert_eq!(seen.id(), maker.identification.wrapping_add(number as u16));
            }
            // All else is as it was.
            if let Some(VlanTag { tpid, tci }) = vlan {
                prop_assert_eq!(&seen.link[12..16], [tpid.to_be_bytes(), tci.to_be_bytes()].concat());
                seen.link.drain(12..16);
            }
            prop_assert_eq!(&seen.link, &original.link);
            let varies: &[usize] = if maker.v6 { &[4, 5] } else { &[2, 3, 4, 5, 10, 11] };
            for at in (0..seen.network.len()).filter(|at| !varies.contains(at)) {
                prop_assert_eq!(seen.network[at], original.network[at], "{}", at);
            }
            for at in (0..20 + 4 * options).filter(|at| ![4, 5, 6, 7, 13, 16, 17].contains(at)) {
                prop_assert_eq!(seen.message[at], original.message[at], "{}", at);
            }
            offset += length;
        }
        prop_assert_eq!(offset, payload.len());
    }

    /// The same of datagrams; those that do not fit are for the policy.
    #[test]
    fn a_super_datagram_is_its_datagrams(
        maker in makers(),
        payload in prop::collection::vec(any::<u8>(), 2..6000),
        gso_size: prop::sample::Index,
        unfinished: bool,
    ) {
        let gso_size = 1 + gso_size.index(1400.min(payload.len() - 1));
        // What its extension says that follows is TCP.
        let bare = Maker { ip_options: vec![], extension: None, ..maker.clone() };
        let maker = if maker.v6 { bare } else { maker };
        let whole = maker.udp([4, 5], &payload);
        let mut captured = whole.clone();
        let packet = match unfinished {
            true => unfinish(&mut captured, Some((GsoType::Udp, gso_size)), maker.transport(), UDP),
            false => RingPacket { offload: Some(offload(GsoType::Udp, gso_size)), ..packet(&captured) },
        };
        let (made, _) = cut_one(1514, Oversize::Drop, &packet);
        let outlook = Segmenter::new(1514, Oversize::Drop).outlook(&packet, LinkType::Ethernet);
        prop_assert_eq!(outlook, Outlook { frames: made.len(), bytes: made.iter().map(Vec::len).sum() });
        let parts: Vec<_> = payload.chunks(gso_size).collect();
        prop_assert_eq!(made.len(), parts.len());
        for (frame, part) in made.iter().zip(parts) {
            let seen = Seen::of(frame);
            seen.assert_right(17);
            prop_assert_eq!(&seen.message[8..], part);
        }
    }

    /// Whatever the bytes and the offload, nothing panics; the rest is checked by `cut`.
    #[test]
    fn any_bytes_are_a_frame(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        whole in any::<bool>(),
        wire_len: u32,
        link in links(),
        work in (gso_types(), any::<bool>(), 0_u16..80, 0_u16..100, 0_u16..100, any::<bool>()),
        checksum in prop_oneof![Just(Checksum::Unknown), Just(Checksum::NotReady), Just(Checksum::Valid)],
        vlan in vlans(),
        (budget, policy) in (0_usize..200, policies()),
    ) {
        let (gso_type, ecn, gso_size, csum_start, csum_offset, needs_csum) = work;
        let offload = Offload { gso_type, ecn, gso_size, hdr_len: 0, csum_start, csum_offset, needs_csum };
        let packet = RingPacket {
            checksum,
            vlan,
            wire_len: if whole { bytes.len() as u32 } else { wire_len },
            offload: Some(offload).filter(|_| gso_type != GsoType::None || needs_csum),
            ..packet(&bytes)
        };
        cut(&mut Segmenter::new(budget, policy), &packet, link);
    }

    /// The same for frames that were sound but for a few bytes, and cut off.
    #[test]
    fn a_damaged_frame_is_a_frame(
        maker in makers(),
        transport: bool,
        payload in 0_usize..400,
        damage in prop::collection::vec((0_usize..120, any::<u8>()), 0..4),
        keep in prop::option::of(0_usize..500),
        work in (gso_types(), 0_u16..200, prop::option::of((0_u16..100, 0_u16..30))),
        is_raw: bool,
        vlan in vlans(),
        (budget, policy) in (0_usize..500, policies()),
    ) {
        let mut frame = match transport {
            true => maker.tcp(0xff, u32::MAX - 9, &[1; 8], &vec![3; payload]),
            false => maker.udp([1, 4789], &vec![8; payload]),
        };
        for (at, value) in damage {
            let at = at.min(frame.len() - 1);
            frame[at] = value;
        }
        let (gso_type, gso_size, asked) = work;
        let (csum_start, csum_offset) = asked.unwrap_or((maker.transport() as u16, if transport { 16 } else { 6 }));
        let offload = Offload {
            csum_start,
            csum_offset,
            needs_csum: asked.is_none_or(|(start, _)| start % 2 == 0),
            ..offload(gso_type, gso_size.into())
        };
        let skip = if is_raw { (maker.transport() - 20).min(frame.len()) } else { 0 };
        let link = if is_raw { LinkType::Raw } else { LinkType::Ethernet };
        let wire = &frame[skip..];
        let bytes = &wire[..keep.unwrap_or(usize::MAX).min(wire.len())];
        let packet = RingPacket { bytes, offload: Some(offload), vlan, ..packet(wire) };
        cut(&mut Segmenter::new(budget, policy), &packet, link);
    }
}
