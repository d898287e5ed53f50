//! What is reported, and that reading goes on.

use super::super::{Connection, MAX_BLOCK, MAX_CONTINUATIONS};
use super::record::{Event, headers};
use super::*;

/// That after all this an ordinary exchange is read.
fn goes_on(bench: &mut Bench, stream: u32) {
    bench.events();
    bench.get(stream, true);
    assert_eq!(bench.events()[0], headers(stream, Client, Kind::Request, GET, true));
}

#[test]
fn a_client_that_speaks_something_else() {
    let mut bench = Bench::silent(Connection::new());
    bench.send(Client, b"GET / HTTP/1.1\r\nHost: example\r\n\r\n");
    let bad = Event::Anomaly { from: Client, stream: 0, anomalies: Anomalies::BAD_PREFACE };
    assert_eq!(bench.events(), [bad, Event::Gap(Client, Gap::Frames)]);
}

#[test]
fn a_server_that_speaks_something_else() {
    let mut bench = Bench::silent(Connection::new());
    bench.send(Server, b"HTTP/1.1 505 HTTP Version Not Supported\r\n\r\n");
    let bad = Event::Anomaly { from: Server, stream: 0, anomalies: Anomalies::SETTINGS_NOT_FIRST };
    assert_eq!(bench.events(), [bad, Event::Gap(Server, Gap::Frames)]);
}

#[test]
fn frames_that_have_the_wrong_length_or_stream() {
    let mut bench = Bench::new();
    for (bytes, expected) in [
        (frame(4, 0, 0, &[0; 5]), Anomalies::FRAME_SIZE),
        (frame(8, 0, 0, &[0; 5]), Anomalies::FRAME_SIZE),
        (frame(3, 0, 1, &[0; 3]), Anomalies::FRAME_SIZE),
        (frame(0, 0, 0, b"x"), Anomalies::WRONG_STREAM),
        (frame(4, 0, 1, &[]), Anomalies::WRONG_STREAM),
        (frame(6, 0, 0, &vec![0; 20_000]), Anomalies::FRAME_SIZE),
        (frame(0, 0, 9, b"x"), Anomalies::IDLE_STREAM),
        (frame(3, 0, 9, &[0; 4]), Anomalies::IDLE_STREAM),
        (writer::settings(&[(5, 1)]), Anomalies::SETTING_VALUE),
        (frame(9, 4, 1, &[]), Anomalies::CONTINUATION),
    ] {
        bench.send(Client, &bytes);
        assert_eq!(bench.anomalies(), expected, "{bytes:?}");
    }
    goes_on(&mut bench, 1);
}

#[test]
fn padding_longer_than_the_frame() {
    let mut bench = Bench::new();
    bench.get(1, false);
    bench.events();
    bench.send(Client, &frame(0, 0x8, 1, &[5, 1, 2, 3, 4]));
    assert_eq!(bench.anomalies(), Anomalies::PADDING);
    bench.send(Client, &frame(0, 0x8, 1, &[4, 1, 2, 3, 4]));
    assert_eq!(bench.anomalies(), Anomalies::NONE);
    goes_on(&mut bench, 3);
}

#[test]
fn streams_that_may_not_be() {
    let mut bench = Bench::new();
    bench.get(2, true);
    assert_eq!(bench.anomalies(), Anomalies::STREAM_PARITY);
    bench.get(5, true);
    bench.get(3, true);
    assert_eq!(bench.anomalies(), Anomalies::STREAM_REUSED);
    bench.headers(Server, 5, OK, true);
    bench.get(5, true);
    bench.headers(Server, 5, OK, true);
    assert_eq!(bench.kinds(), [(5, Kind::Response)], "the second request and response are not told");
    bench.headers(Server, 9, OK, false);
    assert_eq!(bench.anomalies(), Anomalies::NO_REQUEST);
    bench.headers(Server, 4, OK, false);
    assert_eq!(bench.anomalies(), Anomalies::STREAM_PARITY);
    // A stream that was begun by a response is begun once, and those before it are not begun any more.
    bench.send(Server, &frame(3, 0, 9, &[0, 0, 0, 8]));
    bench.events();
    bench.headers(Server, 9, OK, false);
    assert_eq!(bench.kinds(), []);
    goes_on(&mut bench, 11);
}

#[test]
fn messages_that_break_the_order() {
    let mut bench = Bench::new();
    bench.get(1, true);
    bench.data(Client, 1, b"more", false);
    assert_eq!(bench.anomalies(), Anomalies::AFTER_END);
    bench.data(Server, 1, b"body", false);
    assert_eq!(bench.anomalies(), Anomalies::DATA_BEFORE_HEADERS);
    bench.headers(Client, 3, POST, false);
    bench.headers(Client, 3, POST, true);
    assert_eq!(bench.anomalies(), Anomalies::PSEUDO_MISPLACED, "a second request can only be trailers");
    bench.headers(Server, 3, OK, false);
    bench.headers(Server, 3, &[("a", "b")], false);
    assert_eq!(bench.anomalies(), Anomalies::TRAILERS_WITHOUT_END);
    goes_on(&mut bench, 5);
}

