//! A sender whose time is stepped by hand.

use std::sync::Arc;
use std::time::Duration;

use crate::export::otlp::transport::client::Client;
use crate::export::otlp::transport::connector::Interrupt;
use crate::export::otlp::transport::ledger::{Cause, Items};
use crate::export::otlp::transport::sender::Next;
use crate::export::otlp::transport::{
    Batch, Class, Endpoint, Envelope, Handle, MetricSet, Moment, Options, Sender, Signal, TransportCounts,
};
use crate::export::own_sockets::OwnSockets;

pub const S: Duration = Duration::from_secs(1);

pub struct Run {
    pub sender: Sender,
    pub handle: Handle,
    pub now: Moment,
    /// When requests were posted.
    pub posted: Vec<Moment>,
    queue_bytes: usize,
}

/// The usual options, but an answer is not waited for long.
pub fn options(url: &str) -> Options {
    let mut options = Options::new(Endpoint::parse(url).unwrap(), Arc::new(OwnSockets::new()));
    options.timeout = Duration::from_millis(300);
    options
}

pub fn envelope() -> Envelope {
    Envelope { resource: b"\x0a\x00".to_vec(), scope: b"\x0a\x00".to_vec(), schema_url: "http://schema".into() }
}

impl Run {
    pub fn new(options: &Options) -> Self {
        Self::with(options, Client::new(options).unwrap())
    }

    pub fn with(options: &Options, client: Client) -> Self {
        let interrupt = client.interrupt();
        Self::posting(options, Box::new(client), interrupt)
    }

    pub fn posting(
        options: &Options,
        post: Box<dyn crate::export::otlp::transport::client::Post>,
        interrupt: Interrupt,
    ) -> Self {
        let (mut sender, handle) = Sender::new(options, envelope(), post, interrupt).unwrap();
        if let Some(spool) = &options.spool {
            sender.open_spool(spool);
        }
        Run { sender, handle, now: Moment::ZERO, posted: Vec::new(), queue_bytes: options.queue_bytes }
    }

    pub fn to(url: &str) -> Self {
        Self::new(&options(url))
    }

    pub fn push(&mut self, signal: Signal, item: &str) {
        assert!(self.handle.push(signal, 0, item.as_bytes(), Class::Fair));
    }

    pub fn set_metrics(&mut self, metrics: &Batch) {
        let mut set = MetricSet::for_queue(self.queue_bytes);
        metrics.iter().for_each(|(resource, item)| set.push(resource, item));
        self.handle.set_metrics(set);
    }

    pub fn push_spans(&mut self, spans: usize) {
        (0..spans).for_each(|span| self.push(Signal::Traces, &format!("span {span}")));
    }

    /// Steps for so long; the ledger balances after each step.
    pub fn run_for(&mut self, time: Duration) -> TransportCounts {
        let end = self.now + time;
        loop {
            let requests = self.handle.counts().requests;
            let next = self.sender.step(self.now);
            let counts = self.handle.counts();
            assert!(counts.balances(), "{counts:?}");
            self.posted.extend((requests..counts.requests).map(|_| self.now));
            match next {
                Next::Step => {}
                Next::Sleep(until) if until < end => self.now = until,
                Next::Sleep(_) => {
                    self.now = end;
                    return counts;
                }
                Next::End => return counts,
            }
        }
    }

    pub fn failure(&self) -> String {
        self.handle.failure().unwrap_or_default()
    }
}

/// Accepted and dropped for this; there is nothing else.
pub fn accepted_and(items: &Items, cause: Cause) -> (u64, u64) {
    assert_eq!(items.given + items.recovered, items.accepted + items.dropped_for(cause), "{items:?}");
    (items.accepted, items.dropped_for(cause))
}
