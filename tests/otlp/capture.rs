//! Writes capture files of HTTP exchanges.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const ACK: u8 = 0x10;
/// Bytes of a segment.
const SEGMENT: usize = 1400;
/// Exchanges of a connection, where there are many.
const PER_CONNECTION: usize = 50;

/// A capture file that grows.
pub struct Capture {
    file: Vec<u8>,
    time: Duration,
    /// Between two packets.
    pace: Duration,
    connections: u32,
    client: [u8; 4],
    server: [u8; 4],
    /// Every third segment with a payload is not in the capture.
    misses: bool,
    payloads: u32,
}

impl Capture {
    /// An empty one, whose packets were captured a minute ago, a tenth of a millisecond apart.
    pub fn new() -> Self {
        let mut file = Vec::new();
        // pcap with nanoseconds, of Ethernet.
        for word in [0xa1b2_3c4d, 0x0004_0002, 0, 0, 65535, 1_u32] {
            file.extend(word.to_le_bytes());
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock that is right");
        let pace = Duration::from_micros(100);
        Capture {
            file,
            time: now - Duration::from_secs(60),
            pace,
            connections: 0,
            client: [10, 0, 0, 1],
            server: [10, 0, 0, 2],
            misses: false,
            payloads: 0,
        }
    }

    /// A number of exchanges, no two of them alike.
    pub fn of(exchanges: usize) -> Self {
        Capture::new().and(exchanges, "/items")
    }

    /// Connections from here on are none of those that another capture begins with.
    pub fn of_others(mut self) -> Self {
        self.connections = 25_000;
        self
    }

    /// So many more, below this path.
    pub fn and(mut self, exchanges: usize, below: &str) -> Self {
        for first in (0..exchanges).step_by(PER_CONNECTION) {
            let numbers = first..(first + PER_CONNECTION).min(exchanges);
            let exchanges: Vec<_> = numbers.map(|number| (get(&format!("{below}/{number}"), ""), ok("done"))).collect();
            self = self.connection(&exchanges);
        }
        self
    }

    /// One exchange on a connection of its own.
    pub fn exchange(self, request: impl AsRef<[u8]>, response: impl AsRef<[u8]>) -> Self {
        self.connection(&[(request.as_ref(), response.as_ref())])
    }

    /// A connection with these exchanges, from its beginning to its end.
    pub fn connection<B: AsRef<[u8]>>(mut self, exchanges: &[(B, B)]) -> Self {
        self.connections += 1;
        let mut next = [1000, 5000];
        self.segment(&mut next, 0, SYN, b"");
        self.segment(&mut next, 1, SYN | ACK, b"");
        self.segment(&mut next, 0, ACK, b"");
        for (request, response) in exchanges {
            for (side, bytes) in [(0, request.as_ref()), (1, response.as_ref())] {
                bytes.chunks(SEGMENT).for_each(|bytes| self.segment(&mut next, side, ACK, bytes));
            }
        }
        self.segment(&mut next, 1, FIN | ACK, b"");
        self.segment(&mut next, 0, FIN | ACK, b"");
        self
    }

    /// Time between packets from here on.
    pub fn paced(mut self, pace: Duration) -> Self {
        self.pace = pace;
        self
    }

    /// The clock is set, so many seconds forward or back.
    pub fn jump(mut self, seconds: i64) -> Self {
        let by = Duration::from_secs(seconds.unsigned_abs());
        self.time = if seconds < 0 { self.time - by } else { self.time + by };
        self
    }

    /// From here on, every third segment is missing.
    pub fn without_every_third(mut self) -> Self {
        self.misses = true;
        self
    }

    /// Connections from here on are of a client at this address.
    pub fn from(mut self, client: [u8; 4]) -> Self {
        self.client = client;
        self
    }

    /// Connections from here on are to a server at this address.
    pub fn to(mut self, server: [u8; 4]) -> Self {
        self.server = server;
        self
    }

    /// The file.
    pub fn file(self) -> Vec<u8> {
        self.file
    }

    fn segment(&mut self, next: &mut [u32; 2], side: usize, flags: u8, payload: &[u8]) {
        let port = 10_000 + (self.connections % 50_000) as u16;
        let ends = [(self.client, port), (self.server, 80)];
        let (from, to) = (ends[side], ends[1 - side]);
        let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
        frame.extend((40 + payload.len() as u16).to_be_bytes());
        frame.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
        frame.extend(from.0);
        frame.extend(to.0);
        frame.extend(from.1.to_be_bytes());
        frame.extend(to.1.to_be_bytes());
        frame.extend(next[side].to_be_bytes());
        let acknowledged = if flags & ACK == 0 { 0 } else { next[1 - side] };
        frame.extend(acknowledged.to_be_bytes());
        frame.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        frame.extend(payload);
        let length = frame.len() as u32;
        self.payloads += u32::from(!payload.is_empty());
        if self.misses && !payload.is_empty() && self.payloads.is_multiple_of(3) {
            next[side] = next[side].wrapping_add(payload.len() as u32);
            return;
        }
        for word in [self.time.as_secs() as u32, self.time.subsec_nanos(), length, length] {
            self.file.extend(word.to_le_bytes());
        }
        self.file.extend(frame);
        self.time += self.pace;
        next[side] = next[side].wrapping_add(payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0));
    }
}

/// A request, with more header fields, each with its end of line.
pub fn get(path: &str, fields: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: shop.example\r\n{fields}\r\n")
}

/// A response that all is well.
pub fn ok(body: &str) -> String {
    response("200 OK", "Content-Type: text/plain\r\n", body)
}

/// A response with more header fields.
pub fn response(status: &str, fields: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{fields}Content-Length: {}\r\n\r\n{body}", body.len())
}
