//! Reads one direction of an HTTP/1.x connection.
//!
//! Only a header block that spans pieces is copied, up to 64 KiB; bodies are walked over, not kept. Bytes that are
//! missing inside a body of known length, or inside a chunk, are stepped over by arithmetic. Missing anywhere else, they
//! may have held whole messages: the reader says so, and goes on at the next piece that begins like a message.

use super::anomaly::{Anomalies, Anomaly};
use super::body::{self, Body};
use super::head::{self, Head, Length, Read, StartLine};
use super::sink::{Answered, End, Mark, Sink};
use crate::flow::{Content, EndKind, Piece, Side};
use crate::protocol::buffers::{self, BufferId, Buffers};

/// Lengths that methods have (RFC 9110 §9; the longest registered one is UPDATEREDIRECTREF).
const MIN_METHOD: usize = 3;
const MAX_METHOD: usize = 24;
/// The longest head, so that a buffer holds it and its mark.
const MAX_HEAD: usize = buffers::MAX_LEN - Mark::BYTES;
/// Empty lines that are skipped before a start line (RFC 9112 §2.2).
const MAX_EMPTY_LINES: u8 = 8;

/// Reads one direction.
#[derive(Debug)]
pub struct Reader {
    side: Side,
    state: State,
    /// The beginning of a header block whose end has not come: a mark, and the bytes.
    block: Option<BufferId>,
    body_len: u64,
    /// Bytes of the current message were missed.
    gap: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before a start line, or in a header block.
    Head {
        empty_lines: u8,
    },
    Body(Body),
    /// Where the next message begins is unknown. Right behind a gap it may be here; elsewhere only the beginning of a
    /// packet is a likely place.
    Lost {
        behind_gap: bool,
    },
    /// The connection speaks another protocol now.
    Left,
}

/// Whether the connection goes on with HTTP/1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    Reading,
    /// After so many bytes of the piece the connection speaks another protocol, in both directions.
    Leaves {
        consumed: usize,
    },
}

impl Reader {
    /// A reader that begins before a message.
    pub fn new(side: Side) -> Self {
        Reader { side, state: State::Head { empty_lines: 0 }, block: None, body_len: 0, gap: false }
    }

    /// A reader that begins somewhere, and looks for a message.
    pub fn midstream(side: Side) -> Self {
        Reader { state: State::Lost { behind_gap: true }, ..Reader::new(side) }
    }

    /// Takes the next piece.
    #[inline]
    pub fn push(&mut self, piece: &Piece<'_>, buffers: &mut Buffers, sink: &mut impl Sink) -> Progress {
        match piece.content {
            Content::Data(bytes) => self.data(bytes, piece, buffers, sink),
            Content::Gap(len) => {
                self.miss(len, piece, buffers, sink);
                Progress::Reading
            }
        }
    }

    /// The direction ends here; how, unless that was not seen. Only a FIN tells that a body without a length is whole.
    pub fn finish(&mut self, end: Option<EndKind>, mark: Mark, buffers: &mut Buffers, sink: &mut impl Sink) {
        match self.state {
            State::Body(Body::UntilClose) if end == Some(EndKind::Fin) => self.complete(mark, sink),
            State::Body(_) => self.abandon(mark, sink),
            State::Head { .. } if self.block.is_some() => sink.unread(self.side, Anomalies::NONE, mark),
            State::Head { .. } | State::Lost { .. } | State::Left => {}
        }
        self.drop_block(buffers);
        self.state = State::Left;
    }

    /// Stops reading because the other direction has left HTTP/1.
    pub fn leave(&mut self, buffers: &mut Buffers) {
        self.drop_block(buffers);
        self.state = State::Left;
    }

