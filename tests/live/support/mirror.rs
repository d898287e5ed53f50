//! A host whose packets are forwarded, between an application's client and a collector.

use std::fs::File;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::child::Child;
use super::dump::Dump;
use super::lab::{CABLE, Lab, Namespace};
use super::sensor::BINARY;
use super::wait_for;

/// The collector's address.
pub const COLLECTOR: &str = "10.78.0.2";
/// The forwarding host's address on the way to the collector.
pub const SENDER: &str = "10.78.0.1";
/// The forwarding host's interface to the collector, and the collector's.
pub const OUT: &str = "out0";
pub const IN: &str = "in0";

/// The lab's client and server, and a collector that the server has a cable to.
pub struct Mirror {
    pub lab: Lab,
    pub collector: Namespace,
}

impl Mirror {
    /// With cables of this MTU.
    pub fn with(programs: &[&str], mtu: u32) -> Option<Mirror> {
        let lab = Lab::with(&[&["tcpdump", "ethtool"], programs].concat())?;
        let collector = lab.another("k");
        let mirror = Mirror { lab, collector };
        mirror.connect();
        for namespace in [&mirror.lab.client, &mirror.lab.server] {
            namespace.ip(&format!("link set {CABLE} mtu {mtu}"));
        }
        mirror.lab.server.ip(&format!("link set {OUT} mtu {mtu}"));
        mirror.collector.ip(&format!("link set {IN} mtu {mtu}"));
        Some(mirror)
    }

    /// Lays the cable to the collector.
    pub fn connect(&self) {
        self.lab.server.lay_cable(OUT, &self.collector, IN);
        self.lab.server.ip(&format!("addr add {SENDER}/24 dev {OUT}"));
        self.collector.ip(&format!("addr add {COLLECTOR}/24 dev {IN}"));
        self.lab.server.ip(&format!("link set {OUT} up"));
        self.collector.ip(&format!("link set {IN} up"));
        // So that packets come to the collector as a wire would carry them, and not as one for many.
        self.lab.server.run("ethtool", &["-K", OUT, "tx-udp-segmentation", "off"]);
    }

    /// Takes whatever comes to VXLAN's port at the collector, so that nothing is refused.
    pub fn listen(&self) -> std::net::UdpSocket {
        self.collector.enter(|| std::net::UdpSocket::bind("0.0.0.0:4789").expect("the port is free"))
    }

    /// tcpdump at the collector.
    pub fn dump(&self) -> Dump {
        Dump::start(&self.collector, IN, self.lab.directory().join("outer.pcap"), "udp or icmp")
    }

    /// `sidetap forward` on the server.
    pub fn forward(&self, args: &[&str]) -> Forwarding {
        let mut command = self.lab.server.command(BINARY);
        command.arg("forward").args(args);
        self.start(command)
    }

    /// Starts a command that forwards, and waits until it does.
    pub fn start(&self, command: Command) -> Forwarding {
        let mut forwarding = self.spawn(command);
        wait_for("the forwarder to listen", || {
            let said = forwarding.said();
            assert!(!forwarding.child.has_ended(), "{said}");
            said.contains("forwarding from").then_some(())
        });
        forwarding
    }

    /// Starts a command that is going to give up.
    pub fn fail(&self, command: Command) -> (ExitStatus, String) {
        self.spawn(command).wait()
    }

    /// Starts a command, whatever it does.
    pub fn spawn(&self, mut command: Command) -> Forwarding {
        // Each has a file of its own.
        let mut files = (0_u32..).map(|number| self.lab.directory().join(format!("forward-{number}.txt")));
        let messages = files.find(|file| !file.exists()).expect("numbers do not end");
        command.stdout(Stdio::null()).stderr(File::create(&messages).expect("a file")).env_remove("RUST_BACKTRACE");
        Forwarding { child: Child::start(&mut command), messages }
    }
}

/// A forwarder that runs.
pub struct Forwarding {
    child: Child,
    messages: std::path::PathBuf,
}

impl Forwarding {
    /// What it has said so far.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.messages).unwrap_or_default()
    }

    pub fn wait_for(&self, words: &str) {
        wait_for(&format!("`{words}` in {}", self.said()), || self.said().contains(words).then_some(()));
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has said this so many times.
    pub fn wait_for_times(&self, words: &str, times: usize) {
        wait_for(&format!("`{words}` in {}", self.said()), || {
            (self.said().matches(words).count() >= times).then_some(())
        });
    }

    /// A line of `/proc/PID/status`.
    pub fn status(&self, name: &str) -> String {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let value = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value.unwrap_or_else(|| panic!("no {name} in {status}")).trim().trim_end_matches(" kB").to_owned()
    }

    /// Ends it as an orchestrator does; its last line.
    #[track_caller]
    pub fn stop(self) -> String {
        std::thread::sleep(Duration::from_millis(300));
        self.child.signal(Signal::TERM);
        let since = Instant::now();
        let (status, said) = self.wait();
        assert_eq!(status.code(), Some(0), "{said}");
        assert!(since.elapsed() < Duration::from_secs(5), "{:?}\n{said}", since.elapsed());
        let last = said.lines().last().unwrap_or_default().to_owned();
        assert!(last.starts_with("stopped: "), "{said}");
        last
    }

    /// Ends it as nothing can prevent.
    pub fn kill(self) {
        self.child.signal(Signal::KILL);
        let (status, said) = self.wait();
        assert_eq!(status.signal(), Some(Signal::KILL.as_raw()), "{said}");
    }

    /// Whether it sends from this port.
    pub fn has_port(&self, port: u16) -> bool {
        let said = self.said();
        let (_, rest) = said.split_once("source ports ").expect("it says so at first");
        let first: u16 = rest.split('-').next().and_then(|first| first.parse().ok()).expect("a range");
        (first..first + 16).contains(&port)
    }

    /// Ends it, whatever it does at the moment.
    pub fn end(self) -> (ExitStatus, String) {
        self.child.signal(Signal::TERM);
        self.wait()
    }

    fn wait(mut self) -> (ExitStatus, String) {
        let status = self.child.ends_within(super::PATIENCE);
        (status.unwrap_or_else(|| panic!("it does not end\n{}", self.said())), self.said())
    }
}

/// The number before these words.
pub fn number(line: &str, words: &str) -> u64 {
    let Some(before) = line.find(words) else { return 0 };
    let number = line[..before].trim_end().rsplit([' ', '(']).next().unwrap_or_default();
    number.replace(',', "").parse().unwrap_or_else(|_| panic!("no number before `{words}`: {line}"))
}
