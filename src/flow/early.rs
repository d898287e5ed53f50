//! Data that came before its turn: segments in pages from one pool that all connections share.
//!
//! The pool has a fixed number of pages; memory is touched only when it is used. A half of a connection holds at most
//! [`MAX_SEGMENTS`] segments and [`MAX_BYTES`]: a sender's usual window, and more than a listener needs to tell a
//! packet that is late from one that is lost.

use crate::packet::Timestamp;

/// Segments that one direction may hold.
pub const MAX_SEGMENTS: u8 = 128;
/// Bytes that one direction may hold.
pub const MAX_BYTES: u32 = 256 << 10;

const PAGE_LEN: usize = 2048;
/// Stands for "none" in links.
pub(super) const NONE: u32 = u32::MAX;

/// Pages and segments for all connections.
#[derive(Debug)]
pub struct EarlyPool {
    bytes: Vec<u8>,
    /// For each page, the one that follows it in its segment or in the list of free ones.
    links: Vec<u32>,
    free_page: u32,
    page_limit: u32,
    segments: Vec<EarlySegment>,
    free_segment: u32,
    segment_limit: u32,
}

/// A segment that waits.
#[derive(Debug, Clone, Copy)]
pub struct EarlySegment {
    pub sequence: u32,
    pub len: u32,
    /// Bytes that follow and were cut off by a snapshot length.
    pub cut: u32,
    /// What its sender had received by then, if it says so.
    pub acknowledgement: Option<u32>,
    pub time: Timestamp,
    /// The connection's count of packets when it came.
    pub arrived: u32,
    /// The next segment of the direction, by sequence.
    pub next: u32,
    first_page: u32,
}

impl EarlyPool {
    /// A pool that holds at most so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        let pages = bytes / PAGE_LEN;
        EarlyPool {
            bytes: Vec::with_capacity(pages * PAGE_LEN),
            links: Vec::with_capacity(pages),
            free_page: NONE,
            page_limit: pages as u32,
            segments: Vec::with_capacity(pages),
            free_segment: NONE,
            segment_limit: pages as u32,
        }
    }

    /// Keeps a segment; its place, or `None` if there is no room.
    pub fn keep(&mut self, segment: Unkept<'_>) -> Option<u32> {
        let needed = segment.bytes.len().div_ceil(PAGE_LEN).max(1);
        let mut pages = NONE;
        // From the last page to the first, so that each links to the one after it.
        for page in (0..needed).rev() {
            let Some(place) = self.take_page() else {
                self.release_pages(pages);
                return None;
            };
            let part = &segment.bytes[page * PAGE_LEN..segment.bytes.len().min((page + 1) * PAGE_LEN)];
            let start = place as usize * PAGE_LEN;
            self.bytes[start..start + part.len()].copy_from_slice(part);
            self.links[place as usize] = pages;
            pages = place;
        }
        let kept = EarlySegment {
            sequence: segment.sequence,
            len: segment.bytes.len() as u32,
            cut: segment.cut,
            acknowledgement: segment.acknowledgement,
            time: segment.time,
            arrived: segment.arrived,
            next: NONE,
            first_page: pages,
        };
        match self.take_segment(kept) {
            Some(place) => Some(place),
            None => {
                self.release_pages(pages);
                None
            }
        }
    }

    /// The segment at a place that [`EarlyPool::keep`] gave.
    pub fn segment(&self, place: u32) -> &EarlySegment {
        &self.segments[place as usize]
    }

    pub(super) fn set_next(&mut self, place: u32, next: u32) {
        self.segments[place as usize].next = next;
    }

    /// The bytes of a segment from `skip` on, page by page.
    pub fn pages(&self, place: u32, skip: u32) -> impl Iterator<Item = &[u8]> {
        let segment = &self.segments[place as usize];
        let mut page = segment.first_page;
        let mut left = segment.len as usize;
        let mut skip = skip as usize;
        std::iter::from_fn(move || {
            while left > 0 {
                let start = page as usize * PAGE_LEN;
                let len = left.min(PAGE_LEN);
                let part = &self.bytes[start..start + len];
                page = self.links[page as usize];
                left -= len;
                let skipped = skip.min(len);
                skip -= skipped;
                if skipped < len {
                    return Some(&part[skipped..]);
                }
            }
            None
        })
    }

    /// Gives a segment's room back.
    pub fn release(&mut self, place: u32) {
        let pages = self.segments[place as usize].first_page;
        self.release_pages(pages);
        self.segments[place as usize].next = self.free_segment;
        self.free_segment = place;
    }

    fn take_page(&mut self) -> Option<u32> {
        if self.free_page != NONE {
            let page = self.free_page;
            self.free_page = self.links[page as usize];
            return Some(page);
        }
        let page = self.links.len() as u32;
        if page == self.page_limit {
            return None;
        }
        self.links.push(NONE);
        self.bytes.resize(self.bytes.len() + PAGE_LEN, 0);
        Some(page)
    }

    fn take_segment(&mut self, segment: EarlySegment) -> Option<u32> {
        if self.free_segment != NONE {
            let place = self.free_segment;
            self.free_segment = self.segments[place as usize].next;
            self.segments[place as usize] = segment;
            return Some(place);
        }
        let place = self.segments.len() as u32;
        if place == self.segment_limit {
            return None;
        }
        self.segments.push(segment);
        Some(place)
    }

    fn release_pages(&mut self, mut page: u32) {
        while page != NONE {
            let next = self.links[page as usize];
            self.links[page as usize] = self.free_page;
            self.free_page = page;
            page = next;
        }
    }
}

/// What [`EarlyPool::keep`] is given.
#[derive(Debug, Clone, Copy)]
pub struct Unkept<'a> {
    pub sequence: u32,
    pub bytes: &'a [u8],
    pub cut: u32,
    pub acknowledgement: Option<u32>,
    pub time: Timestamp,
    pub arrived: u32,
}
