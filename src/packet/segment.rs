//! Makes frames that fit of what a ring captured, so that a receiver sees what was on the wire.
//!
//! A ring sees frames before an interface has done its work, or after: without the VLAN tag, with a checksum that is
//! only begun, and as super-frames of up to 64 KiB that stand for dozens of segments. Here the tag is put back, the
//! checksum completed and the super-frame cut as the interface would have cut it. A frame that is longer than the
//! budget all the same is split into TCP segments that carry the same bytes, truncated or dropped ([`Oversize`]).
//!
//! A payload is never copied: a frame is handed out as headers that were written anew and the rest, borrowed from the
//! ring. Nothing is allocated; headers of more than [`MAX_HEADERS`] bytes are not written anew, which leaves the frame
//! to the policy. Whatever was done is counted ([`SegmentCounts`]).

mod complete;
mod counts;
mod headers;
mod plan;
mod tcp;
mod template;
mod udp;

#[cfg(test)]
mod tests;

use self::headers::{Headers, Link, MAX_HEADERS};
use self::plan::{Parts, Plan};
use self::tcp::Cut;
use super::LinkType;
use super::decode::Undecoded;
use super::ring::{Checksum, GsoType, RingPacket};

pub use self::counts::SegmentCounts;
pub use self::plan::Outlook;

/// What is done with a frame that is longer than the budget and that no offload explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Oversize {
    /// TCP becomes segments; anything else is truncated.
    #[default]
    Split,
    /// Its end is cut off. The lengths in its headers stay as they are, so that an analyser sees it.
    Truncate,
    /// It is not handed out.
    Drop,
}

/// Makes frames that fit of what a ring captured: tags put back, super-frames cut, checksums completed.
#[derive(Debug)]
pub struct Segmenter {
    budget: usize,
    oversize: Oversize,
    counts: SegmentCounts,
    head: [u8; MAX_HEADERS],
}

/// A captured frame whose headers were found.
#[derive(Debug, Clone, Copy)]
struct Parsed<'b> {
    bytes: &'b [u8],
    link: Link,
    headers: Headers,
    /// Whether its checksum was left to an interface.
    unfinished: bool,
}

impl Segmenter {
    /// `budget`: bytes of the longest frame, from its Ethernet header on.
    pub fn new(budget: usize, oversize: Oversize) -> Self {
        Segmenter { budget, oversize, counts: SegmentCounts::default(), head: [0; MAX_HEADERS] }
    }

    /// For the frames from now on.
    pub fn set_budget(&mut self, budget: usize) {
        self.budget = budget;
    }

    /// Everything so far.
    pub fn counts(&self) -> SegmentCounts {
        self.counts
    }

    /// Hands each frame out as two parts that follow one another: headers, valid during the call, and what is borrowed
    /// from the packet.
    ///
    /// An unchanged Ethernet frame is an empty head and its own bytes. No frame is longer than the budget.
    #[inline]
    pub fn cut<'b>(&mut self, packet: &RingPacket<'b>, link: LinkType, out: &mut impl FnMut(&[u8], &'b [u8])) {
        let bytes = packet.bytes;
        self.counts.frames_in += 1;
        self.counts.bytes_in += bytes.len() as u64;
        let is_finished = packet.offload.is_none() && packet.checksum != Checksum::NotReady;
        let is_whole = bytes.len() >= packet.wire_len as usize;
        let is_ethernet = link == LinkType::Ethernet && packet.vlan.is_none();
        if is_finished && is_whole && is_ethernet && bytes.len() <= self.budget {
            return self.emit(0, bytes, out);
        }
        self.rework(packet, link, out);
    }

