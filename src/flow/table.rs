//! The connections that are followed: a fixed number, found by key, the longest silent given up first.

use std::time::Duration;

use super::connection::{Connection, Fate};
use super::early::{EarlyPool, NONE};
use super::index::{self, Index};
use super::key::{Direction, Endpoint, HashSeed, Key};
use super::ledger::{FlowCounts, Ledger};
use super::list::{Links, List};
use super::reader::{Close, Identity, Reader};
use crate::packet::decode::Realm;
use crate::packet::tcp::{Flags, Segment};
use crate::packet::{Address, Timestamp};

/// How long a closed connection is remembered, so that its stragglers do not look like a new one.
const TIME_WAIT: Duration = Duration::from_secs(4);
/// A connection that is silent for this long is forgotten.
pub const IDLE: Duration = Duration::from_secs(3600);
/// How often those that wait are looked at, beside their own packets.
const SWEEP: Duration = Duration::from_millis(100);

/// How much may be kept.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections followed at a time.
    pub connections: usize,
    /// Bytes that may wait for their turn, in all connections together.
    pub early_bytes: usize,
    /// How long bytes that nobody acknowledged are waited for.
    pub hole_timeout: Duration,
}

/// What all connections use.
#[derive(Debug)]
pub(super) struct Shared {
    pub pool: EarlyPool,
    pub ledger: Ledger,
    pub counts: FlowCounts,
    pub hole_timeout: Duration,
}

/// All connections that are followed.
pub struct FlowTable<R: Reader> {
    slots: Vec<Slot<R::State>>,
    capacity: usize,
    index: Index,
    seed: HashSeed,
    /// Open ones, the longest silent first.
    open: List,
    /// Closed ones, the first to be forgotten first.
    closed: List,
    free: u32,
    waiting: Vec<u32>,
    shared: Shared,
    next_sweep: Timestamp,
}

struct Slot<S> {
    hash: u32,
    links: Links,
    over: bool,
    listed_as_waiting: bool,
    connection: Connection<S>,
}

impl<R: Reader> FlowTable<R> {
    /// Bytes that each connection takes, with its place in the index and without what its reader's state owns.
    pub const CONNECTION_BYTES: usize = size_of::<Slot<R::State>>() + index::BYTES_A_SLOT;

    /// An empty table.
    pub fn new(limits: Limits) -> Self {
        FlowTable {
            slots: Vec::with_capacity(limits.connections),
            capacity: limits.connections,
            index: Index::with_capacity(limits.connections),
            seed: HashSeed::random(),
            open: List::new(),
            closed: List::new(),
            free: NONE,
            waiting: Vec::with_capacity(limits.connections.min(1024)),
            shared: Shared {
                pool: EarlyPool::with_capacity(limits.early_bytes),
                ledger: Ledger::default(),
                counts: FlowCounts::default(),
                hole_timeout: limits.hole_timeout,
            },
            next_sweep: Timestamp::default(),
        }
    }

    /// Takes in one segment.
    #[inline]
    pub fn segment(
        &mut self,
        (realm, source, destination): (Realm, Address, Address),
        segment: &Segment<'_>,
        time: Timestamp,
        interface: u32,
        reader: &mut R,
    ) {
        if time >= self.next_sweep {
            self.sweep(time, reader);
        }
        let from = Endpoint { address: source, port: segment.source_port };
        let to = Endpoint { address: destination, port: segment.destination_port };
        let (key, direction) = Key::new(realm, from, to);
        let hash = key.hash(&self.seed) as u32;
        let found = self.index.find(hash, |slot| self.slots[slot as usize].connection.identity.key == key);
        let slot = match found {
            Some(slot) if self.slots[slot as usize].over => match self.straggler(slot, segment) {
                true => return,
                false => self.open(key, hash, time, segment, reader),
            },
            Some(slot) => slot,
            // What is not part of a connection that carries anything need not become one.
            None if segment.payload_len == 0 && !segment.flags.has(Flags::SYN) => return,
            None => self.open(key, hash, time, segment, reader),
        };
        self.apply(slot, direction, segment, (time, interface), reader);
    }

    /// Gives up what has waited or been silent for too long. Called by time when no packets come.
    pub fn sweep(&mut self, now: Timestamp, reader: &mut R) {
        self.next_sweep = now.after(SWEEP);
        let mut place = 0;
        while place < self.waiting.len() {
            let slot = self.waiting[place];
            let entry = &mut self.slots[slot as usize];
            if !entry.over && entry.connection.waiting {
                entry.connection.settle(now, &mut self.shared, reader);
                self.settle_fate(slot, reader);
            }
            let entry = &mut self.slots[slot as usize];
            match !entry.over && entry.connection.waiting {
                true => place += 1,
                false => {
                    entry.listed_as_waiting = false;
                    self.waiting.swap_remove(place);
                }
            }
        }
        while let Some(slot) = self.closed.first().filter(|&slot| self.silence(slot, now) > TIME_WAIT) {
            self.forget(slot);
        }
        while let Some(slot) = self.open.first().filter(|&slot| self.silence(slot, now) > IDLE) {
            self.close(slot, Close::Idle, reader);
            self.forget(slot);
        }
    }

