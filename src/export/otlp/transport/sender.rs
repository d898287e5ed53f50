//! The thread that sends.
//!
//! It does one thing at a time: makes a request, posts it, or moves one to the spool or back. What comes next is decided
//! by [`Desk::plan`], from nothing but what is there and what time it is.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::answer::{Verdict, judge};
use super::client::{Client, Post};
use super::connector::Interrupt;
use super::desk::{Desk, Plan, Request};
use super::ledger::Cause;
use super::metric_set::Chunk;
use super::options::{INTERVALS, LEAST_QUEUE_BYTES};
use super::packer::Packer;
use super::{Envelopes, Handle, Moment, Options, Signal, TransportError};
use crate::export::own_sockets::OwnSockets;

/// The thread looks whether something has become too old at least this often.
const MOST_SLEEP: Duration = Duration::from_secs(5);
/// What the threads share.
pub struct Shared {
    desk: Mutex<Desk>,
    packer: Mutex<Packer>,
    /// The sending thread has something to do.
    pub wake: Condvar,
    /// The sending thread has nothing to do any more.
    pub done: Condvar,
    started: Instant,
}

impl Shared {
    /// A thread that panics leaves numbers that do not add up, at worst.
    pub fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`Shared::desk`], if nobody else has it at the moment.
    pub fn try_desk(&self) -> Option<MutexGuard<'_, Desk>> {
        self.desk.try_lock().ok()
    }

    fn packer(&self) -> MutexGuard<'_, Packer> {
        self.packer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What time it is.
    pub fn now(&self) -> Moment {
        self.started.elapsed()
    }

    /// Saves in the spool what can be saved and counts the rest as lost, in place of a sending thread that hangs, too.
    pub fn put_away(&self, now: Moment) {
        match self.packer.try_lock() {
            Ok(packer) => self.put_away_with(packer, now),
            // It hangs in writing to the spool.
            Err(_) => self.desk().give_up(),
        }
    }

    fn put_away_with(&self, mut packer: MutexGuard<'_, Packer>, now: Moment) {
        let posting = {
            let mut desk = self.desk();
            if desk.finished {
                return;
            }
            desk.posting.take()
        };
        if packer.spool().is_some() {
            let posting = posting.map(|it| Request { body: it.body.clone(), ..*it });
            self.spill_all(&mut packer, posting, now);
        }
        let closed = packer.close();
        let mut desk = self.desk();
        desk.give_up();
        if let Err(error) = closed {
            desk.spool_failed(format!("cannot close the spool: {error}"), None);
        }
    }

    fn spill_all(&self, packer: &mut Packer, posting: Option<Request>, now: Moment) {
        let mut next = posting.map(Plan::Spill);
        loop {
            let plan = next.take().or_else(|| self.desk().left());
            let requests = match plan {
                Some(Plan::Spill(request)) => vec![request],
                Some(Plan::GatherAndSpill(signal)) => self.pack(packer, signal),
                _ => return,
            };
            for request in requests {
                if packer.spill(request, now, |act| act(&mut self.desk())).is_some() {
                    // The disk is full: the others would not fit, either. Its items are in flight, and are given up.
                    return;
                }
            }
        }
    }

    fn pack(&self, packer: &mut Packer, signal: Signal) -> Vec<Request> {
        let (since, generation, chunks) = {
            let mut desk = self.desk();
            let (since, chunks) = desk.gather(signal, packer.batch());
            (since, desk.generation(), chunks)
        };
        let gathered = (packer.batch().len() + chunks.iter().map(Chunk::items).sum::<usize>()) as u64;
        chunks.iter().for_each(|chunk| chunk.expand_into(packer.batch()));
        let requests = packer.pack(since, generation);
        let packed: u64 = requests.iter().map(|request| request.items).sum();
        if packed < gathered {
            self.desk().lose(signal, gathered - packed, Cause::Rejected);
        }
        requests
    }
}

/// What the sending thread does after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Another one.
    Step,
    /// Another one then, or when it is woken.
    Sleep(Moment),
    /// Nothing.
    End,
}

/// Sends what a [`Handle`] is given.
pub struct Sender {
    shared: Arc<Shared>,
    post: Box<dyn Post>,
    timeout: Duration,
    own_sockets: Arc<OwnSockets>,
}

impl Sender {
    /// Starts the thread. It connects when there is something to send, and not before.
    pub fn start(options: &Options, envelopes: impl Envelopes + 'static) -> Result<Handle, TransportError> {
        let client = Client::new(options)?;
        let interrupt = client.interrupt();
        let (mut sender, mut handle) = Self::new(options, envelopes, Box::new(client), interrupt)?;
        let spool = options.spool.clone();
        let thread = std::thread::Builder::new().name("otlp".to_owned()).spawn(move || {
            if let Some(spool) = &spool {
                sender.open_spool(spool);
            }
            sender.run();
        });
        handle.runs(thread.map_err(TransportError::Thread)?);
        Ok(handle)
    }

