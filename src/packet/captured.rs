//! A packet as a ring has it, and where it was seen.

use super::ring::RingPacket;
use super::{Frame, LinkType};

/// A packet, and the interface that showed it.
#[derive(Debug, Clone, Copy)]
pub struct Captured<'b> {
    pub packet: RingPacket<'b>,
    /// The interface's place among those that are listened on.
    pub interface: u32,
    pub link: LinkType,
}

impl<'b> Captured<'b> {
    /// As a frame.
    #[inline]
    pub fn frame(&self) -> Frame<'b> {
        self.packet.frame(self.interface, self.link)
    }
}
