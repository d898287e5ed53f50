//! Hands transactions to the sending thread.

use super::item;
use super::resource::ResourceCell;
use crate::export::monitor::Report;
use crate::export::otlp::transport::{Envelope, Feeder, Options, Signal, TransportError};
use crate::export::workload::Watch;
use crate::export::{Export, ExportError, ItemLedger, Overflow, QueueCounts, Unit};
use crate::record::{Content, Record};

/// There is one resource only.
const WORKLOAD: u16 = 0;

/// Sends transactions to a satellite.
pub struct Levo {
    feeder: Feeder,
    item: Vec<u8>,
    left_out: u64,
    /// Asks whose traffic it is for as long as this lives.
    _watch: Option<Watch>,
}

impl Levo {
    /// Sends to a satellite, which the user named so. Starts a thread.
    ///
    /// # Errors
    ///
    /// The certificates cannot be read, or the thread cannot be started. Whether the satellite is there shows later.
    pub fn new(
        target: String,
        options: &Options,
        resource: ResourceCell,
        watch: Option<Watch>,
        overflow: Overflow,
    ) -> Result<Self, TransportError> {
        let envelopes = move |_: Signal, _: u16, envelope: &mut Envelope| resource.add_to(&mut envelope.resource);
        let feeder = Feeder::start(target, &[Signal::Traces], options, envelopes, overflow)?;
        Ok(Levo { feeder, item: Vec::new(), left_out: 0, _watch: watch })
    }
}

impl Export for Levo {
    fn record(&mut self, record: &Record<'_>) {
        match record.content {
            Content::Exchange(exchange, annotations) if item::has_form(exchange, annotations) => {
                item::write(&mut self.item, &record.connection, exchange, annotations);
                self.feeder.push(Signal::Traces, WORKLOAD, &self.item, annotations.sampling.lane.into());
                self.item.clear();
            }
            _ => self.left_out += 1,
        }
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

    fn left_out(&self) -> u64 {
        self.left_out
    }

    fn wants_ids(&self) -> bool {
        true
    }

    fn target(&self) -> &str {
        self.feeder.target()
    }
}
