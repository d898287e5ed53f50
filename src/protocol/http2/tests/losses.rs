//! Gaps and late starts.

use super::super::Connection;
use super::record::{Event, data, end, headers};
use super::*;

#[test]
fn a_gap_in_a_body_is_passed_over() {
    let mut bench = Bench::new();
    bench.headers(Client, 1, POST, false);
    let frames = [frame(0, 0, 1, b"0123456789"), frame(0, 1, 1, b"end")].concat();
    bench.send(Client, &frames[..11]);
    bench.lose(Client, 5);
    bench.send(Client, &frames[16..]);
    bench.headers(Server, 1, OK, true);
    let events = bench.events();
    assert_eq!(
        events[1..5],
        [
            data(1, Client, b"01"),
            Event::Gap(Client, Gap::Data { stream: 1, bytes: Some(5) }),
            data(1, Client, b"789end"),
            Event::End(super::super::EndStream { stream: 1, from: Client, data: 8, gap: true, time: NOW }),
        ]
    );
    assert_eq!(events[5], headers(1, Server, Kind::Response, OK, true));
}

#[test]
fn a_gap_up_to_the_end_of_a_frame_still_tells_that_it_ended_the_stream() {
    let mut bench = Bench::new();
    bench.headers(Client, 1, POST, false);
    bench.send(Client, &frame(0, 1, 1, b"0123456789")[..9]);
    bench.events();
    bench.lose(Client, 10);
    assert!(matches!(bench.events()[1], Event::End(end) if end.gap && end.data == 0));
    bench.get(3, true);
    assert_eq!(
        bench.events()[0],
        headers(3, Client, Kind::Request, GET, true),
        "and the next frame is where it should"
    );
}

#[test]
fn a_gap_into_the_padding_counts_the_data_alone() {
    let mut bench = Bench::new();
    bench.headers(Client, 1, POST, false);
    bench.send(Client, &frame(0, 8, 1, b"\x03abcdef\0\0\0")[..12]);
    bench.events();
    bench.lose(Client, 6);
    bench.lose(Client, 1);
    assert_eq!(bench.events(), [Event::Gap(Client, Gap::Data { stream: 1, bytes: Some(4) })]);
    bench.data(Client, 1, b"z", false);
    assert_eq!(bench.events(), [data(1, Client, b"z")]);
}

#[test]
fn a_gap_over_the_pad_length_gives_the_frame_up_and_nothing_else() {
    let mut bench = Bench::new();
    bench.headers(Client, 1, POST, false);
    let padded = frame(0, 8, 1, b"\x03abc\0\0\0");
    bench.send(Client, &padded[..9]);
    bench.lose(Client, 2);
    assert_eq!(bench.events()[1..], [Event::Gap(Client, Gap::Data { stream: 1, bytes: None })]);
    bench.send(Client, &padded[11..]);
    bench.data(Client, 1, b"z", false);
    assert_eq!(bench.events(), [data(1, Client, b"z")]);
}

#[test]
fn a_gap_in_a_header_block_tells_what_came_before_it() {
    let mut bench = Bench::new();
    let block = bench.client.block(GET);
    let bytes = frame(1, 5, 1, &block);
    bench.send(Client, &bytes[..11]);
    bench.lose(Client, bytes.len() - 11);
    let events = bench.events();
    assert_eq!(events[0], Event::Gap(Client, Gap::Headers { stream: 1 }));
    let Event::Headers { kind: Kind::Request, fields, truncated: true, end_stream: true, .. } = &events[1] else {
        panic!("{events:?}")
    };
    assert_eq!(fields.len(), 2);
    bench.headers(Server, 1, OK, true);
    assert_eq!(bench.kinds(), [(1, Kind::Response)]);
    bench.get(3, true);
    let events = bench.events();
    let Event::Headers { fields, hpack_lost: true, truncated: false, .. } = &events[0] else { panic!("{events:?}") };
    assert_eq!(fields[2], (None, None), "the path was added in the gap");
}

#[test]
fn a_gap_over_the_number_of_a_promised_stream_tells_nothing_of_it() {
    let mut bench = Bench::new();
    bench.get(1, true);
    let promise = bench.server.push_promise(1, 2, GET);
    bench.send(Server, &promise[..11]);
    bench.events();
    bench.lose(Server, 4);
    bench.send(Server, &promise[15..]);
    assert_eq!(bench.events(), [Event::Gap(Server, Gap::Headers { stream: 1 })]);
    bench.headers(Server, 1, &[(":status", "204")], true);
    assert_eq!(bench.kinds(), [(1, Kind::Response)]);
}

#[test]
fn a_gap_over_frames_is_survived_at_three_frames_in_a_row() {
    let mut bench = Bench::new();
    bench.get(1, true);
    bench.get(3, true);
    bench.headers(Server, 1, OK, false);
    bench.events();
    bench.lose(Server, 500);
    assert_eq!(bench.events(), [Event::Gap(Server, Gap::Frames)]);
    bench.send(Server, b"the rest of something");
    bench.send(Server, &frame(6, 0, 0, &[0; 8]));
    bench.headers(Server, 3, &[(":status", "404")], false);
    assert_eq!(bench.events(), []);
    bench.data(Server, 3, b"not ", false);
    bench.data(Server, 3, b"found", true);
    let not_found = &[(":status", "404")];
    let events = bench.events();
    assert_eq!(events[..2], [headers(3, Server, Kind::Response, not_found, false), data(3, Server, b"not found")]);
    assert!(matches!(events[2], Event::End(end) if end.gap && end.data == 9));
    assert_eq!(bench.connection.counts().skipped, 21 + 17, "the first frame only shows where the second is");
    bench.data(Server, 1, b"more", true);
    assert!(matches!(bench.events()[1], Event::End(end) if end.gap && end.stream == 1));
}

