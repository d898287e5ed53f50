//! What an export that sends has beside its own encoding: it hands over items, waits for room where it may, and tells what
//! became of them.

use std::time::{Duration, Instant};

use super::ledger::Cause;
use super::{Class, Envelopes, Handle, MetricSet, Options, Sender, Signal, TransportCounts, TransportError};
use crate::export::monitor::Report;
use crate::export::{Account, ExportError, ItemLedger, Overflow, QueueCounts};

/// How long the end may take: ECS kills a container 30 s after it has asked it to stop, unless it is told otherwise.
const FAREWELL: Duration = Duration::from_secs(18);
/// How long reading a file waits for a receiver that takes nothing, before records are dropped.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it looks whether there is room.
const LOOK: Duration = Duration::from_millis(5);
/// Of the queue, the part that may come between two looks at how full it is.
const PARTS_A_LOOK: usize = 64;

/// Feeds a sender.
pub struct Feeder {
    target: String,
    /// What its items are.
    signals: &'static [Signal],
    handle: Handle,
    overflow: Overflow,
    queue_bytes: usize,
    /// Bytes that came since it was looked how full the queue is.
    unlooked: usize,
    /// How much the receiver had taken when reading a file lost patience with it.
    lost_patience_at: Option<u64>,
}

impl Feeder {
    /// Starts a sender to a receiver, which the user named so, of items of these kinds.
    ///
    /// # Errors
    ///
    /// The certificates cannot be read, or the thread cannot be started. Whether the receiver is there shows later.
    pub fn start(
        target: String,
        signals: &'static [Signal],
        options: &Options,
        envelopes: impl Envelopes + 'static,
        overflow: Overflow,
    ) -> Result<Self, TransportError> {
        let handle = Sender::start(options, envelopes)?;
        let queue_bytes = options.queue_bytes;
        Ok(Feeder { target, signals, handle, overflow, queue_bytes, unlooked: 0, lost_patience_at: None })
    }

    /// The receiver, as the user named it.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Bytes that items may take.
    pub fn queue_bytes(&self) -> usize {
        self.queue_bytes
    }

    /// Hands over a copy of an item. What is dropped is counted.
    pub fn push(&mut self, signal: Signal, resource: u16, item: &[u8], class: Class) {
        if self.overflow == Overflow::Wait {
            self.wait_for_room(item.len());
        }
        let _ = self.handle.push(signal, resource, item, class);
    }

    /// Hands over all metrics as they stand.
    pub fn set_metrics(&mut self, metrics: MetricSet) {
        self.handle.set_metrics(metrics);
    }

    /// Time has passed.
    pub fn flush(&mut self) {
        self.handle.flush();
    }

    /// Nothing comes any more: what is left is sent from now on. The time for it begins.
    pub fn begin_finish(&mut self) {
        self.handle.begin_finish(FAREWELL);
    }

    /// Waits until all is sent, or there is no time left for it. What a receiver that is well rejects of what it takes is
    /// no error.
    pub fn finish(&mut self) -> Result<(), ExportError> {
        self.handle.finish(FAREWELL);
        match self.handle.final_failure() {
            None => Ok(()),
            Some(why) => Err(ExportError { target: self.target.clone(), source: std::io::Error::other(why) }),
        }
    }

    /// Why nothing can be sent at the moment, if so.
    pub fn failure(&self) -> Option<String> {
        self.handle.failure()
    }

    /// A file can wait until the receiver has taken what came before. One that takes nothing for so long is not waited
    /// for again until it has taken something.
    fn wait_for_room(&mut self, coming: usize) {
        self.unlooked += coming;
        if self.unlooked < self.queue_bytes / PARTS_A_LOOK {
            return;
        }
        self.unlooked = 0;
        let (mut taken, mut end) = (None, Instant::now());
        while self.handle.is_crowded() {
            let counts = self.handle.counts();
            let now = Signal::ALL.into_iter().map(|signal| counts.signals[signal].accepted).sum();
            if self.lost_patience_at == Some(now) {
                return;
            }
            if taken != Some(now) {
                (taken, end) = (Some(now), Instant::now() + PATIENCE);
            } else if Instant::now() >= end {
                self.lost_patience_at = taken;
                return;
            }
            std::thread::sleep(LOOK);
        }
    }

