//! Names a connection the same way wherever it is seen: the Community ID, which Zeek, Suricata and Wireshark have too.
//!
//! Version 1 of the Community ID Flow Hashing specification: the SHA-1 of a seed and of the two ends, the lower end
//! first, so that both directions have one name. The seed is 0, which is what others use unless they are told otherwise.

use std::fmt;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

use super::connection::{Connection, Endpoint};

/// The number of TCP among the protocols of IP.
const TCP: u8 = 6;

/// What others must use, too, for names to be the same.
const SEED: u16 = 0;

/// `1:` and the base64 of 20 bytes.
const TEXT_LEN: usize = 30;

/// The name of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CommunityId([u8; 20]);

impl CommunityId {
    /// Of a TCP connection.
    pub fn of_tcp(connection: &Connection) -> Self {
        CommunityId::of(TCP, connection.client, connection.server)
    }

    fn of(protocol: u8, one: Endpoint, other: Endpoint) -> Self {
        let key = |end: &Endpoint| (end.address, end.port);
        let (low, high) = if key(&one) <= key(&other) { (one, other) } else { (other, one) };
        let mut hash = Sha1::new();
        hash.update(SEED.to_be_bytes());
        for end in [low, high] {
            match end.address {
                IpAddr::V4(v4) => hash.update(v4.octets()),
                IpAddr::V6(v6) => hash.update(v6.octets()),
            }
        }
        // The second byte pads.
        hash.update([protocol, 0]);
        hash.update(low.port.to_be_bytes());
        hash.update(high.port.to_be_bytes());
        CommunityId(hash.finalize().into())
    }

    /// The hash, before it is made text.
    pub fn bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// As it is shown, in ASCII: `1:LQU9qZlK+B5F3KDmev6m5PMibrg=`.
    pub fn text(&self) -> [u8; TEXT_LEN] {
        let mut text = [0; TEXT_LEN];
        let (version, encoded) = text.split_at_mut(2);
        version.copy_from_slice(b"1:");
        // 28 bytes is what 20 bytes encode to.
        let _ = STANDARD.encode_slice(self.0, encoded);
        text
    }
}

impl fmt::Display for CommunityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.text()))
    }
}

impl fmt::Debug for CommunityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommunityId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UDP: u8 = 17;

    fn id(protocol: u8, one: (&str, u16), other: (&str, u16)) -> String {
        let end = |(address, port): (&str, u16)| Endpoint { address: address.parse().unwrap(), port };
        let id = CommunityId::of(protocol, end(one), end(other));
        assert_eq!(id, CommunityId::of(protocol, end(other), end(one)), "both directions are one connection");
        id.to_string()
    }

    /// What the specification's own implementation says (`communityid` 1.5 on PyPI).
    #[test]
    fn names_are_those_that_the_specification_has() {
        assert_eq!(id(TCP, ("128.232.110.120", 34855), ("66.35.250.204", 80)), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
        assert_eq!(id(UDP, ("192.168.1.52", 54585), ("8.8.8.8", 53)), "1:d/FP5EW3wiY1vCndhwleRRKHowQ=");
        assert_eq!(
            id(TCP, ("fe80:1:203:405:607:809:a0b:c0d", 1), ("2001:db8::1", 65535)),
            "1:OXMztQOT/1QzEAvEkFjiOrxLfps="
        );
        assert_eq!(id(TCP, ("2001:db8::1", 443), ("2001:db8::2", 50000)), "1:UFel+zfGDXB/GhABjlRQUzVNUI8=");
    }

    #[test]
    fn ports_order_the_ends_of_one_host() {
        assert_eq!(id(TCP, ("10.0.0.1", 80), ("10.0.0.1", 4000)), "1:FzT1N+G2cHbKtGZDsN9r1bz5nv8=");
    }
}
