//! Finds the next frame after a loss, or after a start in the middle.
//!
//! A place counts as the beginning of a frame when what stands there and two more places, each where the one before it
//! says that the next frame begins, look like frame headers that could follow one another. Candidates wait in a window
//! of [`WINDOW`] octets, so that the frames of the chain are read and not only the third. A chain that is longer than
//! the window is followed by arithmetic, and its first frames are given up.
//!
//! What only ends where a frame begins may look like a frame too: a part of a header with some of its payload. So unless
//! the chain begins where the octets begin, as it does when a segment begins with a frame, its first frame is not
//! believed and only shows where the second is. And an empty DATA frame is no beginning at all: the second half of a
//! WINDOW_UPDATE with what follows it looks just like one.
//!
//! Each octet is looked at once as the beginning of a frame and moved a bounded number of times.

use super::frame::{FrameHeader, HEADER, Kind};

/// How many octets wait for a chain to be confirmed.
const WINDOW: usize = 64 << 10;
/// How many octets are taken in before they are searched, so that few are given back.
const STEP: usize = 512;
/// How many frame headers in a row are enough.
const ENOUGH: u8 = 3;

#[derive(Debug, Default)]
pub(super) struct Scanner {
    window: Vec<u8>,
    /// Where in the window the first candidate is.
    start: usize,
    /// Some place before it was none.
    moved: bool,
    /// How far the window was looked at.
    looked: usize,
    /// Headers that were confirmed before the candidate, and gone from the window.
    chain: Option<Chain>,
    /// Octets to pass over before the window begins.
    skip: usize,
    /// Octets that were taken in.
    taken: u64,
}

#[derive(Debug, Clone, Copy)]
struct Chain {
    confirmed: u8,
    last: FrameHeader,
}

enum Verdict {
    Confirmed,
    Broken,
    /// The next header is at this place of the window or beyond it.
    Open(usize, Option<Chain>),
}

impl Scanner {
    /// Takes octets from `input` until a frame's beginning is confirmed, and then returns what it holds from there on;
    /// the frames go on in what is left of `input`. No octet is taken that is not needed to confirm, so that the pieces
    /// in which the octets come make no difference.
    pub(super) fn scan(&mut self, input: &mut &[u8], likely: impl Fn(&FrameHeader) -> bool) -> Option<Vec<u8>> {
        while !input.is_empty() {
            let skipped = self.skip.min(input.len());
            let (_, rest) = input.split_at(skipped);
            self.skip -= skipped;

            let room = (self.start + WINDOW).saturating_sub(self.window.len());
            let (taken, after) = rest.split_at(room.min(rest.len()).min(STEP));
            self.window.extend_from_slice(taken);
            self.taken += (skipped + taken.len()) as u64;
            *input = after;
            if self.search(&likely) {
                // Whatever came before this piece was looked at.
                let unread = self.window.len().saturating_sub(self.looked).min(taken.len());
                self.window.truncate(self.window.len() - unread);
                self.taken -= unread as u64;
                (_, *input) = rest.split_at(taken.len() - unread);
                return Some(self.window.split_off(self.start));
            }
        }
        None
    }

    /// Passes over octets that were missed, if it is known what they are a part of.
    pub(super) fn gap(&mut self, bytes: u64) {
        match usize::try_from(bytes).ok().and_then(|bytes| self.skip.checked_sub(bytes)) {
            Some(skip) => self.skip = skip,
            None => *self = Scanner { taken: self.taken, ..Scanner::default() },
        }
    }

