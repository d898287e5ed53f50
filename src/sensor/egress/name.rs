//! What a host is called, in one form: names come from DNS, TLS and HTTP in any case, with ports and last dots.

use std::net::{IpAddr, Ipv6Addr};

/// The longest name that DNS can hold, as text (RFC 1035 §2.3.4).
pub const LONGEST_NAME: usize = 253;

/// What figures of several sites together are shown under. No site has this name.
pub const OTHER: &str = "_other";

/// Who is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host<'a> {
    /// In small letters, without the last dot.
    Name(&'a str),
    Address(IpAddr),
}

/// Reads a host with or without a port, as `Host`, SNI or DNS have it. `None` if it is no name that a host can have: a
/// part of a wrong name would be another wrong name. `buffer` is room for the name.
pub fn read<'a>(bytes: &[u8], buffer: &'a mut String) -> Option<(Host<'a>, Option<u16>)> {
    let text = std::str::from_utf8(bytes).ok()?.trim_ascii();
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, "")) => return Some((literal(address.parse::<Ipv6Addr>().ok()?.into()), None)),
        Some((address, rest)) => {
            let port = rest.strip_prefix(':')?.parse().ok()?;
            return Some((literal(address.parse::<Ipv6Addr>().ok()?.into()), Some(port)));
        }
        None => match text.split_once(':') {
            // More than one colon, and no brackets.
            Some((_, rest)) if rest.contains(':') => (text, None),
            // RFC 3986 §3.2.3: a colon with nothing behind it names no port.
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (text, None),
        },
    };
    if let Ok(address) = host.parse::<IpAddr>() {
        return Some((literal(address), port));
    }
    let name = host.trim_end_matches('.');
    let possible = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(possible) || name == OTHER {
        return None;
    }
    buffer.clear();
    buffer.push_str(name);
    buffer.make_ascii_lowercase();
    Some((Host::Name(buffer), port))
}

fn literal<'a>(address: IpAddr) -> Host<'a> {
    Host::Address(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Option<(String, Option<u16>)> {
        let mut buffer = String::new();
        match read(text.as_bytes(), &mut buffer)? {
            (Host::Name(name), port) => Some((name.to_owned(), port)),
            (Host::Address(address), port) => Some((format!("<{address}>"), port)),
        }
    }

    #[test]
    fn names_have_one_form_however_they_are_written() {
        for (text, expected) in [
            ("API.Example.com", ("api.example.com", None)),
            ("api.example.com.", ("api.example.com", None)),
            ("api.example.com:8080", ("api.example.com", Some(8080))),
            ("api.example.com.:", ("api.example.com", None)),
            ("_dmarc.example.com", ("_dmarc.example.com", None)),
            ("192.0.2.1:80", ("<192.0.2.1>", Some(80))),
            ("[2001:DB8::1]", ("<2001:db8::1>", None)),
            ("[2001:db8::1]:443", ("<2001:db8::1>", Some(443))),
            ("2001:db8::1", ("<2001:db8::1>", None)),
            ("::ffff:192.0.2.1", ("<192.0.2.1>", None)),
        ] {
            assert_eq!(name(text), Some((expected.0.to_owned(), expected.1)), "{text}");
        }
    }

    #[test]
    fn what_no_host_is_called_is_no_name() {
        let longest = "a.".repeat(127);
        assert!(name(&longest).is_some(), "the dot at its end does not count");
        assert_eq!(name(&format!("{longest}a")), None);
        for text in
            ["", ".", "a b", "a\r\nb", "user@host", "a/b", "<b>", "ü.example", "[::1", "[::1]x", "a:b", "a:65536"]
        {
            assert_eq!(name(text), None, "{text}");
        }
        assert_eq!(name(OTHER), None);
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_name_that_is_its_own_form_or_none(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let (mut buffer, mut again) = (String::new(), String::new());
            if let Some((Host::Name(name), _)) = read(&bytes, &mut buffer) {
                prop_assert!(name.len() <= LONGEST_NAME && name.bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert_eq!(read(name.as_bytes(), &mut again), Some((Host::Name(name), None)));
            }
        }

        #[test]
        fn what_looks_like_a_host_never_panics(text in "[a-zA-Z0-9\\[\\]:.%_-]{0,40}") {
            let mut buffer = String::new();
            let _ = read(text.as_bytes(), &mut buffer);
        }
    }
}
