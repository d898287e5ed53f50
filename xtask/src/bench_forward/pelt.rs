//! Sends datagrams at a steady rate: what is mirrored.

use std::net::UdpSocket;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Connections, of which each sends the next datagram in turn: each has a port of its own.
pub const FLOWS: usize = 64;
/// How often it is looked at the clock.
const BURST: u64 = 32;

/// Sends so many datagrams with so many bytes of payload, at most so many a second unless that is 0; prints the seconds that
/// it took.
pub fn run(arguments: &[&str]) -> Result<()> {
    let [address, payload, count, rate] = arguments else { bail!("`pelt` wants ADDRESS:PORT PAYLOAD COUNT RATE") };
    let (payload, count, rate): (usize, u64, u64) = (payload.parse()?, count.parse()?, rate.parse()?);
    let mut sockets = Vec::new();
    for _ in 0..FLOWS {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        socket.connect(address)?;
        sockets.push(socket);
    }
    let datagram = vec![0x5a; payload];
    let begin = Instant::now();
    let mut flows = sockets.iter().cycle();
    for sent in 0..count {
        // Nobody listens there, which an error says now and then.
        let _ = flows.next().context("no flows")?.send(&datagram);
        if rate > 0 && sent % BURST == 0 {
            let due = begin + Duration::from_nanos(sent * 1_000_000_000 / rate);
            let early = due.saturating_duration_since(Instant::now());
            if !early.is_zero() {
                sleep(early);
            }
        }
    }
    println!("{}", begin.elapsed().as_secs_f64());
    Ok(())
}
