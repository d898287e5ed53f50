//! What networks, drivers and captures do to packets without changing what the connections carried.

use std::collections::{HashMap, HashSet};

use sidetap::packet::LinkType;

use super::chance::Chance;
use super::packet::{self, ACK, FIN, Packet, RST, SYN, Shot};

/// Cuts segments into parts of the lengths that `part` gives.
pub fn split(packets: &[Packet], mut part: impl FnMut() -> usize) -> Vec<Packet> {
    let mut all = Vec::new();
    for packet in packets {
        if packet.payload.len() < 2 || packet.cut > 0 {
            all.push(packet.clone());
            continue;
        }
        let mut at = 0;
        while at < packet.payload.len() {
            let len = part().clamp(1, packet.payload.len() - at);
            let is_last = at + len == packet.payload.len();
            let mut flags = packet.flags;
            if at > 0 {
                flags &= !SYN;
            }
            if !is_last {
                flags &= !(FIN | RST);
            }
            let seq = if at == 0 { packet.seq } else { packet.start().wrapping_add(at as u32) };
            all.push(Packet { seq, flags, payload: packet.payload[at..at + len].to_vec(), ..packet.clone() });
            at += len;
        }
    }
    all
}

/// Joins adjacent segments of a direction, as receive offload does.
pub fn coalesce(packets: &[Packet], most: usize) -> Vec<Packet> {
    let mut all: Vec<Packet> = Vec::new();
    for packet in packets {
        let joins = all.last().is_some_and(|last| {
            last.same_way(packet)
                && !last.has(SYN | FIN | RST)
                && !packet.has(SYN | RST)
                && last.end() == packet.seq
                && !last.payload.is_empty()
                && !packet.payload.is_empty()
                && last.cut == 0
                && packet.cut == 0
                && last.payload.len() + packet.payload.len() <= most
        });
        match (joins, all.last_mut()) {
            (true, Some(last)) => {
                last.payload.extend(&packet.payload);
                last.ack = packet.ack;
                last.flags |= packet.flags & FIN;
            }
            _ => all.push(packet.clone()),
        }
    }
    all
}

/// Takes long silences out: what shuffles packets does not delay them for long.
pub fn without_silence(packets: &[Packet]) -> Vec<Packet> {
    const SILENCE: u64 = 1_000_000;
    let mut all = packets.to_vec();
    for (at, pair) in packets.windows(2).enumerate() {
        let passed = pair[1].time.saturating_sub(pair[0].time).min(SILENCE);
        all[at + 1].time = all[at].time + passed;
    }
    all
}

/// Whether captures stamp packets when they are sent or when they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamps {
    Travel,
    Stay,
}

/// Shuffles packets, none by more than `reach` places.
pub fn reorder(packets: &[Packet], reach: usize, stamps: Stamps, chance: &mut Chance) -> Vec<Packet> {
    let packets = without_silence(packets);
    let mut keyed: Vec<_> =
        packets.iter().enumerate().map(|(at, packet)| (at + chance.between(0, reach), packet)).collect();
    keyed.sort_by_key(|&(key, _)| key);
    let mut all: Vec<_> = keyed.into_iter().map(|(_, packet)| packet.clone()).collect();
    keep_ends_behind(&mut all);
    if stamps == Stamps::Stay {
        all.iter_mut().zip(&packets).for_each(|(packet, before)| packet.time = before.time);
    }
    all
}

/// An empty FIN or RST opens no connection in the engine, as it mostly belongs to one that is over. So one that came
/// first of all is put behind the packet that does.
fn keep_ends_behind(packets: &mut [Packet]) {
    let mut opened: HashSet<_> = HashSet::new();
    for at in 0..packets.len() {
        let ends = |packet: &Packet| (packet.from.min(packet.to), packet.from.max(packet.to), packet.vni);
        let opens = |packet: &Packet| packet.has(SYN) || !packet.payload.is_empty();
        let key = ends(&packets[at]);
        if packets[at].has(FIN | RST) && !opens(&packets[at]) && !opened.contains(&key) {
            let opening = (at..packets.len()).find(|&other| ends(&packets[other]) == key && opens(&packets[other]));
            if let Some(opening) = opening {
                packets.swap(at, opening);
            }
        }
        if opens(&packets[at]) {
            opened.insert(key);
        }
    }
}

