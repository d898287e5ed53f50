//! How much memory each part of the forwarder may use. Made once, from one limit.

use super::outbox;
use crate::memory_limit::{MemoryLimit, TooLittle};

/// More rings than this hold nothing that could still be sent in time.
const LARGEST_RINGS: u64 = 256 << 20;

/// The parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// All of it, in bytes.
    pub limit: u64,
    /// The rings of all interfaces together.
    pub ring_bytes: u64,
}

impl Budget {
    /// Divides a limit in bytes.
    pub fn new(limit: u64) -> Result<Self, TooLittle> {
        let divided = MemoryLimit::new(limit)?.to_divide();
        Ok(Budget { limit, ring_bytes: (divided - outbox::BYTES as u64).min(LARGEST_RINGS) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory_limit::LEAST;

    #[test]
    fn the_parts_are_no_more_than_the_whole() {
        for limit in [LEAST, 25 << 20, 64 << 20, 4 << 30] {
            let budget = Budget::new(limit).unwrap();
            let parts = budget.ring_bytes + outbox::BYTES as u64;
            assert!(parts <= MemoryLimit::new(limit).unwrap().to_divide(), "{limit}: {budget:?}");
            assert!(budget.ring_bytes >= 4 << 20, "{budget:?}");
        }
        assert_eq!(Budget::new(LEAST - 1), Err(TooLittle { limit: LEAST - 1, least: LEAST }));
    }
}
