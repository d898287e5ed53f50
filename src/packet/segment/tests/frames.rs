//! Frames made by hand, and read again by other code than the module's.

pub use super::super::super::ring::Offload;
use super::super::*;
use crate::packet::Timestamp;

pub const FIN: u8 = 0x01;
pub const SYN: u8 = 0x02;
pub const RST: u8 = 0x04;
pub const PSH: u8 = 0x08;
pub const ACK: u8 = 0x10;
pub const CWR: u8 = 0x80;

/// What an IP packet carries, and its checksum's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protocol(pub u8, pub usize);
pub const TCP: Protocol = Protocol(6, 16);
pub const UDP: Protocol = Protocol(17, 6);
pub const ICMPV6: Protocol = Protocol(58, 2);

/// RFC 1071 §1, word by word.
pub fn slow_checksum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0_u32;
    for pair in parts.concat().chunks(2) {
        sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

fn pseudo_header(network: &[u8], protocol: u8, length: usize) -> Vec<u8> {
    match network[0] >> 4 {
        4 => [&network[12..20], &[0, protocol], &(length as u16).to_be_bytes()].concat(),
        _ => [&network[8..40], &(length as u32).to_be_bytes(), &[0, 0, 0, protocol]].concat(),
    }
}

/// An Ethernet frame in the making.
#[derive(Debug, Clone)]
pub struct Maker {
    pub tags: Vec<u16>,
    pub v6: bool,
    /// IPv4 options, or IPv6 extension headers and the protocol of the first.
    pub ip_options: Vec<u8>,
    pub extension: Option<u8>,
    pub identification: u16,
}

impl Maker {
    pub fn v4() -> Self {
        Maker { tags: vec![], v6: false, ip_options: vec![], extension: None, identification: 0xfffe }
    }

    pub fn v6() -> Self {
        Maker { v6: true, ..Maker::v4() }
    }

    /// Around a message of this protocol, whose checksum is made right.
    pub fn frame(&self, Protocol(protocol, checksum_at): Protocol, message: &[u8]) -> Vec<u8> {
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
        for tag in &self.tags {
            frame.extend([0x81, 0x00]);
            frame.extend(tag.to_be_bytes());
        }
        frame.extend(if self.v6 { [0x86, 0xdd] } else { [0x08, 0x00] });
        let network = self.network(protocol, message.len());
        let mut message = message.to_vec();
        message[checksum_at..checksum_at + 2].fill(0);
        let sum = slow_checksum(&[&pseudo_header(&network, protocol, message.len()), &message]);
        let sum = if protocol == 17 && sum == 0 { 0xffff } else { sum };
        message[checksum_at..checksum_at + 2].copy_from_slice(&sum.to_be_bytes());
        frame.extend(network);
        frame.extend(message);
        frame
    }

    pub fn network(&self, protocol: u8, length: usize) -> Vec<u8> {
        let length = (length + self.ip_options.len()) as u16;
        if self.v6 {
            let mut network = vec![0x61, 0x23, 0x45, 0x67];
            network.extend(length.to_be_bytes());
            network.extend([self.extension.unwrap_or(protocol), 64]);
            network.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
            network.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xab, 2]);
            network.extend(&self.ip_options);
            return network;
        }
        let mut network = vec![0x45 + (self.ip_options.len() / 4) as u8, 0xb9];
        network.extend((20 + length).to_be_bytes());
        network.extend(self.identification.to_be_bytes());
        network.extend([0x40, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        network.extend(&self.ip_options);
        let sum = slow_checksum(&[&network]);
        network[10..12].copy_from_slice(&sum.to_be_bytes());
        network
    }

    pub fn tcp(&self, flags: u8, sequence: u32, options: &[u8], payload: &[u8]) -> Vec<u8> {
        let mut message = vec![0x9c, 0x40, 0, 80];
        message.extend(sequence.to_be_bytes());
        message.extend([1, 2, 3, 4, (5 + options.len() as u8 / 4) << 4, flags, 0xff, 0xfe, 0, 0, 0, 0]);
        message.extend(options);
        message.extend(payload);
        self.frame(TCP, &message)
    }

    pub fn udp(&self, ports: [u16; 2], payload: &[u8]) -> Vec<u8> {
        let mut message = ports.map(u16::to_be_bytes).concat();
        message.extend((8 + payload.len() as u16).to_be_bytes());
        message.extend([0, 0]);
        message.extend(payload);
        self.frame(UDP, &message)
    }

    /// Where the message is in the frame.
    pub fn transport(&self) -> usize {
        14 + 4 * self.tags.len() + if self.v6 { 40 } else { 20 } + self.ip_options.len()
    }
}

/// A frame, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub link: Vec<u8>,
    pub network: Vec<u8>,
    pub message: Vec<u8>,
    pub padding: Vec<u8>,
}

impl Seen {
    /// Knows tags, IPv4 options, and IPv6 extension headers of the usual form.
    pub fn of(frame: &[u8]) -> Seen {
        let mut at = 12;
        while frame[at..at + 2] == [0x81, 0x00] {
            at += 4;
        }
        let (link, packet) = frame.split_at(at + 2);
        let (mut header, total, mut protocol) = match packet[0] >> 4 {
            4 => (usize::from(packet[0] & 15) * 4, u16::from_be_bytes([packet[2], packet[3]]) as usize, packet[9]),
            _ => (40, 40 + u16::from_be_bytes([packet[4], packet[5]]) as usize, packet[6]),
        };
        while packet[0] >> 4 == 6 && [0, 43, 60].contains(&protocol) {
            protocol = packet[header];
            header += 8 + 8 * usize::from(packet[header + 1]);
        }
        let end = total.min(packet.len());
        Seen {
            link: link.to_vec(),
            network: packet[..header].to_vec(),
            message: packet[header..end].to_vec(),
            padding: packet[end..].to_vec(),
        }
    }

