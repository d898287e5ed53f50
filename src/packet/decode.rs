//! From a frame to its transport: links, VLAN tags, IP, and VXLAN with what is inside it.
//!
//! Decoding is pure and borrows from the frame; a fragment is handed back for [`super::fragments`] to complete. A
//! checksum is not looked at: on the machine that sends, offloading leaves it unfinished.

use super::Frame;
use super::address::Address;
use super::ip::{self, FragmentInfo};
use super::link::LinkType;
pub use super::realm::Realm;
use super::tcp::{self, Segment};
use super::udp::{self, Datagram};
use super::{vlan, vxlan};

/// Tunnels within tunnels: more is not decoded.
const MAX_TUNNELS: u32 = 4;
/// VLAN tags on one frame: a customer's, a provider's and room for two more.
const MAX_VLAN_TAGS: usize = 4;

pub(super) const ETHERTYPE_IPV4: u16 = 0x0800;
pub(super) const ETHERTYPE_IPV6: u16 = 0x86dd;

/// What a frame carries.
#[derive(Debug, Clone, Copy)]
pub enum Decoded<'a> {
    Packet(Packet<'a>),
    /// A part of a packet; whole only with its other parts.
    Fragment(Fragment<'a>),
}

/// An IP packet with a transport.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'a> {
    pub realm: Realm,
    pub source: Address,
    pub destination: Address,
    pub transport: Transport<'a>,
}

/// What an IP packet carries.
#[derive(Debug, Clone, Copy)]
pub enum Transport<'a> {
    Tcp(Segment<'a>),
    Udp(Datagram<'a>),
    /// A protocol that is only counted.
    Other(u8),
}

/// One part of a fragmented IP packet.
#[derive(Debug, Clone, Copy)]
pub struct Fragment<'a> {
    pub realm: Realm,
    pub source: Address,
    pub destination: Address,
    pub protocol: u8,
    pub info: FragmentInfo,
    pub payload: &'a [u8],
    /// How many tunnels are around it.
    pub depth: u32,
}

/// Why a frame was not decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Undecoded {
    /// ARP, LLDP and whatever else is not IP.
    #[error("not IP")]
    NotIp,
    /// A header is cut off, by a snapshot length or by the sender.
    #[error("cut off in a header")]
    Truncated,
    /// A header contradicts itself.
    #[error("malformed header")]
    Malformed,
    #[error("unknown link type")]
    UnknownLink,
    #[error("too many tunnels or tags within each other")]
    TooDeep,
}

/// Decodes a frame down to the innermost transport.
#[inline]
pub fn decode<'a>(frame: &Frame<'a>) -> Result<Decoded<'a>, Undecoded> {
    let packet = match frame.link {
        LinkType::Ethernet => ethernet(frame.bytes)?,
        LinkType::Raw | LinkType::Ipv4 | LinkType::Ipv6 => frame.bytes,
        LinkType::LinuxSll => cooked(frame.bytes, 14, 16)?,
        LinkType::LinuxSll2 => cooked(frame.bytes, 0, 20)?,
        // The family's number differs between systems; the version in the packet does not.
        LinkType::Null | LinkType::Loop => frame.bytes.get(4..).ok_or(Undecoded::Truncated)?,
        LinkType::Other(_) => return Err(Undecoded::UnknownLink),
    };
    network(packet, frame.realm, 0)
}

/// What is seen of a frame without going into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outline {
    /// The frame's length by its IP header, which is more than what is there if it was cut, and less if it was padded.
    pub length: Option<u32>,
    /// Whether it is itself the packet of a VXLAN tunnel.
    pub tunnel: bool,
}

/// The outline of an Ethernet frame.
#[inline]
pub fn outline(frame: &[u8]) -> Outline {
    let Ok(packet) = ethernet(frame) else { return Outline { length: None, tunnel: false } };
    let before = (frame.len() - packet.len()) as u32;
    let tunnel = ip::parse(packet).is_ok_and(|ip| {
        ip.protocol == ip::UDP
            && ip.fragment.is_none()
            && udp::parse(ip.payload, ip.payload_len).is_ok_and(|datagram| {
                datagram.destination_port == vxlan::PORT && vxlan::parse(datagram.payload).is_some()
            })
    });
    Outline { length: ip::length(packet).map(|length| before + length), tunnel }
}

