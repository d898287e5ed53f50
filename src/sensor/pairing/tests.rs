//! Pairs that order alone does not prove.

use std::time::Duration;

use super::super::reporter::Reporter;
use crate::flow::{FlowTable, Limits};
use crate::packet::decode::Realm;
use crate::packet::tcp::{Flags, Segment};
use crate::packet::{Address, Timestamp};
use crate::record::TransactionLedger;
use crate::sensor::conversation::Conversations;

/// What becomes of a connection's transactions that is picked up in its middle; the client sends first, and each in turn.
fn midstream(payloads: &[&[u8]]) -> TransactionLedger {
    let limits = Limits { connections: 4, early_bytes: 1 << 20, hole_timeout: Duration::from_secs(2) };
    let mut table = FlowTable::new(limits);
    let mut conversations = Conversations::new(16, 1 << 20, Reporter::default());
    let (mut addresses, mut ports, mut next) = ([1, 2].map(|host| Address::v4([10, 0, 0, host])), [40_000, 80], [7, 9]);
    for payload in payloads {
        let segment = Segment {
            source_port: ports[0],
            destination_port: ports[1],
            sequence: next[0],
            acknowledgement: next[1],
            flags: Flags::ACK,
            payload,
            payload_len: payload.len() as u32,
        };
        let ends = (Realm::OUTSIDE, addresses[0], addresses[1]);
        table.segment(ends, &segment, Timestamp::from_parts(1, 0), 0, &mut conversations);
        next[0] += segment.payload_len;
        addresses.swap(0, 1);
        ports.swap(0, 1);
        next.swap(0, 1);
    }
    table.finish(&mut conversations);
    conversations.ledger()
}

#[test]
fn a_change_to_http2_in_the_middle_of_a_connection_is_one_transaction() {
    let ledger = midstream(&[
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: \r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n\0\0\0\x04\0\0\0\0\0",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
        b"\0\0\x01\x01\x05\0\0\0\x01\x88",
    ]);
    assert!(ledger.balances() && ledger.pending == 0, "{ledger:?}");
    assert_eq!(ledger.emitted, 1);
}
