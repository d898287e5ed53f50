//! Who reads what reassembly puts in order.

use super::half::EndKind;
use super::key::{Direction, Endpoint, Key};
use super::piece::Piece;
use crate::packet::Timestamp;

/// Reads connections. One reader serves all of them and keeps its state of each beside the connection.
pub trait Reader {
    /// What the reader remembers of one connection.
    type State: Default;

    /// The next stretch of a direction.
    fn piece(&mut self, flow: &Identity, state: &mut Self::State, direction: Direction, piece: Piece<'_>) -> Interest;

    /// A direction has ended: its sender sends no more.
    fn end(&mut self, flow: &Identity, state: &mut Self::State, direction: Direction, end: EndKind, time: Timestamp);

    /// The connection is over, or forgotten.
    fn close(&mut self, flow: &Identity, state: &mut Self::State, summary: &Summary);
}

/// Whether the rest of a connection is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    Bytes,
    /// It is only counted from here on; nothing of it is held.
    Nothing,
}

/// Which connection this is.
#[derive(Debug, Clone)]
pub struct Identity {
    pub key: Key,
    /// Who opened it, if that was seen.
    pub initiator: Option<Direction>,
    /// Whether each direction was seen from its first byte.
    pub from_start: [bool; 2],
    /// The sequence number of the first byte of each direction that was handed on or missed.
    pub first_sequence: [u32; 2],
    /// The time of its first packet.
    pub opened: Timestamp,
}

impl Identity {
    /// Who sends in a direction.
    pub fn source(&self, direction: Direction) -> Endpoint {
        self.key.source(direction)
    }
}

/// How a connection went.
#[derive(Debug, Clone, Copy)]
pub struct Summary {
    pub how: Close,
    /// The time of its last packet.
    pub last: Timestamp,
    pub directions: [DirectionSummary; 2],
}

/// What was seen of one direction.
#[derive(Debug, Clone, Copy, Default)]
pub struct DirectionSummary {
    pub packets: u64,
    /// Bytes of payload on the wire, retransmissions included.
    pub bytes: u64,
    /// Bytes that were sent and not captured.
    pub gap_bytes: u64,
}

/// Why a connection is not followed any longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// Both sides sent a FIN.
    Fin,
    /// One side sent an RST.
    Reset,
    /// The same addresses and ports began a new connection.
    Replaced,
    /// Nothing was sent for a long time.
    Idle,
    /// Others needed the room.
    Evicted,
    /// The capture ended.
    EndOfCapture,
}
