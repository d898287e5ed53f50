//! Which server names are plausible.

/// Whether these bytes can be a host name (RFC 6066 §3, RFC 1035 §2.3.4): labels of 1 to 63 letters, digits, hyphens
/// and underscores, 253 bytes in all and perhaps a last dot. Underscores are in no host name by the book, but in many.
pub(super) fn is_plausible(name: &[u8]) -> bool {
    let name = name.strip_suffix(b".").unwrap_or(name);
    name.len() <= 253
        && name.split(|&byte| byte == b'.').all(|label| {
            (1..=63).contains(&label.len())
                && label.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
}

#[cfg(test)]
mod tests {
    use super::is_plausible;

    #[test]
    fn names_of_hosts_are_plausible() {
        for name in ["a", "example.com", "EXAMPLE.com.", "xn--bcher-kva.example", "_srv.x-1.example", "10.0.0.1"] {
            assert!(is_plausible(name.as_bytes()), "{name}");
        }
        let longest = [["a"; 63].concat(), ["b"; 63].concat(), ["c"; 63].concat(), ["d"; 61].concat()].join(".");
        assert!(is_plausible(longest.as_bytes()));
        assert!(!is_plausible(format!("{longest}e").as_bytes()));
    }

    #[test]
    fn other_bytes_are_not() {
        for name in ["", ".", "..", "a..b", ".a", "a b", "a\0", "::1", "http://x", "b\u{fc}cher.example", "a\n.b"] {
            assert!(!is_plausible(name.as_bytes()), "{name}");
        }
        assert!(!is_plausible(&[b'a'; 64]));
    }
}
