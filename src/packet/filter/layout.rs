//! Where the headers of a frame are, on each link type.

use super::ancillary::{self, Ancillary};
use super::ir::{Condition, Size, Word};
use super::names::{ETHER_TYPE_IP, ETHER_TYPE_IP6};
use crate::packet::{LinkType, vlan};

/// The types that `vlan` accepts.
const VLAN_TYPES: [u16; 3] = [vlan::CUSTOMER, vlan::PROVIDER, vlan::PROVIDER_OLD];
const VLAN_TAG_LENGTH: u32 = 4;

/// IPv4's protocol family, the same on every system.
const FAMILY_IP: [u32; 1] = [2];
/// IPv6's protocol family on Linux, NetBSD and OpenBSD, FreeBSD, and macOS.
const FAMILY_IP6: [u32; 4] = [10, 24, 28, 30];

const OUTGOING: u32 = Ancillary::OUTGOING as u32;

/// Where headers begin; `vlan` moves them for all that follows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    link: LinkType,
    /// How many bytes of VLAN tags were skipped.
    tags: u32,
}

impl Layout {
    /// `None` where filters know nothing of the link type.
    pub fn of(link: LinkType) -> Option<Self> {
        match link {
            LinkType::Other(_) => None,
            _ => Some(Layout { link, tags: 0 }),
        }
    }

    /// The offset of the network layer's header.
    pub fn network(self) -> u32 {
        match self.link {
            LinkType::Ethernet => 14 + self.tags,
            LinkType::LinuxSll => 16,
            LinkType::LinuxSll2 => 20,
            LinkType::Null | LinkType::Loop => 4,
            LinkType::Raw | LinkType::Ipv4 | LinkType::Ipv6 | LinkType::Other(_) => 0,
        }
    }

    /// The field that holds an Ethernet type.
    fn ether_type_field(self) -> Option<Word> {
        match self.link {
            LinkType::Ethernet => Some(Word::load(Size::Half, 12 + self.tags)),
            LinkType::LinuxSll => Some(Word::load(Size::Half, 14)),
            LinkType::LinuxSll2 => Some(Word::load(Size::Half, 0)),
            _ => None,
        }
    }

    /// Whether frames have a field for types below 1536, which mean LLC there.
    pub fn has_llc(self) -> bool {
        self.ether_type_field().is_some()
    }

    pub fn is_ether_type(self, ether_type: u32) -> Condition {
        if let Some(field) = self.ether_type_field() {
            return field.equals(ether_type);
        }
        match (self.link, ether_type) {
            (LinkType::Raw, ETHER_TYPE_IP) => Word::load(Size::Byte, 0).masked(0xf0).equals(0x40),
            (LinkType::Raw, ETHER_TYPE_IP6) => Word::load(Size::Byte, 0).masked(0xf0).equals(0x60),
            (LinkType::Ipv4, ETHER_TYPE_IP) | (LinkType::Ipv6, ETHER_TYPE_IP6) => Condition::Always(true),
            (LinkType::Null | LinkType::Loop, ETHER_TYPE_IP) => self.is_family(&FAMILY_IP),
            (LinkType::Null | LinkType::Loop, ETHER_TYPE_IP6) => self.is_family(&FAMILY_IP6),
            _ => Condition::Always(false),
        }
    }

    /// `Null` frames are in the byte order of whoever captured them, so that both are accepted.
    fn is_family(self, families: &[u32]) -> Condition {
        let swapped = families.iter().filter(|_| self.link == LinkType::Null).map(|family| family.swap_bytes());
        Condition::any(families.iter().copied().chain(swapped).map(|family| Word::load(Size::Word, 0).equals(family)))
    }

    /// Whether an Ethernet address at `offset` of the frame is `address`; `None` where frames have none.
    pub fn has_ethernet_address(self, offset: EthernetAddress, address: [u8; 6]) -> Option<Condition> {
        if self.link != LinkType::Ethernet {
            return None;
        }
        let offset = match offset {
            EthernetAddress::Destination => 0,
            EthernetAddress::Source => 6,
        };
        let [a, b, c, d, e, f] = address;
        let low = Word::load(Size::Word, offset + 2).equals(u32::from_be_bytes([c, d, e, f]));
        let high = Word::load(Size::Half, offset).equals(u16::from_be_bytes([a, b]).into());
        Some(low.and(high))
    }

    /// Whether the destination's group bit is set; `None` where frames have no Ethernet addresses.
    pub fn is_ethernet_multicast(self) -> Option<Condition> {
        (self.link == LinkType::Ethernet).then(|| Word::load(Size::Byte, 0).masked(1).equals(0).not())
    }

    /// Whether a tag is in the frame. What follows is behind that tag, whether this was true or not.
    pub fn skip_vlan_tag(&mut self) -> Condition {
        let tagged = Condition::any(VLAN_TYPES.map(|tag| self.is_ether_type(tag.into())));
        self.tags += VLAN_TAG_LENGTH;
        tagged
    }

    /// The identifier of the tag that was skipped last.
    pub fn skipped_vlan(self, vlan: u32) -> Condition {
        Word::load(Size::Half, self.network() - VLAN_TAG_LENGTH).masked(0x0fff).equals(vlan)
    }

    /// Whether the frame left this machine, where the frame itself says so.
    pub fn is_outgoing(self) -> Option<Condition> {
        match self.link {
            LinkType::LinuxSll => Some(Word::load(Size::Half, 0).equals(OUTGOING)),
            LinkType::LinuxSll2 => Some(Word::load(Size::Byte, 10).equals(OUTGOING)),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EthernetAddress {
    Source,
    Destination,
}

/// Whether the frame left this machine, as the kernel says.
pub(super) fn is_outgoing_on_socket() -> Condition {
    Word::load(Size::Half, ancillary::OFFSET + ancillary::PACKET_TYPE).equals(OUTGOING)
}

/// Whether the kernel took a tag out of the frame.
pub(super) fn had_vlan_tag() -> Condition {
    Word::load(Size::Byte, ancillary::OFFSET + ancillary::VLAN_TAG_PRESENT).equals(1)
}

/// The identifier in the tag that the kernel took out.
pub(super) fn had_vlan(vlan: u32) -> Condition {
    Word::load(Size::Half, ancillary::OFFSET + ancillary::VLAN_TAG).masked(0x0fff).equals(vlan)
}
