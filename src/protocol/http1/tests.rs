//! One direction at a time: what a reader tells, and that it does not depend on the pieces.

use super::*;
use crate::flow::{Content, EndKind, Piece, Side};
use crate::packet::Timestamp;
use crate::protocol::buffers::{Buffers, Kept};

/// Writes down what it is told, and knows of each response what it was given.
#[derive(Default)]
struct Told {
    lines: Vec<String>,
    answered: Answered,
}

impl Sink for Told {
    fn request(&mut self, _: &Head<'_, '_>, start: Mark) {
        self.lines.push(format!("request at {}", start.offset));
    }

    fn response(&mut self, head: &Head<'_, '_>, start: Mark) -> Answered {
        let StartLine::Response { status, .. } = head.start else { panic!("a server does not ask") };
        self.lines.push(format!("{status} at {}", start.offset));
        self.answered
    }

    fn interim(&mut self, _: &Head<'_, '_>, _: Mark) {}

    fn complete(&mut self, _: Side, end: End) {
        let how = if end.whole { "whole" } else { "cut" };
        self.lines.push(format!("{how} at {} with {}", end.mark.offset, end.body_len));
    }

    fn anomalies(&mut self, _: Side, anomalies: Anomalies) {
        self.lines.push(anomalies.names().collect());
    }

    fn unread(&mut self, _: Side, anomalies: Anomalies, mark: Mark) {
        self.lines.push(format!("unread at {} {}", mark.offset, anomalies.names().collect::<String>()));
    }

    fn given_up(&mut self, _: Side, mark: Mark) {
        self.lines.push(format!("given up at {}", mark.offset));
    }

    fn lost(&mut self, _: Side, mark: Mark, _: Missing) {
        self.lines.push(format!("lost at {}", mark.offset));
    }
}

/// What is told of a server's bytes that come in pieces of this size, and then a FIN.
fn told(wire: &[u8], piece_len: usize, answered: Answered) -> Vec<String> {
    let mut told = Told { answered, ..Told::default() };
    let mut buffers = Buffers::with_capacity(1 << 20);
    let mut reader = Reader::new(Side::Server);
    let time = Timestamp::default();
    for (place, bytes) in wire.chunks(piece_len).enumerate() {
        let offset = (place * piece_len) as u64;
        reader.push(&Piece { time, offset, acknowledged: 0, content: Content::Data(bytes) }, &mut buffers, &mut told);
    }
    let mark = Mark { time, offset: wire.len() as u64, acknowledged: 0 };
    reader.finish(Some(EndKind::Fin), mark, &mut buffers, &mut told);
    told.lines
}

/// What is told whatever the pieces are.
#[track_caller]
fn always_told(wire: &[u8], answered: Answered) -> Vec<String> {
    let whole = told(wire, usize::MAX, answered);
    for piece_len in 1..wire.len() {
        assert_eq!(told(wire, piece_len, answered), whole, "in pieces of {piece_len}");
    }
    whole
}

const UNKNOWN: Answered = Answered { known: false, head: false, connect: false, upgrade: false };

