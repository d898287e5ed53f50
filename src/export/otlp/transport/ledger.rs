//! What became of items.

use super::BySignal;

/// Why an item was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// There was no room, or it is larger than there ever is.
    QueueFull,
    /// The receiver does not want it, and never will.
    Rejected,
    /// It had become too old, in memory or on disk.
    Expired,
    /// The spool made room for what came later, or could not be read back.
    SpoolFull,
    /// The engine ended before the receiver took it.
    Shutdown,
}

impl Cause {
    /// All of them.
    pub const ALL: [Cause; 5] = [Cause::QueueFull, Cause::Rejected, Cause::Expired, Cause::SpoolFull, Cause::Shutdown];

    /// As metrics name it, `export.rejected`.
    pub fn word(self) -> &'static str {
        match self {
            Cause::QueueFull => "queue.full",
            Cause::Rejected => "export.rejected",
            Cause::Expired => "export.expired",
            Cause::SpoolFull => "spool.full",
            Cause::Shutdown => "shutdown",
        }
    }
}

/// What became of the items of one signal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Items {
    /// Handed to the sender.
    pub given: u64,
    /// Found in the spool that an earlier run has left.
    pub recovered: u64,
    /// Taken by the receiver.
    pub accepted: u64,
    /// By [`Cause`].
    pub dropped: [u64; Cause::ALL.len()],
    /// Metrics that were never sent because newer ones came, which tell all that they told.
    pub superseded: u64,
    /// They wait in memory.
    pub queued: u64,
    /// They are in a request that is being made, posted, or waits to be posted again.
    pub in_flight: u64,
    /// They wait on disk.
    pub spooled: u64,
}

impl Items {
    /// Whether each item is exactly one of the things that can have become of it.
    pub fn balances(&self) -> bool {
        self.given + self.recovered
            == self.accepted
                + self.dropped.iter().sum::<u64>()
                + self.superseded
                + self.queued
                + self.in_flight
                + self.spooled
    }

    /// Items that were dropped for this.
    pub fn dropped_for(&self, cause: Cause) -> u64 {
        self.dropped.get(cause as usize).copied().unwrap_or(0)
    }

    /// Items that were dropped for whatever reason.
    pub fn all_dropped(&self) -> u64 {
        self.dropped.iter().sum()
    }

    pub(super) fn drop_for(&mut self, cause: Cause, items: u64) {
        if let Some(dropped) = self.dropped.get_mut(cause as usize) {
            *dropped += items;
        }
    }
}

/// What became of all items, and what it took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransportCounts {
    pub signals: BySignal<Items>,
    /// Requests that were posted, answered or not.
    pub requests: u64,
    /// Of those, the ones that had been posted before, and all from the spool, which may have been.
    pub retries: u64,
    /// Items of those: the receiver may have some of them twice.
    pub resent: u64,
    /// Bytes of bodies that were posted, compressed.
    pub bytes: u64,
    /// Bytes that items take in memory, at most [`Options::queue_bytes`](super::Options::queue_bytes).
    pub held: usize,
}

impl TransportCounts {
    /// Whether `given + recovered = accepted + dropped + superseded + queued + in flight + spooled`, for each signal.
    pub fn balances(&self) -> bool {
        self.signals.iter().all(Items::balances)
    }
}
