//! Goes on in order after one message was missed, where that can be told from what is around it.
//!
//! Most losses are one packet, and most of these one message. A client that has waited for four responses in a row
//! has nothing but that one message outstanding when it asks again: a request that was missed has been answered by
//! then, and so has a request whose response was missed. That it was one request shows by its length, which is less
//! than that of two of the client's shortest; that it was one response, by the one request that was outstanding.

use super::proof::PROVEN_WAIT;
use super::{Alignment, Desk};
use crate::flow::Side;
use crate::protocol::http1::{Mark, Missing};
use crate::sensor::exchanges::NONE;

/// For how many requests in a row a client has to have waited.
const STEADY: u8 = 4 * PROVEN_WAIT;

/// What is known of the message that was missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repair {
    /// Nothing that would help.
    No,
    /// It was a request, whose response has not begun.
    RequestMissed,
    /// It was a request, and its response came.
    RequestAnswered,
    /// It was the response to the only request that was outstanding.
    ResponseMissed,
}

impl Desk<'_> {
    /// What is known of what was missed; asked before order is given up.
    pub(super) fn message_missed(&self, side: Side, missing: Missing) -> Repair {
        let pairing = &self.pairing;
        if pairing.alignment != Alignment::Kept || pairing.pipelines || pairing.waited < STEADY {
            return Repair::No;
        }
        let outstanding = match (pairing.first, pairing.responding) {
            (NONE, NONE) => 0,
            (NONE, _) => 1,
            (first, NONE) if first == pairing.last => 1,
            _ => 2,
        };
        match (side, missing) {
            (Side::Client, Missing::Between(len)) if outstanding == 0 => match len < 2 * u64::from(pairing.shortest) {
                true => Repair::RequestMissed,
                false => Repair::No,
            },
            (Side::Server, Missing::Between(_) | Missing::Amid(_))
                if outstanding == 1 && pairing.requesting == NONE =>
            {
                Repair::ResponseMissed
            }
            _ => Repair::No,
        }
    }

    /// A response begins where order was given up.
    pub(super) fn response_while_lost(&mut self) {
        self.pairing.repair = match self.pairing.repair {
            Repair::RequestMissed => Repair::RequestAnswered,
            _ => Repair::No,
        };
    }

    /// A request begins where order was given up: whether everything before it is answered.
    pub(super) fn is_repaired(&mut self) -> bool {
        let repair = std::mem::replace(&mut self.pairing.repair, Repair::No);
        let answered = matches!(repair, Repair::RequestAnswered | Repair::ResponseMissed);
        answered && self.pairing.alignment == Alignment::Lost && self.pairing.responding == NONE
    }

    /// How long a whole request was.
    pub(super) fn note_length(&mut self, start: u64, end: Mark) {
        let len = u16::try_from(end.offset.saturating_sub(start)).unwrap_or(u16::MAX);
        self.pairing.shortest = self.pairing.shortest.min(len);
    }
}