    fn rework<'b>(&mut self, packet: &RingPacket<'b>, link: LinkType, out: &mut impl FnMut(&[u8], &'b [u8])) {
        let bytes = packet.bytes;
        let wire_len = bytes.len().max(packet.wire_len as usize);
        self.counts.snapped += u64::from(bytes.len() < wire_len);
        let Some(link) = Link::of(packet, link, &mut self.head) else {
            self.counts.unknown_link += 1;
            self.counts.bytes_removed += bytes.len() as u64;
            return;
        };
        self.counts.bytes_added += link.header as u64;
        self.counts.bytes_removed += link.replaces as u64;

        let unfinished =
            packet.checksum == Checksum::NotReady || packet.offload.is_some_and(|offload| offload.needs_csum);
        let headers = match link.network.map(|network| Headers::of(bytes, network, wire_len)) {
            Some(Ok(headers)) => Some(headers),
            Some(Err(error)) => {
                let is_cut = error == Undecoded::Truncated && bytes.len() < wire_len;
                self.counts.malformed += u64::from(!is_cut);
                None
            }
            None => None,
        };
        if let Some(headers) = headers
            && self.divide(packet, &Parsed { bytes, link, headers, unfinished }, out)
        {
            return;
        }

        let (mut head, mut from) = (link.header, link.replaces);
        if unfinished {
            match complete::complete(packet, link, headers.as_ref(), &mut self.head) {
                Some(to) => {
                    (head, from) = (link.header + to - link.replaces, to);
                    self.counts.checksums_completed += 1;
                }
                None => self.counts.checksums_unfinished += 1,
            }
        }
        let truncated = self.counts.truncated;
        self.fit(head, &bytes[from..], out);
        if packet.offload.is_some_and(|offload| offload.gso_type != GsoType::None) && self.counts.truncated > truncated
        {
            self.counts.truncated = truncated;
            self.counts.uncut += 1;
        }
    }

    /// Makes several frames of one that stands for several or is too long; says whether it did.
    fn divide<'b>(&mut self, packet: &RingPacket, frame: &Parsed<'b>, out: &mut impl FnMut(&[u8], &'b [u8])) -> bool {
        let is_super = packet.offload.is_some_and(|offload| {
            let Some(Plan { into, payload, size }) = Plan::of(&offload, frame) else { return false };
            match into {
                Parts::Segments => self.cut_tcp(frame, Cut::of_super(&offload, payload, size), out),
                Parts::Datagrams => self.cut_udp(frame, payload, size, out),
                Parts::Fragments => self.fragment_udp(frame, payload, size, out),
            }
        });
        self.counts.super_frames += u64::from(is_super);
        if is_super {
            return true;
        }
        let length = frame.link.header + frame.bytes.len() - frame.link.replaces;
        let is_split = self.oversize == Oversize::Split
            && length > self.budget
            && tcp::payload(frame).is_some_and(|payload| self.cut_tcp(frame, Cut::of_one(frame, payload), out));
        self.counts.split += u64::from(is_split);
        is_split
    }

    /// Hands a frame out, as much of it as the budget and the policy allow.
    #[inline]
    fn fit<'b>(&mut self, head: usize, rest: &'b [u8], out: &mut impl FnMut(&[u8], &'b [u8])) {
        let Some(over) = (head + rest.len()).checked_sub(self.budget).filter(|over| *over > 0) else {
            return self.emit(head, rest, out);
        };
        // A frame of nothing is none.
        if self.oversize == Oversize::Drop || self.budget == 0 {
            self.counts.dropped_oversize += 1;
            self.counts.bytes_removed += (head + rest.len()) as u64;
            return;
        }
        self.counts.truncated += 1;
        self.counts.bytes_removed += over as u64;
        let head = head.min(self.budget);
        self.emit(head, &rest[..self.budget - head], out);
    }

    #[inline]
    fn emit<'b>(&mut self, head: usize, rest: &'b [u8], out: &mut impl FnMut(&[u8], &'b [u8])) {
        self.counts.frames_out += 1;
        self.counts.bytes_out += (head + rest.len()) as u64;
        out(&self.head[..head], rest);
    }

    /// Counts a segment or datagram of this frame, and whether its checksum could be made right.
    #[inline]
    fn count_made(&mut self, frame: &Parsed, right: bool) {
        self.counts.segments += 1;
        if !right {
            self.counts.checksums_unfinished += 1;
        } else if frame.unfinished {
            self.counts.checksums_completed += 1;
        }
    }

    /// Counts what of a frame is in none of its segments: padding, and a jumbo payload option.
    fn count_lost(&mut self, frame: &Parsed, payload: usize, head: usize, captured: usize) {
        let (before, after) = (payload + frame.link.header - frame.link.replaces, frame.bytes.len() - payload);
        self.counts.bytes_removed += (before - head + after - captured) as u64;
    }
}
