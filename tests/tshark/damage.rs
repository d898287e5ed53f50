//! Captures that are damaged: what is told must still be true.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::{captures, name, ours};

/// What is done to a capture.
#[derive(Debug, Clone, Copy)]
enum Damage {
    /// So many packets of a hundred are left out.
    Lost(u64),
    /// So many of a hundred come after the one behind them.
    Late(u64),
    /// So many of a hundred come twice.
    Twice(u64),
    /// All are cut to so many bytes.
    Cut(usize),
    /// It begins with this packet.
    Begins(usize),
}

/// Each kind of damage, and how often it is tried.
const DAMAGES: [(Damage, u64); 11] = [
    (Damage::Lost(2), 6),
    (Damage::Lost(10), 6),
    (Damage::Lost(40), 6),
    (Damage::Lost(70), 3),
    (Damage::Late(20), 4),
    (Damage::Late(50), 4),
    (Damage::Twice(30), 2),
    (Damage::Cut(300), 1),
    (Damage::Cut(1000), 1),
    (Damage::Begins(3), 1),
    (Damage::Begins(9), 1),
];

/// A classic capture with damage; the seed says where.
fn damaged(capture: &[u8], damage: Damage, seed: u64) -> Vec<u8> {
    let little = capture[0] == 0xd4;
    let (header, mut rest) = capture.split_at(24);
    let mut packets: Vec<Vec<u8>> = Vec::new();
    let mut state = seed;
    let mut late = None;
    for place in 0.. {
        let Some(len) = rest.get(8..12) else { break };
        let len: [u8; 4] = len.try_into().unwrap();
        let len = if little { u32::from_le_bytes(len) } else { u32::from_be_bytes(len) } as usize;
        let (packet, after) = rest.split_at(16 + len);
        rest = after;
        // A linear congruential generator is random enough.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let chance = (state >> 33) % 100;
        let mut packet = packet.to_vec();
        let waiting = late.take();
        match damage {
            Damage::Lost(percent) if chance < percent => continue,
            Damage::Begins(first) if place < first => continue,
            Damage::Late(percent) if chance < percent && waiting.is_none() => {
                late = Some(packet);
                continue;
            }
            Damage::Twice(percent) if chance < percent => packets.push(packet.clone()),
            Damage::Cut(most) if len > most => {
                packet.truncate(16 + most);
                let kept = most as u32;
                packet[8..12].copy_from_slice(&if little { kept.to_le_bytes() } else { kept.to_be_bytes() });
            }
            _ => {}
        }
        packets.push(packet);
        packets.extend(waiting);
    }
    packets.extend(late);
    [header.to_vec()].into_iter().chain(packets).flatten().collect()
}

/// What an exchange of a request and its response says: who, what, and with what result.
fn pair(record: &Value) -> Option<String> {
    let both = record.get("http.request.method").is_some() && record.get("http.response.status_code").is_some();
    let members =
        ["client.port", "http.request.method", "http.request.method_original", "url.path", "http.response.status_code"];
    both.then(|| members.map(|member| record[member].to_string()).join(" "))
}

/// The length of a complete response belongs to what it says.
fn sized(record: &Value) -> Option<String> {
    let complete = record["sidetap.transaction.completeness"] == "complete";
    Some(format!("{} {}", pair(record).filter(|_| complete)?, record["http.response.body.size"]))
}

#[test]
fn a_damaged_capture_pairs_nothing_wrongly() {
    let (mut pairs, mut wrong) = (0, Vec::new());
    for capture in captures() {
        let whole = std::fs::read(&capture).unwrap();
        if !matches!(whole[..4], [0xd4, 0xc3, 0xb2, 0xa1] | [0xa1, 0xb2, 0xc3, 0xd4]) {
            continue;
        }
        let truth = ours(&capture);
        let known: BTreeSet<String> = truth.iter().flat_map(|record| [pair(record), sized(record)]).flatten().collect();
        for (damage, times) in DAMAGES {
            for seed in 0..times {
                let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-damaged.pcap", name(&capture)));
                std::fs::write(&file, damaged(&whole, damage, seed)).unwrap();
                for record in ours(&file) {
                    let told = [pair(&record), sized(&record)];
                    pairs += u32::from(told[0].is_some());
                    let untrue = told.into_iter().flatten().filter(|told| !known.contains(told));
                    wrong.extend(untrue.map(|told| format!("{} {damage:?} {seed}: {told}", name(&capture))));
                }
                std::fs::remove_file(file).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    eprintln!("{pairs} pairs are right");
}