/// The IP packet in an Ethernet frame.
#[inline]
pub(crate) fn ethernet(bytes: &[u8]) -> Result<&[u8], Undecoded> {
    after_ethertype(bytes, 12)
}

/// The IP packet in a Linux cooked frame, whose protocol and header end are at these offsets.
pub(super) fn cooked(bytes: &[u8], protocol_at: usize, header_len: usize) -> Result<&[u8], Undecoded> {
    let protocol = bytes.get(protocol_at..protocol_at + 2).ok_or(Undecoded::Truncated)?;
    let rest = bytes.get(header_len..).ok_or(Undecoded::Truncated)?;
    match u16::from_be_bytes([protocol[0], protocol[1]]) {
        ETHERTYPE_IPV4 | ETHERTYPE_IPV6 => Ok(rest),
        // The tag's two bytes come first, then the type of what it wraps.
        vlan::CUSTOMER | vlan::PROVIDER | vlan::PROVIDER_OLD => after_ethertype(rest, 2),
        _ => Err(Undecoded::NotIp),
    }
}

/// What follows an EtherType at `at`, past any VLAN tags.
#[inline]
fn after_ethertype(bytes: &[u8], mut at: usize) -> Result<&[u8], Undecoded> {
    for _ in 0..=MAX_VLAN_TAGS {
        let kind = bytes.get(at..at + 2).ok_or(Undecoded::Truncated)?;
        match u16::from_be_bytes([kind[0], kind[1]]) {
            ETHERTYPE_IPV4 | ETHERTYPE_IPV6 => return Ok(&bytes[at + 2..]),
            vlan::CUSTOMER | vlan::PROVIDER | vlan::PROVIDER_OLD => at += 4,
            _ => return Err(Undecoded::NotIp),
        }
    }
    Err(Undecoded::TooDeep)
}

#[inline]
fn network(bytes: &[u8], realm: Realm, depth: u32) -> Result<Decoded<'_>, Undecoded> {
    let packet = ip::parse(bytes)?;
    if let Some(info) = packet.fragment {
        // A fragment that was cut has a hole that nothing fills.
        if packet.payload.len() < packet.payload_len as usize {
            return Err(Undecoded::Truncated);
        }
        return Ok(Decoded::Fragment(Fragment {
            realm,
            source: packet.source,
            destination: packet.destination,
            protocol: packet.protocol,
            info,
            payload: packet.payload,
            depth,
        }));
    }
    let whole =
        Whole { realm, source: packet.source, destination: packet.destination, protocol: packet.protocol, depth };
    transport(whole, packet.payload, packet.payload_len)
}

/// An IP packet's header, once its payload is whole.
#[derive(Debug, Clone, Copy)]
pub struct Whole {
    pub realm: Realm,
    pub source: Address,
    pub destination: Address,
    pub protocol: u8,
    /// How many tunnels are around it.
    pub depth: u32,
}

/// Decodes an IP payload, and what it encapsulates.
#[inline]
pub fn transport(whole: Whole, payload: &[u8], payload_len: u32) -> Result<Decoded<'_>, Undecoded> {
    let transport = match whole.protocol {
        ip::TCP => Transport::Tcp(tcp::parse(payload, payload_len)?),
        ip::UDP => {
            let datagram = udp::parse(payload, payload_len)?;
            if datagram.destination_port == vxlan::PORT
                && let Some((vni, frame)) = vxlan::parse(datagram.payload)
            {
                if whole.depth == MAX_TUNNELS {
                    return Err(Undecoded::TooDeep);
                }
                return network(ethernet(frame)?, whole.realm.inside(vni), whole.depth + 1);
            }
            Transport::Udp(datagram)
        }
        other => Transport::Other(other),
    };
    let Whole { realm, source, destination, .. } = whole;
    Ok(Decoded::Packet(Packet { realm, source, destination, transport }))
}
