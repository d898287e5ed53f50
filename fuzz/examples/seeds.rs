//! Writes the seed corpora: small inputs that lead each target past its first checks.
//!
//! `cargo run --example seeds` in this directory. What is in `seeds/tls` beside them was captured from OpenSSL.

use std::fs;
use std::path::Path;

use sidetap::flow::Side::{Client, Server};
use sidetap_fuzz::packets::{ACK, FIN, SYN, Tcp, udp};
use sidetap_fuzz::script::{self, Step};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const PORTS: [u16; 2] = [40_000, 80];

fn write(target: &str, name: &str, bytes: &[u8]) {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    fs::create_dir_all(&directory).expect("the directory of seeds can be made");
    fs::write(directory.join(name), bytes).expect("a seed can be written");
}

fn main() {
    for (name, steps) in http1() {
        write("http1", name, &script::write(1, &steps));
        write("delivery", name, &script::write(1, &steps));
        write("engine", name, &frames(&steps));
        write("capture_file", name, &pcap(&steps));
    }
    let greeting =
        [Step::Data(Server, b"220 x\r\n"), Step::Data(Client, b"EHLO y\r\n"), Step::Data(Server, b"250 x\r\n")];
    write("delivery", "greeting", &script::write(3, &greeting));
    let http2 = http2();
    let steps: Vec<Step<'_>> = http2.iter().map(|(side, bytes)| Step::Data(*side, bytes)).collect();
    write("http2", "exchange", &script::write(1, &steps));
    let mut lossy = steps.clone();
    lossy.insert(3, Step::Gap(Client, 20));
    write("http2", "gap", &script::write(2, &lossy));
    write("engine", "http2", &frames(&steps));
    write("hpack", "blocks", &hpack());
    write("websocket", "session", &script::write(1, &websocket()));
    let message = dns();
    write("dns", "message", &[&[0; 4], &message[..]].concat());
    write("dns", "stream", &[&[0, 0, 0, 1], &(message.len() as u16).to_be_bytes()[..], &message].concat());
    write("engine", "dns", &[&[0, message.len() as u8, 1, 0x80, 0b1_0001], &message[..]].concat());
    for (name, expression) in EXPRESSIONS {
        write("filter", name, &[&[0, expression.len() as u8], expression.as_bytes(), &[0; 60]].concat());
    }
    let mut tcp = Tcp::new(PORTS);
    write("decode", "tcp", &[&[0, 0, 0, 1, 1], &tcp.segment(Client, ACK, b"GET / HTTP/1.1\r\n\r\n")[..]].concat());
    let inside = tcp.segment(Server, ACK, b"inside");
    let vxlan = [&[8, 0, 0, 0, 0, 0, 5, 0], &inside[..]].concat();
    write("decode", "vxlan", &[&[0, 0, 0, 1, 0], &udp(Client, [40_000, 4789], &vxlan)[..]].concat());
    write("segment", "super_frame", &[&segmentation(1, 500)[..], &tcp.segment(Client, ACK, &[b'x'; 1800])].concat());
    write("segment", "datagrams", &[&segmentation(5, 300)[..], &udp(Client, [40_000, 53], &[b'x'; 900])].concat());
    write("collect", "mirrored", &mirrored(&mut Tcp::new(PORTS)));
    write("decode", "ipv6", &[&[0, 0, 0, 1, 6], &ipv6()[..]].concat());
}

/// What the target `segment` takes from the input before the frame: a super-frame whose checksum is not finished.
fn segmentation(gso_type: u8, gso_size: u16) -> [u8; 16] {
    let [high, low] = gso_size.to_be_bytes();
    let csum_offset = if gso_type == 1 { 16 } else { 6 };
    [1, gso_type, high, low, 0, 34, 0, csum_offset, 0b101, 0, 0, 0, 0, 4, 0, 0]
}

