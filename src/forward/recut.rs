//! Cuts a datagram again that was made for a wider path.
//!
//! A path becomes narrower while datagrams wait for their block's end, or between two looks at it. That is rare, so this
//! copies and allocates: one frame at a time, of what an IP packet holds at most.

use std::io::IoSlice;

use super::deliver::{PARTS, Run};
use crate::packet::ring::{Checksum, RingPacket};
use crate::packet::segment::{Oversize, SegmentCounts, Segmenter};
use crate::packet::{LinkType, Timestamp, vxlan};

/// Makes datagrams of one that is longer than `longest`, in bytes of UDP's payload, and hands out each in its parts.
///
/// What is done is what the segmenter does with a captured frame of that length: it says so in the counts.
pub(super) fn recut(
    datagram: &Run<'_>,
    longest: usize,
    oversize: Oversize,
    mut out: impl FnMut(&[IoSlice<'_>; PARTS]),
) -> SegmentCounts {
    let bytes: Vec<u8> = datagram.parts().iter().flat_map(|part| part.iter().copied()).collect();
    let Some((header, frame)) = bytes.split_at_checked(vxlan::HEADER_LEN) else { return SegmentCounts::default() };
    // As it was sent: its checksums are finished, its tags in their place.
    let packet = RingPacket {
        time: Timestamp::default(),
        bytes: frame,
        wire_len: frame.len() as u32,
        vlan: None,
        checksum: Checksum::Unknown,
        offload: None,
        outgoing: true,
    };
    let mut segmenter = Segmenter::new(longest.saturating_sub(vxlan::HEADER_LEN), oversize);
    segmenter.cut(&packet, LinkType::Ethernet, &mut |head, body| {
        let head = [header, head].concat();
        out(&[IoSlice::new(&head), IoSlice::new(body)]);
    });
    segmenter.counts()
}
