//! What one end of a connection has sent so far: where in a frame its octets are, and the header block it is amid.

use super::frame::{FrameHeader, HEADER, PADDED};
use super::resync::Scanner;
use super::settings::Settings;
use crate::packet::Timestamp;
use crate::protocol::hpack::Decoder;

/// Room for the fixed part of any frame: pad length, and priority or promised stream; GOAWAY has the largest.
const FIXED: usize = 8;

#[derive(Debug)]
pub(super) struct Direction {
    pub walk: Walk,
    /// For the header blocks of this end.
    pub decoder: Decoder,
    /// What this end asks of the other.
    pub settings: Settings,
    /// The header block that has begun and not ended.
    pub block: Option<Block>,
    /// The octets of that block, if it did not come in one piece.
    pub text: Vec<u8>,
    /// The next frame is the first, and has to be SETTINGS.
    pub first: bool,
    /// Frames were looked for and found, so that an implausible one means that they were not there.
    pub resynced: bool,
    /// The highest stream that this end has opened.
    pub highest: u32,
    /// The lowest stream of this end from which on all that it opened were seen, up to `highest`.
    pub seen_from: u32,
    /// The streams of the other end above this will not be processed.
    pub last_accepted: u32,
}

/// Where the next octet belongs.
#[derive(Debug)]
pub(super) enum Walk {
    /// To the preface, of which so many octets have come.
    Preface(usize),
    Header(PartialHeader),
    Payload(Frame),
    /// Nobody knows.
    Scan(Box<Scanner>),
    /// Nowhere: the direction has ended.
    Ended,
}

/// A header block that has begun, RFC 9113 §4.3.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub stream: u32,
    /// It began with PUSH_PROMISE.
    pub push: bool,
    /// The stream that this is about, once it has come.
    pub promised: Option<u32>,
    pub end_stream: bool,
    pub continuations: u32,
    /// It has been reported; what follows of it is passed over.
    pub done: bool,
    pub started: Timestamp,
}

impl Direction {
    pub(super) fn new(walk: Walk) -> Self {
        Direction {
            walk,
            decoder: Decoder::new(),
            settings: Settings::new(),
            block: None,
            text: Vec::new(),
            first: true,
            resynced: false,
            highest: 0,
            seen_from: 0,
            last_accepted: u32::MAX,
        }
    }

    pub(super) fn midstream() -> Self {
        let mut direction = Direction::new(Walk::Scan(Box::default()));
        direction.decoder = Decoder::midstream();
        direction.settings.lose();
        direction.first = false;
        direction.seen_from = u32::MAX;
        direction
    }

    pub(super) fn memory(&self) -> usize {
        let scanner = match &self.walk {
            Walk::Scan(scanner) => size_of::<Scanner>() + scanner.memory(),
            _ => 0,
        };
        self.decoder.memory() + self.text.capacity() + scanner
    }
}

/// A frame header of which not all octets have come.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PartialHeader {
    bytes: [u8; HEADER],
    have: usize,
    started: Timestamp,
}

impl PartialHeader {
    pub(super) fn is_empty(&self) -> bool {
        self.have == 0
    }

    /// Takes what is missing from `input`; the header, and the time of its first octet, once it is whole.
    #[inline]
    pub(super) fn take(&mut self, input: &mut &[u8], time: Timestamp) -> Option<(FrameHeader, Timestamp)> {
        if self.have == 0 {
            if let Some((bytes, rest)) = input.split_first_chunk::<HEADER>() {
                *input = rest;
                return Some((FrameHeader::parse(bytes), time));
            }
            self.started = time;
        }
        let taken = (HEADER - self.have).min(input.len());
        let (bytes, rest) = input.split_at(taken);
        self.bytes[self.have..self.have + taken].copy_from_slice(bytes);
        self.have += taken;
        *input = rest;
        (self.have == HEADER).then(|| (FrameHeader::parse(&self.bytes), self.started))
    }
}

/// What is done with a frame's payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Passed over.
    Ignored,
    Data,
    /// A part of a header block.
    Block,
    Settings,
    SettingsAck,
    Reset,
    GoAway,
}

/// A frame whose header has come and whose payload has not, or not all of it.
#[derive(Debug)]
pub(super) struct Frame {
    pub header: FrameHeader,
    pub role: Role,
    /// Octets of payload that are to come.
    pub left: u32,
    /// How many of them, at the end, are padding.
    pub padding: u32,
    fixed: [u8; FIXED],
    have: usize,
    need: usize,
}

/// What the next octets of a payload are.
pub(super) enum Part<'a> {
    /// There are none, for now.
    Wait,
    /// The fixed part, whole, with a pad length in front where there is one. Padding is not yet set.
    Fixed([u8; FIXED]),
    /// Of the variable part; and whether more of it is to come.
    Body(&'a [u8], More),
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum More {
    Yes,
    No,
}

impl Frame {
    pub(super) fn new(header: FrameHeader, role: Role) -> Self {
        let need = if role == Role::Ignored { 0 } else { header.fixed().min(FIXED).min(header.length as usize) };
        Frame { header, role, left: header.length, padding: 0, fixed: [0; FIXED], have: 0, need }
    }

    /// Passes over what is left.
    pub(super) fn ignore(&mut self) {
        self.role = Role::Ignored;
        self.need = 0;
        self.padding = 0;
    }

    /// Whether the fixed part has come, so that it is known what the rest is.
    pub(super) fn is_past_fixed(&self) -> bool {
        self.have >= self.need
    }

    /// Takes the next part from `input`. Padding and what is ignored is passed over.
    #[inline]
    pub(super) fn next<'a>(&mut self, input: &mut &'a [u8]) -> Part<'a> {
        if self.have < self.need {
            let bytes = self.take(input, self.need - self.have);
            self.fixed[self.have..self.have + bytes.len()].copy_from_slice(bytes);
            self.have += bytes.len();
            if self.have < self.need {
                return Part::Wait;
            }
            if self.role == Role::Settings && self.left > 0 {
                self.have = 0;
            }
            return Part::Fixed(self.fixed);
        }
        let body = self.left.saturating_sub(self.padding);
        if body > 0 && matches!(self.role, Role::Data | Role::Block) {
            let bytes = self.take(input, body as usize);
            let more = if bytes.len() < body as usize { More::Yes } else { More::No };
            return if bytes.is_empty() { Part::Wait } else { Part::Body(bytes, more) };
        }
        self.take(input, self.left as usize);
        if self.left > 0 { Part::Wait } else { Part::End }
    }

    /// The pad length that a fixed part begins with, if the frame is padded.
    pub(super) fn pad_length(&self, fixed: &[u8; FIXED]) -> u32 {
        if self.header.has(PADDED) && self.role != Role::Settings { u32::from(fixed[0]) } else { 0 }
    }

    fn take<'a>(&mut self, input: &mut &'a [u8], most: usize) -> &'a [u8] {
        let (bytes, rest) = input.split_at(most.min(input.len()));
        *input = rest;
        // No more than `left` is ever asked for.
        self.left -= bytes.len() as u32;
        bytes
    }
}
