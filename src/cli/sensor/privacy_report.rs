//! `--privacy-report`: what would leave of a capture file, without anything of it leaving.
//!
//! Records come here in the place of exports, just as they would leave. Kept of them are names and counts, no values: of
//! [`MOST_ENDPOINTS`] endpoints with [`MOST_NAMES`] names each, and of all others together.

mod json;
mod text;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::context::Context;
use crate::export::{Export, ExportError, QueueCounts};
use crate::record::{
    Annotations, Body, Content, DropStage, Exchange, Finding, PrivacyLevel, Record, Span, TransactionLedger, methods,
};
use crate::sensor::Engine;
use crate::sensor::privacy::{HeaderRule, MASK, Privacy, PrivacyCounts};

/// Endpoints that are told apart.
const MOST_ENDPOINTS: usize = 1000;
/// Endpoints that a person is shown.
const SHOWN_ENDPOINTS: usize = 50;
/// Names of fields, or of parameters, of an endpoint's requests or responses.
const MOST_NAMES: usize = 100;

/// How something leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    Masked,
    Length,
    Present,
    Count,
    Names,
    Typed,
    /// A URL as far as the level lets it out.
    Url,
    /// All of it in which nothing was found.
    Scanned,
}

impl How {
    fn name(self) -> &'static str {
        match self {
            How::Masked => "masked",
            How::Length => "length",
            How::Present => "present",
            How::Count => "count",
            How::Names => "names",
            How::Typed => "typed",
            How::Url => "url",
            How::Scanned => "scanned",
        }
    }

    fn of_field(rule: HeaderRule) -> Option<Self> {
        match rule {
            HeaderRule::Drop => None,
            HeaderRule::NameOnly => Some(How::Masked),
            HeaderRule::Value => Some(How::Scanned),
            HeaderRule::Length => Some(How::Length),
            HeaderRule::Present => Some(How::Present),
            HeaderRule::Url => Some(How::Url),
            HeaderRule::Names => Some(How::Names),
            HeaderRule::Cookies | HeaderRule::SetCookie => Some(How::Count),
        }
    }
}

/// Names, and how what they name leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Names {
    known: BTreeMap<String, How>,
    /// Times that a name was left out, as there were too many.
    left_out: u64,
}

impl Names {
    fn add(&mut self, name: &[u8], how: How) {
        let name = String::from_utf8_lossy(name);
        if let Some(known) = self.known.get_mut(&*name) {
            *known = how.max(*known);
        } else if self.known.len() < MOST_NAMES {
            self.known.insert(name.into_owned(), how);
        } else {
            self.left_out += 1;
        }
    }
}

/// Bodies that leave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Bodies {
    count: u64,
    bytes: u64,
}

impl Bodies {
    fn add(&mut self, body: Option<&Body>) {
        if let Some(body) = body {
            self.count += 1;
            self.bytes += body.text.len() as u64;
        }
    }
}

/// Transactions with one method and template.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Endpoint {
    transactions: u64,
    /// Of text and bodies.
    bytes: u64,
    request_fields: Names,
    response_fields: Names,
    query: Names,
    request_bodies: Bodies,
    response_bodies: Bodies,
}

/// Those that there was no room for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Others {
    transactions: u64,
    bytes: u64,
}

/// Records that are no transactions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct OtherRecords {
    dns: u64,
    tls: u64,
    web_sockets: u64,
    endpoints: u64,
    sites: u64,
}

/// What was gathered.
#[derive(Debug, Default)]
struct Gathered {
    /// By template and method.
    endpoints: BTreeMap<(String, String), Endpoint>,
    others: Others,
    records: OtherRecords,
}

/// What is shown.
struct Report<'a> {
    file: &'a str,
    level: PrivacyLevel,
    policy: &'a str,
    gathered: &'a Gathered,
    privacy: &'a PrivacyCounts,
    transactions: &'a TransactionLedger,
}

impl Report<'_> {
    /// The most transactions first.
    fn endpoints(&self) -> Vec<(&str, &str, &Endpoint)> {
        let by_name = self.gathered.endpoints.iter();
        let mut endpoints: Vec<_> =
            by_name.map(|((route, method), it)| (method.as_str(), route.as_str(), it)).collect();
        endpoints.sort_by_key(|(_, _, endpoint)| std::cmp::Reverse(endpoint.transactions));
        endpoints
    }

    /// Why transactions are not reported, and how many each time.
    fn dropped(&self) -> impl Iterator<Item = (DropStage, u64)> {
        DropStage::ALL.into_iter().map(|stage| (stage, self.transactions.dropped(stage))).filter(|(_, n)| *n > 0)
    }
}

/// Gathers what would leave, and shows it at the end.
pub struct PrivacyReport {
    gathered: Rc<RefCell<Gathered>>,
    file: String,
    level: PrivacyLevel,
    policy: String,
}

impl PrivacyReport {
    /// A report on a file, and what takes the place of the exports. `privacy` is the policy that counts.
    pub fn new(file: &str, privacy: &Privacy) -> (Self, Box<dyn Export>) {
        let gathered = Rc::<RefCell<Gathered>>::default();
        let report = PrivacyReport {
            gathered: Rc::clone(&gathered),
            file: file.to_owned(),
            level: privacy.level(),
            policy: privacy.policy_hash(),
        };
        (report, Box::new(Gatherer { gathered, privacy: privacy.clone() }))
    }

