//! A conversation of HTTP/1: every transaction is accounted for, and how the bytes are cut changes nothing as long as
//! nothing was missed.

#![no_main]

use std::collections::VecDeque;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use sidetap::flow::{Content, EndKind, Limits, Piece, Side};
use sidetap::packet::{Frame, LinkType, Realm, Timestamp};
use sidetap::protocol::buffers::Buffers;
use sidetap::protocol::http1::{Anomalies, Answered, End, Head, Mark, Missing, Progress, Reader, Sink, StartLine};
use sidetap::sensor::{Engine, EngineLimits};
use sidetap_fuzz::lines::Lines;
use sidetap_fuzz::packets::{ACK, FIN, SYN, Tcp};
use sidetap_fuzz::script::{self, Step};

const EXCHANGES: usize = 16;

/// What the two readers of a connection tell, until the first loss.
#[derive(Default)]
struct Told {
    events: Vec<String>,
    asked: VecDeque<Answered>,
    loss: Option<&'static str>,
    left: bool,
}

impl Told {
    fn tell(&mut self, event: String) {
        if self.loss.is_none() {
            self.events.push(event);
        }
    }
}

impl Sink for Told {
    fn request(&mut self, head: &Head<'_, '_>, start: Mark) {
        let StartLine::Request { method, .. } = head.start else { panic!("a client does not answer") };
        let (head_only, connect) = (method == "HEAD", method == "CONNECT");
        self.asked.push_back(Answered { known: true, head: head_only, connect, upgrade: head.upgrade.is_some() });
        self.tell(format!("{head:?} {start:?}"));
    }

    fn response(&mut self, head: &Head<'_, '_>, start: Mark) -> Answered {
        assert!(matches!(head.start, StartLine::Response { .. }));
        self.tell(format!("{head:?} {start:?}"));
        self.asked.pop_front().unwrap_or_default()
    }

    fn interim(&mut self, head: &Head<'_, '_>, start: Mark) {
        self.tell(format!("interim {head:?} {start:?}"));
    }

    fn complete(&mut self, side: Side, end: End) {
        self.tell(format!("{side:?} {end:?}"));
    }

    fn anomalies(&mut self, side: Side, anomalies: Anomalies) {
        self.tell(format!("{side:?} {:?}", anomalies.names().collect::<Vec<_>>()));
    }

    fn unread(&mut self, _: Side, _: Anomalies, _: Mark) {
        self.loss.get_or_insert("unread");
    }

    fn given_up(&mut self, _: Side, _: Mark) {
        self.loss.get_or_insert("given up");
    }

    fn lost(&mut self, _: Side, _: Mark, _: Missing) {
        self.loss.get_or_insert("lost");
    }
}

/// Reads with the two readers alone. Each step has its time, and its sender has all that came before.
fn read(steps: &[Step<'_>], mut cut: impl FnMut(&[u8]) -> Vec<&[u8]>) -> Told {
    let mut told = Told::default();
    let mut buffers = Buffers::with_capacity(1 << 20);
    let mut readers = [Reader::new(Side::Client), Reader::new(Side::Server)];
    let mut offsets = [0; 2];
    for (at, step) in steps.iter().enumerate() {
        let time = Timestamp::from_parts(at as u64, 0);
        let (Step::Data(side, _) | Step::Gap(side, _) | Step::End(side)) = *step;
        let acknowledged = offsets[side.peer().index()] as i64;
        let mut push = |content: Content<'_>, told: &mut Told| {
            let offset = offsets[side.index()];
            offsets[side.index()] += content.len();
            readers[side.index()].push(&Piece { time, offset, acknowledged, content }, &mut buffers, told)
        };
        match *step {
            Step::Data(_, bytes) => {
                for bytes in cut(bytes) {
                    let progress = push(Content::Data(bytes), &mut told);
                    if let Progress::Leaves { consumed } = progress {
                        assert!(consumed <= bytes.len());
                        told.left = true;
                        return told;
                    }
                }
            }
            Step::Gap(_, length) => {
                push(Content::Gap(length.into()), &mut told);
            }
            Step::End(side) => {
                let mark = Mark { time, offset: offsets[side.index()], acknowledged };
                readers[side.index()].finish(Some(EndKind::Fin), mark, &mut buffers, &mut told);
            }
        }
    }
    let time = Timestamp::from_parts(steps.len() as u64, 0);
    for (reader, offset) in readers.iter_mut().zip(offsets) {
        reader.finish(None, Mark { time, offset, acknowledged: 0 }, &mut buffers, &mut told);
    }
    told
}

