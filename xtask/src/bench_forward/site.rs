//! Namespaces with a source of traffic and a host that forwards it, out of an interface that discards what it gets.

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::peers::words;
use crate::run;

const SOURCE: &str = "sidetap-bench-source";
const HOST: &str = "sidetap-bench-host";
/// Where the host is asked, by the interface that is listened on.
pub const INTERFACE: &str = "eth0";
pub const HOST_ADDRESS: &str = "10.99.97.1";
/// Where datagrams go that are seen on that interface and that nobody answers.
pub const NOWHERE: &str = "10.99.97.9:9";
/// The interface that leads to the collector.
const OUT: &str = "out0";
pub const DESTINATION: &str = "10.99.98.2:4789";
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether the interface to the collector takes many datagrams as one and cuts them apart itself, as a network card with
/// UDP segmentation offload does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WayOut {
    Offloading,
    Plain,
}

impl WayOut {
    pub const ALL: [WayOut; 2] = [WayOut::Offloading, WayOut::Plain];

    pub fn name(self) -> &'static str {
        match self {
            WayOut::Offloading => "on",
            WayOut::Plain => "off",
        }
    }
}

/// The namespaces. Gone when dropped.
pub struct Site(());

impl Site {
    /// With this MTU everywhere.
    pub fn open(mtu: usize) -> Result<Self> {
        let site = Site(());
        for command in [
            format!("ip netns add {SOURCE}"),
            format!("ip netns add {HOST}"),
            format!("ip -n {HOST} link add {INTERFACE} mtu {mtu} type veth peer name eth0 netns {SOURCE} mtu {mtu}"),
            // Of what this kind of interface is told to send it drops everything: no receiver's work is measured.
            format!("ip -n {HOST} link add {OUT} mtu {mtu} type ifb"),
            format!("ip -n {SOURCE} address add 10.99.97.2/24 dev eth0"),
            format!("ip -n {HOST} address add {HOST_ADDRESS}/24 dev {INTERFACE}"),
            format!("ip -n {HOST} address add 10.99.98.1/24 dev {OUT}"),
            format!("ip -n {SOURCE} link set eth0 up"),
            format!("ip -n {HOST} link set lo up"),
            format!("ip -n {HOST} link set {INTERFACE} up"),
            format!("ip -n {HOST} link set {OUT} up"),
            // Nobody has this hardware address: the host's interface takes the frame, and IP behind it drops it unread.
            format!("ip -n {SOURCE} neighbour add 10.99.97.9 lladdr 02:00:00:00:00:09 dev eth0"),
        ] {
            run(&mut shell(&command)).context("cannot make the namespaces")?;
        }
        Ok(site)
    }

    /// Has the interface to the collector segment, or the kernel before it.
    pub fn set(&self, way_out: WayOut) -> Result<()> {
        let command = format!("ip netns exec {HOST} ethtool -K {OUT} tx-udp-segmentation {}", way_out.name());
        run(&mut shell(&command))
    }

    /// A command line in the host's namespace.
    pub fn on_host(&self, command: &str) -> Vec<String> {
        words(&format!("ip netns exec {HOST} {command}"))
    }

    /// Runs a command in the source's namespace; what it printed.
    pub fn at_source(&self, command: &str) -> Result<String> {
        let mut command = shell(&format!("ip netns exec {SOURCE} {command}"));
        let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot run {command:?}"))?;
        if !output.status.success() {
            bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stdout));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Starts iperf3's server on the host; it serves one client.
    pub fn serve(&self, core: usize) -> Result<Served> {
        let command = self.on_host(&format!("taskset --cpu-list {core} iperf3 --server --one-off"));
        let child = Command::new(&command[0]).args(&command[1..]).stdout(Stdio::null()).spawn()?;
        let served = Served(child);
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let sockets = shell(&format!("ip netns exec {HOST} ss -Hltn")).output()?;
            if String::from_utf8_lossy(&sockets.stdout).contains(":5201 ") {
                return Ok(served);
            }
            sleep(Duration::from_millis(20));
        }
        bail!("iperf3 does not listen")
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        for namespace in [SOURCE, HOST] {
            let _ = shell(&format!("ip netns delete {namespace}")).status();
        }
    }
}

/// A server that runs. Gone when dropped.
pub struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn shell(command: &str) -> Command {
    let words = words(command);
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    command
}
