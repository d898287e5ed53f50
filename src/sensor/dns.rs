//! DNS: answers, with the time that they took.
//!
//! Questions wait in a table of [`QUESTIONS`] places, found by who asked whom and the message's id; a new question takes
//! the place of an old one. An answer that comes twice, by two interfaces, is told once.

use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use crate::flow::{Content, Direction, Endpoint, Identity, Piece};
use crate::packet::Timestamp;
use crate::packet::decode::Realm;
use crate::protocol::detect::{Detected, detect};
use crate::protocol::dns::{Data, Message, Stream, begins_stream, looks_like_dns};
use crate::record::DnsAnswer;

/// Questions that wait for their answer.
const QUESTIONS: usize = 512;
/// Answers that one record tells.
const MOST_ANSWERS: usize = 32;
/// The same answer within this time is the same answer.
const REPEATED: Duration = Duration::from_secs(1);

/// The well-known ports: DNS over UDP and TCP, and multicast DNS, which is over UDP alone.
const PORT: u16 = 53;
const MULTICAST_PORT: u16 = 5353;

/// Whether messages over UDP to or from a port are DNS.
pub fn is_datagram_port(port: u16) -> bool {
    matches!(port, PORT | MULTICAST_PORT)
}

/// Whether a connection speaks DNS whose first bytes, in this direction, are these. The port alone does not tell: what
/// looks like anything else that is known is that.
pub fn begins(flow: &Identity, direction: Direction, bytes: &[u8]) -> bool {
    let port = [direction, direction.reverse()].iter().any(|&direction| flow.source(direction).port == PORT);
    let other = match detect(bytes) {
        Detected::Unknown => false,
        // The beginning of a length, or of a preface that one seldom sends byte by byte.
        Detected::Undecided => bytes.first() != Some(&0),
        _ => true,
    };
    port && !other && begins_stream(bytes)
}

/// The questions that wait.
#[derive(Debug)]
pub struct Questions {
    places: Vec<Place>,
    hasher: RandomState,
    answer: DnsAnswer,
    name: String,
}

#[derive(Debug, Clone, Copy, Default)]
struct Place {
    key: u64,
    time: Timestamp,
    answered: bool,
}

/// A DNS connection over TCP.
#[derive(Debug, Default)]
pub struct DnsStream {
    streams: [Stream; 2],
    lost: bool,
}

impl Default for Questions {
    fn default() -> Self {
        Questions {
            places: Vec::new(),
            hasher: RandomState::new(),
            name: String::new(),
            answer: DnsAnswer {
                time_unix_nanos: 0,
                id: 0,
                question: String::new(),
                question_type: String::new(),
                response_code: String::new(),
                answers: Vec::new(),
                ttl_min: None,
                rtt_nanos: None,
            },
        }
    }
}

impl Questions {
    /// Takes in a message. An answer that is new, if it is one.
    pub fn message(
        &mut self,
        bytes: &[u8],
        (realm, source, destination): (Realm, Endpoint, Endpoint),
        time: Timestamp,
    ) -> Option<&DnsAnswer> {
        if !looks_like_dns(bytes) {
            return None;
        }
        let message = Message::parse(bytes).ok()?;
        self.name.clear();
        if let Some(question) = &message.question {
            question.name.write_key(&mut self.name);
        }
        let response = message.flags.response();
        let (client, server) = if response { (destination, source) } else { (source, destination) };
        // Nought stands for an empty place.
        let key = self.hasher.hash_one((realm, client, server, message.id, &self.name)) | 1;
        if self.places.is_empty() {
            self.places.resize(QUESTIONS, Place::default());
        }
        let place = &mut self.places[key as usize % QUESTIONS];
        if !response {
            *place = Place { key, time, answered: false };
            return None;
        }
        let asked = (place.key == key).then_some(*place);
        *place = Place { key, time, answered: true };
        match asked {
            Some(asked) if asked.answered && time.since(asked.time) < REPEATED => return None,
            _ => {}
        }
        let asked = asked.filter(|asked| !asked.answered);
        self.fill(&message, time, asked.map(|asked| time.since(asked.time).as_nanos() as u64));
        Some(&self.answer)
    }

    fn fill(&mut self, message: &Message<'_>, time: Timestamp, rtt_nanos: Option<u64>) {
        let answer = &mut self.answer;
        answer.time_unix_nanos = time.nanos();
        answer.id = message.id;
        answer.rtt_nanos = rtt_nanos;
        answer.question.clear();
        answer.question_type.clear();
        answer.response_code.clear();
        answer.answers.clear();
        // Writing into a string does not fail.
        if let Some(question) = &message.question {
            question.name.write_to(&mut answer.question);
            let _ = write!(answer.question_type, "{}", question.kind);
        }
        let _ = write!(answer.response_code, "{}", message.rcode);
        let records = message.answers().map_while(Result::ok);
        answer.ttl_min = None;
        for record in records.take(MOST_ANSWERS) {
            answer.ttl_min = Some(answer.ttl_min.map_or(record.ttl, |ttl| ttl.min(record.ttl)));
            answer.answers.push(match record.data {
                Data::A(address) => address.to_string(),
                Data::Aaaa(address) => address.to_string(),
                Data::Cname(name) | Data::Ns(name) | Data::Ptr(name) => name.to_string(),
                Data::Mx { preference, exchange } => format!("{preference} {exchange}"),
                Data::Srv { priority, weight, port, target } => format!("{priority} {weight} {port} {target}"),
                Data::Svcb { priority, target } | Data::Https { priority, target } => format!("{priority} {target}"),
                // What a TXT record says is often a secret.
                Data::Txt { length } | Data::Other { length } | Data::Malformed { length } => {
                    format!("{} of {length} bytes", record.kind)
                }
            });
        }
    }
}

impl DnsStream {
    /// Bytes that it holds.
    pub fn memory(&self) -> usize {
        size_of::<Self>() + self.streams.iter().map(Stream::buffered).sum::<usize>()
    }

    /// Takes a piece, and gives each message to `then`. Whether more is wanted.
    pub fn piece(
        &mut self,
        flow: &Identity,
        direction: Direction,
        piece: &Piece<'_>,
        mut then: impl FnMut(&[u8], (Realm, Endpoint, Endpoint)),
    ) -> bool {
        let ends = (flow.key.realm(), flow.source(direction), flow.source(direction.reverse()));
        match piece.content {
            Content::Data(bytes) => self.streams[direction.index()].push(bytes, |message| then(message, ends)),
            // Where the next message begins is told by the length of the last one alone.
            Content::Gap(_) => self.lost = true,
        }
        !self.lost
    }
}
