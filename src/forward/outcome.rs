//! What became of datagrams: each is in one of the lots.

use std::ops::AddAssign;

/// So many datagrams, and the bytes of their IP packets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lot {
    pub datagrams: u64,
    pub bytes: u64,
}

impl AddAssign for Lot {
    fn add_assign(&mut self, other: Lot) {
        self.datagrams += other.datagrams;
        self.bytes += other.bytes;
    }
}

/// What became of datagrams, each of which is in one of the lots.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Given to the kernel, which takes them to the interface.
    pub sent: Lot,
    /// Dropped because the socket's or the interface's queue was full.
    pub full: Lot,
    /// Dropped because the path had become too narrow for them, and they could not be cut again.
    pub too_long: Lot,
    /// Dropped for want of a route to the collector, or because it could not be connected to.
    pub unreachable: Lot,
    /// Dropped because the kernel said, time and again, that the collector refuses them.
    pub refused: Lot,
    /// Dropped because of any other error.
    pub failed: Lot,
    /// Dropped because the name of the collector had no address, or one of our own; as packets of IPv4.
    pub no_address: Lot,
    /// How often we were told that nobody listens there. What was sent before may have been lost.
    pub refusals: u64,
    /// How often we were told that its host cannot be reached. What was sent before may have been lost.
    pub unreached: u64,
    /// How often the path turned out to be narrower than was known.
    pub narrowed: u64,
    /// Datagrams that were cut again, because the path had become too narrow for them.
    pub recut: u64,
    /// What those became. Each is in one of the lots, in place of the one that it was cut from.
    pub recut_into: u64,
    /// Those of them that have lost their end by that.
    pub recut_truncated: u64,
    /// How often the socket was found to be of no use any more.
    pub broken: u64,
    /// How often the kernel turned out not to cut messages apart.
    pub unsegmented: u64,
    /// The last error that was not told apart, as the system numbers it; 0 if there was none.
    pub last_error: i32,
}

impl Outcome {
    /// All datagrams.
    pub fn all(&self) -> Lot {
        let mut all = self.sent;
        self.drops().iter().for_each(|(_, lot)| all += *lot);
        all
    }

    /// Those that were not sent, by cause.
    pub fn drops(&self) -> [(&'static str, Lot); 6] {
        [
            ("send buffer full", self.full),
            ("too long for the path", self.too_long),
            ("no route", self.unreachable),
            ("refused", self.refused),
            ("no address", self.no_address),
            ("not sent", self.failed),
        ]
    }
}

impl AddAssign for Outcome {
    fn add_assign(&mut self, other: Outcome) {
        self.sent += other.sent;
        self.full += other.full;
        self.too_long += other.too_long;
        self.unreachable += other.unreachable;
        self.refused += other.refused;
        self.failed += other.failed;
        self.no_address += other.no_address;
        self.refusals += other.refusals;
        self.unreached += other.unreached;
        self.narrowed += other.narrowed;
        self.recut += other.recut;
        self.recut_into += other.recut_into;
        self.recut_truncated += other.recut_truncated;
        self.broken += other.broken;
        self.unsegmented += other.unsegmented;
        if other.last_error != 0 {
            self.last_error = other.last_error;
        }
    }
}