    pub fn id(&self) -> u16 {
        u16::from_be_bytes([self.network[4], self.network[5]])
    }

    pub fn sequence(&self) -> u32 {
        u32::from_be_bytes(self.message[4..8].try_into().unwrap())
    }

    pub fn flags(&self) -> u8 {
        self.message[13]
    }

    pub fn tcp_payload(&self) -> &[u8] {
        &self.message[usize::from(self.message[12] >> 4) * 4..]
    }

    /// The checksums of the IP header and of the message, and the lengths.
    pub fn assert_right(&self, protocol: u8) {
        let is_v4 = self.network[0] >> 4 == 4;
        let length = if is_v4 { self.network.len() } else { self.network.len() - 40 } + self.message.len();
        let field = if is_v4 { 2 } else { 4 };
        assert_eq!(u16::from_be_bytes([self.network[field], self.network[field + 1]]) as usize, length);
        if is_v4 {
            assert_eq!(slow_checksum(&[&self.network]), 0, "{:02x?}", self.network);
        }
        if protocol == 17 {
            assert_eq!(u16::from_be_bytes([self.message[4], self.message[5]]) as usize, self.message.len());
            assert_ne!(self.message[6..8], [0, 0], "the sum is said to be none");
        }
        let pseudo = pseudo_header(&self.network, protocol, self.message.len());
        assert_eq!(slow_checksum(&[&pseudo, &self.message]), 0, "{:02x?}", self.message);
    }
}

/// A whole packet that needs nothing.
pub fn packet(bytes: &[u8]) -> RingPacket<'_> {
    RingPacket {
        time: Timestamp::from_parts(1, 0),
        bytes,
        wire_len: bytes.len() as u32,
        vlan: None,
        checksum: Checksum::Unknown,
        offload: None,
        outgoing: true,
    }
}

/// A segmentation of this kind and size, whose checksum is done.
pub fn offload(gso_type: GsoType, gso_size: usize) -> Offload {
    let gso_size = gso_size as u16;
    Offload { gso_type, ecn: false, gso_size, hdr_len: 66, csum_start: 0, csum_offset: 0, needs_csum: false }
}

/// As offloading leaves a checksum: only the pseudo-header's sum is there.
pub fn unfinish<'a>(
    frame: &'a mut [u8],
    gso: Option<(GsoType, usize)>,
    start: usize,
    Protocol(protocol, at): Protocol,
) -> RingPacket<'a> {
    let seen = Seen::of(frame);
    let sum = !slow_checksum(&[&pseudo_header(&seen.network, protocol, seen.message.len())]);
    frame[start + at..start + at + 2].copy_from_slice(&sum.to_be_bytes());
    let (gso_type, gso_size) = gso.unwrap_or((GsoType::None, 0));
    let offload =
        Offload { csum_start: start as u16, csum_offset: at as u16, needs_csum: true, ..offload(gso_type, gso_size) };
    RingPacket { checksum: Checksum::NotReady, offload: Some(offload), ..packet(frame) }
}

/// Both sums of [`SegmentCounts`].
pub fn assert_adds_up(counts: &SegmentCounts) {
    let SegmentCounts { frames_in, segments, frames_out, super_frames, split, dropped_oversize, unknown_link, .. } =
        *counts;
    assert_eq!(frames_in + segments, frames_out + super_frames + split + dropped_oversize + unknown_link, "{counts:?}");
    let SegmentCounts { bytes_in, bytes_added, bytes_out, bytes_removed, .. } = *counts;
    assert_eq!(bytes_in + bytes_added, bytes_out + bytes_removed, "{counts:?}");
}

/// Cuts one packet, and checks what holds for all: no frame is too long, there is no more than was foreseen, every
/// borrowed part is the packet's, and the counts add up.
pub fn cut(segmenter: &mut Segmenter, packet: &RingPacket, link: LinkType) -> Vec<Vec<u8>> {
    let (budget, before) = (segmenter.budget, segmenter.counts());
    let outlook = segmenter.outlook(packet, link);
    let mut frames = Vec::new();
    let memory = packet.bytes.as_ptr_range();
    segmenter.cut(packet, link, &mut |head, rest| {
        let range = rest.as_ptr_range();
        assert!(rest.is_empty() || memory.start <= range.start && range.end <= memory.end, "not borrowed");
        assert!(head.len() + rest.len() <= budget, "{} + {} > {budget}", head.len(), rest.len());
        frames.push([head, rest].concat());
    });
    let length: usize = frames.iter().map(Vec::len).sum();
    assert!(
        frames.len() <= outlook.frames && length <= outlook.bytes,
        "{} frames, {length} bytes: {outlook:?}",
        frames.len()
    );
    let counts = segmenter.counts();
    assert_adds_up(&counts);
    assert_eq!(counts.frames_out - before.frames_out, frames.len() as u64);
    assert_eq!(counts.bytes_out - before.bytes_out, frames.iter().map(|frame| frame.len() as u64).sum::<u64>());
    frames
}

/// Cuts one Ethernet frame.
pub fn cut_one(budget: usize, oversize: Oversize, packet: &RingPacket) -> (Vec<Vec<u8>>, SegmentCounts) {
    let mut segmenter = Segmenter::new(budget, oversize);
    let frames = cut(&mut segmenter, packet, LinkType::Ethernet);
    (frames, segmenter.counts())
}
