//! What is in the file: read back by this crate and by tshark.

mod sections;

use std::net::IpAddr;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};

use proptest::prelude::*;

use super::comment::{MAX_COMMENT, MAX_LINE};
use super::*;
use crate::export::Framing;
use crate::export::sample::{self, START};
use crate::packet::file::CaptureFile;
use crate::packet::{Realm, Timestamp};
use crate::record::{
    Annotations, Connection, Content, DnsAnswer, Endpoint, Exchange, TlsHandshake, WebSocketSession, WebSocketTotals,
};

/// An output that can be read while it is written.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&self.0).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn pcapng() -> (Pcapng, Shared) {
    let output = Shared::default();
    let writer = Output::stream(Box::new(output.clone()), Framing::Blocks);
    (Pcapng::new("pcapng:-".to_owned(), writer, 1 << 20, Overflow::Wait).unwrap(), output)
}

/// A frame, and where it came from.
type Read = (u32, LinkType, u64, Vec<u8>, u32);

/// The frames of a file, and the names of its interfaces.
fn read(file: &[u8]) -> (Vec<Read>, Vec<Option<Box<str>>>) {
    let mut file = CaptureFile::from_reader(Box::new(io::Cursor::new(file.to_vec()))).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = file.next().unwrap() {
        frames.push((frame.interface, frame.link, frame.time.nanos(), frame.bytes.to_vec(), frame.wire_len));
    }
    (frames, file.interfaces().iter().map(|interface| interface.name.clone()).collect())
}

/// The comment of each frame of a file.
fn comments(mut file: &[u8]) -> Vec<Option<String>> {
    let number = |bytes: &[u8], place: usize| u32::from_le_bytes(bytes[place..place + 4].try_into().unwrap()) as usize;
    let mut comments = Vec::new();
    while !file.is_empty() {
        let (block, rest) = file.split_at(number(file, 4));
        if block.starts_with(&ENHANCED_PACKET) {
            let options = &block[28 + number(block, 20).next_multiple_of(4)..block.len() - 4];
            comments.push((!options.is_empty()).then(|| {
                let len = usize::from(u16::from_le_bytes([options[2], options[3]]));
                assert_eq!(options[..2], [1, 0]);
                String::from_utf8(options[4..4 + len].to_vec()).unwrap()
            }));
        }
        file = rest;
    }
    comments
}

/// A segment without content, from one end to the other.
fn segment(from: Endpoint, to: Endpoint) -> Vec<u8> {
    let (IpAddr::V4(source), IpAddr::V4(destination)) = (from.address, to.address) else { panic!("not IPv4") };
    let mut bytes = vec![0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0];
    bytes.extend(source.octets());
    bytes.extend(destination.octets());
    bytes.extend(from.port.to_be_bytes());
    bytes.extend(to.port.to_be_bytes());
    bytes.extend([0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 0xff, 0xff, 0, 0, 0, 0]);
    bytes
}

/// A segment of the sample's connection, from its server.
fn answer() -> Vec<u8> {
    segment(sample::connection().server, sample::connection().client)
}

fn frame(bytes: &[u8]) -> Frame<'_> {
    Frame {
        time: Timestamp::from_nanos(START + 123_456_789),
        interface: 0,
        realm: Realm::OUTSIDE,
        link: LinkType::Raw,
        bytes,
        wire_len: bytes.len() as u32,
    }
}

