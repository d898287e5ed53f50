//! What a header block is for, RFC 9113 §8.1.
//!
//! Without losses its place on the stream says so. After losses its fields have to, and where they do not either it stays
//! [`Kind::Unknown`]: nothing is guessed.

use super::event::Kind;
use super::outline::Outline;

/// What a stream says about the block that is next on it.
pub(super) struct View {
    /// The request, or the final response, came before.
    pub begun: bool,
    /// Blocks may have come before that are not counted.
    pub gap: bool,
    pub end_stream: bool,
    /// All names are known.
    pub sure: bool,
}

impl View {
    pub(super) fn of_client(&self, outline: &Outline) -> Kind {
        if self.begun {
            Kind::Trailers
        } else if outline.is_request() || !self.gap {
            Kind::Request
        } else if self.sure {
            Kind::Trailers
        } else if !self.end_stream {
            // Trailers end the stream.
            Kind::Request
        } else {
            Kind::Unknown
        }
    }

    pub(super) fn of_server(&self, outline: &Outline) -> Kind {
        if self.begun {
            return Kind::Trailers;
        }
        match outline.status {
            Some(100..=199) => Kind::Informational,
            Some(_) => Kind::Response,
            // An informational response does not end the stream, and a trailer has no status.
            None if self.end_stream && (outline.is_response() || !self.gap) => Kind::Response,
            None if !self.sure || outline.is_response() => Kind::Unknown,
            None if self.gap => Kind::Trailers,
            None => Kind::Response,
        }
    }
}
