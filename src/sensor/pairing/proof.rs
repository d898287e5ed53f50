//! What order proves, and what proves a pair where order does not.
//!
//! Without order a pair needs proof ([`Alignment::Lost`]): the response begins where the client's acknowledgement was
//! when it sent the request, and the client acknowledged just that one response before it sent the next request; and
//! the client is known to wait for responses. A connection that first the client and then the server closes in order
//! after the response is proof enough, and so is the answer to the key of a WebSocket.
//!
//! A client that keeps the same number of requests outstanding looks as if it waited: each of its requests follows one
//! response and is followed by one. So it takes [`TRUSTED`] requests in a row that looked like waiting, or fewer that
//! prove more: those that came when order was known and nothing was outstanding, and those that broke a silence. Then
//! order is restored, for as long as the client waits. One request that did not wait is enough for no trust ever again
//! ([`Desk::watch_request`], [`Desk::watch_response`]).

use std::time::Duration;

use super::repair::Repair;
use super::{Alignment, Desk, Latest, Paired, Pairing};
use crate::packet::Timestamp;
use crate::protocol::http1::Mark;
use crate::sensor::exchanges::NONE;

/// Requests in a row for which a client has to have waited, as it seems, before its waiting proves a pair.
pub(super) const TRUSTED: u8 = 128;
/// How many of those one request counts for that came, by an order that was never lost, when nothing was outstanding.
pub(super) const PROVEN_WAIT: u8 = 16;
/// A client that breaks a silence of this length has nothing outstanding: it would have asked at once.
const SILENCE: Duration = Duration::from_secs(1);
/// How many requests that counts for.
const SILENT_WAIT: u8 = 43;

impl Desk<'_> {
    /// The client does not wait for responses: without order, nothing proves a pair.
    pub(super) fn note_pipelining(&mut self) {
        self.pairing.pipelines = true;
        self.pairing.waited = 0;
        if self.pairing.restored || self.pairing.alignment == Alignment::Lost {
            self.pairing.alignment = Alignment::Hopeless;
            self.pairing.restored = false;
            self.release_candidate(Paired::No);
            self.flush();
        }
    }

    /// Whether a request was sent before anything came back for the one before it, or for what was missed before it.
    pub(super) fn watch_request(&mut self, start: Mark) {
        let Latest { acknowledged, missed_at, .. } = self.pairing.latest;
        let response_missed = self.pairing.repair == Repair::ResponseMissed;
        match start.acknowledged <= acknowledged.max(missed_at) {
            true if start.acknowledged <= acknowledged || response_missed => self.note_pipelining(),
            // When requests were sent that were missed, nobody can tell: this proves nothing either way.
            true => {
                self.pairing.waited = 0;
                self.pairing.repair = Repair::No;
            }
            false if acknowledged == i64::MIN => {}
            false => self.note_waiting(match self.pairing {
                Pairing { alignment: Alignment::Kept, restored: false, first: NONE, responding: NONE, .. } => {
                    PROVEN_WAIT
                }
                _ => 1,
            }),
        }
        self.pairing.latest = Latest { acknowledged: start.acknowledged, end: None, missed_at, waited_at: i64::MAX };
    }

    /// The first answer to the latest request, by which the server had received more than that request.
    pub(super) fn watch_response(&mut self, start: Mark) {
        let Latest { acknowledged, end, .. } = self.pairing.latest;
        if start.offset as i64 == acknowledged && end.is_some_and(|end| start.acknowledged > end.get() as i64) {
            self.note_pipelining();
        }
    }

    pub(super) fn lose_alignment(&mut self) {
        self.pairing.restored = false;
        if self.pairing.alignment == Alignment::Kept {
            // Who did not wait for an answer before may have sent any number of requests now.
            self.pairing.alignment = if self.pairing.pipelines { Alignment::Hopeless } else { Alignment::Lost };
        }
    }

    fn note_waiting(&mut self, requests: u8) {
        self.pairing.waited = self.pairing.waited.saturating_add(requests).min(TRUSTED);
    }

    /// The client has waited for responses for so long that it will have waited where that could not be seen.
    pub(super) fn is_trusted(&self) -> bool {
        self.pairing.waited == TRUSTED
    }

    /// A request where order proves nothing.
    pub(super) fn request_out_of_order(&mut self, slot: u32, start: Mark) {
        let before = self.pairing.candidate;
        if before != NONE {
            let pending = self.exchanges.get(before);
            let proven = self.pairing.alignment == Alignment::Lost
                && self.pairing.candidate_answered
                && pending.exchange.request.whole
                && start.acknowledged == pending.response_end as i64;
            let silent_since = Timestamp::from_nanos(pending.exchange.response.end_unix_nanos);
            if proven && start.time.since(silent_since) >= SILENCE {
                self.note_waiting(SILENT_WAIT);
            }
            if proven && self.is_trusted() {
                self.release_candidate(Paired::Yes);
                self.pairing.alignment = Alignment::Kept;
                self.pairing.restored = true;
                return self.enqueue(slot);
            }
            self.release_candidate(Paired::No);
        }
        self.pairing.candidate = slot;
    }

    /// The request that a response answers, as far as that can be told.
    pub(super) fn answered_by(&mut self, start: Mark) -> Option<u32> {
        // Those that wait since before order was lost are still the first to be answered.
        if self.pairing.first != NONE {
            let slot = self.pairing.first;
            // A server may say that it has waited long enough without having got the request.
            if start.acknowledged <= self.exchanges.get(slot).request_start as i64 {
                if self.pairing.restored {
                    self.note_pipelining();
                }
                return None;
            }
            self.dequeue();
            return Some(slot);
        }
        let candidate = self.pairing.candidate;
        if candidate == NONE || self.pairing.alignment != Alignment::Lost {
            return None;
        }
        let pending = self.exchanges.get(candidate);
        let follows = pending.request_acknowledged == start.offset as i64 && !self.pairing.candidate_answered;
        let received = start.acknowledged > pending.request_start as i64;
        if follows && !received {
            // It answers something that was sent before.
            self.note_pipelining();
        }
        match follows && received {
            true => Some(candidate),
            false => {
                // A second response: the first one need not be the candidate's.
                self.release_candidate(Paired::No);
                None
            }
        }
    }
}