#[test]
fn a_response_to_an_unseen_head_does_not_swallow_the_next() {
    for length in [
        "Content-Length: 5000\r\n",
        "Content-Length: 40\r\n",
        "Content-Length: 5\r\n",
        "Content-Length: 1\r\n",
        "Transfer-Encoding: chunked\r\n",
        "",
    ] {
        let head = format!("HTTP/1.1 200 OK\r\n{length}\r\n");
        let wire = [head.as_bytes(), b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone"].concat();
        let (next, end) = (head.len(), wire.len());
        let expected = ["200 at 0", &format!("cut at {next} with 0"), &format!("404 at {next}")];
        let told = always_told(&wire, UNKNOWN);
        assert_eq!(told[..3], expected, "{length}");
        assert_eq!(told[3..], [format!("whole at {end} with 4")]);
    }
}

#[test]
fn a_response_to_an_unknown_request_has_its_body() {
    for (length, body, content) in [
        ("Content-Length: 9\r\n", &b"HTTP/1.1!"[..], 9),
        ("Content-Length: 2\r\n", b"ok", 2),
        ("Content-Length: 20\r\n", b"HTTP/1.1 is the name", 20),
        ("Content-Length: 30\r\n", b"Here: HTTP/1.1 200 OK\r\nand so.", 30),
        ("Transfer-Encoding: chunked\r\n", b"4\r\nHTTP\r\n0\r\n\r\n", 4),
    ] {
        let head = format!("HTTP/1.1 200 OK\r\n{length}\r\n");
        let wire = [head.as_bytes(), body, b"HTTP/1.1 204 No Content\r\n\r\n"].concat();
        let (next, end) = (head.len() + body.len(), wire.len());
        let expected = [
            "200 at 0",
            &format!("whole at {next} with {content}"),
            &format!("204 at {next}"),
            &format!("whole at {end} with 0"),
        ];
        assert_eq!(always_told(&wire, UNKNOWN), expected, "{length}");
    }
    let until_close = b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.";
    assert_eq!(always_told(until_close, UNKNOWN), ["200 at 0", "whole at 26 with 7"]);
}

#[test]
fn what_a_known_request_answers_is_not_doubted() {
    let known = Answered { known: true, ..UNKNOWN };
    let quoted = b"HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
    assert_eq!(always_told(quoted, known), ["200 at 0", "whole at 58 with 19"]);
    let head = Answered { head: true, ..known };
    let wire = b"HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
    assert_eq!(always_told(wire, head), ["200 at 0", "whole at 39 with 0", "200 at 39", "whole at 58 with 0"]);
}

#[test]
fn bytes_that_were_missed_where_a_body_may_have_begun_lose_the_reader() {
    let mut told = Told { answered: UNKNOWN, ..Told::default() };
    let mut buffers = Buffers::with_capacity(1 << 20);
    let mut reader = Reader::new(Side::Server);
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nHTTP/";
    let piece = |offset, content| Piece { time: Timestamp::default(), offset, acknowledged: 0, content };
    reader.push(&piece(0, Content::Data(head)), &mut buffers, &mut told);
    reader.push(&piece(46, Content::Gap(100)), &mut buffers, &mut told);
    reader.push(&piece(146, Content::Data(b"HTTP/1.1 204 No Content\r\n\r\n")), &mut buffers, &mut told);
    assert_eq!(told.lines, ["200 at 0", "cut at 46 with 0", "lost at 46", "204 at 146", "whole at 173 with 0"]);
}

/// What is told of a server's pieces, between which another connection begins a long head that needs all room.
fn told_in_a_crowd(pieces: &[&[u8]], answered: Answered) -> Vec<String> {
    let mut told = Told { answered, ..Told::default() };
    let mut buffers = Buffers::with_capacity(1_500);
    let mut reader = Reader::new(Side::Server);
    let mut offset = 0;
    for bytes in pieces {
        let piece = Piece { time: Timestamp::default(), offset, acknowledged: 0, content: Content::Data(bytes) };
        reader.push(&piece, &mut buffers, &mut told);
        offset += bytes.len() as u64;
        let other = buffers.take().unwrap();
        assert_eq!(buffers.append(&other, &[b'x'; 1_200]), Kept::All);
        buffers.give_back(other);
    }
    reader.finish(None, Mark { offset, ..Mark::default() }, &mut buffers, &mut told);
    told.lines
}

#[test]
fn a_head_that_was_given_up_for_others_is_told_as_such() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(
        told_in_a_crowd(&[&head[..20], &head[20..], head], UNKNOWN),
        ["given up at 20", "200 at 38", "whole at 76 with 0",]
    );
    assert_eq!(told_in_a_crowd(&[&head[..20]], UNKNOWN), ["given up at 20"], "at the end, too");
    // What was kept was the beginning of a body that may be none.
    let doubtful = [&b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\nHTTP"[..], b"/1.1 and more", head];
    assert_eq!(
        told_in_a_crowd(&doubtful, UNKNOWN),
        ["200 at 0", "cut at 43 with 0", "lost at 43", "200 at 56", "whole at 94 with 0",]
    );
}

#[test]
fn a_head_for_which_there_is_no_room_is_not_accused() {
    let mut told = Told::default();
    let mut buffers = Buffers::with_capacity(1);
    let mut reader = Reader::new(Side::Server);
    let content = Content::Data(b"HTTP/1.1 200 OK\r\nServer: ");
    let piece = Piece { time: Timestamp::default(), offset: 0, acknowledged: 0, content };
    reader.push(&piece, &mut buffers, &mut told);
    assert_eq!(told.lines, ["given up at 0"]);
}
