//! A path in its segments, as one writes it in only one way.
//!
//! What two spellings of the same path differ in is taken out (RFC 3986 §6.2.2), and a little more that servers do not
//! tell apart:
//!
//! - Percent-encoded unreserved characters are decoded, all other percent-encodings are in upper case. `%2F` stays: it
//!   is a part of its segment.
//! - `.` and `..` are resolved, spelled `%2e` or not. `..` at the top stays at the top.
//! - Empty segments are left out: `//` is `/`, and a `/` at the end is not there.
//! - What is behind a `;` in a segment is left out: parameters of a segment are values, often session ids. `..;x` is
//!   `..`, as it is for servers that know such parameters.
//! - What is behind a `?` or `#` does not belong to the path.
//!
//! At most [`MOST_SEGMENTS`] segments are kept, and [`LONGEST_SEGMENT`] bytes of each; the buffers are used again.

use std::ops::Range;

/// Segments of a path that are told apart; all behind them are one.
pub const MOST_SEGMENTS: usize = 32;
/// Bytes of a segment that are looked at.
pub const LONGEST_SEGMENT: usize = 128;

/// The segments of one path.
#[derive(Debug)]
pub struct Segments {
    bytes: Vec<u8>,
    ends: [u16; MOST_SEGMENTS],
    kept: usize,
    beyond: usize,
}

impl Default for Segments {
    fn default() -> Self {
        // A segment that is cut is one byte longer than what is looked at, so that one sees that it is.
        let most = (MOST_SEGMENTS + 1) * (LONGEST_SEGMENT + 1);
        Segments { bytes: Vec::with_capacity(most), ends: [0; MOST_SEGMENTS], kept: 0, beyond: 0 }
    }
}

impl Segments {
    /// Takes in a path. Whether it is one: the targets `*` and `host:port` are none, and have no segments.
    pub fn read(&mut self, path: &[u8]) -> bool {
        self.bytes.clear();
        self.kept = 0;
        self.beyond = 0;
        let path = &path[..memchr::memchr2(b'?', b'#', path).unwrap_or(path.len())];
        let Some(path) = path.strip_prefix(b"/") else { return false };
        let plain = memchr::memchr2(b'%', b';', path).is_none();
        let mut start = 0;
        for end in memchr::memchr_iter(b'/', path).chain([path.len()]) {
            self.push(&path[start..end], plain);
            start = end + 1;
        }
        true
    }

    /// Takes in one more. Plain ones need not be searched for what is written in several ways.
    fn push(&mut self, raw: &[u8], plain: bool) {
        let start = self.bytes.len();
        if plain {
            self.bytes.extend_from_slice(&raw[..raw.len().min(LONGEST_SEGMENT + 1)]);
        } else {
            normalize(raw, &mut self.bytes);
        }
        match &self.bytes[start..] {
            b"" | b"." => self.bytes.truncate(start),
            b".." if self.beyond > 0 => {
                self.bytes.truncate(start);
                self.beyond -= 1;
            }
            b".." => {
                self.kept = self.kept.saturating_sub(1);
                self.bytes.truncate(self.range(self.kept).start);
            }
            _ if self.kept == MOST_SEGMENTS => {
                self.bytes.truncate(start);
                self.beyond += 1;
            }
            _ => {
                self.ends[self.kept] = self.bytes.len() as u16;
                self.kept += 1;
            }
        }
    }

    fn range(&self, place: usize) -> Range<usize> {
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        usize::from(start)..usize::from(self.ends[place.min(MOST_SEGMENTS - 1)])
    }

    /// Those that are kept. One that was too long is one byte longer than [`LONGEST_SEGMENT`].
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.kept).map(|place| &self.bytes[self.range(place)])
    }

    /// One of them.
    pub fn get(&self, place: usize) -> Option<&[u8]> {
        (place < self.kept).then(|| &self.bytes[self.range(place)])
    }

    /// Whether there were more than are kept.
    pub fn go_on(&self) -> bool {
        self.beyond > 0
    }

    /// Bytes that the buffers take.
    pub fn memory(&self) -> usize {
        self.bytes.capacity()
    }
}

