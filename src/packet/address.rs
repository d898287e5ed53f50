//! IP addresses of both versions in one plain form.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An IPv4 or IPv6 address; IPv4 in its mapped form (RFC 4291 §2.5.5.2), so that keys compare as one number. Kept as
/// bytes, which need no alignment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Address([u8; 16]);

const MAPPED: u128 = 0xffff << 32;

impl Address {
    /// From the four bytes on the wire.
    #[inline]
    pub fn v4(bytes: [u8; 4]) -> Self {
        Address((MAPPED | u128::from(u32::from_be_bytes(bytes))).to_be_bytes())
    }

    /// From the sixteen bytes on the wire.
    #[inline]
    pub fn v6(bytes: [u8; 16]) -> Self {
        Address(bytes)
    }

    /// As a number; IPv4 in its mapped form.
    #[inline]
    pub fn bits(self) -> u128 {
        u128::from_be_bytes(self.0)
    }

    /// As the standard library has it.
    pub fn ip(self) -> IpAddr {
        match self.bits() >> 32 == MAPPED >> 32 {
            true => IpAddr::V4(Ipv4Addr::from(self.bits() as u32)),
            false => IpAddr::V6(Ipv6Addr::from(self.0)),
        }
    }
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(v4) => Address::v4(v4.octets()),
            IpAddr::V6(v6) => Address::v6(v6.octets()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ip().fmt(f)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
