//! Captures made for measuring: HTTP/1.1 transactions over many connections, the same bytes every time.
//!
//! As many connections as asked for run side by side; each sends a request of a usual size and gets a JSON body. All
//! checksums are valid. The packets' clock advances 2 µs a packet.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};

const SERVER: [u8; 4] = [10, 0, 0, 2];
const SERVER_PORT: u16 = 80;
const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const PUSH: u8 = 0x08;
const ACK: u8 = 0x10;
/// Bytes of payload that a packet carries at most.
const SEGMENT: usize = 1460;
const MICROSECONDS_A_PACKET: u64 = 2;
const BEGINNING: u64 = 1_700_000_000_000_000;

/// What a capture is to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    pub connections: u32,
    /// On each connection.
    pub transactions: u32,
    /// Connections that are open at a time.
    pub side_by_side: u32,
    /// Bytes of a response's body.
    pub body: usize,
    pub turns: Turns,
}

/// When a response is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turns {
    /// Right after its request.
    Each,
    /// After all the connections that run side by side have sent their request.
    AllAtOnce,
}

impl Traffic {
    /// 200,000 transactions in about 325 MB.
    pub const REFERENCE: Traffic =
        Traffic { connections: 4000, transactions: 50, side_by_side: 64, body: 900, turns: Turns::Each };

    /// Each of 20,000 connections has a request outstanding before the first response comes.
    pub const OUTSTANDING: Traffic =
        Traffic { connections: 20_000, transactions: 2, side_by_side: 20_000, body: 900, turns: Turns::AllAtOnce };

    /// All of its transactions.
    pub fn total(&self) -> u64 {
        u64::from(self.connections) * u64::from(self.transactions)
    }

    /// Writes the capture, unless the file is there already. The number of its packets.
    pub fn write_once(&self, path: &Path) -> Result<u64> {
        let counted = path.with_extension("packets");
        if path.exists()
            && let Ok(packets) = fs::read_to_string(&counted)
        {
            return packets.trim().parse().with_context(|| format!("cannot read {}", counted.display()));
        }
        eprintln!("writing {}", path.display());
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        let packets = self.write(BufWriter::with_capacity(1 << 20, file))?;
        fs::write(counted, packets.to_string())?;
        Ok(packets)
    }

    fn write(&self, out: impl Write) -> io::Result<u64> {
        let mut capture = Capture::begin(out)?;
        let mut number = 0;
        for first in (0..self.connections).step_by(self.side_by_side as usize) {
            let last = self.connections.min(first + self.side_by_side);
            let mut group: Vec<Connection> = (first..last).map(Connection::new).collect();
            for connection in &mut group {
                connection.open(&mut capture)?;
            }
            for turn in 0..self.transactions {
                match self.turns {
                    Turns::Each => {
                        for (number, connection) in (number..).zip(&mut group) {
                            connection.request(&mut capture, number, turn)?;
                            connection.respond(&mut capture, number, self.body)?;
                        }
                    }
                    Turns::AllAtOnce => {
                        for (number, connection) in (number..).zip(&mut group) {
                            connection.request(&mut capture, number, turn)?;
                        }
                        for (number, connection) in (number..).zip(&mut group) {
                            connection.respond(&mut capture, number, self.body)?;
                        }
                    }
                }
                number += group.len();
            }
            for connection in &mut group {
                connection.close(&mut capture)?;
            }
        }
        capture.out.flush()?;
        Ok(capture.packets)
    }
}

/// A connection of a client with the server.
struct Connection {
    address: [u8; 4],
    port: u16,
    /// The next sequence numbers of the client and the server.
    sent: u32,
    received: u32,
}

impl Connection {
    fn new(number: u32) -> Self {
        let [_, _, high, low] = number.to_be_bytes();
        // Numbers that look random and are the same every time: Knuth's multiplicative hash.
        let random = number.wrapping_add(1).wrapping_mul(2_654_435_761);
        let port = 20_000 + (number % 40_000) as u16;
        Connection { address: [10, 1, high, low], port, sent: random, received: random.rotate_left(16) }
    }

    fn open(&mut self, capture: &mut Capture<impl Write>) -> io::Result<()> {
        capture.packet(&self.up(SYN, &[]))?;
        self.sent = self.sent.wrapping_add(1);
        capture.packet(&self.down(SYN | ACK, &[]))?;
        self.received = self.received.wrapping_add(1);
        capture.packet(&self.up(ACK, &[]))
    }

    fn request(&mut self, capture: &mut Capture<impl Write>, number: usize, turn: u32) -> io::Result<()> {
        let request = format!(
            "GET /api/v1/items/{number}?page={turn}&size=50 HTTP/1.1\r\n\
             Host: shop.example.com\r\n\
             User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\n\
             Accept: application/json\r\n\
             Accept-Encoding: identity\r\n\
             Authorization: Bearer not-a-real-token.{:0>64}\r\n\
             X-Request-Id: 7f1b6a34-3c5e-4a0b-9a53-{number:012}\r\n\
             Connection: keep-alive\r\n\r\n",
            ""
        );
        capture.packet(&self.up(PUSH | ACK, request.as_bytes()))?;
        self.sent = self.sent.wrapping_add(request.len() as u32);
        Ok(())
    }

