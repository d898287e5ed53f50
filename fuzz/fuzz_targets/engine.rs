//! Frames straight into an engine that may keep very little: whatever comes, every byte and every transaction is
//! accounted for, and records are lines of JSON.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use sidetap::flow::{Limits, Side};
use sidetap::packet::{Frame, LinkType, Realm, Timestamp};
use sidetap::sensor::{Engine, EngineLimits};
use sidetap_fuzz::lines::Lines;
use sidetap_fuzz::packets::{self, Tcp};

const LINKS: [u16; 8] = [1, 0, 101, 108, 113, 228, 229, 276];
const SERVER_PORTS: [u16; 4] = [80, 443, 53, 5353];
const CONNECTIONS: usize = 4;
const EXCHANGES: usize = 3;
const MOST_FRAMES: usize = 500;

fuzz_target!(|input: &[u8]| {
    let lines = Lines::default();
    let flows = Limits { connections: CONNECTIONS, early_bytes: 8 << 10, hole_timeout: Duration::from_secs(1) };
    let limits = EngineLimits { flows, exchanges: EXCHANGES, buffer_bytes: 24 << 10 };
    let mut engine = Engine::new(limits, lines.exports());
    let mut connections: [[Tcp; 4]; 4] =
        std::array::from_fn(|client| SERVER_PORTS.map(|server| Tcp::new([40_000 + client as u16, server])));
    let mut time = Timestamp::from_parts(1_000_000, 0);
    let mut rest = input;
    for _ in 0..MOST_FRAMES {
        // How long, when, what, and from whom.
        let Some((&[high, low, when, what, who], after)) = rest.split_first_chunk::<5>() else { break };
        let length = usize::from(u16::from_be_bytes([high & 0x0f, low])).min(after.len());
        let (bytes, after) = after.split_at(length);
        rest = after;
        time = time.after(match when {
            short @ ..200 => Duration::from_micros(short.into()),
            255 => Duration::from_secs(4_000),
            long => Duration::from_millis(u64::from(long - 199).pow(2)),
        });
        let from = if who & 1 == 0 { Side::Client } else { Side::Server };
        let (client, server) = (usize::from(who >> 1 & 3), usize::from(who >> 3 & 3));
        let tcp = &mut connections[client][server];
        let (link, frame) = match what >> 6 {
            0 => (LinkType::from_number(LINKS[usize::from(what & 7)]), bytes.to_vec()),
            1 => {
                // One end's numbers move on by what was not captured, or back by what is sent again.
                tcp.skip(from, if what & 0x20 == 0 { 0 } else { (i32::from(who >> 5) * 100 - 300) as u32 });
                (LinkType::Ethernet, tcp.segment(from, what & 0x17 ^ packets::ACK, bytes))
            }
            2 => {
                let ports = [40_000 + client as u16, SERVER_PORTS[server]];
                (LinkType::Ethernet, packets::udp(from, ports, bytes))
            }
            _ => {
                engine.sweep(time);
                continue;
            }
        };
        let kept = if who == 0xff { frame.len() / 2 } else { frame.len() };
        engine.frame(&Frame {
            time,
            interface: u32::from(what >> 3 & 1),
            realm: Realm::OUTSIDE,
            link,
            bytes: &frame[..kept],
            wire_len: frame.len() as u32,
        });
        let counts = engine.counts();
        assert!(counts.bytes.balances(), "{:?}", counts.bytes);
        assert!(counts.transactions.balances(), "{:?}", counts.transactions);
        assert!(counts.transactions.pending <= EXCHANGES as u64);
        assert!(counts.open_connections <= CONNECTIONS);
        let packets = counts.packets;
        let outcomes = packets.tcp
            + packets.udp
            + packets.other_transport
            + packets.fragments
            + packets.not_ip
            + packets.truncated
            + packets.malformed
            + packets.unknown_link
            + packets.too_deep;
        assert!(packets.frames <= outcomes && outcomes <= packets.frames + packets.fragments, "{packets:?}");
    }
    engine.finish();
    let counts = engine.counts();
    assert!(counts.bytes.balances() && counts.bytes.held == 0, "{:?}", counts.bytes);
    assert!(counts.transactions.balances() && counts.transactions.pending == 0, "{:?}", counts.transactions);
    assert_eq!(counts.open_connections, 0);
    let _ = counts.unread.why(&counts);
    let records = lines.take();
    let exchanges = records.iter().filter(|line| line.starts_with(r#"{"type":"http","#)).count();
    assert_eq!(exchanges as u64, counts.transactions.emitted);
});
