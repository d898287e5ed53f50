//! Looks at connections until they show what they speak.
//!
//! A connection that was seen from its first byte on tells with the first bytes of either direction: a client that says
//! something unknown may still be told by its server that it was a bad request. For that answer at most [`AWAITED`] bytes
//! are passed over. A connection that was picked up in its middle is searched for the beginning of a message, at the
//! beginning of each packet, for [`SEARCHED`] bytes.

use crate::flow::{Content, Direction, Identity, Piece, Side};
use crate::protocol::detect::{self, DECISIVE, Detected};
use crate::protocol::http1::Mark;

/// Bytes of a connection that was picked up in its middle, among which a message may begin.
const SEARCHED: u64 = 16 << 20;

/// Bytes of something unknown, while the other direction has not said anything.
const AWAITED: u64 = 64 << 10;

/// The first bytes of each direction, while they do not decide.
#[derive(Debug, Default)]
pub struct Probe {
    starts: [Start; 2],
    searched: u64,
}

#[derive(Debug, Default)]
struct Start {
    bytes: [u8; DECISIVE],
    len: u8,
    mark: Mark,
    /// Bytes were passed over or missed.
    passed: bool,
    /// Its first bytes are not the beginning of anything that is known.
    unknown: bool,
}

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    Known(Detected),
    More,
    /// It speaks nothing that is known.
    Nothing,
}

impl Probe {
    /// Looks at a piece. If that decides nothing yet, its bytes are kept as far as they may matter later.
    pub fn look(&mut self, flow: &Identity, direction: Direction, piece: &Piece<'_>) -> Finding {
        let answers_unknown = self.starts[direction.reverse().index()].unknown;
        let start = &mut self.starts[direction.index()];
        if start.unknown {
            self.searched += piece.content.len();
            return if self.searched > AWAITED { Finding::Nothing } else { Finding::More };
        }
        let bytes = match piece.content {
            Content::Data(bytes) => bytes,
            Content::Gap(_) => {
                *start = Start { passed: true, ..Start::default() };
                return Finding::More;
            }
        };
        let kept = usize::from(start.len);
        let detected = match kept {
            0 => detect::detect(bytes),
            _ => {
                let mut both = start.bytes;
                let room = bytes.len().min(DECISIVE - kept);
                both[kept..kept + room].copy_from_slice(&bytes[..room]);
                detect::detect(&both[..kept + room])
            }
        };
        match detected {
            Detected::Undecided if kept + bytes.len() <= DECISIVE => {
                if kept == 0 {
                    start.mark = Mark::of(piece);
                }
                start.bytes[kept..kept + bytes.len()].copy_from_slice(bytes);
                start.len += bytes.len() as u8;
                Finding::More
            }
            Detected::Undecided | Detected::Unknown => {
                // What was passed over begins no message, and neither does its continuation.
                let unknown = flow.from_start[direction.index()] && !start.passed;
                *start = Start { passed: true, unknown, ..Start::default() };
                self.searched += bytes.len() as u64;
                let searched = if unknown { AWAITED } else { SEARCHED };
                match answers_unknown || self.searched > searched {
                    true => Finding::Nothing,
                    false => Finding::More,
                }
            }
            // Many protocols have commands that look like a request; none answers like HTTP.
            known if answers_unknown && known != Detected::Http1(Side::Server) => Finding::Nothing,
            known => Finding::Known(known),
        }
    }

    /// Whether a direction was seen from its first byte on, and nothing of it was passed over.
    pub fn is_whole(&self, flow: &Identity, direction: Direction) -> bool {
        flow.from_start[direction.index()] && !self.starts[direction.index()].passed
    }

    /// Whether a direction began with something that is no message.
    pub fn is_unknown(&self, direction: Direction) -> bool {
        self.starts[direction.index()].unknown
    }

    /// The bytes that were kept, the other direction's first.
    pub fn kept(&self, direction: Direction) -> impl Iterator<Item = (Direction, Piece<'_>)> {
        [direction.reverse(), direction].into_iter().filter_map(|direction| {
            let start = &self.starts[direction.index()];
            let Mark { time, offset, acknowledged } = start.mark;
            let content = Content::Data(&start.bytes[..usize::from(start.len)]);
            (start.len > 0).then_some((direction, Piece { time, offset, acknowledged, content }))
        })
    }
}