/// Repeats packets, each somewhat later.
pub fn duplicate(packets: &[Packet], percent: usize, reach: usize, chance: &mut Chance) -> Vec<Packet> {
    let mut keyed = Vec::new();
    for (at, packet) in packets.iter().enumerate() {
        keyed.push((at, packet.clone()));
        while chance.percent(percent) {
            keyed.push((at + chance.between(0, reach), packet.clone()));
        }
    }
    // Stable, so that the first copy stays in its place.
    keyed.sort_by_key(|&(key, _)| key);
    let mut all: Vec<_> = keyed.into_iter().map(|(_, packet)| packet).collect();
    let mut now = 0;
    for packet in &mut all {
        now = packet.time.max(now);
        packet.time = now;
    }
    all
}

/// Sends bytes again later, with other boundaries; some segments begin with bytes of the one before.
pub fn retransmit(packets: &[Packet], percent: usize, chance: &mut Chance) -> Vec<Packet> {
    type Way = (std::net::SocketAddr, std::net::SocketAddr, Option<u32>);
    // What each direction has sent in one stretch: its first number, the bytes, the last acknowledgement.
    let mut sent: HashMap<Way, (u32, Vec<u8>, u32)> = HashMap::new();
    let mut all = Vec::new();
    for packet in packets {
        let way = (packet.from, packet.to, packet.vni);
        let mut packet = packet.clone();
        if packet.has(SYN | RST) || packet.cut > 0 {
            sent.remove(&way);
            all.push(packet);
            continue;
        }
        let entry = sent.entry(way).or_insert_with(|| (packet.seq, Vec::new(), packet.ack));
        if entry.0.wrapping_add(entry.1.len() as u32) != packet.seq {
            *entry = (packet.seq, Vec::new(), packet.ack);
        }
        let before = entry.1.len();
        entry.1.extend(&packet.payload);
        entry.2 = packet.ack;
        if !packet.payload.is_empty() && before > 0 && chance.percent(percent) {
            let again = chance.between(1, before.min(3_000));
            packet.seq = packet.seq.wrapping_sub(again as u32);
            packet.payload.splice(..0, entry.1[before - again..before].iter().copied());
        }
        let (time, sample) = (packet.time, packet.clone());
        all.push(packet);
        // Any direction may repeat itself at any time.
        let mut ways: Vec<_> = sent.iter().filter(|(_, (_, bytes, _))| !bytes.is_empty()).collect();
        ways.sort_by_key(|(way, _)| **way);
        if !ways.is_empty() && chance.percent(percent) {
            let (&(from, to, vni), (first, bytes, ack)) = ways[chance.below(ways.len())];
            let from_byte = chance.below(bytes.len());
            let len = chance.between(1, (bytes.len() - from_byte).min(4_000));
            all.push(Packet {
                time,
                from,
                to,
                vni,
                seq: first.wrapping_add(from_byte as u32),
                ack: *ack,
                flags: ACK,
                payload: bytes[from_byte..from_byte + len].to_vec(),
                ..sample
            });
        }
    }
    all
}

/// Moves the numbers of each direction so that they pass 2^32 in its middle.
pub fn wrap_sequences(packets: &[Packet]) -> Vec<Packet> {
    let mut ranges: HashMap<_, (u32, u32)> = HashMap::new();
    for packet in packets {
        let range = ranges.entry((packet.from, packet.to, packet.vni)).or_insert((packet.seq, packet.seq));
        if (packet.end().wrapping_sub(range.1) as i32) > 0 {
            range.1 = packet.end();
        }
    }
    let shift = |way| ranges.get(&way).map_or(0, |&(first, last)| (last.wrapping_sub(first) / 2).wrapping_add(first));
    let mut all = packets.to_vec();
    for packet in &mut all {
        packet.seq = packet.seq.wrapping_sub(shift((packet.from, packet.to, packet.vni)));
        if packet.has(ACK) {
            packet.ack = packet.ack.wrapping_sub(shift((packet.to, packet.from, packet.vni)));
        }
    }
    all
}

