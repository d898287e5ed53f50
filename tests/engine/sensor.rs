//! Runs frames through the engine and keeps what it reports.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use sidetap::export::{Export, ExportError, Exports, QueueCounts};
use sidetap::flow::Limits;
use sidetap::record::{Completeness, Content, Exchange, PrivacyLevel, Record, Span};
use sidetap::sensor::privacy::Privacy;
use sidetap::sensor::reporter::{Reporter, Settings};
use sidetap::sensor::{Engine, EngineCounts, EngineLimits};

use super::packet::{Packet, Shot, shots};

/// An exchange as the engine reported it, without its times.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    pub client: SocketAddr,
    pub server: SocketAddr,
    pub index: u32,
    pub completeness: &'static str,
    pub version: &'static str,
    pub method: String,
    pub path: String,
    pub query: String,
    pub host: String,
    pub status: Option<u16>,
    pub request_len: u64,
    pub response_len: u64,
    /// The value of `x-request-id` in each message.
    pub request_id: Option<String>,
    pub response_id: Option<String>,
    pub anomalies: Vec<&'static str>,
}

impl Seen {
    pub fn is_pair(&self) -> bool {
        !self.method.is_empty() && self.status.is_some()
    }

    /// `GET /path 200 complete`, for tests to compare with.
    pub fn line(&self) -> String {
        let status = self.status.map_or("-".to_owned(), |status| status.to_string());
        let method = if self.method.is_empty() { "-" } else { &self.method };
        format!("{method} {} {status} {}", self.path, self.completeness)
    }
}

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// Sorted.
    pub seen: Vec<Seen>,
    /// Start and end of each request and response, in the order of `seen`.
    pub times: Vec<[u64; 4]>,
    pub counts: EngineCounts,
}

impl Outcome {
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<_> = self.seen.iter().map(|seen| (seen.client, seen.index, seen.line())).collect();
        lines.sort();
        lines.into_iter().map(|(_, _, line)| line).collect()
    }

    pub fn complete(&self) -> usize {
        self.seen.iter().filter(|seen| matches!(seen.completeness, "complete" | "gap")).count()
    }
}

/// An exchange and its times.
type Timed = (Seen, [u64; 4]);

struct Collector(Rc<RefCell<Vec<Timed>>>);

impl Export for Collector {
    fn record(&mut self, record: &Record<'_>) {
        let Content::Exchange(exchange, _) = record.content else { return };
        let connection = &record.connection;
        let seen = Seen {
            client: (connection.client.address, connection.client.port).into(),
            server: (connection.server.address, connection.server.port).into(),
            index: exchange.index,
            completeness: exchange.completeness.name(),
            version: exchange.version.name(),
            method: text(exchange, exchange.method),
            path: text(exchange, exchange.path),
            query: text(exchange, exchange.query),
            host: text(exchange, exchange.host),
            status: exchange.status,
            request_len: exchange.request.body_len,
            response_len: exchange.response.body_len,
            request_id: id(exchange, exchange.request_fields),
            response_id: id(exchange, exchange.response_fields),
            anomalies: exchange.more.as_ref().map(|more| more.anomalies.clone()).unwrap_or_default(),
        };
        assert_eq!(exchange.completeness == Completeness::ResponseOnly, seen.method.is_empty());
        let (request, response) = (exchange.request, exchange.response);
        let times =
            [request.start_unix_nanos, request.end_unix_nanos, response.start_unix_nanos, response.end_unix_nanos];
        self.0.borrow_mut().push((seen, times));
    }

    fn finish(&mut self) -> Result<(), ExportError> {
        Ok(())
    }

    fn counts(&self) -> QueueCounts {
        QueueCounts::default()
    }

    fn target(&self) -> &str {
        "test"
    }
}

fn text(exchange: &Exchange, span: Span) -> String {
    String::from_utf8_lossy(exchange.get(span)).into_owned()
}

fn id(exchange: &Exchange, fields: Span) -> Option<String> {
    exchange
        .text
        .fields(fields)
        .find(|(name, _)| *name == b"x-request-id")
        .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
}

/// Room enough for every test that does not ask for less.
pub const LIMITS: EngineLimits = EngineLimits {
    flows: Limits { connections: 256, early_bytes: 8 << 20, hole_timeout: Duration::from_secs(3) },
    exchanges: 16_384,
    buffer_bytes: 4 << 20,
};

pub fn run(packets: &[Packet]) -> Outcome {
    run_shots(&shots(packets))
}

pub fn run_shots(shots: &[Shot]) -> Outcome {
    run_with(LIMITS, shots.iter().cloned())
}

/// Runs frames with these limits. The ledgers balance at each of them.
pub fn run_with(limits: EngineLimits, shots: impl Iterator<Item = Shot>) -> Outcome {
    let collected = Rc::new(RefCell::new(Vec::new()));
    let exports = Exports::new(vec![Box::new(Collector(collected.clone()))]);
    // Paths and queries tell exchanges apart.
    let privacy = Privacy::new(PrivacyLevel::Redacted);
    let mut engine = Engine::new(limits, Reporter::new(Settings { privacy, ..Settings::default() }, exports));
    for shot in shots {
        engine.frame(&shot.frame());
        let counts = engine.counts();
        assert!(counts.bytes.balances(), "{:?}", counts.bytes);
        assert!(counts.transactions.balances(), "{:?}", counts.transactions);
    }
    engine.finish();
    let counts = engine.counts();
    assert!(counts.bytes.balances(), "{:?}", counts.bytes);
    assert!(counts.transactions.balances(), "{:?}", counts.transactions);
    assert_eq!((counts.bytes.held, counts.transactions.pending, counts.open_connections), (0, 0, 0));
    drop(engine);
    let mut records = Rc::try_unwrap(collected).expect("the engine is gone").into_inner();
    assert_eq!(counts.transactions.emitted, records.len() as u64);
    records.sort();
    let (seen, times) = records.into_iter().unzip();
    Outcome { seen, times, counts }
}
