//! Header blocks: put together from HEADERS, PUSH_PROMISE and CONTINUATION, decoded, and placed on their streams.
//!
//! A block that lies in one piece is decoded where it lies. Others are gathered, up to [`MAX_BLOCK`] octets and
//! [`MAX_CONTINUATIONS`] frames. A block that goes further, or that a gap is in, is decoded as far as it was had; then
//! the header table of that direction is lost.

use super::anomaly::Anomalies;
use super::classify::View;
use super::connection::{Connection, Turn};
use super::direction::{Block, More, Role};
use super::event::{Headers, Kind, Sink};
use super::frame::{self, END_STREAM, FrameHeader};
use super::lifecycle::opener_of;
use super::outline::Outline;
use crate::flow::Side;
use crate::packet::Timestamp;
use crate::protocol::hpack::{Decoded, Error};

/// How many octets of a header block are gathered.
pub const MAX_BLOCK: usize = 64 << 10;
/// How many CONTINUATION frames a header block may have.
pub const MAX_CONTINUATIONS: u32 = 16;
/// The largest buffer that is kept between blocks.
const KEPT_TEXT: usize = 4 << 10;

/// Whether all of a block was had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Whole,
    Cut,
}

impl Connection {
    /// HEADERS or PUSH_PROMISE begins.
    pub(super) fn begin_block<S: Sink>(
        &mut self,
        turn: &mut Turn<'_, S>,
        header: &FrameHeader,
        started: Timestamp,
    ) -> Role {
        let push = header.kind == frame::Kind::PushPromise;
        turn.anomaly(header.stream, Anomalies::PUSH.when(push && turn.from == Side::Client));
        self.direction(turn.from).block = Some(Block {
            stream: header.stream,
            push,
            promised: None,
            end_stream: !push && header.has(END_STREAM),
            continuations: 0,
            done: false,
            started,
        });
        Role::Block
    }

    /// Whether this frame continues an open block. Any other frame ends the block before its time.
    pub(super) fn block_continues<S: Sink>(&mut self, turn: &mut Turn<'_, S>, header: &FrameHeader) -> bool {
        let direction = self.direction(turn.from);
        let continuation = header.kind == frame::Kind::Continuation;
        match direction.block {
            Some(block) if continuation && block.stream == header.stream => return true,
            Some(_) => {}
            None if !continuation => return false,
            // After a loss the block may have begun before it.
            None if direction.resynced => {
                direction.decoder.lose();
                return false;
            }
            None => {}
        }
        turn.anomaly(header.stream, Anomalies::CONTINUATION);
        self.abandon_block(turn);
        false
    }

    /// CONTINUATION of the open block begins.
    pub(super) fn continue_block<S: Sink>(&mut self, turn: &mut Turn<'_, S>) -> Role {
        let Some(block) = &mut self.direction(turn.from).block else { return Role::Ignored };
        block.continuations = block.continuations.saturating_add(1);
        if block.continuations == MAX_CONTINUATIONS + 1 && !block.done {
            turn.anomaly(block.stream, Anomalies::CONTINUATION_FLOOD);
            self.cut_block(turn);
        }
        Role::Block
    }

    /// Octets of the open block.
    pub(super) fn block_text<S: Sink>(&mut self, turn: &mut Turn<'_, S>, bytes: &[u8], more: More) {
        let direction = &mut self.directions[turn.from.index()];
        let Some(block) = direction.block.filter(|block| !block.done) else { return };
        if more == More::No && direction.text.is_empty() && bytes.len() <= MAX_BLOCK {
            return self.decode_block(turn, bytes, Extent::Whole);
        }
        if direction.text.capacity() == 0 {
            direction.text = std::mem::take(&mut self.scratch.text);
        }
        let taken = bytes.len().min(MAX_BLOCK - direction.text.len());
        direction.text.extend_from_slice(&bytes[..taken]);
        if taken < bytes.len() {
            let flood = block.continuations > 0;
            turn.anomaly(block.stream, if flood { Anomalies::CONTINUATION_FLOOD } else { Anomalies::BLOCK_TOO_LARGE });
            self.cut_block(turn);
        } else if more == More::No {
            self.decode_text(turn, Extent::Whole);
        }
    }

