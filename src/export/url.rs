//! Writes where an exchange went as a URL (RFC 3986), and the two ends of a connection.
//!
//! What is written is ASCII without quotes, backslashes, spaces and control characters, whatever came over the wire, so
//! that it may stand in a JSON string or a comment as it is. Bytes that a path or query cannot hold are percent-encoded;
//! what was percent-encoded before stays as it was. It is at most three times as long as the text of the exchange.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::record::{Annotations, Connection, Endpoint, Exchange};

/// The bytes that stand for themselves, in one part of a URL.
type Plain = [bool; 256];

/// RFC 3986 §3.2.2: `reg-name`.
static HOST: Plain = plain(b"!$&'()*+,;=");

/// RFC 3986 §3.3: `pchar`, and what separates segments.
static PATH: Plain = plain(b"!$&'()*+,;=:@/");

/// RFC 3986 §3.4.
static QUERY: Plain = plain(b"!$&'()*+,;=:@/?");

/// Those of RFC 3986 §2.3, which stand for themselves anywhere, and these.
const fn plain(also: &[u8]) -> Plain {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        plain[byte] = (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'-' | b'.' | b'_' | b'~');
        byte += 1;
    }
    let mut place = 0;
    while place < also.len() {
        plain[also[place] as usize] = true;
        place += 1;
    }
    plain
}

/// The whole URL, with the query as the exchange holds it.
pub fn write(out: &mut Vec<u8>, connection: &Connection, exchange: &Exchange) {
    write_without_query(out, connection, exchange);
    if !exchange.query.is_empty() {
        out.push(b'?');
        encode(out, exchange.get(exchange.query), &QUERY);
    }
}

/// The URL with another path and query, in which everything stands for itself that may.
pub fn write_with(out: &mut Vec<u8>, connection: &Connection, exchange: &Exchange, path: &[u8], query: Option<&[u8]>) {
    write_origin(out, connection, exchange);
    encode(out, path, &PATH);
    if let Some(query) = query {
        out.push(b'?');
        encode(out, query, &QUERY);
    }
}

/// Path and query with surrogates for their values, or those of the exchange if it has none. Nothing where there is no
/// path.
pub fn write_surrogate_target(out: &mut Vec<u8>, exchange: &Exchange, annotations: &Annotations) {
    let surrogate = annotations.surrogate_target.as_bytes();
    let (path, query) = match memchr::memchr(b'?', surrogate) {
        Some(mark) => (&surrogate[..mark], &surrogate[mark + 1..]),
        None => (surrogate, &b""[..]),
    };
    let (path, query) = match path.is_empty() {
        true => (exchange.get(exchange.path), exchange.get(exchange.query)),
        false => (path, query),
    };
    encode(out, path, &PATH);
    if !query.is_empty() {
        out.push(b'?');
        encode(out, query, &QUERY);
    }
}

/// The URL up to its path.
pub fn write_without_query(out: &mut Vec<u8>, connection: &Connection, exchange: &Exchange) {
    write_origin(out, connection, exchange);
    match exchange.get(exchange.path) {
        // RFC 9112 §3.3: the asterisk form and the authority form have no path.
        b"" | b"*" => {}
        path => {
            if !path.starts_with(b"/") {
                out.push(b'/');
            }
            encode(out, path, &PATH);
        }
    }
}

/// The URL up to its port.
fn write_origin(out: &mut Vec<u8>, connection: &Connection, exchange: &Exchange) {
    out.extend_from_slice(exchange.scheme.name().as_bytes());
    out.extend_from_slice(b"://");
    write_authority(out, connection, exchange);
}

/// Host and port of the URL.
pub fn write_authority(out: &mut Vec<u8>, connection: &Connection, exchange: &Exchange) {
    let default = exchange.scheme.default_port();
    let host = exchange.get(exchange.host);
    let port = if is_host(host) {
        out.extend_from_slice(host);
        exchange.host_port
    } else {
        // The client named nobody, or nobody whom a URL could name. So it is who was asked.
        host_of(out, connection.server.address);
        Some(connection.server.port)
    };
    if let Some(port) = port.filter(|&port| port != default) {
        write_port(out, port);
    }
}

/// An address and a port: `10.1.0.0:80`, `[::1]:80`.
pub fn endpoint(out: &mut Vec<u8>, endpoint: &Endpoint) {
    host_of(out, endpoint.address);
    write_port(out, endpoint.port);
}

/// An address: `10.1.0.0`, `::1`.
pub fn address(out: &mut Vec<u8>, address: IpAddr) {
    // Writing into a vector does not fail.
    let _ = write!(out, "{address}");
}

