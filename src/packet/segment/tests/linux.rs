//! What Linux captured on a real interface, cut, and what tshark says of it.

use std::fs::File;
use std::io::Write;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt::UdpGsoSegment};

use super::super::super::file::{Interface, PcapngWriter, Section};
use super::super::super::interfaces;
use super::super::super::namespace::{Cable, in_namespace, ip, skip, try_ip};
use super::super::super::ring::{Ring, RingEvent, RingOptions};
use super::super::super::{Frame, LinkType};
use super::super::*;
use super::frames::assert_adds_up;

const BYTES: usize = 3 << 20;
/// A port of which tshark expects nothing (RFC 863).
const DISCARD: u16 = 9;

fn text() -> Vec<u8> {
    (0..BYTES).map(|at| (at ^ at >> 8 ^ at >> 16) as u8).collect()
}

fn ring() -> Ring {
    let index = interfaces::by_name("left").unwrap().index;
    let retire = Duration::from_millis(5);
    Ring::open(&RingOptions { retire, block_size: 1 << 20, block_count: 24, ..RingOptions::new(index, "left") }, &[])
        .unwrap()
}

/// A file of this test; it goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        Scratch(std::env::temp_dir().join(format!("sidetap-{}-segment-{name}.pcapng", std::process::id())))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn writer(path: &Path) -> PcapngWriter<File> {
    let mut writer = PcapngWriter::new(File::create(path).unwrap(), &Section::default()).unwrap();
    writer.interface(&Interface::new(Some("left"), LinkType::Ethernet, 1 << 18)).unwrap();
    writer
}

/// Cuts what was captured until `done` says so and nothing more comes. Both files have the same packets: as they were
/// captured, and as they were cut.
fn record(ring: &mut Ring, budget: usize, files: [&Scratch; 2], done: impl Fn() -> bool) -> SegmentCounts {
    let mut segmenter = Segmenter::new(budget, Oversize::Split);
    let mut writers = files.map(|file| writer(&file.0));
    let [before, after] = &mut writers;
    loop {
        let finished = done();
        while let Some(block) = ring.next_block() {
            for packet in block.packets() {
                before.packet(&packet.frame(0, LinkType::Ethernet), None).unwrap();
                segmenter.cut(&packet, LinkType::Ethernet, &mut |head, rest| {
                    assert!(head.len() + rest.len() <= budget);
                    let bytes = [head, rest].concat();
                    let frame =
                        Frame { wire_len: bytes.len() as u32, bytes: &bytes, ..packet.frame(0, LinkType::Ethernet) };
                    after.packet(&frame, None).unwrap();
                });
            }
        }
        if ring.wait(Duration::from_millis(200)).unwrap() == RingEvent::Idle && finished {
            break;
        }
    }
    writers.iter_mut().for_each(|writer| writer.flush().unwrap());
    assert_eq!(ring.statistics().unwrap().drops, 0);
    assert_adds_up(&segmenter.counts());
    segmenter.counts()
}

/// What tshark prints about a file, with every checksum checked. `None` if there is no tshark.
fn tshark(file: &Scratch, arguments: &[&str]) -> Option<String> {
    let checks = ["tcp", "ip", "udp"].map(|protocol| format!("{protocol}.check_checksum:TRUE"));
    let mut command = Command::new("tshark");
    command.arg("-r").arg(&file.0);
    match command.args(checks.iter().flat_map(|check| ["-o", check])).args(arguments).output() {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some(String::from_utf8(output.stdout).unwrap())
        }
        Err(error) => {
            skip(&format!("tshark: {error}"));
            None
        }
    }
}

fn matching(file: &Scratch, filter: &str) -> Option<usize> {
    Some(tshark(file, &["-Y", filter, "-T", "fields", "-e", "frame.number"])?.lines().count())
}

const BAD: &str = "ip.checksum.status==0 || tcp.checksum.status==0 || udp.checksum.status==0";
/// A part of a stream that is not there. TCP itself may well send one twice.
const MISSING: &str = "tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment";

/// The bytes of the only stream, as tshark joins them.
fn followed(file: &Scratch) -> Option<Vec<u8>> {
    let output = tshark(file, &["-q", "-z", "follow,tcp,raw,0"])?;
    let digits: String = output.lines().filter(|line| line.bytes().all(|byte| byte.is_ascii_hexdigit())).collect();
    Some(
        digits
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect(),
    )
}

