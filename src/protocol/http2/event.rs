//! What a connection tells: headers, data, and the ends of streams.

use super::anomaly::Anomalies;
use super::fields::Fields;
use crate::flow::Side;
use crate::packet::Timestamp;

/// Takes what a [`Connection`](super::Connection) finds. A stream's number is never used twice, so it alone says what
/// belongs together. Only behind [`Gap::Frames`], or in a connection that is read from its middle, may a stream be told
/// of once more that was over before, because an end goes on with it. Only what every user needs must be implemented.
pub trait Sink {
    /// A whole header block, or what could be had of one.
    fn headers(&mut self, headers: &Headers<'_>);

    /// A piece of a body, in order and without padding. The pieces are as they came.
    fn data(&mut self, stream: u32, from: Side, bytes: &[u8], time: Timestamp);

    /// One end has sent all that it will send on a stream. Comes after the headers or data that it was sent with.
    fn end_stream(&mut self, end: &EndStream);

    /// A stream was given up by one end. Nothing more is told of it.
    fn reset(&mut self, reset: &Reset);

    /// A stream that the end which said GOAWAY has not acted upon and will not, RFC 9113 §6.8. Nothing more is told of
    /// it. No response to it was lost.
    fn refused(&mut self, stream: u32, time: Timestamp);

    /// A stream that is no longer followed because [`MAX_STREAMS`](super::MAX_STREAMS) others are busier. Nothing more
    /// is told of it, though it may well go on.
    fn evicted(&mut self, stream: u32, time: Timestamp);

    /// Something was missed in what `from` sent.
    fn gap(&mut self, from: Side, gap: Gap, time: Timestamp);

    /// One end takes no more streams above `last_stream`. Those that it [`refused`](Sink::refused) follow.
    fn goaway(&mut self, from: Side, last_stream: u32, error_code: u32, time: Timestamp) {
        let _ = (from, last_stream, error_code, time);
    }

    /// `from` did something on a stream, or on the connection if that is 0, that the RFC forbids. Those of a header
    /// block come with its [`Headers`] instead.
    fn anomaly(&mut self, from: Side, stream: u32, anomalies: Anomalies, time: Timestamp) {
        let _ = (from, stream, anomalies, time);
    }
}

/// A header block.
#[derive(Debug)]
pub struct Headers<'a> {
    /// The stream that it was sent on.
    pub stream: u32,
    pub from: Side,
    pub kind: Kind,
    /// The status of a response, final or not, if it is known.
    pub status: Option<u16>,
    pub fields: &'a Fields,
    /// Nothing follows from this end on the stream.
    pub end_stream: bool,
    /// The name or the value of some field is in a part of the header table that was missed.
    pub hpack_lost: bool,
    /// Fields are missing at the end: the block has a gap, is invalid or is beyond a limit.
    pub truncated: bool,
    pub anomalies: Anomalies,
    /// When its first octet came.
    pub started: Timestamp,
    /// When its last octet came.
    pub time: Timestamp,
}

/// What a header block is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Request,
    /// A response with a status of 100 to 199; another response follows.
    Informational,
    /// The final response.
    Response,
    Trailers,
    /// The request that a server answers unasked, on the stream `promised`.
    PushPromise {
        promised: u32,
    },
    /// After a loss it cannot be told.
    Unknown,
}

/// The end of one direction of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndStream {
    pub stream: u32,
    pub from: Side,
    /// Octets of DATA on the stream in this direction, without padding, that were seen.
    pub data: u64,
    /// Something may have been missed before it.
    pub gap: bool,
    pub time: Timestamp,
}

/// The end of a stream by RST_STREAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reset {
    pub stream: u32,
    pub from: Side,
    /// RFC 9113 §7; `None` if it was in a gap.
    pub error_code: Option<u32>,
    pub time: Timestamp,
}

/// What was missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// A part of one body and nothing else: so many octets, or `None` if it is not known how many of those missed were
    /// padding.
    Data { stream: u32, bytes: Option<u64> },
    /// A part of a header block on this stream and nothing else. What was had of it comes as [`Headers`].
    Headers { stream: u32 },
    /// A part of a frame that says nothing of a message.
    Control,
    /// Anything: every stream, and streams never seen. Reading goes on at a place where frames seem to begin.
    Frames,
}
