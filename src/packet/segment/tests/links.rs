//! Links other than Ethernet, and tags that an interface took off.

use super::super::super::vlan::VlanTag;
use super::super::*;
use super::frames::*;

const NOBODY: [u8; 12] = [2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0];

fn of_link(link: LinkType, bytes: &[u8]) -> Vec<Vec<u8>> {
    cut(&mut Segmenter::new(1514, Oversize::Split), &packet(bytes), link)
}

#[test]
fn every_link_becomes_ethernet() {
    for (maker, kind) in [(Maker::v4(), [0x08, 0x00]), (Maker::v6(), [0x86, 0xdd])] {
        let frame = maker.udp([1, 2], b"payload");
        let ip = &frame[14..];
        let expected = [&NOBODY[..], &kind, ip].concat();
        let raw = if maker.v6 { LinkType::Ipv6 } else { LinkType::Ipv4 };
        let sll = [&[0; 14][..], &kind, ip].concat();
        let sll2 = [&kind[..], &[0; 18], ip].concat();
        let null = [&[2, 0, 0, 0], ip].concat();
        for (link, bytes) in [
            (LinkType::Raw, ip),
            (raw, ip),
            (LinkType::LinuxSll, &sll),
            (LinkType::LinuxSll2, &sll2),
            (LinkType::Null, &null),
            (LinkType::Loop, &null),
        ] {
            assert_eq!(of_link(link, bytes), [&expected[..]], "{link:?}");
        }
    }
}

#[test]
fn cooked_frames_keep_what_is_not_ip_and_their_tags() {
    let arp = [&[0; 14][..], &[0x08, 0x06], b"who has"].concat();
    assert_eq!(of_link(LinkType::LinuxSll, &arp), [[&NOBODY[..], &[0x08, 0x06], b"who has"].concat()]);
    let tagged = [&[0; 14][..], &[0x81, 0x00, 0, 5, 0x08, 0x00], &Maker::v4().udp([1, 2], b"x")[14..]].concat();
    assert_eq!(of_link(LinkType::LinuxSll, &tagged), [[&NOBODY[..], &tagged[14..]].concat()]);
}

#[test]
fn what_cannot_become_ethernet_is_dropped_and_counted() {
    let mut segmenter = Segmenter::new(1514, Oversize::Split);
    let llc = [&[0; 14][..], &[0x00, 0x04], b"llc"].concat();
    for (link, bytes) in [
        (LinkType::Other(147), &b"anything"[..]),
        (LinkType::Raw, b"\x05"),
        (LinkType::Raw, b""),
        (LinkType::Null, b"\x02\0\0\0"),
        (LinkType::LinuxSll, &llc),
        (LinkType::LinuxSll2, b"\x08\0\0"),
    ] {
        assert!(cut(&mut segmenter, &packet(bytes), link).is_empty());
    }
    assert_eq!(segmenter.counts().unknown_link, 6);
}

#[test]
fn a_tag_is_put_back() {
    let frame = Maker::v4().udp([1, 2], b"payload");
    let vlan = Some(VlanTag { tpid: 0x88a8, tci: 0x2064 });
    let expected = [&frame[..12], &[0x88, 0xa8, 0x20, 0x64], &frame[12..]].concat();
    let packet = RingPacket { vlan, ..packet(&frame) };
    assert_eq!(cut_one(1514, Oversize::Split, &packet).0, [&expected[..]]);
    // It counts.
    let (_, counts) = cut_one(expected.len() - 1, Oversize::Drop, &packet);
    assert_eq!(counts.dropped_oversize, 1);
    let raw = RingPacket { bytes: &frame[14..], ..packet };
    let made = cut(&mut Segmenter::new(1514, Oversize::Split), &raw, LinkType::Raw);
    assert_eq!(made, [[&NOBODY[..], &expected[12..]].concat()]);
}

#[test]
fn tag_checksum_and_segments_at_once_on_any_link() {
    let maker = Maker::v4();
    let mut frame = maker.tcp(ACK, 1, &[], &[9; 3000]);
    let vlan = Some(VlanTag { tpid: 0x8100, tci: 5 });
    let ethernet = RingPacket { vlan, ..unfinish(&mut frame, Some((GsoType::TcpV4, 1460)), 34, TCP) };
    let offload = ethernet.offload.map(|offload| Offload { csum_start: 20, ..offload });
    let raw = RingPacket { bytes: &ethernet.bytes[14..], wire_len: ethernet.wire_len - 14, offload, ..ethernet };
    for (packet, link) in [(ethernet, LinkType::Ethernet), (raw, LinkType::Raw)] {
        let made = cut(&mut Segmenter::new(1514, Oversize::Split), &packet, link);
        assert_eq!(made.iter().map(Vec::len).collect::<Vec<_>>(), [1514, 1514, 58 + 88]);
        for frame in made {
            assert_eq!(frame[12..18], [0x81, 0, 0, 5, 8, 0]);
            Seen::of(&frame).assert_right(6);
        }
    }
}