    /// The last frame of the open block has come to its end.
    pub(super) fn finish_block<S: Sink>(&mut self, turn: &mut Turn<'_, S>) {
        self.decode_text(turn, Extent::Whole);
        self.direction(turn.from).block = None;
    }

    /// The rest of the open block is not to be had. What was had of it is reported, now.
    pub(super) fn cut_block<S: Sink>(&mut self, turn: &mut Turn<'_, S>) {
        self.decode_text(turn, Extent::Cut);
    }

    /// A part of some header block cannot be made sense of.
    pub(super) fn abandon_block<S: Sink>(&mut self, turn: &mut Turn<'_, S>) {
        self.cut_block(turn);
        let direction = self.direction(turn.from);
        direction.block = None;
        direction.decoder.lose();
    }

    /// Decodes the octets that were gathered, unless the block has been reported already.
    fn decode_text<S: Sink>(&mut self, turn: &mut Turn<'_, S>, extent: Extent) {
        let direction = self.direction(turn.from);
        if direction.block.is_none_or(|block| block.done) {
            return;
        }
        let mut text = std::mem::take(&mut direction.text);
        self.decode_block(turn, &text, extent);
        if text.capacity() <= KEPT_TEXT {
            text.clear();
            self.scratch.text = text;
        }
    }

    /// Decodes the open block from its octets and reports it.
    fn decode_block<S: Sink>(&mut self, turn: &mut Turn<'_, S>, text: &[u8], extent: Extent) {
        let direction = &mut self.directions[turn.from.index()];
        let Some(block) = &mut direction.block else { return };
        block.done = true;
        let block = *block;
        let mut fields = std::mem::take(&mut self.scratch.fields);
        direction.decoder.swap_scratch(&mut self.scratch.strings);
        let result = direction.decoder.decode(text, |field| fields.push(field));
        direction.decoder.swap_scratch(&mut self.scratch.strings);
        if extent == Extent::Cut {
            direction.decoder.lose();
        }
        let outline = Outline::of(&fields);
        let report = Report {
            broken: extent == Extent::Cut || result.is_err(),
            complete: extent == Extent::Whole && result.is_ok_and(|decoded| !decoded.list_too_large),
            unknown: fields.iter().any(|field| field.name.is_none() || field.value.is_none()),
            anomalies: anomalies_of(result, extent),
        };
        let Some(kind) = self.place(turn, &block, &outline, &report) else {
            turn.anomaly(block.stream, report.anomalies);
            fields.clear();
            self.scratch.fields = fields;
            return;
        };
        let trailers_go_on = kind == Kind::Trailers && !block.end_stream;
        turn.sink.headers(&Headers {
            stream: block.stream,
            from: turn.from,
            kind,
            status: outline.status,
            fields: &fields,
            end_stream: block.end_stream,
            hpack_lost: report.unknown,
            truncated: !report.complete,
            anomalies: report.anomalies
                | outline.anomalies(kind, report.complete)
                | Anomalies::TRAILERS_WITHOUT_END.when(trailers_go_on),
            started: block.started,
            time: turn.time,
        });
        fields.clear();
        self.scratch.fields = fields;
        self.note_headers(turn, &block, kind, &outline, &report);
    }

