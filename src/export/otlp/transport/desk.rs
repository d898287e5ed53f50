//! What the capture and the sending thread both see, under one lock.
//!
//! The lock is held for copying items and for deciding, never while something is compressed, posted or written. Each
//! item moves from one column of the ledger to another under it, so that the ledger balances whenever one looks.
//!
//! Memory, in 16ths of what there is: 7 for the lanes and the newest metrics ([`Parts`]), 2 for the request that is made,
//! 2 each for compressed requests of spans and of log records that wait to be posted again, 2 for one of metrics, and 1 for the
//! half of a request that was refused for its size. These are bounds for what cannot be compressed; most does, and takes
//! a tenth.

mod plan;
mod settle;

use std::sync::Arc;

use super::gate::{Gate, State};
use super::lanes::{Head, Lanes};
use super::ledger::{Cause, TransportCounts};
use super::metric_set::{Chunk, ENVELOPE, FRAMING, MetricSet, Parts};
use super::options::MOST_ITEMS;
use super::{Batch, BySignal, Class, Moment, Options, Signal};

/// A receiver that refuses requests for their size gets none that are made smaller than this on purpose.
const LEAST_LIMIT: usize = 16 << 10;

/// A request for which no more time is left than this is not begun.
const LEAST_TIMEOUT: Moment = Moment::from_millis(20);

/// A request that is ready to be posted.
#[derive(Debug)]
pub struct Request {
    pub signal: Signal,
    pub items: u64,
    /// Compressed.
    pub body: Vec<u8>,
    /// Bytes before compression.
    pub expanded: usize,
    /// When its oldest item came.
    pub since: Moment,
    /// It has been posted before.
    pub tried: bool,
    /// Of metrics, which set they are from.
    pub generation: u64,
}

/// What the sending thread does next.
#[derive(Debug)]
pub enum Plan {
    /// Posts this.
    Post(Request),
    /// Makes a request and posts it.
    Gather(Signal),
    /// Posts the first request of the spool.
    Unspool,
    /// Puts this into the spool.
    Spill(Request),
    /// Makes a request and puts it into the spool.
    GatherAndSpill(Signal),
    /// Nothing until then.
    Wait(Moment),
    /// Saves what can be saved, and ends.
    PutAway,
}

/// What both sides see.
#[derive(Debug)]
pub struct Desk {
    lanes: Lanes,
    /// Those of the newest metrics that are in no request yet.
    metrics: MetricSet,
    generation: u64,
    gates: BySignal<Gate>,
    /// By signal; the last one is posted first.
    pending: BySignal<Vec<Request>>,
    /// What is being posted.
    pub posting: Option<Arc<Request>>,
    /// Bytes of the request that is being made or posted.
    pub at_work: usize,
    counts: TransportCounts,
    /// Items that are to be sent without waiting for more, by signal.
    due: BySignal<u64>,
    next_flush: Moment,
    /// As the sending thread has seen it last.
    now: Moment,
    /// The lanes hold enough for the sending thread to act at once.
    pub urgent: bool,
    /// The sending thread sleeps.
    pub asleep: bool,
    /// There is no more to come, and sending ends then.
    pub ends: Option<Moment>,
    /// Nothing is sent any more; whatever there was is accounted for.
    pub finished: bool,
    spool: SpoolView,
    /// Bytes of items in a request, by signal: less than [`Limits::request`] after one was refused for its size.
    item_bytes: BySignal<usize>,
    limits: Limits,
    last: Signal,
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    interval: Moment,
    max_age: Moment,
    /// Bytes of lanes and of the newest metrics.
    shared: usize,
    /// Bytes of items in a request.
    request: usize,
    /// Bytes of a single item.
    item: usize,
}

/// What is known of the spool without looking.
#[derive(Debug, Default)]
struct SpoolView {
    /// Records can be appended from then on, if ever.
    usable_from: Option<Moment>,
    /// What its first record is.
    first: Option<Signal>,
    trouble: Option<String>,
    /// Its turn comes after each request from memory.
    turn: bool,
}

impl Desk {
    /// An empty one.
    pub fn new(options: &Options, seed: u64) -> Self {
        let Parts { lanes, shared, request, item, .. } = Parts::of(options.queue_bytes);
        let interval = options.export_interval;
        let offset = seed % u64::try_from(interval.as_millis()).unwrap_or(1).max(1);
        Desk {
            lanes: Lanes::with_capacity(lanes),
            metrics: MetricSet::for_queue(options.queue_bytes),
            generation: 0,
            gates: BySignal::new(|signal| Gate::new(signal, seed)),
            pending: BySignal::default(),
            posting: None,
            at_work: 0,
            counts: TransportCounts::default(),
            due: BySignal::default(),
            next_flush: Moment::from_millis(offset),
            now: Moment::ZERO,
            urgent: false,
            asleep: false,
            ends: None,
            finished: false,
            spool: SpoolView::default(),
            item_bytes: BySignal::new(|_| request),
            limits: Limits { interval, max_age: options.max_age, shared, request, item },
            last: Signal::Metrics,
        }
    }

