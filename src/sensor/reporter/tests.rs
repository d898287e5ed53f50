//! What leaves, and what it is counted as.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use super::admission::{Admission, kind};
use super::*;
use crate::export::monitor::exposition::{assert_documented, text};
use crate::export::{Export, ExportError, QueueCounts};
use crate::packet::Realm;
use crate::record::{Endpoint, Record};
use crate::sensor::exchanges::Exchanges;
use crate::sensor::policy::{Patterns, Rules};

const SECRET: &str = "AKIAIOSFODNN7EXAMPLE";

/// Keeps the handshakes that it is told of.
#[derive(Default, Clone)]
struct Handshakes(Arc<Mutex<Vec<TlsHandshake>>>);

impl Export for Handshakes {
    fn record(&mut self, record: &Record<'_>) {
        if let Content::Tls(handshake) = record.content {
            self.0.lock().unwrap().push(handshake.clone());
        }
    }

    fn finish(&mut self) -> Result<(), ExportError> {
        Ok(())
    }

    fn target(&self) -> &str {
        "a list"
    }

    fn counts(&self) -> QueueCounts {
        QueueCounts::default()
    }
}

fn connection() -> Connection {
    let end = |last, port| Endpoint { address: IpAddr::from([10, 0, 0, last]), port };
    Connection { client: end(1, 40_000), server: end(2, 443), realm: Realm::default() }
}

fn handshake() -> TlsHandshake {
    TlsHandshake {
        time_unix_nanos: 1,
        server_name: Some(format!("{SECRET}.shop.test")),
        offered_protocols: vec!["h2".to_owned(), SECRET.to_owned()],
        version: Some("TLSv1.2"),
        cipher: None,
        next_protocol: Some(SECRET.to_owned()),
        resumed: false,
        established: true,
        alert: None,
    }
}

#[test]
fn nothing_that_the_ends_of_a_handshake_chose_leaves_unjudged() {
    let told = Handshakes::default();
    let mut reporter = Reporter::from(Exports::new(vec![Box::new(told.clone())]));
    let name = reporter.tls(connection(), handshake());
    assert_eq!(name.as_deref(), Some("REDACTED.shop.test"));
    let told = told.0.lock().unwrap();
    assert_eq!(told.len(), 1);
    assert!(!format!("{told:?}").contains(SECRET), "{told:?}");
    assert_eq!(told[0].offered_protocols, ["h2", "REDACTED"]);
}

#[test]
fn the_name_of_a_handshake_that_is_not_told_is_judged_all_the_same() {
    let told = Handshakes::default();
    let mut reporter = Reporter::from(Exports::new(vec![Box::new(told.clone())]));
    reporter.events = Some(ByteBudget::per_minute(0));
    assert_eq!(reporter.tls(connection(), handshake()).as_deref(), Some("REDACTED.shop.test"));
    assert_eq!((told.0.lock().unwrap().len(), reporter.counts().limited_events), (0, 1));
}

#[test]
fn what_detectors_find_is_no_word_of_a_path() {
    let path = b"/u/pin:open-sesame/x";
    let template = |routes: &mut Routes| {
        for client in 0..50 {
            routes.learn(b"shop.test", path, IpAddr::from([10, 0, 1, client]), Some(200));
        }
        let mut template = String::new();
        routes.template(b"shop.test", path, &mut template, &mut String::new());
        template
    };
    // Nothing in its looks tells.
    assert_eq!(template(&mut Routes::new(RouteLimits::default(), Default::default())), "/u/pin:open-sesame/x");
    assert_eq!(template(&mut Reporter::default().routes), "/u/{segment}/x");
}

#[test]
fn every_count_is_documented() {
    let mut reporter = Reporter::default();
    // What was not found, or not left out, is not told.
    let (mut out, mut surrogate) = (Vec::new(), String::new());
    reporter.privacy.text(Location::UserAgent, b"ada@example.com", &mut out);
    reporter.privacy.query(&[b'a'; 1 << 20], &mut out, &mut surrogate);
    let mut report = Report::default();
    reporter.describe(&mut report);
    assert_documented(&report);
    let text = text(report).unwrap();
    for name in [
        "sidetap_redactions_total{",
        "sidetap_left_out_contents_total{",
        "sidetap_trace_contexts_total{",
        "sidetap_endpoints_left_out_total{",
    ] {
        assert!(text.contains(name), "{name}");
    }
}

#[test]
fn the_boundary_of_a_form_makes_no_new_kind() {
    let kind_of = |content_type: &str| {
        let mut exchange = Exchange { status: Some(200), ..Exchange::default() };
        let start = exchange.text.start();
        exchange.text.push_field(b"Content-Type", content_type.as_bytes());
        exchange.request_fields = exchange.text.since(start);
        kind(1, &exchange)
    };
    let form = kind_of("multipart/form-data; boundary=one");
    assert_eq!(form, kind_of("multipart/form-data; boundary=another"));
    assert_eq!(form, kind_of(" Multipart/Form-Data ;charset=utf-8"));
    assert_ne!(form, kind_of("application/json"));
}

#[test]
fn an_exchange_that_is_unwanted_after_all_is_abandoned() {
    let patterns = Patterns { path_exclusions: &["^/health".to_owned()], ..Patterns::default() };
    let policy = Policy::new(Rules::new(&patterns).unwrap());
    let settings = Settings { policy, rate_limit: RateLimit::default(), ..Settings::default() };
    let mut reporter = Reporter::new(settings, Exports::default());
    let mut exchanges = Exchanges::with_capacity(1);
    let slot = exchanges.begin().unwrap();
    let pending = exchanges.get_mut(slot);
    reporter.begin_response(&connection(), pending);
    assert!(matches!(pending.admission, Admission::Shared { .. }));
    pending.exchange.path = pending.exchange.text.add(b"/health");
    reporter.begin(&connection(), pending);
    assert_eq!(pending.admission, Admission::Unwanted(DropStage::Rule));
    let counts = reporter.limiter.counts();
    assert_eq!((counts.begun, counts.abandoned, counts.kept_fair, counts.kept_novelty), (1, 1, 0, 0));
}
