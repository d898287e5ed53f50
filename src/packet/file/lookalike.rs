//! What a file that is no capture file seems to be, so that the error can say more than "unknown".
//!
//! A guess from at most the first [`SAMPLE`] bytes; nothing depends on it but the wording of an error.

use std::fmt;

/// How many bytes from the start of a file a guess looks at.
pub(super) const SAMPLE: usize = 64;

/// What the first bytes of a file suggest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookalike {
    /// A variant of pcap with other packet headers, told by this magic number.
    ModifiedPcap(u32),
    /// Solaris' snoop (RFC 1761).
    Snoop,
    /// Bluetooth's descendant of snoop.
    Btsnoop,
    /// Microsoft Network Monitor.
    NetMon,
    /// Network General's Sniffer.
    Sniffer,
    /// Endace's Extensible Record Format; it has no magic number, so this is the boldest guess.
    Erf,
    /// gzip; as the file itself is decompressed, this is gzip within gzip.
    Gzip,
    /// Zstandard.
    Zstd,
    /// LZ4.
    Lz4,
    /// XZ.
    Xz,
    /// bzip2.
    Bzip2,
    /// A ZIP archive.
    Zip,
    /// JSON, such as a HAR file.
    Json,
    /// Text.
    Text,
}

/// Magic numbers at the start of a file. The modified pcaps are those that libpcap's and Wireshark's readers know.
const MAGICS: [(&[u8], Lookalike); 22] = [
    (&[0xa1, 0xb2, 0xcd, 0x34], Lookalike::ModifiedPcap(0xa1b2_cd34)),
    (&[0x34, 0xcd, 0xb2, 0xa1], Lookalike::ModifiedPcap(0xa1b2_cd34)),
    (&[0xa1, 0xb2, 0x34, 0xcd], Lookalike::ModifiedPcap(0xa1b2_34cd)),
    (&[0xcd, 0x34, 0xb2, 0xa1], Lookalike::ModifiedPcap(0xa1b2_34cd)),
    (&[0xa1, 0x2b, 0x3c, 0x4d], Lookalike::ModifiedPcap(0xa12b_3c4d)),
    (&[0x4d, 0x3c, 0x2b, 0xa1], Lookalike::ModifiedPcap(0xa12b_3c4d)),
    (&[0x1c, 0x00, 0x01, 0xac], Lookalike::ModifiedPcap(0x1c00_01ac)),
    (&[0xac, 0x01, 0x00, 0x1c], Lookalike::ModifiedPcap(0x1c00_01ac)),
    (&[0x1c, 0x00, 0x01, 0xab], Lookalike::ModifiedPcap(0x1c00_01ab)),
    (&[0xab, 0x01, 0x00, 0x1c], Lookalike::ModifiedPcap(0x1c00_01ab)),
    (b"snoop\0\0\0", Lookalike::Snoop),
    (b"btsnoop\0", Lookalike::Btsnoop),
    (b"RTSS", Lookalike::NetMon),
    (b"GMBU", Lookalike::NetMon),
    (b"TRSNIFF data", Lookalike::Sniffer),
    (&[0x1f, 0x8b], Lookalike::Gzip),
    (&[0x28, 0xb5, 0x2f, 0xfd], Lookalike::Zstd),
    (&[0x04, 0x22, 0x4d, 0x18], Lookalike::Lz4),
    (&[0xfd, b'7', b'z', b'X', b'Z', 0], Lookalike::Xz),
    (b"BZh", Lookalike::Bzip2),
    (b"PK\x03\x04", Lookalike::Zip),
    (b"\xef\xbb\xbf", Lookalike::Text),
];

impl Lookalike {
    /// What the start of a file suggests, if anything.
    pub(super) fn of(sample: &[u8]) -> Option<Self> {
        let known = MAGICS.iter().find(|(magic, _)| sample.starts_with(magic));
        if let Some((_, lookalike)) = known {
            return Some(*lookalike);
        }
        if is_text(sample) {
            let json = sample.trim_ascii_start().first().is_some_and(|first| matches!(first, b'{' | b'['));
            return Some(if json { Lookalike::Json } else { Lookalike::Text });
        }
        is_erf(sample).then_some(Lookalike::Erf)
    }
}

/// Whether there is no control character but white space in it; UTF-8 may be cut at the end of the sample.
fn is_text(sample: &[u8]) -> bool {
    let valid = match std::str::from_utf8(sample) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && error.valid_up_to() > 0,
    };
    valid && sample.iter().all(|byte| !byte.is_ascii_control() || byte.is_ascii_whitespace())
}

/// Whether this can be an ERF record's header: a little-endian 32.32 time stamp in seconds, type, flags, then in
/// network byte order the record's length, a counter of losses, and the length on the wire.
fn is_erf(sample: &[u8]) -> bool {
    let Some(header) = sample.first_chunk::<16>() else { return false };
    let seconds = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
    // The high bit of the type says that extension headers follow.
    let kind = header[8] & 0x7f;
    let length = u16::from_be_bytes([header[10], header[11]]);
    let wire = u16::from_be_bytes([header[14], header[15]]);
    // From 1996, when the first of these cards was made; no wire carries frames of more than 16 KiB.
    seconds > 820_000_000 && (1..=48).contains(&kind) && length >= 16 && (1..=16_384).contains(&wire)
}

impl fmt::Display for Lookalike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Lookalike::ModifiedPcap(magic) => return write!(f, "a modified pcap ({magic:#010x})"),
            Lookalike::Snoop => "snoop",
            Lookalike::Btsnoop => "btsnoop",
            Lookalike::NetMon => "a Network Monitor capture",
            Lookalike::Sniffer => "a Sniffer capture",
            Lookalike::Erf => "ERF",
            Lookalike::Gzip => "gzip within gzip",
            Lookalike::Zstd => "Zstandard",
            Lookalike::Lz4 => "LZ4",
            Lookalike::Xz => "XZ",
            Lookalike::Bzip2 => "bzip2",
            Lookalike::Zip => "a ZIP archive",
            Lookalike::Json => "JSON",
            Lookalike::Text => "text",
        };
        f.write_str(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_har_file_is_json_and_a_log_is_text() {
        assert_eq!(Lookalike::of(b"\n {\"log\": {\"version\": \"1.2\""), Some(Lookalike::Json));
        assert_eq!(Lookalike::of(b"GET / HTTP/1.1\r\n"), Some(Lookalike::Text));
        assert_eq!(Lookalike::of("na\u{ef}ve".as_bytes().split_at(3).0), Some(Lookalike::Text));
    }

    #[test]
    fn bytes_without_a_meaning_stay_unknown() {
        assert_eq!(Lookalike::of(&[0; SAMPLE]), None);
        assert_eq!(Lookalike::of(&[0xff; SAMPLE]), None);
        assert_eq!(Lookalike::of(&[1]), None);
    }

    #[test]
    fn an_erf_record_is_told_by_its_header() {
        let record = [0, 0, 0, 0, 0x00, 0x5e, 0x0b, 0x66, 2, 4, 0, 80, 0, 0, 0, 60];
        assert_eq!(Lookalike::of(&record), Some(Lookalike::Erf));
    }
}
