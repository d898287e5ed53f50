//! The dynamic table, RFC 7541 §2.3.2 and §4, for a reader that may have missed a part of it.
//!
//! Entries are counted from the newest, so those added since a loss keep their right index whatever older ones there
//! are. The table remembers whether there may be entries that it does not hold; only then can an index be *unknown*.
//! An unknown index is never given a value.
//!
//! Text lies in one arena: new entries are appended, old ones leave from the front, and the live part is moved down
//! when the arena is full and at least an eighth of it is dead, so that each octet is moved a bounded number of times.
//! The arena grows by an eighth, too: of a connection that idles, the tables are nearly all there is. No more than
//! [`MAX_TABLE`] of entries are held, whatever size the peers agree on: beyond it the oldest are forgotten as if they had
//! been missed. With that the arena has at most twice as many octets.

use std::collections::VecDeque;

/// The most octets of entries that are held, by the count of RFC 7541 §4.1.
pub const MAX_TABLE: u32 = 64 << 10;
/// The size that both ends begin with, RFC 9113 §6.5.2.
pub const DEFAULT_TABLE: u32 = 4096;
/// The least that the arena and the list of entries grow by.
const GROWTH: (usize, usize) = (128, 8);
/// What an entry counts beyond its text, RFC 7541 §4.1.
pub(super) const OVERHEAD: u32 = 32;

/// A name or a value that is not known, as a length: a known one is shorter than [`MAX_TABLE`] less [`OVERHEAD`].
const UNKNOWN: u16 = u16::MAX;

/// Where an entry's name and, right after it, its value begin, in octets ever appended (modulo 2^32).
#[derive(Debug, Clone, Copy)]
struct Entry {
    at: u32,
    name: u16,
    value: u16,
}

impl Entry {
    fn text(self) -> u32 {
        known(self.name) + known(self.value)
    }
}

fn known(length: u16) -> u32 {
    if length == UNKNOWN { 0 } else { u32::from(length) }
}

/// What stands at an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot<'a> {
    /// An entry; `None` for a name or a value that was itself unknown when the entry was added.
    Entry(Option<&'a [u8]>, Option<&'a [u8]>),
    /// An entry that was added when nobody was reading, or that was forgotten.
    Missed,
    /// No entry can be there.
    Nothing,
}

#[derive(Debug)]
pub(super) struct DynamicTable {
    arena: Vec<u8>,
    /// The `at` of the arena's first octet.
    base: u32,
    entries: VecDeque<Entry>,
    /// What the entries count, or less where a name or a value is unknown.
    size: u32,
    /// The size that the encoder keeps to.
    max: u32,
    /// Whether `max` is certain: it is not after a loss, until the encoder says it again.
    max_known: bool,
    /// Whether there may be entries older than those held.
    older: bool,
}

impl DynamicTable {
    /// An empty table of the size that both ends begin with.
    pub(super) const fn new() -> Self {
        DynamicTable {
            arena: Vec::new(),
            base: 0,
            entries: VecDeque::new(),
            size: 0,
            max: DEFAULT_TABLE,
            max_known: true,
            older: false,
        }
    }

    /// Forgets all, because entries may have been added that nobody read.
    pub(super) fn lose(&mut self) {
        self.clear();
        self.max_known = false;
        self.older = true;
    }

    /// Whether there may be entries that are not held.
    pub(super) fn is_partial(&self) -> bool {
        self.older
    }

