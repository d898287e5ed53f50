//! Connections that are reset, or seem to be.

use super::connection::{Connection, End::Client, End::Server};
use super::packet::{ACK, FIN, Packet, RST};
use super::sensor::run;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn a_reset_ends_a_connection_only_inside_its_window() {
    let mut connection = Connection::plain();
    connection.handshake().send(Client, GET).receive(Server);
    let mut wild = connection.packets[0].clone();
    wild.flags = RST;
    wild.seq = connection.next(Client).wrapping_add(1 << 24);
    connection.packets.push(wild);
    connection.send(Server, OK).receive(Client).close(Client);
    let outcome = run(&connection.packets);
    assert_eq!(outcome.lines(), ["GET / 200 complete"]);
    assert_eq!(outcome.counts.flows.ignored_resets, 1);

    let mut connection = Connection::plain();
    connection.handshake().send(Client, GET).receive(Server).reset(Server);
    connection.push(Server, ACK, OK);
    let outcome = run(&connection.packets);
    assert_eq!(outcome.lines(), ["GET / - request_only"]);
    assert_eq!(outcome.counts.flows.closed, 1);
}

#[test]
fn a_reset_ahead_of_a_fin_leaves_nothing_between_them() {
    let mut connection = Connection::plain();
    connection.handshake().send(Client, GET);
    connection.push(Client, FIN | ACK, b"");
    connection.receive(Server);
    let mut beyond = connection.packets[connection.packets.len() - 1].clone();
    (beyond.from, beyond.to) = (beyond.to, beyond.from);
    (beyond.seq, beyond.ack) = (connection.next(Server), connection.next(Client).wrapping_add(100));
    (beyond.flags, beyond.payload) = (ACK, b"x".to_vec());
    connection.packets.push(beyond);
    connection.push(Client, RST, b"");
    connection.packets.last_mut().unwrap().seq = connection.next(Client).wrapping_add(200);
    let outcome = run(&connection.packets);
    assert_eq!(outcome.lines(), ["GET / - request_only"]);
    assert_eq!((outcome.counts.bytes.gap, outcome.counts.flows.closed), (0, 1));
}

#[test]
fn nothing_is_missing_behind_a_fin_while_a_reset_waits() {
    let mut connection = Connection::plain();
    connection.handshake().send(Client, GET);
    connection.push(Client, FIN | ACK, b"");
    let mut reset = connection.packets[connection.packets.len() - 1].clone();
    reset.seq = reset.seq.wrapping_add(1);
    // It acknowledges what nobody has seen.
    reset.ack = connection.next(Server).wrapping_add(100);
    reset.flags = RST | ACK;
    connection.packets.push(reset.clone());
    let late = Packet { seq: reset.seq.wrapping_add(50), flags: ACK, payload: b"late".to_vec(), ..reset };
    connection.packets.push(late);
    let outcome = run(&connection.packets);
    assert_eq!(outcome.lines(), ["GET / - request_only"]);
    assert!(outcome.counts.bytes.gap <= 100, "{:?}", outcome.counts.bytes);
}

#[test]
fn a_reset_does_not_tell_how_much_was_sent() {
    let mut connection = Connection::plain();
    connection.handshake().send(Client, GET).receive(Server);
    let mut ahead = connection.packets[0].clone();
    ahead.flags = RST;
    ahead.seq = connection.next(Client).wrapping_add(999_925);
    connection.packets.push(ahead);
    let outcome = run(&connection.packets);
    assert_eq!(outcome.lines(), ["GET / - request_only"]);
    assert_eq!((outcome.counts.bytes.gap, outcome.counts.flows.closed), (0, 1));
}

#[test]
fn a_reset_behind_a_fin_ends_the_connection() {
    let mut connection = Connection::plain();
    connection.handshake().send(Client, GET);
    connection.push(Client, FIN | ACK, b"");
    connection.push(Client, RST, b"");
    let outcome = run(&connection.packets);
    assert_eq!(outcome.lines(), ["GET / - request_only"]);
    assert_eq!(outcome.counts.flows.closed, 1);
}

#[test]
fn a_reset_in_a_body_until_close_truncates_it() {
    let mut connection = Connection::plain();
    connection.handshake().exchange(GET, b"HTTP/1.1 200 OK\r\n\r\nsome").reset(Server);
    assert_eq!(run(&connection.packets).lines(), ["GET / 200 truncated"]);
    let mut connection = Connection::plain();
    connection.handshake().exchange(GET, b"HTTP/1.1 200 OK\r\n\r\nsome");
    assert_eq!(run(&connection.packets).lines(), ["GET / 200 truncated"]);
    connection.close(Server);
    assert_eq!(run(&connection.packets).lines(), ["GET / 200 complete"]);
}
