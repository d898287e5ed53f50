//! Looks for many texts at once, in all the ways that they may be written.

use std::collections::HashMap;

/// Bytes that a needle begins with, by which it is found.
const PREFIX: usize = 7;

/// What is looked for.
pub struct Needles {
    /// In small letters.
    texts: Vec<Vec<u8>>,
    by_prefix: HashMap<[u8; PREFIX], Vec<usize>>,
    /// Whether a text begins with these three bytes.
    begins: Vec<bool>,
}

impl Needles {
    /// Texts of at least seven bytes.
    pub fn new(texts: impl IntoIterator<Item = String>) -> Self {
        let texts: Vec<Vec<u8>> = texts.into_iter().map(|text| text.to_ascii_lowercase().into_bytes()).collect();
        let mut by_prefix: HashMap<[u8; PREFIX], Vec<usize>> = HashMap::new();
        let mut begins = vec![false; 1 << 24];
        for (place, text) in texts.iter().enumerate() {
            let prefix = *text.first_chunk::<PREFIX>().unwrap_or_else(|| panic!("too short: {text:?}"));
            by_prefix.entry(prefix).or_default().push(place);
            begins[three(text)] = true;
        }
        Needles { texts, by_prefix, begins }
    }

    /// Those that are in these bytes, by their places, each with what stands around it: as it is, or with percent signs,
    /// escapes of JSON or plus signs, once or several times.
    pub fn find(&self, bytes: &[u8]) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        let mut bytes = bytes.to_ascii_lowercase();
        loop {
            self.find_as_it_is(&bytes, &mut found);
            if bytes.contains(&b'+') {
                // In a form a plus sign is a space, elsewhere it is what it is.
                let spaced: Vec<u8> = bytes.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
                self.find_as_it_is(&spaced, &mut found);
                self.find_as_it_is(&decode(&spaced), &mut found);
            }
            let decoded = decode(&bytes);
            if decoded == bytes {
                break;
            }
            bytes = decoded;
        }
        found.sort();
        found.dedup_by_key(|(place, _)| *place);
        found
    }

    fn find_as_it_is(&self, bytes: &[u8], found: &mut Vec<(usize, String)>) {
        for start in 0..(bytes.len() + 1).saturating_sub(PREFIX) {
            let rest = &bytes[start..];
            if !self.begins[three(rest)] {
                continue;
            }
            let Some(places) = rest.first_chunk().and_then(|prefix| self.by_prefix.get(prefix)) else { continue };
            for &place in places.iter().filter(|&&place| rest.starts_with(&self.texts[place])) {
                let around = &bytes[start.saturating_sub(160)..(start + self.texts[place].len() + 40).min(bytes.len())];
                found.push((place, String::from_utf8_lossy(around).into_owned()));
            }
        }
    }
}

fn three(text: &[u8]) -> usize {
    usize::from(text[0]) << 16 | usize::from(text[1]) << 8 | usize::from(text[2])
}

/// One level of escapes less.
fn decode(bytes: &[u8]) -> Vec<u8> {
    let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        let (byte, len) = match (first, after) {
            (b'%', [high, low, ..]) => hex(&[*high, *low]).map_or((b'%', 1), |byte| (byte, 3)),
            (b'\\', [b'u', b'0', b'0', high, low, ..]) => hex(&[*high, *low]).map_or((b'\\', 1), |byte| (byte, 6)),
            (b'\\', [b'n', ..]) => (b'\n', 2),
            (b'\\', [escaped @ (b'"' | b'\\' | b'/'), ..]) => (*escaped, 2),
            _ => (first, 1),
        };
        out.push(byte);
        rest = &rest[len..];
    }
    out
}

#[test]
fn needles_are_found_in_every_form() {
    let needles = Needles::new(["4111 1111/1".to_owned(), "abcdefgh".to_owned()]);
    let found = |text: &str| needles.find(text.as_bytes()).into_iter().map(|(place, _)| place).collect::<Vec<_>>();
    for text in [
        "x4111 1111/1x",
        "4111%201111%2F1",
        "4111+1111/1",
        "4111+1111%2F1",
        "4111%2B1111%252F1",
        "4111%25201111%252f1",
        r"4111 1111\/1",
        r"4111\u00201111/1",
    ] {
        assert_eq!(found(text), [0], "{text}");
    }
    let phone = Needles::new(["+49 151 234".to_owned()]);
    for text in ["+49 151 234", "%2B49+151+234", "%2B49%20151%20234"] {
        assert_eq!(phone.find(text.as_bytes()).len(), 1, "{text}");
    }
    assert_eq!(found("ABCDEFGHI 4111 1111 / 1"), [1]);
    assert_eq!(found("abcdefg"), [0; 0]);
}
