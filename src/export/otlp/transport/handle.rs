//! The side of the capture: hands over items and never waits.

use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::connector::Interrupt;
use super::desk::Desk;
use super::ledger::{Cause, TransportCounts};
use super::sender::Shared;
use super::{Batch, BySignal, Class, MetricSet, Signal, State};

/// Of the memory that there is, the part for items that come while the sending thread has the lock.
const ASIDE: usize = 32;

/// Of the time that there is in the end, the part for what is left when the receiver has not taken it.
const RESERVE: u32 = 8;
const MOST_RESERVE: Duration = Duration::from_secs(1);

/// Hands items to the sending thread.
pub struct Handle {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    interrupt: Interrupt,
    /// Items that came while the lock was taken.
    aside: BySignal<Batch>,
    classes: BySignal<Vec<Class>>,
    most_aside: usize,
    /// Items for which there was no room there.
    dropped: BySignal<u64>,
    /// Metrics that came then. Newer ones take their place.
    metrics_aside: Option<MetricSet>,
    /// When the end is over, and how much of it is for what is left then.
    end: Option<(Instant, Duration)>,
}

impl Handle {
    pub(super) fn new(shared: Arc<Shared>, interrupt: Interrupt, queue_bytes: usize) -> Self {
        Handle {
            shared,
            thread: None,
            interrupt,
            aside: BySignal::new(Batch::new),
            classes: BySignal::default(),
            most_aside: queue_bytes / ASIDE,
            dropped: BySignal::default(),
            metrics_aside: None,
            end: None,
        }
    }

    pub(super) fn runs(&mut self, thread: JoinHandle<()>) {
        self.thread = Some(thread);
    }

    /// Takes a copy of an encoded item, a `Span` or a `LogRecord`. `false` if it was dropped; older and less important
    /// ones may have been dropped in its place. Metrics go to [`Handle::set_metrics`].
    pub fn push(&mut self, signal: Signal, resource: u16, item: &[u8], class: Class) -> bool {
        let shared = Arc::clone(&self.shared);
        match shared.try_desk() {
            Some(mut desk) => {
                self.hand_over(&mut desk);
                let kept = desk.push(signal, resource, item, class);
                self.wake(&mut desk);
                kept
            }
            None => {
                let size: usize = self.aside.iter().map(Batch::size).sum();
                let fits = size + item.len() + size_of::<Class>() <= self.most_aside;
                if fits {
                    self.aside[signal].push(resource, item);
                    self.classes[signal].push(class);
                } else {
                    self.dropped[signal] += 1;
                }
                fits
            }
        }
    }

    /// Takes all metrics as they stand. They are cumulative, so that older ones that have not been sent yet are not
    /// needed any more. Where the sending thread has the lock, they wait like other items.
    pub fn set_metrics(&mut self, mut set: MetricSet) {
        set.close();
        self.metrics_aside = Some(set);
        self.flush();
    }

    /// Hands over what came while the sending thread had the lock. To be called from time to time.
    pub fn flush(&mut self) {
        let shared = Arc::clone(&self.shared);
        if let Some(mut desk) = shared.try_desk() {
            self.hand_over(&mut desk);
            self.wake(&mut desk);
        }
    }

    /// Whether more would soon be dropped, so that who can wait should. What there is is sent without waiting for more then.
    pub fn is_crowded(&mut self) -> bool {
        let shared = Arc::clone(&self.shared);
        let mut desk = shared.desk();
        self.hand_over(&mut desk);
        let crowded = desk.is_crowded();
        if crowded {
            desk.hurry();
            self.wake(&mut desk);
        }
        crowded
    }

    /// What became of all items so far.
    pub fn counts(&self) -> TransportCounts {
        let mut counts = self.shared.desk().counts();
        counts.held += self.metrics_aside.as_ref().map_or(0, MetricSet::size);
        for signal in Signal::ALL {
            let (aside, dropped) = (self.aside[signal].len() as u64, self.dropped[signal]);
            let items = &mut counts.signals[signal];
            items.given += aside + dropped;
            items.queued += aside;
            items.drop_for(Cause::QueueFull, dropped);
            counts.held += self.aside[signal].size() + self.classes[signal].len();
        }
        counts
    }

