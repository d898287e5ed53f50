//! What a frame is going to be cut into, known before it is.

use super::super::LinkType;
use super::super::ring::{GsoType, Offload, RingPacket};
use super::headers::{Headers, Link};
use super::{Oversize, Parsed, Segmenter, tcp, udp};

/// How a super-frame is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    pub into: Parts,
    /// Where its payload is.
    pub payload: usize,
    /// How much of that each frame gets, if it fits.
    pub size: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parts {
    Segments,
    Datagrams,
    Fragments,
}

impl Plan {
    /// As the interface was told to. Nothing for one segment, and for what is inside a tunnel.
    pub fn of(offload: &Offload, frame: &Parsed) -> Option<Plan> {
        if is_tunnelled(offload, frame) {
            return None;
        }
        let size = usize::from(offload.gso_size);
        let (into, payload) = match offload.gso_type {
            GsoType::TcpV4 | GsoType::TcpV6 => {
                (Parts::Segments, tcp::payload(frame).filter(|payload| frame.headers.end - payload > size)?)
            }
            GsoType::Udp => (Parts::Datagrams, udp::payload(frame)?),
            GsoType::UdpFragments => (Parts::Fragments, udp::payload(frame)?),
            GsoType::None | GsoType::Other(_) => return None,
        };
        Some(Plan { into, payload, size })
    }
}

/// Whether the segment size is for what is inside a tunnel, which is not cut: the transport seen here is the tunnel's.
///
/// Where a checksum is asked for, its place tells. A tunnel of another transport is told by its not being that one.
fn is_tunnelled(offload: &Offload, frame: &Parsed) -> bool {
    match offload.needs_csum {
        true => usize::from(offload.csum_start) != frame.headers.transport,
        false => offload.gso_type == GsoType::Udp && udp::is_vxlan(frame),
    }
}

/// So many frames, and the bytes of all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outlook {
    pub frames: usize,
    pub bytes: usize,
}

impl Segmenter {
    /// What [`Segmenter::cut`] would make of a packet, or a little more: headers that are only to be repeated are not
    /// looked at closely.
    #[inline]
    pub fn outlook(&mut self, packet: &RingPacket, link: LinkType) -> Outlook {
        let bytes = packet.bytes.len();
        let is_super = packet.offload.is_some_and(|offload| offload.gso_type != GsoType::None);
        let is_ethernet = link == LinkType::Ethernet && packet.vlan.is_none();
        match !is_super && is_ethernet && bytes <= self.budget {
            true => Outlook { frames: 1, bytes },
            false => self.look_closer(packet, link),
        }
    }

    fn look_closer(&mut self, packet: &RingPacket, link: LinkType) -> Outlook {
        let bytes = packet.bytes;
        let Some(link) = Link::of(packet, link, &mut self.head) else { return Outlook::default() };
        let length = link.header + bytes.len() - link.replaces;
        let wire_len = bytes.len().max(packet.wire_len as usize);
        let cut = link.network.and_then(|network| {
            let headers = Headers::of(bytes, network, wire_len).ok()?;
            self.cut_into(packet, &Parsed { bytes, link, headers, unfinished: false })
        });
        match cut {
            Some(outlook) => outlook,
            None if length > self.budget && self.oversize == Oversize::Drop => Outlook::default(),
            None => Outlook { frames: 1, bytes: length.min(self.budget) },
        }
    }

    fn cut_into(&self, packet: &RingPacket, frame: &Parsed) -> Option<Outlook> {
        let (link, headers) = (frame.link, frame.headers);
        let plan = packet.offload.and_then(|offload| Plan::of(&offload, frame)).or_else(|| {
            let payload = tcp::payload(frame).filter(|_| self.oversize == Oversize::Split)?;
            let is_long = link.header + frame.bytes.len() - link.replaces > self.budget;
            is_long.then_some(Plan { into: Parts::Segments, payload, size: usize::MAX })
        })?;
        // The datagram's header is divided among fragments like the rest.
        let divided = if plan.into == Parts::Fragments { headers.transport } else { plan.payload };
        let head = link.header + divided - link.replaces;
        let room = self.budget.saturating_sub(head);
        let size = match plan.into {
            Parts::Segments => plan.size.min(room),
            // One that does not fit is not made smaller.
            Parts::Datagrams => plan.size,
            Parts::Fragments => plan.size.min(room) & !7,
        };
        let captured = headers.end.min(frame.bytes.len()).saturating_sub(divided);
        if size == 0 {
            return None;
        }
        let frames = captured.div_ceil(size).max(1);
        let bytes = captured + frames * head;
        // What is not divided stays as it is, with what is behind its end.
        let whole = (link.header + frame.bytes.len() - link.replaces).min(self.budget);
        Some(Outlook { frames, bytes: if frames == 1 { bytes.max(whole) } else { bytes } })
    }
}
