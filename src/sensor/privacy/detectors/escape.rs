//! What a text stands for: percent-encoding, and escapes of JSON and JavaScript.

/// Decodes one layer of escapes into `out`, which becomes a copy if there are none. Says whether there were any.
pub fn decode(text: &[u8], out: &mut Vec<u8>) -> bool {
    out.clear();
    let mut rest = text;
    let mut found = false;
    while let Some(at) = memchr::memchr2(b'%', b'\\', rest) {
        let (plain, escape) = rest.split_at(at);
        out.extend_from_slice(plain);
        let (byte, len) = match unescape(escape) {
            Some(unescaped) => {
                found = true;
                unescaped
            }
            None => (escape[0], 1),
        };
        out.push(byte);
        rest = &escape[len..];
    }
    out.extend_from_slice(rest);
    found
}

/// The byte of an escape, and the length of the escape. Beyond ASCII there is nothing that detectors look for.
fn unescape(escape: &[u8]) -> Option<(u8, usize)> {
    match *escape {
        [b'%', high, low, ..] => Some((hex(high)? << 4 | hex(low)?, 3)),
        [b'\\', b'u', b'0', b'0', high, low, ..] => Some((hex(high)? << 4 | hex(low)?, 6)),
        [b'\\', b'x', high, low, ..] => Some((hex(high)? << 4 | hex(low)?, 4)),
        [b'\\', b'n' | b'r' | b't' | b'f' | b'b', ..] => Some((b'\n', 2)),
        [b'\\', byte @ (b'"' | b'\'' | b'/' | b'\\'), ..] => Some((byte, 2)),
        _ => None,
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_layer_comes_off_at_a_time() {
        let mut out = Vec::new();
        assert!(decode(br#"a%40b\u0040c\"d\/e\n"#, &mut out));
        assert_eq!(out, b"a@b@c\"d/e\n");
        assert!(decode(b"%2540", &mut out));
        assert_eq!(out, b"%40");
        for plain in ["", "100%", "50% off", "%4", "%zz", r"\", r"\q", "plain"] {
            assert!(!decode(plain.as_bytes(), &mut out), "{plain}");
        }
    }
}