    fn data(&mut self, bytes: &[u8], piece: &Piece<'_>, buffers: &mut Buffers, sink: &mut impl Sink) -> Progress {
        let mark_at =
            |at: usize| Mark { time: piece.time, offset: piece.offset + at as u64, acknowledged: piece.acknowledged };
        if let State::Lost { behind_gap } = self.state
            && !self.finds_message(bytes, behind_gap, mark_at(0), buffers)
        {
            return Progress::Reading;
        }
        let mut at = 0;
        while at < bytes.len() {
            match self.state {
                State::Head { empty_lines } => {
                    // Empty lines before a message mean nothing.
                    let empty = self.block.is_none() && matches!(bytes[at], b'\r' | b'\n');
                    if empty && empty_lines < 2 * MAX_EMPTY_LINES {
                        self.state = State::Head { empty_lines: empty_lines + 1 };
                        at += 1;
                        continue;
                    }
                    match self.read_head(&bytes[at..], mark_at(at), buffers, sink) {
                        Step::Consumed(consumed) => at += consumed,
                        Step::Wait => return Progress::Reading,
                        Step::Leaves(consumed) => {
                            at += consumed;
                            self.complete(mark_at(at), sink);
                            self.leave(buffers);
                            return Progress::Leaves { consumed: at };
                        }
                        Step::Unreadable(anomaly) => {
                            let mut anomalies = Anomalies::NONE;
                            anomalies.add(anomaly);
                            sink.unread(self.side, anomalies, mark_at(at));
                            self.state = State::Lost { behind_gap: false };
                            return Progress::Reading;
                        }
                    }
                    self.complete_if_empty(mark_at(at), sink);
                }
                State::Body(ref mut body) => {
                    let walk = body.walk(&bytes[at..]);
                    self.body_len += walk.content;
                    at += walk.consumed;
                    match walk.outcome {
                        body::Outcome::More => {}
                        body::Outcome::Done => self.complete(mark_at(at), sink),
                        body::Outcome::Invalid => {
                            let mut anomalies = Anomalies::NONE;
                            anomalies.add(Anomaly::InvalidChunk);
                            sink.anomalies(self.side, anomalies);
                            self.abandon(mark_at(at), sink);
                            sink.lost(self.side, mark_at(at));
                            self.state = State::Lost { behind_gap: false };
                            return Progress::Reading;
                        }
                    }
                }
                State::Lost { .. } | State::Left => return Progress::Reading,
            }
        }
        Progress::Reading
    }

    /// Whether a message begins here, or has begun with the bytes that were kept for that question.
    fn finds_message(&mut self, bytes: &[u8], behind_gap: bool, mark: Mark, buffers: &mut Buffers) -> bool {
        let alone = resumes_message(bytes, self.side);
        let begins = match &self.block {
            None => alone,
            Some(block) => {
                let mut start = [0; MAX_METHOD + 2];
                let kept = buffers.get(block).get(Mark::BYTES..).unwrap_or_default();
                let both = kept.iter().chain(bytes).zip(&mut start).map(|(byte, place)| *place = *byte).count();
                match (resumes_message(&start[..both], self.side), alone) {
                    // What was kept begins a message, or it ends a body: nobody can tell.
                    (Some(true), Some(true)) => Some(false),
                    (Some(false), Some(true)) => {
                        self.drop_block(buffers);
                        alone
                    }
                    (joined, _) => joined,
                }
            }
        };
        match begins {
            Some(true) => self.state = State::Head { empty_lines: 0 },
            None if behind_gap => {
                let block = self.block.take().or_else(|| {
                    let block = buffers.take()?;
                    buffers.append(&block, &mark.to_bytes());
                    Some(block)
                });
                if let Some(block) = &block {
                    buffers.append(block, bytes);
                }
                self.block = block;
            }
            _ => {
                self.drop_block(buffers);
                self.state = State::Lost { behind_gap: false };
            }
        }
        begins == Some(true)
    }

    /// Reads the head that begins, or goes on, at the beginning of `bytes`.
    fn read_head(&mut self, bytes: &[u8], mark: Mark, buffers: &mut Buffers, sink: &mut impl Sink) -> Step {
        let side = self.side;
        if let Some(block) = self.block.take() {
            return self.read_head_in_parts(block, bytes, buffers, sink);
        }
        // Almost always the whole block is in one piece. The limit is the same as for one in parts.
        match head::read(&bytes[..bytes.len().min(MAX_HEAD)], side, |head| next_state(side, head, mark, sink)) {
            Read::Whole(next, consumed) => self.enter(next, consumed),
            Read::Unreadable(anomaly) => Step::Unreadable(anomaly),
            Read::Partial => {
                let Some(block) = buffers.take() else { return Step::Unreadable(Anomaly::HeadTooLong) };
                buffers.append(&block, &mark.to_bytes());
                self.keep(block, bytes, buffers)
            }
        }
    }

