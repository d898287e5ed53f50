//! Packets that no kernel would send: both sides of connections that nobody has, sent as they are.
//!
//! They go out of the client's namespace to addresses behind the server, which does not forward: whoever listens on
//! the cable sees them, and nobody answers.

use std::net::{Ipv4Addr, SocketAddrV4};

use rustix::fd::OwnedFd;
use rustix::net::{AddressFamily, SendFlags, SocketType, ipproto, sendto, socket};

use super::lab::{Namespace, SERVER};

pub const SYN: u8 = 0x02;
pub const ACK: u8 = 0x10;

/// One end of a forged connection.
pub type End = (Ipv4Addr, u16);

/// Sends forged segments.
pub struct Forge {
    socket: OwnedFd,
}

impl Forge {
    /// One for the namespace that this runs in; [`Forge::route`] comes before it.
    pub fn new() -> Forge {
        let socket = socket(AddressFamily::INET, SocketType::RAW, Some(ipproto::RAW)).expect("root may forge");
        Forge { socket }
    }

    /// Sends everything that is forged over the cable.
    pub fn route(namespace: &Namespace) {
        namespace.ip(&format!("route add 10.88.0.0/13 via {SERVER}"));
    }

    /// An address of those that are forged.
    pub fn address(number: u32) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 88, 0, 0)) + number % (1 << 19))
    }

    /// Sends one segment, as often as it takes until the cable has room for it.
    pub fn segment(&self, from: End, to: End, flags: u8, numbers: (u32, u32), payload: &[u8]) {
        let mut packet = Vec::with_capacity(40 + payload.len());
        let length = (40 + payload.len()) as u16;
        packet.extend([0x45, 0]);
        packet.extend(length.to_be_bytes());
        // The kernel fills in the checksum, and the identification where it is 0.
        packet.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
        packet.extend(from.0.octets());
        packet.extend(to.0.octets());
        packet.extend(from.1.to_be_bytes());
        packet.extend(to.1.to_be_bytes());
        packet.extend(numbers.0.to_be_bytes());
        packet.extend(numbers.1.to_be_bytes());
        packet.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        packet.extend(payload);
        let sum = checksum(from.0, to.0, &packet[20..]);
        packet[36..38].copy_from_slice(&sum.to_be_bytes());
        let address = SocketAddrV4::new(to.0, 0);
        while let Err(error) = sendto(&self.socket, &packet, SendFlags::empty(), &address) {
            assert_eq!(error, rustix::io::Errno::NOBUFS, "to {address}");
            std::thread::yield_now();
        }
    }
}

/// RFC 9293 §3.1.
fn checksum(from: Ipv4Addr, to: Ipv4Addr, segment: &[u8]) -> u16 {
    let words = |bytes: &[u8]| -> u32 {
        bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |&low| u32::from(low))).sum()
    };
    let mut sum = words(&from.octets()) + words(&to.octets()) + 6 + segment.len() as u32 + words(segment);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
