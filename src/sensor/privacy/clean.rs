//! Remembers texts in which nothing was found: the same few values come again and again.
//!
//! Of each text only a hash is kept, whose key nobody outside knows: that another text has the same one, and is taken for
//! it, is less likely than a broken machine.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

/// Texts that are remembered.
const PLACES: usize = 1024;
/// Longer texts seldom come again.
const LONGEST: usize = 256;

/// Hashes of texts.
#[derive(Debug, Clone)]
pub struct Clean {
    /// Zero is an empty place.
    places: Box<[u64]>,
    hasher: RandomState,
}

/// A text, and what was looked for in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CleanKey(u64);

impl Default for Clean {
    fn default() -> Self {
        Clean { places: vec![0; PLACES].into_boxed_slice(), hasher: RandomState::new() }
    }
}

impl Clean {
    /// Bytes that it takes.
    pub const BYTES: usize = PLACES * size_of::<u64>();

    /// What stands for a text in which this was looked for; nothing for long ones.
    pub fn key(&self, looked_for: impl Hash, text: &[u8]) -> Option<CleanKey> {
        if text.len() > LONGEST {
            return None;
        }
        let mut hasher = self.hasher.build_hasher();
        looked_for.hash(&mut hasher);
        text.hash(&mut hasher);
        Some(CleanKey(hasher.finish() | 1))
    }

    /// Whether nothing was found in it before.
    pub fn knows(&self, CleanKey(hash): CleanKey) -> bool {
        self.places[place(hash)] == hash
    }

    /// Nothing was found in it.
    pub fn learn(&mut self, CleanKey(hash): CleanKey) {
        self.places[place(hash)] = hash;
    }
}

/// The upper bits, as the lowest is always set.
fn place(hash: u64) -> usize {
    (hash >> 32) as usize % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_looked_for_in_the_same_text_is_known() {
        let mut clean = Clean::default();
        let key = clean.key(1, b"gzip").unwrap();
        assert!(!clean.knows(key));
        clean.learn(key);
        assert!(clean.knows(clean.key(1, b"gzip").unwrap()));
        assert!(!clean.knows(clean.key(2, b"gzip").unwrap()));
        assert!(!clean.knows(clean.key(1, b"gzip, br").unwrap()));
        assert_eq!(clean.key(1, &[b'x'; LONGEST + 1]), None);
    }
}
