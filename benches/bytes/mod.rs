//! Bytes to measure with: messages of usual sizes, and the frames that carry them.

#![allow(dead_code, reason = "each bench uses a part")]

use sidetap::packet::{Frame, LinkType, Realm, Timestamp};

pub const SYN: u8 = 0x02;
pub const ACK: u8 = 0x10;

pub const REQUEST: &[u8] = b"GET /api/v1/items/42?page=1&size=50 HTTP/1.1\r\n\
    Host: shop.example.com\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\n\
    Accept: application/json\r\n\
    Accept-Encoding: identity\r\n\
    Authorization: Bearer 0123456789abcdef0123456789abcdef0123456789abcdef\r\n\
    X-Request-Id: 7f1b6a34-3c5e-4a0b-9a53-000000000042\r\n\
    Connection: keep-alive\r\n\r\n";

const RESPONSE_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Date: Wed, 21 Oct 2015 07:28:00 GMT\r\n\
    Server: nginx\r\n\
    Content-Type: application/json\r\n\
    Content-Length: 900\r\n\
    Connection: keep-alive\r\n\r\n";

/// A response with a body of 900 bytes.
pub fn response() -> Vec<u8> {
    [RESPONSE_HEAD, &[b'x'; 900]].concat()
}

/// Who sends a segment.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum From {
    Client,
    Server,
}

/// An Ethernet frame of a connection with a TCP segment; its checksums are zero, as offloading leaves them.
pub fn frame(connection: u16, from: From, sequence: u32, acknowledgement: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let [high, low] = connection.to_be_bytes();
    let client = [10, 1, high, low, 0x9c, 0x40];
    let server = [10, 0, 0, 2, 0, 80];
    let (source, destination) = match from {
        From::Client => (client, server),
        From::Server => (server, client),
    };
    let mut bytes = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0];
    bytes.extend((40 + payload.len() as u16).to_be_bytes());
    bytes.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    bytes.extend(&source[..4]);
    bytes.extend(&destination[..4]);
    bytes.extend(&source[4..]);
    bytes.extend(&destination[4..]);
    bytes.extend(sequence.to_be_bytes());
    bytes.extend(acknowledgement.to_be_bytes());
    bytes.extend([5 << 4, flags, 0xff, 0xff, 0, 0, 0, 0]);
    bytes.extend(payload);
    bytes
}

/// A frame as a source hands it out.
pub fn captured(bytes: &[u8], nanos: u64) -> Frame<'_> {
    let time = Timestamp::from_nanos(1_700_000_000_000_000_000 + nanos);
    Frame { time, interface: 0, realm: Realm::OUTSIDE, link: LinkType::Ethernet, bytes, wire_len: bytes.len() as u32 }
}

/// Puts other sequence numbers into a frame.
pub fn change_numbers(frame: &mut [u8], sequence: u32, acknowledgement: u32) {
    frame[38..42].copy_from_slice(&sequence.to_be_bytes());
    frame[42..46].copy_from_slice(&acknowledgement.to_be_bytes());
}
