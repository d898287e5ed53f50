//! Link types: what the first byte of a frame belongs to.

/// The link types that sidetap decodes, of those that <https://www.tcpdump.org/linktypes.html> lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkType {
    /// BSD loopback: a protocol family of four bytes, in the byte order of the machine that captured (0).
    Null,
    /// Ethernet (1).
    Ethernet,
    /// An IPv4 or IPv6 packet, told apart by its version (101; also 12 and 14, as some systems wrote it).
    Raw,
    /// OpenBSD loopback: a protocol family of four bytes in network byte order (108).
    Loop,
    /// Linux cooked capture, version 1 (113).
    LinuxSll,
    /// An IPv4 packet (228).
    Ipv4,
    /// An IPv6 packet (229).
    Ipv6,
    /// Linux cooked capture, version 2 (276).
    LinuxSll2,
    /// Any other; its frames are counted and not decoded.
    Other(u16),
}

impl LinkType {
    /// From the number in a capture file.
    pub fn from_number(number: u16) -> Self {
        match number {
            0 => LinkType::Null,
            1 => LinkType::Ethernet,
            12 | 14 | 101 => LinkType::Raw,
            108 => LinkType::Loop,
            113 => LinkType::LinuxSll,
            228 => LinkType::Ipv4,
            229 => LinkType::Ipv6,
            276 => LinkType::LinuxSll2,
            other => LinkType::Other(other),
        }
    }

    /// The number for a capture file.
    pub fn number(self) -> u16 {
        match self {
            LinkType::Null => 0,
            LinkType::Ethernet => 1,
            LinkType::Raw => 101,
            LinkType::Loop => 108,
            LinkType::LinuxSll => 113,
            LinkType::Ipv4 => 228,
            LinkType::Ipv6 => 229,
            LinkType::LinuxSll2 => 276,
            LinkType::Other(number) => number,
        }
    }
}
