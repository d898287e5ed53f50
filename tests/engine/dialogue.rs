//! HTTP dialogues as clients and servers have them, with the truth about each exchange.

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

use super::chance::Chance;
use super::connection::{Connection, End};
use super::packet::Packet;
use proptest::prelude::*;

/// One exchange as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    pub id: String,
    pub method: &'static str,
    pub path: String,
    pub status: u16,
    pub version: &'static str,
    pub request_len: u64,
    pub response_len: u64,
}

/// How a client sends requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// One, then waits for its response.
    One,
    /// Up to so many at once, then waits for all responses.
    Bursts(usize),
    /// Keeps so many without response, after so many one by one.
    Keeps { outstanding: usize, after: usize },
}

/// How a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    Client,
    Server,
    /// The last response has no length.
    UntilClose,
    Reset,
    Open,
}

/// What decides a dialogue.
#[derive(Debug, Clone)]
pub struct Shape {
    pub seed: u64,
    pub exchanges: usize,
    pub pace: Pace,
    pub closing: Closing,
    pub mss: usize,
    pub max_body: usize,
    pub v6: bool,
    pub port: u16,
    /// Nothing but GET and short answers.
    pub simple: bool,
}

/// Packets and the truth about them.
#[derive(Debug, Clone)]
pub struct Dialogue {
    pub packets: Vec<Packet>,
    pub truth: Vec<Truth>,
}

pub fn pace() -> impl Strategy<Value = Pace> {
    prop_oneof![3 => Just(Pace::One), 1 => (2..6_usize).prop_map(Pace::Bursts), 1 => keeps()]
}

/// A client that asks whenever it is answered, so that it seems to wait.
pub fn keeps() -> impl Strategy<Value = Pace> {
    (2..5_usize, prop::sample::select(vec![0, 0, 1, 3]))
        .prop_map(|(outstanding, after)| Pace::Keeps { outstanding, after })
}

pub fn closing() -> impl Strategy<Value = Closing> {
    prop::sample::select(vec![Closing::Client, Closing::Server, Closing::UntilClose, Closing::Reset, Closing::Open])
}

/// Shapes of up to so many exchanges.
pub fn shape(exchanges: usize) -> impl Strategy<Value = Shape> {
    let numbers = (1..=exchanges, 60..1461_usize, prop::sample::select(vec![0, 10, 300, 5_000]));
    (any::<u64>(), numbers, pace(), closing(), any::<bool>()).prop_map(
        |(seed, (exchanges, mss, max_body), pace, closing, v6)| Shape {
            seed,
            exchanges,
            pace,
            closing,
            mss,
            max_body,
            v6,
            port: 40_000,
            simple: false,
        },
    )
}

struct Planned {
    request: Vec<u8>,
    /// Where in the request the client waits for 100 (Continue).
    waits_at: Option<usize>,
    response: Vec<u8>,
    truth: Truth,
}

impl Shape {
    pub fn dialogue(&self) -> Dialogue {
        let mut chance = Chance::new(self.seed);
        let (client, server): (IpAddr, SocketAddr) = match self.v6 {
            true => ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into(), ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 2], 8080).into()),
            false => ([10, 1, 2, 3].into(), ([10, 1, 2, 4], 8080).into()),
        };
        let client = (client, self.port).into();
        let mut connection = Connection::new(client, server).isn(chance.number() as u32, chance.number() as u32);
        connection.mss = self.mss;
        connection.acks_every = chance.between(1, 3);
        connection.handshake();
        let planned: Vec<_> = (0..self.exchanges).map(|place| self.plan(place, &mut chance)).collect();
        match self.pace {
            Pace::One => planned.iter().for_each(|exchange| one(&mut connection, exchange, &mut chance)),
            Pace::Bursts(most) => bursts(&mut connection, &planned, most, &mut chance),
            Pace::Keeps { outstanding, after } => {
                let (first, rest) = planned.split_at(after.min(planned.len()));
                first.iter().for_each(|exchange| one(&mut connection, exchange, &mut chance));
                keep(outstanding, &mut connection, rest, &mut chance);
            }
        }
        match self.closing {
            Closing::Client => drop(connection.close(End::Client)),
            Closing::Server | Closing::UntilClose => drop(connection.close(End::Server)),
            Closing::Reset => drop(connection.reset(End::Client)),
            Closing::Open => {}
        }
        Dialogue { packets: connection.packets, truth: planned.into_iter().map(|exchange| exchange.truth).collect() }
    }

    fn plan(&self, place: usize, chance: &mut Chance) -> Planned {
        let is_last = place + 1 == self.exchanges;
        let until_close = is_last && self.closing == Closing::UntilClose;
        let id = format!("{}-{place}", self.port);
        let method = match self.simple {
            true => "GET",
            false => chance.one_of(&["GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"]),
        };
        let http10 = until_close && chance.percent(50);
        let version = if http10 { "1.0" } else { "1.1" };
        let path = format!("/item/{id}");
        let mut request =
            format!("{method} {path}?q={place} HTTP/{version}\r\nHost: api.test\r\nX-Request-Id: {id}\r\n");
        pad(&mut request, chance);
        let mut request_len = 0;
        let mut request_body = Vec::new();
        let mut waits_at = None;
        if matches!(method, "POST" | "PUT") {
            let body = body(self.max_body, chance);
            request_len = body.len() as u64;
            let expects = self.pace == Pace::One && !http10 && chance.percent(30);
            if expects {
                request.push_str("Expect: 100-continue\r\n");
            }
            request_body = frame_body(&mut request, body, !http10 && chance.percent(50), chance);
            waits_at = expects.then_some(request.len() + 2);
        }
        request.push_str("\r\n");
        let mut request = request.into_bytes();
        request.extend(request_body);

        let status = match self.simple {
            true => 200,
            false => chance.one_of(&[200, 200, 200, 201, 204, 301, 304, 404, 500]),
        };
        let status = if until_close && matches!(status, 204 | 304) { 200 } else { status };
        let mut response = format!("HTTP/{version} {status} Whatever\r\nX-Request-Id: {id}\r\n");
        pad(&mut response, chance);
        let content = body(self.max_body, chance);
        let has_body = method != "HEAD" && !matches!(status, 204 | 304);
        let mut response_len = 0;
        let mut response_body = Vec::new();
        if has_body {
            response_len = content.len() as u64;
            response_body = match until_close {
                true => content,
                false => frame_body(&mut response, content, chance.percent(50), chance),
            };
        } else if method == "HEAD" || status == 304 {
            // The length that the body would have.
            write!(response, "Content-Length: {}\r\n", content.len()).unwrap();
        }
        response.push_str("\r\n");
        let mut response = response.into_bytes();
        response.extend(response_body);
        let truth = Truth { id, method, path, status, version, request_len, response_len };
        Planned { request, waits_at, response, truth }
    }
}

