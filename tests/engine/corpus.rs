//! Captures that others made.

use std::path::{Path, PathBuf};

use sidetap::packet::decode::{self, Decoded, Transport};
use sidetap::packet::file::CaptureFile;

use super::chance::Chance;
use super::metamorphic::{CHANGES, assert_same};
use super::packet::{ACK, FIN, Packet, RST, SYN, Shot};
use super::sensor::{run, run_shots};

/// The captures, unless they are not here; then says so, and fails where everything has to run.
pub fn captures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/pcap");
    let folder = std::env::var_os("SIDETAP_CORPUS").map_or(folder, |corpus| Path::new(&corpus).join("pcap"));
    let Ok(entries) = std::fs::read_dir(&folder) else {
        super::not_run::not_run(&format!("no captures in {}", folder.display()));
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// The frames of a capture, as far as it can be read.
pub fn frames(path: &Path) -> Vec<Shot> {
    let mut file = match CaptureFile::open(path) {
        Ok(file) => file,
        Err(error) => {
            println!("skipped: {}: {error}", path.display());
            return Vec::new();
        }
    };
    let mut all = Vec::new();
    while let Ok(Some(frame)) = file.next() {
        all.push(Shot {
            time: frame.time.nanos(),
            interface: frame.interface,
            link: frame.link,
            bytes: frame.bytes.to_vec(),
            wire_len: frame.wire_len,
        });
    }
    all
}

/// The TCP packets among frames.
pub fn packets(shots: &[Shot]) -> Vec<Packet> {
    let tcp = |shot: &Shot| {
        let Ok(Decoded::Packet(packet)) = decode::decode(&shot.frame()) else { return None };
        let Transport::Tcp(segment) = packet.transport else { return None };
        let flags = [FIN, SYN, RST, ACK];
        let flags =
            flags.into_iter().filter(|&flag| segment.flags.has(decode_flag(flag))).fold(0, |all, flag| all | flag);
        Some(Packet {
            time: shot.time,
            interface: shot.interface,
            vni: packet.realm.vni(),
            from: (packet.source.ip(), segment.source_port).into(),
            to: (packet.destination.ip(), segment.destination_port).into(),
            seq: segment.sequence,
            ack: segment.acknowledgement,
            flags,
            payload: segment.payload.to_vec(),
            cut: segment.payload_len - segment.payload.len() as u32,
        })
    };
    shots.iter().filter_map(tcp).collect()
}

fn decode_flag(bits: u8) -> sidetap::packet::tcp::Flags {
    sidetap::packet::tcp::Flags::from_bits(bits)
}

#[test]
fn captures_are_read_the_same_after_every_change() {
    let mut failures = Vec::new();
    for path in captures() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let shots = frames(&path);
        let packets = packets(&shots);
        let before = run(&packets);
        assert_same(&name, &run_shots(&shots), &before);
        for (change, apply) in CHANGES {
            let outcome = std::panic::catch_unwind(|| {
                let after = run_shots(&apply(&packets, &mut Chance::new(7)));
                assert_same(&format!("{name}: {change}"), &before, &after);
            });
            if outcome.is_err() {
                failures.push(format!("{name}: {change}"));
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
