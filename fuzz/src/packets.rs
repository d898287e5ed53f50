//! Frames around TCP and UDP payloads. Checksums are left out, as nobody looks at them.

use sidetap::flow::Side;

/// Control bits of TCP.
pub const FIN: u8 = 0x01;
pub const SYN: u8 = 0x02;
pub const RST: u8 = 0x04;
pub const ACK: u8 = 0x10;

/// An Ethernet frame with an IPv4 packet.
pub fn ipv4(from: Side, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; 12];
    frame.extend([0x08, 0x00, 0x45, 0]);
    frame.extend((20 + payload.len() as u16).to_be_bytes());
    frame.extend([0, 0, 0, 0, 64, protocol, 0, 0]);
    for host in [from, from.peer()] {
        frame.extend([10, 0, 0, 1 + host.index() as u8]);
    }
    frame.extend_from_slice(payload);
    frame
}

/// A datagram between the client's port and the server's.
pub fn udp(from: Side, ports: [u16; 2], payload: &[u8]) -> Vec<u8> {
    let mut datagram = Vec::new();
    datagram.extend(ports[from.index()].to_be_bytes());
    datagram.extend(ports[from.peer().index()].to_be_bytes());
    datagram.extend((8 + payload.len() as u16).to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend_from_slice(payload);
    ipv4(from, 17, &datagram)
}

/// Both ends of a TCP connection as far as their numbers go.
#[derive(Debug, Clone)]
pub struct Tcp {
    ports: [u16; 2],
    next: [u32; 2],
}

impl Tcp {
    /// A connection between the client's port and the server's; the client's numbers are about to overflow.
    pub fn new(ports: [u16; 2]) -> Self {
        Tcp { ports, next: [u32::MAX - 40, 1_000] }
    }

    /// The next segment of one end, which has received all that the other sent.
    pub fn segment(&mut self, from: Side, flags: u8, payload: &[u8]) -> Vec<u8> {
        let next = self.next;
        self.skip(from, payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0));
        self.segment_at(from, flags, next[from.index()], next[from.peer().index()], payload)
    }

    /// A segment with any numbers.
    pub fn segment_at(&self, from: Side, flags: u8, sequence: u32, acknowledgement: u32, payload: &[u8]) -> Vec<u8> {
        let mut segment = Vec::new();
        segment.extend(self.ports[from.index()].to_be_bytes());
        segment.extend(self.ports[from.peer().index()].to_be_bytes());
        segment.extend(sequence.to_be_bytes());
        segment.extend(acknowledgement.to_be_bytes());
        segment.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        segment.extend_from_slice(payload);
        ipv4(from, 6, &segment)
    }

    /// One end sends bytes that nobody sees.
    pub fn skip(&mut self, from: Side, bytes: u32) {
        let next = &mut self.next[from.index()];
        *next = next.wrapping_add(bytes);
    }

    /// What comes next from one end.
    pub fn next(&self, from: Side) -> u32 {
        self.next[from.index()]
    }
}
