//! UDP headers (RFC 768).

use super::decode::Undecoded;

/// One UDP datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Datagram<'a> {
    pub source_port: u16,
    pub destination_port: u16,
    /// The payload, as far as it was captured.
    pub payload: &'a [u8],
    /// The length of the payload on the wire.
    pub payload_len: u32,
}

/// Reads a datagram. `bytes` is what was captured of the IP payload, `wire_len` its length by the IP header.
#[inline]
pub fn parse(bytes: &[u8], wire_len: u32) -> Result<Datagram<'_>, Undecoded> {
    let Some((header, rest)) = bytes.split_first_chunk::<8>() else {
        return Err(Undecoded::Truncated);
    };
    // Zero stands for "too long to say" in jumbograms and segmentation offload.
    let length = match u16::from_be_bytes([header[4], header[5]]) {
        0 => wire_len,
        length => u32::from(length),
    };
    if length < 8 || length > wire_len {
        return Err(Undecoded::Malformed);
    }
    let payload_len = length - 8;
    Ok(Datagram {
        source_port: u16::from_be_bytes([header[0], header[1]]),
        destination_port: u16::from_be_bytes([header[2], header[3]]),
        payload: &rest[..rest.len().min(payload_len as usize)],
        payload_len,
    })
}