    fn read_head_in_parts(
        &mut self,
        block: BufferId,
        bytes: &[u8],
        buffers: &mut Buffers,
        sink: &mut impl Sink,
    ) -> Step {
        let side = self.side;
        let known = buffers.get(&block).len();
        let all_kept = buffers.append(&block, bytes);
        // Only the seam is new, so that a block in pieces of one byte is searched once.
        let seam = known.saturating_sub(3).max(Mark::BYTES);
        let Some(length) = head::block_len(&buffers.get(&block)[seam..]).map(|length| seam + length) else {
            if !all_kept {
                buffers.give_back(block);
                return Step::Unreadable(Anomaly::HeadTooLong);
            }
            self.block = Some(block);
            return Step::Wait;
        };
        let (mark, head) = buffers.get(&block)[..length].split_at(Mark::BYTES);
        let read = head::read(head, side, |head| next_state(side, head, Mark::from_bytes(mark), sink));
        buffers.give_back(block);
        match read {
            Read::Whole(next, _) => self.enter(next, length.saturating_sub(known)),
            Read::Partial => Step::Unreadable(Anomaly::Malformed),
            Read::Unreadable(anomaly) => Step::Unreadable(anomaly),
        }
    }

    fn keep(&mut self, block: BufferId, bytes: &[u8], buffers: &mut Buffers) -> Step {
        match buffers.append(&block, bytes) {
            true => {
                self.block = Some(block);
                Step::Wait
            }
            false => {
                buffers.give_back(block);
                Step::Unreadable(Anomaly::HeadTooLong)
            }
        }
    }

    fn enter(&mut self, next: Next, consumed: usize) -> Step {
        self.body_len = 0;
        self.gap = false;
        match next {
            Next::Body(body) => {
                self.state = State::Body(body);
                Step::Consumed(consumed)
            }
            Next::Interim => {
                self.state = State::Head { empty_lines: 0 };
                Step::Consumed(consumed)
            }
            Next::AnotherProtocol => Step::Leaves(consumed),
            Next::Unframed => {
                self.state = State::Lost { behind_gap: false };
                Step::Consumed(consumed)
            }
        }
    }

    fn complete_if_empty(&mut self, mark: Mark, sink: &mut impl Sink) {
        match self.state {
            State::Body(Body::Sized { left: 0 }) => self.complete(mark, sink),
            State::Lost { .. } => {
                self.abandon(mark, sink);
                sink.lost(self.side, mark);
            }
            _ => {}
        }
    }

    fn complete(&mut self, mark: Mark, sink: &mut impl Sink) {
        self.state = State::Head { empty_lines: 0 };
        sink.complete(self.side, End { mark, body_len: self.body_len, gap: self.gap, whole: true });
        self.gap = false;
    }

    /// The end of the current message will not be seen.
    fn abandon(&mut self, mark: Mark, sink: &mut impl Sink) {
        sink.complete(self.side, End { mark, body_len: self.body_len, gap: self.gap, whole: false });
        self.gap = false;
    }

    fn miss(&mut self, len: u64, piece: &Piece<'_>, buffers: &mut Buffers, sink: &mut impl Sink) {
        let mark = Mark { time: piece.time, offset: piece.offset, acknowledged: piece.acknowledged };
        if let State::Body(body) = &mut self.state
            && body.skip(len)
        {
            self.gap = true;
            self.body_len += len;
            return self.complete_if_empty(Mark { offset: mark.offset + len, ..mark }, sink);
        }
        match self.state {
            State::Left => return,
            State::Body(_) => {
                self.gap = true;
                self.abandon(mark, sink);
            }
            State::Head { .. } if self.block.is_some() => sink.unread(self.side, Anomalies::NONE, mark),
            State::Head { .. } | State::Lost { .. } => {}
        }
        self.drop_block(buffers);
        self.state = State::Lost { behind_gap: true };
        sink.lost(self.side, mark);
    }

    fn drop_block(&mut self, buffers: &mut Buffers) {
        if let Some(block) = self.block.take() {
            buffers.give_back(block);
        }
    }
}

/// What reading a head came to.
enum Step {
    Consumed(usize),
    Wait,
    Leaves(usize),
    Unreadable(Anomaly),
}

