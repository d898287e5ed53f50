//! One connection, seen from beside it.

use super::anomaly::Anomalies;
use super::direction::{Direction, Part, PartialHeader, Walk};
use super::event::{Gap, Sink};
use super::fields::Fields;
use super::frame::{END_STREAM, Kind};
use super::lifecycle::opener_of;
use super::streams::Streams;
use crate::flow::Side;
use crate::packet::Timestamp;

/// What a client sends first, RFC 9113 §3.4.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// By how much the numbers of streams may have grown while frames of the end that opens them were missed.
const UNSEEN_STREAMS: u32 = 1 << 20;
/// By how much they may be higher than seen although none were missed, because the directions come side by side.
const EARLY_STREAMS: u32 = 1 << 6;

/// Reads both directions of one HTTP/2 connection.
///
/// The events for one direction do not depend on how its octets are cut into pieces, save that data is handed on as it
/// comes. The two directions may be pushed in any order that is not far from the true one.
#[derive(Debug)]
pub struct Connection {
    pub(super) directions: [Direction; 2],
    pub(super) streams: Streams,
    pub(super) scratch: Scratch,
    pub(super) counts: Counts,
}

/// What is needed only while a header block is read. Connections that are read in turns can share one
/// ([`Connection::swap_scratch`]). No more than some 13 KiB of it stay between blocks.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(super) fields: Fields,
    /// For strings in Huffman code.
    pub(super) strings: Vec<u8>,
    /// For the octets of the next block that does not come in one piece.
    pub(super) text: Vec<u8>,
}

impl Scratch {
    /// Octets of memory that are held.
    pub fn memory(&self) -> usize {
        self.fields.memory() + self.strings.capacity() + self.text.capacity()
    }
}

/// Octets that came to nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Passed over while looking for the next frame.
    pub skipped: u64,
    /// Of DATA on streams that are not followed: closed, reset, evicted or never opened.
    pub unattributed: u64,
}

/// Who sent something, when, and who wants to know.
pub(super) struct Turn<'s, S> {
    pub from: Side,
    pub time: Timestamp,
    /// The octets came earlier, and waited for it to be known that they are frames.
    pub late: bool,
    pub sink: &'s mut S,
}

impl<S: Sink> Turn<'_, S> {
    /// Reports what is not an empty set.
    pub(super) fn anomaly(&mut self, stream: u32, anomalies: Anomalies) {
        if !anomalies.is_empty() {
            self.sink.anomaly(self.from, stream, anomalies, self.time);
        }
    }
}

impl Default for Connection {
    fn default() -> Self {
        Connection::new()
    }
}

impl Connection {
    /// From the first octet of each direction, with prior knowledge: the client begins with the preface.
    pub fn new() -> Self {
        Connection {
            directions: [Direction::new(Walk::Preface(0)), Direction::new(Walk::Header(PartialHeader::default()))],
            streams: Streams::default(),
            scratch: Scratch::default(),
            counts: Counts::default(),
        }
    }

    /// From the first octet after `101 Switching Protocols` to h2c, RFC 7540 §3.2. The request that asked for it is
    /// stream 1, which the client has ended; `method` is its method and `settings` the value of its HTTP2-Settings field.
    pub fn upgraded(method: &[u8], settings: &[u8]) -> Self {
        let mut connection = Connection::new();
        let [client, server] = &mut connection.directions;
        client.settings.upgrade(settings);
        server.decoder.allow(client.settings.table_size());
        client.highest = 1;
        connection.streams.open(1);
        if let Some(stream) = connection.streams.get(1) {
            stream.head = method == b"HEAD";
            let request = stream.half(Side::Client);
            request.begun = true;
            request.ended = true;
        }
        connection
    }

    /// From anywhere.
    pub fn midstream() -> Self {
        let mut connection = Connection::new();
        connection.directions = [Direction::midstream(), Direction::midstream()];
        for direction in &mut connection.directions {
            direction.decoder.allow(u32::MAX);
        }
        connection
    }

    /// Reads the next octets that `from` has sent.
    pub fn push<S: Sink>(&mut self, from: Side, bytes: &[u8], time: Timestamp, sink: &mut S) {
        let mut turn = Turn { from, time, late: false, sink };
        let mut input = bytes;
        while !input.is_empty() {
            if let Some(replay) = self.look_for_frames(from, &mut input) {
                let mut replayed = replay.as_slice();
                turn.late = true;
                self.walk(&mut turn, &mut replayed);
                turn.late = false;
                // What is left was not frames after all. It is not searched again, so that time stays linear.
                self.counts.skipped += replayed.len() as u64;
            }
            self.walk(&mut turn, &mut input);
            if matches!(self.direction(from).walk, Walk::Ended) {
                return;
            }
        }
    }

    /// Says that so many octets that `from` has sent will never be seen. Inside the payload of a frame they are passed
    /// over; else the next frame has to be looked for.
    pub fn gap<S: Sink>(&mut self, from: Side, bytes: u64, time: Timestamp, sink: &mut S) {
        let mut turn = Turn { from, time, late: false, sink };
        match &mut self.direction(from).walk {
            _ if bytes == 0 => {}
            Walk::Ended => {}
            Walk::Scan(scanner) => scanner.gap(bytes),
            Walk::Payload(frame) if bytes <= u64::from(frame.left) => self.gap_in_frame(&mut turn, bytes as u32),
            Walk::Payload(frame) => {
                let header = frame.header;
                self.lose_frames(&mut turn);
                if header.kind == Kind::Data && header.has(END_STREAM) {
                    self.end_half(&mut turn, header.stream);
                }
            }
            Walk::Preface(_) | Walk::Header(_) => self.lose_frames(&mut turn),
        }
    }

