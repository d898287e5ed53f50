//! A conversation of HTTP/2, with gaps: memory has its bound, streams live as they are said to, and how the bytes are
//! cut changes nothing.

#![no_main]

use std::collections::{BTreeMap, BTreeSet};

use libfuzzer_sys::fuzz_target;
use sidetap::flow::Side;
use sidetap::packet::Timestamp;
use sidetap::protocol::http2::{
    Anomalies, Connection, EndStream, Gap, Headers, Kind, MAX_MEMORY, MAX_STREAMS, Reset, Sink,
};
use sidetap_fuzz::script::{self, Step};

/// What was told of a connection, and of each stream that lives.
#[derive(Default)]
struct Told {
    events: Vec<String>,
    /// The last event is data of this stream and side.
    data: Option<(u32, Side, Vec<u8>)>,
    live: BTreeMap<u32, [bool; 2]>,
    over: BTreeSet<u32>,
    /// Frames were missed, so that a stream may be told of twice.
    forgets: bool,
}

impl Told {
    fn tell(&mut self, event: String) {
        self.end_data();
        self.events.push(event);
    }

    fn end_data(&mut self) {
        if let Some((stream, from, bytes)) = self.data.take() {
            self.events.push(format!("data {stream} {from:?} {bytes:?}"));
        }
    }

    fn lives(&mut self, stream: u32, from: Side) {
        assert_ne!(stream, 0);
        assert!(!self.over.contains(&stream), "stream {stream} is over");
        let ended = self.live.entry(stream).or_default();
        assert!(!ended[from.index()], "{from:?} has ended stream {stream}");
        // What is about to be evicted is said after what takes its place.
        assert!(self.live.len() <= MAX_STREAMS + 1);
    }

    fn is_over(&mut self, stream: u32) {
        assert!(!self.over.contains(&stream), "stream {stream} is over already");
        self.live.remove(&stream);
        if !self.forgets {
            self.over.insert(stream);
        }
    }
}

impl Sink for Told {
    fn headers(&mut self, headers: &Headers<'_>) {
        match headers.kind {
            Kind::PushPromise { promised } => {
                assert_eq!(headers.from, Side::Server);
                assert!(!self.live.contains_key(&promised));
                self.lives(promised, Side::Server);
                // Its request is whole.
                self.live.insert(promised, [true, false]);
            }
            _ => self.lives(headers.stream, headers.from),
        }
        let fields: Vec<_> = headers.fields.iter().collect();
        let lost = fields.iter().any(|field| field.name.is_none() || field.value.is_none());
        assert!(!lost || headers.hpack_lost);
        let Headers { stream, from, kind, status, end_stream, truncated, anomalies, .. } = headers;
        self.tell(format!(
            "headers {stream} {from:?} {kind:?} {status:?} {fields:?} {end_stream} {lost} {truncated} {anomalies:?}"
        ));
    }

    fn data(&mut self, stream: u32, from: Side, bytes: &[u8], _: Timestamp) {
        assert!(!bytes.is_empty());
        self.lives(stream, from);
        match &mut self.data {
            Some((last, side, before)) if (*last, *side) == (stream, from) => before.extend_from_slice(bytes),
            _ => {
                self.end_data();
                self.data = Some((stream, from, bytes.to_vec()));
            }
        }
    }

    fn end_stream(&mut self, end: &EndStream) {
        self.lives(end.stream, end.from);
        self.tell(format!("{end:?}"));
        let ended = self.live.entry(end.stream).or_default();
        ended[end.from.index()] = true;
        if *ended == [true; 2] {
            self.is_over(end.stream);
        }
    }

    fn reset(&mut self, reset: &Reset) {
        self.tell(format!("{reset:?}"));
        self.is_over(reset.stream);
    }

    fn refused(&mut self, stream: u32, _: Timestamp) {
        self.tell(format!("refused {stream}"));
        self.is_over(stream);
    }

    fn evicted(&mut self, stream: u32, _: Timestamp) {
        self.tell(format!("evicted {stream}"));
        self.is_over(stream);
    }

    fn gap(&mut self, from: Side, gap: Gap, _: Timestamp) {
        if gap == Gap::Frames {
            // From here on it is not certain which streams are over.
            self.forgets = true;
            self.over.clear();
        }
        self.tell(format!("gap {from:?} {gap:?}"));
    }

    fn goaway(&mut self, from: Side, last_stream: u32, error_code: u32, _: Timestamp) {
        self.tell(format!("goaway {from:?} {last_stream} {error_code}"));
    }

    fn anomaly(&mut self, from: Side, stream: u32, anomalies: Anomalies, _: Timestamp) {
        self.tell(format!("anomaly {from:?} {stream} {anomalies:?}"));
    }
}

/// Where a connection begins.
#[derive(Clone, Copy)]
enum Beginning {
    Preface,
    Upgrade,
    Middle,
}

fn read(from: Beginning, steps: &[Step<'_>], mut cut: impl FnMut(&[u8]) -> Vec<&[u8]>) -> Vec<String> {
    let mut told = Told::default();
    let mut connection = match from {
        Beginning::Preface => Connection::new(),
        Beginning::Middle => {
            told.forgets = true;
            Connection::midstream()
        }
        Beginning::Upgrade => {
            told.live.insert(1, [true, false]);
            // HEADER_TABLE_SIZE 4096.
            Connection::upgraded(b"GET", b"AAEAABAA")
        }
    };
    for (at, step) in steps.iter().enumerate() {
        let time = Timestamp::from_parts(at as u64, 0);
        match *step {
            Step::Data(from, bytes) => {
                for bytes in cut(bytes) {
                    connection.push(from, bytes, time, &mut told);
                    assert!(connection.memory() <= MAX_MEMORY, "{}", connection.memory());
                }
            }
            Step::Gap(from, length) => connection.gap(from, length.into(), time, &mut told),
            Step::End(from) => connection.end(from, time, &mut told),
        }
        assert!(connection.memory() <= MAX_MEMORY, "{}", connection.memory());
    }
    told.end_data();
    told.events.push(format!("{:?}", connection.counts()));
    told.events
}

fuzz_target!(|input: &[u8]| {
    let (mut dice, steps) = script::read(input);
    let beginning = match dice.below(4) {
        0 => Beginning::Middle,
        1 => Beginning::Upgrade,
        _ => Beginning::Preface,
    };
    let whole = read(beginning, &steps, |bytes| vec![bytes]);
    let in_parts = read(beginning, &steps, |bytes| dice.cut(bytes));
    assert_eq!(whole, in_parts);
});
