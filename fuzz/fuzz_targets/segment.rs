//! Frames with any offload: what is made of them is not too long, lies in the frame, and the counts add up. The
//! segments of a sound super-frame carry its bytes in order.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sidetap::flow::Side;
use sidetap::packet::decode::{self, Decoded, Transport};
use sidetap::packet::ring::{Checksum, GsoType, Offload, RingPacket};
use sidetap::packet::segment::{Oversize, Segmenter};
use sidetap::packet::vlan::VlanTag;
use sidetap::packet::{Frame, LinkType, Realm, Timestamp};
use sidetap_fuzz::packets::{ACK, Tcp};

const LINKS: [u16; 10] = [0, 1, 12, 101, 108, 113, 228, 229, 276, 105];
/// Ethernet, IPv4 and TCP, without tags and options.
const HEADERS: usize = 54;

fn gso(number: u8) -> GsoType {
    match number % 7 {
        0 => GsoType::None,
        1 => GsoType::TcpV4,
        3 => GsoType::UdpFragments,
        4 => GsoType::TcpV6,
        5 => GsoType::Udp,
        other => GsoType::Other(other),
    }
}

/// Cuts a frame and gives what was made of it.
fn cut(segmenter: &mut Segmenter, budget: usize, packet: &RingPacket<'_>, link: LinkType) -> Vec<Vec<u8>> {
    let mut made = Vec::new();
    let frame = packet.bytes.as_ptr_range();
    segmenter.cut(packet, link, &mut |head, rest| {
        let part = rest.as_ptr_range();
        assert!(rest.is_empty() || (frame.start <= part.start && part.end <= frame.end));
        assert!(head.len() + rest.len() <= budget);
        made.push([head, rest].concat());
    });
    let counts = segmenter.counts();
    assert_eq!(
        counts.frames_in + counts.segments,
        counts.frames_out + counts.super_frames + counts.split + counts.dropped_oversize + counts.unknown_link
    );
    assert_eq!(counts.bytes_in + counts.bytes_added, counts.bytes_out + counts.bytes_removed);
    assert_eq!(counts.bytes_out, made.iter().map(|frame| frame.len() as u64).sum::<u64>());
    made
}

/// A sound super-frame of these bytes.
fn honest(payload: &[u8], offload: Offload, budget: usize) {
    if payload.len() > 65_000 || payload.len() <= usize::from(offload.gso_size) || offload.gso_size == 0 {
        return;
    }
    let bytes = Tcp::new([40_000, 80]).segment(Side::Client, ACK, payload);
    let offload = Offload { gso_type: GsoType::TcpV4, csum_start: 34, csum_offset: 16, ..offload };
    let budget = HEADERS + 1 + budget;
    let mut segmenter = Segmenter::new(budget, Oversize::Drop);
    let made = cut(&mut segmenter, budget, &packet(&bytes, Some(offload)), LinkType::Ethernet);
    let mut carried = Vec::new();
    for bytes in &made {
        let frame = Frame {
            time: Timestamp::from_parts(1, 0),
            interface: 0,
            realm: Realm::OUTSIDE,
            link: LinkType::Ethernet,
            bytes,
            wire_len: bytes.len() as u32,
        };
        let Ok(Decoded::Packet(packet)) = decode::decode(&frame) else { panic!("not a packet: {bytes:02x?}") };
        let Transport::Tcp(segment) = packet.transport else { panic!("not TCP: {bytes:02x?}") };
        assert_eq!(segment.payload.len(), segment.payload_len as usize);
        carried.extend_from_slice(segment.payload);
    }
    assert_eq!(carried, payload);
    assert_eq!(made.len(), payload.len().div_ceil(usize::from(offload.gso_size).min(budget - HEADERS)));
}

fn packet(bytes: &[u8], offload: Option<Offload>) -> RingPacket<'_> {
    RingPacket {
        time: Timestamp::from_parts(1, 0),
        bytes,
        wire_len: bytes.len() as u32,
        vlan: None,
        checksum: Checksum::Unknown,
        offload,
        outgoing: true,
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((&[link, kind, a, b, c, d, e, f, flags, g, h, i, j, k, l, m], bytes)) = input.split_first_chunk() else {
        return;
    };
    let number = |high, low| u16::from_be_bytes([high, low]);
    let offload = Offload {
        gso_type: gso(kind),
        ecn: false,
        gso_size: number(a, b),
        hdr_len: 0,
        csum_start: number(c, d),
        csum_offset: number(e, f),
        needs_csum: flags & 1 != 0,
    };
    let oversize = [Oversize::Split, Oversize::Truncate, Oversize::Drop][usize::from(flags >> 6) % 3];
    let budget = usize::from(number(k, l)) % 4096;
    let packet = RingPacket {
        vlan: (flags & 2 != 0).then(|| VlanTag { tpid: number(g, h), tci: number(i, j) }),
        checksum: if flags & 4 != 0 { Checksum::NotReady } else { Checksum::Valid },
        offload: (flags & 8 == 0).then_some(offload),
        wire_len: (bytes.len() as u32).saturating_add(if flags & 16 != 0 { u32::from(number(m, l)) << 8 } else { 0 }),
        ..packet(bytes, None)
    };
    let link = LinkType::from_number(LINKS[usize::from(link) % LINKS.len()]);
    cut(&mut Segmenter::new(budget, oversize), budget, &packet, link);
    honest(bytes, offload, budget);
});