/// Reads with the whole engine. Every record, and what was counted is checked.
fn capture(steps: &[Step<'_>], midstream: bool, mut cut: impl FnMut(&[u8]) -> Vec<&[u8]>) -> Vec<String> {
    let lines = Lines::default();
    let flows = Limits { connections: 2, early_bytes: 1 << 20, hole_timeout: Duration::from_secs(2) };
    let mut engine = Engine::new(EngineLimits { flows, exchanges: EXCHANGES, buffer_bytes: 4 << 20 }, lines.exports());
    let mut tcp = Tcp::new([40_000, 80]);
    let mut frame = |time: Timestamp, bytes: &[u8]| {
        let wire_len = bytes.len() as u32;
        engine.frame(&Frame { time, interface: 0, realm: Realm::OUTSIDE, link: LinkType::Ethernet, bytes, wire_len });
    };
    let mut time = Timestamp::from_parts(1_000_000, 0);
    if !midstream {
        frame(time, &tcp.segment(Side::Client, SYN, b""));
        frame(time, &tcp.segment(Side::Server, SYN | ACK, b""));
        frame(time, &tcp.segment(Side::Client, ACK, b""));
    }
    for step in steps {
        time = time.after(Duration::from_secs(1));
        match *step {
            Step::Data(side, bytes) => {
                for bytes in cut(bytes) {
                    frame(time, &tcp.segment(side, ACK, bytes));
                }
            }
            Step::Gap(side, length) => tcp.skip(side, length),
            Step::End(side) => frame(time, &tcp.segment(side, FIN | ACK, b"")),
        }
    }
    engine.finish();
    let counts = engine.counts();
    assert!(counts.bytes.balances() && counts.bytes.held == 0, "{:?}", counts.bytes);
    assert!(counts.transactions.balances() && counts.transactions.pending == 0, "{:?}", counts.transactions);
    lines.take()
}

fuzz_target!(|input: &[u8]| {
    if input.len() > 32 << 10 {
        return;
    }
    let (mut dice, steps) = script::read(input);
    let midstream = dice.below(8) == 0;
    let mut cuts = dice.clone();
    let whole = read(&steps, |bytes| vec![bytes]);
    let in_parts = read(&steps, |bytes| cuts.cut(bytes));
    // What cannot be read may be told when it comes or when it is over, and then the connection may have left HTTP/1.
    if !whole.left && !in_parts.left {
        assert_eq!(whole.loss.is_some(), in_parts.loss.is_some(), "{:?}, {:?}", whole.loss, in_parts.loss);
    }
    let same = whole.events.len().min(in_parts.events.len());
    assert_eq!(whole.events[..same], in_parts.events[..same]);
    if whole.loss.is_none() && in_parts.loss.is_none() {
        assert_eq!(whole.events, in_parts.events);
        assert_eq!(whole.left, in_parts.left);
    }

    let records = capture(&steps, midstream, |bytes| vec![bytes]);
    let records_in_parts = capture(&steps, midstream, |bytes| dice.cut(bytes));
    let gaps = steps.iter().any(|step| matches!(step, Step::Gap(..)));
    if !midstream && !gaps && whole.loss.is_none() && !whole.left {
        assert_eq!(records, records_in_parts);
    }
});