/// An address as the host of a URL.
fn host_of(out: &mut Vec<u8>, ip: IpAddr) {
    match ip {
        IpAddr::V4(_) => address(out, ip),
        IpAddr::V6(_) => {
            out.push(b'[');
            address(out, ip);
            out.push(b']');
        }
    }
}

fn write_port(out: &mut Vec<u8>, port: u16) {
    out.push(b':');
    super::json::number(out, port.into());
}

/// Whether this can be the host of a URL. What ends in a number is an address or nothing, as browsers see it, and what
/// they cannot read spoils a whole file for some readers.
fn is_host(host: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(host) else { return false };
    if let Some(literal) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        return literal.parse::<Ipv6Addr>().is_ok();
    }
    let last = text.strip_suffix('.').unwrap_or(text).rsplit('.').next().unwrap_or_default();
    let is_number = match last.strip_prefix("0x").or_else(|| last.strip_prefix("0X")) {
        Some(digits) => digits.bytes().all(is_hex),
        None => !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()),
    };
    let is_plain = host.iter().all(|&byte| HOST[usize::from(byte)]);
    !host.is_empty() && is_plain && (!is_number || text.parse::<Ipv4Addr>().is_ok())
}

#[inline]
fn encode(out: &mut Vec<u8>, text: &[u8], plain: &Plain) {
    if text.iter().all(|&byte| plain[usize::from(byte)]) {
        out.extend_from_slice(text);
        return;
    }
    for (place, &byte) in text.iter().enumerate() {
        let encoded = || matches!(text.get(place + 1..place + 3), Some([a, b]) if is_hex(*a) && is_hex(*b));
        if plain[usize::from(byte)] || (byte == b'%' && encoded()) {
            out.push(byte);
        } else {
            let digit = |value: u8| b"0123456789ABCDEF"[usize::from(value & 0xf)];
            out.extend_from_slice(&[b'%', digit(byte >> 4), digit(byte)]);
        }
    }
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::sample;
    use crate::record::Scheme;

    fn url(host: &[u8], port: Option<u16>, path: &[u8], query: &[u8]) -> String {
        let mut exchange = Exchange { host_port: port, ..Exchange::default() };
        exchange.host = exchange.text.add(host);
        exchange.path = exchange.text.add(path);
        exchange.query = exchange.text.add(query);
        text(&exchange)
    }

    fn text(exchange: &Exchange) -> String {
        let mut out = Vec::new();
        write(&mut out, &sample::connection(), exchange);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_url_names_what_the_client_asked_for() {
        assert_eq!(url(b"shop.example.com", None, b"/a/b", b""), "http://shop.example.com/a/b");
        assert_eq!(url(b"shop.example.com", Some(80), b"/", b"q=1&r"), "http://shop.example.com/?q=1&r");
        assert_eq!(url(b"shop.example.com", Some(8080), b"/", b""), "http://shop.example.com:8080/");
        assert_eq!(url(b"[::1]", Some(8080), b"/", b""), "http://[::1]:8080/");
        let mut exchange = Exchange { scheme: Scheme::Https, host_port: Some(443), ..Exchange::default() };
        exchange.host = exchange.text.add(b"h");
        assert_eq!(text(&exchange), "https://h");
    }

    #[test]
    fn without_a_host_it_names_the_server() {
        for host in ["", "a/b", "a?b", "a@b", "a b", "[::1", "[x]", "::1", "%2F", "1.2.3.999", "1.2", "0x7f", "\u{e9}"]
        {
            assert_eq!(url(host.as_bytes(), Some(81), b"/a", b""), "http://10.2.0.0:8080/a", "{host}");
        }
        for host in ["10.0.0.1", "[fd00::1]", "a", "a.", "2048-game", "0xyz", "_tcp.a", "a.b-c.1d"] {
            assert_eq!(url(host.as_bytes(), Some(81), b"/a", b""), format!("http://{host}:81/a"));
        }
    }

    #[test]
    fn targets_that_are_no_paths_become_none_or_one() {
        assert_eq!(url(b"h", None, b"*", b""), "http://h");
        assert_eq!(url(b"h", Some(443), b"", b""), "http://h:443");
        assert_eq!(url(b"h", None, b"evil.example/x", b""), "http://h/evil.example/x");
    }

    #[test]
    fn what_a_url_cannot_hold_is_encoded_once() {
        assert_eq!(
            url(b"h", None, b"/a b/%7e/%zz/\xff?", b"x=\"&y=%20"),
            "http://h/a%20b/%7e/%25zz/%FF%3F?x=%22&y=%20"
        );
        assert_eq!(url(b"h", None, b"/%", b"%4"), "http://h/%25?%254");
    }
}
