//! Frames to try filters on: well-formed ones of many kinds, some of them cut short or damaged.
//!
//! Addresses and ports come from short lists that the expressions know too, so that filters find something.

use crate::packet::LinkType;
use crate::packet::filter::Ancillary;
use crate::packet::vlan::VlanTag;

pub struct Sample {
    pub bytes: Vec<u8>,
    pub wire_len: u32,
    pub ancillary: Ancillary,
}

/// Numbers that look random and are the same every time (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

const IPV4: &[[u8; 4]] = &[
    [10, 1, 2, 3],
    [10, 1, 9, 9],
    [10, 2, 0, 1],
    [192, 168, 0, 1],
    [1, 2, 3, 4],
    [5, 6, 7, 8],
    [255, 255, 255, 255],
    [224, 0, 0, 1],
    [0, 0, 0, 10],
    [0, 0, 0, 0],
];
const IPV6: &[[u16; 8]] = &[
    [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1],
    [0x2001, 0xdb8, 0x8000, 0, 0, 0, 0, 2],
    [0xfe80, 0, 0, 0, 0x200, 0xff, 0xfe00, 1],
    [0xff02, 0, 0, 0, 0, 0, 0, 1],
    [0, 0, 0, 0, 0, 0, 0, 1],
];
const ETHERNET: &[[u8; 6]] =
    &[[0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff], [2, 0, 0, 0, 0, 1], [1, 0, 0x5e, 0, 0, 1], [0xff; 6]];
const PORTS: &[u16] = &[80, 443, 22, 53, 8080, 1024, 0, 65535, 5, 6];
const PROTOCOLS: &[u8] = &[6, 6, 6, 17, 17, 132, 1, 58, 2, 9, 103, 112, 51, 50, 44, 47, 0, 255];
const VLANS: &[u16] = &[5, 6, 7, 0, 4095, 0x6005];
const VLAN_TYPES: &[u16] = &[0x8100, 0x8100, 0x88a8, 0x9100];

pub fn samples(link: LinkType, count: usize) -> Vec<Sample> {
    samples_of(link, 1, count)
}

pub fn samples_of(link: LinkType, seed: u64, count: usize) -> Vec<Sample> {
    let mut numbers = Numbers(seed);
    (0..count).map(|_| sample(&mut numbers, link)).collect()
}

/// Ethernet frames of which the kernel may have taken the outer tag.
pub fn socket_samples(count: usize) -> Vec<Sample> {
    let mut numbers = Numbers(2);
    let mut samples: Vec<Sample> = (0..count).map(|_| sample(&mut numbers, LinkType::Ethernet)).collect();
    for sample in &mut samples {
        sample.ancillary.packet_type = numbers.one_of(&[0, 1, 2, 3, 4]);
        if numbers.once_in(2) {
            let (tpid, tci) = (numbers.one_of(VLAN_TYPES), numbers.one_of(VLANS));
            sample.ancillary.vlan = Some(VlanTag { tpid, tci });
        }
    }
    samples
}

fn sample(numbers: &mut Numbers, link: LinkType) -> Sample {
    let (ether_type, network) = network(numbers);
    let mut bytes = framed(numbers, link, ether_type);
    bytes.extend(network);
    let wire_len = bytes.len() as u32 + numbers.one_of(&[0, 0, 0, 1, 1000]);
    if numbers.once_in(4) {
        bytes.truncate(numbers.below(bytes.len() + 1));
    }
    if numbers.once_in(4) && !bytes.is_empty() {
        for _ in 0..=numbers.below(3) {
            let at = numbers.below(bytes.len());
            bytes[at] = numbers.next() as u8;
        }
    }
    Sample { bytes, wire_len, ancillary: Ancillary::default() }
}

