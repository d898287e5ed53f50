//! Reads one direction of an HTTP/1.x connection.
//!
//! Only a header block that spans pieces is copied, up to 64 KiB, and given up where too many others do not end; bodies
//! are walked over, not kept. Bytes that are missing inside a body of known length, or inside a chunk, are stepped over
//! by arithmetic. Missing anywhere else, they may have held whole messages: the reader says so, and goes on at the next
//! piece that begins like a message.
//!
//! Whether a response has the body that its fields announce depends on its request. Where that is not known, the first
//! bytes behind the head tell: if they begin another response, the request was HEAD.

use super::anomaly::{Anomalies, Anomaly};
use super::body::{self, Body};
use super::framing::{self, Next, Sureness};
use super::head::{self, Read};
use super::sink::{End, Mark, Missing, Sink};
use super::start::{DECISIVE, begins_message, resumes_message};
use crate::flow::{Content, EndKind, Piece, Side};
use crate::protocol::buffers::{self, BufferId, Buffers, Kept};

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
    /// The body is that of a response whose request is not known: in its place, another response may begin.
    doubtful: bool,
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
        Reader { side, state: State::Head { empty_lines: 0 }, block: None, body_len: 0, gap: false, doubtful: false }
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
        self.notice_given_up(mark, buffers, sink);
        if self.doubtful {
            self.believe_in_body(buffers, sink);
        }
        match self.state {
            State::Body(Body::UntilClose) if end == Some(EndKind::Fin) => self.complete(mark, sink),
            State::Body(_) => self.abandon(mark, sink),
            State::Head { .. } if self.block.is_some() => sink.unread(self.side, Anomalies::NONE, mark),
            State::Head { .. } | State::Lost { .. } | State::Left => {}
        }
        self.drop_block(buffers);
        self.state = State::Left;
    }

    /// Whether nothing more is read.
    pub fn has_ended(&self) -> bool {
        self.state == State::Left
    }

    /// Stops reading because the other direction has left HTTP/1.
    pub fn leave(&mut self, buffers: &mut Buffers) {
        self.drop_block(buffers);
        self.state = State::Left;
    }

    fn data(&mut self, bytes: &[u8], piece: &Piece<'_>, buffers: &mut Buffers, sink: &mut impl Sink) -> Progress {
        let mark_at =
            |at: usize| Mark { time: piece.time, offset: piece.offset + at as u64, acknowledged: piece.acknowledged };
        self.notice_given_up(mark_at(0), buffers, sink);
        if let State::Lost { behind_gap } = self.state
            && !self.finds_message(bytes, behind_gap, mark_at(0), buffers)
        {
            if behind_gap && self.side == Side::Client && self.state == (State::Lost { behind_gap: false }) {
                // The last request of which something was missed is not the one that begins next.
                sink.lost(self.side, mark_at(0), Missing::Unknown);
            }
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
                        Step::NoRoom => {
                            sink.given_up(self.side, mark_at(at));
                            self.state = State::Lost { behind_gap: false };
                            return Progress::Reading;
                        }
                        Step::Leaves(consumed) => {
                            at += consumed;
                            self.complete(mark_at(at), sink);
                            self.leave(buffers);
                            return Progress::Leaves { consumed: at };
                        }
                        Step::Unreadable(anomalies) => {
                            sink.unread(self.side, anomalies, mark_at(at));
                            self.state = State::Lost { behind_gap: false };
                            return Progress::Reading;
                        }
                    }
                    self.complete_if_empty(mark_at(at), sink);
                }
                State::Body(body) if self.doubtful => {
                    if !self.settles(body, &bytes[at..], mark_at(at), buffers, sink) {
                        return Progress::Reading;
                    }
                }
                State::Body(_) => at += self.walk_body(&bytes[at..], mark_at(at), sink),
                State::Lost { .. } | State::Left => return Progress::Reading,
            }
        }
        Progress::Reading
    }

    /// Walks over the body, or what there is of it, at the beginning of `bytes`; how far.
    fn walk_body(&mut self, bytes: &[u8], mark: Mark, sink: &mut impl Sink) -> usize {
        let State::Body(body) = &mut self.state else { return 0 };
        let side = self.side;
        let walk = body.walk(bytes, |content| sink.content(side, content));
        self.body_len += walk.content;
        let behind = Mark { offset: mark.offset + walk.consumed as u64, ..mark };
        match walk.outcome {
            body::Outcome::More => {}
            body::Outcome::Done => self.complete(behind, sink),
            body::Outcome::Invalid => {
                sink.anomalies(self.side, Anomaly::InvalidChunk.into());
                self.abandon(behind, sink);
                sink.lost(self.side, behind, Missing::Unknown);
                self.state = State::Lost { behind_gap: false };
            }
        }
        walk.consumed
    }

    /// Whether these bytes, with those that were kept for that question, tell what follows a response whose request is
    /// not known; and what that is, is the state then.
    fn settles(&mut self, body: Body, bytes: &[u8], mark: Mark, buffers: &mut Buffers, sink: &mut impl Sink) -> bool {
        let (start, len) = self.with_kept(bytes, buffers);
        // No byte behind the body has a say, so that the pieces in which they come have none.
        let len = body.within(len);
        match begins_message(&start[..len], self.side) {
            Some(false) => self.believe_in_body(buffers, sink),
            None if body.exceeds(len) => {
                if self.keep_undecided(bytes, mark, buffers) {
                    return false;
                }
                self.believe_in_body(buffers, sink);
            }
            // A body may begin like a response, or be the beginning of one, all the same. Then its end was not seen.
            Some(true) | None => {
                let behind_head = self.block.as_ref().map_or(mark, |block| Mark::from_bytes(buffers.get(block)));
                self.doubtful = false;
                self.abandon(behind_head, sink);
                self.state = State::Head { empty_lines: 0 };
            }
        }
        true
    }

    /// Takes what follows the head for the body that its fields announce.
    fn believe_in_body(&mut self, buffers: &mut Buffers, sink: &mut impl Sink) {
        self.doubtful = false;
        let Some(block) = self.block.take() else { return };
        let (mark, kept) = buffers.get(&block).split_at(Mark::BYTES);
        self.walk_body(kept, Mark::from_bytes(mark), sink);
        buffers.give_back(block);
    }

    /// The first of the bytes that were kept and these, and how many they are.
    fn with_kept(&self, bytes: &[u8], buffers: &Buffers) -> ([u8; DECISIVE], usize) {
        let mut start = [0; DECISIVE];
        let kept = self.block.as_ref().and_then(|block| buffers.get(block).get(Mark::BYTES..)).unwrap_or_default();
        let len = kept.iter().chain(bytes).zip(&mut start).map(|(byte, place)| *place = *byte).count();
        (start, len)
    }

    /// Keeps bytes, too few to tell whether a message begins with them; whether there was room.
    fn keep_undecided(&mut self, bytes: &[u8], mark: Mark, buffers: &mut Buffers) -> bool {
        if self.block.is_none() {
            let Some(block) = buffers.take() else { return false };
            if buffers.append(&block, &mark.to_bytes()) != Kept::All {
                buffers.give_back(block);
                return false;
            }
            self.block = Some(block);
        }
        self.block.as_ref().is_some_and(|block| buffers.append(block, bytes) == Kept::All)
    }

    /// What was kept may have been given up since, for lack of room.
    fn notice_given_up(&mut self, mark: Mark, buffers: &mut Buffers, sink: &mut impl Sink) {
        if !self.block.as_ref().is_some_and(|block| buffers.is_given_up(block)) {
            return;
        }
        self.drop_block(buffers);
        match self.state {
            State::Head { .. } => sink.given_up(self.side, mark),
            State::Body(_) => {
                // How much of the body was kept is not known any more.
                self.gap = true;
                self.abandon(mark, sink);
                sink.lost(self.side, mark, Missing::Unknown);
            }
            State::Lost { .. } => sink.lost(self.side, mark, Missing::Unknown),
            State::Left => {}
        }
        self.doubtful = false;
        self.state = State::Lost { behind_gap: false };
    }

    /// Whether a message begins here, or has begun with the bytes that were kept for that question.
    fn finds_message(&mut self, bytes: &[u8], behind_gap: bool, mark: Mark, buffers: &mut Buffers) -> bool {
        let alone = resumes_message(bytes, self.side);
        let begins = match &self.block {
            None => alone,
            Some(_) => {
                let (start, len) = self.with_kept(bytes, buffers);
                match (resumes_message(&start[..len], self.side), alone) {
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
            None if behind_gap && self.keep_undecided(bytes, mark, buffers) => {}
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
        match head::read(&bytes[..bytes.len().min(MAX_HEAD)], side, |head| framing::next(side, head, mark, sink)) {
            Read::Whole(next, consumed) => self.enter(next, consumed),
            Read::Unreadable(anomaly) => Step::Unreadable(anomaly.into()),
            Read::Partial => {
                let Some(block) = buffers.take() else { return Step::NoRoom };
                match buffers.append(&block, &mark.to_bytes()) {
                    Kept::All => self.keep(block, bytes, buffers),
                    Kept::UpToMax | Kept::NoRoom => {
                        buffers.give_back(block);
                        Step::NoRoom
                    }
                }
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
        let kept = buffers.append(&block, bytes);
        if kept == Kept::NoRoom {
            buffers.give_back(block);
            return Step::NoRoom;
        }
        // Only the seam is new, so that a block in pieces of one byte is searched once.
        let seam = known.saturating_sub(3).max(Mark::BYTES);
        let Some(length) = head::block_len(&buffers.get(&block)[seam..]).map(|length| seam + length) else {
            if kept == Kept::UpToMax {
                buffers.give_back(block);
                return Step::Unreadable(Anomaly::HeadTooLong.into());
            }
            self.block = Some(block);
            return Step::Wait;
        };
        let (mark, head) = buffers.get(&block)[..length].split_at(Mark::BYTES);
        let read = head::read(head, side, |head| framing::next(side, head, Mark::from_bytes(mark), sink));
        buffers.give_back(block);
        match read {
            Read::Whole(next, _) => self.enter(next, length.saturating_sub(known)),
            Read::Partial => Step::Unreadable(Anomaly::Malformed.into()),
            Read::Unreadable(anomaly) => Step::Unreadable(anomaly.into()),
        }
    }

    fn keep(&mut self, block: BufferId, bytes: &[u8], buffers: &mut Buffers) -> Step {
        let step = match buffers.append(&block, bytes) {
            Kept::All => {
                self.block = Some(block);
                return Step::Wait;
            }
            Kept::UpToMax => Step::Unreadable(Anomaly::HeadTooLong.into()),
            Kept::NoRoom => Step::NoRoom,
        };
        buffers.give_back(block);
        step
    }

    fn enter(&mut self, next: Next, consumed: usize) -> Step {
        self.body_len = 0;
        self.gap = false;
        match next {
            Next::Body(body, sureness) => {
                self.state = State::Body(body);
                self.doubtful = sureness == Sureness::Doubtful;
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
                sink.lost(self.side, mark, Missing::Unknown);
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
        self.notice_given_up(mark, buffers, sink);
        if let State::Body(body) = &mut self.state
            && !self.doubtful
            && body.skip(len)
        {
            self.gap = true;
            self.body_len += len;
            return self.complete_if_empty(Mark { offset: mark.offset + len, ..mark }, sink);
        }
        let missing = match self.state {
            State::Left => return,
            State::Body(_) => {
                self.gap = true;
                self.abandon(mark, sink);
                Missing::Amid(len)
            }
            State::Head { .. } if self.block.is_some() => {
                sink.unread(self.side, Anomalies::NONE, mark);
                Missing::Unknown
            }
            State::Head { .. } => Missing::Between(len),
            State::Lost { .. } => Missing::Unknown,
        };
        self.drop_block(buffers);
        self.doubtful = false;
        self.state = State::Lost { behind_gap: true };
        sink.lost(self.side, mark, missing);
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
    Unreadable(Anomalies),
    /// There is no room for a head in parts, which is no fault of the message.
    NoRoom,
}
