//! Walks over message bodies (RFC 9112 §6 and §7) without keeping them.

/// Bytes of chunk extensions on one line, and of trailers, before the message is given up.
const MAX_LINE: u32 = 64 << 10;

/// Where in a body the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    Sized {
        left: u64,
    },
    UntilClose,
    /// In the digits of a chunk's size.
    ChunkSize {
        size: u64,
        digits: u8,
    },
    /// In what follows the digits.
    ChunkLine {
        size: u64,
        skipped: u32,
    },
    /// In a chunk's data; `left` counts the CRLF behind it, too.
    ChunkData {
        left: u64,
        line_end: u8,
    },
    /// In the trailers: how long the current line is, and all of them.
    Trailers {
        line: u32,
        skipped: u32,
    },
}

/// What a walk came to.
#[derive(Debug, Clone, Copy)]
pub struct Walk {
    /// Bytes walked over.
    pub consumed: usize,
    /// Those of them that are content, not framing.
    pub content: u64,
    pub outcome: Outcome,
}

/// Where a walk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The bytes are used up.
    More,
    /// The body is complete.
    Done,
    /// The framing cannot be read.
    Invalid,
}

impl Body {
    /// Before the first chunk.
    pub const fn chunked() -> Self {
        Body::ChunkSize { size: 0, digits: 0 }
    }

    /// How many of the next `len` bytes are the body's, as far as is known.
    pub fn within(&self, len: usize) -> usize {
        match self {
            Body::Sized { left } => len.min(usize::try_from(*left).unwrap_or(len)),
            _ => len,
        }
    }

    /// Whether the body goes on behind its next `len` bytes, as far as is known.
    pub fn exceeds(&self, len: usize) -> bool {
        !matches!(self, Body::Sized { left } if *left <= len as u64)
    }

    /// Walks as far as the body or the bytes go, and tells of its content.
    #[inline]
    pub fn walk(&mut self, bytes: &[u8], mut content: impl FnMut(&[u8])) -> Walk {
        match self {
            Body::Sized { left } => {
                let part = (*left).min(bytes.len() as u64);
                *left -= part;
                let outcome = if *left == 0 { Outcome::Done } else { Outcome::More };
                content(&bytes[..part as usize]);
                Walk { consumed: part as usize, content: part, outcome }
            }
            Body::UntilClose => {
                content(bytes);
                Walk { consumed: bytes.len(), content: bytes.len() as u64, outcome: Outcome::More }
            }
            _ => self.walk_chunks(bytes, content),
        }
    }

    /// Steps over bytes that were not captured; whether that leads to a place that is known.
    pub fn skip(&mut self, len: u64) -> bool {
        match self {
            Body::Sized { left } | Body::ChunkData { left, line_end: 0 } if len <= *left => {
                *left -= len;
                true
            }
            Body::UntilClose => true,
            _ => false,
        }
    }

    fn walk_chunks(&mut self, bytes: &[u8], mut tell: impl FnMut(&[u8])) -> Walk {
        let mut at = 0;
        let mut content = 0;
        while at < bytes.len() {
            if let Body::ChunkData { left, line_end: 0 } = self
                && *left > 0
            {
                let part = (*left).min((bytes.len() - at) as u64);
                *left -= part;
                content += part;
                tell(&bytes[at..at + part as usize]);
                at += part as usize;
                continue;
            }
            let byte = bytes[at];
            at += 1;
            match self.step(byte) {
                Outcome::More => {}
                outcome => return Walk { consumed: at, content, outcome },
            }
        }
        Walk { consumed: at, content, outcome: Outcome::More }
    }

