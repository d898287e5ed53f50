//! What became of everything. Two sums always hold:
//!
//! - packets: `captured` = `encapsulated` + `own` + `mirrored` + `shed` + `dropped`
//! - datagrams: `frames` × the number of collectors - `recut` + `recut_into` = all of [`Counts::outcome`]

use super::outcome::Outcome;
use crate::packet::segment::SegmentCounts;

/// So many packets, and their bytes on the wire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    pub packets: u64,
    pub bytes: u64,
}

impl Amount {
    #[inline]
    pub(super) fn add(&mut self, bytes: u32) {
        self.packets += 1;
        self.bytes += u64::from(bytes);
    }
}

/// What a forwarder has done since it began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Packets that the rings handed over.
    pub captured: Amount,
    /// Those of which frames were made.
    pub encapsulated: Amount,
    /// Our own output that the kernel's filter had let in: after an address changed, or behind a tag.
    pub own: Amount,
    /// What holds a frame that was mirrored already, by another forwarder or by us.
    pub mirrored: Amount,
    /// Shed to keep the rate cap, whole flows at a time.
    pub shed: Amount,
    /// Those of which no frame was made: too long, or of an interface whose frames cannot become Ethernet's. Why,
    /// `segments` says.
    pub dropped: Amount,
    /// Frames that were made, each sent to every collector.
    pub frames: u64,
    /// What the segmenter did.
    pub segments: SegmentCounts,
    /// What became of the datagrams to all collectors.
    pub outcome: Outcome,
}

impl Counts {
    /// Whether the sums hold, with so many collectors.
    pub fn add_up(&self, collectors: usize) -> bool {
        let ends = [self.encapsulated, self.own, self.mirrored, self.shed, self.dropped];
        let packets: u64 = ends.iter().map(|end| end.packets).sum();
        let bytes: u64 = ends.iter().map(|end| end.bytes).sum();
        (packets, bytes) == (self.captured.packets, self.captured.bytes)
            && self.segments.frames_in == self.encapsulated.packets + self.dropped.packets
            && self.segments.frames_out == self.frames
            && self.outcome.all().datagrams + self.outcome.recut
                == self.frames * collectors as u64 + self.outcome.recut_into
    }
}
