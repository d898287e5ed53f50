//! What a kernel knows of a frame beyond its bytes, and where a program asks for it: offsets where no packet is.

use crate::packet::vlan::VlanTag;

/// Where these offsets begin: SKF_AD_OFF of `linux/filter.h`. Those below are counted from it.
pub(super) const OFFSET: u32 = 0xffff_f000;
/// SKF_AD_PKTTYPE.
pub(super) const PACKET_TYPE: u32 = 4;
/// SKF_AD_VLAN_TAG.
pub(super) const VLAN_TAG: u32 = 44;
/// SKF_AD_VLAN_TAG_PRESENT.
pub(super) const VLAN_TAG_PRESENT: u32 = 48;
/// SKF_AD_VLAN_TPID.
pub(super) const VLAN_TPID: u32 = 60;

/// What a kernel knows of a frame beyond its bytes. By default, nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ancillary {
    /// Where the frame was going: `sll_pkttype` of `linux/if_packet.h`, [`Ancillary::OUTGOING`] if this machine sent it.
    pub packet_type: u8,
    /// The tag that was taken out of the frame.
    pub vlan: Option<VlanTag>,
}

impl Ancillary {
    /// PACKET_OUTGOING of `linux/if_packet.h`.
    pub const OUTGOING: u8 = 4;

    /// What the kernel would answer at an offset.
    #[inline]
    pub(super) fn answer(&self, at: u32) -> Option<u32> {
        match at.checked_sub(OFFSET)? {
            PACKET_TYPE => Some(self.packet_type.into()),
            VLAN_TAG => Some(self.vlan.map_or(0, |tag| tag.tci.into())),
            VLAN_TAG_PRESENT => Some(self.vlan.is_some().into()),
            VLAN_TPID => Some(self.vlan.map_or(0, |tag| tag.tpid.into())),
            _ => None,
        }
    }
}
