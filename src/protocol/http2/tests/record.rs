//! Events, kept to be compared.

use super::super::{Anomalies, EndStream, Gap, Headers, Kind, Reset, Sink};
use crate::flow::Side;
use crate::packet::Timestamp;

pub type Seen = (Option<Vec<u8>>, Option<Vec<u8>>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Headers {
        stream: u32,
        from: Side,
        kind: Kind,
        status: Option<u16>,
        fields: Vec<Seen>,
        end_stream: bool,
        hpack_lost: bool,
        truncated: bool,
        anomalies: Anomalies,
    },
    /// Pieces that come one after the other are one.
    Data {
        stream: u32,
        from: Side,
        bytes: Vec<u8>,
    },
    End(EndStream),
    Reset(Reset),
    Refused(u32),
    Evicted(u32),
    Gap(Side, Gap),
    GoAway(Side, u32, u32),
    Anomaly {
        from: Side,
        stream: u32,
        anomalies: Anomalies,
    },
}

#[derive(Debug, Default)]
pub struct Record {
    pub events: Vec<Event>,
}

impl Sink for Record {
    fn headers(&mut self, headers: &Headers<'_>) {
        let seen = |part: Option<&[u8]>| part.map(<[u8]>::to_vec);
        self.events.push(Event::Headers {
            stream: headers.stream,
            from: headers.from,
            kind: headers.kind,
            status: headers.status,
            fields: headers.fields.iter().map(|field| (seen(field.name), seen(field.value))).collect(),
            end_stream: headers.end_stream,
            hpack_lost: headers.hpack_lost,
            truncated: headers.truncated,
            anomalies: headers.anomalies,
        });
    }

    fn data(&mut self, stream: u32, from: Side, bytes: &[u8], _: Timestamp) {
        assert!(!bytes.is_empty());
        match self.events.last_mut() {
            Some(Event::Data { stream: last, from: side, bytes: before }) if *last == stream && *side == from => {
                before.extend(bytes);
            }
            _ => self.events.push(Event::Data { stream, from, bytes: bytes.to_vec() }),
        }
    }

    fn end_stream(&mut self, end: &EndStream) {
        self.events.push(Event::End(*end));
    }

    fn reset(&mut self, reset: &Reset) {
        self.events.push(Event::Reset(*reset));
    }

    fn refused(&mut self, stream: u32, _: Timestamp) {
        self.events.push(Event::Refused(stream));
    }

    fn evicted(&mut self, stream: u32, _: Timestamp) {
        self.events.push(Event::Evicted(stream));
    }

    fn gap(&mut self, from: Side, gap: Gap, _: Timestamp) {
        self.events.push(Event::Gap(from, gap));
    }

    fn goaway(&mut self, from: Side, last_stream: u32, error_code: u32, _: Timestamp) {
        self.events.push(Event::GoAway(from, last_stream, error_code));
    }

    fn anomaly(&mut self, from: Side, stream: u32, anomalies: Anomalies, _: Timestamp) {
        self.events.push(Event::Anomaly { from, stream, anomalies });
    }
}

/// Headers as they are when nothing is wrong with them.
pub fn headers(stream: u32, from: Side, kind: Kind, fields: &[(&str, &str)], end_stream: bool) -> Event {
    let status = fields.iter().find(|field| field.0 == ":status").and_then(|field| field.1.parse().ok());
    let seen = |part: &str| Some(part.as_bytes().to_vec());
    Event::Headers {
        stream,
        from,
        kind,
        status,
        fields: fields.iter().map(|(name, value)| (seen(name), seen(value))).collect(),
        end_stream,
        hpack_lost: false,
        truncated: false,
        anomalies: Anomalies::NONE,
    }
}

pub fn data(stream: u32, from: Side, bytes: &[u8]) -> Event {
    Event::Data { stream, from, bytes: bytes.to_vec() }
}

pub fn end(stream: u32, from: Side, data: u64) -> Event {
    Event::End(EndStream { stream, from, data, gap: false, time: super::NOW })
}

pub fn reset(stream: u32, from: Side, error_code: Option<u32>) -> Event {
    Event::Reset(Reset { stream, from, error_code, time: super::NOW })
}
