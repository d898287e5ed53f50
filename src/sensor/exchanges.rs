//! The exchanges that wait for their response, in slots that are used again.

use std::net::IpAddr;

use super::reporter::admission::Admission;
use crate::flow::Side;
use crate::record::text::USUAL_TEXT;
use crate::record::{AuthScheme, Completeness, DropStage, Exchange, Span, SpanContext, TransactionLedger};

/// Stands for "none".
pub const NONE: u32 = u32::MAX;

/// Bytes that each exchange takes, with the text of a usual request and what an allocation costs.
pub const EXCHANGE_BYTES: usize = size_of::<Pending>() + TEXT_BYTES;
const TEXT_BYTES: usize = USUAL_TEXT + 8;
/// Bytes of text that free slots keep at most: enough for the exchanges of a busy moment.
const KEPT: usize = 256 << 10;

/// All exchanges that are not complete yet: so many, and so much text in all of them together.
#[derive(Debug)]
pub struct Exchanges {
    slots: Vec<Pending>,
    free: u32,
    limit: usize,
    /// Bytes that exchanges own beside their slots, and those of them that free slots keep for the next exchange.
    owned: usize,
    kept: usize,
    ownable: usize,
    ledger: TransactionLedger,
    contents_given_up: u64,
}

/// An exchange that is not complete, and what pairing needs to know of it.
#[derive(Debug)]
pub struct Pending {
    pub exchange: Exchange,
    /// Where the request begins, in what its client sends.
    pub request_start: u64,
    /// How far the client had received the server by then.
    pub request_acknowledged: i64,
    /// Where the response ended.
    pub response_end: u64,
    /// The next request of the connection that waits, or the next free slot.
    pub next: u32,
    /// Bytes that were counted as its own.
    owned: u32,
    /// What the response's framing depends on.
    pub method: Method,
    pub upgrade: Upgrade,
    /// What the request says beside the protocol that it asks for: a WebSocket's key, the settings of HTTP/2.
    pub handshake: Span,
    /// The sequence number of the request's first byte, or, as long as there is no request, one that no other exchange of
    /// the connection has; of the connection's first byte, with HTTP/2.
    pub sequence: u32,
    /// Bytes of content that may be kept yet, of the request and of the response.
    pub room: [u32; 2],
    /// Whether it is reported.
    pub admission: Admission,
    /// How the request says who sends it.
    pub auth: AuthScheme,
    /// The span that the request names.
    pub context: Option<SpanContext>,
    /// Whom a proxy before the server has the request from.
    pub forwarded_for: Option<IpAddr>,
}

/// What became of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// The exports have it.
    Emitted,
    Dropped(DropStage),
}

/// The methods that change what a response looks like (RFC 9112 §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Head,
    Connect,
    Other,
}

/// The protocol that a request asks to change to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upgrade {
    No,
    WebSocket,
    Http2,
    Other,
}

impl Upgrade {
    /// As records show it.
    pub fn name(self) -> &'static str {
        match self {
            Upgrade::No | Upgrade::Other => "other",
            Upgrade::WebSocket => "websocket",
            Upgrade::Http2 => "h2c",
        }
    }
}

impl Exchanges {
    /// Room for so many.
    pub fn with_capacity(limit: usize) -> Self {
        Exchanges {
            slots: Vec::with_capacity(limit),
            free: NONE,
            limit,
            owned: 0,
            kept: 0,
            ownable: limit * TEXT_BYTES,
            ledger: TransactionLedger::default(),
            contents_given_up: 0,
        }
    }

    /// A new exchange; `None` if there is no room, which is counted.
    #[inline]
    pub fn begin(&mut self) -> Option<u32> {
        self.ledger.seen += 1;
        let full = self.free == NONE && self.slots.len() == self.limit;
        if full || self.owned >= self.ownable {
            self.ledger.drop(DropStage::TableFull, 1);
            return None;
        }
        let slot = match self.free {
            NONE => {
                self.slots.push(Pending {
                    exchange: Exchange::default(),
                    request_start: 0,
                    request_acknowledged: 0,
                    response_end: 0,
                    next: NONE,
                    owned: 0,
                    method: Method::Other,
                    upgrade: Upgrade::No,
                    handshake: Span::default(),
                    sequence: 0,
                    room: [0; 2],
                    admission: Admission::Undecided,
                    auth: AuthScheme::None,
                    context: None,
                    forwarded_for: None,
                });
                (self.slots.len() - 1) as u32
            }
            free => {
                let pending = &mut self.slots[free as usize];
                self.free = pending.next;
                self.kept -= pending.owned as usize;
                pending.exchange.reset();
                pending.next = NONE;
                pending.method = Method::Other;
                pending.upgrade = Upgrade::No;
                pending.room = [0; 2];
                pending.admission = Admission::Undecided;
                pending.auth = AuthScheme::None;
                pending.context = None;
                pending.forwarded_for = None;
                free
            }
        };
        self.ledger.pending += 1;
        self.get_mut(slot).exchange.text.reserve_usual();
        self.account(slot);
        Some(slot)
    }

