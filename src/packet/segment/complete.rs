//! Checksums that were left to an interface, in frames that stay in one piece.

use super::super::checksum::Sum;
use super::super::ip;
use super::super::ring::{Offload, RingPacket};
use super::headers::{Headers, Link, MAX_HEADERS};

/// Where SCTP has its checksum, and no other protocol: it is a CRC (RFC 9260 §3.1).
const SCTP_CHECKSUM: u16 = 8;

/// Writes the frame up to its checksum, and that; says how much of the captured frame this stands for.
///
/// Nothing if it is not known where the checksum is, or not all of what it covers is there.
pub fn complete(
    packet: &RingPacket,
    link: Link,
    headers: Option<&Headers>,
    head: &mut [u8; MAX_HEADERS],
) -> Option<usize> {
    let bytes = packet.bytes;
    if bytes.len() < packet.wire_len as usize {
        return None;
    }
    let asked = packet.offload.filter(|offload| offload.needs_csum);
    let (at, checksum) = headers
        .filter(|headers| asked.is_none_or(|asked| usize::from(asked.csum_start) == headers.transport))
        .and_then(|headers| by_headers(bytes, headers))
        .or_else(|| asked.and_then(|asked| by_offload(bytes, asked)))?;
    let captured = bytes.get(link.replaces..at)?;
    let end = link.header + captured.len();
    head.get_mut(link.header..end)?.copy_from_slice(captured);
    head.get_mut(end..end + 2)?.copy_from_slice(&checksum);
    Some(at + 2)
}

/// Where the checksum is and what it has to be, by the headers alone.
fn by_headers(bytes: &[u8], headers: &Headers) -> Option<(usize, [u8; 2])> {
    let (protocol, at) = match headers.protocol? {
        protocol @ ip::TCP => (protocol, 16),
        protocol @ ip::UDP => (protocol, 6),
        protocol @ ip::ICMPV6 => (protocol, 2),
        _ => return None,
    };
    if headers.end > bytes.len() {
        return None;
    }
    let message = headers.message(bytes);
    let (before, after) = (message.get(..at)?, message.get(at + 2..)?);
    let sum = Sum::pseudo_header(headers.addresses(bytes), protocol, message.len() as u32)
        .and(Sum::of(before))
        .and(Sum::of(after));
    let checksum = if protocol == ip::UDP { sum.udp_checksum() } else { sum.checksum() };
    Some((headers.transport + at, checksum))
}

/// The same, as an interface is told (virtio 1.0 §5.1.6.2): what is at its place is the sum of the pseudo-header.
fn by_offload(bytes: &[u8], asked: Offload) -> Option<(usize, [u8; 2])> {
    const UDP_CHECKSUM: u16 = 6;
    if asked.csum_offset == SCTP_CHECKSUM {
        return None;
    }
    let sum = Sum::of(bytes.get(usize::from(asked.csum_start)..)?);
    let at = usize::from(asked.csum_start) + usize::from(asked.csum_offset);
    bytes.get(at..at + 2)?;
    let checksum = if asked.csum_offset == UDP_CHECKSUM { sum.udp_checksum() } else { sum.checksum() };
    Some((at, checksum))
}
