//! Where items wait, and which of them are dropped first.
//!
//! There is one lane for each class of spans and of log records. The lanes share pages of [`PAGE`] bytes out of one
//! store, so that items of all sizes wait without an allocation, and the bound is exact. Pages that were used last are
//! used next: memory that was never needed is never touched.

use std::time::Duration;

use super::{Batch, Class, Moment, Signal};

/// Bytes of a page. A lane wastes less than two of them.
const PAGE: usize = 1024;
const NONE: u32 = u32::MAX;

/// Length (4), time in [`TICK`]s (4), number of the resource (2).
const HEADER: usize = 10;

/// What times are rounded down to. 32 bits of them are 13 years.
const TICK: Duration = Duration::from_millis(100);

/// Signals that have lanes.
const SIGNALS: [Signal; 2] = [Signal::Traces, Signal::Logs];
const LANES: usize = SIGNALS.len() * Class::ALL.len();

/// Items that wait, in bounded memory.
#[derive(Debug)]
pub struct Lanes {
    store: Vec<u8>,
    /// For each page the one behind it, in its lane or in the list of free ones.
    next: Vec<u32>,
    free: u32,
    free_pages: usize,
    lanes: [Lane; LANES],
}

/// A queue of bytes in pages.
#[derive(Debug, Clone, Copy)]
struct Lane {
    head: u32,
    /// In the first page.
    read: usize,
    tail: u32,
    /// In the last page.
    write: usize,
    items: u64,
    bytes: usize,
}

const EMPTY: Lane = Lane { head: NONE, read: 0, tail: NONE, write: 0, items: 0, bytes: 0 };

/// What is known of the item that comes first in its lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    pub len: usize,
    /// When it came, to the tenth of a second.
    pub since: Moment,
    pub resource: u16,
}

impl Lanes {
    /// Lanes that hold no more than so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        let pages = (bytes / (PAGE + size_of::<u32>())).clamp(LANES, NONE as usize - 1);
        let next = (1..=pages).map(|next| if next == pages { NONE } else { next as u32 }).collect();
        Lanes { store: vec![0; pages * PAGE], next, free: 0, free_pages: pages, lanes: [EMPTY; LANES] }
    }

    /// Bytes of all pages.
    pub fn capacity(&self) -> usize {
        self.store.len()
    }

    /// Bytes of the pages that are in use.
    pub fn used(&self) -> usize {
        self.store.len() - self.free_pages * PAGE
    }

    /// Bytes of the pages that an item needs beside those that are in use.
    pub fn needs(&self, signal: Signal, class: Class, len: usize) -> usize {
        let lane = index(signal, class).and_then(|at| self.lanes.get(at)).filter(|lane| lane.tail != NONE);
        let rest = lane.map_or(0, |lane| PAGE - lane.write);
        (HEADER + len).saturating_sub(rest).next_multiple_of(PAGE)
    }

    /// Items of a signal that wait.
    pub fn items(&self, signal: Signal) -> u64 {
        self.of(signal).map(|lane| lane.items).sum()
    }

    /// Bytes of the items of a signal.
    pub fn bytes(&self, signal: Signal) -> usize {
        self.of(signal).map(|lane| lane.bytes).sum()
    }

    fn of(&self, signal: Signal) -> impl Iterator<Item = &Lane> {
        Class::ALL.into_iter().filter_map(move |class| self.lanes.get(index(signal, class)?))
    }

    /// Takes a copy of an item if there is room.
    pub fn push(&mut self, signal: Signal, class: Class, head: Head, item: &[u8]) -> bool {
        let Some(at) = index(signal, class) else { return false };
        let Some(lane) = self.lanes.get(at) else { return false };
        let rest = if lane.tail == NONE { 0 } else { PAGE - lane.write };
        if rest + self.free_pages * PAGE < HEADER + item.len() {
            return false;
        }
        let mut header = [0; HEADER];
        let (len, tail) = header.split_at_mut(4);
        let (since, resource) = tail.split_at_mut(4);
        len.copy_from_slice(&(item.len() as u32).to_le_bytes());
        since.copy_from_slice(
            &u32::try_from(head.since.as_millis() / TICK.as_millis()).unwrap_or(u32::MAX).to_le_bytes(),
        );
        resource.copy_from_slice(&head.resource.to_le_bytes());
        self.append(at, &header);
        self.append(at, item);
        if let Some(lane) = self.lanes.get_mut(at) {
            lane.items += 1;
            lane.bytes += item.len();
        }
        true
    }

    /// What comes first in a lane.
    pub fn head(&self, signal: Signal, class: Class) -> Option<Head> {
        let lane = self.lanes.get(index(signal, class)?)?;
        if lane.items == 0 {
            return None;
        }
        let mut header = [0; HEADER];
        let (mut page, mut at) = (lane.head, lane.read);
        for byte in &mut header {
            if at == PAGE {
                (page, at) = (*self.next.get(page as usize)?, 0);
            }
            *byte = *self.store.get(page as usize * PAGE + at)?;
            at += 1;
        }
        let [a, b, c, d, e, f, g, h, i, j] = header;
        Some(Head {
            len: u32::from_le_bytes([a, b, c, d]) as usize,
            since: TICK.saturating_mul(u32::from_le_bytes([e, f, g, h])),
            resource: u16::from_le_bytes([i, j]),
        })
    }

    /// Moves the first item of a lane into a batch, or drops it.
    pub fn pop(&mut self, signal: Signal, class: Class, into: Option<&mut Batch>) -> Option<Head> {
        let head = self.head(signal, class)?;
        let at = index(signal, class)?;
        self.consume(at, HEADER, None);
        match into {
            Some(batch) => {
                self.consume(at, head.len, Some(batch.buffer()));
                batch.close(head.resource);
            }
            None => self.consume(at, head.len, None),
        }
        let lane = self.lanes.get_mut(at)?;
        lane.items -= 1;
        lane.bytes -= head.len;
        if lane.items == 0 {
            let last = std::mem::replace(lane, EMPTY).head;
            self.release(last);
        }
        Some(head)
    }

    fn append(&mut self, at: usize, mut bytes: &[u8]) {
        let Some(lane) = self.lanes.get_mut(at) else { return };
        while !bytes.is_empty() {
            if lane.tail == NONE || lane.write == PAGE {
                let page = self.free;
                let Some(next) = self.next.get_mut(page as usize) else { return };
                self.free = std::mem::replace(next, NONE);
                self.free_pages -= 1;
                match self.next.get_mut(lane.tail as usize) {
                    Some(behind) => *behind = page,
                    None => (lane.head, lane.read) = (page, 0),
                }
                (lane.tail, lane.write) = (page, 0);
            }
            let (now, later) = bytes.split_at(bytes.len().min(PAGE - lane.write));
            let place = lane.tail as usize * PAGE + lane.write;
            let Some(place) = self.store.get_mut(place..place + now.len()) else { return };
            place.copy_from_slice(now);
            lane.write += now.len();
            bytes = later;
        }
    }

    fn consume(&mut self, at: usize, mut len: usize, mut into: Option<&mut Vec<u8>>) {
        while len > 0 {
            let Some(lane) = self.lanes.get_mut(at) else { return };
            if lane.read == PAGE {
                let Some(&next) = self.next.get(lane.head as usize) else { return };
                let page = std::mem::replace(&mut lane.head, next);
                lane.read = 0;
                self.release(page);
                continue;
            }
            let now = len.min(PAGE - lane.read);
            let place = lane.head as usize * PAGE + lane.read;
            if let (Some(out), Some(bytes)) = (&mut into, self.store.get(place..place + now)) {
                out.extend_from_slice(bytes);
            }
            lane.read += now;
            len -= now;
        }
    }

    fn release(&mut self, page: u32) {
        if let Some(next) = self.next.get_mut(page as usize) {
            *next = std::mem::replace(&mut self.free, page);
            self.free_pages += 1;
        }
    }
}

