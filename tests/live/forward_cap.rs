//! `sidetap forward --rate-cap`: what a collector gets when there is more than it may be sent.

use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use crate::support::lab::{CABLE, SERVER};
use crate::support::mirror::{COLLECTOR, Mirror, number};

/// Bytes a second that may be sent: `--rate-cap 2mbit`.
const CAP: f64 = 250_000.0;
/// What is above that in any period, as the documentation says: one second's bytes saved up, and as many owed.
const MARGIN: f64 = 2.0;
/// How much later than another packet one may be read that was sent at the same time.
const LATE: f64 = 0.5;
/// How long a connection is left out at least.
const PERIOD: Duration = Duration::from_secs(5);

/// Connections, each of which says something ten times a second, and has it said back: three times what may be sent.
const CONNECTIONS: u16 = 100;
const EVERY: Duration = Duration::from_millis(100);
const ROUNDS: u16 = 160;
const SIZE: usize = 300;

/// The headers of IP and UDP around what the collector gets.
const OUTER: usize = 28;
/// Where the payload is, behind VXLAN's, Ethernet's, IP's and UDP's headers.
const PAYLOAD: usize = 8 + 14 + 20 + 8;

/// A packet that the collector got.
struct Arrived {
    at: Instant,
    bytes: usize,
    connection: u16,
    round: u16,
}

#[test]
fn over_the_cap_connections_are_whole_or_absent_and_the_rate_is_kept() {
    let Some(mirror) = Mirror::with(&[], 1500) else { return };
    let collector = mirror.listen();
    collector.set_read_timeout(Some(Duration::from_secs(3))).expect("a socket");
    // Nothing is lost where the reader is late.
    rustix::net::sockopt::set_socket_recv_buffer_size_force(&collector, 16 << 20).expect("root may");
    let forwarding = mirror.forward(&[
        "--destination",
        COLLECTOR,
        "--interface",
        CABLE,
        "--filter",
        "udp",
        "--rate-cap",
        "2mbit",
        "--memory-limit",
        "256MiB",
    ]);
    let reader = std::thread::spawn(move || arrivals(&collector));
    let sent = converse(&mirror);
    let arrived = reader.join().expect("it reads");
    let last = forwarding.stop();

    // Each packet is sent or left out, and counted.
    let (captured, shed) = (number(&last, "packets captured"), number(&last, "packets over the rate cap"));
    assert_eq!(captured, 2 * u64::from(CONNECTIONS) * u64::from(ROUNDS), "{last}");
    assert_eq!(captured - shed, arrived.len() as u64, "{last}");
    assert!(shed > captured / 3, "{last}");

    // The cap holds in every period, however short or long, and is used.
    for (first, from) in arrived.iter().enumerate() {
        let mut bytes = 0;
        for packet in &arrived[first..] {
            bytes += packet.bytes;
            let allowed = CAP * (packet.at.duration_since(from.at).as_secs_f64() + MARGIN + LATE);
            assert!(bytes as f64 <= allowed, "{bytes} bytes of {allowed} within {:?}", packet.at - from.at);
        }
    }
    let all: usize = arrived.iter().map(|packet| packet.bytes).sum();
    let time = (EVERY * u32::from(ROUNDS)).as_secs_f64();
    println!("{captured} captured, {shed} shed; {} bytes a second of {CAP}", all as f64 / time);
    assert!(all as f64 > CAP * time / 2.0, "{all} bytes in {time} s");

    // A connection is there with all that both sides say, or it is not there at all, and that for a while.
    let mut packets: BTreeMap<(u16, u16), usize> = BTreeMap::new();
    arrived.iter().for_each(|packet| *packets.entry((packet.connection, packet.round)).or_default() += 1);
    let mut absences = 0;
    for connection in 0..CONNECTIONS {
        let there = |round: u16| packets.get(&(connection, round)).copied().unwrap_or_default();
        let mut round = 0;
        while round < ROUNDS {
            let Some(begin) = (round..ROUNDS).find(|round| there(*round) < 2) else { break };
            // Only the first round and the last one may be half there: it was left out, or came back, between the two.
            let end = (begin + 1..ROUNDS).find(|round| there(*round) > 0).unwrap_or(ROUNDS);
            absences += 1;
            if end < ROUNDS {
                let absent = sent[usize::from(end)] + EVERY - sent[usize::from(begin)];
                assert!(absent >= PERIOD, "connection {connection} was left out for only {absent:?}, from {begin}");
            }
            round = end + 1;
        }
    }
    assert!(absences > CONNECTIONS / 3, "{absences}");
}

/// Everything that comes, until nothing does.
fn arrivals(collector: &UdpSocket) -> Vec<Arrived> {
    let (mut arrived, mut buffer) = (Vec::new(), [0; 2000]);
    while let Ok(length) = uninterrupted(|| collector.recv(&mut buffer)) {
        let word = |at: usize| u16::from_be_bytes([buffer[PAYLOAD + at], buffer[PAYLOAD + at + 1]]);
        arrived.push(Arrived { at: Instant::now(), bytes: length + OUTER, connection: word(0), round: word(2) });
    }
    arrived
}

/// Every connection says something each round, and waits until it is said back; when each round began.
fn converse(mirror: &Mirror) -> Vec<Instant> {
    let server = mirror.lab.server.enter(|| UdpSocket::bind("0.0.0.0:0").expect("a port"));
    let port = server.local_addr().expect("a bound socket").port();
    server.set_read_timeout(Some(Duration::from_secs(2))).expect("a socket");
    let echo = std::thread::spawn(move || {
        let mut buffer = [0; SIZE];
        while let Ok((length, from)) = uninterrupted(|| server.recv_from(&mut buffer)) {
            server.send_to(&buffer[..length], from).expect("sent");
        }
    });
    let connections: Vec<UdpSocket> = mirror.lab.client.enter(|| {
        let open = |_| {
            let socket = UdpSocket::bind("0.0.0.0:0").expect("a port");
            socket.connect((SERVER, port)).expect("the server is there");
            socket.set_read_timeout(Some(Duration::from_secs(2))).expect("a socket");
            socket
        };
        (0..CONNECTIONS).map(open).collect()
    });
    let start = Instant::now();
    let rounds = (0..ROUNDS).map(|round| {
        std::thread::sleep((start + EVERY * u32::from(round)).saturating_duration_since(Instant::now()));
        let began = Instant::now();
        let mut bytes = [7; SIZE];
        for (connection, socket) in (0_u16..).zip(&connections) {
            bytes[..2].copy_from_slice(&connection.to_be_bytes());
            bytes[2..4].copy_from_slice(&round.to_be_bytes());
            socket.send(&bytes).expect("sent");
            uninterrupted(|| socket.recv(&mut [0; SIZE])).expect("an echo");
        }
        began
    });
    let began = rounds.collect();
    echo.join().expect("it echoes");
    began
}

/// Tries again what a signal has interrupted, such as that of another test's child that has ended: where there is a time
/// limit, the kernel does not.
fn uninterrupted<T>(mut receive: impl FnMut() -> std::io::Result<T>) -> std::io::Result<T> {
    loop {
        match receive() {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
