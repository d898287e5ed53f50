//! How connections begin: whatever their first bytes are, a request that its server has answered is told or counted.

use super::connection::{Connection, End::Client, End::Server};
use super::sensor::{Outcome, run};
use super::transform;
use sidetap::record::DropStage;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const BAD_REQUEST: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
const GET: &[u8] = b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
/// What a server of HTTP/2 sends first: SETTINGS, here with one of them.
const SETTINGS: &[u8] = b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64";

/// What the engine makes of a connection between these ports.
fn with_ports(ports: [u16; 2], talk: impl FnOnce(&mut Connection)) -> Outcome {
    let mut connection = Connection::new(([10, 0, 0, 1], ports[0]).into(), ([10, 0, 0, 2], ports[1]).into());
    connection.handshake();
    talk(&mut connection);
    connection.close(Client);
    run(&connection.packets)
}

/// A first exchange, and a usual one after it.
fn beginning(request: &[u8], response: &[u8]) -> Outcome {
    with_ports([40_000, 80], |connection| {
        connection.exchange(request, response).exchange(GET, OK);
    })
}

#[test]
fn empty_lines_before_the_first_request_mean_nothing() {
    for lines in ["\r\n", "\n", "\r\n\r\n\r\n"] {
        let request = [lines.as_bytes(), b"GET /first HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
        let outcome = beginning(&request, OK);
        assert_eq!(outcome.lines(), ["GET /first 200 complete", "GET /next 200 complete"], "{lines:?}");
        let mut connection = Connection::plain();
        connection.handshake().exchange(&request, OK).close(Client);
        let bytes = run(&transform::split(&connection.packets, || 1));
        assert_eq!(bytes.lines(), ["GET /first 200 complete"], "{lines:?} byte by byte");
    }
}

#[test]
fn methods_that_nobody_registered_are_read() {
    for method in ["GET2", "X", "PURGE", "M-SEARCH"] {
        let request = format!("{method} /first HTTP/1.1\r\nHost: a\r\n\r\n");
        let outcome = beginning(request.as_bytes(), OK);
        assert_eq!(outcome.lines(), [&format!("{method} /first 200 complete")[..], "GET /next 200 complete"]);
    }
}

#[test]
fn a_first_request_that_cannot_be_read_is_counted() {
    let long = "A".repeat(40) + " /first";
    for start in ["get /first", "GET  /first", "\tGET /first", "!#$ /first", &long] {
        let outcome = beginning(format!("{start} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes(), BAD_REQUEST);
        assert_eq!(outcome.lines(), ["-  400 response_only", "GET /next 200 complete"], "{start:?}");
        assert_eq!(outcome.seen[0].anomalies, ["unreadable_request"]);
        assert_eq!(outcome.counts.transactions.dropped(DropStage::UnreadHead), 1, "{start:?}");
    }
}

#[test]
fn http_on_a_port_of_dns_is_http() {
    for ports in [[40_000, 53], [53, 80], [40_000, 5353], [5353, 80]] {
        let outcome = with_ports(ports, |connection| {
            connection.exchange(GET, OK).exchange(GET, OK);
        });
        assert_eq!(outcome.lines(), vec!["GET /next 200 complete"; 2], "{ports:?}");
        let outcome = with_ports(ports, |connection| {
            connection.exchange(b"get /lower HTTP/1.1\r\n\r\n", BAD_REQUEST);
        });
        assert_eq!(outcome.lines(), ["-  400 response_only"], "{ports:?}");
    }
}

#[test]
fn dns_on_its_port_is_dns_however_it_is_cut() {
    let query = b"\0\x1d\x12\x34\x01\x20\0\x01\0\0\0\0\0\0\x07example\x03com\0\0\x01\0\x01";
    let answer = b"\0\x1d\x12\x34\x81\x83\0\x01\0\0\0\0\0\0\x07example\x03com\0\0\x01\0\x01";
    for mss in [1, 2, 5, 1460] {
        let outcome = with_ports([40_000, 53], |connection| {
            connection.mss = mss;
            connection.exchange(query, answer);
        });
        let conversations = outcome.counts.conversations;
        assert_eq!((conversations.dns, conversations.unknown), (1, 0), "{mss}");
    }
}

#[test]
fn a_request_of_http_1_to_a_server_of_http_2_is_counted() {
    let outcome = with_ports([40_000, 80], |connection| {
        connection.send(Server, SETTINGS).receive(Client).send(Client, GET).receive(Server);
    });
    assert_eq!(outcome.counts.transactions.dropped(DropStage::UnreadHead), 1);
    let outcome = with_ports([40_000, 80], |connection| {
        connection.exchange(GET, SETTINGS);
    });
    assert_eq!(outcome.lines(), ["GET /next - request_only"]);
    assert_eq!(outcome.counts.transactions.dropped(DropStage::UnreadHead), 1, "the answer");
}

#[test]
fn a_hello_of_tls_that_is_answered_in_http_is_counted_and_its_answer_told() {
    let hello = b"\x16\x03\x01\x00\x05\x01\0\0\x01\0";
    let outcome = beginning(hello, BAD_REQUEST);
    assert_eq!(outcome.lines(), ["-  400 response_only", "GET /next 200 complete"]);
    assert_eq!(outcome.seen[0].anomalies, ["unreadable_request"]);
    assert_eq!(outcome.counts.transactions.dropped(DropStage::UnreadHead), 1);
}