    /// Takes a copy of an item, in the place of less important or older ones if there is no room. Whether it did.
    pub fn push(&mut self, signal: Signal, resource: u16, item: &[u8], class: Class) -> bool {
        self.counts.signals[signal].given += 1;
        let kept = !self.finished && item.len() + FRAMING <= self.limits.item && {
            let head = Head { len: item.len(), since: self.now, resource };
            self.push_if_fits(signal, class, head, item) || self.push_by_force(signal, class, head, item)
        };
        if !kept {
            let cause = if self.finished { Cause::Shutdown } else { Cause::QueueFull };
            self.counts.signals[signal].drop_for(cause, 1);
        }
        self.urgent |= self.is_full(signal) && self.gates[signal].is_open(self.now) || self.wants_spilling(signal);
        kept
    }

    fn push_if_fits(&mut self, signal: Signal, class: Class, head: Head, item: &[u8]) -> bool {
        let needs = self.lanes.needs(signal, class, item.len());
        self.lanes.used() + needs <= self.room() && self.lanes.push(signal, class, head, item)
    }

    /// Bytes that lanes may have, beside the newest metrics.
    fn room(&self) -> usize {
        self.lanes.capacity().min(self.limits.shared.saturating_sub(self.metrics.size()))
    }

    fn push_by_force(&mut self, signal: Signal, class: Class, head: Head, item: &[u8]) -> bool {
        if item.len() > self.room() {
            return false;
        }
        let own = (self.has_receiver(signal), class);
        while let Some((worth, _, victim)) = self.least() {
            if worth > own || self.lanes.pop(victim, worth.1, None).is_none() {
                return false;
            }
            self.counts.signals[victim].drop_for(Cause::QueueFull, 1);
            if self.push_if_fits(signal, class, head, item) {
                return true;
            }
        }
        false
    }

    /// The item to be dropped first: what nobody takes, then the lowest class, then the oldest.
    fn least(&self) -> Option<((bool, Class), Moment, Signal)> {
        let lanes =
            [Signal::Traces, Signal::Logs].into_iter().flat_map(|signal| Class::ALL.map(|class| (signal, class)));
        let heads = lanes.filter_map(|(signal, class)| {
            let head = self.lanes.head(signal, class)?;
            Some(((self.has_receiver(signal), class), head.since, signal))
        });
        heads.min_by_key(|&(worth, since, _)| (worth, since))
    }

    /// Whether the receiver is there, but not for this signal: it has taken others since it turned this one away.
    pub fn is_unwanted(&self, signal: Signal) -> bool {
        let missing = self.gates[signal].missing_since();
        missing.is_some_and(|since| self.gates.iter().any(|gate| gate.taken() > Some(since)))
    }

    fn has_receiver(&self, signal: Signal) -> bool {
        !matches!(self.gates[signal].state(), State::Misconfigured(_))
    }

    /// Takes the newest metrics, in the place of older ones.
    pub fn set_metrics(&mut self, set: MetricSet) {
        let unsent = self.metrics.items();
        let pending: u64 = self.pending[Signal::Metrics].drain(..).map(|request| request.items).sum();
        let items = &mut self.counts.signals[Signal::Metrics];
        items.superseded += unsent + pending;
        items.in_flight -= pending;
        items.given += set.items() + set.dropped();
        items.drop_for(Cause::QueueFull, set.dropped());
        self.generation += 1;
        if self.finished {
            items.drop_for(Cause::Shutdown, set.items());
            self.metrics.clear();
        } else {
            self.metrics = set;
            self.make_room();
        }
    }

    /// The newest metrics are worth more than the least of what waits.
    fn make_room(&mut self) {
        while self.lanes.used() > self.room()
            && let Some(((_, class), _, victim)) = self.least()
            && self.lanes.pop(victim, class, None).is_some()
        {
            self.counts.signals[victim].drop_for(Cause::QueueFull, 1);
        }
    }

    fn queued(&self, signal: Signal) -> u64 {
        if signal == Signal::Metrics { self.metrics.items() } else { self.lanes.items(signal) }
    }

    /// What became of all items so far.
    pub fn counts(&self) -> TransportCounts {
        let mut counts = self.counts.clone();
        for signal in Signal::ALL {
            counts.signals[signal].queued = self.queued(signal);
        }
        counts.held = self.held();
        counts
    }

