//! What the sending thread does next.

use super::{Desk, LEAST_TIMEOUT, Plan};
use crate::export::otlp::transport::ledger::Cause;
use crate::export::otlp::transport::{Class, Moment, Signal};

impl Desk {
    /// What to do next. Items that have become too old go before.
    pub fn plan(&mut self, now: Moment) -> Plan {
        self.now = now;
        self.urgent = false;
        self.expire();
        if self.finished || self.ends.is_some_and(|ends| ends <= now + LEAST_TIMEOUT) {
            return Plan::PutAway;
        }
        if self.next_flush <= now {
            for signal in Signal::ALL {
                let queued = self.queued(signal);
                self.due[signal] = queued;
            }
            while self.next_flush <= now {
                self.next_flush += self.limits.interval.max(Moment::from_millis(1));
            }
        }
        if self.spool.turn && self.can_unspool() {
            return self.unspool();
        }
        let first = self.last.index() + 1;
        for signal in (first..first + 3).filter_map(|at| Signal::of_index(at % 3)) {
            if !self.gates[signal].is_open(now) {
                continue;
            }
            let pending = self.pending[signal].pop();
            if pending.is_some() || self.is_due(signal) {
                self.last = signal;
                self.spool.turn = true;
                return pending.map_or(Plan::Gather(signal), Plan::Post);
            }
        }
        if self.can_unspool() {
            return self.unspool();
        }
        for signal in [Signal::Traces, Signal::Logs] {
            if self.wants_spilling(signal) {
                return match self.pending[signal].pop() {
                    Some(request) => Plan::Spill(request),
                    None if self.queued(signal) > 0 => Plan::GatherAndSpill(signal),
                    None => continue,
                };
            }
        }
        self.rest()
    }

    /// A request has taken until now.
    pub fn passes(&mut self, now: Moment) {
        self.now = now;
    }

    fn is_due(&self, signal: Signal) -> bool {
        let due = self.due[signal] > 0 || self.ends.is_some();
        self.queued(signal) > 0 && (due || self.is_full(signal))
    }

    fn can_unspool(&self) -> bool {
        let may_go = |signal| self.gates[signal].is_open(self.now) || self.is_unwanted(signal);
        self.ends.is_none() && self.spool.first.is_some_and(may_go)
    }

    fn unspool(&mut self) -> Plan {
        self.spool.turn = false;
        Plan::Unspool
    }

    /// When there is something to do again. Who has nothing left to do that can be done in time, ends.
    fn rest(&self) -> Plan {
        let waits = |signal: &Signal| self.queued(*signal) > 0 || !self.pending[*signal].is_empty();
        let opens = Signal::ALL.iter().filter(|it| waits(it)).map(|&signal| self.gates[signal].opens());
        if let Some(ends) = self.ends {
            return opens.min().filter(|&opens| opens + LEAST_TIMEOUT < ends).map_or(Plan::PutAway, Plan::Wait);
        }
        let spool_opens = self.spool.first.map(|signal| self.gates[signal].opens());
        let later = opens.chain(spool_opens).filter(|&opens| opens > self.now).min();
        Plan::Wait(later.unwrap_or(Moment::MAX).min(self.next_flush))
    }

    pub(super) fn wants_spilling(&self, signal: Signal) -> bool {
        let usable = self.spool.usable_from.is_some_and(|from| from <= self.now);
        if !usable || !self.gates[signal].is_down() {
            return false;
        }
        let old = |since: Moment| self.now.saturating_sub(since) > self.limits.max_age / 2;
        let heads = || Class::ALL.into_iter().filter_map(|class| self.lanes.head(signal, class));
        self.lanes.used() > self.room() / 2
            || heads().any(|head| old(head.since))
            || self.pending[signal].iter().any(|request| old(request.since))
    }

    fn expire(&mut self) {
        let (now, max_age) = (self.now, self.limits.max_age);
        let old = |since: Moment| now.saturating_sub(since) > max_age;
        for signal in Signal::ALL {
            let mut expired = 0;
            for class in Class::ALL {
                while self.lanes.head(signal, class).is_some_and(|head| old(head.since)) {
                    self.lanes.pop(signal, class, None);
                    expired += 1;
                }
            }
            let mut pending = 0;
            self.pending[signal].retain(|request| {
                let keep = !old(request.since);
                pending += if keep { 0 } else { request.items };
                keep
            });
            let counts = &mut self.counts.signals[signal];
            counts.in_flight -= pending;
            counts.drop_for(Cause::Expired, expired + pending);
        }
    }
}
