//! VLAN tags (IEEE 802.1Q).

/// The EtherType of a customer's tag (802.1Q).
pub const CUSTOMER: u16 = 0x8100;
/// That of a provider's tag (802.1ad).
pub const PROVIDER: u16 = 0x88a8;
/// What some switches used for a provider's tag before that was settled.
pub const PROVIDER_OLD: u16 = 0x9100;

/// A tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VlanTag {
    /// The EtherType that marks it.
    pub tpid: u16,
    /// Priority, drop eligibility and VLAN identifier.
    pub tci: u16,
}
