//! What names a connection.

use crate::packet::Address;
use crate::packet::decode::Realm;

/// One end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    pub address: Address,
    pub port: u16,
}

/// The two ends in an order of their own, so that both directions have the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    low: Endpoint,
    high: Endpoint,
    realm: Realm,
}

/// Which of the two ends of a [`Key`] sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The end that orders first sends.
    Up,
    /// The other one does.
    Down,
}

impl Direction {
    /// The other direction.
    #[inline]
    pub const fn reverse(self) -> Self {
        match self {
            Direction::Up => Direction::Down,
            Direction::Down => Direction::Up,
        }
    }

    /// 0 or 1, for arrays with a place for each.
    #[inline]
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl Key {
    /// The key of what `source` sends to `destination`, and the direction that this is.
    #[inline]
    pub fn new(realm: Realm, source: Endpoint, destination: Endpoint) -> (Self, Direction) {
        match source <= destination {
            true => (Key { low: source, high: destination, realm }, Direction::Up),
            false => (Key { low: destination, high: source, realm }, Direction::Down),
        }
    }

    /// Who sends in this direction.
    pub fn source(&self, direction: Direction) -> Endpoint {
        match direction {
            Direction::Up => self.low,
            Direction::Down => self.high,
        }
    }

    /// The network that the addresses are valid in.
    pub fn realm(&self) -> Realm {
        self.realm
    }

    /// A hash that nobody outside can predict, by folded multiplication: cheap, and seeded.
    #[inline]
    pub fn hash(&self, seed: &HashSeed) -> u64 {
        let ports = u64::from(self.low.port) << 16 | u64::from(self.high.port);
        let (low, high) = (self.low.address.bits(), self.high.address.bits());
        let addresses = fold(low as u64 ^ seed.0[0], high as u64 ^ seed.0[1]);
        let prefixes = fold((low >> 64) as u64 ^ seed.0[2], (high >> 64) as u64 ^ seed.0[3]);
        fold(addresses ^ ports, prefixes ^ seed.0[1] ^ self.realm.bits())
    }
}

/// Makes hashes differ between processes, so that nobody can choose ports that collide.
#[derive(Debug, Clone)]
pub struct HashSeed([u64; 4]);

impl HashSeed {
    /// A seed from the operating system.
    pub fn random() -> Self {
        use std::hash::{BuildHasher, RandomState};
        HashSeed(std::array::from_fn(|place| RandomState::new().hash_one(place) | 1))
    }
}

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}
