//! How streams live and end: data, END_STREAM, RST_STREAM and GOAWAY.

use super::anomaly::Anomalies;
use super::connection::{Connection, Turn};
use super::direction::Role;
use super::event::{EndStream, Reset, Sink};
use crate::flow::Side;

impl Connection {
    /// A DATA frame begins.
    pub(super) fn begin_data<S: Sink>(&mut self, turn: &mut Turn<'_, S>, number: u32) -> Role {
        if self.streams.get(number).is_none() {
            if self.may_exist_unseen(number) {
                self.open_partial(turn, number);
            } else {
                turn.anomaly(number, Anomalies::IDLE_STREAM.when(self.is_idle(number)));
            }
        }
        let Some(stream) = self.streams.get(number) else { return Role::Data };
        let half = stream.half(turn.from);
        turn.anomaly(number, Anomalies::AFTER_END.when(half.ended));
        let excused = half.gap || half.unsure;
        turn.anomaly(number, Anomalies::DATA_BEFORE_HEADERS.when(!half.begun && !excused));
        // After data, HEADERS can only be trailers.
        half.begun |= excused;
        Role::Data
    }

    /// A piece of a DATA frame's payload.
    #[inline]
    pub(super) fn data<S: Sink>(&mut self, turn: &mut Turn<'_, S>, number: u32, bytes: &[u8]) {
        match self.streams.get(number).map(|stream| stream.half(turn.from)) {
            Some(half) if !half.ended => {
                half.data += bytes.len() as u64;
                turn.sink.data(number, turn.from, bytes, turn.time);
            }
            _ => self.counts.unattributed += bytes.len() as u64,
        }
    }

    /// One end has sent END_STREAM, with HEADERS or DATA that have been reported.
    pub(super) fn end_half<S: Sink>(&mut self, turn: &mut Turn<'_, S>, number: u32) {
        let Some(stream) = self.streams.get(number) else { return };
        let half = stream.half(turn.from);
        if half.ended {
            return;
        }
        half.ended = true;
        let half = *half;
        let empty = half.bodyless && half.data == 0;
        let differs = half.announced.is_some_and(|announced| announced != half.data) && !empty && !half.gap;
        let closed = stream.is_closed();
        turn.anomaly(number, Anomalies::CONTENT_LENGTH.when(differs));
        turn.anomaly(number, Anomalies::BODY_NOT_ALLOWED.when(half.bodyless && half.data > 0));
        let (from, time) = (turn.from, turn.time);
        turn.sink.end_stream(&EndStream { stream: number, from, data: half.data, gap: half.gap, time });
        if closed {
            self.streams.close(number);
        }
    }

    /// RST_STREAM, RFC 9113 §6.4.
    pub(super) fn reset<S: Sink>(&mut self, turn: &mut Turn<'_, S>, number: u32, error_code: Option<u32>) {
        if self.streams.close(number) {
            turn.sink.reset(&Reset { stream: number, from: turn.from, error_code, time: turn.time });
        } else if !self.may_exist_unseen(number) {
            turn.anomaly(number, Anomalies::IDLE_STREAM.when(self.is_idle(number)));
        }
    }

    /// GOAWAY, RFC 9113 §6.8: the streams of the other end above `last` have not been and will not be processed.
    pub(super) fn go_away<S: Sink>(&mut self, turn: &mut Turn<'_, S>, last: u32, error_code: u32) {
        turn.sink.goaway(turn.from, last, error_code, turn.time);
        let direction = self.direction(turn.from);
        direction.last_accepted = direction.last_accepted.min(last);
        let opener = turn.from.peer();
        while let Some(number) = self.streams.above(last, |number| opener_of(number) == opener) {
            self.streams.close(number);
            turn.sink.refused(number, turn.time);
        }
    }

    /// Makes room for a stream and adds it.
    pub(super) fn open<S: Sink>(&mut self, turn: &mut Turn<'_, S>, number: u32) {
        if let Some(evicted) = self.streams.open(number) {
            turn.sink.evicted(evicted, turn.time);
        }
    }

    /// Adds a stream that was seen being opened.
    pub(super) fn open_seen<S: Sink>(&mut self, turn: &mut Turn<'_, S>, number: u32) {
        self.open(turn, number);
        self.raise_highest(number);
        let opener = self.direction(opener_of(number));
        opener.seen_from = opener.seen_from.min(number);
        if turn.late
            && let Some(stream) = self.streams.get(number)
        {
            // The answer may have come and been missed while this waited.
            stream.half(turn.from.peer()).gap = true;
        }
    }

    /// A stream has been opened, whether or not that was seen.
    pub(super) fn raise_highest(&mut self, number: u32) {
        let opener = self.direction(opener_of(number));
        opener.highest = opener.highest.max(number);
    }

    /// Adds a stream of which anything may have been missed.
    pub(super) fn open_partial<S: Sink>(&mut self, turn: &mut Turn<'_, S>, number: u32) {
        self.open(turn, number);
        if let Some(stream) = self.streams.get(number) {
            stream.half(Side::Client).gap = true;
            stream.half(Side::Server).gap = true;
        }
    }

    /// Whether a stream that is not among the live ones may be one whose beginning was missed. Otherwise it has ended,
    /// or nobody has opened it.
    pub(super) fn may_exist_unseen(&self, number: u32) -> bool {
        number < self.directions[opener_of(number).index()].seen_from
    }

    /// Whether nobody has opened a stream, as far as was seen.
    pub(super) fn is_idle(&self, number: u32) -> bool {
        number > self.directions[opener_of(number).index()].highest
    }
}

/// Who opens the streams of such numbers, RFC 9113 §5.1.1.
pub(super) fn opener_of(number: u32) -> Side {
    if number % 2 == 1 { Side::Client } else { Side::Server }
}
