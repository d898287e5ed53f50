//! TCP headers (RFC 9293 §3.1).

use super::decode::Undecoded;

/// One TCP segment, without its options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment<'a> {
    pub source_port: u16,
    pub destination_port: u16,
    /// The number of the first byte of the payload, or of the SYN.
    pub sequence: u32,
    /// The next byte that the sender expects; meaningless without [`Flags::ACK`].
    pub acknowledgement: u32,
    pub flags: Flags,
    /// The payload, as far as it was captured.
    pub payload: &'a [u8],
    /// The length of the payload on the wire.
    pub payload_len: u32,
}

/// The control bits that matter to a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    pub const FIN: Flags = Flags(0x01);
    pub const SYN: Flags = Flags(0x02);
    pub const RST: Flags = Flags(0x04);
    pub const ACK: Flags = Flags(0x10);

    /// From the byte on the wire.
    pub const fn from_bits(bits: u8) -> Self {
        Flags(bits)
    }

    /// Whether any of `other` is set.
    #[inline]
    pub const fn has(self, other: Flags) -> bool {
        self.0 & other.0 != 0
    }

    /// Both sets together.
    #[inline]
    pub const fn and(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

/// Reads a segment. `bytes` is what was captured of the IP payload, `wire_len` its length by the IP header.
#[inline]
pub fn parse(bytes: &[u8], wire_len: u32) -> Result<Segment<'_>, Undecoded> {
    let Some((header, _)) = bytes.split_first_chunk::<20>() else {
        return Err(Undecoded::Truncated);
    };
    let header_len = usize::from(header[12] >> 4) * 4;
    if header_len < 20 || header_len > wire_len as usize {
        return Err(Undecoded::Malformed);
    }
    // Options may be cut off; then the payload is, too.
    let payload = bytes.get(header_len..).unwrap_or_default();
    Ok(Segment {
        source_port: u16::from_be_bytes([header[0], header[1]]),
        destination_port: u16::from_be_bytes([header[2], header[3]]),
        sequence: u32::from_be_bytes([header[4], header[5], header[6], header[7]]),
        acknowledgement: u32::from_be_bytes([header[8], header[9], header[10], header[11]]),
        flags: Flags(header[13]),
        payload,
        payload_len: wire_len - header_len as u32,
    })
}
