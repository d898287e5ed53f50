use std::time::Duration;

use super::early::MAX_SEGMENTS;
use super::key::Direction::{self, Down, Up};
use super::patience::{GRACE, GRACE_PACKETS};
use super::*;
use crate::packet::decode::Realm;
use crate::packet::tcp::{Flags, Segment};
use crate::packet::{Address, Timestamp};

/// Writes down what it is handed.
#[derive(Default)]
struct Recorder {
    said: Vec<String>,
    /// Wants no more once it was handed this.
    enough: Option<&'static str>,
}

impl Reader for Recorder {
    type State = ();

    fn piece(&mut self, _: &Identity, (): &mut (), direction: Direction, piece: Piece<'_>) -> Interest {
        let content = match piece.content {
            Content::Data(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Content::Gap(len) => format!("gap {len}"),
        };
        let enough = self.enough == Some(content.as_str());
        self.said.push(format!("{direction:?} {} {} {content}", piece.offset, piece.acknowledged));
        if enough { Interest::Nothing } else { Interest::Bytes }
    }

    fn end(&mut self, _: &Identity, (): &mut (), direction: Direction, end: EndKind, _: Timestamp) {
        self.said.push(format!("{direction:?} {end:?}"));
    }

    fn close(&mut self, _: &Identity, (): &mut (), summary: &Summary) {
        self.said.push(format!("close {:?}", summary.how));
    }
}

/// A table and its one connection, between a client at 100 and a server at 1000.
struct Table {
    table: FlowTable<Recorder>,
    recorder: Recorder,
    now: Timestamp,
}

const SYN: Flags = Flags::SYN;
const ACK: Flags = Flags::ACK;
const FIN: Flags = Flags::FIN.and(Flags::ACK);

impl Table {
    fn new(early_bytes: usize) -> Self {
        let limits = Limits { connections: 2, early_bytes, hole_timeout: Duration::from_secs(3) };
        let now = Timestamp::from_parts(1_000, 0);
        Table { table: FlowTable::new(limits), recorder: Recorder::default(), now }
    }

    /// After the handshake: the client's first byte is 101, the server's 1001.
    fn opened() -> Self {
        let mut table = Table::new(1 << 20);
        table.send(Up, SYN, 100, 0, b"");
        table.send(Down, SYN.and(ACK), 1000, 101, b"");
        table.send(Up, ACK, 101, 1001, b"");
        table
    }

    fn send(&mut self, direction: Direction, flags: Flags, sequence: u32, acknowledgement: u32, payload: &[u8]) {
        let (low, high) = (Address::v4([10, 0, 0, 1]), Address::v4([10, 0, 0, 2]));
        let (source, destination) = if direction == Up { (low, high) } else { (high, low) };
        let segment = Segment {
            source_port: 80,
            destination_port: 80,
            sequence,
            acknowledgement,
            flags,
            payload,
            payload_len: payload.len() as u32,
        };
        let ends = (Realm::OUTSIDE, source, destination);
        self.table.segment(ends, &segment, self.now, 0, &mut self.recorder);
        assert!(self.table.ledger().balances(), "{:?}", self.table.ledger());
    }

    fn wait(&mut self, duration: Duration) {
        self.now = self.now.after(duration);
        self.table.sweep(self.now, &mut self.recorder);
    }