    /// A sender that does nothing by itself.
    pub(super) fn new(
        options: &Options,
        envelopes: impl Envelopes + 'static,
        post: Box<dyn Post>,
        interrupt: Interrupt,
    ) -> Result<(Self, Handle), TransportError> {
        if !INTERVALS.contains(&options.export_interval) {
            return Err(TransportError::Interval(options.export_interval));
        }
        if options.queue_bytes < LEAST_QUEUE_BYTES {
            return Err(TransportError::QueueBytes { given: options.queue_bytes });
        }
        let mut seed = DefaultHasher::new();
        options.instance.hash(&mut seed);
        let packer = Packer::new(options.format, Box::new(envelopes), SystemTime::now(), options.queue_bytes / 8);
        let shared = Arc::new(Shared {
            desk: Mutex::new(Desk::new(options, seed.finish())),
            packer: Mutex::new(packer),
            wake: Condvar::new(),
            done: Condvar::new(),
            started: Instant::now(),
        });
        let handle = Handle::new(Arc::clone(&shared), interrupt, options.queue_bytes);
        let own_sockets = Arc::clone(&options.own_sockets);
        Ok((Sender { shared, post, timeout: options.timeout, own_sockets }, handle))
    }

    pub(super) fn open_spool(&mut self, options: &super::SpoolOptions) {
        // Reading what an earlier run has left takes its time, in which the capture must not wait for the desk.
        let mut packer = self.shared.packer();
        let opened = packer.open_spool(options);
        let mut desk = self.shared.desk();
        match opened {
            Ok(spool) => desk.spool_opened(spool),
            Err(why) => desk.spool_failed(why, None),
        }
    }

    fn run(&mut self) {
        loop {
            match self.step(self.shared.now()) {
                Next::Step => {}
                Next::Sleep(until) => {
                    let mut desk = self.shared.desk();
                    if !desk.urgent {
                        let time = until.saturating_sub(self.shared.now()).min(MOST_SLEEP);
                        desk.asleep = true;
                        let woken = self.shared.wake.wait_timeout(desk, time);
                        woken.unwrap_or_else(PoisonError::into_inner).0.asleep = false;
                    }
                }
                Next::End => {
                    self.shared.done.notify_all();
                    return;
                }
            }
        }
    }

    /// Does what is to be done next.
    pub(super) fn step(&mut self, now: Moment) -> Next {
        self.own_sockets.sweep(Instant::now());
        let plan = self.shared.desk().plan(now);
        match plan {
            Plan::Wait(until) => return Next::Sleep(until),
            Plan::PutAway => {
                // Whoever does it already is waited for, instead of giving up what is about to be saved.
                self.shared.put_away_with(self.shared.packer(), now);
                return Next::End;
            }
            Plan::Post(request) => self.post(request, now),
            Plan::Gather(signal) => {
                let requests = self.shared.pack(&mut self.shared.packer(), signal);
                self.post_first(requests, now);
            }
            Plan::Unspool => self.post_spooled(now),
            Plan::Spill(request) => self.spill(vec![request], now),
            Plan::GatherAndSpill(signal) => {
                let requests = self.shared.pack(&mut self.shared.packer(), signal);
                self.spill(requests, now);
            }
        }
        Next::Step
    }

    fn post_first(&mut self, mut requests: Vec<Request>, now: Moment) {
        if requests.len() > 1 {
            let later = requests.split_off(1);
            let mut desk = self.shared.desk();
            later.into_iter().rev().for_each(|request| desk.put_back(request));
        }
        if let Some(request) = requests.pop() {
            self.post(request, now);
        }
    }

    fn post(&mut self, request: Request, now: Moment) {
        let timeout = self.timeout_from(now);
        let request = Arc::new(request);
        {
            let mut desk = self.shared.desk();
            if desk.finished {
                return;
            }
            desk.posts(&request);
            desk.posting = Some(Arc::clone(&request));
        }
        let verdict = self.ask(request.signal, &request.body, timeout, now);
        if self.shared.desk().posting.take().is_none() {
            // Somebody has lost patience and puts it away, or has done so: what becomes of it is not told here.
            return;
        }
        let Ok(request) = Arc::try_unwrap(request) else { return };
        match verdict {
            Verdict::TooLarge(why) => self.split(request, why),
            verdict => self.shared.desk().settle(request, verdict),
        }
    }

    fn ask(&mut self, signal: Signal, body: &[u8], timeout: Duration, now: Moment) -> Verdict {
        let begun = Instant::now();
        let answer = self.post.post(signal, body, timeout);
        let now = now.saturating_add(begun.elapsed());
        self.shared.desk().passes(now);
        judge(&answer, self.shared.packer().wall_clock(now))
    }

    /// No longer than what is left.
    fn timeout_from(&self, now: Moment) -> Duration {
        self.shared.desk().ends.map_or(self.timeout, |ends| ends.saturating_sub(now).min(self.timeout))
    }

    fn split(&mut self, request: Request, why: String) {
        let packer = self.shared.packer();
        self.shared.desk().splits(request.signal, request.expanded, &why);
        let halves = packer.split(&request);
        let mut desk = self.shared.desk();
        match halves {
            Some(halves) => halves.into_iter().rev().for_each(|half| desk.put_back(half)),
            None => desk.settle(request, Verdict::Rejected(why)),
        }
    }