#[test]
fn bodies_that_are_not_as_announced() {
    let mut bench = Bench::new();
    bench.get(1, true);
    bench.headers(Server, 1, &[(":status", "200"), ("content-length", "3")], false);
    bench.data(Server, 1, b"four", true);
    assert_eq!(bench.anomalies(), Anomalies::CONTENT_LENGTH);
    bench.get(3, true);
    bench.headers(Server, 3, &[(":status", "204")], false);
    bench.data(Server, 3, b"four", true);
    assert_eq!(bench.anomalies(), Anomalies::BODY_NOT_ALLOWED);
}

#[test]
fn a_push_from_a_client_or_for_a_used_number() {
    let mut bench = Bench::new();
    bench.get(1, true);
    let promise = bench.client.push_promise(1, 2, GET);
    bench.send(Client, &promise);
    assert_eq!(bench.anomalies(), Anomalies::PUSH);
    for (promised, expected) in [(2, Anomalies::NONE), (2, Anomalies::PUSH), (3, Anomalies::PUSH), (0, Anomalies::PUSH)]
    {
        let promise = bench.server.push_promise(1, promised, GET);
        bench.send(Server, &promise);
        assert_eq!(bench.anomalies(), expected);
    }
    goes_on(&mut bench, 3);
}

#[test]
fn a_block_that_another_frame_interrupts() {
    let mut bench = Bench::new();
    let block = bench.client.block(GET);
    bench.send(Client, &frame(1, 1, 1, &block[..2]));
    bench.send(Client, &frame(6, 0, 0, &[0; 8]));
    let events = bench.events();
    assert!(matches!(&events[1], Event::Headers { stream: 1, truncated: true, fields, .. } if fields.len() == 2));
    bench.send(Client, &frame(9, 4, 1, &block[2..]));
    assert_eq!(bench.anomalies(), Anomalies::CONTINUATION);
    bench.get(3, true);
    let events = bench.events();
    assert!(matches!(&events[0], Event::Headers { stream: 3, hpack_lost: true, truncated: false, .. }), "{events:?}");
}

#[test]
fn a_block_that_cannot_be_decoded() {
    let mut bench = Bench::new();
    bench.send(Client, &frame(1, 0x5, 1, &[0x82, 0x86, 0xff, 0xff, 0x01]));
    let events = bench.events();
    let Event::Headers { fields, truncated, anomalies, .. } = &events[0] else { panic!("{events:?}") };
    assert_eq!((fields.len(), *truncated, *anomalies), (2, true, Anomalies::COMPRESSION));
    goes_on_with_losses(&mut bench);
}

fn goes_on_with_losses(bench: &mut Bench) {
    bench.headers(Client, 3, &[(":method", "GET"), (":scheme", "http"), (":path", "/")], true);
    let fields = &[(":method", "GET"), (":scheme", "http"), (":path", "/")];
    assert_eq!(bench.events()[0], headers(3, Client, Kind::Request, fields, true));
}

#[test]
fn a_block_of_too_many_frames() {
    let mut bench = Bench::new();
    bench.send(Client, &frame(1, 1, 1, &[0x82, 0x86]));
    for _ in 0..MAX_CONTINUATIONS {
        bench.send(Client, &frame(9, 0, 1, &[0x84]));
    }
    assert_eq!(bench.events(), []);
    for _ in 0..100 {
        bench.send(Client, &frame(9, 0, 1, &[0x84]));
    }
    let events = bench.events();
    let flood = Event::Anomaly { from: Client, stream: 1, anomalies: Anomalies::CONTINUATION_FLOOD };
    assert_eq!((events.len(), &events[0]), (3, &flood));
    assert!(matches!(&events[1], Event::Headers { truncated: true, fields, .. } if fields.len() == 18));
    bench.send(Client, &frame(9, 4, 1, &[0x84]));
    goes_on_with_losses(&mut bench);
}

#[test]
fn a_block_of_too_many_octets() {
    let mut bench = Bench::new();
    bench.send(Server, &writer::settings(&[(5, 1 << 20)]));
    bench.send(Client, &frame(1, 5, 1, &vec![0x84; MAX_BLOCK + 1]));
    assert!(bench.anomalies().contains(Anomalies::BLOCK_TOO_LARGE));
    goes_on_with_losses(&mut bench);
}

#[test]
fn an_end_within_a_frame() {
    let mut bench = Bench::new();
    bench.get(1, false);
    bench.send(Client, &frame(0, 0, 1, b"whole")[..12]);
    bench.connection.end(Client, NOW, &mut bench.record);
    assert!(bench.anomalies().contains(Anomalies::CUT_SHORT));
    bench.connection.end(Server, NOW, &mut bench.record);
    bench.send(Server, b"after the end");
    assert_eq!(bench.events(), []);
}
