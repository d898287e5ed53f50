//! Which transactions are like none before.

use super::recent::Recent;

/// Kinds that are remembered; a forgotten one is new again.
pub const KINDS: usize = 4096;
/// How many of a kind are told before it is known.
pub const FIRST: u8 = 3;

/// Kinds of transactions, by hash, and how often each was kept.
#[derive(Debug)]
pub struct Kinds {
    kept: Recent<u8>,
}

impl Kinds {
    /// Bytes that are held, at most.
    pub const MEMORY_BYTES: usize = KINDS * Recent::<u8>::THING_BYTES;

    /// None yet.
    pub fn new() -> Self {
        Kinds { kept: Recent::with_capacity(KINDS) }
    }

    /// Whether few of the kind were kept so far.
    pub fn is_new(&mut self, kind: u64) -> bool {
        self.kept.use_mut(kind).is_none_or(|kept| *kept < FIRST)
    }

    /// One of the kind was kept.
    pub fn keep(&mut self, kind: u64) {
        match self.kept.use_mut(kind) {
            Some(kept) => *kept = kept.saturating_add(1),
            None => _ = self.kept.add(kind, 1),
        }
    }
}

impl Default for Kinds {
    fn default() -> Self {
        Kinds::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_known_after_three_of_it_were_kept() {
        let mut kinds = Kinds::new();
        let new = [(); 5].map(|()| {
            let new = kinds.is_new(1);
            kinds.keep(1);
            new
        });
        assert_eq!(new, [true, true, true, false, false]);
        (0..1_000).for_each(|_| kinds.keep(1));
        assert!(!kinds.is_new(1) && kinds.is_new(2));
    }
}