    /// How it stands with a signal.
    pub fn state(&self, signal: Signal) -> State {
        self.shared.desk().state(signal).clone()
    }

    /// What is wrong at the moment, if something is.
    pub fn failure(&self) -> Option<String> {
        self.trouble(|state| state.reason().is_some())
    }

    /// Why not all was sent, when all is over. What the receiver took in part is in the ledger.
    pub fn final_failure(&self) -> Option<String> {
        self.trouble(State::is_failure)
    }

    fn trouble(&self, counts: impl Fn(&State) -> bool) -> Option<String> {
        let desk = self.shared.desk();
        let mut reasons: Vec<String> = Vec::new();
        for signal in Signal::ALL {
            let state = desk.state(signal);
            let reason = || state.to_string();
            if counts(state) && !reasons.contains(&reason()) {
                reasons.push(reason());
            }
        }
        reasons.extend(desk.spool_trouble().map(str::to_owned));
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }

    /// Has what there is sent from now on, for no longer than this. Does not wait for it: [`Handle::finish`] does.
    pub fn begin_finish(&mut self, within: Duration) {
        self.end_by(within);
    }

    /// Sends what there is, puts what cannot be sent in time into the spool, and counts the rest as lost, no longer than
    /// this from when the end was begun. Items that come afterwards are lost.
    pub fn finish(&mut self, within: Duration) -> TransportCounts {
        let (end, reserve) = self.end_by(within);
        let shared = Arc::clone(&self.shared);
        if self.thread.is_some() {
            if !self.is_done_before(end - reserve / 2) {
                // A request was begun when there was more time.
                self.interrupt.now();
                self.is_done_before(end - reserve / 4);
            }
            shared.put_away(shared.now());
            // One that hangs in looking up a name or in connecting stays where it is.
            if let Some(thread) = self.thread.take_if(|thread| thread.is_finished()) {
                // Its numbers are complete, even if it has panicked.
                let _ = thread.join();
            }
        }
        self.counts()
    }

    /// When the end is over, which begins now unless it has begun, and how much of it is for what is left then.
    fn end_by(&mut self, within: Duration) -> (Instant, Duration) {
        let reserve = (within / RESERVE).min(MOST_RESERVE);
        let ends = *self.end.get_or_insert_with(|| (Instant::now() + within, reserve));
        let shared = Arc::clone(&self.shared);
        let now = shared.now();
        let mut desk = shared.desk();
        self.hand_over(&mut desk);
        if !desk.finished && desk.ends.is_none() {
            desk.end_at(now + (within - reserve), now);
            desk.urgent = true;
            shared.wake.notify_one();
        }
        ends
    }

    /// The thread is not there any more.
    #[cfg(test)]
    pub(super) fn has_ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    fn is_done_before(&self, end: Instant) -> bool {
        let mut desk = self.shared.desk();
        while !desk.finished {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            desk = self.shared.done.wait_timeout(desk, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    fn hand_over(&mut self, desk: &mut Desk) {
        if let Some(set) = self.metrics_aside.take() {
            desk.set_metrics(set);
        }
        for signal in Signal::ALL {
            if self.aside[signal].is_empty() {
                continue;
            }
            for ((resource, item), class) in self.aside[signal].iter().zip(&self.classes[signal]) {
                desk.push(signal, resource, item, *class);
            }
            self.aside[signal].clear(signal, self.most_aside);
            self.classes[signal].clear();
        }
    }

    /// A thread that sleeps is woken when there is enough for it.
    fn wake(&self, desk: &mut Desk) {
        if desk.urgent && desk.asleep {
            desk.asleep = false;
            self.shared.wake.notify_one();
        }
    }
}

/// A sender that nobody hands anything to any more does not stay.
impl Drop for Handle {
    fn drop(&mut self) {
        let mut desk = self.shared.desk();
        if !desk.finished && desk.ends.is_none() {
            let now = self.shared.now();
            desk.end_at(now, now);
            desk.urgent = true;
            self.shared.wake.notify_one();
        }
    }
}