/// Sends bytes from here to there, and cuts what the interface here saw of it.
fn bulk(addresses: [&'static str; 2], mtu: u16, budget: usize, cable: &Cable) {
    let [here, there] = addresses.map(|address| address.parse::<IpAddr>().unwrap());
    let mut ring = ring();
    let (tell, told) = std::sync::mpsc::channel();
    cable.start(move || {
        let listener = TcpListener::bind(SocketAddr::new(there, DISCARD)).unwrap();
        tell.send(0).unwrap();
        let received = std::io::copy(&mut listener.accept().unwrap().0, &mut std::io::sink());
        tell.send(received.unwrap()).unwrap();
    });
    told.recv().unwrap();
    let mut stream = TcpStream::connect((there, DISCARD)).unwrap();
    assert_eq!(stream.local_addr().unwrap().ip(), here);
    let sender = thread::spawn(move || stream.write_all(&text()));
    let name = format!("{mtu}-{budget}-{}", here.is_ipv6());
    let files = [Scratch::new(&format!("{name}-before")), Scratch::new(&name)];
    let counts = record(&mut ring, budget, [&files[0], &files[1]], || sender.is_finished());
    sender.join().unwrap().unwrap();
    assert_eq!(told.recv().unwrap(), BYTES as u64);

    assert!(counts.super_frames > 0 && counts.segments > counts.super_frames, "{counts:?}");
    assert_eq!((counts.truncated, counts.dropped_oversize, counts.checksums_unfinished), (0, 0, 0), "{counts:?}");
    let Some(bad_before) = matching(&files[0], BAD) else { return };
    assert!(bad_before > 0, "the check checks");
    assert_eq!(matching(&files[1], BAD), Some(0));
    assert_eq!(matching(&files[1], "tcp.checksum.status==1"), matching(&files[1], "tcp"));
    assert_eq!(matching(&files[1], MISSING), Some(0));
    assert_eq!(matching(&files[1], &format!("frame.len > {budget}")), Some(0));
    assert!(followed(&files[1]).unwrap() == text(), "the stream is another");
}

#[test]
fn bulk_tcp_is_a_sound_capture_at_any_mtu() {
    in_namespace(|| {
        let cable = Cable::new();
        for (mtu, budget) in [(1500, 1514), (9001, 8965), (9001, 1450)] {
            ip(&format!("link set left mtu {mtu}"));
            cable.there(move || ip(&format!("link set right mtu {mtu}")));
            bulk(["10.9.0.1", "10.9.0.2"], mtu, budget, &cable);
        }
    });
}

#[test]
fn bulk_tcp_over_ipv6_is_a_sound_capture() {
    in_namespace(|| {
        let cable = Cable::new();
        let enable = |interface: &str, address: &str| {
            std::fs::write(format!("/proc/sys/net/ipv6/conf/{interface}/disable_ipv6"), "0")
                .map_err(|error| error.to_string())?;
            try_ip(&format!("-6 addr add {address}/64 dev {interface} nodad"))
        };
        let there = cable.there(move || enable("right", "fd00::2"));
        if let Err(reason) = enable("left", "fd00::1").and(there) {
            return skip(&format!("no IPv6: {reason}"));
        }
        bulk(["fd00::1", "fd00::2"], 1500, 1514, &cable);
    });
}

#[test]
fn datagrams_sent_as_one_are_a_sound_capture() {
    in_namespace(|| {
        let _cable = Cable::new();
        let mut ring = ring();
        let socket = UdpSocket::bind("10.9.0.1:0").unwrap();
        setsockopt(&socket, UdpGsoSegment, &1200).unwrap();
        let payload: Vec<u8> = text()[..30_000].to_vec();
        for _ in 0..20 {
            socket.send_to(&payload, "10.9.0.2:9000").unwrap();
        }
        let files = [Scratch::new("udp-before"), Scratch::new("udp")];
        let counts = record(&mut ring, 1514, [&files[0], &files[1]], || true);
        assert_eq!((counts.super_frames, counts.segments), (20, 500), "{counts:?}");
        let Some(bad) = matching(&files[1], BAD) else { return };
        assert_eq!((bad, matching(&files[1], "udp.dstport==9000 && udp.checksum.status==1 && !icmp")), (0, Some(500)));
    });
}