    /// Counts what an exchange owns now that text was added to it.
    #[inline]
    pub fn account(&mut self, slot: u32) {
        let pending = &mut self.slots[slot as usize];
        let owned = pending.exchange.memory() as u32;
        self.owned = self.owned + owned as usize - std::mem::replace(&mut pending.owned, owned) as usize;
    }

    /// Keeps content of an exchange, as far as it is wanted and there is room. Where there is none, all that was kept of the
    /// message goes: a part that ends anywhere would look like the whole.
    #[inline]
    pub fn keep_content(&mut self, slot: u32, side: Side, bytes: &[u8]) {
        let pending = &mut self.slots[slot as usize];
        let room = &mut pending.room[side.index()];
        let wanted = bytes.len().min(*room as usize);
        if wanted == 0 {
            return;
        }
        let more = pending.exchange.more();
        let content = match side {
            Side::Client => &mut more.request_content,
            Side::Server => &mut more.response_content,
        };
        if self.owned + wanted > self.ownable {
            *content = Vec::new();
            *room = 0;
            self.contents_given_up += 1;
        } else {
            content.extend_from_slice(&bytes[..wanted]);
            *room -= wanted as u32;
        }
        self.account(slot);
    }

    /// Messages whose content was given up for lack of room.
    pub fn contents_given_up(&self) -> u64 {
        self.contents_given_up
    }

    /// The exchange in a slot.
    #[inline]
    pub fn get(&self, slot: u32) -> &Pending {
        &self.slots[slot as usize]
    }

    /// The exchange in a slot.
    #[inline]
    pub fn get_mut(&mut self, slot: u32) -> &mut Pending {
        &mut self.slots[slot as usize]
    }

    /// An exchange was handed on or left out; its slot is free.
    #[inline]
    pub fn end(&mut self, slot: u32, fate: Fate) {
        self.ledger.pending -= 1;
        let pending = &mut self.slots[slot as usize];
        match fate {
            Fate::Emitted => {
                self.ledger.emitted += 1;
                self.ledger.incomplete += u64::from(pending.exchange.completeness != Completeness::Complete);
            }
            Fate::Dropped(stage) => self.ledger.drop(stage, 1),
        }
        pending.exchange.more = None;
        pending.exchange.text.clear();
        // Less than half of what there is, so that there is always room for another exchange.
        if self.kept + pending.exchange.text.capacity() > KEPT.min(self.ownable / 2) {
            pending.exchange.text.free();
        }
        pending.next = self.free;
        self.free = slot;
        self.account(slot);
        self.kept += self.slots[slot as usize].owned as usize;
    }

    /// A head was there and could not be read.
    pub fn unread(&mut self) {
        self.ledger.seen += 1;
        self.ledger.drop(DropStage::UnreadHead, 1);
    }

    /// A head had begun, and was given up for lack of room.
    pub fn given_up(&mut self) {
        self.ledger.seen += 1;
        self.ledger.drop(DropStage::HeadInParts, 1);
    }

    /// Where every transaction went so far.
    pub fn ledger(&self) -> TransactionLedger {
        self.ledger
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::text::MAX_TEXT;

    #[test]
    fn long_texts_leave_less_room_and_give_it_back() {
        let mut exchanges = Exchanges::with_capacity(1000);
        let fill = |exchanges: &mut Exchanges| {
            let mut slots = Vec::new();
            while let Some(slot) = exchanges.begin() {
                exchanges.get_mut(slot).exchange.text.add(&[b'x'; MAX_TEXT]);
                exchanges.account(slot);
                slots.push(slot);
            }
            slots
        };
        let slots = fill(&mut exchanges);
        assert!(slots.len() < 1000 * TEXT_BYTES / MAX_TEXT + 2, "{}", slots.len());
        assert!(exchanges.owned < exchanges.ownable + 2 * MAX_TEXT, "{}", exchanges.owned);
        for slot in &slots {
            exchanges.end(*slot, Fate::Emitted);
        }
        assert_eq!(exchanges.owned, exchanges.kept);
        assert!(exchanges.kept <= exchanges.ownable / 2);
        assert!(fill(&mut exchanges).len() + 1 >= slots.len() / 2);
        assert!(exchanges.ledger().balances());
    }

    #[test]
    fn there_is_room_for_as_many_usual_requests_as_was_said() {
        let mut exchanges = Exchanges::with_capacity(1000);
        let slots: Vec<u32> = std::iter::from_fn(|| {
            let slot = exchanges.begin()?;
            exchanges.get_mut(slot).exchange.text.add(&[b'x'; USUAL_TEXT]);
            exchanges.account(slot);
            Some(slot)
        })
        .collect();
        assert_eq!(slots.len(), 1000);
        assert_eq!(exchanges.ledger().dropped(DropStage::TableFull), 1);
    }
}
