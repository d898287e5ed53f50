//! Looks at connections until they show what they speak.
//!
//! A connection that was seen from its first byte on tells with the first bytes of either direction: a client that says
//! something unknown may still be told by its server that it was a bad request. For that answer at most [`AWAITED`] bytes
//! are passed over. A connection that was picked up in its middle is searched for the beginning of a message, at the
//! beginning of each packet, for [`SEARCHED`] bytes. What a load balancer puts before its client's first bytes is stepped
//! over.

use crate::flow::{Content, Direction, Identity, Piece, Side};
use crate::protocol::detect::{self, DECISIVE, Detected};
use crate::protocol::http1::Mark;
use crate::protocol::proxy_header::{ProxyHeader, Skipped};

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
    /// The header of a load balancer that has begun and not ended.
    header: Option<ProxyHeader>,
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
    /// Looks at a piece, and takes from its front what a load balancer has put there. If that decides nothing yet, its
    /// bytes are kept as far as they may matter later.
    pub fn look(&mut self, flow: &Identity, direction: Direction, piece: &mut Piece<'_>) -> Finding {
        let answers_unknown = self.starts[direction.reverse().index()].unknown;
        let start = &mut self.starts[direction.index()];
        if start.unknown {
            self.searched += piece.content.len();
            return if self.searched > AWAITED { Finding::Nothing } else { Finding::More };
        }
        let Some(detected) = start.detect(piece, flow.from_start[direction.index()]) else { return Finding::More };
        let Content::Data(bytes) = piece.content else { return Finding::More };
        let kept = usize::from(start.len);
        match detected {
            Detected::Undecided if kept + bytes.len() <= DECISIVE => {
                if kept == 0 {
                    start.mark = Mark::of(piece);
                }
                start.bytes[kept..kept + bytes.len()].copy_from_slice(bytes);
                start.len += bytes.len() as u8;
                Finding::More
            }
            Detected::Undecided | Detected::Unknown | Detected::Proxy(_) => {
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
            let content = Content::Data(start.kept());
            (start.len > 0).then_some((direction, Piece { time, offset, acknowledged, content }))
        })
    }
}

