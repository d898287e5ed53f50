//! The packets of several rings as one sequence.

use super::LinkType;
use super::captured::Captured;
use super::filter::Program;
use super::ring::{Block, Packets, RingPacket};

/// The packets of several blocks, the earliest of those that are next first.
pub(super) struct Merge<'b> {
    heads: Vec<Head<'b>>,
}

struct Head<'b> {
    next: Option<RingPacket<'b>>,
    rest: Option<Packets<'b>>,
    link: LinkType,
    program: Option<&'b Program>,
}

impl<'b> Merge<'b> {
    pub fn of(blocks: impl Iterator<Item = (Option<&'b Block<'b>>, LinkType, Option<&'b Program>)>) -> Self {
        let head = |(block, link, program): (Option<&'b Block<'b>>, LinkType, Option<&'b Program>)| {
            let mut rest = block.map(Block::packets);
            Head { next: rest.as_mut().and_then(Iterator::next), rest, link, program }
        };
        Merge { heads: blocks.map(head).collect() }
    }
}

impl<'b> Iterator for Merge<'b> {
    type Item = (Captured<'b>, Option<&'b Program>);

    fn next(&mut self) -> Option<Self::Item> {
        let earliest = self
            .heads
            .iter_mut()
            .enumerate()
            .filter_map(|(place, head)| Some((place, head.next?, head)))
            .min_by_key(|(_, packet, _)| packet.time);
        let (place, packet, head) = earliest?;
        head.next = head.rest.as_mut().and_then(Iterator::next);
        Some((Captured { packet, interface: place as u32, link: head.link }, head.program))
    }
}

/// Whether a packet passes a filter that the kernel had no room for.
#[inline]
pub(super) fn is_wanted(packet: &RingPacket<'_>, program: Option<&Program>) -> bool {
    program.is_none_or(|program| program.run_with(packet.bytes, packet.wire_len, &packet.ancillary()) != 0)
}
