//! What tcpdump saw: its files, read by a few lines that know nothing of sidetap's.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use super::child::Child;
use super::lab::Namespace;
use super::wait_for;

/// A tcpdump that writes a file.
pub struct Dump {
    child: Child,
    file: PathBuf,
}

impl Dump {
    /// Starts it, and waits until it listens.
    pub fn start(namespace: &Namespace, interface: &str, file: PathBuf, filter: &str) -> Dump {
        let messages = file.with_extension("messages");
        let mut command = namespace.command("tcpdump");
        // A large buffer, and what comes written at once; but it comes a second late.
        command.args(["-i", interface, "-n", "-U", "-s", "0", "-B", "65536", "-Z", "root", "-w"]).arg(&file);
        command.args(filter.split_whitespace());
        let written = std::fs::File::create(&messages).expect("a file in the test's directory");
        let child = Child::start(command.stdout(Stdio::null()).stderr(written));
        wait_for("tcpdump to listen", || {
            std::fs::read_to_string(&messages).is_ok_and(|said| said.contains("listening on")).then_some(())
        });
        Dump { child, file }
    }

    /// Ends it, once nothing new has come for a while.
    pub fn finish(mut self) -> Vec<Vec<u8>> {
        let size = || std::fs::metadata(&self.file).map_or(0, |metadata| metadata.len());
        wait_for("tcpdump to have written everything", || {
            let before = size();
            std::thread::sleep(Duration::from_millis(1500));
            (size() == before).then_some(())
        });
        self.child.signal(Signal::INT);
        self.child.ends_within(Duration::from_secs(5)).expect("tcpdump ends when asked to");
        let said = std::fs::read_to_string(self.file.with_extension("messages")).unwrap_or_default();
        assert!(said.contains("\n0 packets dropped by kernel"), "{said}");
        read(&self.file)
    }
}

/// The frames of a pcap file that this machine wrote.
fn read(file: &Path) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(file).expect("tcpdump's file");
    let word = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    assert_eq!((word(0), word(20)), (0xa1b2_c3d4, 1), "a pcap file of Ethernet");
    let (mut frames, mut at) = (Vec::new(), 24);
    while at + 16 <= bytes.len() {
        let (captured, whole) = (word(at + 8) as usize, word(at + 12) as usize);
        assert_eq!(captured, whole, "no snap length");
        frames.push(bytes[at + 16..at + 16 + captured].to_vec());
        at += 16 + captured;
    }
    frames
}

/// Writes frames as a pcap file.
pub fn write(file: &Path, frames: &[Vec<u8>]) {
    let mut bytes = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 0x0004_0000, 1] {
        bytes.extend(word.to_ne_bytes());
    }
    for (second, frame) in (1_u32..).zip(frames) {
        for word in [second, 0, frame.len() as u32, frame.len() as u32] {
            bytes.extend(word.to_ne_bytes());
        }
        bytes.extend(frame);
    }
    std::fs::write(file, bytes).expect("a file");
}

/// A VXLAN packet: from where, and what is inside.
#[derive(Debug, Clone)]
pub struct Outer {
    pub source_port: u16,
    /// The length of the IP packet.
    pub length: usize,
    pub inner: Vec<u8>,
}

impl Outer {
    /// Reads a frame that has to be a VXLAN packet as it should be: IPv4 without options, no fragment, not to be
    /// fragmented, with nothing but the identifier in its VXLAN header.
    #[track_caller]
    pub fn parse(frame: &[u8], vni: u32) -> Outer {
        assert_eq!(frame[12..15], [0x08, 0x00, 0x45], "IPv4 without options");
        let ip = &frame[14..];
        let length = usize::from(half(ip, 2));
        assert_eq!(length, ip.len(), "one IP packet");
        assert_eq!(half(ip, 6), 0x4000, "DF set, no fragment");
        assert_eq!((ip[9], half(ip, 22)), (17, 4789), "UDP to VXLAN's port");
        assert_eq!(usize::from(half(ip, 24)), length - 20, "UDP's length");
        let [_, high, middle, low] = vni.to_be_bytes();
        assert_eq!(ip[28..36], [8, 0, 0, 0, high, middle, low, 0], "VXLAN's header");
        Outer { source_port: half(ip, 20), length, inner: ip[36..].to_vec() }
    }
}

fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

/// One direction of a connection, or of datagrams.
pub type Flow = (u8, (Ipv4Addr, u16), (Ipv4Addr, u16));

/// The flow of an Ethernet frame with an IPv4 packet.
pub fn flow(frame: &[u8]) -> Option<Flow> {
    if frame.get(12..14)? != [0x08, 0x00] {
        return None;
    }
    let ip = &frame[14..];
    let address = |at: usize| Ipv4Addr::new(ip[at], ip[at + 1], ip[at + 2], ip[at + 3]);
    let transport = usize::from(ip[0] & 15) * 4;
    let ports = if matches!(ip[9], 6 | 17) { (half(ip, transport), half(ip, transport + 2)) } else { (0, 0) };
    Some((ip[9], (address(12), ports.0), (address(16), ports.1)))
}

/// The transport's payload, and with TCP where in the stream it belongs.
fn payload(frame: &[u8]) -> (u32, &[u8]) {
    let ip = &frame[14..];
    let transport = usize::from(ip[0] & 15) * 4;
    // A super-frame of 64 KiB says 0.
    let end = match usize::from(half(ip, 2)) {
        0 => ip.len(),
        end => end,
    };
    match ip[9] {
        6 => {
            let sequence = u32::from_be_bytes(ip[transport + 4..transport + 8].try_into().expect("four bytes"));
            // A SYN takes a number, too.
            let syn = u32::from(ip[transport + 13] & 2 != 0);
            (sequence.wrapping_add(syn), &ip[transport + usize::from(ip[transport + 12] >> 4) * 4..end])
        }
        17 => (0, &ip[transport + 8..end]),
        _ => (0, &ip[transport..end]),
    }
}

/// What a flow carried, whatever frames it was in: with TCP its bytes in order and how many were sent, repeated ones
/// counted again; else each packet's payload, sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Carried {
    pub stream: Vec<u8>,
    pub sent: usize,
    pub packets: Vec<Vec<u8>>,
}

/// What each flow carried.
pub fn carried<'f>(frames: impl Iterator<Item = &'f Vec<u8>>) -> BTreeMap<Flow, Carried> {
    let mut flows: BTreeMap<Flow, Carried> = BTreeMap::new();
    let mut starts: BTreeMap<Flow, u32> = BTreeMap::new();
    for frame in frames {
        let Some(flow) = flow(frame) else { continue };
        let carried = flows.entry(flow).or_default();
        let (sequence, payload) = payload(frame);
        if flow.0 != 6 {
            carried.packets.push(payload.to_vec());
            carried.packets.sort();
            continue;
        }
        let start = *starts.entry(flow).or_insert(sequence);
        let at = sequence.wrapping_sub(start) as usize;
        // Keep-alive probes lie before the start.
        if payload.is_empty() || at > 1 << 30 {
            continue;
        }
        carried.sent += payload.len();
        if carried.stream.len() < at + payload.len() {
            carried.stream.resize(at + payload.len(), 0);
        }
        carried.stream[at..at + payload.len()].copy_from_slice(payload);
    }
    flows
}

/// The frames that tshark finds a checksum wrong in.
pub fn wrong_checksums(file: &Path) -> Vec<String> {
    let options = ["ip", "tcp", "udp"].map(|layer| format!("{layer}.check_checksum:TRUE"));
    let mut command = Command::new("tshark");
    command.arg("-n").arg("-r").arg(file);
    command.args(options.iter().flat_map(|option| ["-o", option]));
    command.args(["-Y", "ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0"]);
    let output = command.output().expect("tshark runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}
