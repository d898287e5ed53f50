//! Somebody who mirrors frames over VXLAN, from the client's namespace to the server's.

use std::net::{Ipv4Addr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sidetap::packet::LinkType;
use sidetap::packet::file::CaptureFile;

use super::lab::{CABLE, Lab, SERVER, skip};

/// Where the captures of other projects are, beside the checkout.
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus/pcap");
/// The port of VXLAN.
const PORT: u16 = 4789;
/// Datagrams that are sent without a pause.
const BURST: u32 = 32;

/// Sends from one address.
pub struct Mirror {
    socket: UdpSocket,
    sent: AtomicU32,
}

impl Mirror {
    /// From the address 10.77.0.`last`, which is added to the client's end of the cable.
    pub fn new(lab: &Lab, last: u8) -> Mirror {
        if last != 1 {
            lab.client.ip(&format!("addr add 10.77.0.{last}/24 dev {CABLE}"));
        }
        // Nobody sends again what is lost.
        lab.client.wait_for_link(CABLE);
        lab.server.wait_for_link(CABLE);
        let socket = lab.client.enter(|| {
            let socket = UdpSocket::bind((Ipv4Addr::new(10, 77, 0, last), 0)).expect("the address is there");
            socket.connect((SERVER, PORT)).expect("the cable is there");
            socket
        });
        Mirror { socket, sent: AtomicU32::new(0) }
    }

    /// Mirrors a frame.
    pub fn frame(&self, vni: u32, frame: &[u8]) {
        self.datagram(&[&[8, 0, 0, 0][..], &(vni << 8).to_be_bytes(), frame].concat());
    }

    /// Sends any datagram.
    pub fn datagram(&self, bytes: &[u8]) {
        // Nobody may be there yet, or any longer.
        let _ = self.socket.send(bytes);
        if self.sent.fetch_add(1, Ordering::Relaxed).is_multiple_of(BURST) {
            // A debug build beside other tests is slow.
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// A capture of another project; without it, says so.
pub fn corpus(name: &str) -> Option<PathBuf> {
    let path = Path::new(CORPUS).join(name);
    if path.exists() { Some(path) } else { skip(&format!("the corpus is not beside the checkout: {}", path.display())) }
}

/// All of them.
pub fn whole_corpus() -> Option<Vec<PathBuf>> {
    let Ok(entries) = std::fs::read_dir(CORPUS) else {
        return skip(&format!("the corpus is not beside the checkout: {CORPUS}"));
    };
    let mut captures: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    captures.sort();
    Some(captures)
}

/// The frames of a capture, if they are Ethernet's.
pub fn frames(capture: &Path) -> Vec<Vec<u8>> {
    let mut file = CaptureFile::open(capture).expect("a capture");
    let mut frames = Vec::new();
    while let Ok(Some(frame)) = file.next() {
        if frame.link == LinkType::Ethernet {
            frames.push(frame.bytes.to_vec());
        }
    }
    frames
}

/// What the UDP datagrams to VXLAN's port in a capture carry.
pub fn payloads(capture: &Path) -> Vec<Vec<u8>> {
    let payload = |frame: Vec<u8>| {
        let header = usize::from(frame[14] & 15) * 4;
        let datagram = &frame[14 + header..];
        let length = usize::from(u16::from_be_bytes([datagram[4], datagram[5]]));
        (frame[23] == 17 && datagram[2..4] == PORT.to_be_bytes()).then(|| datagram[8..length].to_vec())
    };
    frames(capture).into_iter().filter_map(payload).collect()
}

/// A connection with requests for `/PREFIX/0` and so on, as frames. Each answer has so many bytes.
pub fn exchanges(port: u16, prefix: &str, count: u32, body: usize) -> Vec<Vec<u8>> {
    let (client, server) = (([10, 0, 0, 1], port), ([10, 0, 0, 2], 80));
    let (mut sent, mut received) = (1000, 5000);
    let mut frames =
        vec![segment(client, server, (sent, 0), 0x02, b""), segment(server, client, (received, sent + 1), 0x12, b"")];
    (sent, received) = (sent + 1, received + 1);
    for number in 0..count {
        let request = format!("GET /{prefix}/{number} HTTP/1.1\r\nHost: mirrored\r\n\r\n");
        frames.push(segment(client, server, (sent, received), 0x18, request.as_bytes()));
        sent += request.len() as u32;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {body}\r\n\r\n");
        let response = [head.as_bytes(), &vec![b'x'; body]].concat();
        for part in response.chunks(1448) {
            frames.push(segment(server, client, (received, sent), 0x18, part));
            received += part.len() as u32;
        }
    }
    frames.push(segment(client, server, (sent, received), 0x10, b""));
    frames
}

type End = ([u8; 4], u16);

/// A frame whose checksums nobody has filled in.
fn segment(from: End, to: End, (sequence, acknowledgement): (u32, u32), flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![2; 12];
    frame.extend([8, 0, 0x45, 0]);
    frame.extend((40 + payload.len() as u16).to_be_bytes());
    frame.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    frame.extend([from.0, to.0].concat());
    frame.extend([from.1.to_be_bytes(), to.1.to_be_bytes()].concat());
    frame.extend(sequence.to_be_bytes());
    frame.extend(acknowledgement.to_be_bytes());
    frame.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    frame.extend(payload);
    frame
}