    /// Whether what waits for receivers that may take it fills half of the lanes: who can, waits with more.
    pub fn is_crowded(&self) -> bool {
        let signals = Signal::ALL.into_iter().filter(|&signal| !self.gates[signal].state().is_closed());
        signals.map(|signal| self.lanes.bytes(signal)).sum::<usize>() > self.room() / 2
    }

    /// What waits is sent without waiting for more.
    pub fn hurry(&mut self) {
        self.due = BySignal::new(|signal| self.queued(signal));
        self.urgent = true;
    }

    /// Bytes that items take.
    pub fn held(&self) -> usize {
        let pending: usize = self.pending.iter().flatten().map(|request| request.body.len()).sum();
        self.lanes.used() + self.metrics.size() + pending + self.at_work
    }

    /// How it stands with a signal.
    pub fn state(&self, signal: Signal) -> &State {
        self.gates[signal].state()
    }

    /// Why nothing is spooled, if something should be.
    pub fn spool_trouble(&self) -> Option<&str> {
        self.spool.trouble.as_deref()
    }

    /// Something is enough for the sending thread to act.
    fn is_full(&self, signal: Signal) -> bool {
        signal != Signal::Metrics
            && (self.lanes.items(signal) >= MOST_ITEMS as u64 || self.lanes.bytes(signal) >= self.item_bytes[signal])
    }

    /// Moves items into a batch, as many as a request has: the most important first. Metrics are handed out as they
    /// are, to be expanded into it. When the oldest of them came.
    pub fn gather(&mut self, signal: Signal, batch: &mut Batch) -> (Moment, Vec<Chunk>) {
        batch.clear(signal, self.limits.item + ENVELOPE);
        let limit = self.item_bytes[signal];
        if signal == Signal::Metrics {
            let chunks = self.gather_metrics(limit);
            let items = chunks.iter().map(|chunk| chunk.items() as u64).sum();
            self.at_work = chunks.iter().map(|chunk| chunk.expanded() + chunk.size()).sum();
            self.takes_in_flight(signal, items);
            return (self.now, chunks);
        }
        let mut bytes = 0;
        let mut fits = |batch: &Batch, len: usize| {
            bytes += len + FRAMING;
            batch.is_empty() || (batch.len() < MOST_ITEMS && bytes <= limit)
        };
        let mut since = self.now;
        for class in Class::ALL.into_iter().rev() {
            while let Some(head) = self.lanes.head(signal, class)
                && fits(batch, head.len)
            {
                since = since.min(head.since);
                self.lanes.pop(signal, class, Some(batch));
            }
        }
        self.at_work = batch.size();
        self.takes_in_flight(signal, batch.len() as u64);
        (since, Vec::new())
    }

    fn gather_metrics(&mut self, limit: usize) -> Vec<Chunk> {
        let mut chunks = Vec::new();
        let (mut bytes, mut items) = (0, 0);
        while let Some(chunk) = self.metrics.first() {
            bytes += chunk.expanded() + FRAMING * chunk.items();
            items += chunk.items();
            if !chunks.is_empty() && (items > MOST_ITEMS || bytes > limit) {
                break;
            }
            chunks.extend(self.metrics.pop());
        }
        chunks
    }

    fn takes_in_flight(&mut self, signal: Signal, items: u64) {
        self.counts.signals[signal].in_flight += items;
        self.due[signal] = self.due[signal].saturating_sub(items);
    }

    /// Which metrics those are that were gathered last.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Nobody sends or spools any more: what there is in memory is lost.
    pub fn give_up(&mut self) {
        if self.finished {
            return;
        }
        for signal in Signal::ALL {
            self.pending[signal].clear();
            let lost = self.queued(signal) + self.counts.signals[signal].in_flight;
            for class in Class::ALL {
                while self.lanes.pop(signal, class, None).is_some() {}
            }
            let counts = &mut self.counts.signals[signal];
            counts.in_flight = 0;
            counts.drop_for(Cause::Shutdown, lost);
        }
        self.metrics.clear();
        self.at_work = 0;
        self.finished = true;
    }

    /// A request or a signal of which there are items, to be put into the spool.
    pub fn left(&mut self) -> Option<Plan> {
        Signal::ALL.into_iter().find_map(|signal| match self.pending[signal].pop() {
            Some(request) => Some(Plan::Spill(request)),
            None => (self.queued(signal) > 0).then_some(Plan::GatherAndSpill(signal)),
        })
    }

    /// No more comes, and there is so much time to send what there is.
    pub fn end_at(&mut self, ends: Moment, now: Moment) {
        self.ends = Some(ends);
        for signal in Signal::ALL {
            self.gates[signal].hurry(now);
        }
    }
}