    /// What is at a 0-based index from the newest.
    #[inline]
    pub(super) fn get(&self, index: u32) -> Slot<'_> {
        let Some(entry) = (index as usize).checked_add(1).and_then(|back| self.entries.len().checked_sub(back)) else {
            // A table of n octets has no more than n/32 entries.
            let possible = self.older && (!self.max_known || index < self.max / OVERHEAD);
            return if possible { Slot::Missed } else { Slot::Nothing };
        };
        let entry = self.entries[entry];
        let at = entry.at.wrapping_sub(self.base) as usize;
        let middle = at + known(entry.name) as usize;
        let end = middle + known(entry.value) as usize;
        Slot::Entry(
            (entry.name != UNKNOWN).then(|| &self.arena[at..middle]),
            (entry.value != UNKNOWN).then(|| &self.arena[middle..end]),
        )
    }

    /// Adds an entry and evicts what it pushes out, RFC 7541 §4.4.
    pub(super) fn insert(&mut self, name: Option<&[u8]>, value: Option<&[u8]>) {
        let text = name.map_or(0, <[u8]>::len) + value.map_or(0, <[u8]>::len);
        let Some(size) = u32::try_from(text).ok().and_then(|text| text.checked_add(OVERHEAD)) else {
            return self.refuse(u32::MAX);
        };
        let room = self.max.min(MAX_TABLE);
        if size > room {
            return self.refuse(size);
        }
        self.evict_to(room - size);

        self.make_room(text);
        let at = self.base.wrapping_add(self.arena.len() as u32);
        let length = |part: Option<&[u8]>| part.map_or(UNKNOWN, |part| part.len() as u16);
        if self.entries.len() == self.entries.capacity() {
            self.entries.reserve_exact((self.entries.len() / 8).max(GROWTH.1));
        }
        self.entries.push_back(Entry { at, name: length(name), value: length(value) });
        for part in [name, value].into_iter().flatten() {
            self.arena.extend_from_slice(part);
        }
        self.size += size;
        self.notice_full();
    }

    /// Changes the size that the encoder keeps to, RFC 7541 §4.3.
    pub(super) fn resize(&mut self, max: u32) {
        self.max = max;
        self.max_known = true;
        self.evict_to(max.min(MAX_TABLE));
        self.notice_full();
        if self.entries.is_empty() {
            self.clear();
        }
    }

    /// Octets of memory that are held.
    pub(super) fn memory(&self) -> usize {
        self.arena.capacity() + self.entries.capacity() * size_of::<Entry>()
    }

    /// An entry that does not fit empties the table, RFC 7541 §4.4. Where it is only too large for us, or for a maximum
    /// that is uncertain, the encoder may well hold it.
    fn refuse(&mut self, size: u32) {
        self.clear();
        self.older = !(self.max_known && size > self.max);
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.size = 0;
        self.base = self.base.wrapping_add(self.arena.len() as u32);
        self.arena.clear();
        if self.arena.capacity() > DEFAULT_TABLE as usize {
            self.arena = Vec::new();
            self.entries = VecDeque::new();
        }
    }

    fn evict_to(&mut self, size: u32) {
        while self.size > size
            && let Some(entry) = self.entries.pop_front()
        {
            self.size -= entry.text() + OVERHEAD;
            // The encoder evicts the oldest first, so when one of ours goes no older one is left; unless it goes for
            // want of our own memory.
            self.older = !self.max_known || self.max > MAX_TABLE;
        }
    }

    /// Where not even an empty entry would fit beside those that are held, there is none.
    fn notice_full(&mut self) {
        if self.max_known && self.size.saturating_add(OVERHEAD) > self.max {
            self.older = false;
        }
    }

    /// Sees to it that `more` octets can be appended, by moving the live text down if that frees enough.
    fn make_room(&mut self, more: usize) {
        if self.arena.capacity() - self.arena.len() >= more {
            return;
        }
        let dead = match self.entries.front() {
            Some(oldest) => oldest.at.wrapping_sub(self.base) as usize,
            None => self.arena.len(),
        };
        if dead * 8 >= self.arena.len() {
            self.arena.drain(..dead);
            self.base = self.base.wrapping_add(dead as u32);
        }
        let needed = self.arena.len() + more;
        if needed > self.arena.capacity() {
            let grown = self.arena.capacity() + (self.arena.capacity() / 8).max(GROWTH.0);
            let target = grown.min(2 * MAX_TABLE as usize).max(needed);
            self.arena.reserve_exact(target - self.arena.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry<'a>(name: &'a str, value: &'a str) -> Slot<'a> {
        Slot::Entry(Some(name.as_bytes()), Some(value.as_bytes()))
    }

    fn add(table: &mut DynamicTable, name: &str, value: &str) {
        table.insert(Some(name.as_bytes()), Some(value.as_bytes()));
    }

    #[test]
    fn the_newest_comes_first_and_the_oldest_leaves() {
        let mut table = DynamicTable::new();
        table.resize(100);
        add(&mut table, "a", "1");
        add(&mut table, "b", "2");
        assert_eq!((table.get(0), table.get(1), table.get(2)), (entry("b", "2"), entry("a", "1"), Slot::Nothing));
        add(&mut table, "c", "3");
        assert_eq!((table.get(0), table.get(1), table.get(2)), (entry("c", "3"), entry("b", "2"), Slot::Nothing));
    }

    #[test]
    fn an_entry_that_does_not_fit_empties_the_table() {
        let mut table = DynamicTable::new();
        table.resize(60);
        add(&mut table, "a", "1");
        add(&mut table, "name", &"x".repeat(30));
        assert_eq!(table.get(0), Slot::Nothing);
    }

    #[test]
    fn after_a_loss_what_is_added_is_known_and_the_rest_is_not() {
        let mut table = DynamicTable::new();
        add(&mut table, "a", "1");
        table.lose();
        assert_eq!(table.get(0), Slot::Missed);
        add(&mut table, "b", "2");
        assert_eq!((table.get(0), table.get(1), table.get(9999)), (entry("b", "2"), Slot::Missed, Slot::Missed));
    }

    #[test]
    fn a_size_of_nothing_ends_a_loss() {
        let mut table = DynamicTable::new();
        table.lose();
        table.resize(0);
        assert!(!table.is_partial());
        table.resize(4096);
        assert!(!table.is_partial());
        assert_eq!(table.get(0), Slot::Nothing);
    }

    #[test]
    fn a_known_size_bounds_what_may_have_been_missed_and_ends_the_loss_when_it_is_filled() {
        let mut table = DynamicTable::new();
        table.lose();
        table.resize(96);
        assert_eq!((table.get(2), table.get(3)), (Slot::Missed, Slot::Nothing));
        add(&mut table, "a", "1");
        assert!(table.is_partial());
        add(&mut table, "b", "2");
        assert!(!table.is_partial(), "two entries of 34 leave no room for a third");
    }

    #[test]
    fn an_eviction_proves_nothing_while_the_size_is_uncertain() {
        let mut table = DynamicTable::new();
        table.lose();
        for n in 0..500 {
            add(&mut table, "name", &n.to_string());
        }
        assert!(table.is_partial());
        add(&mut table, "large", &"x".repeat(5000));
        assert_eq!(table.get(0), Slot::Missed, "the encoder may have a larger table");
    }

    #[test]
    fn beyond_our_own_limit_the_oldest_are_forgotten_and_not_denied() {
        let mut table = DynamicTable::new();
        table.resize(1 << 20);
        for n in 0..3000 {
            add(&mut table, "name", &n.to_string());
        }
        assert!(table.is_partial());
        assert_eq!(table.get(0), entry("name", "2999"));
        assert_eq!(table.get(2999), Slot::Missed);
        add(&mut table, "large", &"x".repeat(70_000));
        assert_eq!(table.get(0), Slot::Missed);
        table.insert(Some(b"n"), None);
        assert_eq!(table.get(0), Slot::Entry(Some(b"n"), None));
    }

    #[test]
    fn a_full_table_takes_little_more_than_its_entries() {
        let mut table = DynamicTable::new();
        for n in 0..10_000_usize {
            add(&mut table, "x-request-id", &format!("{n:032}"));
            add(&mut table, "name", &"x".repeat(n * 7919 % 40));
        }
        let entries = table.entries.len();
        let text = table.size as usize - entries * OVERHEAD as usize;
        let least = text + entries * size_of::<Entry>();
        assert!(entries > 40 && table.memory() < least + least / 3, "{} for {least}", table.memory());
    }

    #[test]
    fn memory_is_bounded_and_given_back() {
        let mut table = DynamicTable::new();
        assert_eq!(table.memory(), 0);
        table.resize(u32::MAX);
        let mut most = 0;
        for n in 0..20_000_usize {
            add(&mut table, "n", &"x".repeat(n * 7919 % 65_000));
            add(&mut table, "n", "");
            most = most.max(table.memory());
        }
        for _ in 0..10_000 {
            add(&mut table, "", "");
            most = most.max(table.memory());
        }
        assert!(most <= 2 * MAX_TABLE as usize + (32 << 10), "{most}");
        table.resize(0);
        assert_eq!(table.memory(), 0);
    }
}
