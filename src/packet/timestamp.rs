//! The time of a packet.

use std::time::Duration;

/// Nanoseconds since the Unix epoch, in UTC; reaches to the year 2554.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// From nanoseconds since the Unix epoch.
    pub const fn from_nanos(nanos: u64) -> Self {
        Timestamp(nanos)
    }

    /// From whole seconds and a fraction in nanoseconds; the latest time there is if that is too much.
    pub const fn from_parts(seconds: u64, nanos: u64) -> Self {
        Timestamp(seconds.saturating_mul(1_000_000_000).saturating_add(nanos))
    }

    /// Nanoseconds since the Unix epoch.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; nothing if it is before.
    pub const fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// This much later.
    pub const fn after(self, duration: Duration) -> Self {
        Timestamp(self.0.saturating_add(duration.as_nanos() as u64))
    }
}