fn framed(numbers: &mut Numbers, link: LinkType, ether_type: u16) -> Vec<u8> {
    let mut frame = Vec::new();
    match link {
        LinkType::Ethernet => {
            frame.extend(numbers.one_of(ETHERNET));
            frame.extend(numbers.one_of(ETHERNET));
            for _ in 0..numbers.one_of(&[0, 0, 0, 1, 1, 2, 3]) {
                frame.extend(numbers.one_of(VLAN_TYPES).to_be_bytes());
                frame.extend(numbers.one_of(VLANS).to_be_bytes());
            }
        }
        LinkType::LinuxSll => {
            frame.extend(numbers.one_of::<u16>(&[0, 1, 2, 3, 4]).to_be_bytes());
            frame.extend([0, 1, 0, 6]);
            frame.extend(numbers.one_of(ETHERNET));
            frame.extend([0, 0]);
        }
        LinkType::LinuxSll2 => {
            frame.extend(ether_type.to_be_bytes());
            frame.extend([0, 0, 0, 0, 0, 3, 0, 1]);
            frame.extend([numbers.one_of(&[0, 1, 2, 3, 4]), 6]);
            frame.extend(numbers.one_of(ETHERNET));
            frame.extend([0, 0]);
            return frame;
        }
        _ => return frame,
    }
    frame.extend(ether_type.to_be_bytes());
    frame
}

fn network(numbers: &mut Numbers) -> (u16, Vec<u8>) {
    match numbers.below(12) {
        0 => (numbers.one_of(&[0x0806, 0x8035]), arp(numbers)),
        1 => {
            let count = numbers.below(60);
            (numbers.one_of(&[0x8864, 0x88cc, 46, 0x6003, 0x9000]), numbers.bytes(count))
        }
        2..=4 => (0x86dd, ipv6(numbers)),
        _ => (0x0800, ipv4(numbers)),
    }
}

fn arp(numbers: &mut Numbers) -> Vec<u8> {
    let mut packet = vec![0, 1, 8, 0, 6, 4, 0, numbers.one_of(&[1, 2])];
    packet.extend(numbers.one_of(ETHERNET));
    packet.extend(numbers.one_of(IPV4));
    packet.extend(numbers.one_of(ETHERNET));
    packet.extend(numbers.one_of(IPV4));
    packet
}

fn ipv4(numbers: &mut Numbers) -> Vec<u8> {
    let words = numbers.one_of::<usize>(&[5, 5, 5, 6, 10, 15]);
    let protocol = numbers.one_of(PROTOCOLS);
    let carried = carried(numbers, protocol);
    let mut packet = vec![0x40 | words as u8, numbers.next() as u8];
    packet.extend(((words * 4 + carried.len()) as u16).to_be_bytes());
    packet.extend(numbers.bytes(2));
    packet.extend(numbers.one_of::<u16>(&[0, 0, 0, 0x4000, 0x2000, 0x2001, 185]).to_be_bytes());
    packet.extend([64, protocol, 0, 0]);
    packet.extend(numbers.one_of(IPV4));
    packet.extend(numbers.one_of(IPV4));
    packet.resize(words * 4, 1);
    packet.extend(carried);
    packet
}

fn ipv6(numbers: &mut Numbers) -> Vec<u8> {
    let mut protocol = numbers.one_of(PROTOCOLS);
    let carried = carried(numbers, protocol);
    let mut extension = Vec::new();
    if numbers.once_in(4) {
        extension.extend([protocol, 0, 0, numbers.one_of(&[0, 1]), 0, 0, 0, 1]);
        protocol = numbers.one_of(&[44, 44, 0, 60]);
    }
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend(((extension.len() + carried.len()) as u16).to_be_bytes());
    packet.extend([protocol, 64]);
    packet.extend(numbers.one_of(IPV6).map(u16::to_be_bytes).concat());
    packet.extend(numbers.one_of(IPV6).map(u16::to_be_bytes).concat());
    packet.extend(extension);
    packet.extend(carried);
    packet
}

fn carried(numbers: &mut Numbers, protocol: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    match protocol {
        6 | 17 | 132 => {
            bytes.extend(numbers.one_of(PORTS).to_be_bytes());
            bytes.extend(numbers.one_of(PORTS).to_be_bytes());
            bytes.extend(numbers.bytes(8));
            bytes.extend([0x50, numbers.one_of(&[0x02, 0x12, 0x10, 0x18, 0x11, 0x04])]);
        }
        1 | 58 => bytes.extend([numbers.one_of(&[0, 3, 8, 128, 129, 135]), numbers.one_of(&[0, 1, 3])]),
        _ => {}
    }
    let count = numbers.below(40);
    bytes.extend(numbers.bytes(count));
    bytes
}