/// Appends a segment, without parameters and with its percent-encodings in their usual form.
pub fn normalize(raw: &[u8], into: &mut Vec<u8>) {
    let raw = &raw[..memchr::memchr(b';', raw).unwrap_or(raw.len())];
    if memchr::memchr(b'%', raw).is_none() {
        into.extend_from_slice(&raw[..raw.len().min(LONGEST_SEGMENT + 1)]);
        return;
    }
    let most = into.len() + LONGEST_SEGMENT + 1;
    let mut rest = raw;
    while let [first, behind @ ..] = rest {
        rest = behind;
        match escaped(first, behind) {
            Some((value, behind)) => {
                rest = behind;
                if is_unreserved(value) {
                    into.push(value);
                } else {
                    let digit = |value: u8| b"0123456789ABCDEF"[usize::from(value & 15)];
                    into.extend([b'%', digit(value >> 4), digit(value)]);
                }
            }
            None => into.push(*first),
        }
        if into.len() >= most {
            into.truncate(most);
            return;
        }
    }
}

/// What a percent-encoding that begins with this byte stands for, and what is behind it.
pub fn escaped<'a>(first: &u8, behind: &'a [u8]) -> Option<(u8, &'a [u8])> {
    let ([high, low], rest) = behind.split_first_chunk::<2>().filter(|_| *first == b'%')?;
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    Some((((digit(high)? << 4) | digit(low)?) as u8, rest))
}

/// Characters that mean the same encoded or not (RFC 3986 §2.3).
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalized(path: impl AsRef<[u8]>) -> String {
        let mut segments = Segments::default();
        assert!(segments.read(path.as_ref()));
        segments.iter().map(|segment| format!("/{}", String::from_utf8_lossy(segment))).collect()
    }

    #[test]
    fn spellings_of_the_same_path_are_one() {
        for spelling in
            ["/a/c", "//a//b/%2e%2e/c;x=1", "/a/./c/", "/%61/c#x", "/a;v=1/%2E/c?d=/e", "/../../a/c", "/a/b/..;x/c"]
        {
            assert_eq!(normalized(spelling), "/a/c", "{spelling}");
        }
    }

    #[test]
    fn an_encoded_slash_does_not_end_a_segment() {
        assert_eq!(normalized("/a%2fb/c"), "/a%2Fb/c");
        assert_eq!(normalized("/%2e%2e%2fetc"), "/..%2Fetc");
    }

    #[test]
    fn what_is_encoded_wrongly_stays_as_it_is() {
        assert_eq!(normalized("/%zz/%4/%/%4%41"), "/%zz/%4/%/%4A");
    }

    #[test]
    fn nothing_is_left_of_parameters_alone() {
        assert_eq!(normalized("/a/;jsessionid=1/b"), "/a/b");
        assert_eq!(normalized("/"), "");
        assert_eq!(normalized("///"), "");
    }

    #[test]
    fn what_does_not_begin_with_a_slash_is_no_path() {
        for target in ["", "*", "api.test:443", "ftp://host/x", "?x=1"] {
            assert!(!Segments::default().read(target.as_bytes()), "{target}");
        }
    }

    #[test]
    fn a_long_path_is_cut_and_its_dots_are_still_resolved() {
        let mut segments = Segments::default();
        assert!(segments.read("/x".repeat(4000).as_bytes()));
        assert_eq!((segments.iter().count(), segments.go_on()), (MOST_SEGMENTS, true));
        assert!(segments.read(("/x".repeat(4000) + &"/..".repeat(3999)).as_bytes()));
        assert_eq!((segments.iter().count(), segments.go_on()), (1, false));
        let exactly = "/x".repeat(MOST_SEGMENTS);
        assert!(segments.read(exactly.as_bytes()));
        assert_eq!((segments.iter().count(), segments.go_on()), (MOST_SEGMENTS, false));
    }

    #[test]
    fn a_long_segment_is_cut() {
        let mut segments = Segments::default();
        for long in ["x".repeat(5000), "%ff".repeat(5000)] {
            assert!(segments.read(format!("/{long}/y").as_bytes()));
            let lengths: Vec<_> = segments.iter().map(<[u8]>::len).collect();
            assert_eq!(lengths, [LONGEST_SEGMENT + 1, 1]);
        }
    }

    #[test]
    fn the_buffer_never_grows() {
        let mut segments = Segments::default();
        let before = segments.memory();
        segments.read(format!("/{}", "%ff".repeat(2000)).repeat(200).as_bytes());
        assert_eq!(segments.memory(), before);
    }
}
