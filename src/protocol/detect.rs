//! Tells a protocol by the first bytes of a direction.

use super::http1;
use super::proxy_header::{self, ProxyHeader};
use crate::flow::Side;

/// Bytes that decide; a direction that has shown so many and is not known speaks something else.
pub const DECISIVE: usize = 32;

/// What the first bytes of one direction say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detected {
    /// A message of HTTP/1, sent by this side.
    Http1(Side),
    /// The connection preface of HTTP/2 that this side sends first (RFC 9113 §3.4).
    Http2(Side),
    /// The header of a load balancer, behind which the client's own first bytes are.
    Proxy(ProxyHeader),
    /// A TLS record with a handshake message of this side.
    Tls(Side),
    /// A TLS record from the middle of a connection.
    TlsMidstream,
    /// None of them.
    Unknown,
    /// It takes more bytes to tell.
    Undecided,
}

/// The first line of the connection preface of a client of HTTP/2.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n";
/// Empty lines that a message may have before it (RFC 9112 §2.2), in bytes: with them [`DECISIVE`] bytes still tell.
const MAX_EMPTY_LINES: usize = 6;
/// Settings in the frame that is the preface of a server. There are eight so far; some servers add one that means
/// nothing (RFC 8701).
const MOST_SETTINGS: u8 = 16;

/// Looks at the first bytes of a direction.
pub fn detect(bytes: &[u8]) -> Detected {
    if bytes.is_empty() {
        return Detected::Undecided;
    }
    match proxy_header::begins(bytes) {
        Some(Some(header)) => return Detected::Proxy(header),
        Some(None) => {}
        None => return Detected::Undecided,
    }
    // Its preface looks like a request of HTTP/1 on purpose.
    if bytes[..bytes.len().min(PREFACE.len())] == PREFACE[..bytes.len().min(PREFACE.len())] {
        return if bytes.len() >= PREFACE.len() { Detected::Http2(Side::Client) } else { Detected::Undecided };
    }
    // A server need not wait for its client's preface, and gRPC's do not.
    match begins_with_settings(bytes) {
        Some(true) => return Detected::Http2(Side::Server),
        Some(false) => {}
        None => return Detected::Undecided,
    }
    let is_line_end = |byte: &&u8| matches!(**byte, b'\r' | b'\n');
    let message = &bytes[bytes.iter().take(MAX_EMPTY_LINES).take_while(is_line_end).count()..];
    let mut undecided = false;
    for side in [Side::Client, Side::Server] {
        match http1::begins_message(message, side) {
            Some(true) => return Detected::Http1(side),
            Some(false) => {}
            None => undecided = true,
        }
    }
    match bytes {
        [0x16, 0x03, 0..=4, _, _, 1, ..] => Detected::Tls(Side::Client),
        [0x16, 0x03, 0..=4, _, _, 2, ..] => Detected::Tls(Side::Server),
        [0x14..=0x17, 0x03, 0..=4, _, _, _, ..] => Detected::TlsMidstream,
        [0x14..=0x17] | [0x14..=0x17, 0x03] | [0x14..=0x17, 0x03, 0..=4, ..] => Detected::Undecided,
        _ if undecided && bytes.len() < DECISIVE => Detected::Undecided,
        _ => Detected::Unknown,
    }
}

