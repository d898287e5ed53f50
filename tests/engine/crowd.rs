//! More than there is room for.

use sidetap::record::DropStage;
use sidetap::sensor::{Budget, EngineLimits};

use super::adversarial::head_of;
use super::chance::Chance;
use super::connection::{Connection, End::Client};
use super::packet::{Packet, shots};
use super::sensor::{LIMITS, run_with};
use super::transform;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// The least memory that a sidecar has.
fn smallest() -> EngineLimits {
    Budget::new(25 << 20).unwrap().engine(LIMITS.flows.hole_timeout)
}

#[test]
fn full_tables_lose_and_say_so() {
    let mut limits = LIMITS;
    limits.flows.connections = 4;
    limits.flows.early_bytes = 8 << 10;
    limits.exchanges = 2;
    limits.buffer_bytes = 1;
    let mut packets = Vec::new();
    for port in 0..40 {
        let mut connection = Connection::from_port(50_000 + port);
        connection.now += u64::from(port) * 7_000;
        connection.mss = 300;
        connection.handshake();
        for _ in 0..3 {
            connection.exchange(&head_of(2_000), OK);
        }
        connection.close(Client);
        packets.extend(connection.packets);
    }
    packets.sort_by_key(|packet| packet.time);
    let packets = transform::reorder(&packets, 32, transform::Stamps::Stay, &mut Chance::new(1));
    let outcome = run_with(limits, shots(&packets).into_iter());
    let counts = outcome.counts;
    assert!(counts.flows.evicted > 0 && counts.bytes.evicted > 0, "{counts:?}");
    assert!(counts.transactions.dropped(DropStage::HeadInParts) > 0, "{counts:?}");
    assert_eq!(counts.transactions.dropped(DropStage::UnreadHead), 0);
}

#[test]
fn heads_that_are_left_half_sent_blind_nobody_else() {
    let half = b"GET /half HTTP/1.1\r\nHost: a\r\nX-Slo";
    let slow = (0..20_000_u16).flat_map(|number| {
        let mut connection = Connection::from_port(10_000 + number);
        connection.now += u64::from(number) * 1_000;
        connection.handshake().send(Client, half);
        shots(&connection.packets)
    });
    let mut connection = Connection::from_port(9);
    connection.now += 20_000_000;
    connection.mss = 1_000;
    connection.handshake();
    for _ in 0..100 {
        connection.exchange(&head_of(1_500), OK);
    }
    connection.close(Client);
    let outcome = run_with(smallest(), slow.chain(shots(&connection.packets)));
    assert_eq!(outcome.lines(), vec!["GET /long 200 complete"; 100]);
    let transactions = outcome.counts.transactions;
    assert!(transactions.dropped(DropStage::HeadInParts) > 5_000, "{transactions:?}");
    assert_eq!(transactions.dropped(DropStage::HeadInParts) + transactions.dropped(DropStage::UnreadHead), 20_000);
}

/// A field that is added to the table (RFC 7541 §6.2.1).
fn field(name: &str, value: &str) -> Vec<u8> {
    [&[0x40, name.len() as u8], name.as_bytes(), &[value.len() as u8], value.as_bytes()].concat()
}

fn headers(flags: u8, stream: u32, block: &[u8]) -> Vec<u8> {
    let length = block.len() as u32;
    [&length.to_be_bytes()[1..], &[1, flags], &stream.to_be_bytes(), block].concat()
}

/// Exchanges that fill the header tables of both ends, as those of gRPC do.
fn http2(connection: &mut Connection, exchanges: std::ops::Range<u32>) {
    for number in exchanges {
        let stream = number * 2 + 1;
        let path = field(":path", &format!("/package.Service/Method{number}"));
        let id = field("x-request-id", &format!("{number:036}"));
        let trace = field("traceparent", &format!("00-{number:032}-{number:016}-01"));
        let request = headers(5, stream, &[&[0x83, 0x86][..], &path, &id, &trace].concat());
        let response = headers(5, stream, &[&[0x88][..], &id, &field("date", &format!("{number:029}"))].concat());
        connection.exchange(&request, &response);
    }
}

#[test]
fn two_hundred_connections_of_http_2_are_read_to_the_end_and_of_a_thousand_the_busy_ones() {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    for (crowd, given_up) in [(200, false), (1_000, true)] {
        let mut connections: Vec<Connection> = (0..crowd).map(|port| Connection::from_port(10_000 + port)).collect();
        let mut packets: Vec<Packet> = Vec::new();
        let mut now = connections[0].now;
        let mut talk = |connection: &mut Connection, exchanges: std::ops::Range<u32>| {
            connection.now = connection.now.max(now);
            if exchanges.start == 0 {
                connection.handshake().exchange(PREFACE, &PREFACE[24..]);
            }
            http2(connection, exchanges);
            now = connection.now;
            packets.append(&mut connection.packets);
        };
        let [busy, idle @ ..] = &mut connections[..] else { unreachable!() };
        talk(busy, 0..30);
        for (turn, connection) in (1..).zip(idle) {
            talk(connection, 0..30);
            talk(busy, turn * 30..turn * 30 + 1);
        }
        let outcome = run_with(smallest(), shots(&packets).into_iter());
        assert_eq!(outcome.complete() as u32, u32::from(crowd) * 31 - 1, "none was being read when it gave way");
        assert_eq!(outcome.counts.conversations.http2_given_up > 0, given_up);
    }
}
