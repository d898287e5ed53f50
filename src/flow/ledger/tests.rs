//! Segments that are easily lost track of, or taken for what they are not.

use std::time::Duration;

use crate::flow::{
    Content, Direction, EndKind, FlowTable, Identity, Interest, Ledger, Limits, Piece, Reader, Side, Summary,
};
use crate::packet::decode::Realm;
use crate::packet::tcp::{Flags, Segment};
use crate::packet::{Address, Timestamp};

const SYN: u8 = 0x02;
const FIN: u8 = 0x01;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;

/// Keeps what is handed on, and where it ended.
#[derive(Default)]
struct Keeper {
    bytes: Vec<u8>,
    after_end: bool,
    closed: u32,
}

impl Reader for Keeper {
    type State = bool;

    fn piece(&mut self, _: &Identity, ended: &mut bool, _: Direction, piece: Piece<'_>) -> Interest {
        self.after_end |= *ended;
        if let Content::Data(bytes) = piece.content {
            self.bytes.extend_from_slice(bytes);
        }
        Interest::Bytes
    }

    fn end(&mut self, _: &Identity, ended: &mut bool, _: Direction, _: EndKind, _: Timestamp) {
        *ended = true;
    }

    fn close(&mut self, _: &Identity, _: &mut bool, _: &Summary) {
        self.closed += 1;
    }
}

/// What becomes of segments that the client sends: flags, sequence number, payload.
fn sent(segments: &[(u8, u32, &[u8])]) -> (Keeper, Ledger) {
    let of_client = |&(flags, sequence, payload)| (Side::Client, flags, [sequence, 500], payload);
    captured(segments.iter().map(of_client))
}

/// What becomes of segments: who sends, flags, sequence and acknowledgement number, payload.
fn captured<'a>(segments: impl IntoIterator<Item = (Side, u8, [u32; 2], &'a [u8])>) -> (Keeper, Ledger) {
    let limits = Limits { connections: 4, early_bytes: 1 << 20, hole_timeout: Duration::from_secs(2) };
    let (mut table, mut keeper) = (FlowTable::new(limits), Keeper::default());
    let address = |side: Side| Address::v4([10, 0, 0, side.index() as u8]);
    let port = |side: Side| [40_000, 80][side.index()];
    for (from, flags, [sequence, acknowledgement], payload) in segments {
        let segment = Segment {
            source_port: port(from),
            destination_port: port(from.peer()),
            sequence,
            acknowledgement,
            flags: Flags::from_bits(flags),
            payload,
            payload_len: payload.len() as u32,
        };
        let ends = (Realm::OUTSIDE, address(from), address(from.peer()));
        table.segment(ends, &segment, Timestamp::from_parts(1, 0), 0, &mut keeper);
        assert!(table.ledger().balances(), "{:?}", table.ledger());
    }
    table.finish(&mut keeper);
    let ledger = table.ledger();
    assert!(ledger.balances() && ledger.held == 0, "{ledger:?}");
    (keeper, ledger)
}

#[test]
fn what_a_reset_carries_is_counted_and_not_of_the_stream() {
    let (keeper, ledger) = sent(&[(SYN, 9, b""), (ACK, 10, b"ab"), (RST | ACK, 12, b"no such thing")]);
    assert_eq!(keeper.bytes, b"ab");
    assert_eq!(ledger, Ledger { bytes_in: 15, delivered: 2, unparsed: 13, ..Ledger::default() });
}

#[test]
fn a_segment_around_one_that_waits_is_a_duplicate_only_where_it_repeats() {
    let (keeper, ledger) = sent(&[(SYN, 9, b""), (ACK, 13, b"d"), (ACK, 11, b"bcdef"), (ACK, 10, b"a")]);
    assert_eq!(keeper.bytes, b"abcdef");
    assert_eq!(ledger, Ledger { bytes_in: 7, delivered: 6, duplicate: 1, ..Ledger::default() });
}

#[test]
fn nothing_is_handed_on_behind_a_fin() {
    let client = |flags, sequence, payload| (Side::Client, flags, [sequence, 500], payload);
    let (keeper, ledger) = captured([
        client(SYN, 9, &b""[..]),
        (Side::Server, SYN | ACK, [499, 10], b""),
        client(ACK, 10, b"ab"),
        client(FIN | ACK, 12, b""),
        client(ACK, 13, b"late"),
        client(ACK, 11, b"b"),
        client(ACK, 11, b"b?even more"),
        client(ACK, 20, b"later"),
    ]);
    assert_eq!(keeper.bytes, b"ab");
    assert!(!keeper.after_end);
    // The FIN's own number counts as seen.
    assert_eq!(ledger, Ledger { bytes_in: 23, delivered: 2, duplicate: 3, unparsed: 18, ..Ledger::default() });
}

#[test]
fn a_late_answer_to_a_syn_is_no_new_connection_if_the_server_speaks_first() {
    let (keeper, ledger) = captured([
        (Side::Client, SYN, [9, 0], &b""[..]),
        (Side::Client, ACK, [10, 503], b"EHLO"),
        (Side::Server, SYN | ACK, [499, 10], b""),
        (Side::Server, ACK, [500, 10], b"220"),
    ]);
    assert_eq!((&keeper.bytes[..], keeper.closed), (&b"220EHLO"[..], 1));
    assert_eq!(ledger, Ledger { bytes_in: 7, delivered: 7, ..Ledger::default() });
}