    /// Closes everything: the capture has ended.
    pub fn finish(&mut self, reader: &mut R) {
        while let Some(slot) = self.open.first() {
            self.close(slot, Close::EndOfCapture, reader);
            self.forget(slot);
        }
    }

    /// Where every byte went so far.
    pub fn ledger(&self) -> Ledger {
        self.shared.ledger
    }

    /// What happened to connections so far.
    pub fn counts(&self) -> FlowCounts {
        self.shared.counts
    }

    /// Connections that are open.
    pub fn open_connections(&self) -> usize {
        self.open.len()
    }

    #[inline]
    fn apply(
        &mut self,
        slot: u32,
        direction: Direction,
        segment: &Segment<'_>,
        arrival: (Timestamp, u32),
        reader: &mut R,
    ) {
        let entry = &mut self.slots[slot as usize];
        let fate = entry.connection.segment(direction, segment, arrival, &mut self.shared, reader);
        match fate {
            Fate::GoesOn => {}
            Fate::Over(how) => return self.close(slot, how, reader),
            Fate::Reborn => {
                self.close(slot, Close::Replaced, reader);
                let (key, hash) = {
                    let entry = &self.slots[slot as usize];
                    (entry.connection.identity.key, entry.hash)
                };
                self.forget(slot);
                let slot = self.open(key, hash, arrival.0, segment, reader);
                return self.apply(slot, direction, segment, arrival, reader);
            }
        }
        self.open.move_to_end(slot, &mut self.slots);
        let entry = &mut self.slots[slot as usize];
        if entry.connection.waiting && !entry.listed_as_waiting {
            entry.listed_as_waiting = true;
            self.waiting.push(slot);
        }
    }

    /// Whether a segment is a late one of a closed connection; otherwise it opens another one.
    fn straggler(&mut self, slot: u32, segment: &Segment<'_>) -> bool {
        if segment.flags.has(Flags::SYN) {
            let connection = &self.slots[slot as usize].connection;
            let first = segment.sequence.wrapping_add(1);
            let known = connection.halves.iter().any(|half| half.from_start && half.first() == first);
            if !known {
                self.forget(slot);
                return false;
            }
        }
        self.shared.ledger.bytes_in += segment.payload.len() as u64;
        self.shared.ledger.duplicate += segment.payload.len() as u64;
        true
    }

    fn open(&mut self, key: Key, hash: u32, time: Timestamp, segment: &Segment<'_>, reader: &mut R) -> u32 {
        self.shared.counts.opened += 1;
        if !segment.flags.has(Flags::SYN) {
            self.shared.counts.midstream += 1;
        }
        let identity = Identity { key, initiator: None, from_start: [false; 2], first_sequence: [0; 2], opened: time };
        let connection = Connection::new(identity);
        let slot = self.take_slot(hash, connection, reader);
        self.index.insert(hash, slot);
        self.open.push_end(slot, &mut self.slots);
        slot
    }

    fn take_slot(&mut self, hash: u32, connection: Connection<R::State>, reader: &mut R) -> u32 {
        if self.free == NONE && self.slots.len() == self.capacity {
            match self.closed.first() {
                Some(slot) => self.forget(slot),
                None => {
                    let slot = self.open.first().expect("a full table has connections");
                    self.shared.counts.evicted += 1;
                    self.close(slot, Close::Evicted, reader);
                    self.forget(slot);
                }
            }
        }
        if self.free == NONE {
            let links = Links::default();
            self.slots.push(Slot { hash, links, over: false, listed_as_waiting: false, connection });
            return (self.slots.len() - 1) as u32;
        }
        let slot = self.free;
        let entry = &mut self.slots[slot as usize];
        self.free = entry.links.next();
        entry.hash = hash;
        entry.over = false;
        entry.connection = connection;
        slot
    }

    fn settle_fate(&mut self, slot: u32, reader: &mut R) {
        if let Fate::Over(how) = self.slots[slot as usize].connection.fate() {
            self.close(slot, how, reader);
        }
    }

    fn close(&mut self, slot: u32, how: Close, reader: &mut R) {
        if matches!(how, Close::Fin | Close::Reset) {
            self.shared.counts.closed += 1;
        }
        let entry = &mut self.slots[slot as usize];
        entry.connection.finish(how, &mut self.shared, reader);
        entry.connection.waiting = false;
        // What the reader kept may own memory.
        entry.connection.state = R::State::default();
        entry.over = true;
        self.open.remove(slot, &mut self.slots);
        self.closed.push_end(slot, &mut self.slots);
    }

    /// Takes a closed connection out of the table.
    fn forget(&mut self, slot: u32) {
        let entry = &self.slots[slot as usize];
        self.index.remove(entry.hash, slot);
        self.closed.remove(slot, &mut self.slots);
        self.slots[slot as usize].links.set_free(self.free);
        self.free = slot;
    }

    fn silence(&self, slot: u32, now: Timestamp) -> Duration {
        now.since(self.slots[slot as usize].connection.last)
    }
}

impl<S> AsMut<Links> for Slot<S> {
    fn as_mut(&mut self) -> &mut Links {
        &mut self.links
    }
}
