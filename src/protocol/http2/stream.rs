//! What is remembered of a stream while it lives.

use crate::flow::Side;

/// One stream, RFC 9113 §5.1.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stream {
    /// The method is HEAD, so that the response has no body whatever its Content-Length.
    pub head: bool,
    halves: [Half; 2],
}

/// One direction of a stream.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Half {
    /// The request, or the final response, has begun. Whatever HEADERS follow are trailers.
    pub begun: bool,
    /// END_STREAM has been seen.
    pub ended: bool,
    /// Something may have been missed.
    pub gap: bool,
    /// A header block came of which the kind could not be told.
    pub unsure: bool,
    /// No body may be here: RFC 9110 §6.4.1.
    pub bodyless: bool,
    /// Octets of DATA without padding.
    pub data: u64,
    /// What Content-Length announced.
    pub announced: Option<u64>,
}

impl Stream {
    pub(super) fn half(&mut self, from: Side) -> &mut Half {
        &mut self.halves[from.index()]
    }

    /// Whether both directions have ended.
    pub(super) fn is_closed(&self) -> bool {
        self.halves.iter().all(|half| half.ended)
    }
}
