//! Pairs the requests and responses of one HTTP/1 connection. Never wrong, only incomplete.
//!
//! As long as nothing was missed, responses come in the order of their requests (RFC 9112 §9.3.2). Once bytes were
//! missed that may have held whole messages, or if the connection was picked up in its middle, order proves nothing
//! any more: a request that was missed may have been sent together with one that was seen. Then a pair needs proof
//! ([`proof`]).

mod proof;
mod repair;

use repair::Repair;

use std::num::NonZeroU64;

use super::conversation::connection;
use super::exchanges::{Exchanges, Method, NONE, Upgrade};
use super::fields;
use super::reporter::Reporter;
use super::web_socket::Agreed;
use crate::flow::{Direction, Identity, Side};
use crate::protocol::http1::{Anomalies, Answered, End, Head, Mark, Missing, Sink};
use crate::record::{Completeness, Exchange, Message};

/// The anomaly of a response before which a request came that could not be read.
const UNREAD_REQUEST: &str = "unreadable_request";
/// The anomaly of a request in whose response's place something came that could not be read.
const UNREAD_RESPONSE: &str = "unreadable_response";

/// What is known of one connection's exchanges.
#[derive(Debug)]
pub struct Pairing {
    /// The direction that the client sends in.
    pub client: Direction,
    /// Requests that wait for their response, oldest first.
    first: u32,
    last: u32,
    /// The request that is being read.
    requesting: u32,
    /// The exchange whose response is being read.
    responding: u32,
    /// With [`Alignment::Lost`]: the latest request, and perhaps a response that may be its own.
    candidate: u32,
    /// The candidate's response is read to its end and waits for proof.
    candidate_answered: bool,
    index: u32,
    /// The client has sent a request before it had the response to the last one.
    pipelines: bool,
    /// Requests in a row for which the client has waited, up to what is trusted.
    waited: u8,
    /// Order was lost before, and only the client's waiting has restored it.
    restored: bool,
    latest: Latest,
    alignment: Alignment,
    repair: Repair,
    /// The length of the shortest request in bytes, as far as that is kept.
    shortest: u16,
    /// A request came that could not be read, and no response since.
    unread: bool,
    /// What the connection turns to after the response that is being read.
    pub turn: Upgrade,
    /// The WebSocket that it turns to.
    pub web_socket: Option<Box<Agreed>>,
    /// The exchange that HTTP/2 will answer.
    pub handover: u32,
}

/// What the client sent last, seen or missed: what comes next shows whether it waits for responses.
#[derive(Debug, Clone, Copy)]
struct Latest {
    /// How far the client had received the server when it began the latest request that was seen.
    acknowledged: i64,
    /// Where that request ended, once it has.
    end: Option<NonZeroU64>,
    /// How far the server had got when bytes of the client were missed: it had not seen them by then.
    missed_at: i64,
    /// Where bytes of the server were missed since then, of a client that waits: it had seen no more when it sent the first
    /// request that was missed.
    waited_at: i64,
}

/// Whether order tells which response belongs to which request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alignment {
    Kept,
    Lost,
    /// Lost, and the client sends requests without waiting: no proof is possible.
    Hopeless,
}

/// What the client had done when the server ended its direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientEnd {
    /// It had ended its own.
    Before,
    Open,
}

/// A connection's pairing, with all that it needs to hand exchanges on.
pub struct Desk<'a> {
    pub pairing: &'a mut Pairing,
    pub exchanges: &'a mut Exchanges,
    pub reporter: &'a mut Reporter,
    pub flow: &'a Identity,
}

impl Pairing {
    /// For a connection that was seen from its first byte on, or not, and whose client has sent something unreadable, or
    /// not.
    pub fn new(client: Direction, from_start: bool, unread: bool) -> Self {
        Pairing {
            client,
            first: NONE,
            last: NONE,
            requesting: NONE,
            responding: NONE,
            candidate: NONE,
            candidate_answered: false,
            index: 0,
            pipelines: false,
            waited: 0,
            restored: false,
            latest: Latest { acknowledged: i64::MIN, end: None, missed_at: i64::MIN, waited_at: i64::MAX },
            alignment: if from_start { Alignment::Kept } else { Alignment::Lost },
            repair: Repair::No,
            shortest: u16::MAX,
            unread,
            turn: Upgrade::No,
            web_socket: None,
            handover: NONE,
        }
    }
}

