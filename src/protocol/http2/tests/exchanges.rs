//! What messages look like when all is well.

use super::super::Connection;
use super::record::{Event, data, end, headers, reset};
use super::*;

#[test]
fn a_request_and_its_response() {
    let mut bench = Bench::new();
    bench.get(1, true);
    bench.headers(Server, 1, OK, false);
    bench.data(Server, 1, b"hello", true);
    assert_eq!(
        bench.events(),
        [
            headers(1, Client, Kind::Request, GET, true),
            end(1, Client, 0),
            headers(1, Server, Kind::Response, OK, false),
            data(1, Server, b"hello"),
            end(1, Server, 5),
        ]
    );
}

#[test]
fn both_ends_open_without_an_event() {
    let mut bench = Bench::silent(Connection::new());
    bench.send(Client, &writer::opening(Client));
    bench.send(Server, &writer::opening(Server));
    bench.send(Client, &writer::settings_ack());
    bench.send(Server, &writer::settings_ack());
    bench.send(Client, &frame(8, 0, 0, &[0, 0, 0, 1]));
    bench.send(Client, &frame(6, 0, 0, &[0; 8]));
    bench.send(Client, &frame(0x77, 0xff, 12, b"an extension"));
    assert_eq!(bench.events(), []);
}

#[test]
fn trailers_and_informational_responses() {
    let mut bench = Bench::new();
    let hints = &[(":status", "103"), ("link", "</a.css>")];
    let trailers = &[("grpc-status", "0")];
    bench.get(1, false);
    bench.headers(Client, 1, &[("checksum", "1")], true);
    bench.headers(Server, 1, &[(":status", "100")], false);
    bench.headers(Server, 1, hints, false);
    bench.headers(Server, 1, OK, false);
    bench.headers(Server, 1, trailers, true);
    let kinds = bench.kinds();
    let expected =
        [Kind::Request, Kind::Trailers, Kind::Informational, Kind::Informational, Kind::Response, Kind::Trailers];
    assert_eq!(kinds, expected.map(|kind| (1, kind)));
}

#[test]
fn a_response_to_head_announces_a_body_that_does_not_come() {
    let mut bench = Bench::new();
    let head = &[(":method", "HEAD"), (":scheme", "http"), (":path", "/"), (":authority", "example")];
    bench.headers(Client, 1, head, true);
    bench.headers(Server, 1, &[(":status", "200"), ("content-length", "1000")], true);
    assert_eq!(bench.anomalies(), Anomalies::NONE);
    bench.get(3, true);
    bench.headers(Server, 3, &[(":status", "304"), ("content-length", "1000")], true);
    assert_eq!(bench.anomalies(), Anomalies::NONE);
}

#[test]
fn a_response_may_come_before_the_request_has_ended() {
    let mut bench = Bench::new();
    bench.headers(Client, 1, POST, false);
    bench.headers(Server, 1, OK, true);
    bench.data(Client, 1, b"late", true);
    assert_eq!(
        bench.events(),
        [
            headers(1, Client, Kind::Request, POST, false),
            headers(1, Server, Kind::Response, OK, true),
            end(1, Server, 0),
            data(1, Client, b"late"),
            end(1, Client, 4),
        ]
    );
}

#[test]
fn an_upgrade_begins_with_the_response_on_stream_1() {
    let mut bench = Bench::silent(Connection::upgraded(b"GET", b"AAMAAABkAAQAAP__"));
    bench.send(Server, &writer::opening(Server));
    bench.headers(Server, 1, OK, false);
    bench.send(Client, &writer::opening(Client));
    bench.data(Server, 1, b"x", true);
    bench.get(3, true);
    assert_eq!(
        bench.events(),
        [
            headers(1, Server, Kind::Response, OK, false),
            data(1, Server, b"x"),
            end(1, Server, 1),
            headers(3, Client, Kind::Request, GET, true),
            end(3, Client, 0),
        ]
    );
}

