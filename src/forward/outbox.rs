//! Frames that wait for the end of their block, each with a VXLAN header, sorted by source port.
//!
//! A frame stays where it is, in the ring; what the segmenter wrote anew lies in an arena of [`ARENA_BYTES`]. Of frames
//! there are [`MOST_FRAMES`] at most. When either is full, all that waits is sent. Nothing is allocated but at first.

use std::io::IoSlice;

use super::deliver::{PARTS, Run};
use super::ports::PORTS;
use crate::packet::send::{MOST_BYTES, MOST_MESSAGES, MOST_SEGMENTS};
use crate::packet::vxlan;

/// Room for headers that were written anew.
pub const ARENA_BYTES: usize = 256 << 10;
/// The most frames that wait.
pub const MOST_FRAMES: usize = 4096;

/// The memory that an outbox takes.
pub const BYTES: usize = ARENA_BYTES + MOST_FRAMES * (size_of::<Entry<'_>>() + PARTS * size_of::<IoSlice<'_>>());

/// The memory of a [`Load`], between two blocks.
#[derive(Debug)]
pub struct Outbox {
    header: [u8; vxlan::HEADER_LEN],
    arena: Vec<u8>,
    entries: Vec<Entry<'static>>,
    slices: Vec<IoSlice<'static>>,
}

/// What of a block waits to be sent.
#[derive(Debug)]
pub struct Load<'b> {
    header: [u8; vxlan::HEADER_LEN],
    arena: Vec<u8>,
    entries: Vec<Entry<'b>>,
    slices: Vec<IoSlice<'static>>,
    /// How many frames wait for each port.
    waiting: [usize; PORTS as usize],
}

/// A frame that waits.
#[derive(Debug, Clone, Copy)]
struct Entry<'b> {
    /// Its headers in the arena, behind those of VXLAN; none if the length is 0.
    head: u32,
    head_len: u16,
    port: u8,
    body: &'b [u8],
}

impl Outbox {
    /// Frames get this header.
    pub fn new(header: [u8; vxlan::HEADER_LEN]) -> Self {
        Outbox {
            header,
            arena: Vec::with_capacity(ARENA_BYTES),
            entries: Vec::with_capacity(MOST_FRAMES),
            slices: Vec::with_capacity(MOST_FRAMES * PARTS),
        }
    }

    /// Takes the memory for frames that are borrowed for `'b`.
    #[inline]
    pub fn load<'b>(&mut self) -> Load<'b> {
        Load {
            header: self.header,
            arena: std::mem::take(&mut self.arena),
            entries: recycled(std::mem::take(&mut self.entries)),
            slices: std::mem::take(&mut self.slices),
            waiting: [0; PORTS as usize],
        }
    }

    /// Takes the memory back. Frames that still wait are forgotten.
    #[inline]
    pub fn put_back(&mut self, load: Load<'_>) {
        self.arena = load.arena;
        self.arena.clear();
        self.entries = recycled(load.entries);
        self.slices = load.slices;
    }
}

impl<'b> Load<'b> {
    /// Whether a frame with such a head can wait, too. If not, [`Self::send`] makes room.
    #[inline]
    pub fn has_room(&self, head: usize) -> bool {
        self.entries.len() < MOST_FRAMES && self.arena.len() + vxlan::HEADER_LEN + head <= ARENA_BYTES
    }

    /// Has a frame wait for this port, behind all others of that port.
    #[inline]
    pub fn push(&mut self, port: u8, head: &[u8], body: &'b [u8]) {
        let port = port % PORTS as u8;
        let (mut start, mut length) = (0, 0);
        if !head.is_empty() {
            start = self.arena.len() as u32;
            length = (vxlan::HEADER_LEN + head.len()) as u16;
            self.arena.extend_from_slice(&self.header);
            self.arena.extend_from_slice(head);
        }
        self.waiting[usize::from(port)] += 1;
        self.entries.push(Entry { head: start, head_len: length, port, body });
    }

