//! Who is told what the readers of a connection find.

use super::anomaly::Anomalies;
use super::head::Head;
use crate::flow::{Piece, Side};
use crate::packet::Timestamp;

/// A place in a direction.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mark {
    /// When the packet was captured that brought the byte.
    pub time: Timestamp,
    /// The place of the byte in its direction.
    pub offset: u64,
    /// How far the sender had received the other direction.
    pub acknowledged: i64,
}

impl Mark {
    /// Where a piece begins.
    pub fn of(piece: &Piece<'_>) -> Self {
        Mark { time: piece.time, offset: piece.offset, acknowledged: piece.acknowledged }
    }

    /// The length of a mark as bytes.
    pub(super) const BYTES: usize = 24;

    /// As bytes, to be kept beside what begins there.
    pub(super) fn to_bytes(self) -> [u8; Mark::BYTES] {
        let mut bytes = [0; Mark::BYTES];
        bytes[..8].copy_from_slice(&self.time.nanos().to_ne_bytes());
        bytes[8..16].copy_from_slice(&self.offset.to_ne_bytes());
        bytes[16..].copy_from_slice(&self.acknowledged.to_ne_bytes());
        bytes
    }

    /// From what [`Mark::to_bytes`] made.
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let number = |at: usize| {
            let mut number = [0; 8];
            number.copy_from_slice(&bytes[at..at + 8]);
            u64::from_ne_bytes(number)
        };
        Mark { time: Timestamp::from_nanos(number(0)), offset: number(8), acknowledged: number(16) as i64 }
    }
}

/// The end of a message.
#[derive(Debug, Clone, Copy)]
pub struct End {
    /// Behind the last byte.
    pub mark: Mark,
    /// Bytes of content, without the framing of chunks.
    pub body_len: u64,
    /// Some of them were not captured.
    pub gap: bool,
    /// The message is complete; otherwise it was cut short, or its end was missed.
    pub whole: bool,
}

/// What is known of the request that a response answers; by default, nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Answered {
    /// It was seen. If not, it may be any of the following.
    pub known: bool,
    /// It is HEAD.
    pub head: bool,
    /// It is CONNECT.
    pub connect: bool,
    /// It asked for another protocol.
    pub upgrade: bool,
}

/// What was missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// So many bytes, the first of which begins a message.
    Between(u64),
    /// So many bytes, the first of which is part of a message that has begun.
    Amid(u64),
    /// Nobody can tell.
    Unknown,
}

/// Is told of messages. Within one direction calls come in order, and between them as the connection's ends saw them.
pub trait Sink {
    /// A request begins.
    fn request(&mut self, head: &Head<'_, '_>, start: Mark);
    /// A final response begins; which request does it answer?
    fn response(&mut self, head: &Head<'_, '_>, start: Mark) -> Answered;
    /// An interim response (RFC 9110 §15.2) came and went.
    fn interim(&mut self, head: &Head<'_, '_>, start: Mark);
    /// Content of the message that began last in this direction, without the framing of chunks.
    #[inline]
    fn content(&mut self, _side: Side, _bytes: &[u8]) {}
    /// The message that began last in this direction ends.
    fn complete(&mut self, side: Side, end: End);
    /// The message that is being read has these, beside those of its head.
    fn anomalies(&mut self, side: Side, anomalies: Anomalies);
    /// A head was there and could not be read.
    fn unread(&mut self, side: Side, anomalies: Anomalies, mark: Mark);
    /// A head had begun, and had to be given up for lack of room.
    fn given_up(&mut self, side: Side, mark: Mark);
    /// From here on messages may have been missed.
    fn lost(&mut self, side: Side, mark: Mark, missing: Missing);
}
