//! To which flow a captured packet belongs: the same for both directions, whatever is inside of it.

use crate::flow::key::HashSeed;
use crate::flow::{Endpoint, Key};
use crate::packet::ip::{self, IpPacket};
use crate::packet::{Address, LinkType, Realm, decode};

/// Protocols that begin with two ports.
const WITH_PORTS: [u8; 5] = [ip::TCP, ip::UDP, ip::DCCP, ip::SCTP, ip::UDP_LITE];

/// The IP packet in a frame, if it is one.
#[inline]
pub fn ip_packet(bytes: &[u8], link: LinkType) -> Option<IpPacket<'_>> {
    let network = match link {
        LinkType::Ethernet => decode::ethernet(bytes).ok()?,
        LinkType::Raw | LinkType::Ipv4 | LinkType::Ipv6 => bytes,
        _ => return None,
    };
    ip::parse(network).ok()
}

/// The two ports of a packet that has some.
#[inline]
pub fn ports(packet: &IpPacket<'_>) -> Option<(u16, u16)> {
    if packet.fragment.is_some() || !WITH_PORTS.contains(&packet.protocol) {
        return None;
    }
    let [a, b, c, d] = *packet.payload.first_chunk()?;
    Some((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
}

/// The hash of a packet's flow: of its addresses and ports, of the addresses where there are no ports (a fragment has
/// none, and its first one is no exception), and of the two hardware addresses where it is not IP.
#[inline]
pub fn hash(bytes: &[u8], link: LinkType, packet: Option<&IpPacket<'_>>, seed: &HashSeed) -> u64 {
    let (source, destination) = match packet {
        Some(packet) => {
            let (from, to) = ports(packet).unwrap_or_default();
            (Endpoint { address: packet.source, port: from }, Endpoint { address: packet.destination, port: to })
        }
        None => match bytes.first_chunk::<12>() {
            Some(header) if link == LinkType::Ethernet => (hardware(header, 6), hardware(header, 0)),
            _ => return 0,
        },
    };
    mixed(Key::new(Realm::OUTSIDE, source, destination).0.hash(seed))
}

/// Has every bit of a hash depend on all others. A table that is searched can do without; here a few bits decide, and
/// the ports of a client that counts them up would be spread unevenly by some seeds.
#[inline]
fn mixed(hash: u64) -> u64 {
    let mut hash = hash;
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        hash = (hash ^ hash >> 33).wrapping_mul(factor);
    }
    hash ^ hash >> 33
}

fn hardware(header: &[u8; 12], at: usize) -> Endpoint {
    let mut address = [0; 16];
    address[10..].copy_from_slice(&header[at..at + 6]);
    Endpoint { address: Address::v6(address), port: 0 }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::super::ports::{PORTS, PortRange};
    use super::*;

    /// An Ethernet frame with an IPv4 packet of this protocol.
    pub fn ipv4(protocol: u8, source: [u8; 4], destination: [u8; 4], payload: &[u8]) -> Vec<u8> {
        let length = (20 + payload.len()) as u16;
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00, 0x45, 0];
        frame.extend(length.to_be_bytes());
        frame.extend([0, 0, 0x40, 0, 64, protocol, 0, 0]);
        frame.extend(source);
        frame.extend(destination);
        frame.extend(payload);
        frame
    }

    /// The same for IPv6.
    pub fn ipv6(next: u8, source: [u8; 16], destination: [u8; 16], payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd, 0x60, 0, 0, 0];
        frame.extend((payload.len() as u16).to_be_bytes());
        frame.extend([next, 64]);
        frame.extend(source);
        frame.extend(destination);
        frame.extend(payload);
        frame
    }

    /// A transport header that begins with ports.
    pub fn transport(from: u16, to: u16, rest: &[u8]) -> Vec<u8> {
        [&from.to_be_bytes()[..], &to.to_be_bytes(), rest].concat()
    }

    fn hash_of(frame: &[u8], seed: &HashSeed) -> u64 {
        hash(frame, LinkType::Ethernet, ip_packet(frame, LinkType::Ethernet).as_ref(), seed)
    }

    fn tagged(frame: &[u8]) -> Vec<u8> {
        [&frame[..12], &[0x88, 0xa8, 0, 5, 0x81, 0, 0, 7], &frame[12..]].concat()
    }

    proptest! {
        #[test]
        fn both_directions_have_one_hash(a: [u8; 4], b: [u8; 4], ports: (u16, u16), protocol in prop::sample::select(&WITH_PORTS)) {
            let seed = HashSeed::random();
            let there = ipv4(protocol, a, b, &transport(ports.0, ports.1, &[0; 16]));
            let back = ipv4(protocol, b, a, &transport(ports.1, ports.0, b"something else"));
            prop_assert_eq!(hash_of(&there, &seed), hash_of(&back, &seed));
            prop_assert_eq!(hash_of(&there, &seed), hash_of(&tagged(&back), &seed));
            // As a tunnel shows it, without Ethernet.
            let raw = ip_packet(&there[14..], LinkType::Raw);
            prop_assert_eq!(hash(&there[14..], LinkType::Raw, raw.as_ref(), &seed), hash_of(&there, &seed));
        }

        #[test]
        fn both_directions_of_ipv6_have_one_hash(a: [u8; 16], b: [u8; 16], ports: (u16, u16)) {
            let seed = HashSeed::random();
            let there = ipv6(6, a, b, &transport(ports.0, ports.1, &[0; 16]));
            let back = ipv6(6, b, a, &transport(ports.1, ports.0, &[0; 16]));
            prop_assert_eq!(hash_of(&there, &seed), hash_of(&back, &seed));
        }

        #[test]
        fn all_fragments_of_two_hosts_have_one_hash(a: [u8; 4], b: [u8; 4], payload: [u8; 8], flags in 0x2000..0x4000_u16) {
            let seed = HashSeed::random();
            let fragment = |from, to, payload: &[u8], flags: u16| {
                let mut frame = ipv4(17, from, to, payload);
                frame[20..22].copy_from_slice(&flags.to_be_bytes());
                hash_of(&frame, &seed)
            };
            prop_assert_eq!(fragment(a, b, &payload, flags), fragment(b, a, b"87654321", 0x2000));
        }

        #[test]
        fn any_bytes_have_a_hash(bytes in prop::collection::vec(any::<u8>(), 0..80), number in 0..300_u16) {
            let (seed, link) = (HashSeed::random(), LinkType::from_number(number));
            let hash_of = || hash(&bytes, link, ip_packet(&bytes, link).as_ref(), &seed);
            prop_assert_eq!(hash_of(), hash_of());
        }
    }

    #[test]
    fn what_is_not_ip_goes_by_hardware_addresses() {
        let seed = HashSeed::random();
        let arp = [&[1; 6][..], &[2; 6], &[0x08, 0x06], &[9; 28]].concat();
        let back = [&[2; 6][..], &[1; 6], &[0x08, 0x06], &[8; 28]].concat();
        let other = [&[2; 6][..], &[3; 6], &[0x08, 0x06], &[8; 28]].concat();
        assert_eq!(hash_of(&arp, &seed), hash_of(&back, &seed));
        assert_ne!(hash_of(&arp, &seed), hash_of(&other, &seed));
    }

    #[test]
    fn flows_spread_over_all_ports() {
        for step in [1, 2, 7, 16] {
            for _ in 0..50 {
                let seed = HashSeed::random();
                let mut flows = [0; PORTS as usize];
                for client in 0..1600_u16 {
                    let ports = transport(32768 + client * step, 443, &[0; 16]);
                    let frame = ipv4(6, [10, 0, 0, 1], [10, 0, 0, 2], &ports);
                    flows[usize::from(PortRange::place(hash_of(&frame, &seed)))] += 1;
                }
                // Seven standard deviations.
                assert!(flows.iter().all(|count| (30..170).contains(count)), "{flows:?}");
            }
        }
    }
}
