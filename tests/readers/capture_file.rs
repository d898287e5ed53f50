//! Writes capture files: TCP connections in small segments, and UDP datagrams.

/// Bytes of a segment, so that what is looked for comes in parts as well.
const SEGMENT: usize = 1400;

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const ACK: u8 = 0x10;

/// An address and a port.
pub type End = ([u8; 4], u16);

/// What one side of a connection sent.
pub type Sent = (Side, Vec<u8>);

/// A capture file, whose packets are a millisecond apart.
pub struct CaptureFile {
    /// What was sent in each connection, in order.
    pub connections: Vec<Vec<Sent>>,
    bytes: Vec<u8>,
    packets: u32,
    /// The port of the next client.
    port: u16,
}

/// A connection in it.
pub struct Connection<'a> {
    file: &'a mut CaptureFile,
    client: End,
    server: End,
    /// What each side sends next.
    next: [u32; 2],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Client,
    Server,
}

impl CaptureFile {
    pub fn new() -> Self {
        let header = [0xa1b2_c3d4, 0x0004_0002, 0, 0, 262_144, 1_u32];
        let connections = Vec::new();
        CaptureFile {
            connections,
            bytes: header.into_iter().flat_map(u32::to_le_bytes).collect(),
            packets: 0,
            port: 20_000,
        }
    }

    /// A connection from a port that no other one had.
    pub fn connect(&mut self, client: [u8; 4], server: End) -> Connection<'_> {
        self.port += 1;
        self.connections.push(Vec::new());
        let client = (client, self.port);
        let mut connection = Connection { file: self, client, server, next: [1000, 5000] };
        connection.segment(Side::Client, SYN, b"");
        connection.segment(Side::Server, SYN | ACK, b"");
        connection.segment(Side::Client, ACK, b"");
        connection
    }

    /// A UDP datagram.
    pub fn datagram(&mut self, source: End, destination: End, payload: &[u8]) {
        let mut segment = Vec::new();
        segment.extend(source.1.to_be_bytes());
        segment.extend(destination.1.to_be_bytes());
        segment.extend((8 + payload.len() as u16).to_be_bytes());
        segment.extend([0, 0]);
        segment.extend(payload);
        self.packet(17, source.0, destination.0, &segment);
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn packet(&mut self, protocol: u8, source: [u8; 4], destination: [u8; 4], segment: &[u8]) {
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
        frame.extend((20 + segment.len() as u16).to_be_bytes());
        frame.extend([0, 0, 0x40, 0, 64, protocol, 0, 0]);
        frame.extend(source);
        frame.extend(destination);
        frame.extend(segment);
        let (seconds, micros) = (self.packets / 1000, self.packets % 1000 * 1000);
        for word in [1_700_000_000 + seconds, micros, frame.len() as u32, frame.len() as u32] {
            self.bytes.extend(word.to_le_bytes());
        }
        self.bytes.extend(frame);
        self.packets += 1;
    }
}

impl Connection<'_> {
    pub fn client(&mut self, bytes: impl AsRef<[u8]>) {
        self.send(Side::Client, bytes.as_ref());
    }

    pub fn server(&mut self, bytes: impl AsRef<[u8]>) {
        self.send(Side::Server, bytes.as_ref());
    }

    /// Both sides close.
    pub fn close(mut self) {
        self.segment(Side::Server, FIN | ACK, b"");
        self.segment(Side::Client, FIN | ACK, b"");
        self.segment(Side::Server, ACK, b"");
    }

    fn send(&mut self, from: Side, bytes: &[u8]) {
        self.file.connections.last_mut().expect("it is the last one").push((from, bytes.to_vec()));
        bytes.chunks(SEGMENT).for_each(|part| self.segment(from, ACK, part));
    }

    fn segment(&mut self, from: Side, flags: u8, payload: &[u8]) {
        let (side, source, destination) = match from {
            Side::Client => (0, self.client, self.server),
            Side::Server => (1, self.server, self.client),
        };
        let mut segment = Vec::new();
        segment.extend(source.1.to_be_bytes());
        segment.extend(destination.1.to_be_bytes());
        segment.extend(self.next[side].to_be_bytes());
        segment.extend(if flags & ACK == 0 { 0 } else { self.next[1 - side] }.to_be_bytes());
        segment.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        segment.extend(payload);
        self.file.packet(6, source.0, destination.0, &segment);
        self.next[side] += payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
    }
}
