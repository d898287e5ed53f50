//! IPv4 and IPv6 headers (RFC 791, RFC 8200), up to the transport.

use super::address::Address;
use super::decode::Undecoded;

/// Protocol numbers (<https://www.iana.org/assignments/protocol-numbers>).
pub const ICMP: u8 = 1;
pub const TCP: u8 = 6;
pub const UDP: u8 = 17;
pub const DCCP: u8 = 33;
pub const ICMPV6: u8 = 58;
pub const SCTP: u8 = 132;
pub const UDP_LITE: u8 = 136;

/// Those of IPv6's extension headers.
pub const HOP_BY_HOP: u8 = 0;
pub const ROUTING: u8 = 43;
pub const FRAGMENT: u8 = 44;
pub const AUTHENTICATION: u8 = 51;
pub const DESTINATION_OPTIONS: u8 = 60;
pub const MOBILITY: u8 = 135;

/// More extension headers than any honest packet has (RFC 8200 §4.1 names seven).
const MAX_EXTENSION_HEADERS: usize = 8;

/// An IP packet without its headers.
#[derive(Debug, Clone, Copy)]
pub struct IpPacket<'a> {
    pub source: Address,
    pub destination: Address,
    /// What `payload` is: a protocol number.
    pub protocol: u8,
    /// The payload as far as it was captured, without padding of the link.
    pub payload: &'a [u8],
    /// The length of the payload by the header.
    pub payload_len: u32,
    /// Where the payload belongs in a fragmented packet.
    pub fragment: Option<FragmentInfo>,
}

/// What a fragment says of its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FragmentInfo {
    /// The same for all fragments of one packet between two hosts.
    pub identification: u32,
    /// Where the payload begins in the whole, in bytes.
    pub offset: u32,
    /// Whether more follows.
    pub more: bool,
}

/// Reads an IPv4 or IPv6 packet, told apart by its version.
#[inline]
pub fn parse(bytes: &[u8]) -> Result<IpPacket<'_>, Undecoded> {
    match bytes.first().map(|first| first >> 4) {
        Some(4) => parse_v4(bytes),
        Some(6) => parse_v6(bytes),
        Some(_) => Err(Undecoded::NotIp),
        None => Err(Undecoded::Truncated),
    }
}

/// The length of a packet by its header; `None` where the header does not tell.
#[inline]
pub fn length(bytes: &[u8]) -> Option<u32> {
    let field = |at: usize| Some(u32::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?])));
    let length = match bytes.first()? >> 4 {
        4 => field(2)?,
        6 => match field(4)? {
            0 => 0,
            length => 40 + length,
        },
        _ => 0,
    };
    (length > 0).then_some(length)
}

#[inline]
fn parse_v4(bytes: &[u8]) -> Result<IpPacket<'_>, Undecoded> {
    let Some((header, _)) = bytes.split_first_chunk::<20>() else {
        return Err(Undecoded::Truncated);
    };
    let header_len = usize::from(header[0] & 0x0f) * 4;
    // Segmentation offload leaves zero in frames that the field cannot describe.
    let total = match u16::from_be_bytes([header[2], header[3]]) {
        0 => bytes.len(),
        total => usize::from(total),
    };
    if header_len < 20 || total < header_len {
        return Err(Undecoded::Malformed);
    }
    let flags_offset = u16::from_be_bytes([header[6], header[7]]);
    let offset = u32::from(flags_offset & 0x1fff) * 8;
    let more = flags_offset & 0x2000 != 0;
    let fragment = (offset != 0 || more).then(|| FragmentInfo {
        identification: u32::from(u16::from_be_bytes([header[4], header[5]])),
        offset,
        more,
    });
    Ok(IpPacket {
        source: Address::v4([header[12], header[13], header[14], header[15]]),
        destination: Address::v4([header[16], header[17], header[18], header[19]]),
        protocol: header[9],
        payload: bytes.get(header_len..bytes.len().min(total)).unwrap_or_default(),
        payload_len: (total - header_len) as u32,
        fragment,
    })
}

fn parse_v6(bytes: &[u8]) -> Result<IpPacket<'_>, Undecoded> {
    let Some((header, mut rest)) = bytes.split_first_chunk::<40>() else {
        return Err(Undecoded::Truncated);
    };
    let mut left = match u16::from_be_bytes([header[4], header[5]]) {
        // A jumbogram (RFC 2675), or segmentation offload beyond 64 KiB.
        0 => rest.len(),
        length => usize::from(length),
    };
    rest = &rest[..rest.len().min(left)];
    let mut protocol = header[6];
    let mut fragment = None;
    for _ in 0..MAX_EXTENSION_HEADERS {
        let length = match protocol {
            HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS | MOBILITY => {
                8 + 8 * usize::from(*rest.get(1).ok_or(Undecoded::Truncated)?)
            }
            AUTHENTICATION => 8 + 4 * usize::from(*rest.get(1).ok_or(Undecoded::Truncated)?),
            FRAGMENT => 8,
            _ => {
                let (source, destination) = addresses_v6(header);
                return Ok(IpPacket {
                    source,
                    destination,
                    protocol,
                    payload: rest,
                    payload_len: left as u32,
                    fragment,
                });
            }
        };
        let extension = rest.get(..length).ok_or(Undecoded::Truncated)?;
        if protocol == FRAGMENT {
            let offset_more = u16::from_be_bytes([extension[2], extension[3]]);
            let info = FragmentInfo {
                identification: u32::from_be_bytes([extension[4], extension[5], extension[6], extension[7]]),
                offset: u32::from(offset_more & 0xfff8),
                more: offset_more & 1 != 0,
            };
            // An atomic fragment is a whole packet (RFC 6946).
            fragment = (info.offset != 0 || info.more).then_some(info);
        }
        protocol = extension[0];
        rest = &rest[length..];
        left = left.saturating_sub(length);
        if fragment.is_some() {
            // What follows is part of the whole and can only be read with the rest of it.
            let (source, destination) = addresses_v6(header);
            return Ok(IpPacket { source, destination, protocol, payload: rest, payload_len: left as u32, fragment });
        }
    }
    Err(Undecoded::Malformed)
}

fn addresses_v6(header: &[u8; 40]) -> (Address, Address) {
    let (mut source, mut destination) = ([0; 16], [0; 16]);
    source.copy_from_slice(&header[8..24]);
    destination.copy_from_slice(&header[24..40]);
    (Address::v6(source), Address::v6(destination))
}