    /// Octets that were taken in so far, whether or not they were given back.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    pub(super) fn memory(&self) -> usize {
        self.window.capacity()
    }

    /// Moves `start` to the first place that is confirmed or still open; says whether it is confirmed.
    fn search(&mut self, likely: &impl Fn(&FrameHeader) -> bool) -> bool {
        loop {
            match self.judge(likely) {
                Verdict::Confirmed => {
                    self.give_up_first();
                    return true;
                }
                // The place may still begin a chain of its own.
                Verdict::Broken if self.chain.take().is_some() => {}
                Verdict::Broken => {
                    self.start += 1;
                    self.moved = true;
                }
                Verdict::Open(next, chain) => {
                    if self.window.len() - self.start >= WINDOW {
                        self.chain = chain;
                        self.skip = next.saturating_sub(self.window.len());
                        self.start = next.min(self.window.len());
                    }
                    if self.start * 2 >= self.window.len() || self.start >= WINDOW / 4 {
                        self.window.drain(..self.start);
                        self.looked = self.looked.saturating_sub(self.start);
                        self.start = 0;
                    }
                    return false;
                }
            }
        }
    }

    /// Passes over the first frame of a whole chain that does not begin where the octets begin.
    fn give_up_first(&mut self) {
        let first = self.window.get(self.start..).and_then(<[u8]>::first_chunk::<HEADER>);
        if let Some(first) = first.filter(|_| self.moved && self.chain.is_none()) {
            self.start += HEADER + FrameHeader::parse(first).length as usize;
        }
    }

    /// Follows the chain that begins at `start`.
    fn judge(&mut self, likely: &impl Fn(&FrameHeader) -> bool) -> Verdict {
        let mut chain = self.chain;
        let mut at = self.start;
        loop {
            let Some(bytes) = self.window.get(at..).and_then(<[u8]>::first_chunk::<HEADER>) else {
                return Verdict::Open(at, chain);
            };
            let header = FrameHeader::parse(bytes);
            self.looked = self.looked.max(at + HEADER);
            let empty = chain.is_none() && header.kind == Kind::Data && header.length == 0;
            if empty || !likely(&header) || chain.is_some_and(|chain| !chain.last.may_precede(&header)) {
                return Verdict::Broken;
            }
            let confirmed = chain.map_or(0, |chain| chain.confirmed) + 1;
            if confirmed >= ENOUGH {
                return Verdict::Confirmed;
            }
            chain = Some(Chain { confirmed, last: header });
            at += HEADER + header.length as usize;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Side;

    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        frame
    }

    /// Feeds pieces of a size; what the scanner gives back, together with what it did not take.
    fn found(bytes: &[u8], piece: usize, max_frame: u32) -> Option<Vec<u8>> {
        let mut scanner = Scanner::default();
        for (n, bytes_of_piece) in bytes.chunks(piece).enumerate() {
            let mut input = bytes_of_piece;
            if let Some(mut replay) = scanner.scan(&mut input, |header| header.is_likely(Side::Server, max_frame)) {
                replay.extend(input);
                replay.extend(bytes.chunks(piece).skip(n + 1).flatten());
                return Some(replay);
            }
            assert!(scanner.memory() <= 5 * WINDOW / 2);
        }
        None
    }

    #[test]
    fn three_frames_are_found_behind_rubbish_whatever_the_pieces() {
        let frames = [frame(0, 0, 1, b"abc"), frame(8, 0, 0, &[0, 0, 0, 1]), frame(0, 1, 1, b"")].concat();
        let stream = [&b"the end of a body "[..], &frames].concat();
        for piece in [1, 2, 7, 1000] {
            assert_eq!(found(&frames, piece, 1 << 20).as_deref(), Some(&frames[..]), "pieces of {piece}");
            assert_eq!(found(&stream, piece, 1 << 20).as_deref(), Some(&frames[12..]), "pieces of {piece}");
        }
        assert_eq!(found(&stream[..stream.len() - 1], 3, 1 << 20), None, "the third header is not whole");
    }

    #[test]
    fn frames_that_cannot_follow_one_another_are_not_a_chain() {
        let frames = [frame(1, 0, 1, b"abc"), frame(0, 0, 1, b"d"), frame(0, 1, 1, b"")].concat();
        assert_eq!(found(&frames, 1000, 1 << 20), None, "HEADERS without END_HEADERS must be followed by CONTINUATION");
    }

    #[test]
    fn a_chain_longer_than_the_window_is_followed_by_arithmetic() {
        let large = frame(0, 0, 1, &[0xaa; 300_000]);
        let last = [frame(0, 0, 3, b"z"), frame(0, 1, 3, b"")].concat();
        let stream = [&b"..."[..], &large, &large, &last].concat();
        for piece in [100, 65_536, 1 << 20] {
            assert_eq!(found(&stream, piece, 1 << 20).as_deref(), Some(&last[..]), "pieces of {piece}");
        }
    }

    #[test]
    fn a_broken_chain_does_not_hide_the_next() {
        let frames = [frame(0, 0, 1, b"abc"), frame(0, 0, 1, b"defg"), frame(0, 1, 1, b"")].concat();
        // A plausible header whose frame ends in the middle of the first of them.
        let stream = [frame(0, 0, 9, b"")[..2].to_vec(), vec![5, 0, 0, 0, 0, 0, 9], frames.clone()].concat();
        assert_eq!(found(&stream, 4, 1000).as_deref(), Some(&frames[12..]));
    }
}
