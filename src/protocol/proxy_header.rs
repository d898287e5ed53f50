//! The header that a load balancer puts before what its client sends: the PROXY protocol, versions 1 and 2.
//!
//! Follows "The PROXY protocol" of the HAProxy project, sections 2.1 and 2.2. Whatever the client speaks begins right
//! behind it. It is stepped over and not read, so that nothing of it is kept.

/// How a header of version 1 begins: a line of text.
const LINES: [&[u8]; 3] = [b"PROXY TCP4 ", b"PROXY TCP6 ", b"PROXY UNKNOWN"];
/// The longest line, with its CRLF (§2.1).
const MAX_LINE: u8 = 107;
/// How a header of version 2 begins.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// A header that has begun, and what is to come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyHeader {
    /// Version 1: at most so many bytes to the end of the line.
    Line { left: u8 },
    /// Version 2: just so many bytes.
    Block { left: u32 },
}

/// Where a header ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skipped {
    /// Behind these bytes.
    All,
    /// After so many of them.
    Ends(usize),
    /// Nowhere: it is longer than a header can be, and so it is none.
    Overlong,
}

/// The header that these are the first bytes of, with all of it still to come; `Some(None)` if they begin none, and
/// `None` if it takes more bytes to tell. Sixteen always suffice.
pub fn begins(bytes: &[u8]) -> Option<Option<ProxyHeader>> {
    let begins_with = |start: &[u8]| bytes.iter().zip(start).all(|(byte, expected)| byte == expected);
    if begins_with(&SIGNATURE) {
        return match bytes.get(SIGNATURE.len()..) {
            Some([version, ..]) if version >> 4 != 2 => Some(None),
            Some([_, _, high, low, ..]) => {
                let addresses = u32::from(u16::from_be_bytes([*high, *low]));
                Some(Some(ProxyHeader::Block { left: SIGNATURE.len() as u32 + 4 + addresses }))
            }
            _ => None,
        };
    }
    match LINES.into_iter().find(|line| begins_with(line)) {
        Some(line) if bytes.len() >= line.len() => Some(Some(ProxyHeader::Line { left: MAX_LINE })),
        Some(_) => None,
        None => Some(None),
    }
}

impl ProxyHeader {
    /// Steps over the next bytes as far as they belong to the header.
    pub fn skip(&mut self, bytes: &[u8]) -> Skipped {
        match self {
            ProxyHeader::Line { left } => {
                let within = &bytes[..bytes.len().min(usize::from(*left))];
                match memchr::memchr(b'\n', within) {
                    Some(end) => Skipped::Ends(end + 1),
                    None if within.len() == usize::from(*left) => Skipped::Overlong,
                    None => {
                        *left -= within.len() as u8;
                        Skipped::All
                    }
                }
            }
            ProxyHeader::Block { left } => match usize::try_from(*left) {
                Ok(end) if end <= bytes.len() => Skipped::Ends(end),
                _ => {
                    *left -= bytes.len() as u32;
                    Skipped::All
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &[u8] = b"PROXY TCP4 203.0.113.7 10.0.0.9 51234 80\r\n";

    fn block(command: u8, addresses: &[u8]) -> Vec<u8> {
        [&SIGNATURE[..], &[command, 0x11], &(addresses.len() as u16).to_be_bytes(), addresses].concat()
    }

    /// Where a header ends if its bytes come so many at a time, with a request right behind it.
    fn end(header: &[u8], piece: usize) -> Option<usize> {
        let wire = [header, b"GET / HTTP/1.1\r\n"].concat();
        let decisive = (1..=wire.len()).find_map(|len| begins(&wire[..len]))?;
        let mut reader = decisive?;
        let mut at = 0;
        for bytes in wire.chunks(piece) {
            match reader.skip(bytes) {
                Skipped::All => at += bytes.len(),
                Skipped::Ends(len) => return Some(at + len),
                Skipped::Overlong => return None,
            }
        }
        None
    }

    #[test]
    fn a_header_ends_where_it_ends_whatever_the_pieces() {
        let longest = [&b"PROXY UNKNOWN "[..], &[b'f'; 91], b"\r\n"].concat();
        for header in
            [LINE, b"PROXY UNKNOWN\r\n", &longest, &block(0x21, &[9; 12]), &block(0x20, b""), &block(0x21, &[0; 3000])]
        {
            for piece in [1, 2, 15, 16, 17, 4000] {
                assert_eq!(end(header, piece), Some(header.len()), "{header:?} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn a_line_without_an_end_is_no_header() {
        let long = [&b"PROXY TCP6 "[..], &[b':'; 97], b"\r\n"].concat();
        for piece in [1, 50, 4000] {
            assert_eq!(end(&long, piece), None);
        }
    }

    #[test]
    fn what_only_resembles_a_header_is_none() {
        for bytes in [
            &b"PROXY /path HTTP/1.1\r\n"[..],
            b"PROXY TCP5 ",
            b"PUT / HTTP/1.1\r\n",
            b"\r\nGET / HTTP/1.1\r\n",
            b"\r\n\r\n\0\r\nQUIT\n\x11\x11",
            b"\x16\x03\x01",
        ] {
            assert_eq!(begins(bytes), Some(None), "{bytes:?}");
        }
        for bytes in [&b""[..], b"PRO", b"PROXY TCP", b"\r\n\r\n\0\r\nQ", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00"] {
            assert_eq!(begins(bytes), None, "{bytes:?}");
        }
    }
}
