//! Frames to messages (RFC 6455 §5).

use super::event::{Anomaly, Event, MessageKind, Totals};
use super::extensions::Extensions;
use crate::flow::Side;

/// Flags, 64-bit length and masking key.
const MAX_HEADER: usize = 14;
/// The longest payload of a control frame.
const MAX_CONTROL: usize = 125;

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

const FIN: u8 = 0x80;
const RSV1: u8 = 0x40;
const MASKED: u8 = 0x80;

/// Reads one direction of a connection, after the handshake.
#[derive(Debug)]
pub struct Reader {
    side: Side,
    extensions: Extensions,
    state: State,
    /// The header that is being read, as far as it came.
    header: [u8; MAX_HEADER],
    header_length: usize,
    message: Option<Message>,
    /// The payload of a close frame, as far as it came.
    close: [u8; MAX_CONTROL],
    close_length: usize,
    closed: bool,
    totals: Totals,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Header,
    Payload(Frame),
    Lost,
}

/// The frame whose payload is passing.
#[derive(Debug, Clone, Copy)]
struct Frame {
    opcode: u8,
    fin: bool,
    /// The masking key; zeros where there is none.
    mask: [u8; 4],
    /// Payload still to come.
    left: u64,
    /// This belongs to the message under way.
    of_message: bool,
    /// The payload can be kept, as none of it was missing.
    whole: bool,
}

/// A message under way.
#[derive(Debug, Clone, Copy)]
struct Message {
    kind: MessageKind,
    bytes: u64,
    frames: u32,
    compressed: bool,
}

impl Reader {
    /// For the bytes that `side` sends.
    pub fn new(side: Side, extensions: Extensions) -> Self {
        Self {
            side,
            extensions,
            state: State::Header,
            header: [0; MAX_HEADER],
            header_length: 0,
            message: None,
            close: [0; MAX_CONTROL],
            close_length: 0,
            closed: false,
            totals: Totals::default(),
        }
    }