/// What follows a head.
enum Next {
    Body(Body),
    /// An interim response: another head.
    Interim,
    AnotherProtocol,
    /// A body whose end nobody can tell.
    Unframed,
}

/// Tells the sink of a head, and decides what follows it (RFC 9112 §6.3).
fn next_state(side: Side, head: &Head<'_, '_>, start: Mark, sink: &mut impl Sink) -> Next {
    match head.start {
        StartLine::Request { .. } => {
            debug_assert_eq!(side, Side::Client);
            sink.request(head, start);
            match head.length {
                Length::Unsaid => Next::Body(Body::Sized { left: 0 }),
                Length::Sized(left) => Next::Body(Body::Sized { left }),
                Length::Chunked if head.minor_version > 0 => Next::Body(Body::chunked()),
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
                    return Next::Body(Body::Sized { left: 0 });
                }
                _ => {}
            }
            match head.length {
                Length::Sized(left) => Next::Body(Body::Sized { left }),
                Length::Chunked if head.minor_version > 0 => Next::Body(Body::chunked()),
                Length::Unsaid | Length::OtherEncoding | Length::Chunked => Next::Body(Body::UntilClose),
                Length::Invalid => Next::Unframed,
            }
        }
    }
}

/// Methods that a message may begin with where bytes before it may have been missed. What is left of a longer method, as
/// `LOCK` of `UNLOCK`, is not among them, nor is what nobody registered
/// (<https://www.iana.org/assignments/http-methods>).
const REGISTERED: [&[u8]; 33] = [
    b"GET",
    b"POST",
    b"PUT",
    b"HEAD",
    b"DELETE",
    b"OPTIONS",
    b"PATCH",
    b"CONNECT",
    b"TRACE",
    b"QUERY",
    b"PROPFIND",
    b"PROPPATCH",
    b"REPORT",
    b"SEARCH",
    b"COPY",
    b"MOVE",
    b"MKCOL",
    b"MKCALENDAR",
    b"MKACTIVITY",
    b"MKWORKSPACE",
    b"MKREDIRECTREF",
    b"MERGE",
    b"ACL",
    b"BASELINE-CONTROL",
    b"VERSION-CONTROL",
    b"CHECKIN",
    b"UNCHECKOUT",
    b"LABEL",
    b"UPDATEREDIRECTREF",
    b"ORDERPATCH",
    b"REBIND",
    b"UNBIND",
    b"UNLOCK",
];

/// Whether bytes look like the beginning of a message, where bytes before them may have been missed.
fn resumes_message(bytes: &[u8], side: Side) -> Option<bool> {
    let begins = begins_message(bytes, side)?;
    let method = bytes.split(|&byte| byte == b' ').next().unwrap_or_default();
    Some(begins && (side == Side::Server || REGISTERED.contains(&method)))
}

/// Whether bytes look like the beginning of a message; `None` while they are too few to tell.
pub fn begins_message(bytes: &[u8], side: Side) -> Option<bool> {
    match side {
        Side::Server => {
            const VERSION: &[u8] = b"HTTP/1.";
            if bytes.len() <= VERSION.len() {
                return if VERSION.starts_with(bytes) { None } else { Some(false) };
            }
            let status_line = |(place, &byte): (usize, &u8)| match place {
                0 => matches!(byte, b'0' | b'1'),
                1 => byte == b' ',
                _ => byte.is_ascii_digit(),
            };
            let Some(rest) = bytes.strip_prefix(VERSION) else { return Some(false) };
            match rest.iter().take(5).enumerate().all(status_line) {
                true => (rest.len() >= 5).then_some(true),
                false => Some(false),
            }
        }
        Side::Client => {
            let is_method = |byte: &&u8| byte.is_ascii_uppercase() || matches!(**byte, b'-' | b'_');
            let method = bytes.iter().take(MAX_METHOD + 1).take_while(is_method).count();
            if method > MAX_METHOD || (method < bytes.len() && (method < MIN_METHOD || bytes[method] != b' ')) {
                return Some(false);
            }
            let target = bytes.get(method + 1)?;
            Some(matches!(target, b'/' | b'*' | b'[') || target.is_ascii_alphanumeric())
        }
    }
}
