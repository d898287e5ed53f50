//! Where the headers of a captured frame are, and the Ethernet header that it gets if it has none or lost its tag.

use super::super::decode::{self, ETHERTYPE_IPV4, ETHERTYPE_IPV6, Undecoded};
use super::super::ring::RingPacket;
use super::super::vlan::VlanTag;
use super::super::{LinkType, ip};

/// The longest headers that can be written anew: Ethernet with five tags, IPv6 with extensions, TCP with options.
pub const MAX_HEADERS: usize = 512;

/// What stands for both ends where the link has no addresses: none that any card has.
const LOCALLY_ADMINISTERED: [u8; 6] = [2, 0, 0, 0, 0, 0];
const ADDRESSES_LEN: usize = 12;
/// Smaller numbers at the place of an EtherType are lengths (IEEE 802.3 §3.2.6).
const MIN_ETHERTYPE: u16 = 0x600;

/// How a captured frame becomes an Ethernet frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Bytes of the new header.
    pub header: usize,
    /// Bytes of the captured frame that it stands for.
    pub replaces: usize,
    /// Where the IP header is in the captured frame, if it is IP.
    pub network: Option<usize>,
}

impl Link {
    /// Writes the new header, if there has to be one. Nothing for links that cannot become Ethernet.
    pub fn of(packet: &RingPacket, link: LinkType, head: &mut [u8; MAX_HEADERS]) -> Option<Link> {
        let bytes = packet.bytes;
        let payload_at = |rest: Result<&[u8], Undecoded>| rest.ok().map(|rest| bytes.len() - rest.len());
        let version = |at: usize| match bytes.get(at)? >> 4 {
            4 => Some(ETHERTYPE_IPV4),
            6 => Some(ETHERTYPE_IPV6),
            _ => None,
        };
        let be16 = |at: usize| Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));

        let (kind, replaces, network) = match link {
            LinkType::Ethernet => {
                let network = payload_at(decode::ethernet(bytes));
                let (Some(tag), Some(addresses)) = (packet.vlan, bytes.first_chunk::<ADDRESSES_LEN>()) else {
                    return Some(Link { header: 0, replaces: 0, network });
                };
                head[..ADDRESSES_LEN].copy_from_slice(addresses);
                return Some(Link { header: put_tag(head, Some(tag)), replaces: ADDRESSES_LEN, network });
            }
            LinkType::Raw | LinkType::Ipv4 | LinkType::Ipv6 => (version(0)?, 0, Some(0)),
            LinkType::Null | LinkType::Loop => (version(4)?, 4, Some(4)),
            LinkType::LinuxSll => (be16(14)?, 16, payload_at(decode::cooked(bytes, 14, 16))),
            LinkType::LinuxSll2 => (be16(0)?, 20, payload_at(decode::cooked(bytes, 0, 20))),
            LinkType::Other(_) => return None,
        };
        if kind < MIN_ETHERTYPE || bytes.len() < replaces {
            return None;
        }
        head[..6].copy_from_slice(&LOCALLY_ADMINISTERED);
        head[6..ADDRESSES_LEN].copy_from_slice(&LOCALLY_ADMINISTERED);
        let header = put_tag(head, packet.vlan);
        head[header..header + 2].copy_from_slice(&kind.to_be_bytes());
        Some(Link { header: header + 2, replaces, network })
    }
}

/// Puts a tag behind the addresses and says where the EtherType follows.
fn put_tag(head: &mut [u8; MAX_HEADERS], tag: Option<VlanTag>) -> usize {
    let Some(VlanTag { tpid, tci }) = tag else { return ADDRESSES_LEN };
    head[ADDRESSES_LEN..ADDRESSES_LEN + 2].copy_from_slice(&tpid.to_be_bytes());
    head[ADDRESSES_LEN + 2..ADDRESSES_LEN + 4].copy_from_slice(&tci.to_be_bytes());
    ADDRESSES_LEN + 4
}

/// The IP version, and what differs between the two in the headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    V4,
    V6,
}

/// Where the parts of an IP packet are; offsets count from the first byte of the captured frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headers {
    pub version: Version,
    /// The IP header.
    pub network: usize,
    /// What follows it and its extensions.
    pub transport: usize,
    /// What that is: a protocol number. Nothing in fragments, and where the checksum's destination is not the header's.
    pub protocol: Option<u8>,
    /// Where the packet ends by its header, which may be beyond what was captured.
    pub end: usize,
}

impl Headers {
    /// Of a frame that was `wire_len` bytes long.
    pub fn of(bytes: &[u8], network: usize, wire_len: usize) -> Result<Headers, Undecoded> {
        let packet = bytes.get(network..).ok_or(Undecoded::Truncated)?;
        let parsed = ip::parse(packet)?;
        let field = |at: usize| packet.get(at..at + 2).map_or(0, |field| u16::from_be_bytes([field[0], field[1]]));
        let version = if packet[0] >> 4 == 4 { Version::V4 } else { Version::V6 };
        // A length of zero stands for one that the field cannot hold: the frame's.
        let (header_len, end) = match (version, usize::from(field(2)), usize::from(field(4))) {
            (Version::V4, 0, _) => (usize::from(packet[0] & 0x0f) * 4, wire_len),
            (Version::V4, total, _) => (usize::from(packet[0] & 0x0f) * 4, network + total),
            (Version::V6, _, 0) => (packet.len() - parsed.payload_len as usize, wire_len),
            (Version::V6, _, length) => (40 + length - parsed.payload_len as usize, network + 40 + length),
        };
        let transport = network + header_len;
        if transport > bytes.len() {
            return Err(Undecoded::Truncated);
        }
        let is_opaque = parsed.fragment.is_some()
            || version == Version::V6 && is_routed(packet[6], &packet[40..header_len.max(40)]);
        let protocol = (!is_opaque).then_some(parsed.protocol);
        Ok(Headers { version, network, transport, protocol, end })
    }

    /// The addresses, as the pseudo-header has them.
    pub fn addresses<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let range = match self.version {
            Version::V4 => self.network + 12..self.network + 20,
            Version::V6 => self.network + 8..self.network + 40,
        };
        bytes.get(range).unwrap_or_default()
    }

    /// Whether this is the protocol of the message.
    pub fn is(&self, protocol: u8) -> bool {
        self.protocol == Some(protocol)
    }

    /// What of the message was captured, without padding of the link.
    pub fn message<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        bytes.get(self.transport..self.end.min(bytes.len())).unwrap_or_default()
    }
}

/// Whether a routing header sends it on to another destination, which is then in the checksum (RFC 8200 §8.1).
fn is_routed(mut protocol: u8, mut extensions: &[u8]) -> bool {
    // Each step takes at least 8 bytes.
    while let [next, length, _, segments_left, ..] = *extensions {
        if protocol == ip::ROUTING && segments_left > 0 {
            return true;
        }
        let unit = if protocol == ip::AUTHENTICATION { 4 } else { 8 };
        let length = 8 + unit * usize::from(length);
        protocol = next;
        extensions = extensions.get(length..).unwrap_or_default();
    }
    false
}
