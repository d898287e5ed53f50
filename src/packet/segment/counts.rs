//! What a segmenter counts.

/// What was done to frames. Two sums always hold; "made" are the segments, datagrams and fragments of frames that were
/// cut, which stand in for them:
///
/// - frames: `frames_in` + `segments` = `frames_out` + `super_frames` + `split` + `dropped_oversize` + `unknown_link`
/// - bytes: `bytes_in` + `bytes_added` = `bytes_out` + `bytes_removed`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SegmentCounts {
    /// Frames as they were captured, and their captured bytes.
    pub frames_in: u64,
    pub bytes_in: u64,
    /// Frames handed out, and their bytes.
    pub frames_out: u64,
    pub bytes_out: u64,
    /// Frames that were captured before an interface cut them, or after it had joined them, and that were cut here.
    pub super_frames: u64,
    /// Other frames that were longer than the budget and became TCP segments.
    pub split: u64,
    /// What was made of both; also counts what is dropped afterwards, being too long even so.
    pub segments: u64,
    /// Frames and segments handed out with a checksum that was unfinished when they were captured.
    pub checksums_completed: u64,
    /// Frames and segments handed out with a checksum that still is not right: a part of what it covers was not
    /// captured, or it is none that is known here (SCTP's).
    pub checksums_unfinished: u64,
    /// Frames and made datagrams cut off at the budget, their inner lengths as they were.
    pub truncated: u64,
    /// Super-frames that cannot be cut, as those inside of tunnels: they were cut off at the budget, which leaves little.
    pub uncut: u64,
    /// Frames and made datagrams dropped because they are longer than the budget.
    pub dropped_oversize: u64,
    /// Frames of which less was captured than there was.
    pub snapped: u64,
    /// Frames whose headers contradict themselves, where there was something to do to them.
    pub malformed: u64,
    /// Frames of a link that cannot become Ethernet: dropped.
    pub unknown_link: u64,
    /// Bytes of headers that were added: of links, VLAN tags that were put back, and before each further segment.
    pub bytes_added: u64,
    /// Bytes that went: with what was dropped or cut off, padding, and headers of other links.
    pub bytes_removed: u64,
}
