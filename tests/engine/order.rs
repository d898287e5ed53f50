//! When order proves a pair again after something was missed.

use super::connection::{Connection, End};
use super::packet::Packet;
use super::sensor::run;

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Exchanges one after the other, each so long after the one before. For each, the place of its first packet.
fn in_turn(count: usize, nanos_apart: u64) -> (Vec<Packet>, Vec<usize>) {
    let mut connection = Connection::plain();
    connection.handshake().receive(End::Server);
    let mut places = Vec::new();
    for place in 0..count {
        connection.now += nanos_apart;
        places.push(connection.packets.len());
        let request = format!("GET /{place:02} HTTP/1.1\r\nHost: api.test\r\n\r\n");
        connection.send(End::Client, request.as_bytes()).receive(End::Server);
        connection.send(End::Server, RESPONSE).receive(End::Client);
    }
    (connection.packets, places)
}

#[test]
fn a_client_that_asks_after_long_silences_is_one_that_waits() {
    let (packets, places) = in_turn(8, 2_000_000_000);
    let late = &packets[places[1]..];
    let lines = run(late).lines();
    assert_eq!(lines.iter().filter(|line| line.ends_with("200 complete")).count(), 5, "{lines:#?}");
    let (packets, _) = in_turn(8, 2_000_000);
    let lines = run(&packets[places[1]..]).lines();
    assert!(!lines.iter().any(|line| line.ends_with("complete")), "{lines:#?}");
}

#[test]
fn one_missed_request_costs_one_pair() {
    let (mut packets, places) = in_turn(20, 1_000_000);
    packets.remove(places[10]);
    let lines = run(&packets).lines();
    let expected: Vec<_> = (0..20)
        .map(|place| match place {
            10 => "-  200 response_only".to_owned(),
            _ => format!("GET /{place:02} 200 complete"),
        })
        .collect();
    assert_eq!(lines, expected);
}

#[test]
fn one_missed_response_costs_one_pair() {
    let (mut packets, places) = in_turn(20, 1_000_000);
    packets.remove(places[10] + 1);
    let lines = run(&packets).lines();
    let expected: Vec<_> = (0..20)
        .map(|place| match place {
            10 => "GET /10 - request_only".to_owned(),
            _ => format!("GET /{place:02} 200 complete"),
        })
        .collect();
    assert_eq!(lines, expected);
}

#[test]
fn a_client_that_has_just_begun_to_wait_is_not_trusted() {
    let (mut packets, places) = in_turn(20, 1_000_000);
    packets.remove(places[3]);
    let lines = run(&packets).lines();
    let complete = lines.iter().filter(|line| line.ends_with("200 complete")).count();
    assert_eq!(complete, 3, "{lines:#?}");
}
