//! What becomes of items when a request was posted, split, or moved to the spool or back.

use super::{Desk, LEAST_LIMIT, Request};
use crate::export::otlp::transport::answer::Verdict;
use crate::export::otlp::transport::gate::State;
use crate::export::otlp::transport::ledger::Cause;
use crate::export::otlp::transport::spool::{Lost, Spool};
use crate::export::otlp::transport::{Moment, Signal};

impl Desk {
    /// A request is about to be posted.
    pub fn posts(&mut self, request: &Request) {
        self.at_work = request.body.len();
        self.counts.requests += 1;
        self.counts.bytes += request.body.len() as u64;
        if request.tried {
            self.counts.retries += 1;
            self.counts.resent += request.items;
        }
    }

    /// It is of the spool, and has so many bytes.
    pub fn posts_spooled(&mut self, bytes: usize) {
        self.at_work = bytes;
        self.counts.bytes += bytes as u64;
    }

    /// What becomes of the items of a request that was answered, unless they are to be split or are in the spool still.
    pub fn settle(&mut self, mut request: Request, verdict: Verdict) {
        self.at_work = 0;
        if self.finished {
            return;
        }
        let (signal, items) = (request.signal, request.items);
        self.note(signal, items, &verdict);
        if self.is_superseded(&request) && !matches!(verdict, Verdict::Accepted { .. } | Verdict::Rejected(_)) {
            let counts = &mut self.counts.signals[signal];
            counts.in_flight -= items;
            counts.superseded += items;
            return;
        }
        match verdict {
            Verdict::Accepted { rejected, .. } => self.settled(signal, items, rejected),
            // One that cannot be split any more.
            Verdict::Rejected(_) | Verdict::TooLarge(_) => self.settled(signal, items, items),
            Verdict::Retry { .. } | Verdict::Unauthorised(_) | Verdict::Misconfigured(_) => {
                request.tried = true;
                self.pending[signal].push(request);
            }
        }
    }

    fn settled(&mut self, signal: Signal, items: u64, rejected: u64) {
        let rejected = rejected.min(items);
        let counts = &mut self.counts.signals[signal];
        counts.in_flight -= items;
        counts.accepted += items - rejected;
        counts.drop_for(Cause::Rejected, rejected);
    }

    /// What the answer says about what comes next.
    fn note(&mut self, signal: Signal, items: u64, verdict: &Verdict) {
        let now = self.now;
        let most = self.limits.request;
        if matches!(verdict, Verdict::Accepted { .. }) {
            // The receiver's bound may have been raised: find out by and by.
            self.item_bytes[signal] = (self.item_bytes[signal] + most / 256).min(most);
        }
        let gate = &mut self.gates[signal];
        match verdict {
            Verdict::Accepted { rejected: 0, .. } => gate.succeeded(now),
            Verdict::Accepted { rejected, message } => {
                gate.succeeded_in_part(now, format!("{} of {items} items: {message}", rejected.min(&items)));
            }
            Verdict::Retry { after, why } => gate.failed(now, *after, why.clone()),
            Verdict::TooLarge(why) | Verdict::Rejected(why) => gate.rejected(why.clone()),
            Verdict::Unauthorised(why) => gate.closed(now, State::Unauthorised(why.clone())),
            Verdict::Misconfigured(why) => gate.closed(now, State::Misconfigured(why.clone())),
        }
    }

    /// A request was refused for its size, and its items will be posted in halves.
    pub fn splits(&mut self, signal: Signal, expanded: usize, why: &str) {
        self.gates[signal].rejected(why.to_owned());
        self.item_bytes[signal] = self.item_bytes[signal].min((expanded / 2).max(LEAST_LIMIT));
        self.at_work = expanded;
    }

    /// A request is to be posted next.
    pub fn put_back(&mut self, request: Request) {
        self.at_work = 0;
        if self.finished {
            return;
        }
        if self.is_superseded(&request) {
            let counts = &mut self.counts.signals[request.signal];
            counts.in_flight -= request.items;
            counts.superseded += request.items;
        } else {
            self.pending[request.signal].push(request);
        }
    }

    fn is_superseded(&self, request: &Request) -> bool {
        request.signal == Signal::Metrics && request.generation != self.generation
    }

    /// Items of a request are lost.
    pub fn lose(&mut self, signal: Signal, items: u64, cause: Cause) {
        self.at_work = 0;
        if self.finished {
            return;
        }
        let counts = &mut self.counts.signals[signal];
        counts.in_flight -= items;
        counts.drop_for(cause, items);
    }

    /// The spool was opened.
    pub fn spool_opened(&mut self, spool: &mut Spool) {
        let Lost { expired, full } = spool.take_lost();
        for signal in Signal::ALL {
            let counts = &mut self.counts.signals[signal];
            counts.recovered += spool.items()[signal] + expired[signal] + full[signal];
            counts.drop_for(Cause::Expired, expired[signal]);
            counts.drop_for(Cause::SpoolFull, full[signal]);
        }
        self.spool.usable_from = Some(self.now);
        self.see_spool(spool);
    }

    /// There is no spool, or nothing can be written to it until then.
    pub fn spool_failed(&mut self, why: String, usable_from: Option<Moment>) {
        self.spool.trouble = Some(why);
        self.spool.usable_from = usable_from;
    }

    /// The items of a request are in the spool.
    pub fn spilled(&mut self, signal: Signal, items: u64, spool: &mut Spool) {
        self.at_work = 0;
        if self.finished {
            // They are counted as lost already, and reach the receiver by the next run all the same.
            return;
        }
        self.spool.trouble = None;
        self.counts.signals[signal].in_flight -= items;
        self.see_spool(spool);
    }

    /// The first request of the spool was answered; it has been removed if its fate is sealed.
    pub fn settle_spooled(&mut self, signal: Signal, items: u64, verdict: &Verdict, removed: bool, spool: &mut Spool) {
        self.at_work = 0;
        self.note(signal, items, verdict);
        if removed {
            let rejected = match verdict {
                Verdict::Accepted { rejected, .. } => *rejected,
                _ => items,
            };
            self.counts.signals[signal].in_flight += items;
            self.settled(signal, items, rejected);
        }
        self.see_spool(spool);
    }

    /// The first request of the spool was taken out, and is in memory.
    pub fn unspooled(&mut self, signal: Signal, items: u64, spool: &mut Spool) {
        let counts = &mut self.counts.signals[signal];
        if self.finished {
            counts.drop_for(Cause::Shutdown, items);
        } else {
            counts.in_flight += items;
        }
        self.see_spool(spool);
    }

    /// Looks at what is in the spool.
    pub fn see_spool(&mut self, spool: &mut Spool) {
        let Lost { expired, full } = spool.take_lost();
        let spooled = spool.items();
        for signal in Signal::ALL {
            let counts = &mut self.counts.signals[signal];
            counts.drop_for(Cause::Expired, expired[signal]);
            counts.drop_for(Cause::SpoolFull, full[signal]);
            counts.spooled = spooled[signal];
        }
        self.spool.first = spool.first_signal();
    }
}
