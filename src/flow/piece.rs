//! What reassembly hands on: bytes in order, and where some are missing.

use crate::packet::Timestamp;

/// A stretch of one direction of a connection. Stretches come in order, without overlap.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a> {
    /// When the packet that brought it was captured; for a gap, when that was decided.
    pub time: Timestamp,
    /// Where it begins in its direction, in bytes since the first one that was seen.
    pub offset: u64,
    /// How far the sender had received the other direction by then, as an offset there. Less than zero if it had
    /// received less than was seen.
    pub acknowledged: i64,
    pub content: Content<'a>,
}

/// Bytes, or the lack of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<'a> {
    Data(&'a [u8]),
    /// So many bytes were sent and not captured.
    Gap(u64),
}

impl Content<'_> {
    /// Bytes of the direction that this stands for.
    pub fn len(&self) -> u64 {
        match self {
            Content::Data(bytes) => bytes.len() as u64,
            Content::Gap(len) => *len,
        }
    }

    /// Whether it stands for no byte at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
