//! What a VXLAN datagram carries, by the strict reading of RFC 7348 §5: the I flag is set and every other bit that is
//! reserved is zero, so that whatever is not a mirrored frame is noticed and not decoded by chance.

use crate::packet::{decode, vxlan};

/// The header of an Ethernet frame without tags.
const ETHERNET_LEN: usize = 14;

/// Why a datagram is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Less than a VXLAN header.
    TooShort,
    /// The I flag is not set: not VXLAN.
    NotVxlan,
    /// A reserved bit is set: an extension of VXLAN that gives the frame another meaning, or something else altogether.
    ReservedBits,
    /// Of a network that is not wanted.
    OtherNetwork,
    /// What is inside is less than the header of an Ethernet frame.
    InnerTooShort,
    /// What is inside is a packet of a tunnel itself. Most likely a mirror mirrors its own output.
    Nested,
    /// There is no room for another source.
    TooManySources,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Refusal; 7] = [
        Refusal::TooShort,
        Refusal::NotVxlan,
        Refusal::ReservedBits,
        Refusal::OtherNetwork,
        Refusal::InnerTooShort,
        Refusal::Nested,
        Refusal::TooManySources,
    ];
}

/// Datagrams that were not taken, by cause.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refusals([u64; Refusal::ALL.len()]);

impl Refusals {
    /// Counts one.
    pub fn count(&mut self, why: Refusal) {
        self.0[why as usize] += 1;
    }

    /// How many were refused for this cause.
    pub fn of(&self, why: Refusal) -> u64 {
        self.0[why as usize]
    }

    /// How many were refused.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// The networks that are wanted.
#[derive(Debug, Clone, Default)]
pub struct Networks(Vec<u32>);

impl Networks {
    /// Those with these identifiers; all of them if none is named.
    pub fn new(mut identifiers: Vec<u32>) -> Self {
        identifiers.sort_unstable();
        identifiers.dedup();
        Networks(identifiers)
    }

    #[inline]
    fn wants(&self, vni: u32) -> bool {
        self.0.is_empty() || self.0.binary_search(&vni).is_ok()
    }
}

/// A mirrored frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inner<'a> {
    /// The network that it is in: 24 bits.
    pub vni: u32,
    /// From its Ethernet header on, as far as it was sent.
    pub frame: &'a [u8],
    /// How long it was before its mirror cut it, by its IP header; what is there if that does not say more.
    pub wire_len: u32,
}

/// The network of a datagram and the frame in it; the network is told of a frame that is not taken, too, as far as it is
/// known and wanted.
#[inline]
pub fn decapsulate<'a>(datagram: &'a [u8], networks: &Networks) -> Result<Inner<'a>, (Refusal, Option<u32>)> {
    let (vni, frame) = match vxlan::parse(datagram) {
        Some(parsed) => parsed,
        None if datagram.len() < vxlan::HEADER_LEN => return Err((Refusal::TooShort, None)),
        None => return Err((Refusal::NotVxlan, None)),
    };
    if !datagram.starts_with(&vxlan::header(vni)) {
        return Err((Refusal::ReservedBits, None));
    }
    let vni = vni.get();
    if !networks.wants(vni) {
        return Err((Refusal::OtherNetwork, None));
    }
    if frame.len() < ETHERNET_LEN {
        return Err((Refusal::InnerTooShort, Some(vni)));
    }
    let outline = decode::outline(frame);
    if outline.tunnel {
        return Err((Refusal::Nested, Some(vni)));
    }
    let wire_len = outline.length.unwrap_or(0).max(frame.len() as u32);
    Ok(Inner { vni, frame, wire_len })
}

#[cfg(test)]
mod tests;