    fn post_spooled(&mut self, now: Moment) {
        let mut packer = self.shared.packer();
        let Some(record) = packer.first(now) else {
            if let Some(spool) = packer.spool() {
                self.shared.desk().see_spool(spool);
            }
            return;
        };
        drop(packer);
        let (signal, items) = (record.signal, u64::from(record.items));
        let request = Request {
            signal,
            items,
            body: Vec::new(),
            expanded: record.expanded as usize,
            since: now,
            // Nobody knows whether it arrived before it went to the spool, or before the engine ended.
            tried: true,
            generation: self.shared.desk().generation(),
        };
        let timeout = self.timeout_from(now);
        {
            let mut desk = self.shared.desk();
            desk.posts(&request);
            desk.posts_spooled(record.body.len());
        }
        let verdict = self.ask(signal, &record.body, timeout, now);
        let mut packer = self.shared.packer();
        let Some(spool) = packer.spool() else { return };
        match verdict {
            Verdict::TooLarge(why) => {
                if !spool.remove(&record) {
                    return self.shared.desk().see_spool(spool);
                }
                self.shared.desk().unspooled(signal, items, spool);
                drop(packer);
                self.split(Request { body: record.body, ..request }, why);
            }
            verdict => {
                let stays = match verdict {
                    Verdict::Retry { .. } | Verdict::Unauthorised(_) => true,
                    // It would hold up those behind it that the receiver takes.
                    Verdict::Misconfigured(_) => !self.shared.desk().is_unwanted(signal),
                    _ => false,
                };
                let removed = !stays && spool.remove(&record);
                self.shared.desk().settle_spooled(signal, items, &verdict, removed, spool);
            }
        }
    }

    fn spill(&mut self, requests: Vec<Request>, now: Moment) {
        let mut packer = self.shared.packer();
        let failed: Vec<_> = requests
            .into_iter()
            .filter_map(|request| packer.spill(request, now, |act| act(&mut self.shared.desk())))
            .collect();
        let mut desk = self.shared.desk();
        failed.into_iter().rev().for_each(|request| desk.put_back(request));
    }
}

#[cfg(test)]
mod tests {
    use super::super::answer::{Answer, Response};
    use super::super::tests::run::{envelope, options};
    use super::super::{Class, MetricSet};
    use super::*;

    /// Answers when somebody has just lost patience with it.
    struct TooLate(Arc<Mutex<Option<Arc<Shared>>>>, Arc<Mutex<Option<u64>>>);

    impl Post for TooLate {
        fn post(&mut self, _: Signal, _: &[u8], _: Duration) -> Answer {
            if let Some(shared) = &*self.0.lock().unwrap() {
                *self.1.lock().unwrap() = shared.desk().posting.take().map(|request| request.items);
            }
            Answer::Response(Response { status: 200, ..Default::default() })
        }
    }

    #[test]
    fn a_request_that_is_put_away_while_it_is_answered_is_settled_once() {
        let (place, taken) = (Arc::default(), Arc::default());
        let post = Box::new(TooLate(Arc::clone(&place), Arc::clone(&taken)));
        let (mut sender, mut handle) =
            Sender::new(&options("http://receiver"), envelope(), post, Interrupt::default()).unwrap();
        *place.lock().unwrap() = Some(Arc::clone(&sender.shared));
        handle.push(Signal::Traces, 0, b"span", Class::Fair);
        sender.shared.desk().hurry();
        assert_eq!(sender.step(Duration::ZERO), Next::Step);
        let items = handle.counts().signals.traces;
        assert_eq!((items.accepted, items.in_flight), (0, 1), "whoever has taken it tells what becomes of it");
        let items = taken.lock().unwrap().take().expect("it was being posted");
        sender.shared.desk().lose(Signal::Traces, items, Cause::Shutdown);
        assert!(handle.counts().balances());
    }

    #[test]
    fn metrics_that_come_while_the_desk_is_taken_are_sent_in_the_end() {
        let post = Box::new(TooLate(Arc::default(), Arc::default()));
        let (mut sender, mut handle) =
            Sender::new(&options("http://receiver"), envelope(), post, Interrupt::default()).unwrap();
        let set = |handle: &mut Handle, item: &[u8]| {
            let mut set = MetricSet::for_queue(LEAST_QUEUE_BYTES);
            set.push(0, item);
            handle.set_metrics(set);
        };
        {
            let shared = Arc::clone(&sender.shared);
            let _taken = shared.desk();
            set(&mut handle, b"next to last");
            set(&mut handle, b"last");
        }
        assert_eq!(handle.counts().signals.metrics.given, 0);
        handle.finish(Duration::from_secs(10));
        assert_eq!(handle.counts().signals.metrics.given, 1);
        assert_eq!(sender.step(Duration::from_secs(1)), Next::Step);
        assert_eq!(handle.counts().signals.metrics.accepted, 1);
    }
}