    fn respond(&mut self, capture: &mut Capture<impl Write>, number: usize, body: usize) -> io::Result<()> {
        let start = format!(r#"{{"id":{number},"name":"widget","tags":["a","b"],"pad":""#);
        let padding = body.saturating_sub(start.len() + 2);
        let content = format!("{start}{:x<padding$}\"}}", "");
        let response = format!(
            "HTTP/1.1 200 OK\r\n\
             Date: Wed, 21 Oct 2015 07:28:00 GMT\r\n\
             Server: nginx\r\n\
             Content-Type: application/json\r\n\
             Content-Length: {}\r\n\
             Connection: keep-alive\r\n\r\n{content}",
            content.len()
        );
        for segment in response.as_bytes().chunks(SEGMENT) {
            capture.packet(&self.down(PUSH | ACK, segment))?;
            self.received = self.received.wrapping_add(segment.len() as u32);
        }
        capture.packet(&self.up(ACK, &[]))
    }

    fn close(&mut self, capture: &mut Capture<impl Write>) -> io::Result<()> {
        capture.packet(&self.up(FIN | ACK, &[]))?;
        self.sent = self.sent.wrapping_add(1);
        capture.packet(&self.down(FIN | ACK, &[]))?;
        self.received = self.received.wrapping_add(1);
        capture.packet(&self.up(ACK, &[]))
    }

    fn up(&self, flags: u8, payload: &[u8]) -> Vec<u8> {
        let ends = [(self.address, self.port), (SERVER, SERVER_PORT)];
        let acknowledgement = if flags & ACK == 0 { 0 } else { self.received };
        frame(ends, self.sent, acknowledgement, flags, payload)
    }

    fn down(&self, flags: u8, payload: &[u8]) -> Vec<u8> {
        frame([(SERVER, SERVER_PORT), (self.address, self.port)], self.received, self.sent, flags, payload)
    }
}

/// An Ethernet frame with a TCP segment.
fn frame(ends: [([u8; 4], u16); 2], sequence: u32, acknowledgement: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let [(source, source_port), (destination, destination_port)] = ends;
    let mut tcp = Vec::with_capacity(20 + payload.len());
    tcp.extend(source_port.to_be_bytes());
    tcp.extend(destination_port.to_be_bytes());
    tcp.extend(sequence.to_be_bytes());
    tcp.extend(acknowledgement.to_be_bytes());
    tcp.extend([5 << 4, flags, 0xff, 0xff, 0, 0, 0, 0]);
    tcp.extend(payload);
    let tcp_len = (tcp.len() as u16).to_be_bytes();
    let pseudo_header = [&source[..], &destination, &[0, 6], &tcp_len].concat();
    let checksum = checksum(&[&pseudo_header, &tcp]);
    tcp[16..18].copy_from_slice(&checksum);

    let mut ip = vec![0x45, 0];
    ip.extend((20 + tcp.len() as u16).to_be_bytes());
    ip.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    ip.extend(source);
    ip.extend(destination);
    let checksum = self::checksum(&[&ip]);
    ip[10..12].copy_from_slice(&checksum);

    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0][..], &ip, &tcp].concat()
}

/// The Internet checksum (RFC 1071). Of the parts only the last may have an odd length.
fn checksum(parts: &[&[u8]]) -> [u8; 2] {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let sum: u64 = words.map(|word| u64::from(u16::from_be_bytes([word[0], *word.get(1).unwrap_or(&0)]))).sum();
    let mut folded = sum;
    while folded > 0xffff {
        folded = (folded & 0xffff) + (folded >> 16);
    }
    (!(folded as u16)).to_be_bytes()
}

/// A pcap file that is being written.
struct Capture<W> {
    out: W,
    packets: u64,
}

impl<W: Write> Capture<W> {
    fn begin(mut out: W) -> io::Result<Self> {
        let magic_version = [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0];
        let zone_accuracy = [0; 8];
        let snapshot_and_link = [0xff, 0xff, 0, 0, 1, 0, 0, 0];
        out.write_all(&[magic_version, zone_accuracy, snapshot_and_link].concat())?;
        Ok(Capture { out, packets: 0 })
    }

    fn packet(&mut self, frame: &[u8]) -> io::Result<()> {
        self.packets += 1;
        let time = BEGINNING + self.packets * MICROSECONDS_A_PACKET;
        let len = frame.len() as u32;
        for number in [(time / 1_000_000) as u32, (time % 1_000_000) as u32, len, len] {
            self.out.write_all(&number.to_le_bytes())?;
        }
        self.out.write_all(frame)
    }
}