    /// Prints it.
    ///
    /// # Errors
    ///
    /// Standard output cannot be written to.
    pub fn show(self, engine: &mut Engine, cx: &Context) -> std::io::Result<()> {
        let transactions = engine.counts().transactions;
        let gathered = self.gathered.borrow();
        let report = Report {
            file: &self.file,
            level: self.level,
            policy: &self.policy,
            gathered: &gathered,
            privacy: engine.reporter().privacy().counts(),
            transactions: &transactions,
        };
        let text = if cx.printer.json() { json::render(&report) } else { text::render(&report) };
        cx.printer.result(&text)
    }
}

/// Takes the place of the exports.
struct Gatherer {
    gathered: Rc<RefCell<Gathered>>,
    privacy: Privacy,
}

impl Gatherer {
    fn exchange(&self, exchange: &Exchange, annotations: &Annotations) {
        let mut gathered = self.gathered.borrow_mut();
        let Gathered { endpoints, others, .. } = &mut *gathered;
        let bodies = [&annotations.request_body, &annotations.response_body].map(Option::as_ref);
        let in_bodies: u64 = bodies.into_iter().flatten().map(|body| body.text.len() as u64).sum();
        let bytes = exchange.text.len() as u64 + in_bodies;
        let key = (annotations.route.template.clone(), methods::known(exchange.get(exchange.method)).to_owned());
        if endpoints.len() == MOST_ENDPOINTS && !endpoints.contains_key(&key) {
            others.transactions += 1;
            others.bytes += bytes;
            return;
        }
        let endpoint = endpoints.entry(key).or_default();
        endpoint.transactions += 1;
        endpoint.bytes += bytes;
        for (name, text) in [(&b"host"[..], exchange.host), (b"user-agent", exchange.user_agent)] {
            if !text.is_empty() {
                endpoint.request_fields.add(name, How::Scanned);
            }
        }
        self.fields(exchange, exchange.request_fields, &mut endpoint.request_fields);
        self.fields(exchange, exchange.response_fields, &mut endpoint.response_fields);
        for parameter in exchange.get(exchange.query).split(|&byte| byte == b'&').filter(|it| !it.is_empty()) {
            let equals = memchr::memchr(b'=', parameter).unwrap_or(parameter.len());
            let (name, value) = (&parameter[..equals], parameter.get(equals + 1..).unwrap_or_default());
            endpoint.query.add(name, self.of_parameter(value));
        }
        let [request, response] = bodies;
        endpoint.request_bodies.add(request);
        endpoint.response_bodies.add(response);
    }

    fn fields(&self, exchange: &Exchange, fields: Span, names: &mut Names) {
        for (name, _) in exchange.text.fields(fields) {
            if let Some(how) = How::of_field(self.privacy.keeps_header(name)) {
                names.add(name, how);
            }
        }
    }

    fn of_parameter(&self, value: &[u8]) -> How {
        match self.privacy.level() {
            PrivacyLevel::Schema if value != MASK => How::Typed,
            PrivacyLevel::Redacted | PrivacyLevel::Full if value != MASK => How::Scanned,
            _ => How::Masked,
        }
    }
}

impl Export for Gatherer {
    fn record(&mut self, record: &Record<'_>) {
        match record.content {
            Content::Exchange(exchange, annotations) => self.exchange(exchange, annotations),
            Content::Tls(_) => self.gathered.borrow_mut().records.tls += 1,
            Content::Dns(_) => self.gathered.borrow_mut().records.dns += 1,
            Content::WebSocket(_) => self.gathered.borrow_mut().records.web_sockets += 1,
        }
    }

    fn finding(&mut self, finding: &Finding<'_>) {
        let records = &mut self.gathered.borrow_mut().records;
        match finding {
            Finding::Endpoint(_) => records.endpoints += 1,
            Finding::Egress(_) => records.sites += 1,
        }
    }

    fn finish(&mut self) -> Result<(), ExportError> {
        Ok(())
    }

    fn counts(&self) -> QueueCounts {
        QueueCounts::default()
    }

    fn target(&self) -> &str {
        "the report"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_bounded_and_show_the_most_that_leaves() {
        let mut names = Names::default();
        for number in 0..MOST_NAMES + 7 {
            names.add(format!("x-{number}").as_bytes(), How::Scanned);
        }
        assert_eq!((names.known.len(), names.left_out), (MOST_NAMES, 7));
        names.add(b"x-1", How::Masked);
        assert_eq!(names.known["x-1"], How::Scanned);
    }

    #[test]
    fn endpoints_are_bounded_and_the_rest_is_summed() {
        let (report, mut export) = PrivacyReport::new("f", &Privacy::new(PrivacyLevel::Metadata));
        let (connection, mut annotations) = sample();
        let mut exchange = Exchange::default();
        exchange.path = exchange.text.add(b"/ten bytes");
        for number in 0..MOST_ENDPOINTS + 3 {
            annotations.route.template = format!("/route-{number}");
            export.record(&Record { connection, source: None, content: Content::Exchange(&exchange, &annotations) });
        }
        let gathered = report.gathered.borrow();
        assert_eq!(gathered.endpoints.len(), MOST_ENDPOINTS);
        assert_eq!(gathered.others, Others { transactions: 3, bytes: 30 });
    }

    fn sample() -> (crate::record::Connection, Annotations) {
        let end = crate::record::Endpoint { address: [10, 0, 0, 1].into(), port: 80 };
        let connection = crate::record::Connection { client: end, server: end, realm: crate::packet::Realm::OUTSIDE };
        (connection, Annotations::default())
    }
}
