//! DNS over TCP: every message behind its length in two bytes (RFC 1035 §4.2.2, RFC 7766 §8).

use crate::protocol::gathered::gather;

/// Cuts one direction into messages.
///
/// A message that lies whole in one piece is handed on in place. One that spans pieces is gathered in a buffer that
/// grows with what came, to at most 65,535 bytes, and is freed behind the message.
#[derive(Debug, Default)]
pub struct Stream {
    /// The first byte of a length.
    length_high: Option<u8>,
    /// How long the message is that is being gathered.
    length: Option<u16>,
    gathered: Vec<u8>,
}

/// The first memory that a gathered message gets.
const FIRST_GROWTH: usize = 512;

impl Stream {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next piece and calls `sink` with the bytes of every message that it completes, which may be too few
    /// to be one.
    pub fn push(&mut self, mut piece: &[u8], mut sink: impl FnMut(&[u8])) {
        loop {
            let length = match self.length {
                Some(length) => usize::from(length),
                None => {
                    let Some((&byte, rest)) = piece.split_first() else { return };
                    piece = rest;
                    match self.length_high.take() {
                        None => self.length_high = Some(byte),
                        Some(high) => self.length = Some(u16::from_be_bytes([high, byte])),
                    }
                    continue;
                }
            };
            let missing = length - self.gathered.len();
            let Some((bytes, rest)) = piece.split_at_checked(missing) else {
                gather(&mut self.gathered, piece, FIRST_GROWTH, length);
                return;
            };
            piece = rest;
            self.length = None;
            if self.gathered.is_empty() {
                sink(bytes);
            } else {
                gather(&mut self.gathered, bytes, FIRST_GROWTH, length);
                sink(&std::mem::take(&mut self.gathered));
            }
        }
    }

    /// The bytes of memory that hold a message which is not whole yet.
    pub fn buffered(&self) -> usize {
        self.gathered.capacity()
    }
}
