//! All metrics as they stand, compressed.
//!
//! Exact metrics of many endpoints take some hundred KiB, of which most repeats itself in each point: names, attributes
//! and bounds. Compressed they take a tenth, so that all of them fit even in a small queue. They are compressed in chunks
//! of what a request holds, each of which is expanded when its request is made.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::options::{MOST_ITEMS, MOST_REQUEST_BYTES, REQUEST_BYTES};
use super::{Batch, Signal};

/// As of requests: the lower levels need half as much again.
const LEVEL: u32 = 6;
/// What the bookkeeping of an item takes: its resource and its length.
const PER_ITEM: usize = size_of::<(u16, u32)>();
/// No chunk has more bytes before compression.
const CHUNK: usize = 64 << 10;
/// Bytes for the metrics of 500 endpoints in three distributions, compressed.
const LEAST_BYTES: usize = 96 << 10;

/// What framing adds to an item in a request, at most.
pub const FRAMING: usize = 6;
/// What the envelope adds to a request, mostly. The rest of the room for a request is for items.
pub const ENVELOPE: usize = 4 << 10;

/// Parts of a queue of so many bytes.
#[derive(Debug, Clone, Copy)]
pub struct Parts {
    /// Bytes for what waits in lanes.
    pub lanes: usize,
    /// Bytes for the newest metrics, compressed.
    pub metrics: usize,
    /// Bytes for both.
    pub shared: usize,
    /// Bytes of items in a request.
    pub request: usize,
    /// Bytes of a single item.
    pub item: usize,
}

impl Parts {
    /// Those of a queue. Metrics are exact, where spans are only some of many: in a small queue they take more of it, when
    /// they need it.
    pub fn of(queue_bytes: usize) -> Self {
        let part = queue_bytes / 16;
        Parts {
            lanes: 5 * part,
            metrics: (2 * part).max(LEAST_BYTES.min(6 * part)),
            shared: 7 * part,
            request: (2 * part).min(REQUEST_BYTES).saturating_sub(ENVELOPE),
            item: (2 * part).min(MOST_REQUEST_BYTES).saturating_sub(ENVELOPE),
        }
    }
}

/// Some items of a set, compressed.
#[derive(Debug)]
pub struct Chunk {
    body: Vec<u8>,
    /// The resource and the length of each.
    items: Vec<(u16, u32)>,
    /// Bytes of all of them.
    expanded: usize,
}

impl Chunk {
    /// How many items it has.
    pub fn items(&self) -> usize {
        self.items.len()
    }

    /// The bytes of its items.
    pub fn expanded(&self) -> usize {
        self.expanded
    }

    /// Bytes that it takes.
    pub fn size(&self) -> usize {
        self.body.len() + self.items.len() * PER_ITEM
    }

    /// Adds its items to a batch.
    pub fn expand_into(&self, batch: &mut Batch) {
        let mut bytes = Vec::with_capacity(self.expanded);
        if DeflateDecoder::new(&self.body[..]).take(self.expanded as u64).read_to_end(&mut bytes).is_err() {
            return;
        }
        let mut rest = &bytes[..];
        for &(resource, len) in &self.items {
            let Some((item, others)) = rest.split_at_checked(len as usize) else { return };
            batch.push(resource, item);
            rest = others;
        }
    }
}

/// All metrics as they stand at one time, each item a `Metric`.
#[derive(Debug)]
pub struct MetricSet {
    parts: Parts,
    open: Batch,
    chunks: VecDeque<Chunk>,
    /// Bytes of the chunks.
    size: usize,
    /// Items for which there was no room.
    dropped: u64,
}

impl MetricSet {
    /// An empty one for a queue of so many bytes.
    pub fn for_queue(queue_bytes: usize) -> Self {
        let parts = Parts::of(queue_bytes);
        MetricSet { parts, open: Batch::new(Signal::Metrics), chunks: VecDeque::new(), size: 0, dropped: 0 }
    }

    /// Takes a copy of an item.
    pub fn push(&mut self, resource: u16, item: &[u8]) {
        if item.len() + FRAMING > self.parts.item {
            self.dropped += 1;
            return;
        }
        let full = self.open.size() + item.len() + FRAMING > CHUNK.min(self.parts.request);
        if full || self.open.len() == MOST_ITEMS {
            self.close();
        }
        self.open.push(resource, item);
    }

    /// Compresses what was pushed last. No item comes afterwards.
    pub fn close(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let items = self.open.iter().map(|(resource, item)| (resource, item.len() as u32)).collect();
        let expanded = self.open.iter().map(|(_, item)| item.len()).sum();
        let mut encoder = DeflateEncoder::new(Vec::with_capacity(expanded / 6 + 64), Compression::new(LEVEL));
        let written = self.open.iter().try_for_each(|(_, item)| encoder.write_all(item));
        let chunk = written.and_then(|()| encoder.finish()).map(|mut body| {
            body.shrink_to_fit();
            Chunk { body, items, expanded }
        });
        match chunk {
            Ok(chunk) if self.size + chunk.size() <= self.parts.metrics => {
                self.size += chunk.size();
                self.chunks.push_back(chunk);
            }
            _ => self.dropped += self.open.len() as u64,
        }
        self.open.clear(Signal::Metrics, CHUNK);
    }

    /// Items for which there was no room.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Items that there are.
    pub fn items(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.items() as u64).sum::<u64>() + self.open.len() as u64
    }

    /// The first chunk.
    pub fn first(&self) -> Option<&Chunk> {
        self.chunks.front()
    }

    /// Takes the first chunk out.
    pub fn pop(&mut self) -> Option<Chunk> {
        let chunk = self.chunks.pop_front()?;
        self.size -= chunk.size();
        Some(chunk)
    }

    /// Bytes that it takes.
    pub fn size(&self) -> usize {
        self.size + self.open.size()
    }

    /// Makes it empty.
    pub fn clear(&mut self) {
        *self = MetricSet {
            parts: self.parts,
            open: Batch::new(Signal::Metrics),
            chunks: VecDeque::new(),
            size: 0,
            dropped: 0,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_come_out_as_they_went_in() {
        let mut set = MetricSet::for_queue(256 << 10);
        let items: Vec<_> = (0..900_u16).map(|item| (item % 2, vec![item as u8; usize::from(item)])).collect();
        items.iter().for_each(|(resource, item)| set.push(*resource, item));
        set.close();
        assert_eq!((set.items(), set.dropped()), (900, 0));
        let mut batch = Batch::new(Signal::Metrics);
        let mut chunks = 0;
        while let Some(chunk) = set.pop() {
            assert!(chunk.expanded() <= Parts::of(256 << 10).request && chunk.items() <= MOST_ITEMS);
            chunk.expand_into(&mut batch);
            chunks += 1;
        }
        assert!(chunks > 10 && set.size() == 0);
        assert!(batch.iter().eq(items.iter().map(|(resource, item)| (*resource, &item[..]))));
    }
}