/// The comment that a frame of the sample's connection gets with these records.
fn comment_of(contents: &[Content<'_>]) -> Option<String> {
    let mut comment = Comment::default();
    for &content in contents {
        comment.add(&Record { content, ..sample::record(&sample::exchange()) });
    }
    comment.of(&frame(&answer())).map(str::to_owned)
}

#[test]
fn a_frame_is_commented_with_what_it_completed() {
    let (mut pcapng, output) = pcapng();
    let answer = answer();
    let (first, second) = (sample::exchange(), sample::unanswered());
    pcapng.frame(&frame(&answer));
    pcapng.record(&sample::record(&first));
    pcapng.record(&sample::record(&second));
    pcapng.frame(&frame(&answer));
    pcapng.frame(&frame(&answer));
    pcapng.record(&sample::record(&first));
    pcapng.finish().unwrap();
    let expected = "GET http://shop.example.com/api/v1/items/0 -> 200 (complete, 10.1.0.0:20000 #0)\n\
        GET http://shop.example.com/api/v1/items/0 -> no response (request_only, 10.1.0.0:20000 #0)";
    assert_eq!(comments(&lock(&output.0)), [None, Some(expected.to_owned()), None]);
    assert_eq!(pcapng.counts(), QueueCounts { written: 3, dropped: 0, failed: 0 });
}

#[test]
fn a_frame_is_not_blamed_for_what_time_completed() {
    let (mut pcapng, output) = pcapng();
    let exchange = sample::exchange();
    let other = Connection { client: sample::endpoint("10.1.0.9", 20000), ..sample::connection() };
    let tunnelled = Connection { realm: Realm::of_source(1), ..sample::connection() };
    let of_other = Record { connection: other, ..sample::record(&exchange) };
    let of_tunnelled = Record { connection: tunnelled, ..sample::record(&exchange) };
    // A frame of another connection; of one with the same addresses elsewhere; after some time; one that is no packet.
    for record in [&of_other, &of_tunnelled] {
        pcapng.record(record);
        pcapng.frame(&frame(&answer()));
    }
    pcapng.record(&sample::record(&exchange));
    pcapng.flush();
    pcapng.frame(&frame(&answer()));
    pcapng.record(&sample::record(&exchange));
    pcapng.frame(&frame(b"?"));
    // What others lost before does not hide what the frame completed.
    pcapng.record(&of_other);
    pcapng.record(&sample::record(&exchange));
    pcapng.frame(&frame(&segment(sample::connection().client, sample::connection().server)));
    pcapng.finish().unwrap();
    let comments = comments(&lock(&output.0));
    assert_eq!(comments[..4], [None, None, None, None]);
    assert_eq!(comments[4].as_ref().unwrap().lines().count(), 1);
}

#[test]
fn the_last_fragment_of_a_packet_is_commented() {
    let mut fragment = answer();
    fragment[6..8].copy_from_slice(&[0, 10]);
    let exchange = sample::exchange();
    let mut comment = Comment::default();
    comment.add(&sample::record(&exchange));
    assert!(comment.of(&frame(&fragment)).is_some());
}

#[test]
fn every_kind_of_record_has_its_words() {
    let response = sample::response_only();
    let tls = TlsHandshake {
        time_unix_nanos: START,
        server_name: Some("shop.example.com".to_owned()),
        offered_protocols: Vec::new(),
        version: Some("1.3"),
        cipher: None,
        next_protocol: None,
        resumed: false,
        established: true,
        alert: None,
    };
    let refused = TlsHandshake {
        server_name: None,
        version: None,
        established: false,
        alert: Some("handshake_failure"),
        ..tls.clone()
    };
    let dns = DnsAnswer {
        time_unix_nanos: START,
        id: 1,
        question: "shop.example\n.com".to_owned(),
        question_type: "AAAA".to_owned(),
        response_code: "NOERROR".to_owned(),
        answers: vec!["::1".to_owned()],
        ttl_min: None,
        rtt_nanos: None,
    };
    let totals = WebSocketTotals { text_messages: 2, binary_messages: u64::MAX, frames: 9, bytes: 9 };
    let session = WebSocketSession {
        host: "shop.example.com".to_owned(),
        host_port: None,
        start_unix_nanos: START,
        end_unix_nanos: START,
        sent: WebSocketTotals { text_messages: 3, ..WebSocketTotals::default() },
        received: totals,
        close_code: Some(1001),
        gap: false,
        anomalies: Vec::new(),
    };
    let contents = [
        Content::Exchange(&response, &Annotations::default()),
        Content::Tls(&tls),
        Content::Tls(&refused),
        Content::Dns(&dns),
        Content::WebSocket(&session),
    ];
    let comment = comment_of(&contents).unwrap();
    let lines: Vec<&str> = comment.lines().collect();
    assert_eq!(
        lines,
        [
            "unknown request -> 200 (response_only, 10.1.0.0:20000 #0)",
            "TLS shop.example.com -> 1.3 (established, 10.1.0.0:20000)",
            "TLS 10.2.0.0:8080 -> version unknown (handshake_failure, 10.1.0.0:20000)",
            "DNS AAAA shop.example?.com -> NOERROR (answers: 1, 10.1.0.0:20000)",
            "WebSocket -> closed 1001 (messages: 3 sent, 18446744073709551615 received, 10.1.0.0:20000)",
        ]
    );
}

#[test]
fn a_comment_has_an_end() {
    let mut long = sample::exchange();
    long.path = long.text.add(&[b'/'; 8 << 10]);
    let annotations = Annotations::default();
    let comment = comment_of(&[Content::Exchange(&long, &annotations); 1000]).unwrap();
    let lines: Vec<&str> = comment.lines().collect();
    let (last, named) = lines.split_last().unwrap();
    assert!(named.iter().all(|line| line.contains("//... -> 200")));
    assert_eq!(*last, format!("... and {} more", 1000 - named.len()));
    assert!(named.len() >= 8 && comment.len() < MAX_COMMENT + 32);
}

#[test]
fn interfaces_are_described_once_for_each_link_type() {
    let (mut pcapng, output) = pcapng();
    pcapng.interface(7, "eth0", 65_535);
    let bytes = answer();
    for (interface, link) in [(7, LinkType::Raw), (3, LinkType::Raw), (7, LinkType::Ethernet), (7, LinkType::Raw)] {
        pcapng.frame(&Frame { interface, link, ..frame(&bytes) });
    }
    pcapng.finish().unwrap();
    let (frames, names) = read(&lock(&output.0));
    let of: Vec<(u32, LinkType)> = frames.iter().map(|&(interface, link, ..)| (interface, link)).collect();
    assert_eq!(of, [(0, LinkType::Raw), (1, LinkType::Raw), (2, LinkType::Ethernet), (0, LinkType::Raw)]);
    assert_eq!(names, [Some(Box::from("eth0")), None, Some(Box::from("eth0"))]);
}

#[test]
fn a_number_that_another_source_has_now_is_another_interface() {
    let (mut pcapng, output) = pcapng();
    let source = |last| Source { address: [10, 0, 3, last].into(), vni: 42 };
    for last in [1, 1, 2] {
        pcapng.source(0, &source(last));
        pcapng.frame(&frame(b"x"));
    }
    pcapng.finish().unwrap();
    let (frames, names) = read(&lock(&output.0));
    assert_eq!(frames.iter().map(|&(interface, ..)| interface).collect::<Vec<_>>(), [0, 0, 1]);
    assert_eq!(names, ["10.0.3.1 vni 42", "10.0.3.2 vni 42"].map(|name| Some(Box::from(name))));
}

#[test]
fn a_file_without_frames_is_one() {
    let (mut pcapng, output) = pcapng();
    pcapng.finish().unwrap();
    assert_eq!(read(&lock(&output.0)), (Vec::new(), Vec::new()));
    assert!(!lock(&output.0).is_empty());
}

#[test]
fn a_frame_that_is_too_long_is_cut() {
    let (mut pcapng, output) = pcapng();
    let bytes = vec![1; MAX_CAPTURED as usize + 1];
    pcapng.frame(&frame(&bytes));
    pcapng.finish().unwrap();
    let (frames, _) = read(&lock(&output.0));
    assert_eq!((frames[0].3.len(), frames[0].4), (MAX_CAPTURED as usize, MAX_CAPTURED + 1));
}

/// Waits before its first chunk until it is told to go on.
struct Slow {
    go: Receiver<()>,
    output: Shared,
}

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // After the sender is gone, there is nothing to wait for.
        let _ = self.go.recv();
        self.output.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn dropped_chunks_leave_a_whole_file() {
    let (go, waiting) = channel();
    let output = Shared::default();
    let slow = Box::new(Slow { go: waiting, output: output.clone() });
    let slow = Output::stream(slow, Framing::Blocks);
    let mut pcapng = Pcapng::new("pcapng:x".to_owned(), slow, 256 << 10, Overflow::Drop).unwrap();
    let bytes = [7; 1000];
    // Every interface first appears while chunks are dropped.
    for interface in 0..20 {
        for _ in 0..200 {
            pcapng.frame(&Frame { interface, ..frame(&bytes) });
        }
    }
    let dropped = pcapng.counts().dropped;
    assert!(dropped > 2000, "{dropped}");
    drop(go);
    while pcapng.counts().written + pcapng.counts().dropped < 20 * 200 {
        pcapng.flush();
        std::thread::yield_now();
    }
    for interface in (0..20).rev() {
        pcapng.interface(interface, "too late", 0);
        pcapng.frame(&Frame { interface, ..frame(&bytes) });
    }
    pcapng.finish().unwrap();
    let counts = pcapng.counts();
    assert_eq!(counts.written + counts.dropped, 20 * 200 + 20);
    let (frames, names) = read(&lock(&output.0));
    assert_eq!((frames.len() as u64, names.len()), (counts.written, 20));
    let last: Vec<u32> = frames.iter().rev().take(20).map(|frame| frame.0).collect();
    assert_eq!(last, Vec::from_iter(0..20));
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_reported() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut pcapng =
        Pcapng::new("pcapng:/dev/full".to_owned(), Output::file(full, Framing::Blocks, false), 0, Overflow::Wait)
            .unwrap();
    for _ in 0..5000 {
        pcapng.frame(&frame(&[0; 100]));
    }
    let error = pcapng.finish().unwrap_err();
    assert_eq!(error.to_string(), "cannot write to `pcapng:/dev/full`");
    assert_eq!(error.source.kind(), io::ErrorKind::StorageFull);
    assert_eq!(pcapng.counts(), QueueCounts { written: 0, dropped: 0, failed: 5000 });
}

/// What tshark shows of a file that is written so, a line for each frame; nothing without tshark.
fn shown_by_tshark(name: &str, fields: &[&str], write: impl FnOnce(&mut Pcapng)) -> Option<Vec<String>> {
    let path = std::env::temp_dir().join(format!("sidetap-{}-{name}.pcapng", std::process::id()));
    let file = Output::file(std::fs::File::create(&path).unwrap(), Framing::Blocks, false);
    let mut pcapng = Pcapng::new("pcapng:PATH".to_owned(), file, 1 << 20, Overflow::Wait).unwrap();
    write(&mut pcapng);
    pcapng.finish().unwrap();
    let output = Command::new("tshark")
        .args(["-r", path.to_str().unwrap(), "-Tfields", "-Eseparator=|"])
        .args(fields.iter().map(|field| format!("-eframe.{field}")))
        .output();
    std::fs::remove_file(&path).unwrap();
    let output = match output {
        Ok(output) => output,
        Err(error) => {
            crate::not_run::not_run(&format!("tshark: {error}"));
            return None;
        }
    };
    assert!(output.status.success(), "{output:?}");
    Some(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

#[test]
fn tshark_reads_it() {
    let fields = ["time_epoch", "cap_len", "len", "interface_id", "interface_name", "comment"];
    let shown = shown_by_tshark("commented", &fields, |pcapng| {
        pcapng.interface(1, "eth0", 262_144);
        let exchange = sample::exchange();
        let answer = answer();
        pcapng.frame(&frame(&answer));
        pcapng.record(&sample::record(&exchange));
        pcapng.frame(&Frame { interface: 1, wire_len: 1500, ..frame(&answer) });
    });
    let Some(lines) = shown else { return };
    let comment = "GET http://shop.example.com/api/v1/items/0 -> 200 (complete, 10.1.0.0:20000 #0)";
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("1700000000.123456789|40|40|0|") && lines[0].ends_with('|'), "{}", lines[0]);
    assert_eq!(lines[1], format!("1700000000.123456789|40|1500|1|eth0|{comment}"));
}

fn any_link() -> impl Strategy<Value = LinkType> {
    any::<u16>().prop_map(LinkType::from_number)
}

proptest! {
    #[test]
    fn frames_are_read_as_they_were_written(
        frames in prop::collection::vec(
            (0_u32..5, any_link(), any::<u64>(), prop::collection::vec(any::<u8>(), 0..100), 0_u32..100), 0..40),
        flushes in prop::collection::vec(any::<bool>(), 40),
    ) {
        let (mut pcapng, output) = pcapng();
        for ((interface, link, nanos, bytes, cut), flush) in frames.iter().zip(flushes) {
            let wire_len = bytes.len() as u32 + cut;
            let time = Timestamp::from_nanos(*nanos);
            pcapng.frame(&Frame { time, interface: *interface, link: *link, bytes, wire_len, ..frame(b"") });
            if flush {
                pcapng.flush();
            }
        }
        pcapng.finish().unwrap();
        let (read, _) = read(&lock(&output.0));
        prop_assert_eq!(read.len(), frames.len());
        for (read, (_, link, nanos, bytes, cut)) in read.iter().zip(&frames) {
            prop_assert_eq!((&read.1, &read.2, &read.3, read.4), (link, nanos, bytes, bytes.len() as u32 + cut));
        }
    }

    #[test]
    fn any_bytes_make_a_line_of_text(
        texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 3),
        (status, index) in (any::<Option<u16>>(), any::<u32>()),
    ) {
        let mut exchange = Exchange { status, index, ..Exchange::default() };
        exchange.request.start_unix_nanos = 1;
        exchange.method = exchange.text.add(&texts[0]);
        exchange.host = exchange.text.add(&texts[1]);
        exchange.path = exchange.text.add(&texts[2]);
        let question = String::from_utf8_lossy(&texts[0]).into_owned();
        let code = String::from_utf8_lossy(&texts[1]).into_owned();
        let answer = DnsAnswer {
            time_unix_nanos: 0, id: 0, question_type: code.clone(), question, response_code: code, answers: Vec::new(),
            ttl_min: None, rtt_nanos: None,
        };
        let annotations = Annotations::default();
        for content in [Content::Exchange(&exchange, &annotations), Content::Dns(&answer)] {
            let comment = comment_of(&[content]).unwrap();
            prop_assert!(comment.len() <= MAX_LINE && !comment.contains(char::is_control));
        }
    }
}