impl Start {
    fn kept(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// What a direction is, by what was kept of it and this piece, of which a load balancer's headers are taken away.
    /// `None` if nothing else is left of it, or if it is a gap.
    fn detect(&mut self, piece: &mut Piece<'_>, from_start: bool) -> Option<Detected> {
        while !piece.content.is_empty() {
            let Content::Data(bytes) = piece.content else {
                *self = Start { passed: true, ..Start::default() };
                return None;
            };
            if let Some(header) = &mut self.header {
                match header.skip(bytes) {
                    Skipped::All => return None,
                    Skipped::Overlong => return Some(Detected::Unknown),
                    Skipped::Ends(len) => {
                        self.header = None;
                        *piece = Piece {
                            offset: piece.offset + len as u64,
                            content: Content::Data(&bytes[len..]),
                            ..*piece
                        };
                    }
                }
                continue;
            }
            match self.detect_with(bytes) {
                Detected::Proxy(mut header) if from_start && !self.passed => {
                    // A header has not ended with the bytes that did not suffice to know it.
                    header.skip(self.kept());
                    *self = Start { header: Some(header), ..Start::default() };
                }
                detected => return Some(detected),
            }
        }
        None
    }

    /// What the bytes that were kept are, together with these.
    fn detect_with(&self, bytes: &[u8]) -> Detected {
        let kept = usize::from(self.len);
        if kept == 0 {
            return detect::detect(bytes);
        }
        let mut both = self.bytes;
        let room = bytes.len().min(DECISIVE - kept);
        both[kept..kept + room].copy_from_slice(&bytes[..room]);
        detect::detect(&both[..kept + room])
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::reporter::Reporter;
    use super::*;
    use crate::flow::{Endpoint, FlowTable, Key, Limits};
    use crate::packet::decode::Realm;
    use crate::packet::tcp::{Flags, Segment};
    use crate::packet::{Address, Timestamp};
    use crate::record::TransactionLedger;
    use crate::sensor::conversation::Conversations;

    const V1: &[u8] = b"PROXY TCP4 203.0.113.7 10.0.0.9 51234 80\r\n";
    const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x07\x0a\0\0\x09\xc8\x22\0\x50";

    fn flow(from_start: bool) -> (Identity, Direction) {
        let end = |host, port| Endpoint { address: Address::v4([10, 0, 0, host]), port };
        let (key, client) = Key::new(Realm::OUTSIDE, end(1, 51_234), end(2, 80));
        let opened = Timestamp::default();
        (Identity { key, initiator: Some(client), from_start: [from_start; 2], first_sequence: [0; 2], opened }, client)
    }

    /// What a client's bytes are found to be that come in pieces of this size, and where in them that begins.
    fn found(wire: &[u8], piece_len: usize, from_start: bool) -> (Finding, u64) {
        let (flow, client) = flow(from_start);
        let mut probe = Probe::default();
        for (place, bytes) in wire.chunks(piece_len).enumerate() {
            let offset = (place * piece_len) as u64;
            let mut piece =
                Piece { time: Timestamp::default(), offset, acknowledged: 0, content: Content::Data(bytes) };
            match probe.look(&flow, client, &mut piece) {
                Finding::More => assert!(from_start == probe.is_whole(&flow, client)),
                finding => {
                    let first = probe.kept(client).next().map_or(piece.offset, |(_, kept)| kept.offset);
                    return (finding, first);
                }
            }
        }
        (Finding::More, wire.len() as u64)
    }

    #[test]
    fn what_comes_behind_a_load_balancers_header_is_found_whatever_the_pieces() {
        let hello = b"\x16\x03\x01\x00\x05\x01\0\0\x01\0";
        for header in [V1.to_vec(), V2.to_vec(), [V2, V1].concat()] {
            for (message, detected) in [
                (&b"GET / HTTP/1.1\r\n"[..], Detected::Http1(Side::Client)),
                (b"PRI * HTTP/2.0\r\n", Detected::Http2(Side::Client)),
                (hello, Detected::Tls(Side::Client)),
            ] {
                let wire = [&header, message].concat();
                for piece_len in [1, 2, 15, 16, 17, 42, 43, 1000] {
                    let (finding, first) = found(&wire, piece_len, true);
                    assert_eq!((finding, first), (Finding::Known(detected), header.len() as u64), "{piece_len}");
                }
            }
        }
    }

    #[test]
    fn the_header_itself_is_no_request() {
        assert_eq!(found(V1, 7, true), (Finding::More, V1.len() as u64));
        assert_eq!(found(V2, 7, true), (Finding::More, V2.len() as u64));
    }

    #[test]
    fn in_the_middle_of_a_connection_there_is_no_header() {
        let wire = [V1, b"GET / HTTP/1.1\r\n"].concat();
        assert_eq!(found(&wire, 1000, false), (Finding::More, wire.len() as u64));
        assert_eq!(found(&wire, V1.len(), false).0, Finding::Known(Detected::Http1(Side::Client)), "its own packet");
    }

    #[test]
    fn a_header_that_is_cut_by_a_gap_leaves_a_connection_from_its_middle() {
        let (flow, client) = flow(true);
        let mut probe = Probe::default();
        let piece = |offset, content| Piece { time: Timestamp::default(), offset, acknowledged: 0, content };
        assert_eq!(probe.look(&flow, client, &mut piece(0, Content::Data(&V1[..20]))), Finding::More);
        assert_eq!(probe.look(&flow, client, &mut piece(20, Content::Gap(22))), Finding::More);
        let request = probe.look(&flow, client, &mut piece(42, Content::Data(b"GET / HTTP/1.1\r\n")));
        assert_eq!(request, Finding::Known(Detected::Http1(Side::Client)));
        assert!(!probe.is_whole(&flow, client));
    }

    /// What becomes of the transactions of a connection; the client opens it and sends first, and then each in turn.
    fn transactions(payloads: &[&[u8]]) -> TransactionLedger {
        let limits = Limits { connections: 4, early_bytes: 1 << 20, hole_timeout: Duration::from_secs(2) };
        let mut table = FlowTable::new(limits);
        let mut conversations = Conversations::new(16, 1 << 20, Reporter::default());
        let (mut hosts, mut ports, mut next) = ([1, 2], [51_234, 80], [0_u32, 0]);
        let handshake = [(Flags::SYN, &b""[..]), (Flags::SYN.and(Flags::ACK), b"")];
        for (flags, payload) in handshake.into_iter().chain(payloads.iter().map(|payload| (Flags::ACK, *payload))) {
            let segment = Segment {
                source_port: ports[0],
                destination_port: ports[1],
                sequence: next[0],
                acknowledgement: next[1],
                flags,
                payload,
                payload_len: payload.len() as u32,
            };
            let [from, to] = hosts.map(|host| Address::v4([10, 0, 0, host]));
            table.segment((Realm::OUTSIDE, from, to), &segment, Timestamp::from_parts(1, 0), 0, &mut conversations);
            next[0] += segment.payload_len + u32::from(flags.has(Flags::SYN));
            hosts.swap(0, 1);
            ports.swap(0, 1);
            next.swap(0, 1);
        }
        table.finish(&mut conversations);
        conversations.ledger()
    }

    #[test]
    fn behind_a_load_balancers_header_every_transaction_is_whole() {
        let (request, response) = (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n");
        for header in [V1, V2] {
            let together = [header, request].concat();
            for payloads in [&[&together[..], response, request, response][..], &[header, b"", request, response]] {
                let ledger = transactions(payloads);
                let requests = payloads.len() as u64 / 2 - u64::from(payloads[0] == header);
                assert_eq!((ledger.seen, ledger.emitted, ledger.incomplete), (requests, requests, 0), "{ledger:?}");
            }
        }
    }
}