    /// Says that nothing more comes from this end. Streams that have not ended by then never will.
    pub fn end<S: Sink>(&mut self, from: Side, time: Timestamp, sink: &mut S) {
        let mut turn = Turn { from, time, late: false, sink };
        let direction = self.direction(from);
        let cut = match &direction.walk {
            Walk::Preface(matched) => *matched > 0,
            Walk::Header(header) => !header.is_empty() || direction.block.is_some(),
            Walk::Payload(_) => true,
            Walk::Scan(_) | Walk::Ended => false,
        };
        direction.walk = Walk::Ended;
        turn.anomaly(0, Anomalies::CUT_SHORT.when(cut));
        self.cut_block(&mut turn);
        let direction = self.direction(from);
        direction.block = None;
        direction.text = Vec::new();
    }

    /// Octets of memory that are held beside the connection itself. Never more than
    /// [`MAX_MEMORY`](super::MAX_MEMORY).
    pub fn memory(&self) -> usize {
        let directions: usize = self.directions.iter().map(Direction::memory).sum();
        directions + self.streams.memory() + self.scratch.memory()
    }

    /// Exchanges the scratch for another, before and after what is shared with other connections is used.
    pub fn swap_scratch(&mut self, scratch: &mut Scratch) {
        std::mem::swap(&mut self.scratch, scratch);
    }

    /// Octets that came to nothing so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The largest frame that `from` is known to be allowed.
    pub(super) fn expected_frame_size(&self, from: Side) -> u32 {
        self.directions[from.peer().index()].settings.expected_frame_size()
    }

    #[inline]
    pub(super) fn direction(&mut self, from: Side) -> &mut Direction {
        &mut self.directions[from.index()]
    }

    /// Reads frames until there is no more input, or it is not known where the next frame is.
    fn walk<S: Sink>(&mut self, turn: &mut Turn<'_, S>, input: &mut &[u8]) {
        loop {
            match &mut self.directions[turn.from.index()].walk {
                Walk::Payload(frame) => match frame.next(input) {
                    Part::Wait => return,
                    Part::Fixed(fixed) => self.fixed_part(turn, fixed),
                    Part::Body(bytes, more) => self.body(turn, bytes, more),
                    Part::End => self.finish_frame(turn),
                },
                Walk::Header(partial) => match partial.take(input, turn.time) {
                    Some((header, started)) => self.begin_frame(turn, header, started),
                    None => return,
                },
                Walk::Preface(matched) => {
                    let expected = &PREFACE[*matched..];
                    let same = expected.iter().zip(*input).take_while(|(expected, octet)| expected == octet).count();
                    *matched += same;
                    *input = &input[same..];
                    if *matched == PREFACE.len() {
                        self.direction(turn.from).walk = Walk::Header(PartialHeader::default());
                    } else if input.is_empty() {
                        return;
                    } else {
                        turn.anomaly(0, Anomalies::BAD_PREFACE);
                        self.lose_frames(turn);
                        return;
                    }
                }
                Walk::Scan(_) | Walk::Ended => return,
            }
        }
    }

    /// If frames are looked for: takes input until they are found, and returns what was taken of them.
    fn look_for_frames(&mut self, from: Side, input: &mut &[u8]) -> Option<Vec<u8>> {
        let max_frame = self.expected_frame_size(from);
        let highest = [Side::Client, Side::Server].map(|opener| self.highest_likely(opener));
        let direction = &mut self.directions[from.index()];
        let Walk::Scan(scanner) = &mut direction.walk else { return None };
        let before = scanner.taken();
        let found = scanner.scan(input, |header| {
            header.is_likely(from, max_frame)
                && (header.stream == 0 || header.stream <= highest[opener_of(header.stream).index()])
        });
        self.counts.skipped += scanner.taken() - before;
        let replay = found?;
        self.counts.skipped -= replay.len() as u64;
        direction.walk = Walk::Header(PartialHeader::default());
        direction.resynced = true;
        // Streams that the other end has opened in the meantime may have been answered in the meantime.
        self.mark_gap(from);
        Some(replay)
    }

    /// The highest stream that a frame can well be on, of those that `opener` opens.
    fn highest_likely(&self, opener: Side) -> u32 {
        let direction = &self.directions[opener.index()];
        let missing = matches!(direction.walk, Walk::Scan(_));
        match (opener, direction.highest) {
            // Hardly any server pushes.
            (Side::Server, 0) => 0,
            (Side::Client, 0) if direction.seen_from > 0 => u32::MAX,
            (_, highest) => highest.saturating_add(if missing { UNSEEN_STREAMS } else { EARLY_STREAMS }),
        }
    }

    /// Anything may have been missed of what `from` sent on the streams that live.
    fn mark_gap(&mut self, from: Side) {
        self.streams.iter_mut().for_each(|stream| stream.half(from).gap = true);
    }

    /// Frames were missed: from now on anything may have been.
    pub(super) fn lose_frames<S: Sink>(&mut self, turn: &mut Turn<'_, S>) {
        turn.sink.gap(turn.from, Gap::Frames, turn.time);
        self.mark_gap(turn.from);
        self.cut_block(turn);
        let direction = self.direction(turn.from);
        direction.walk = Walk::Scan(Box::default());
        direction.block = None;
        direction.first = false;
        direction.seen_from = u32::MAX;
        direction.decoder.lose();
        direction.settings.lose();
        self.direction(turn.from.peer()).decoder.allow(u32::MAX);
    }
}
