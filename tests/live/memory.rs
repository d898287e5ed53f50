//! The memory limit holds, whatever comes.
//!
//! The limit is that of an optimised build: `cargo test --release --no-default-features --features engine --test live`.
//! A debug build may have what its larger program takes on top.

use crate::support::forge::{ACK, Forge, SYN};
use crate::support::lab::{CABLE, Lab, SERVER};
use crate::support::memory_limit;
use crate::support::nginx::{Nginx, PORT};
use crate::support::sensor::Sensor;
use crate::support::wait_for;

/// Connections that are open at a time; more than there is room for.
const CONNECTIONS: u32 = 30_000;
const SYNS: u32 = 50_000;

#[test]
fn the_limit_holds_under_many_connections_garbage_and_a_flood() {
    let Some(lab) = Lab::with(&["nginx", "wrk", "curl"]) else { return };
    let nginx = Nginx::start(&lab);
    Forge::route(&lab.client);
    let sensor = Sensor::new(&lab).args(&["--interface", CABLE, "--memory-limit", "25MiB"]).listen();
    lab.client.enter(|| {
        let forge = Forge::new();
        (0..CONNECTIONS).for_each(|number| open(&forge, number));
        (0..CONNECTIONS).for_each(|number| garble(&forge, number));
        for number in 0..SYNS {
            let from = (Forge::address(number.wrapping_mul(2_654_435_761)), number as u16);
            forge.segment(from, (Forge::address(1), 80), SYN, (number, 0), b"");
        }
    });
    lab.client.run("wrk", &["-t1", "-c200", "-d1s", &format!("http://{SERVER}:{PORT}/load")]);
    let peak: u64 = sensor.status("VmHWM").parse().expect("a number");
    println!("VmHWM {peak} KiB");
    assert!(peak * 1024 < memory_limit(25 << 20), "{peak} KiB\n{}", sensor.stderr());

    // It still does its work.
    wait_for("a transaction after all that", || {
        lab.client.run("curl", &["--silent", "--output", "/dev/null", &format!("http://{SERVER}:{PORT}/after")]);
        sensor.records().iter().any(|record| record.path() == "/after" && record.is_complete()).then_some(())
    });
    let ended = sensor.stop().well();
    println!("{}", ended.stderr);
    assert!(ended.summary("connections\n") > 10_000, "{}", ended.stderr);
    assert!(ended.summary("connections given up for others") > 0, "{}", ended.stderr);
    nginx.finish();
}

/// A connection that says something and waits.
fn open(forge: &Forge, number: u32) {
    let (client, server) = ends(number);
    forge.segment(client, server, SYN, (100, 0), b"");
    forge.segment(server, client, SYN | ACK, (200, 101), b"");
    let said: &[u8] = match number % 6 {
        0 => b"GET /forged HTTP/1.1\r\nHost: forged\r\nUser-Agent: forge\r\n\r\n",
        // A head without an end.
        1 => b"POST /forged HTTP/1.1\r\nHost: forged\r\nX-Long: ",
        // A preface, SETTINGS, and HEADERS without END_HEADERS.
        2 => b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x05\x01\0\0\0\0\x01\x83\x86\x84\x41\x0f",
        // A ClientHello of which most is missing.
        3 => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        4 => {
            b"GET /upgrade HTTP/1.1\r\nHost: forged\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
               Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        }
        _ => b"G",
    };
    forge.segment(client, server, ACK, (101, 201), said);
}

/// Data far ahead of what was said, in both directions, that has to wait.
fn garble(forge: &Forge, number: u32) {
    let (client, server) = ends(number);
    let garbage: Vec<u8> = (0..1000_u32).map(|at| (at.wrapping_mul(number | 1) >> 7) as u8).collect();
    for ahead in [5_000, 9_000, 3_000] {
        forge.segment(client, server, ACK, (101 + ahead, 201), &garbage);
    }
    forge.segment(server, client, ACK, (201 + 4_000, 101), &garbage);
}

fn ends(number: u32) -> ((std::net::Ipv4Addr, u16), (std::net::Ipv4Addr, u16)) {
    ((Forge::address(1000 + number), 40_000), (Forge::address(2), 80))
}