/// Whether these are the head of a SETTINGS frame that acknowledges none (RFC 9113 §6.5): length, type, flags, stream
/// 0. `None`: it takes more bytes to tell.
fn begins_with_settings(bytes: &[u8]) -> Option<bool> {
    let head = &bytes[..bytes.len().min(9)];
    let fits = head.iter().enumerate().all(|(place, &byte)| match place {
        2 => byte % 6 == 0 && byte / 6 <= MOST_SETTINGS,
        3 => byte == 4,
        _ => byte == 0,
    });
    if fits && head.len() < 9 { None } else { Some(fits) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn first_bytes_tell() {
        for (bytes, detected) in [
            (&b""[..], Detected::Undecided),
            (b"GET / HTTP/1.1", Detected::Http1(Side::Client)),
            (b"GET /", Detected::Http1(Side::Client)),
            (b"GET ", Detected::Undecided),
            (b"M-SEARCH * HTTP/1.1", Detected::Http1(Side::Client)),
            (b"CONNECT [::1]:443", Detected::Http1(Side::Client)),
            (b"HTTP/1.1 200", Detected::Http1(Side::Server)),
            (b"HTTP/1.", Detected::Undecided),
            (b"HTTP/2.0 200", Detected::Unknown),
            (b"PRI * HTTP/2.0\r\n", Detected::Http2(Side::Client)),
            (b"PRI * HT", Detected::Undecided),
            (b"\x16\x03\x01\x02\x00\x01", Detected::Tls(Side::Client)),
            (b"\x16\x03\x03\x00\x7a\x02", Detected::Tls(Side::Server)),
            (b"\x17\x03\x03\x00\x7a\x99", Detected::TlsMidstream),
            (b"\x16\x03", Detected::Undecided),
            (b"PROXY TCP4 192.0.2.1", Detected::Proxy(ProxyHeader::Line { left: 107 })),
            (b"PROXY TCP", Detected::Undecided),
            (b"PROXY /", Detected::Http1(Side::Client)),
            (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c", Detected::Proxy(ProxyHeader::Block { left: 28 })),
            (b"\r\n\r\n\0", Detected::Undecided),
            (b"\r\n\n\r\n\rBASELINE-CONTROL /", Detected::Http1(Side::Client)),
            (b"\r\n\nHTTP/1.1 200", Detected::Http1(Side::Server)),
            (b"\r\n\r\n", Detected::Undecided),
            (b"\n\n\n\n\n\n\nGET /", Detected::Unknown),
            (b"SSH-2.0-OpenSSH_9.2", Detected::Unknown),
            (b"*1\r\n$4\r\nPING\r\n", Detected::Unknown),
            (b"\0\0\0\0", Detected::Unknown),
        ] {
            assert_eq!(detect(bytes), detected, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn http_2_is_known_by_either_sides_preface() {
        let settings = b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x64";
        for (bytes, side) in [(&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], Side::Client), (settings, Side::Server)] {
            assert_eq!(detect(bytes), Detected::Http2(side));
            for end in 1..9 {
                assert_eq!(detect(&bytes[..end]), Detected::Undecided, "{end} of {bytes:?}");
            }
        }
        assert_eq!(detect(b"\0\0\0\x04\0\0\0\0\0"), Detected::Http2(Side::Server), "without any setting");
    }

    #[test]
    fn what_only_resembles_settings_is_no_preface() {
        for bytes in [
            // An acknowledgement, another stream, half a setting, another frame.
            b"\0\0\0\x04\x01\0\0\0\0",
            b"\0\0\x06\x04\0\0\0\0\x01",
            b"\0\0\x05\x04\0\0\0\0\0",
            b"\0\0\x08\x06\0\0\0\0\0",
            b"\0\0\0\0\0\0\0\0\0",
        ] {
            assert!(matches!(detect(bytes), Detected::Unknown | Detected::Undecided), "{bytes:?}");
        }
    }

    proptest! {
        /// What was decided stays decided, so that it does not matter in which pieces the bytes come.
        #[test]
        fn more_bytes_change_no_decision(
            beginning in prop::sample::select(vec![
                "", "GET /", "PRI * HTTP/2.0", "HTTP/1.1 200 OK", "\x16\x03\x01\x00\x05\x01", "OPTIONS *", "A-", "HTTP/1.",
                "\r\nGET /", "PROXY TCP6 ::1", "\r\n\r\n\0\r\nQUIT\n\x21",
            ]),
            cut in 0..16_usize,
            rest in prop::collection::vec(prop_oneof![any::<u8>(), Just(b' '), b'A'..=b'Z'], 0..40),
        ) {
            let mut bytes = beginning.as_bytes()[..cut.min(beginning.len())].to_vec();
            bytes.extend(rest);
            let decisions: Vec<_> =
                (0..=bytes.len()).map(|len| detect(&bytes[..len])).filter(|&found| found != Detected::Undecided).collect();
            prop_assert!(decisions.windows(2).all(|pair| pair[0] == pair[1]), "{:?}", decisions);
        }
    }
}
