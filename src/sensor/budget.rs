//! How much memory each part of the engine may use. Made once, from one limit.

use std::time::Duration;

use super::EngineLimits;
use crate::flow::Limits;
use crate::memory_limit::{MemoryLimit, TooLittle};

/// A connection in the flow table, with its place in the index.
const CONNECTION: u64 = 424;
/// An exchange that waits for its response, with its text.
const EXCHANGE: u64 = 568;

/// Percent of the memory for records that wait to be written.
const QUEUE: u64 = 4;

/// The parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// All of it, in bytes.
    pub limit: u64,
    /// The rings of all interfaces together.
    pub ring_bytes: u64,
    /// Connections followed at a time.
    pub connections: usize,
    /// Exchanges that wait for their response.
    pub exchanges: usize,
    /// Segments that came before their turn.
    pub early_bytes: usize,
    /// What connections hold beyond their place in the table: heads that came in parts, and the state of connections that
    /// are not HTTP/1.
    pub buffer_bytes: usize,
    /// Records that wait to be written, for all exports together.
    pub queue_bytes: usize,
    /// What is remembered of many transactions: routes, endpoints, sites.
    pub findings_bytes: usize,
}

impl Budget {
    /// Divides a limit in bytes.
    pub fn new(limit: u64) -> Result<Self, TooLittle> {
        Self::with_queue(limit, 0)
    }

    /// Divides a limit in bytes where what waits to be written needs so much. It may have up to a quarter; what it takes
    /// beyond its usual share all others lack.
    pub fn with_queue(limit: u64, least_queue: usize) -> Result<Self, TooLittle> {
        let least = least_queue as u64;
        let all = MemoryLimit::new(limit)?.leaving(4 * least)?.to_divide();
        let percent = (all / 100).min((all - least) / (100 - QUEUE));
        let share = |percents: u64| percent * percents;
        Ok(Budget {
            limit,
            ring_bytes: share(26).min(64 << 20),
            connections: (share(26) / CONNECTION).min(1 << 20) as usize,
            exchanges: (share(13) / EXCHANGE).min(1 << 20) as usize,
            early_bytes: share(8).min(64 << 20) as usize,
            buffer_bytes: share(15).min(256 << 20) as usize,
            queue_bytes: (share(QUEUE).min(8 << 20) as usize).max(least_queue),
            findings_bytes: share(8).min(16 << 20) as usize,
        })
    }

    /// What the engine may keep of it.
    pub fn engine(&self, hole_timeout: Duration) -> EngineLimits {
        EngineLimits {
            flows: Limits { connections: self.connections, early_bytes: self.early_bytes, hole_timeout },
            exchanges: self.exchanges,
            buffer_bytes: self.buffer_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::FlowTable;
    use crate::memory_limit::{LEAST, MOST_UNASKED};
    use crate::protocol::buffers;
    use crate::sensor::conversation::{self, Conversations};
    use crate::sensor::exchanges;

    /// Of each limit, with as little and with as much for what waits as there can be.
    fn budgets() -> impl Iterator<Item = Budget> {
        [LEAST, 25 << 20, MOST_UNASKED, 4 << 30].into_iter().flat_map(|limit| {
            let most = MemoryLimit::new(limit).unwrap().to_divide() / 4;
            [0, most / 5, most].map(|queue| Budget::with_queue(limit, queue as usize).unwrap())
        })
    }

    #[test]
    fn the_constants_cover_what_things_take() {
        let connection = FlowTable::<Conversations>::CONNECTION_BYTES as u64;
        assert!(connection <= CONNECTION, "{connection}");
        assert!(exchanges::EXCHANGE_BYTES as u64 <= EXCHANGE);
    }

    /// Both directions of each connection may have begun a head that had to be given up.
    #[test]
    fn lost_heads_leave_room_for_others() {
        for budget in budgets() {
            let places = 2 * budget.connections * buffers::PLACE_BYTES;
            let [heads, ..] = conversation::shares(budget.buffer_bytes);
            assert!(places + places / 8 < heads / 3 * 2, "{places} of {heads}: {budget:?}");
        }
    }

    #[test]
    fn the_parts_are_no_more_than_the_whole() {
        for budget in budgets() {
            let parts = budget.ring_bytes
                + budget.connections as u64 * CONNECTION
                + budget.exchanges as u64 * EXCHANGE
                + (budget.early_bytes + budget.buffer_bytes + budget.queue_bytes + budget.findings_bytes) as u64;
            assert!(parts <= MemoryLimit::new(budget.limit).unwrap().to_divide(), "{budget:?}");
        }
    }

    #[test]
    fn what_waits_has_what_it_needs_or_the_limit_is_refused() {
        for exports in 1..=5 {
            assert!(Budget::with_queue(LEAST, exports << 18).unwrap().queue_bytes >= exports << 18);
        }
        let error = Budget::with_queue(LEAST, 6 << 18).unwrap_err();
        assert_eq!(error, TooLittle { limit: LEAST, least: 13 << 20 });
        assert!(Budget::with_queue(error.least, 6 << 18).is_ok());
        assert_eq!(Budget::with_queue(25 << 20, 1 << 18), Budget::new(25 << 20), "there is enough in any case");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod ring_tests {
    use super::*;
    use crate::memory_limit::{LEAST, MOST_UNASKED};
    use crate::packet::live::{BLOCK, LEAST_BLOCKS, LiveError, SMALL_BLOCK, layout};

    #[test]
    fn rings_share_what_they_have_and_never_take_more() {
        for limit in [LEAST, 25 << 20, MOST_UNASKED, 4 << 30] {
            let bytes = Budget::new(limit).unwrap().ring_bytes;
            for rings in 1..500 {
                match layout(bytes, rings) {
                    Ok((size, count)) => {
                        assert!(u64::from(size) * u64::from(count) * rings as u64 <= bytes, "{limit} {rings}");
                        assert!(u64::from(count) >= LEAST_BLOCKS, "{limit} {rings}");
                    }
                    Err(LiveError::TooMany { interfaces, enough }) => assert!((interfaces as u64) > enough, "{limit}"),
                    Err(other) => panic!("{other}"),
                }
            }
        }
    }

    #[test]
    fn the_interfaces_of_a_usual_task_fit_in_the_least_memory() {
        let bytes = Budget::with_queue(LEAST, 5 << 18).unwrap().ring_bytes;
        assert_eq!(layout(bytes, 4).unwrap(), (SMALL_BLOCK, 2));
        let bytes = Budget::new(25 << 20).unwrap().ring_bytes;
        assert_eq!(layout(bytes, 2).unwrap(), (BLOCK, 9));
    }
}
