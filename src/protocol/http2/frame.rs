//! Frame headers, RFC 9113 §4.1.

use crate::flow::Side;

/// Octets of a frame header.
pub(super) const HEADER: usize = 9;

pub(super) const END_STREAM: u8 = 0x1;
pub(super) const ACK: u8 = 0x1;
pub(super) const END_HEADERS: u8 = 0x4;
pub(super) const PADDED: u8 = 0x8;
pub(super) const PRIORITY: u8 = 0x20;

/// Frame types, RFC 9113 §6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    Headers,
    Priority,
    RstStream,
    Settings,
    PushPromise,
    Ping,
    GoAway,
    WindowUpdate,
    Continuation,
    /// A type of an extension, which is ignored, §5.5.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHeader {
    /// Octets of payload: 24 bits.
    pub length: u32,
    pub kind: Kind,
    pub flags: u8,
    /// The stream identifier: 31 bits.
    pub stream: u32,
    /// The bit before it, which is sent as 0 and otherwise ignored.
    reserved: bool,
}

impl FrameHeader {
    #[inline]
    pub(super) fn parse(bytes: &[u8; HEADER]) -> Self {
        let [l0, l1, l2, kind, flags, s0, s1, s2, s3] = *bytes;
        let stream = u32::from_be_bytes([s0, s1, s2, s3]);
        let kind = match kind {
            0 => Kind::Data,
            1 => Kind::Headers,
            2 => Kind::Priority,
            3 => Kind::RstStream,
            4 => Kind::Settings,
            5 => Kind::PushPromise,
            6 => Kind::Ping,
            7 => Kind::GoAway,
            8 => Kind::WindowUpdate,
            9 => Kind::Continuation,
            _ => Kind::Other,
        };
        FrameHeader {
            length: u32::from_be_bytes([0, l0, l1, l2]),
            kind,
            flags,
            stream: stream & (u32::MAX >> 1),
            reserved: stream >> 31 != 0,
        }
    }

    #[inline]
    pub(super) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Whether a block of header fields, or a part of it, is in the payload.
    pub(super) fn is_of_block(&self) -> bool {
        matches!(self.kind, Kind::Headers | Kind::PushPromise | Kind::Continuation)
    }

    /// Octets of payload before what the frame is about: pad length, priority, promised stream, or all that is read of
    /// a small frame. SETTINGS are read six octets at a time.
    pub(super) fn fixed(&self) -> usize {
        let padded = usize::from(self.has(PADDED));
        match self.kind {
            Kind::Data => padded,
            Kind::Headers => padded + if self.has(PRIORITY) { 5 } else { 0 },
            Kind::PushPromise => padded + 4,
            Kind::RstStream => 4,
            Kind::Settings if self.has(ACK) => 0,
            Kind::Settings => 6,
            Kind::GoAway => 8,
            _ => 0,
        }
    }

    /// Whether a frame of this type can have this length, RFC 9113 §6.
    pub(super) fn length_fits(&self) -> bool {
        match self.kind {
            Kind::Settings if self.has(ACK) => self.length == 0,
            Kind::Settings => self.length.is_multiple_of(6),
            Kind::Priority => self.length == 5,
            Kind::RstStream | Kind::WindowUpdate => self.length == 4,
            Kind::Ping => self.length == 8,
            _ => self.length as usize >= self.fixed(),
        }
    }

    /// Whether a frame of this type can be on this stream, RFC 9113 §6.
    pub(super) fn stream_fits(&self) -> bool {
        match self.kind {
            Kind::Settings | Kind::Ping | Kind::GoAway => self.stream == 0,
            Kind::WindowUpdate | Kind::Other => true,
            _ => self.stream != 0,
        }
    }

    /// Whether a reader that looks for frames should take this for one that `from` has sent. Empty frames are left out
    /// where they are of little use, because data is full of zeros.
    pub(super) fn is_likely(&self, from: Side, max_length: u32) -> bool {
        let useless = match self.kind {
            Kind::Data => self.length == 0 && !self.has(END_STREAM),
            Kind::Headers | Kind::PushPromise | Kind::Continuation => self.length as usize <= self.fixed(),
            _ => false,
        };
        !useless && self.is_plausible(from, max_length)
    }

    /// Whether `from` could well have sent this. Stricter than the RFC, which has types and flags ignored that nobody
    /// knows.
    pub(super) fn is_plausible(&self, from: Side, max_length: u32) -> bool {
        let flags = match self.kind {
            Kind::Data => END_STREAM | PADDED,
            Kind::Headers => END_STREAM | END_HEADERS | PADDED | PRIORITY,
            Kind::Settings | Kind::Ping => ACK,
            Kind::PushPromise => END_HEADERS | PADDED,
            Kind::Continuation => END_HEADERS,
            Kind::Priority | Kind::RstStream | Kind::GoAway | Kind::WindowUpdate => 0,
            Kind::Other => return false,
        };
        // Only a server sends on streams that the server opened, save for control of them.
        let parity = match self.kind {
            Kind::Data | Kind::Headers | Kind::Continuation => from == Side::Server || self.stream % 2 == 1,
            Kind::PushPromise => from == Side::Server && self.stream % 2 == 1,
            _ => true,
        };
        !self.reserved
            && self.flags & !flags == 0
            && self.length <= max_length
            && self.length_fits()
            && self.stream_fits()
            && parity
    }

    /// Whether `next` may follow this frame: a block of header fields goes on without others between, §4.3.
    pub(super) fn may_precede(&self, next: &FrameHeader) -> bool {
        if self.is_of_block() && !self.has(END_HEADERS) {
            next.kind == Kind::Continuation && next.stream == self.stream
        } else {
            next.kind != Kind::Continuation
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_field_by_field() {
        let header = FrameHeader::parse(&[0x01, 0x02, 0x03, 0x01, 0x25, 0x80, 0x00, 0x00, 0x05]);
        assert_eq!(header.length, 0x010203);
        assert_eq!((header.kind, header.flags, header.stream, header.reserved), (Kind::Headers, 0x25, 5, true));
        assert_eq!(header.fixed(), 5);
    }

    #[test]
    fn text_and_zeros_are_not_plausible() {
        for bytes in [*b"HTTP/1.1 ", *b"\r\n\r\n{\"a\":", [0; 9], [0xff; 9]] {
            assert!(!FrameHeader::parse(&bytes).is_plausible(Side::Server, 1 << 24), "{bytes:?}");
        }
    }

    #[test]
    fn what_endpoints_send_is_plausible() {
        for bytes in [[0, 0, 18, 4, 0, 0, 0, 0, 0], [0, 0, 5, 0, 1, 0, 0, 0, 7], [0, 0, 4, 8, 0, 0, 0, 0, 0]] {
            assert!(FrameHeader::parse(&bytes).is_plausible(Side::Client, 16384), "{bytes:?}");
        }
    }
}
