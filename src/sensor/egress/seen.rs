//! What was ever seen, by fingerprint: enough to say "never before", as long as there was room for all of it.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash, RandomState};

/// A set of at most so many things, which never forgets one.
#[derive(Debug)]
pub struct Seen {
    fingerprints: HashSet<u64>,
    hasher: RandomState,
    most: usize,
    left_out: u64,
}

impl Seen {
    /// An empty one.
    pub fn new(most: usize) -> Self {
        Seen { fingerprints: HashSet::new(), hasher: RandomState::new(), most, left_out: 0 }
    }

    /// Adds a thing; whether it certainly was not there before. Nothing is certain any more once one was left out.
    pub fn add(&mut self, thing: impl Hash) -> bool {
        let fingerprint = self.hasher.hash_one(thing);
        if self.fingerprints.contains(&fingerprint) {
            return false;
        }
        if self.fingerprints.len() >= self.most {
            self.left_out += 1;
            return false;
        }
        self.fingerprints.insert(fingerprint);
        self.left_out == 0
    }

    /// Whether a thing was certainly never added.
    pub fn never(&self, thing: impl Hash) -> bool {
        self.left_out == 0 && !self.fingerprints.contains(&self.hasher.hash_one(thing))
    }

    /// Things that there was no room for; one that comes again counts again.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Bytes that it holds.
    pub fn memory(&self) -> usize {
        self.fingerprints.capacity() * (size_of::<u64>() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_is_said_only_while_there_was_room_for_everything() {
        let mut seen = Seen::new(2);
        assert!(seen.add("a") && seen.add("b") && !seen.add("a"));
        assert!(seen.never("c") && !seen.never("a"));
        assert!(!seen.add("c"), "it is new, and nobody will know the next time");
        assert!(!seen.never("d"), "it may have been left out");
        assert_eq!(seen.left_out(), 1);
    }
}
