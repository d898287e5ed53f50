//! Hands records to the sending thread, as OpenTelemetry's messages.

use std::time::{SystemTime, UNIX_EPOCH};

use super::metric::Whose;
use super::resource::{ResourceCell, SCHEMA_URL};
use super::transport::{Class, Envelope, Feeder, MetricSet, Options, Signal, TransportError};
use super::{log, metric, payload, span};
use crate::export::monitor::Report;
use crate::export::workload::Watch;
use crate::export::{Export, ExportError, ItemLedger, Overflow, QueueCounts, Unit};
use crate::record::{Content, Finding, Record};

/// The number of the resource that items are about.
const WORKLOAD: u16 = 0;
const SENSOR: u16 = 1;

/// Sends records over OTLP.
pub struct Otlp {
    feeder: Feeder,
    item: Vec<u8>,
    start_unix_nanos: u64,
    /// Asks whose traffic it is for as long as this lives.
    _watch: Option<Watch>,
}

/// Whom items are about.
#[derive(Debug, Clone)]
pub struct Resources {
    /// Whose traffic it is.
    pub workload: ResourceCell,
    /// Who saw it.
    pub sensor: ResourceCell,
}

impl Otlp {
    /// Sends to a receiver, which the user named so. Starts a thread.
    ///
    /// # Errors
    ///
    /// The certificates cannot be read, or the thread cannot be started. Whether the receiver is there shows later.
    pub fn new(
        target: String,
        options: &Options,
        resources: Resources,
        watch: Option<Watch>,
        overflow: Overflow,
    ) -> Result<Self, TransportError> {
        let envelopes = move |_: Signal, resource: u16, envelope: &mut Envelope| {
            let cell = if resource == SENSOR { &resources.sensor } else { &resources.workload };
            envelope.resource.extend_from_slice(&cell.get());
            scope(&mut envelope.scope);
            SCHEMA_URL.clone_into(&mut envelope.schema_url);
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Ok(Otlp {
            feeder: Feeder::start(target, &Signal::ALL, options, envelopes, overflow)?,
            item: Vec::new(),
            start_unix_nanos: u64::try_from(now.as_nanos()).unwrap_or(u64::MAX),
            _watch: watch,
        })
    }

    fn push(&mut self, signal: Signal, class: Class) {
        self.feeder.push(signal, WORKLOAD, &self.item, class);
        self.item.clear();
    }
}

/// An `InstrumentationScope`: who made the records.
fn scope(out: &mut Vec<u8>) {
    super::wire::text(out, 1, env!("CARGO_PKG_NAME").as_bytes());
    super::wire::text(out, 2, env!("CARGO_PKG_VERSION").as_bytes());
}

impl Export for Otlp {
    fn record(&mut self, record: &Record<'_>) {
        match record.content {
            Content::Exchange(exchange, annotations) => {
                span::encode(record, exchange, annotations, &mut self.item);
                self.push(Signal::Traces, annotations.sampling.lane.into());
                if payload::encode(exchange, annotations, &mut self.item) {
                    self.push(Signal::Logs, Class::Detail);
                }
                return;
            }
            Content::Tls(handshake) => log::encode_tls(record, handshake, &mut self.item),
            Content::Dns(answer) => log::encode_dns(record, answer, &mut self.item),
            Content::WebSocket(session) => log::encode_web_socket(record, session, &mut self.item),
        }
        self.push(Signal::Logs, Class::Fair);
    }

    fn finding(&mut self, finding: &Finding<'_>) {
        match finding {
            Finding::Endpoint(endpoint) => log::encode_endpoint(endpoint, &mut self.item),
            Finding::Egress(summary) => log::encode_egress(summary, &mut self.item),
        }
        self.push(Signal::Logs, Class::Novelty);
    }

    fn metrics(&mut self, report: &Report, time_unix_nanos: u64) {
        let Otlp { feeder, item, .. } = self;
        let mut metrics = MetricSet::for_queue(feeder.queue_bytes());
        metric::encode(report, self.start_unix_nanos, time_unix_nanos, item, |whose, item| {
            metrics.push(if whose == Whose::Sensor { SENSOR } else { WORKLOAD }, item);
        });
        item.clear();
        feeder.set_metrics(metrics);
    }

    fn flush(&mut self) {
        self.feeder.flush();
    }

    fn begin_finish(&mut self) {
        self.feeder.begin_finish();
    }

    fn finish(&mut self) -> Result<(), ExportError> {
        self.feeder.finish()
    }

    fn counts(&self) -> QueueCounts {
        self.feeder.counts()
    }

    fn ledger(&self) -> Option<ItemLedger> {
        Some(self.feeder.ledger())
    }

    fn describe(&self, report: &mut Report) {
        self.feeder.describe(report);
    }

    fn failure(&self) -> Option<String> {
        self.feeder.failure()
    }

    fn unit(&self) -> Unit {
        Unit::Item
    }

    fn wants_metrics(&self) -> bool {
        true
    }

    fn wants_ids(&self) -> bool {
        true
    }

    fn target(&self) -> &str {
        self.feeder.target()
    }
}
