//! Whether many requests name the same parent.
//!
//! Some programs repeat one context for everything they do, for hours. Joined to it, the requests of a whole fleet would be
//! one trace that nobody can open.

use std::time::Duration;

use super::slots::Slots;
use crate::packet::Timestamp;
use crate::record::SpanContext;

/// So many requests of one parent are a crowd.
pub const CROWD: u32 = 16;
/// In so long a time.
pub const WINDOW: Duration = Duration::from_secs(60);
/// Parents that are remembered.
const PARENTS: usize = 1024;

/// Requests by parent.
#[derive(Debug)]
pub struct Crowds(Slots<Parent>);

#[derive(Debug, Clone, Default)]
struct Parent {
    since: Timestamp,
    requests: u32,
    /// It had a crowd in the time before.
    crowded: bool,
}

impl Default for Crowds {
    fn default() -> Self {
        Crowds(Slots::new(PARENTS))
    }
}

impl Crowds {
    /// Counts a request of this parent; whether it is one of a crowd.
    pub fn joins(&mut self, parent: &SpanContext, now: Timestamp) -> bool {
        let Some(entry) = self.0.entry((parent.trace_id, parent.span_id)) else { return true };
        // Requests are told of when they end, so that earlier ones may come later. By more than this, the clock was set.
        let jumped = entry.since.since(now) >= WINDOW;
        let passed = now.since(entry.since);
        if jumped || passed >= WINDOW {
            let crowded = entry.requests >= CROWD && passed < 2 * WINDOW;
            *entry = Parent { since: now, requests: 0, crowded };
        }
        entry.requests = entry.requests.saturating_add(1);
        entry.crowded || entry.requests >= CROWD
    }

    /// Bytes that it holds.
    pub fn memory(&self) -> usize {
        self.0.memory()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parent(span: u8) -> SpanContext {
        SpanContext { trace_id: [1; 16], span_id: [span; 8], flags: 0 }
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_nanos(1_700_000_000_000_000_000 + millis * 1_000_000)
    }

    #[test]
    fn fifteen_requests_of_a_parent_in_a_minute_are_no_crowd() {
        let mut crowds = Crowds::default();
        let joins: Vec<bool> = (0..20).map(|request| crowds.joins(&parent(1), at(request))).collect();
        assert_eq!(joins.iter().position(|&crowd| crowd), Some(15));
        assert!(joins[15..].iter().all(|&crowd| crowd));
        assert!(!crowds.joins(&parent(2), at(20)));
    }

    #[test]
    fn a_crowd_that_goes_on_stays_one_and_is_forgotten_when_it_ends() {
        let mut crowds = Crowds::default();
        let joins = (0..3000).filter(|second| !crowds.joins(&parent(1), at(second * 1000))).count();
        assert_eq!(joins, 15, "one each second, for 50 minutes");
        assert!(!crowds.joins(&parent(1), at(3_200_000)));
    }

    #[test]
    fn a_clock_that_jumps_does_not_stop_the_count() {
        let mut crowds = Crowds::default();
        assert!(!crowds.joins(&parent(1), at(10_000_000)));
        let joins = (0..20).map(|request| crowds.joins(&parent(1), at(request))).collect::<Vec<_>>();
        assert_eq!(joins.iter().position(|&crowd| crowd), Some(15));
        // Back and forth within the window, as requests of different length end.
        let mut crowds = Crowds::default();
        let joins = (0..16).map(|request| crowds.joins(&parent(1), at(30_000 - request % 2 * 30_000))).last();
        assert_eq!(joins, Some(true));
    }
}
