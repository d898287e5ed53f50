//! What follows a head (RFC 9112 §6.3).

use super::body::Body;
use super::head::{Head, Length, StartLine};
use super::sink::{Answered, Mark, Sink};
use crate::flow::Side;

/// Whether a body is there for sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sureness {
    Sure,
    /// The request is not known. If it was HEAD, there is none.
    Doubtful,
}

/// What follows a head.
pub(super) enum Next {
    Body(Body, Sureness),
    /// An interim response: another head.
    Interim,
    AnotherProtocol,
    /// A body whose end nobody can tell.
    Unframed,
}

/// Tells the sink of a head, and decides what follows it (RFC 9112 §6.3).
pub(super) fn next(side: Side, head: &Head<'_, '_>, start: Mark, sink: &mut impl Sink) -> Next {
    match head.start {
        StartLine::Request { .. } => {
            debug_assert_eq!(side, Side::Client);
            sink.request(head, start);
            match head.length {
                Length::Unsaid => Next::Body(Body::Sized { left: 0 }, Sureness::Sure),
                Length::Sized(left) => Next::Body(Body::Sized { left }, Sureness::Sure),
                Length::Chunked if head.minor_version > 0 => Next::Body(Body::chunked(), Sureness::Sure),
                Length::Chunked | Length::OtherEncoding | Length::Invalid => Next::Unframed,
            }
        }
        StartLine::Response { status, .. } => {
            if (100..200).contains(&status) && status != 101 {
                sink.interim(head, start);
                return Next::Interim;
            }
            let answered = sink.response(head, start);
            match (status, answered) {
                (101, Answered { upgrade: true, .. }) => return Next::AnotherProtocol,
                (200..=299, Answered { connect: true, .. }) => return Next::AnotherProtocol,
                (101 | 204 | 304, _) | (_, Answered { head: true, .. }) => {
                    return Next::Body(Body::Sized { left: 0 }, Sureness::Sure);
                }
                _ => {}
            }
            let body = match head.length {
                Length::Sized(left) => Body::Sized { left },
                Length::Chunked if head.minor_version > 0 => Body::chunked(),
                Length::Unsaid | Length::OtherEncoding | Length::Chunked => Body::UntilClose,
                Length::Invalid => return Next::Unframed,
            };
            let sureness = if answered.known || !body.exceeds(0) { Sureness::Sure } else { Sureness::Doubtful };
            Next::Body(body, sureness)
        }
    }
}