    /// What was said since the last time.
    #[track_caller]
    fn says(&mut self, expected: &[&str]) {
        assert_eq!(std::mem::take(&mut self.recorder.said), expected);
    }
}

#[test]
fn what_comes_in_order_is_handed_on_at_once() {
    let mut table = Table::opened();
    table.send(Up, ACK, 101, 1001, b"ask");
    table.send(Down, ACK, 1001, 104, b"answer");
    table.says(&["Up 0 0 ask", "Down 0 3 answer"]);
    table.send(Up, FIN, 104, 1007, b"");
    table.send(Down, FIN, 1007, 105, b"");
    table.says(&["Up Fin", "Down Fin", "close Fin"]);
}

#[test]
fn an_answer_waits_for_its_question() {
    let mut table = Table::opened();
    table.send(Down, ACK, 1001, 104, b"answer");
    table.says(&[]);
    table.send(Up, ACK, 101, 1001, b"ask");
    table.says(&["Up 0 0 ask", "Down 0 3 answer"]);
}

#[test]
fn what_was_acknowledged_and_does_not_come_is_a_gap_after_a_grace() {
    let mut table = Table::opened();
    table.send(Down, ACK, 1001, 104, b"answer");
    // The client's own numbers show that it sent them.
    table.send(Up, ACK, 104, 1001, b"");
    table.wait(GRACE / 2);
    table.says(&[]);
    table.wait(GRACE);
    table.says(&["Up 0 0 gap 3", "Down 0 3 answer"]);
    assert_eq!((table.table.ledger().gap, table.table.counts().gaps), (3, 1));
}

#[test]
fn the_grace_is_also_over_after_many_packets() {
    let mut table = Table::opened();
    table.send(Up, ACK, 104, 1001, b"");
    for _ in 0..=GRACE_PACKETS {
        table.says(&[]);
        table.send(Down, ACK, 1001, 104, b"");
    }
    table.says(&["Up 0 0 gap 3"]);
}

#[test]
fn what_nobody_acknowledged_is_waited_for_longer() {
    let mut table = Table::opened();
    table.send(Up, ACK, 104, 1001, b"two");
    table.wait(Duration::from_secs(2));
    table.says(&[]);
    table.send(Up, ACK, 101, 1001, b"one");
    table.says(&["Up 0 0 one", "Up 3 0 two"]);
    table.send(Up, ACK, 110, 1001, b"four");
    table.wait(Duration::from_secs(4));
    table.says(&["Up 6 0 gap 3", "Up 9 0 four"]);
}

#[test]
fn an_acknowledgement_of_what_nobody_sent_is_not_believed() {
    let mut table = Table::opened();
    table.send(Down, ACK, 1001, 5_000_000, b"");
    table.wait(Duration::from_secs(10));
    table.says(&[]);
    table.send(Up, ACK, 101, 1001, b"ask");
    table.says(&["Up 0 0 ask"]);
}

#[test]
fn one_side_alone_is_read_with_gaps_for_the_other() {
    let mut table = Table::new(1 << 20);
    table.send(Up, SYN, 100, 0, b"");
    table.send(Up, ACK, 101, 1001, b"ask");
    table.send(Up, ACK, 104, 1007, b"again");
    table.wait(GRACE * 2);
    table.says(&["Up 0 0 ask", "Down 0 3 gap 6", "Up 3 6 again"]);
}

#[test]
fn the_first_copy_wins() {
    let mut table = Table::opened();
    table.send(Up, ACK, 101, 1001, b"abc");
    table.send(Up, ACK, 102, 1001, b"XXde");
    table.send(Up, ACK, 101, 1001, b"YYY");
    table.says(&["Up 0 0 abc", "Up 3 0 de"]);
    assert_eq!((table.table.ledger().delivered, table.table.ledger().duplicate), (5, 5));
}

#[test]
fn a_middle_is_read_from_its_lowest_byte() {
    let mut table = Table::new(1 << 20);
    table.send(Up, ACK, 504, 9001, b"two");
    table.send(Up, ACK, 501, 9001, b"one");
    table.says(&[]);
    table.wait(GRACE * 2);
    table.says(&["Up 0 0 one", "Up 3 0 two"]);
    assert_eq!(table.table.counts().midstream, 1);
}

#[test]
fn too_many_early_segments_give_the_hole_up() {
    let mut table = Table::opened();
    for place in 0..u32::from(MAX_SEGMENTS) {
        table.send(Up, ACK, 200 + place, 1001, b"x");
    }
    table.says(&[]);
    table.send(Up, ACK, 200 + u32::from(MAX_SEGMENTS), 1001, b"x");
    assert_eq!(table.recorder.said.first().map(String::as_str), Some("Up 0 0 gap 99"));
    assert_eq!(table.recorder.said.len(), usize::from(MAX_SEGMENTS) + 2);
    assert_eq!(table.table.ledger().held, 0);
}

#[test]
fn a_full_pool_loses_early_bytes_and_counts_them() {
    let mut table = Table::new(0);
    table.send(Up, SYN, 100, 0, b"");
    table.send(Down, SYN.and(ACK), 1000, 101, b"");
    table.send(Up, ACK, 104, 1001, b"two");
    assert_eq!(table.table.ledger().evicted, 3);
    table.send(Up, ACK, 101, 1001, b"one");
    table.says(&["Up 0 0 one"]);
}

#[test]
fn a_reader_that_has_enough_is_handed_nothing_more() {
    let mut table = Table::opened();
    table.recorder.enough = Some("secret");
    table.send(Up, ACK, 107, 1001, b"more");
    table.send(Up, ACK, 101, 1001, b"secret");
    table.send(Down, ACK, 1001, 111, b"answer");
    table.says(&["Up 0 0 secret"]);
    assert_eq!(table.table.ledger().unparsed, 10);
    table.send(Up, FIN, 111, 1007, b"");
    table.send(Down, FIN, 1007, 112, b"");
    table.says(&["close Fin"]);
}

#[test]
fn the_longest_silent_connection_makes_room() {
    let mut table = Table::opened();
    for host in 3..5 {
        let segment = Segment {
            source_port: 1,
            destination_port: 2,
            sequence: 1,
            acknowledgement: 0,
            flags: SYN,
            payload: b"",
            payload_len: 0,
        };
        let ends = (Realm::OUTSIDE, Address::v4([10, 0, 0, host]), Address::v4([10, 0, 0, 9]));
        table.table.segment(ends, &segment, table.now, 0, &mut table.recorder);
    }
    table.says(&["close Evicted"]);
    assert_eq!((table.table.counts().evicted, table.table.open_connections()), (1, 2));
}

#[test]
fn a_side_that_is_not_seen_at_all_misses_what_was_acknowledged_and_no_more() {
    // Numbers in both halves of the circle.
    for start in [1000, 3_000_000_000] {
        let mut table = Table::new(1 << 20);
        table.send(Up, SYN, 100, 0, b"");
        table.send(Up, ACK, 101, start + 1, b"");
        table.send(Up, ACK, 101, start + 1, b"ask");
        table.send(Up, ACK, 104, start + 7, b"again");
        table.table.finish(&mut table.recorder);
        table.says(&["Up 0 0 ask", "Down 0 3 gap 6", "Up 3 6 again", "close EndOfCapture"]);
        assert_eq!(table.table.ledger().gap, 6);
    }
}
