//! Whether another sidetap forwards in this network namespace.
//!
//! Each leaves out its own output, and the other's if that has the same VNI and port. With others, two of them that capture
//! the same interface would send what the other sends, without end, unless their filters leave it out. A name of the
//! namespace, held while we run, tells.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// An abstract address (unix(7)), of which each network namespace has its own.
const NAME: &str = "sidetap-forward";

/// The name, if nobody else has it.
#[derive(Debug)]
pub struct Presence(Option<UnixDatagram>);

impl Presence {
    /// Takes the name, if it can be had.
    pub fn announce() -> Self {
        let address = SocketAddr::from_abstract_name(NAME);
        Presence(address.and_then(|address| UnixDatagram::bind_addr(&address)).ok())
    }

    /// Whether another one has it.
    pub fn is_second(&self) -> bool {
        self.0.is_none()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::packet::namespace::in_namespace;

    #[test]
    fn the_second_one_of_a_namespace_knows_of_the_first() {
        in_namespace(|| {
            let first = Presence::announce();
            assert!(!first.is_second());
            assert!(Presence::announce().is_second());
            drop(first);
            // A program that another test just starts has it open for a moment.
            let end = Instant::now() + Duration::from_secs(10);
            while Presence::announce().is_second() {
                assert!(Instant::now() < end);
            }
        });
    }
}