fn pad(head: &mut String, chance: &mut Chance) {
    for place in 0..chance.below(4) {
        let most = if chance.percent(10) { 2_000 } else { 60 };
        let len = chance.below(most);
        writeln!(head, "X-Padding-{place}: {}\r", "p".repeat(len)).unwrap();
    }
}

fn body(max: usize, chance: &mut Chance) -> Vec<u8> {
    let len = chance.between(0, max);
    chance.bytes(len)
}

/// Announces a body by its length or in chunks; how it goes over the wire.
fn frame_body(head: &mut String, body: Vec<u8>, chunked: bool, chance: &mut Chance) -> Vec<u8> {
    if !chunked {
        write!(head, "Content-Length: {}\r\n", body.len()).unwrap();
        return body;
    }
    head.push_str("Transfer-Encoding: chunked\r\n");
    let mut wire = Vec::new();
    let mut rest = &body[..];
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(chance.between(1, rest.len().min(1_000)));
        rest = after;
        let extension = if chance.percent(20) { ";name=\"value\"" } else { "" };
        let size = if chance.percent(50) { format!("{:x}", chunk.len()) } else { format!("{:04X}", chunk.len()) };
        wire.extend(format!("{size}{extension}\r\n").bytes());
        wire.extend(chunk);
        wire.extend(b"\r\n");
    }
    wire.extend(if chance.percent(20) { &b"0\r\nX-Trailer: yes\r\n\r\n"[..] } else { b"0\r\n\r\n" });
    wire
}

fn one(connection: &mut Connection, exchange: &Planned, chance: &mut Chance) {
    let (before, after) = exchange.request.split_at(exchange.waits_at.unwrap_or(exchange.request.len()));
    connection.send(End::Client, before).receive(End::Server);
    if exchange.waits_at.is_some() {
        connection.send(End::Server, b"HTTP/1.1 100 Continue\r\n\r\n").receive(End::Client);
        connection.send(End::Client, after).receive(End::Server);
    }
    if chance.percent(40) {
        connection.ack(End::Server);
    }
    if chance.percent(20) {
        connection.wait(50);
    }
    connection.send(End::Server, &exchange.response).receive(End::Client);
    if chance.percent(40) {
        connection.ack(End::Client);
    }
}

fn bursts(connection: &mut Connection, planned: &[Planned], most: usize, chance: &mut Chance) {
    let mut rest = planned;
    while !rest.is_empty() {
        let (burst, after) = rest.split_at(chance.between(1, most.min(rest.len())));
        rest = after;
        if chance.percent(50) {
            let all: Vec<u8> = burst.iter().flat_map(|exchange| exchange.request.clone()).collect();
            connection.send(End::Client, &all);
        } else {
            for exchange in burst {
                connection.send(End::Client, &exchange.request);
            }
        }
        connection.receive(End::Server);
        for exchange in burst {
            connection.send(End::Server, &exchange.response);
        }
        connection.receive(End::Client);
    }
}

fn keep(outstanding: usize, connection: &mut Connection, planned: &[Planned], chance: &mut Chance) {
    for next in planned.iter().take(outstanding - 1) {
        connection.send(End::Client, &next.request).receive(End::Server);
    }
    for (place, exchange) in planned.iter().enumerate() {
        if let Some(next) = planned.get(place + outstanding - 1) {
            connection.send(End::Client, &next.request);
        }
        if chance.percent(70) {
            connection.receive(End::Server);
        }
        connection.send(End::Server, &exchange.response).receive(End::Client).receive(End::Server);
    }
}