#[test]
fn a_tunnel_is_data_both_ways() {
    let mut bench = Bench::new();
    bench.headers(Client, 1, &[(":method", "CONNECT"), (":authority", "example:443")], false);
    bench.headers(Server, 1, &[(":status", "200")], false);
    bench.data(Client, 1, b"ping", false);
    bench.data(Server, 1, b"pong", false);
    let websocket = [&[(":method", "CONNECT"), (":protocol", "websocket")], &GET[1..]].concat();
    bench.headers(Client, 3, &websocket, false);
    assert_eq!(bench.anomalies(), Anomalies::NONE);
}

#[test]
fn a_pushed_response_is_told_with_its_promised_request() {
    let mut bench = Bench::new();
    bench.get(1, true);
    let promise = bench.server.push_promise(1, 2, GET);
    bench.send(Server, &promise);
    bench.headers(Server, 2, OK, true);
    bench.headers(Server, 1, OK, true);
    let kinds = bench.kinds();
    let promised = Kind::PushPromise { promised: 2 };
    assert_eq!(kinds, [(1, Kind::Request), (1, promised), (2, Kind::Response), (1, Kind::Response)]);
}

#[test]
fn a_reset_ends_a_stream_and_what_is_still_on_its_way_is_not_told() {
    let mut bench = Bench::new();
    bench.headers(Client, 1, POST, false);
    bench.send(Client, &frame(3, 0, 1, &[0, 0, 0, 8]));
    bench.headers(Server, 1, OK, false);
    bench.data(Server, 1, b"in flight", true);
    bench.get(3, true);
    bench.headers(Server, 3, OK, true);
    assert_eq!(
        bench.events(),
        [
            headers(1, Client, Kind::Request, POST, false),
            reset(1, Client, Some(8)),
            headers(3, Client, Kind::Request, GET, true),
            end(3, Client, 0),
            headers(3, Server, Kind::Response, OK, true),
            end(3, Server, 0),
        ],
        "the header table is kept right all the same"
    );
    assert_eq!(bench.connection.counts().unattributed, 9);
}

#[test]
fn goaway_refuses_what_it_does_not_name() {
    let mut bench = Bench::new();
    for stream in [1, 3, 5] {
        bench.get(stream, true);
    }
    bench.events();
    bench.send(Server, &frame(7, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0, b'b', b'y', b'e']));
    assert_eq!(bench.events(), [Event::GoAway(Server, 1, 0), Event::Refused(3), Event::Refused(5)]);
    bench.get(7, true);
    assert_eq!(
        bench.events(),
        [headers(7, Client, Kind::Request, GET, true), end(7, Client, 0), Event::Refused(7)],
        "sent before the client knew"
    );
    bench.headers(Server, 1, OK, true);
    assert_eq!(bench.kinds(), [(1, Kind::Response)]);
}

#[test]
fn padding_and_priority_are_not_told() {
    let mut bench = Bench::new();
    let layout = writer::Layout { padding: Some(9), priority: true, fragment: 7 };
    let block = crate::protocol::hpack::tests::encoder::ordinary(GET);
    let bytes = bench.client.headers_of(1, &block, false, &layout);
    bench.send(Client, &bytes);
    bench.send(Client, &frame(0, 0x8 | 0x1, 1, b"\x04body\0\0\0\0"));
    assert_eq!(
        bench.events(),
        [headers(1, Client, Kind::Request, GET, false), data(1, Client, b"body"), end(1, Client, 4)]
    );
}

#[test]
fn a_smaller_table_is_obeyed_after_the_acknowledgement() {
    let mut bench = Bench::new();
    bench.send(Server, &writer::settings(&[(1, 0)]));
    bench.get(1, true);
    bench.send(Client, &writer::settings_ack());
    let block = crate::protocol::hpack::tests::encoder::Block {
        sizes: vec![0],
        ..crate::protocol::hpack::tests::encoder::ordinary(GET)
    };
    let bytes = bench.client.headers_of(3, &block, true, &writer::Layout::default());
    bench.send(Client, &bytes);
    assert_eq!(
        bench.events(),
        [
            headers(1, Client, Kind::Request, GET, true),
            end(1, Client, 0),
            headers(3, Client, Kind::Request, GET, true),
            end(3, Client, 0)
        ]
    );
}
