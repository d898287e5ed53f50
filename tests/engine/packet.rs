//! TCP packets, and the frames that they travel in.

use std::net::{IpAddr, SocketAddr};

use sidetap::packet::{Frame, LinkType, Realm, Timestamp};

pub const FIN: u8 = 0x01;
pub const SYN: u8 = 0x02;
pub const RST: u8 = 0x04;
pub const ACK: u8 = 0x10;

/// One TCP packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    /// Nanoseconds.
    pub time: u64,
    pub interface: u32,
    pub vni: Option<u32>,
    pub from: SocketAddr,
    pub to: SocketAddr,
    pub seq: u32,
    pub ack: u32,
    pub flags: u8,
    pub payload: Vec<u8>,
    /// Bytes that a snapshot length cut off.
    pub cut: u32,
}

impl Packet {
    pub fn has(&self, flags: u8) -> bool {
        self.flags & flags != 0
    }

    /// The number behind the last byte.
    pub fn end(&self) -> u32 {
        let control = u32::from(self.has(SYN)) + u32::from(self.has(FIN));
        self.seq.wrapping_add(self.payload.len() as u32 + self.cut + control)
    }

    /// The number of the first byte of the payload.
    pub fn start(&self) -> u32 {
        self.seq.wrapping_add(self.has(SYN).into())
    }

    /// Whether another packet goes the same way.
    pub fn same_way(&self, other: &Packet) -> bool {
        (self.from, self.to, self.vni) == (other.from, other.to, other.vni)
    }

    /// The packet from its IP header on.
    pub fn ip(&self) -> Vec<u8> {
        let mut tcp = Vec::with_capacity(20 + self.payload.len());
        tcp.extend(self.from.port().to_be_bytes());
        tcp.extend(self.to.port().to_be_bytes());
        tcp.extend(self.seq.to_be_bytes());
        tcp.extend(self.ack.to_be_bytes());
        let options: &[u8] = if self.has(SYN) { &[2, 4, 5, 0xb4] } else { &[] };
        tcp.extend([((20 + options.len() as u8) / 4) << 4, self.flags, 0xff, 0xff, 0xbe, 0xef, 0, 0]);
        tcp.extend(options);
        tcp.extend(&self.payload);
        ip(self.from.ip(), self.to.ip(), 6, &tcp, self.cut as usize)
    }

    /// As an Ethernet frame, in VXLAN if it came in VXLAN.
    pub fn shot(&self) -> Shot {
        let bytes = match self.vni {
            Some(vni) => ethernet(&vxlan(vni, &ethernet(&self.ip()))),
            None => ethernet(&self.ip()),
        };
        self.shot_as(LinkType::Ethernet, bytes)
    }

    pub fn shot_as(&self, link: LinkType, bytes: Vec<u8>) -> Shot {
        let wire_len = bytes.len() as u32 + self.cut;
        Shot { time: self.time, interface: self.interface, link, bytes, wire_len }
    }
}

/// A captured frame.
#[derive(Debug, Clone)]
pub struct Shot {
    pub time: u64,
    pub interface: u32,
    pub link: LinkType,
    pub bytes: Vec<u8>,
    pub wire_len: u32,
}

impl Shot {
    pub fn frame(&self) -> Frame<'_> {
        Frame {
            time: Timestamp::from_nanos(self.time),
            interface: self.interface,
            realm: Realm::OUTSIDE,
            link: self.link,
            bytes: &self.bytes,
            wire_len: self.wire_len,
        }
    }
}

/// All as Ethernet frames.
pub fn shots(packets: &[Packet]) -> Vec<Shot> {
    packets.iter().map(Packet::shot).collect()
}

