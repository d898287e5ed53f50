//! The network that addresses are valid in.

use std::fmt;

use super::vxlan::Vni;

/// Where an address means something: the network that was listened to, what one source of mirrored packets sees, or a
/// VXLAN network inside either.
///
/// The same address in two realms is two hosts. Six bytes that need no alignment beyond two, so that a connection's key
/// has room for them where there was padding.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Realm {
    source: u16,
    /// The VNI and one, high half first; 0 outside of any.
    network: [u16; 2],
}

impl Realm {
    /// What is listened to, not encapsulated.
    pub const OUTSIDE: Realm = Realm { source: 0, network: [0; 2] };

    /// What a source of mirrored packets sees. Its number is one of a list that the collector keeps.
    pub fn of_source(number: u16) -> Self {
        Realm { source: number.saturating_add(1), ..Realm::OUTSIDE }
    }

    /// The source of mirrored packets that frames came from.
    #[inline]
    pub fn source(self) -> Option<u16> {
        self.source.checked_sub(1)
    }

    /// The innermost VXLAN network identifier, if there is one inside what was captured or mirrored.
    #[inline]
    pub fn vni(self) -> Option<u32> {
        self.network().checked_sub(1)
    }

    /// As a number, for keys: 48 bits.
    #[inline]
    pub fn bits(self) -> u64 {
        u64::from(self.source) << 32 | u64::from(self.network())
    }

    /// A VXLAN network inside this one.
    #[inline]
    pub fn inside(self, vni: Vni) -> Self {
        let network = vni.get() + 1;
        Realm { network: [(network >> 16) as u16, network as u16], ..self }
    }

    #[inline]
    fn network(self) -> u32 {
        u32::from(self.network[0]) << 16 | u32::from(self.network[1])
    }
}

impl fmt::Debug for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Realm").field("source", &self.source()).field("vni", &self.vni()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_and_networks_are_told_apart() {
        let mut realms = vec![Realm::OUTSIDE];
        for number in [0, 1, u16::MAX - 1] {
            realms.push(Realm::of_source(number));
            for vni in [0, 1, 0xffff, 0x1_0000, 0xff_ffff] {
                let inside = Realm::of_source(number).inside(Vni::new(vni).unwrap());
                assert_eq!((inside.source(), inside.vni()), (Some(number), Some(vni)));
                realms.push(inside);
            }
        }
        let bits: std::collections::HashSet<u64> = realms.iter().map(|realm| realm.bits()).collect();
        assert_eq!(bits.len(), realms.len());
        assert_eq!((Realm::OUTSIDE.source(), Realm::OUTSIDE.vni()), (None, None));
    }
}
