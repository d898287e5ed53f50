//! The source ports: one range for all collectors, ours as long as the process lives.
//!
//! Collectors and load balancers spread what comes by its source port, so the port stands for the flow inside. The range
//! is aligned, so that a filter knows our own output by one comparison.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with, sockopt};

/// How many source ports: as many collector cores, or collectors behind a load balancer, share the load.
pub const PORTS: u16 = 16;

/// The dynamic ports (RFC 6335 §6).
const FIRST: u16 = 49152;
const RANGES: u16 = (u16::MAX - FIRST) / PORTS + 1;

/// [`PORTS`] ports; the first is a multiple of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PortRange(u16);

impl PortRange {
    /// The one that this port is in.
    pub const fn around(port: u16) -> Self {
        PortRange(port & !(PORTS - 1))
    }

    pub const fn first(self) -> u16 {
        self.0
    }

    pub const fn last(self) -> u16 {
        self.0 + (PORTS - 1)
    }

    #[inline]
    pub const fn contains(self, port: u16) -> bool {
        port & !(PORTS - 1) == self.0
    }

    /// The port that flows with this hash have.
    #[inline]
    pub const fn place(hash: u64) -> u8 {
        (hash % PORTS as u64) as u8
    }

    pub fn iter(self) -> impl Iterator<Item = u16> {
        self.first()..=self.last()
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first(), self.last())
    }
}

/// Sockets that keep the range for us; nothing goes through them.
#[derive(Debug)]
pub struct Claim {
    pub range: PortRange,
    _sockets: Vec<OwnedFd>,
}

impl Claim {
    /// Takes a range of which nobody uses a port, chosen by `seed` among all there are.
    pub fn new(seed: u64) -> io::Result<Self> {
        let mut last = Errno::ADDRINUSE;
        for attempt in 0..RANGES {
            // An odd step, and a power of two of ranges: each is tried once.
            let place = (seed as u16).wrapping_add(attempt.wrapping_mul((seed >> 16) as u16 | 1)) % RANGES;
            let range = PortRange(FIRST + place * PORTS);
            match range.iter().map(hold).collect() {
                Ok(sockets) => return Ok(Claim { range, _sockets: sockets }),
                Err(Errno::ADDRINUSE) => {}
                Err(error) => last = error,
            }
        }
        Err(last.into())
    }
}

/// Binds to a port that nobody else has, for both versions of IP. From then on, other sockets of ours may bind to it.
fn hold(port: u16) -> Result<OwnedFd, Errno> {
    let both = || -> Result<OwnedFd, Errno> {
        let socket = udp_socket(AddressFamily::INET6)?;
        sockopt::set_ipv6_v6only(&socket, false)?;
        bind(&socket, &SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)))?;
        Ok(socket)
    };
    let socket = match both() {
        Err(Errno::ADDRINUSE) => return Err(Errno::ADDRINUSE),
        Ok(socket) => socket,
        // A host without IPv6.
        Err(_) => {
            let socket = udp_socket(AddressFamily::INET)?;
            bind(&socket, &SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))?;
            socket
        }
    };
    sockopt::set_socket_reuseaddr(&socket, true)?;
    keep_nothing(&socket)?;
    Ok(socket)
}

/// A UDP socket that never waits.
pub(super) fn udp_socket(family: AddressFamily) -> Result<OwnedFd, Errno> {
    socket_with(family, SocketType::DGRAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)
}

/// Whatever is sent to us is nothing that we read: as little as possible may wait.
pub(super) fn keep_nothing(socket: &OwnedFd) -> Result<(), Errno> {
    sockopt::set_socket_recv_buffer_size(socket, 0)
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use super::*;
    use crate::packet::namespace::in_namespace;

    #[test]
    fn ranges_are_aligned_and_in_the_dynamic_ports() {
        assert_eq!(PortRange(FIRST).to_string(), "49152-49167");
        assert_eq!(u32::from(FIRST) + u32::from(RANGES) * u32::from(PORTS), 65536);
        assert!(RANGES.is_power_of_two() && PORTS.is_power_of_two());
        let range = PortRange::around(49170);
        assert_eq!((range.first(), range.last()), (49168, 49183));
        assert!(range.contains(49168) && range.contains(49183));
        assert!(!range.contains(49167) && !range.contains(49184));
    }

    #[test]
    fn a_range_in_which_somebody_has_a_port_is_left_to_them() {
        in_namespace(|| {
            let first = Claim::new(7).unwrap();
            let second = Claim::new(7).unwrap();
            assert_ne!(first.range, second.range);
            for port in first.range.iter() {
                assert!(UdpSocket::bind(("127.0.0.1", port)).is_err(), "{port}");
            }
        });
        // Where nobody has had one: what is closed stays open for a moment in a program that another test just starts.
        in_namespace(|| {
            let mine = PortRange::around(FIRST + 7 * PORTS);
            let _somebody = UdpSocket::bind(("0.0.0.0", mine.last())).unwrap();
            assert_ne!(Claim::new(7).unwrap().range, mine);
        });
        in_namespace(|| {
            let mine = PortRange::around(FIRST + 7 * PORTS);
            assert_eq!(Claim::new(7).unwrap().range, mine, "without somebody");
        });
    }
}
