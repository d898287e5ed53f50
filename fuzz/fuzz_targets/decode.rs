//! Frames of any link type, in fragments and tunnels: what is decoded lies in the frame, and a packet in fragments is
//! the packet.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sidetap::packet::decode::{self, Decoded, Packet, Transport, Undecoded};
use sidetap::packet::fragments::{Fragments, MAX_PACKETS};
use sidetap::packet::{Frame, LinkType, Realm, Timestamp};
use sidetap_fuzz::dice::Dice;

const LINKS: [u16; 10] = [0, 1, 12, 101, 108, 113, 228, 229, 276, 105];
const IPV4_HEADER: usize = 20;

fn frame(link: LinkType, bytes: &[u8], wire_len: u32) -> Frame<'_> {
    Frame { time: Timestamp::from_parts(1, 0), interface: 0, realm: Realm::OUTSIDE, link, bytes, wire_len }
}

fn lies_in(part: &[u8], whole: &[u8]) {
    let (part, whole) = (part.as_ptr_range(), whole.as_ptr_range());
    assert!(part.is_empty() || (whole.start <= part.start && part.end <= whole.end));
}

fn check(packet: &Packet<'_>, bytes: &[u8]) {
    let (payload, payload_len) = match packet.transport {
        Transport::Tcp(segment) => (segment.payload, segment.payload_len),
        Transport::Udp(datagram) => (datagram.payload, datagram.payload_len),
        Transport::Other(_) => return,
    };
    lies_in(payload, bytes);
    assert!(payload.len() <= payload_len as usize);
    let _ = (packet.source.to_string(), packet.realm.vni());
}

/// Any frames, one after the other.
fn frames(input: &[u8]) {
    let mut fragments = Fragments::default();
    let mut rest = input;
    let mut seen = 0;
    while let Some((&[link, length], after)) = rest.split_first_chunk() {
        let (bytes, after) = after.split_at((usize::from(length) * 2).min(after.len()));
        rest = after;
        let frame = frame(LinkType::from_number(LINKS[usize::from(link) % LINKS.len()]), bytes, bytes.len() as u32);
        match decode::decode(&frame) {
            Ok(Decoded::Packet(packet)) => check(&packet, bytes),
            Ok(Decoded::Fragment(fragment)) => {
                lies_in(fragment.payload, bytes);
                seen += 1;
                let _ = fragments.add(&fragment, frame.time);
            }
            Err(_) => {}
        }
    }
    let counts = fragments.counts();
    assert_eq!(counts.seen, seen);
    assert!(counts.completed + counts.abandoned <= counts.seen);
    assert!(counts.seen - counts.completed - counts.abandoned <= seen.max(MAX_PACKETS as u64));
}

/// One IPv4 packet whole, and the same in fragments that come in any order, some of them twice.
fn in_fragments(mut dice: Dice, protocol: u8, payload: &[u8]) {
    if payload.is_empty() || payload.len() > 4096 {
        return;
    }
    let packet = |offset: usize, more: bool, part: &[u8]| {
        let mut packet = vec![0x45, 0];
        packet.extend(((IPV4_HEADER + part.len()) as u16).to_be_bytes());
        packet.extend([0, 7]);
        packet.extend(((offset / 8) as u16 | u16::from(more) << 13).to_be_bytes());
        packet.extend([64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        packet.extend_from_slice(part);
        packet
    };
    let whole = packet(0, false, payload);
    let truth = decode::decode(&frame(LinkType::Raw, &whole, whole.len() as u32));

    let mut parts = Vec::new();
    let mut offset = 0;
    // More separate stretches than a packet may have are no honest fragments.
    let longest = 1 + dice.below(40);
    while offset < payload.len() {
        let end = (offset + 8 * (payload.len().div_ceil(400) + dice.below(longest))).min(payload.len());
        parts.push(packet(offset, end < payload.len(), &payload[offset..end]));
        offset = end;
    }
    if parts.len() < 2 {
        return;
    }
    for place in (1..parts.len()).rev() {
        parts.swap(place, dice.below(place + 1));
    }
    let again = parts[dice.below(parts.len() - 1)].clone();
    parts.insert(dice.below(parts.len()), again);

    let mut fragments = Fragments::default();
    let mut completed = 0;
    for part in &parts {
        let Ok(Decoded::Fragment(fragment)) = decode::decode(&frame(LinkType::Raw, part, part.len() as u32)) else {
            panic!("not a fragment");
        };
        let Some(result) = fragments.add(&fragment, Timestamp::from_parts(1, 0)) else { continue };
        completed += 1;
        // What a fragmented packet may not hold is another fragment.
        let nested = matches!((&truth, &result), (Ok(Decoded::Fragment(_)), Err(Undecoded::TooDeep)));
        assert!(nested || format!("{truth:?}") == format!("{result:?}"), "{truth:?}, {result:?}");
    }
    assert_eq!(completed, 1);
}

fuzz_target!(|input: &[u8]| {
    let Some((&[a, b, c, d, protocol], bytes)) = input.split_first_chunk() else { return };
    let seed = u32::from_be_bytes([a, b, c, d]);
    let link = LinkType::from_number(LINKS[usize::from(protocol) % LINKS.len()]);
    for cut in [0, (seed & 0x3f) as usize] {
        let kept = &bytes[..bytes.len().saturating_sub(cut)];
        if let Ok(Decoded::Packet(packet)) = decode::decode(&frame(link, kept, bytes.len() as u32)) {
            check(&packet, kept);
        }
    }
    frames(bytes);
    in_fragments(Dice::new(seed), [6, 17, 1, 41][(seed & 3) as usize], bytes);
});