/// An IP packet; its header says that `cut` more bytes follow.
pub fn ip(from: IpAddr, to: IpAddr, protocol: u8, payload: &[u8], cut: usize) -> Vec<u8> {
    let len = payload.len() + cut;
    let mut bytes = Vec::with_capacity(40 + payload.len());
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            // What does not fit the field is left at zero, as segmentation offload does.
            let total = u16::try_from(len + 20).unwrap_or(0);
            bytes.extend([0x45, 0]);
            bytes.extend(total.to_be_bytes());
            bytes.extend([0x12, 0x34, 0x40, 0, 64, protocol, 0xca, 0xfe]);
            bytes.extend(from.octets());
            bytes.extend(to.octets());
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            bytes.extend([0x60, 0, 0, 0]);
            bytes.extend(u16::try_from(len).unwrap_or(0).to_be_bytes());
            bytes.extend([protocol, 64]);
            bytes.extend(from.octets());
            bytes.extend(to.octets());
        }
        _ => panic!("both ends have one version"),
    }
    bytes.extend(payload);
    bytes
}

fn ethertype(ip: &[u8]) -> [u8; 2] {
    if ip[0] >> 4 == 4 { [0x08, 0x00] } else { [0x86, 0xdd] }
}

pub fn ethernet(ip: &[u8]) -> Vec<u8> {
    tagged(&[], ip)
}

/// An Ethernet frame with VLAN tags, the outer first.
pub fn tagged(tags: &[u16], ip: &[u8]) -> Vec<u8> {
    let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    for (place, tag) in tags.iter().enumerate() {
        bytes.extend(if place + 1 < tags.len() { [0x88, 0xa8] } else { [0x81, 0x00] });
        bytes.extend(tag.to_be_bytes());
    }
    bytes.extend(ethertype(ip));
    bytes.extend(ip);
    // As short frames are on a wire.
    bytes.resize(bytes.len().max(60), 0);
    bytes
}

/// An IP packet that carries an Ethernet frame in VXLAN.
pub fn vxlan(vni: u32, frame: &[u8]) -> Vec<u8> {
    let mut udp = vec![0xc0, 0x01, 0x12, 0xb5];
    udp.extend(u16::try_from(frame.len() + 16).unwrap_or(0).to_be_bytes());
    udp.extend([0, 0, 0x08, 0, 0, 0]);
    udp.extend((vni << 8).to_be_bytes());
    udp.extend(frame);
    ip([192, 0, 2, 1].into(), [192, 0, 2, 2].into(), 17, &udp, 0)
}

pub fn cooked(ip: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
    bytes.extend(ethertype(ip));
    bytes.extend(ip);
    bytes
}

pub fn cooked_2(ip: &[u8]) -> Vec<u8> {
    let mut bytes = ethertype(ip).to_vec();
    bytes.extend([0, 0, 0, 0, 0, 7, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0]);
    bytes.extend(ip);
    bytes
}

pub fn null(ip: &[u8]) -> Vec<u8> {
    let mut bytes = if ip[0] >> 4 == 4 { vec![2, 0, 0, 0] } else { vec![30, 0, 0, 0] };
    bytes.extend(ip);
    bytes
}

/// The fragments of an IP packet, of at most `part` bytes of payload each.
pub fn fragments(ip: &[u8], part: usize, identification: u32) -> Vec<Vec<u8>> {
    let part = part / 8 * 8;
    let is_v4 = ip[0] >> 4 == 4;
    let (header, payload) = ip.split_at(if is_v4 { 20 } else { 40 });
    let count = payload.chunks(part).count();
    let mut all = Vec::new();
    for (place, chunk) in payload.chunks(part).enumerate() {
        let more = place + 1 < count;
        let offset = place * part;
        let mut bytes = header.to_vec();
        if is_v4 {
            bytes[2..4].copy_from_slice(&(20 + chunk.len() as u16).to_be_bytes());
            bytes[4..6].copy_from_slice(&(identification as u16).to_be_bytes());
            let field = (offset / 8) as u16 | if more { 0x2000 } else { 0 };
            bytes[6..8].copy_from_slice(&field.to_be_bytes());
        } else {
            bytes[4..6].copy_from_slice(&(8 + chunk.len() as u16).to_be_bytes());
            bytes.extend([header[6], 0]);
            bytes[6] = 44;
            bytes.extend((offset as u16 | u16::from(more)).to_be_bytes());
            bytes.extend(identification.to_be_bytes());
        }
        bytes.extend(chunk);
        all.push(bytes);
    }
    all
}
