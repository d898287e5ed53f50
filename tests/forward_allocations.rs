//! In steady state no packet that is forwarded costs an allocation, whether it is cut, sent whole, shed or dropped.
//!
//! One test in a binary of its own, so that nothing else allocates while it counts.
#![cfg(target_os = "linux")]

mod counting;

use std::process::Command;

use nix::sched::{CloneFlags, unshare};

use sidetap::forward::{Forwarder, Options};
use sidetap::packet::captured::Captured;
use sidetap::packet::live::Consumer;
use sidetap::packet::ring::{Checksum, GsoType, Offload, RingPacket};
use sidetap::packet::segment::Oversize;
use sidetap::packet::vxlan::Vni;
use sidetap::packet::{LinkType, Timestamp};

#[test]
fn steady_forwarding_costs_no_allocation() {
    if let Err(reason) = enter() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "cannot run, and must under CI=true: {reason}");
        eprintln!("skipped: {reason}");
        return;
    }
    let options = Options {
        destinations: ["10.9.0.2", "10.9.0.3:5000"].map(|destination| destination.parse().expect("one")).to_vec(),
        vni: Vni::new(1).expect("24 bits"),
        mtu: None,
        oversize: Oversize::Split,
        rate_cap: Some(10_000_000_000),
    };
    let mut forwarder = Forwarder::open(options).expect("a forwarder");
    let frames: Vec<Vec<u8>> = (0..200).map(|port| tcp(port, if port % 10 == 0 { 60_000 } else { 800 })).collect();
    let offload = Offload {
        gso_type: GsoType::TcpV4,
        ecn: false,
        gso_size: 1448,
        hdr_len: 54,
        csum_start: 34,
        csum_offset: 16,
        needs_csum: true,
    };
    let captured = |frame: &'static [u8]| Captured {
        packet: RingPacket {
            time: Timestamp::default(),
            bytes: frame,
            wire_len: frame.len() as u32,
            vlan: None,
            checksum: Checksum::Unknown,
            offload: (frame.len() > 2000).then_some(offload),
            outgoing: true,
        },
        interface: 0,
        link: LinkType::Ethernet,
    };
    // For as long as the program runs, so that they can be borrowed for any time.
    let packets: Vec<Captured<'static>> = frames.into_iter().map(|frame| captured(frame.leak())).collect();
    let mut block = || {
        forwarder.take(packets.iter().copied());
        forwarder.sweep(Timestamp::default());
    };
    (0..3).for_each(|_| block());
    let before = counting::allocations();
    (0..100).for_each(|_| block());
    let allocations = counting::allocations() - before;
    let counts = forwarder.counts();
    assert!(counts.add_up(2), "{counts:?}");
    assert_eq!((counts.captured.packets, allocations), (103 * 200, 0), "packets and allocations");
    assert!(counts.frames > 103 * (180 + 20 * 40), "{counts:?}");
}

/// A network namespace with a cable to nobody.
fn enter() -> Result<(), String> {
    unshare(CloneFlags::CLONE_NEWNET).map_err(|error| format!("no network namespace without root: {error}"))?;
    for words in ["link add left type veth peer name right", "addr add 10.9.0.1/24 dev left", "link set left up"] {
        let output = Command::new("ip").args(words.split(' ')).output().map_err(|error| format!("ip: {error}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
    }
    Ok(())
}

/// An Ethernet frame with TCP of so many bytes.
fn tcp(port: u16, length: usize) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00, 0x45, 0];
    frame.extend((40 + length as u16).to_be_bytes());
    frame.extend([0, 0, 0x40, 0, 64, 6, 0, 0, 10, 7, 0, 1, 10, 7, 0, 2]);
    frame.extend(port.to_be_bytes());
    frame.extend([0, 80, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 1, 0, 0, 0, 0, 0]);
    frame.resize(frame.len() + length, 9);
    frame
}