    /// Hands all that waits to `send`: the runs of a port in the order in which their frames came, at most
    /// [`MOST_MESSAGES`] at a time.
    pub fn send(&mut self, mut send: impl FnMut(u8, &[Run<'_>])) {
        if self.entries.is_empty() {
            return;
        }
        let mut slices = recycled_slices(std::mem::take(&mut self.slices));
        slices.resize(self.entries.len() * PARTS, IoSlice::new(&[]));
        let (mut ends, mut total) = ([0; PORTS as usize], 0);
        for (end, waiting) in ends.iter_mut().zip(self.waiting) {
            (*end, total) = (total, total + waiting);
        }
        for entry in &self.entries {
            let end = &mut ends[usize::from(entry.port)];
            let head = match entry.head_len {
                0 => &self.header[..],
                length => &self.arena[entry.head as usize..entry.head as usize + usize::from(length)],
            };
            slices[*end * PARTS] = IoSlice::new(head);
            slices[*end * PARTS + 1] = IoSlice::new(entry.body);
            *end += 1;
        }
        let mut rest = &slices[..];
        let mut runs = [Run::new(&[]); MOST_MESSAGES];
        for (port, waiting) in self.waiting.iter().enumerate() {
            let (own, others) = rest.split_at(waiting * PARTS);
            send_runs(own, &mut runs, |runs| send(port as u8, runs));
            rest = others;
        }
        self.slices = recycled_slices(slices);
        self.entries.clear();
        self.arena.clear();
        self.waiting = [0; PORTS as usize];
    }
}

/// Makes runs of datagrams, [`PARTS`] slices each, and hands them on.
#[inline]
fn send_runs<'s>(slices: &'s [IoSlice<'s>], runs: &mut [Run<'s>; MOST_MESSAGES], mut send: impl FnMut(&[Run<'_>])) {
    let (mut rest, mut made) = (slices, 0);
    while !rest.is_empty() {
        let (size, bytes, datagrams) = next_run(rest);
        let (run, others) = rest.split_at(datagrams * PARTS);
        runs[made] = Run::of(run, size, bytes);
        rest = others;
        made += 1;
        if made == runs.len() || rest.is_empty() {
            send(&runs[..made]);
            made = 0;
        }
    }
}

/// How long the first run is: the bytes of each of its datagrams but the last, of all, and how many there are.
#[inline]
fn next_run(slices: &[IoSlice<'_>]) -> (usize, usize, usize) {
    let mut sizes = slices.chunks_exact(PARTS).map(|parts| parts.iter().map(|part| part.len()).sum::<usize>());
    let size = sizes.next().unwrap_or_default();
    let (mut bytes, mut datagrams) = (size, 1);
    for next in sizes {
        if next > size || bytes + next > MOST_BYTES || datagrams == MOST_SEGMENTS {
            break;
        }
        bytes += next;
        datagrams += 1;
        if next < size {
            break;
        }
    }
    (size, bytes, datagrams)
}

/// The same memory, empty, for what is borrowed for another time: an iterator that yields nothing is collected in place.
#[inline]
fn recycled<'b>(mut entries: Vec<Entry<'_>>) -> Vec<Entry<'b>> {
    entries.clear();
    entries.into_iter().map(|entry| Entry { body: &[], ..entry }).collect()
}

/// As [`recycled`].
#[inline]
fn recycled_slices<'b>(mut slices: Vec<IoSlice<'_>>) -> Vec<IoSlice<'b>> {
    slices.clear();
    slices.into_iter().map(|_| IoSlice::new(&[])).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::packet::vxlan::Vni;

    fn outbox() -> Outbox {
        Outbox::new(vxlan::header(Vni::new(7).unwrap()))
    }

    proptest! {
        /// What goes out is what came in, in order within a port, in runs as the kernel wants them.
        #[test]
        fn what_goes_out_is_what_came_in(
            frames in prop::collection::vec((0..20_u8, 0..80_usize, prop::sample::select(vec![0, 40, 60, 60, 1450, 1450, 1450, 8900, 65000])), 1..300),
        ) {
            let ring = vec![0x5a_u8; 65_000];
            let mut outbox = outbox();
            let mut load = outbox.load();
            let mut sent: Vec<Vec<(usize, usize)>> = vec![Vec::new(); PORTS as usize];
            let expected_header = vxlan::header(Vni::new(7).unwrap());
            let mut collect = |port: u8, runs: &[Run<'_>]| {
                assert!(!runs.is_empty() && runs.len() <= MOST_MESSAGES);
                for run in runs {
                    let sizes: Vec<usize> = run.parts().chunks(PARTS).map(|parts| parts[0].len() + parts[1].len()).collect();
                    let (last, others) = sizes.split_last().unwrap();
                    assert!(sizes.len() <= MOST_SEGMENTS);
                    assert!(others.iter().all(|size| *size == sizes[0]) && *last <= sizes[0], "{sizes:?}");
                    assert!(sizes.len() == 1 || sizes.iter().sum::<usize>() <= MOST_BYTES);
                    for parts in run.parts().chunks(PARTS) {
                        assert_eq!(parts[0][..8], expected_header);
                        assert!(parts[0][8..].iter().all(|byte| *byte == port));
                        sent[usize::from(port)].push((parts[0].len() - 8, parts[1].len()));
                    }
                }
            };
            for (port, head, body) in &frames {
                if !load.has_room(*head) {
                    load.send(&mut collect);
                }
                load.push(*port, &vec![*port % PORTS as u8; *head], &ring[..*body]);
            }
            load.send(&mut collect);
            for (port, sent) in sent.iter().enumerate() {
                let expected: Vec<(usize, usize)> = frames
                    .iter()
                    .filter(|frame| usize::from(frame.0 % PORTS as u8) == port)
                    .map(|frame| (frame.1, frame.2))
                    .collect();
                prop_assert_eq!(sent, &expected);
            }
        }
    }

    #[test]
    fn a_super_frame_becomes_one_run() {
        let payload = vec![1; 64_000];
        let mut outbox = outbox();
        let mut load = outbox.load();
        payload.chunks(1448).for_each(|segment| load.push(3, &[9; 54], segment));
        let mut runs_seen = Vec::new();
        load.send(|port, runs| runs_seen.extend(runs.iter().map(|run| (port, run.datagrams()))));
        // 43 of 1510 bytes are all that 65,000 hold.
        assert_eq!(runs_seen, [(3, 43), (3, 2)]);
    }

    #[test]
    fn the_memory_is_the_same_block_after_block() {
        let mut outbox = outbox();
        let body = [1; 100];
        let mut places = Vec::new();
        for _ in 0..3 {
            let mut load = outbox.load();
            while load.has_room(20) {
                load.push(1, &[2; 20], &body);
            }
            load.send(|_, _| {});
            assert!(load.has_room(20));
            outbox.put_back(load);
            places.push((outbox.arena.as_ptr(), outbox.entries.as_ptr(), outbox.slices.as_ptr()));
        }
        assert_eq!((places[0], places[1]), (places[1], places[2]));
        assert_eq!(outbox.entries.capacity(), MOST_FRAMES);
    }
}
