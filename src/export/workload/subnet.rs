//! Ranges of addresses in CIDR notation (RFC 4632, RFC 4291 §2.3).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// The addresses that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Subnet {
    address: IpAddr,
    prefix_len: u8,
}

/// Text that is no range.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is no range of addresses")]
pub struct SubnetError(String);

impl Subnet {
    /// The addresses that share so many bits with this one, if it has so many.
    pub fn new(address: IpAddr, prefix_len: u8) -> Option<Self> {
        let most = if address.is_ipv4() { 32 } else { 128 };
        (prefix_len <= most).then_some(Subnet { address, prefix_len })
    }

    /// Whether an address is one of them.
    pub fn contains(&self, other: IpAddr) -> bool {
        let prefix_len = u32::from(self.prefix_len);
        match (self.address, other) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differs = own.to_bits() ^ other.to_bits();
                differs.leading_zeros() >= prefix_len
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differs = own.to_bits() ^ other.to_bits();
                differs.leading_zeros() >= prefix_len
            }
            _ => false,
        }
    }
}

impl FromStr for Subnet {
    type Err = SubnetError;

    fn from_str(text: &str) -> Result<Self, SubnetError> {
        let parse = || {
            let (address, prefix_len) = text.split_once('/')?;
            Subnet::new(address.parse().ok()?, prefix_len.parse().ok()?)
        };
        parse().ok_or_else(|| SubnetError(text.to_owned()))
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix_len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_in_a_range_if_its_first_bits_are() {
        for (subnet, within, without) in [
            ("10.0.16.0/20", "10.0.31.255", "10.0.32.0"),
            ("10.0.0.1/32", "10.0.0.1", "10.0.0.0"),
            ("0.0.0.0/0", "255.255.255.255", "::"),
            ("2600:1f18::/56", "2600:1f18:0:ff::1", "2600:1f18:0:100::1"),
        ] {
            let range: Subnet = subnet.parse().unwrap();
            assert!(range.contains(within.parse().unwrap()), "{subnet}");
            assert!(!range.contains(without.parse().unwrap()), "{subnet}");
            assert_eq!(range.to_string(), subnet);
        }
    }

    #[test]
    fn other_text_is_no_range() {
        for text in ["", "10.0.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "host/8"] {
            assert_eq!(text.parse::<Subnet>(), Err(SubnetError(text.to_owned())));
        }
    }
}
