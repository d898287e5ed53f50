//! One HTTP request and its response.

use super::text::{Span, Text};

/// A request, its response, or both. Times are nanoseconds since the Unix epoch, of the packets that brought the bytes.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Its place among the exchanges of its connection, from 0.
    pub index: u32,
    /// The HTTP/2 stream.
    pub stream: Option<u32>,
    pub version: Version,
    pub completeness: Completeness,
    pub text: Text,
    pub method: Span,
    /// The target's path, or what stands in its place.
    pub path: Span,
    /// The query, its values masked.
    pub query: Span,
    /// The host that was asked for, without the port.
    pub host: Span,
    /// The port that was asked for.
    pub host_port: Option<u16>,
    pub scheme: Scheme,
    pub user_agent: Span,
    pub status: Option<u16>,
    pub reason: Span,
    pub request: Message,
    pub response: Message,
    /// Fields of the request that are safe to show; [`Text::fields`] tells them.
    pub request_fields: Span,
    pub response_fields: Span,
    pub more: Option<Box<More>>,
}

/// What few exchanges have.
#[derive(Debug, Clone, Default)]
pub struct More {
    /// Names of what should not be there.
    pub anomalies: Vec<&'static str>,
    /// The protocol that the connection changed to.
    pub upgrade: Option<&'static str>,
    pub rpc: Option<Rpc>,
    /// The code of the RST_STREAM frame that ended it.
    pub reset_code: Option<u32>,
    /// Some fields are in a part of the header table that was missed.
    pub hpack_lost: bool,
    /// The beginning of the request's content as it was sent, if it is kept, and of the response's.
    pub request_content: Vec<u8>,
    pub response_content: Vec<u8>,
}

impl More {
    /// Adds names, each of them once.
    pub fn add_anomalies(&mut self, names: impl IntoIterator<Item = &'static str>) {
        for name in names {
            if !self.anomalies.contains(&name) {
                self.anomalies.push(name);
            }
        }
    }
}

/// A remote procedure call over HTTP/2.
#[derive(Debug, Clone, Default)]
pub struct Rpc {
    /// The number of `grpc-status`.
    pub status: Option<u32>,
    pub status_name: Option<&'static str>,
    pub request_messages: u64,
    pub response_messages: u64,
}

/// One of the two messages.
#[derive(Debug, Clone, Copy, Default)]
pub struct Message {
    /// Its first byte; 0 if it was not seen.
    pub start_unix_nanos: u64,
    /// Its last byte; 0 if it was not seen.
    pub end_unix_nanos: u64,
    /// Bytes of content on the wire, without the framing of chunks.
    pub body_len: u64,
    /// Some bytes were not captured.
    pub gap: bool,
    /// It was seen to its end.
    pub whole: bool,
}

/// The version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    Http10,
    Http11,
    Http2,
}

impl Version {
    /// As `network.protocol.version` has it.
    pub fn name(self) -> &'static str {
        match self {
            Version::Http10 => "1.0",
            Version::Http11 => "1.1",
            Version::Http2 => "2",
        }
    }
}

/// The scheme of the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Http,
    Https,
}

impl Scheme {
    /// As in a URL.
    pub fn name(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    /// The port that a URL may leave out.
    pub fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

/// How much of an exchange was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Completeness {
    Complete,
    /// No response that certainly belongs to it was seen.
    RequestOnly,
    /// No request that certainly belongs to it was seen.
    ResponseOnly,
    /// The connection ended in the middle.
    Truncated,
    /// Bytes of a body were not captured; the rest is right.
    Gap,
}

impl Completeness {
    /// All of them.
    pub const ALL: [Completeness; 5] = [
        Completeness::Complete,
        Completeness::RequestOnly,
        Completeness::ResponseOnly,
        Completeness::Truncated,
        Completeness::Gap,
    ];

    /// Judged by the two messages.
    pub fn of(request: &Message, response: &Message) -> Self {
        match (request.start_unix_nanos != 0, response.start_unix_nanos != 0) {
            (_, false) => Completeness::RequestOnly,
            (false, true) => Completeness::ResponseOnly,
            (true, true) if !request.whole || !response.whole => Completeness::Truncated,
            (true, true) if request.gap || response.gap => Completeness::Gap,
            (true, true) => Completeness::Complete,
        }
    }

    /// As records show it.
    pub fn name(self) -> &'static str {
        match self {
            Completeness::Complete => "complete",
            Completeness::RequestOnly => "request_only",
            Completeness::ResponseOnly => "response_only",
            Completeness::Truncated => "truncated",
            Completeness::Gap => "gap",
        }
    }
}

impl Default for Exchange {
    fn default() -> Self {
        Exchange {
            index: 0,
            stream: None,
            version: Version::Http11,
            completeness: Completeness::Complete,
            text: Text::default(),
            method: Span::default(),
            path: Span::default(),
            query: Span::default(),
            host: Span::default(),
            host_port: None,
            scheme: Scheme::Http,
            user_agent: Span::default(),
            status: None,
            reason: Span::default(),
            request: Message::default(),
            response: Message::default(),
            request_fields: Span::default(),
            response_fields: Span::default(),
            more: None,
        }
    }
}

impl Exchange {
    /// Makes it as new, keeping its room.
    pub fn reset(&mut self) {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        *self = Exchange { text, ..Exchange::default() };
    }

    /// Makes it as if no response had been seen.
    pub fn forget_response(&mut self) {
        self.status = None;
        self.reason = Span::default();
        self.response_fields = Span::default();
        self.response = Message::default();
        if let Some(more) = &mut self.more {
            more.response_content = Vec::new();
        }
    }

    /// Bytes that it owns beside itself.
    pub fn memory(&self) -> usize {
        /// With a list of some names.
        const MORE: usize = 304;
        let more = self
            .more
            .as_ref()
            .map_or(0, |more| MORE + more.request_content.capacity() + more.response_content.capacity());
        self.text.capacity() + more
    }

    /// The text of a span of this exchange.
    pub fn get(&self, span: Span) -> &[u8] {
        self.text.get(span)
    }

    /// What few exchanges have, made when first asked for.
    pub fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    /// When it began: the first byte that was seen of it.
    pub fn start_unix_nanos(&self) -> u64 {
        match self.request.start_unix_nanos {
            0 => self.response.start_unix_nanos,
            start => start,
        }
    }

    /// From the first byte of the request to the last one of the response that was seen, in nanoseconds.
    pub fn duration_nanos(&self) -> u64 {
        let end = self.response.end_unix_nanos.max(self.response.start_unix_nanos).max(self.request.end_unix_nanos);
        end.saturating_sub(self.start_unix_nanos())
    }

    /// Sending the request, waiting for the first byte of the response, receiving the rest: nanoseconds, as HAR names
    /// them. `None` unless both messages were seen.
    pub fn timings_nanos(&self) -> Option<[u64; 3]> {
        let Message { start_unix_nanos: sent, end_unix_nanos: asked, .. } = self.request;
        let Message { start_unix_nanos: answered, end_unix_nanos: received, .. } = self.response;
        if sent == 0 || answered == 0 {
            return None;
        }
        // A server may answer before it has the whole request.
        let asked = if asked == 0 { answered } else { asked.min(answered) };
        Some([asked.saturating_sub(sent), answered.saturating_sub(asked), received.saturating_sub(answered)])
    }
}