    /// Finds or opens the stream that a block is on, and says what the block is there; `None` if it belongs nowhere.
    fn place<S: Sink>(
        &mut self,
        turn: &mut Turn<'_, S>,
        block: &Block,
        outline: &Outline,
        report: &Report,
    ) -> Option<Kind> {
        if block.push {
            return self.place_promise(turn, block.stream, block.promised?);
        }
        let number = block.stream;
        let opens = turn.from == opener_of(number);
        if self.streams.get(number).is_none() {
            let (idle, unseen) = (self.is_idle(number), self.may_exist_unseen(number));
            let anomaly = match turn.from {
                Side::Client if !opens => Anomalies::STREAM_PARITY,
                Side::Client if !idle && outline.is_request() => Anomalies::STREAM_REUSED,
                Side::Server if opens && idle && !unseen => Anomalies::STREAM_PARITY,
                Side::Server if idle && !unseen => Anomalies::NO_REQUEST,
                _ => Anomalies::NONE,
            };
            turn.anomaly(number, anomaly);
            if turn.from == Side::Client && opens && idle && (outline.is_request() || !unseen) {
                self.open_seen(turn, number);
            } else if anomaly == Anomalies::NO_REQUEST {
                self.open(turn, number);
                // Once it is over, it is not to be opened again.
                self.raise_highest(number);
            } else if anomaly.is_empty() && unseen {
                self.open_partial(turn, number);
            } else {
                return None;
            }
        }
        if turn.from == Side::Client && opens {
            self.raise_highest(number);
        }
        let half = self.streams.get(number)?.half(turn.from);
        if half.ended {
            turn.anomaly(number, Anomalies::AFTER_END);
            return None;
        }
        let view = View {
            begun: half.begun,
            gap: half.gap || half.unsure,
            end_stream: block.end_stream,
            sure: report.complete && outline.is_sure(),
        };
        Some(if turn.from == Side::Client { view.of_client(outline) } else { view.of_server(outline) })
    }

    /// Opens the stream that a PUSH_PROMISE reserves, RFC 9113 §8.4.
    fn place_promise<S: Sink>(&mut self, turn: &mut Turn<'_, S>, carrier: u32, promised: u32) -> Option<Kind> {
        let from_server = turn.from == Side::Server;
        // Behind a loss, one that nobody was seen to open may be alive all the same.
        let idle = self.is_idle(promised) && self.streams.get(promised).is_none();
        let new = opener_of(promised) == Side::Server && promised != 0 && idle;
        if !from_server || !new {
            turn.anomaly(carrier, Anomalies::PUSH.when(from_server));
            return None;
        }
        self.open_seen(turn, promised);
        let request = self.streams.get(promised)?.half(Side::Client);
        request.begun = true;
        request.ended = true;
        Some(Kind::PushPromise { promised })
    }

    /// Remembers of a block that was reported what its stream needs, and ends what it ends.
    fn note_headers<S: Sink>(
        &mut self,
        turn: &mut Turn<'_, S>,
        block: &Block,
        kind: Kind,
        outline: &Outline,
        report: &Report,
    ) {
        let number = match kind {
            Kind::PushPromise { promised } => promised,
            _ => block.stream,
        };
        let refused = number > self.direction(turn.from.peer()).last_accepted && opener_of(number) == turn.from;
        let Some(stream) = self.streams.get(number) else { return };
        if matches!(kind, Kind::Request | Kind::PushPromise { .. }) {
            stream.head = outline.head;
        }
        let head = stream.head;
        let half = stream.half(turn.from);
        half.gap |= report.broken;
        match kind {
            Kind::Request => {
                half.begun = true;
                half.announced = outline.content_length;
            }
            Kind::Response => {
                half.begun = true;
                half.announced = outline.content_length;
                half.bodyless = head || matches!(outline.status, Some(204 | 304));
            }
            Kind::Trailers => half.begun = true,
            Kind::Unknown => half.unsure = true,
            Kind::Informational | Kind::PushPromise { .. } => {}
        }
        if block.end_stream {
            self.end_half(turn, number);
        }
        if refused && self.streams.close(number) {
            turn.sink.refused(number, turn.time);
        }
    }
}

/// What is known of a block beside its fields.
struct Report {
    /// Its octets were missed or made no sense, from some place on.
    broken: bool,
    /// None of its fields is missing.
    complete: bool,
    /// Some field has an unknown part.
    unknown: bool,
    anomalies: Anomalies,
}

fn anomalies_of(result: Result<Decoded, Error>, extent: Extent) -> Anomalies {
    match result {
        Ok(decoded) => {
            Anomalies::LIST_TOO_LARGE.when(decoded.list_too_large)
                | Anomalies::TABLE_SIZE.when(decoded.late_size_update || decoded.size_not_allowed)
        }
        // A block that was cut does not end where a field does.
        Err(Error::Truncated) if extent == Extent::Cut => Anomalies::NONE,
        Err(_) => Anomalies::COMPRESSION,
    }
}