/// What the target `collect` takes: two networks and a filter, and datagrams of two sources, some of them unwelcome.
fn mirrored(tcp: &mut Tcp) -> Vec<u8> {
    let mut out = vec![0b110, 0, 0, 5, 1, 2, 3];
    let mut datagram = |who: u8, bytes: &[u8]| {
        out.extend([bytes.len() as u8, who]);
        out.extend_from_slice(bytes);
    };
    for segment in [
        tcp.segment(Client, SYN, b""),
        tcp.segment(Server, SYN | ACK, b""),
        tcp.segment(Client, ACK, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        tcp.segment(Server, ACK, b"HTTP/1.1 204 No Content\r\n\r\n"),
    ] {
        datagram(0x81, &segment);
        datagram(0x92, &segment);
    }
    let nested = [&[8, 0, 0, 0, 0, 0, 7, 0], &tcp.segment(Client, ACK, b"x")[..]].concat();
    datagram(0x81, &udp(Client, [40_000, 4789], &nested));
    datagram(1, &[8, 0, 0, 0, 0, 0, 9, 0]);
    datagram(1, &[8, 0, 0, 0, 0, 0, 5, 1]);
    datagram(1, &[0, 0, 0, 0, 0, 0, 5, 0]);
    datagram(0x83, b"short");
    datagram(1, b"");
    out
}

const EXPRESSIONS: [(&str, &str); 4] = [
    ("ports", "tcp port (80 or 443) and not host 10.0.0.1"),
    ("loads", "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0 and ip[2:2] - ((ip[0]&0xf)<<2) > 40"),
    ("nets", "src net 10.1.0.0/16 or dst net 2001:db8::/33 or ether host 02:00:00:00:00:01"),
    ("tags", "vlan 5 and (udp portrange 50-60 or icmp6 or less 64)"),
];

fn http1() -> Vec<(&'static str, Vec<Step<'static>>)> {
    vec![
        (
            "get",
            vec![
                Step::Data(Client, b"GET /a?b=c HTTP/1.1\r\nHost: x:8080\r\nUser-Agent: y\r\n\r\n"),
                Step::Data(Server, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
                Step::Data(Client, b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n"),
                Step::Data(Server, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 404 No\r\n\r\nuntil the end"),
                Step::End(Server),
                Step::End(Client),
            ],
        ),
        (
            "chunked",
            vec![
                Step::Data(Client, b"POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"),
                Step::Data(Client, b"Expect: 100-continue\r\n\r\n"),
                Step::Data(Server, b"HTTP/1.1 100 Continue\r\n\r\n"),
                Step::Data(Client, b"5;a=b\r\nhello\r\n10\r\n"),
                Step::Gap(Client, 16),
                Step::Data(Client, b"\r\n0\r\nT: v\r\n\r\n"),
                Step::Data(Server, b"HTTP/1.1 204 No Content\r\n\r\n"),
            ],
        ),
        (
            "websocket",
            vec![
                Step::Data(Client, b"GET /w HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"),
                Step::Data(Client, b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"),
                Step::Data(Server, b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"),
                Step::Data(Server, b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x81\x02hi"),
                Step::Data(Client, b"\x81\x82\x01\x02\x03\x04hi"),
            ],
        ),
        (
            "h2c",
            vec![
                Step::Data(Client, b"GET /u HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\n"),
                Step::Data(Client, b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAA\r\n\r\n"),
                Step::Data(
                    Server,
                    b"HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n\0\0\0\x04\0\0\0\0\0",
                ),
                Step::Data(Client, PREFACE),
                Step::Data(Client, b"\0\0\0\x04\0\0\0\0\0"),
                Step::Data(Server, b"\0\0\x01\x01\x04\0\0\0\x01\x88\0\0\x02\0\x01\0\0\0\x01ok"),
            ],
        ),
        (
            "connect",
            vec![
                Step::Data(Client, b"CONNECT y:443 HTTP/1.1\r\nHost: y:443\r\n\r\n"),
                Step::Data(Server, b"HTTP/1.1 200 Established\r\n\r\n"),
                Step::Data(Client, b"GET /in HTTP/1.0\r\n\r\n"),
                Step::Data(Server, b"HTTP/1.0 301 Moved\r\nLocation: /\r\n\r\n"),
            ],
        ),
    ]
}

fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0, (payload.len() >> 8) as u8, payload.len() as u8, kind, flags, 0, 0, 0, stream];
    frame.extend_from_slice(payload);
    frame
}

fn http2() -> Vec<(sidetap::flow::Side, Vec<u8>)> {
    // GET, http, /, and an authority that goes into the table; then the same by index.
    let request = b"\x82\x86\x84\x41\x01x";
    let again = b"\x82\x86\x04\x02/2\xbe";
    vec![
        (Client, [PREFACE, &frame(4, 0, 0, &[0, 1, 0, 0, 0x20, 0]), &frame(1, 5, 1, request)].concat()),
        (Server, [frame(4, 0, 0, b""), frame(4, 1, 0, b"")].concat()),
        (Server, [frame(1, 4, 1, b"\x88\x5f\x0atext/plain"), frame(0, 1, 1, b"hello")].concat()),
        (Client, [frame(4, 1, 0, b""), frame(1, 0, 3, &again[..3]), frame(9, 4, 3, &again[3..])].concat()),
        (Client, [frame(0, 0x8, 3, b"\x02body\0\0"), frame(8, 0, 0, &[0, 0, 0x10, 0]), frame(0, 1, 3, b"x")].concat()),
        (Server, [frame(5, 4, 3, b"\0\0\0\x02\x82\x86\x84\xbe"), frame(1, 5, 3, b"\x8d")].concat()),
        (Server, [frame(6, 0, 0, &[0; 8]), frame(3, 0, 2, &[0, 0, 0, 8]), frame(7, 0, 0, &[0; 8])].concat()),
    ]
}

fn hpack() -> Vec<u8> {
    let blocks: [&[u8]; 4] = [
        b"\x82\x86\x84\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff",
        b"\x82\x86\x84\xbe\x58\x08no-cache",
        b"\x3f\xe1\x1f\x40\x0acustom-key\x0ccustom-value",
        b"\x20\x3f\x81\x04\xbe\x10\x03key\x05value",
    ];
    blocks.iter().flat_map(|block| [&[1, 0, block.len() as u8], *block].concat()).collect()
}

fn websocket() -> Vec<Step<'static>> {
    vec![
        Step::Data(Client, b"\x01\x83\x01\x02\x03\x04abc\x89\x80\x00\x00\x00\x00\x80\x82\x00\x00\x00\x00de"),
        Step::Data(Server, b"\x8a\x00\x82\x7e\x00\x80"),
        Step::Gap(Server, 0x80),
        Step::Data(Server, b"\xc1\x03zip\x88\x05\x03\xe8bye"),
        Step::Data(Client, b"\x88\x82\x00\x00\x00\x00\x03\xe8"),
    ]
}

fn dns() -> Vec<u8> {
    let mut message = b"\x12\x34\x81\x80\0\x01\0\x03\0\0\0\x01\x01x\x07Example\0\0\x01\0\x01".to_vec();
    message.extend(b"\xc0\x0c\0\x05\0\x01\0\0\0\x10\0\x04\x01y\xc0\x0e");
    message.extend(b"\xc0\x0c\0\x01\0\x01\0\0\0\x10\0\x04\x0a\0\0\x01");
    message.extend(b"\xc0\x0c\0\x0f\0\x01\0\0\0\x10\0\x04\0\x05\xc0\x0e");
    message.extend(b"\0\0\x29\x10\0\0\0\x80\0\0\0");
    message
}

/// Steps as the segments that the target `engine` builds frames from.
fn frames(steps: &[Step<'_>]) -> Vec<u8> {
    let mut out = vec![0, 0, 1, 0x52, 0, 0, 0, 1, 0x42, 1];
    for step in steps {
        match step {
            Step::Data(side, bytes) => {
                out.extend([(bytes.len() >> 8) as u8, bytes.len() as u8, 9, 0x40, side.index() as u8]);
                out.extend_from_slice(bytes);
            }
            Step::Gap(side, _) => out.extend([0, 0, 9, 0x60, 0x80 | side.index() as u8]),
            Step::End(side) => out.extend([0, 0, 9, 0x41, side.index() as u8]),
        }
    }
    out
}

/// Steps as a capture file.
fn pcap(steps: &[Step<'_>]) -> Vec<u8> {
    let mut out = vec![0, 0, 0, 7];
    out.extend([0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0]);
    let mut tcp = Tcp::new(PORTS);
    for (at, step) in steps.iter().enumerate() {
        let frame = match step {
            Step::Data(side, bytes) => tcp.segment(*side, ACK, bytes),
            Step::Gap(side, length) => {
                tcp.skip(*side, *length);
                continue;
            }
            Step::End(side) => tcp.segment(*side, FIN | SYN, b""),
        };
        let len = frame.len() as u32;
        [at as u32, 0, len, len].iter().for_each(|word| out.extend(word.to_le_bytes()));
        out.extend(frame);
    }
    out
}

fn ipv6() -> Vec<u8> {
    let mut frame = vec![0; 12];
    frame.extend([0x81, 0, 0, 5, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 16, 44, 64]);
    frame.extend([0xfd; 32]);
    frame.extend([17, 0, 0, 0, 0, 0, 0, 7, 0, 53, 0, 54, 0, 8, 0, 0]);
    frame
}