impl Desk<'_> {
    /// The server sends no more: a response that waits for proof has it, if the client had nothing more to come. A
    /// server may also close while it owes responses.
    pub fn server_ended(&mut self, client: ClientEnd) {
        if self.pairing.candidate_answered && (client == ClientEnd::Before || self.is_trusted()) {
            self.release_candidate(Paired::Yes);
        }
    }

    /// The connection is over: what waits is handed on as it is.
    pub fn close(&mut self) {
        self.release_candidate(Paired::No);
        self.flush();
        // Its response is complete; it was still being read when the connection left HTTP/1.
        if self.pairing.requesting != NONE {
            self.release(self.pairing.requesting);
        }
    }

    fn begin(&mut self) -> Option<u32> {
        let slot = self.exchanges.begin()?;
        let pending = self.exchanges.get_mut(slot);
        pending.exchange.index = self.pairing.index;
        // Until a request comes, its place among others sets it apart from them, and the numbers of the connection from
        // another one with the same ports.
        let first = self.flow.first_sequence[1 - self.pairing.client.index()];
        pending.sequence = first.wrapping_add(self.pairing.index);
        self.pairing.index = self.pairing.index.wrapping_add(1);
        Some(slot)
    }

    /// Puts a request at the end of those that wait.
    fn enqueue(&mut self, slot: u32) {
        match self.pairing.last {
            NONE => self.pairing.first = slot,
            last => self.exchanges.get_mut(last).next = slot,
        }
        self.pairing.last = slot;
    }

    fn dequeue(&mut self) {
        let pending = self.exchanges.get_mut(self.pairing.first);
        self.pairing.first = std::mem::replace(&mut pending.next, NONE);
        if self.pairing.first == NONE {
            self.pairing.last = NONE;
        }
    }

    /// Hands on all that wait, without a response.
    fn flush(&mut self) {
        while self.pairing.first != NONE {
            let slot = self.pairing.first;
            self.dequeue();
            self.release(slot);
        }
        if self.pairing.responding != NONE {
            let slot = std::mem::replace(&mut self.pairing.responding, NONE);
            self.release(slot);
        }
    }

    /// Hands an exchange on, unless its request is still being read.
    fn release(&mut self, slot: u32) {
        if slot == self.pairing.requesting {
            self.pairing.requesting = NONE;
        }
        let exchange = &mut self.exchanges.get_mut(slot).exchange;
        exchange.completeness = Completeness::of(&exchange.request, &exchange.response);
        let connection = connection(self.flow, self.pairing.client);
        let fate = self.reporter.exchange(connection, self.exchanges.get_mut(slot));
        self.exchanges.end(slot, fate);
    }

    /// Hands the candidate on, with its response or apart from it.
    fn release_candidate(&mut self, paired: Paired) {
        let slot = std::mem::replace(&mut self.pairing.candidate, NONE);
        let answered = std::mem::take(&mut self.pairing.candidate_answered);
        if slot == NONE {
            return;
        }
        let in_response = self.pairing.responding == slot;
        if in_response {
            self.pairing.responding = NONE;
        }
        if paired == Paired::No && (answered || in_response) {
            self.split(slot);
        }
        self.release(slot);
    }

    /// Hands the response of an exchange on by itself, and leaves the request.
    fn split(&mut self, slot: u32) {
        let alone = self.begin();
        let mut whole = std::mem::take(&mut self.exchanges.get_mut(slot).exchange);
        let Exchange { response, status, reason, response_fields, .. } = whole;
        whole.forget_response();
        let Some(alone) = alone else {
            self.exchanges.get_mut(slot).exchange = whole;
            return;
        };
        let other = &mut self.exchanges.get_mut(alone).exchange;
        other.version = whole.version;
        other.status = status;
        other.response = response;
        other.reason = other.text.add(whole.get(reason));
        let start = other.text.start();
        for (name, value) in whole.text.fields(response_fields) {
            other.text.push_field(name, value);
        }
        other.response_fields = other.text.since(start);
        self.exchanges.get_mut(slot).exchange = whole;
        self.release(alone);
    }

    /// The server agrees to speak another protocol.
    fn agree(&mut self, slot: u32, head: &Head<'_, '_>) {
        let pending = self.exchanges.get_mut(slot);
        self.pairing.turn = pending.upgrade;
        pending.exchange.more().upgrade = Some(pending.upgrade.name());
        if pending.upgrade != Upgrade::WebSocket {
            return;
        }
        match fields::agreed_web_socket(pending, head) {
            Some(agreed) => self.pairing.web_socket = Some(Box::new(agreed)),
            None => {
                // Whatever follows, it is no WebSocket that both sides agreed on (RFC 6455 §4.1).
                self.pairing.turn = Upgrade::Other;
                pending.exchange.more().add_anomalies(["websocket_accept_mismatch"]);
            }
        }
    }

    fn complete_request(&mut self, end: End) {
        self.pairing.latest.end = NonZeroU64::new(end.mark.offset).filter(|_| end.whole);
        let slot = std::mem::replace(&mut self.pairing.requesting, NONE);
        if slot == NONE {
            return;
        }
        let pending = self.exchanges.get_mut(slot);
        let (start, exchange) = (pending.request_start, &mut pending.exchange);
        finish(&mut exchange.request, end);
        // The response may have been complete before.
        let answered = exchange.response.end_unix_nanos != 0;
        if end.whole {
            self.note_length(start, end.mark);
        }
        if answered && slot != self.pairing.candidate && slot != self.pairing.responding {
            self.release(slot);
        }
    }

    fn complete_response(&mut self, end: End) {
        let slot = std::mem::replace(&mut self.pairing.responding, NONE);
        if slot == NONE {
            return;
        }
        let pending = self.exchanges.get_mut(slot);
        if self.pairing.turn == Upgrade::Http2 && pending.exchange.status == Some(101) {
            // The answer proper comes on stream 1 (RFC 7540 §3.2).
            pending.exchange.forget_response();
            self.pairing.handover = slot;
            if self.pairing.candidate == slot {
                self.pairing.candidate = NONE;
            }
            if self.pairing.requesting == slot {
                self.pairing.requesting = NONE;
            }
            return;
        }
        finish(&mut pending.exchange.response, end);
        pending.response_end = end.mark.offset;
        if slot == self.pairing.candidate {
            self.pairing.candidate_answered = true;
            if self.pairing.turn == Upgrade::WebSocket {
                // Its answer was made of the request's key.
                self.release_candidate(Paired::Yes);
            } else if !end.whole {
                self.release_candidate(Paired::No);
            }
        } else if slot != self.pairing.requesting {
            self.release(slot);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Paired {
    Yes,
    No,
}

impl Sink for Desk<'_> {
    fn request(&mut self, head: &Head<'_, '_>, start: Mark) {
        self.watch_request(start);
        if self.pairing.alignment == Alignment::Kept && (self.pairing.first != NONE || self.pairing.responding != NONE)
        {
            self.note_pipelining();
        }
        if self.is_repaired() {
            self.release_candidate(Paired::No);
            self.pairing.alignment = Alignment::Kept;
            self.pairing.restored = true;
        }
        let Some(slot) = self.begin() else {
            self.lose_alignment();
            return;
        };
        let pending = self.exchanges.get_mut(slot);
        pending.request_start = start.offset;
        pending.request_acknowledged = start.acknowledged;
        pending.exchange.request.start_unix_nanos = start.time.nanos();
        pending.sequence = self.flow.first_sequence[self.pairing.client.index()].wrapping_add(start.offset as u32);
        fields::take_request(pending, head, self.reporter.privacy());
        pending.context = self.reporter.context(head.fields.iter().map(|field| (field.name.as_bytes(), field.value)));
        self.reporter.begin(&connection(self.flow, self.pairing.client), pending);
        self.exchanges.account(slot);
        self.pairing.requesting = slot;
        match self.pairing.alignment {
            Alignment::Kept => self.enqueue(slot),
            Alignment::Lost | Alignment::Hopeless => self.request_out_of_order(slot, start),
        }
    }

    fn response(&mut self, head: &Head<'_, '_>, start: Mark) -> Answered {
        self.watch_response(start);
        self.response_while_lost();
        let (slot, answered) = match self.answered_by(start) {
            Some(slot) => {
                let pending = self.exchanges.get(slot);
                let answered = Answered {
                    known: true,
                    head: pending.method == Method::Head,
                    connect: pending.method == Method::Connect,
                    upgrade: pending.upgrade != Upgrade::No,
                };
                (slot, answered)
            }
            None => match self.begin() {
                Some(slot) => (slot, Answered::default()),
                None => return Answered::default(),
            },
        };
        let pending = self.exchanges.get_mut(slot);
        let exchange = &mut pending.exchange;
        exchange.response.start_unix_nanos = start.time.nanos();
        fields::take_response(exchange, head, self.reporter.privacy());
        if std::mem::take(&mut self.pairing.unread) && exchange.request.start_unix_nanos == 0 {
            exchange.more().add_anomalies([UNREAD_REQUEST]);
        }
        self.reporter.begin_response(&connection(self.flow, self.pairing.client), pending);
        let exchange = &pending.exchange;
        if exchange.status == Some(101) && answered.upgrade {
            self.agree(slot, head);
        }
        self.exchanges.account(slot);
        self.pairing.responding = slot;
        answered
    }

    fn interim(&mut self, _head: &Head<'_, '_>, _start: Mark) {}

    #[inline]
    fn content(&mut self, side: Side, bytes: &[u8]) {
        let slot = match side {
            Side::Client => self.pairing.requesting,
            Side::Server => self.pairing.responding,
        };
        if slot != NONE {
            self.exchanges.keep_content(slot, side, bytes);
        }
    }

    fn complete(&mut self, side: Side, end: End) {
        match side {
            Side::Client => self.complete_request(end),
            Side::Server => self.complete_response(end),
        }
    }

    fn anomalies(&mut self, side: Side, anomalies: Anomalies) {
        let slot = match side {
            Side::Client => self.pairing.requesting,
            Side::Server => self.pairing.responding,
        };
        if slot != NONE {
            self.exchanges.get_mut(slot).exchange.more().add_anomalies(anomalies.names());
        }
    }

    fn unread(&mut self, side: Side, anomalies: Anomalies, mark: Mark) {
        self.exchanges.unread();
        if side == Side::Server && self.pairing.first != NONE && !anomalies.is_empty() {
            self.exchanges.get_mut(self.pairing.first).exchange.more().add_anomalies([UNREAD_RESPONSE]);
        }
        self.lost(side, mark, Missing::Unknown);
        self.pairing.unread |= side == Side::Client && !anomalies.is_empty();
    }

    fn given_up(&mut self, side: Side, mark: Mark) {
        self.exchanges.given_up();
        self.lost(side, mark, Missing::Unknown);
    }

    fn lost(&mut self, side: Side, mark: Mark, missing: Missing) {
        self.pairing.repair = self.message_missed(side, missing);
        if side == Side::Server && self.is_trusted() {
            self.pairing.latest.waited_at = self.pairing.latest.waited_at.min(mark.offset as i64);
        }
        self.release_candidate(Paired::No);
        self.lose_alignment();
        let Latest { missed_at, waited_at, .. } = &mut self.pairing.latest;
        match (side, missing) {
            // Requests that came before are still answered in their order.
            (Side::Client, _) => *missed_at = mark.acknowledged.min(*waited_at),
            (Side::Server, Missing::Between(len) | Missing::Amid(len)) => {
                // Who asks before all of it came does not wait.
                if self.pairing.repair == Repair::ResponseMissed {
                    *missed_at = (*missed_at).max((mark.offset + len) as i64 - 1);
                }
                self.flush();
            }
            (Side::Server, Missing::Unknown) => self.flush(),
        }
    }
}

fn finish(message: &mut Message, end: End) {
    message.end_unix_nanos = end.mark.time.nanos();
    message.body_len = end.body_len;
    message.gap = end.gap;
    message.whole = end.whole;
}

#[cfg(test)]
mod tests;
