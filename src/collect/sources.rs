//! Who mirrors packets to us: an outer address and a VXLAN network are one source, and it has a number.
//!
//! Numbers are few ([`MOST`] at most), as keys of connections have room for them. When all are taken, that of a source
//! that has been silent for [`SILENCE`] is given to a new one: by then nothing of it is remembered. If there is none,
//! the new source is refused, since sharing a number would mix what the two see.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use crate::flow;
use crate::packet::{Address, Timestamp};
use crate::record::Source;

/// The most sources that there are numbers for.
pub const MOST: usize = 16_384;
/// Bytes that each takes, here, in exports and in the head of a capture file.
pub const BYTES: usize = 256;
/// How long a source has said nothing before its number is given to another; longer than any connection is remembered.
pub const SILENCE: Duration = flow::IDLE.saturating_add(Duration::from_secs(60));
/// How often a silent one is looked for while there is none, since that takes a look at all of them.
const SEARCH: Duration = Duration::from_secs(1);

/// What one source has sent.
#[derive(Debug, Clone, Copy)]
pub struct SourceCounts {
    pub source: Source,
    /// Mirrored frames, whatever the filter makes of them.
    pub packets: u64,
    /// Their bytes, as far as they were sent.
    pub bytes: u64,
    /// Datagrams that were not taken, though they were VXLAN of this network.
    pub refused: u64,
    /// When its last datagram came.
    pub last: Timestamp,
}

/// What all sources have sent, those included whose number another one has now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SourceTotals {
    /// As [`SourceCounts`] counts them.
    pub packets: u64,
    pub bytes: u64,
    pub refused: u64,
}

/// All sources, by number.
#[derive(Debug)]
pub struct Sources {
    most: usize,
    totals: SourceTotals,
    numbers: HashMap<Key, u16>,
    list: Vec<SourceCounts>,
    /// The one that the last frame came from: most frames come in runs.
    last: Option<(Key, u16)>,
    next_search: Timestamp,
}

type Key = (Address, u32);

/// The number of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbered {
    /// It has had it before.
    Known(u16),
    /// It has it from now on.
    New(u16),
}

impl Sources {
    /// Room for so many, but no more than [`MOST`].
    pub fn with_capacity(most: usize) -> Self {
        Sources {
            most: most.clamp(1, MOST),
            totals: SourceTotals::default(),
            numbers: HashMap::new(),
            list: Vec::new(),
            last: None,
            next_search: Timestamp::default(),
        }
    }

    /// The number of a source; `None` if there is no room for another.
    #[inline]
    pub fn number(&mut self, address: Address, vni: u32, now: Timestamp) -> Option<Numbered> {
        let key = (address, vni);
        match self.last {
            Some((last, number)) if last == key => Some(Numbered::Known(number)),
            _ => self.look_up(key, now),
        }
    }

    /// Counts a frame of a source.
    #[inline]
    pub fn count(&mut self, number: u16, bytes: usize, now: Timestamp) {
        let counts = &mut self.list[usize::from(number)];
        counts.packets += 1;
        counts.bytes += bytes as u64;
        self.totals.packets += 1;
        self.totals.bytes += bytes as u64;
        counts.last = now;
    }

    /// Counts a datagram that was refused, if its source is known.
    pub fn refuse(&mut self, address: Address, vni: u32, now: Timestamp) {
        if let Some(&number) = self.numbers.get(&(address, vni)) {
            let counts = &mut self.list[usize::from(number)];
            counts.refused += 1;
            counts.last = now;
            self.totals.refused += 1;
        }
    }

    /// All of them, by number.
    pub fn counts(&self) -> &[SourceCounts] {
        &self.list
    }

    /// What all of them have sent.
    pub fn totals(&self) -> SourceTotals {
        self.totals
    }

    fn look_up(&mut self, key: Key, now: Timestamp) -> Option<Numbered> {
        let room = self.list.len() < self.most;
        let numbered = match self.numbers.entry(key) {
            Entry::Occupied(entry) => Numbered::Known(*entry.get()),
            Entry::Vacant(entry) if room => {
                let number = self.list.len() as u16;
                entry.insert(number);
                self.list.push(SourceCounts::new(key, now));
                Numbered::New(number)
            }
            Entry::Vacant(_) => Numbered::New(self.replace_silent(key, now)?),
        };
        let (Numbered::Known(number) | Numbered::New(number)) = numbered;
        self.last = Some((key, number));
        Some(numbered)
    }

    fn replace_silent(&mut self, key: Key, now: Timestamp) -> Option<u16> {
        if now < self.next_search {
            return None;
        }
        self.next_search = now.after(SEARCH);
        let (place, silent) = self.list.iter_mut().enumerate().min_by_key(|(_, counts)| counts.last)?;
        if now.since(silent.last) <= SILENCE {
            return None;
        }
        self.numbers.remove(&(Address::from(silent.source.address), silent.source.vni));
        *silent = SourceCounts::new(key, now);
        // More of them may be silent.
        self.next_search = now;
        self.numbers.insert(key, place as u16);
        Some(place as u16)
    }
}

impl SourceCounts {
    fn new((address, vni): Key, now: Timestamp) -> Self {
        let source = Source { address: address.ip(), vni };
        SourceCounts { source, packets: 0, bytes: 0, refused: 0, last: now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> Address {
        Address::v4([10, 0, 0, last])
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_parts(1_700_000_000 + seconds, 0)
    }

    #[test]
    fn an_address_and_a_network_are_one_source() {
        let mut sources = Sources::with_capacity(10);
        assert_eq!(sources.number(address(1), 5, at(0)), Some(Numbered::New(0)));
        assert_eq!(sources.number(address(1), 6, at(0)), Some(Numbered::New(1)));
        assert_eq!(sources.number(address(2), 5, at(0)), Some(Numbered::New(2)));
        assert_eq!(sources.number(address(1), 5, at(0)), Some(Numbered::Known(0)));
        sources.count(0, 100, at(1));
        sources.count(0, 50, at(2));
        sources.refuse(address(1), 5, at(3));
        sources.refuse(address(9), 5, at(3));
        let first = sources.counts()[0];
        assert_eq!((first.packets, first.bytes, first.refused, first.last), (2, 150, 1, at(3)));
        assert_eq!(first.source.to_string(), "10.0.0.1 vni 5");
    }

    #[test]
    fn a_number_is_given_to_another_only_when_nothing_is_remembered_of_the_first() {
        let mut sources = Sources::with_capacity(2);
        sources.number(address(1), 0, at(0));
        sources.number(address(2), 0, at(0));
        sources.count(0, 1, at(10));
        assert_eq!(sources.number(address(3), 0, at(20)), None);
        let silent = SILENCE.as_secs();
        assert_eq!(sources.number(address(3), 0, at(silent)), None);
        assert_eq!(sources.number(address(3), 0, at(silent + 1)), Some(Numbered::New(1)));
        assert_eq!(sources.number(address(2), 0, at(silent + 2)), None, "the first is silent for less");
        assert_eq!(sources.number(address(2), 0, at(silent + 20)), Some(Numbered::New(0)));
        assert_eq!(sources.number(address(3), 0, at(silent + 20)), Some(Numbered::Known(1)));
        assert_eq!(sources.counts().len(), 2);
        // What they sent is not forgotten.
        assert_eq!(sources.totals(), SourceTotals { packets: 1, bytes: 1, refused: 0 });
    }
}
