//! How much memory each part of the forwarder may use. Made once, from one limit.

use bytesize::ByteSize;

use super::outbox;

/// What the program needs before it has seen a packet: its code, stacks, sockets, and what is not counted one by one.
const FIXED: u64 = 7 << 20;
/// Below this there is no room for a useful ring.
pub const LEAST: u64 = 12 << 20;
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

/// Why there is no budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} of memory are too little: the forwarder needs at least {}", iec(*limit), iec(LEAST))]
pub struct TooLittle {
    pub limit: u64,
}

impl TooLittle {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        vec![format!(
            "without `--memory-limit` it is 80 % of the cgroup's limit: give the container at least {}",
            iec(LEAST / 4 * 5)
        )]
    }
}

fn iec(bytes: u64) -> bytesize::Display {
    ByteSize(bytes).display().iec()
}

impl Budget {
    /// Divides a limit in bytes.
    pub fn new(limit: u64) -> Result<Self, TooLittle> {
        if limit < LEAST {
            return Err(TooLittle { limit });
        }
        Ok(Budget { limit, ring_bytes: (limit - FIXED - outbox::BYTES as u64).min(LARGEST_RINGS) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_no_more_than_the_whole() {
        for limit in [LEAST, 25 << 20, 64 << 20, 4 << 30] {
            let budget = Budget::new(limit).unwrap();
            assert!(FIXED + budget.ring_bytes + outbox::BYTES as u64 <= limit, "{limit}: {budget:?}");
            assert!(budget.ring_bytes >= 4 << 20, "{budget:?}");
        }
        assert_eq!(Budget::new(LEAST - 1), Err(TooLittle { limit: LEAST - 1 }));
    }
}