    /// One byte of framing.
    fn step(&mut self, byte: u8) -> Outcome {
        let next = match *self {
            Body::ChunkSize { size, digits } => match (byte as char).to_digit(16) {
                Some(digit) => match size.checked_mul(16).and_then(|size| size.checked_add(digit.into())) {
                    Some(size) => Body::ChunkSize { size, digits: digits.saturating_add(1) },
                    None => return Outcome::Invalid,
                },
                None if digits == 0 => return Outcome::Invalid,
                None => match byte {
                    b'\n' => Body::after_size(size),
                    b'\r' | b';' | b' ' | b'\t' => Body::ChunkLine { size, skipped: 0 },
                    _ => return Outcome::Invalid,
                },
            },
            Body::ChunkLine { size, skipped } => match byte {
                b'\n' => Body::after_size(size),
                _ if skipped == MAX_LINE => return Outcome::Invalid,
                _ => Body::ChunkLine { size, skipped: skipped + 1 },
            },
            Body::ChunkData { line_end, .. } => match (line_end, byte) {
                (0, b'\r') => Body::ChunkData { left: 0, line_end: 1 },
                (_, b'\n') => Body::chunked(),
                _ => return Outcome::Invalid,
            },
            Body::Trailers { line, skipped } => match byte {
                b'\n' if line == 0 => return Outcome::Done,
                b'\n' => Body::Trailers { line: 0, skipped },
                b'\r' => Body::Trailers { line, skipped },
                _ if skipped == MAX_LINE => return Outcome::Invalid,
                _ => Body::Trailers { line: line.saturating_add(1), skipped: skipped + 1 },
            },
            Body::Sized { .. } | Body::UntilClose => return Outcome::Invalid,
        };
        *self = next;
        Outcome::More
    }

    fn after_size(size: u64) -> Self {
        match size {
            0 => Body::Trailers { line: 0, skipped: 0 },
            left => Body::ChunkData { left, line_end: 0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A body in chunks of these lengths, and the length of its content.
    fn chunked(lengths: &[usize], trailers: bool) -> (Vec<u8>, u64) {
        let mut wire = Vec::new();
        for len in lengths {
            wire.extend(format!("{len:x};name=value\r\n").bytes());
            wire.extend(vec![b'\n'; *len]);
            wire.extend(b"\r\n");
        }
        wire.extend(if trailers { &b"0\r\nA: b\r\nC: d\r\n\r\n"[..] } else { b"0\r\n\r\n" });
        (wire, lengths.iter().sum::<usize>() as u64)
    }

    proptest! {
        #[test]
        fn chunks_end_where_they_end_in_pieces_of_any_size(
            lengths in prop::collection::vec(1..200_usize, 0..8),
            trailers in any::<bool>(),
            piece in 1..50_usize,
        ) {
            let (mut wire, expected) = chunked(&lengths, trailers);
            let len = wire.len();
            wire.extend(b"HTTP/1.1 200 OK");
            let mut body = Body::chunked();
            let (mut content, mut at, mut told) = (0, 0, Vec::new());
            loop {
                let end = wire.len().min(at + piece);
                let walk = body.walk(&wire[at..end], |bytes| told.extend_from_slice(bytes));
                at += walk.consumed;
                content += walk.content;
                match walk.outcome {
                    Outcome::More => {}
                    outcome => {
                        prop_assert_eq!(outcome, Outcome::Done);
                        break;
                    }
                }
            }
            prop_assert_eq!((at, content), (len, expected));
            prop_assert_eq!(told, vec![b'\n'; expected as usize]);
        }

        #[test]
        fn no_bytes_make_it_walk_further_than_they_go(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut body = Body::chunked();
            let walk = body.walk(&bytes, |_| ());
            prop_assert!(walk.consumed <= bytes.len() && walk.content <= bytes.len() as u64);
        }
    }

    #[test]
    fn what_is_missed_is_stepped_over_inside_known_lengths_only() {
        let mut sized = Body::Sized { left: 10 };
        assert!(sized.skip(10));
        assert_eq!(sized, Body::Sized { left: 0 });
        assert!(!Body::Sized { left: 10 }.skip(11));
        let mut chunk = Body::chunked();
        chunk.walk(b"a\r\nxy", |_| ());
        assert!(chunk.skip(8));
        assert_eq!(chunk.walk(b"\r\n0\r\n\r\n", |_| ()).outcome, Outcome::Done);
        let mut chunk = Body::chunked();
        chunk.walk(b"a\r\nxy", |_| ());
        assert!(!chunk.skip(9));
        assert!(!Body::chunked().skip(1));
        assert!(Body::UntilClose.skip(u64::MAX));
    }

    #[test]
    fn lines_without_an_end_are_given_up() {
        for beginning in [&b"5;"[..], b"0\r\n"] {
            let mut body = Body::chunked();
            body.walk(beginning, |_| ());
            let outcomes: Vec<_> = (0..70).map(|_| body.walk(&[b'x'; 1000], |_| ()).outcome).collect();
            assert!(outcomes.contains(&Outcome::Invalid));
        }
    }
}