/// Shows each packet on a second interface, too, a little later.
pub fn on_two_interfaces(packets: &[Packet], lag: usize, chance: &mut Chance) -> Vec<Packet> {
    let mut keyed = Vec::new();
    let mut last = 0;
    for (at, packet) in packets.iter().enumerate() {
        keyed.push((at, packet.clone()));
        // An interface does not shuffle its own packets.
        last = last.max(at + chance.between(0, lag));
        keyed.push((last, Packet { interface: 1, time: packet.time + 3_000, ..packet.clone() }));
    }
    keyed.sort_by_key(|&(key, _)| key);
    keyed.into_iter().map(|(_, packet)| packet).collect()
}

/// How frames carry their packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    Plain,
    Tags(usize),
    Vxlan { depth: usize, tags: usize },
    Cooked,
    Cooked2,
    Raw,
    Version,
    Null,
    Loop,
}

pub fn carry(packets: &[Packet], carrier: Carrier) -> Vec<Shot> {
    packets.iter().map(|packet| carry_one(packet, packet.ip(), carrier)).collect()
}

fn carry_one(packet: &Packet, ip: Vec<u8>, carrier: Carrier) -> Shot {
    const TAGS: [u16; 4] = [0x0064, 0x2065, 0x0066, 0x0067];
    let (link, bytes) = match carrier {
        Carrier::Plain => (LinkType::Ethernet, packet::ethernet(&ip)),
        Carrier::Tags(tags) => (LinkType::Ethernet, packet::tagged(&TAGS[..tags], &ip)),
        Carrier::Vxlan { depth, tags } => {
            let mut frame = packet::tagged(&TAGS[..tags], &ip);
            for level in 0..depth {
                frame = packet::ethernet(&packet::vxlan(7 + level as u32, &frame));
            }
            (LinkType::Ethernet, frame)
        }
        Carrier::Cooked => (LinkType::LinuxSll, packet::cooked(&ip)),
        Carrier::Cooked2 => (LinkType::LinuxSll2, packet::cooked_2(&ip)),
        Carrier::Raw => (LinkType::Raw, ip),
        Carrier::Version if packet.from.is_ipv4() => (LinkType::Ipv4, ip),
        Carrier::Version => (LinkType::Ipv6, ip),
        Carrier::Null => (LinkType::Null, packet::null(&ip)),
        Carrier::Loop => (LinkType::Loop, packet::null(&ip)),
    };
    packet.shot_as(link, bytes)
}

/// Sends packets in IP fragments; those of a packet are shuffled.
pub fn fragment(packets: &[Packet], part: usize, inside_vxlan: bool, chance: &mut Chance) -> Vec<Shot> {
    let mut all = Vec::new();
    let carrier = if inside_vxlan { Carrier::Vxlan { depth: 1, tags: 0 } } else { Carrier::Plain };
    for (identification, packet) in (0..).zip(packets) {
        if packet.cut > 0 {
            all.push(carry_one(packet, packet.ip(), carrier));
            continue;
        }
        let fragments = packet::fragments(&packet.ip(), part, identification);
        let mut parts: Vec<Shot> = fragments.into_iter().map(|fragment| carry_one(packet, fragment, carrier)).collect();
        while !parts.is_empty() {
            all.push(parts.swap_remove(chance.below(parts.len())));
        }
    }
    all
}

/// Overwrites the checksums of IP and TCP.
pub fn blank_checksums(packets: &[Packet], chance: &mut Chance) -> Vec<Shot> {
    let mut all = carry(packets, Carrier::Plain);
    for shot in &mut all {
        let tcp = if shot.bytes[12] == 0x08 { 34 } else { 54 };
        if tcp == 34 {
            shot.bytes[24..26].copy_from_slice(&(chance.number() as u16).to_be_bytes());
        }
        shot.bytes[tcp + 16..tcp + 18].copy_from_slice(&(chance.number() as u16).to_be_bytes());
    }
    all
}