#[test]
fn a_late_start_tells_what_is_known() {
    let mut bench = Bench::silent(Connection::midstream());
    let fields = [GET, &[("x-id", "7")]].concat();
    let earlier = bench.client.headers(1, &fields, true);
    bench.server.headers(1, OK, false);
    drop(earlier);
    bench.headers(Client, 3, &[GET, &[("x-id", "8")]].concat(), true);
    bench.headers(Client, 5, &fields, true);
    bench.headers(Client, 7, &fields, true);
    let events = bench.events();
    let known: Vec<Vec<bool>> = events
        .iter()
        .filter_map(|event| match event {
            Event::Headers { fields, hpack_lost: true, kind: Kind::Request, .. } => Some(fields),
            _ => None,
        })
        .map(|fields| fields.iter().map(|(name, value)| name.is_some() && value.is_some()).collect())
        .collect();
    // The name of "x-id" was added before the start: its value is known on stream 3, and no more than that.
    assert_eq!(known, [[true, true, false, false, false]; 3]);

    bench.data(Server, 1, b"tail", true);
    bench.headers(Server, 3, &[(":status", "304")], true);
    bench.headers(Server, 5, &[(":status", "304")], true);
    let events = bench.events();
    assert_eq!(events[0], data(1, Server, b"tail"));
    assert!(matches!(events[1], Event::End(end) if end.gap && end.stream == 1));
    assert_eq!(events[2], headers(3, Server, Kind::Response, &[(":status", "304")], true));
    assert!(
        matches!(events[3], Event::End(end) if end.gap && end.stream == 3),
        "asked before reading of answers began"
    );
    bench.get(9, true);
    bench.events();
    bench.headers(Server, 9, &[(":status", "304")], true);
    assert_eq!(bench.events()[1], end(9, Server, 0));
}

#[test]
fn after_a_late_start_a_block_that_could_be_two_things_is_neither() {
    let mut bench = Bench::silent(Connection::midstream());
    let moved = &[(":status", "302")];
    bench.server.headers(1, moved, true);
    bench.headers(Server, 3, moved, true);
    bench.headers(Server, 5, &[("grpc-status", "0")], true);
    bench.headers(Server, 7, moved, false);
    assert_eq!(bench.kinds(), [(3, Kind::Unknown), (5, Kind::Trailers), (7, Kind::Unknown)]);
    bench.data(Server, 7, b"body", false);
    bench.headers(Server, 7, moved, true);
    assert_eq!(bench.kinds(), [(7, Kind::Trailers)], "after data nothing else can be");
}

#[test]
fn a_stream_that_was_seen_to_close_does_not_come_back_after_a_gap_on_the_other_side() {
    let mut bench = Bench::new();
    bench.get(1, true);
    bench.send(Client, &frame(3, 0, 1, &[0, 0, 0, 8]));
    bench.lose(Server, 100);
    bench.events();
    bench.headers(Server, 1, OK, false);
    bench.data(Server, 1, b"a", false);
    bench.data(Server, 1, b"b", true);
    assert_eq!(bench.events(), []);
}

#[test]
fn a_false_beginning_is_given_up_when_it_shows() {
    let mut bench = Bench::silent(Connection::midstream());
    let bait = [frame(0, 0, 1, b"a"), frame(0, 0, 1, b"b"), frame(0, 0, 1, b"c")].concat();
    bench.send(Client, &bait);
    bench.send(Client, b"and then text, not frames");
    assert!(bench.events().contains(&Event::Gap(Client, Gap::Frames)));
    for stream in [3, 5, 7] {
        bench.get(stream, true);
    }
    assert_eq!(bench.kinds(), [(5, Kind::Request), (7, Kind::Request)], "the first only shows where the second is");
}

#[test]
fn rubbish_behind_found_frames_hides_no_others_whatever_the_pieces() {
    let frames = |byte: &[u8]| [frame(0, 0, 1, byte), frame(0, 0, 1, byte), frame(0, 0, 1, byte)].concat();
    let stream = [&frames(b"a")[..], b"rubbish that is no frame", &frames(b"b")].concat();
    for piece in [1, 2, 7, 30, stream.len()] {
        let mut bench = Bench::new();
        bench.get(1, true);
        bench.headers(Server, 1, OK, false);
        bench.events();
        bench.lose(Server, 500);
        stream.chunks(piece).for_each(|bytes| bench.send(Server, bytes));
        let lost = Event::Gap(Server, Gap::Frames);
        // Of those behind the rubbish the first only shows where the second is.
        let told = [lost.clone(), data(1, Server, b"aaa"), lost, data(1, Server, b"bb")];
        assert_eq!(bench.events(), told, "pieces of {piece}");
    }
}

#[test]
fn a_stream_that_is_promised_while_it_lives_is_followed_once() {
    let mut bench = Bench::new();
    bench.get(1, true);
    bench.lose(Server, 500);
    for bytes in [b"a", b"b", b"c"] {
        bench.data(Server, 2, bytes, false);
    }
    bench.events();
    let promise = bench.server.push_promise(1, 2, GET);
    bench.send(Server, &promise);
    assert_eq!(bench.kinds(), []);
}