    /// What came so far.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Takes the next piece and calls `sink` with what it brings to an end.
    pub fn push(&mut self, mut piece: &[u8], mut sink: impl FnMut(Event<'_>)) {
        while !piece.is_empty() {
            match self.state {
                State::Lost => return,
                State::Header => piece = self.read_header(piece, &mut sink),
                State::Payload(frame) => {
                    let count = usize::try_from(frame.left).map_or(piece.len(), |left| left.min(piece.len()));
                    let (payload, rest) = piece.split_at(count);
                    if frame.opcode == CLOSE && frame.whole {
                        self.keep_close(payload, frame.mask);
                    }
                    piece = rest;
                    self.pass(frame, count as u64, &mut sink);
                }
            }
        }
    }

    /// Takes note that the next `bytes` of the stream are missing. Inside a payload that is no more than a number;
    /// anywhere else the next frame cannot be found again.
    pub fn gap(&mut self, bytes: u64, mut sink: impl FnMut(Event<'_>)) {
        match self.state {
            _ if bytes == 0 => {}
            State::Lost => {}
            State::Payload(frame) if bytes <= frame.left => {
                self.pass(Frame { whole: false, ..frame }, bytes, &mut sink);
            }
            State::Payload(_) | State::Header => self.lose(&mut sink),
        }
    }

    fn report(&mut self, event: Event<'_>, sink: &mut impl FnMut(Event<'_>)) {
        self.totals.count(&event);
        sink(event);
    }

    fn lose(&mut self, sink: &mut impl FnMut(Event<'_>)) {
        self.state = State::Lost;
        self.message = None;
        self.report(Event::Lost, sink);
    }

    /// Adds to the header and begins the frame once it is whole. Gives what is left of the piece.
    fn read_header<'a>(&mut self, piece: &'a [u8], sink: &mut impl FnMut(Event<'_>)) -> &'a [u8] {
        let mut rest = piece;
        loop {
            let wanted = match self.header.get(1).filter(|_| self.header_length >= 2) {
                None => 2,
                Some(&second) => header_length(second),
            };
            let missing = wanted - self.header_length;
            if missing == 0 {
                self.header_length = 0;
                self.begin_frame(sink);
                return rest;
            }
            if rest.is_empty() {
                return rest;
            }
            let (taken, others) = rest.split_at(missing.min(rest.len()));
            self.header[self.header_length..self.header_length + taken.len()].copy_from_slice(taken);
            self.header_length += taken.len();
            rest = others;
        }
    }

    /// Judges a whole header, in the order of its fields.
    fn begin_frame(&mut self, sink: &mut impl FnMut(Event<'_>)) {
        let [first, second, extended @ ..] = self.header;
        let (opcode, fin, masked) = (first & 0x0f, first & FIN != 0, second & MASKED != 0);
        let [e0, e1, ..] = extended;
        let (length, shortest, length_bytes) = match second & 0x7f {
            126 => (u64::from(u16::from_be_bytes([e0, e1])), 126, 2),
            127 => {
                let [bytes @ .., _, _, _, _] = extended;
                (u64::from_be_bytes(bytes), 1 << 16, 8)
            }
            length => (u64::from(length), 0, 0),
        };
        let mask = extended.get(length_bytes..).and_then(|rest| rest.first_chunk()).filter(|_| masked);
        let control = opcode >= CLOSE;
        self.totals.frames += 1;

        let side = self.side;
        let mut note = |anomaly| self.report(Event::Anomaly(anomaly), sink);
        match (side, masked) {
            (Side::Client, false) => note(Anomaly::UnmaskedClient),
            (Side::Server, true) => note(Anomaly::MaskedServer),
            _ => {}
        }
        if length < shortest {
            note(Anomaly::NonMinimalLength);
        }
        if !matches!(opcode, CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG) {
            note(Anomaly::ReservedOpcode(opcode));
        }
        if control && !fin {
            note(Anomaly::FragmentedControl);
        }
        if control && length > MAX_CONTROL as u64 {
            note(Anomaly::LongControl);
        }
        if length >> 63 != 0 {
            note(Anomaly::LengthTopBit);
            return self.lose(sink);
        }
        self.check_reserved_bits(first, sink);
        if self.closed {
            self.report(Event::Anomaly(Anomaly::AfterClose), sink);
        }
        let of_message = self.join_message(opcode, first & RSV1 != 0, length, sink);
        self.close_length = 0;
        let mask = mask.copied().unwrap_or_default();
        self.pass(Frame { opcode, fin, mask, left: length, of_message, whole: true }, 0, sink);
    }

    fn check_reserved_bits(&mut self, first: u8, sink: &mut impl FnMut(Event<'_>)) {
        let deflates = self.extensions.permessage_deflate && matches!(first & 0x0f, TEXT | BINARY);
        let allowed = if self.extensions.other { 0x70 } else { u8::from(deflates) * RSV1 };
        let bits = first & 0x70 & !allowed;
        if bits != 0 {
            self.report(Event::Anomaly(Anomaly::ReservedBits(bits >> 4)), sink);
        }
    }

    /// Begins a message or goes on with one. Whether the frame is part of one.
    fn join_message(&mut self, opcode: u8, rsv1: bool, length: u64, sink: &mut impl FnMut(Event<'_>)) -> bool {
        let kind = match opcode {
            TEXT => MessageKind::Text,
            BINARY => MessageKind::Binary,
            CONTINUATION => {
                let Some(message) = &mut self.message else {
                    self.report(Event::Anomaly(Anomaly::StrayContinuation), sink);
                    return false;
                };
                message.bytes = message.bytes.saturating_add(length);
                message.frames = message.frames.saturating_add(1);
                return true;
            }
            _ => return false,
        };
        if self.message.is_some() {
            self.report(Event::Anomaly(Anomaly::UnfinishedMessage), sink);
        }
        let compressed = rsv1 && self.extensions.permessage_deflate;
        self.message = Some(Message { kind, bytes: length, frames: 1, compressed });
        true
    }

    /// Lets `count` bytes of the frame's payload pass, which may end the frame.
    fn pass(&mut self, mut frame: Frame, count: u64, sink: &mut impl FnMut(Event<'_>)) {
        self.totals.payload_bytes = self.totals.payload_bytes.saturating_add(count);
        frame.left -= count;
        if frame.left > 0 {
            self.state = State::Payload(frame);
            return;
        }
        self.state = State::Header;
        match frame.opcode {
            PING => self.report(Event::Ping, sink),
            PONG => self.report(Event::Pong, sink),
            CLOSE => self.end_close(frame, sink),
            _ if frame.of_message && frame.fin => {
                if let Some(Message { kind, bytes, frames, compressed }) = self.message.take() {
                    self.report(Event::Message { kind, bytes, frames, compressed }, sink);
                }
            }
            _ => {}
        }
    }

    /// Keeps the payload of a close frame, unmasked, as far as one may reach.
    fn keep_close(&mut self, payload: &[u8], mask: [u8; 4]) {
        for (&byte, place) in payload.iter().zip(self.close.iter_mut().skip(self.close_length)) {
            *place = byte ^ mask[self.close_length % mask.len()];
            self.close_length += 1;
        }
    }

    fn end_close(&mut self, frame: Frame, sink: &mut impl FnMut(Event<'_>)) {
        self.closed = true;
        let kept = self.close;
        let payload = kept.get(..self.close_length).unwrap_or_default();
        let (code, reason) = match payload.split_first_chunk() {
            Some((code, reason)) => (Some(u16::from_be_bytes(*code)), reason),
            None => (None, Default::default()),
        };
        let text = longest_text(reason);
        let half_a_code = payload.len() == 1;
        // What a gap cut out of the frame cannot be held against it.
        if code.is_some_and(|code| !may_be_sent(code)) || frame.whole && (half_a_code || text.len() < reason.len()) {
            self.report(Event::Anomaly(Anomaly::InvalidClose), sink);
        }
        self.report(Event::Close { code, reason: text }, sink);
    }
}

/// How long a header is, by its second byte.
const fn header_length(second: u8) -> usize {
    let length = match second & 0x7f {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    if second & MASKED != 0 { length + 4 } else { length }
}

/// Whether a close frame may carry this code (RFC 6455 §7.4.1, §7.4.2): none below 1000, nor those that only describe
/// what happened without a frame.
const fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 1016..=4999)
}

/// The bytes from the front that are UTF-8.
fn longest_text(bytes: &[u8]) -> &str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            bytes.get(..error.valid_up_to()).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
        }
    }
}