/// Where the lane of a class is; metrics have none.
fn index(signal: Signal, class: Class) -> Option<usize> {
    let signal = SIGNALS.iter().position(|&it| it == signal)?;
    Some(signal * Class::ALL.len() + class as usize)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    const SINCE: Moment = Duration::from_millis(1200);

    fn head(len: usize) -> Head {
        Head { len, since: SINCE, resource: 5 }
    }

    #[derive(Debug, Clone)]
    enum Act {
        Push(usize, Class, usize),
        Pop(usize, Class),
    }

    fn act() -> impl Strategy<Value = Act> {
        let lane = || (0..2_usize, prop::sample::select(&Class::ALL[..]));
        prop_oneof![
            (lane(), 0..3000_usize).prop_map(|((signal, class), len)| Act::Push(signal, class, len)),
            lane().prop_map(|(signal, class)| Act::Pop(signal, class)),
        ]
    }

    proptest! {
        #[test]
        fn lanes_are_queues_until_they_are_full(acts in prop::collection::vec(act(), 0..200)) {
            let mut lanes = Lanes::with_capacity(20 << 10);
            let mut model: Vec<VecDeque<Vec<u8>>> = vec![VecDeque::new(); LANES];
            for (number, act) in acts.into_iter().enumerate() {
                match act {
                    Act::Push(signal, class, len) => {
                        let item = vec![number as u8; len];
                        let kept = lanes.push(SIGNALS[signal], class, head(len), &item);
                        let room = lanes.capacity() - lanes.used();
                        prop_assert!(kept || len + HEADER > room);
                        if kept {
                            model[index(SIGNALS[signal], class).unwrap()].push_back(item);
                        }
                    }
                    Act::Pop(signal, class) => {
                        let mut batch = Batch::new(SIGNALS[signal]);
                        let expected = model[index(SIGNALS[signal], class).unwrap()].pop_front();
                        let got = lanes.pop(SIGNALS[signal], class, Some(&mut batch));
                        prop_assert_eq!(got, expected.as_ref().map(|item| head(item.len())));
                        prop_assert_eq!(batch.get(0), expected.as_ref().map(|item| (5, &item[..])));
                    }
                }
                for signal in SIGNALS {
                    let of = |class| &model[index(signal, class).unwrap()];
                    let items: usize = Class::ALL.into_iter().map(|class| of(class).len()).sum();
                    let bytes: usize = Class::ALL.into_iter().flat_map(|class| of(class).iter().map(Vec::len)).sum();
                    prop_assert_eq!((lanes.items(signal), lanes.bytes(signal)), (items as u64, bytes));
                }
            }
            for signal in SIGNALS {
                for class in Class::ALL {
                    while lanes.pop(signal, class, None).is_some() {}
                }
            }
            prop_assert_eq!(lanes.used(), 0);
        }
    }

    #[test]
    fn metrics_have_no_lane() {
        let mut lanes = Lanes::with_capacity(1 << 16);
        assert!(!lanes.push(Signal::Metrics, Class::Novelty, head(1), b"1"));
    }
}