    /// What became of spans and log records.
    pub fn counts(&self) -> QueueCounts {
        let counts = self.handle.counts();
        let mut sum = QueueCounts::default();
        for signal in [Signal::Traces, Signal::Logs] {
            let items = &counts.signals[signal];
            sum.written += items.accepted;
            sum.failed += items.dropped_for(Cause::Rejected);
            sum.dropped += items.all_dropped() - items.dropped_for(Cause::Rejected);
        }
        sum
    }

    /// What became of everything.
    pub fn ledger(&self) -> ItemLedger {
        let counts = self.handle.counts();
        let accounts = self.signals.iter().map(|&signal| {
            let items = &counts.signals[signal];
            let waiting = items.queued + items.in_flight;
            let fates = [("accepted", items.accepted), ("superseded", items.superseded), ("spooled", items.spooled)];
            let dropped = Cause::ALL.map(|cause| (cause.word(), items.dropped_for(cause)));
            Account {
                kind: signal.word(),
                given: items.given,
                recovered: items.recovered,
                fates: fates.into_iter().chain(dropped).chain([("waiting", waiting)]).collect(),
            }
        });
        ItemLedger { accounts: accounts.collect(), resent: counts.resent }
    }

    /// Adds what became of each item, and what it took.
    pub fn describe(&self, report: &mut Report) {
        let counts = self.handle.counts();
        for &signal in self.signals {
            describe_items(&self.target, signal, &counts, report);
        }
        describe_work(&self.target, &counts, report);
    }
}

fn describe_items(target: &str, signal: Signal, counts: &TransportCounts, report: &mut Report) {
    let items = &counts.signals[signal];
    let labels = |key: &'static str, of: &'static str| [("export", target), ("signal", signal.word()), (key, of)];
    for (from, number) in [("capture", items.given), ("earlier_run", items.recovered)] {
        report
            .counter("sidetap_otlp_given_items", "Spans, log records and metrics that were to be sent")
            .of(&labels("from", from), number);
    }
    let outcomes = Cause::ALL.map(|cause| (cause.word(), items.dropped_for(cause)));
    for (outcome, number) in
        [("accepted", items.accepted), ("superseded", items.superseded)].into_iter().chain(outcomes)
    {
        report
            .counter("sidetap_otlp_items", "What became of them, each in one of these or waiting")
            .of(&labels("outcome", outcome), number);
    }
    for (place, number) in [("memory", items.queued), ("request", items.in_flight), ("disk", items.spooled)] {
        report.gauge("sidetap_otlp_waiting_items", "Those that wait, and where").of(&labels("in", place), number);
    }
}

fn describe_work(target: &str, counts: &TransportCounts, report: &mut Report) {
    let of = [("export", target)];
    report.counter("sidetap_otlp_requests", "Requests to the receiver").of(&of, counts.requests);
    report.counter("sidetap_otlp_retried_requests", "Those that had been sent before").of(&of, counts.retries);
    report
        .counter("sidetap_otlp_resent_items", "Items in those, which the receiver may have twice")
        .of(&of, counts.resent);
    report.counter("sidetap_otlp_sent_bytes", "Bytes of requests, compressed").of(&of, counts.bytes);
    report.gauge("sidetap_otlp_held_bytes", "Bytes of memory that waiting items take").of(&of, counts.held as u64);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::monitor::exposition::assert_documented;

    #[test]
    fn every_count_is_documented() {
        let mut report = Report::default();
        let target = "otlp:http://127.0.0.1:4318";
        describe_items(target, Signal::Traces, &TransportCounts::default(), &mut report);
        describe_work(target, &TransportCounts::default(), &mut report);
        assert!(report.families.len() > 5);
        assert_documented(&report);
    }
}
