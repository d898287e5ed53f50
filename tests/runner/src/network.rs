//! A task's network namespace, and the one around it, which stands for its VPC.
//!
//! As in a task of Fargate, `eth0` leads to the task metadata endpoint alone, and `eth1` is the network interface of the
//! task, with a VPC's MTU and the default route.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::File;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sched::{CloneFlags, setns};

use crate::process::apart;
use crate::sweep::names;

/// The task metadata endpoint's address.
pub const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 170, 2);
/// The task's own address.
pub const TASK: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 10);
/// The address of what is around it: clients, receivers.
pub const OUTSIDE: Ipv4Addr = Ipv4Addr::new(10, 0, 1, 1);

/// An interface works once the kernel has told it of its cable.
const PATIENCE: Duration = Duration::from_secs(30);

/// The two namespaces. Gone when dropped, with whatever runs in them.
#[derive(Debug)]
pub struct Network {
    name: String,
    hosts: Mutex<Vec<(String, Ipv4Addr)>>,
}

/// How many packets an interface has carried so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried {
    pub received: u64,
    pub sent: u64,
}

impl Network {
    /// Makes them.
    ///
    /// # Errors
    /// If this process may not.
    pub fn make() -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("sidetap-task-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let network = Network { name, hosts: Mutex::default() };
        let (task, outside) = (network.task(), network.outside());
        for namespace in [&task, &outside] {
            ip(&format!("netns add {namespace}"))?;
            network.within(namespace, || {
                for which in ["all", "default"] {
                    // Only for quiet: without IPv6 there is nothing to disable.
                    let _ = std::fs::write(format!("/proc/sys/net/ipv6/conf/{which}/disable_ipv6"), "1");
                }
            })?;
            ip(&format!("-netns {namespace} link set lo up"))?;
        }
        for line in [
            format!("link add eth0 netns {task} type veth peer name agent netns {outside}"),
            format!("link add eth1 netns {task} mtu 9001 type veth peer name vpc mtu 9001 netns {outside}"),
            format!("-netns {task} address add 169.254.172.2/22 dev eth0"),
            format!("-netns {outside} address add 169.254.172.1/22 dev agent"),
            format!("-netns {outside} address add {METADATA}/32 dev agent"),
            format!("-netns {task} address add {TASK}/24 dev eth1"),
            format!("-netns {outside} address add {OUTSIDE}/24 dev vpc"),
            format!("-netns {task} link set eth0 up"),
            format!("-netns {task} link set eth1 up"),
            format!("-netns {outside} link set agent up"),
            format!("-netns {outside} link set vpc up"),
            format!("-netns {task} route add {METADATA}/32 dev eth0"),
            format!("-netns {task} route add default via {OUTSIDE}"),
        ] {
            ip(&line)?;
        }
        for (namespace, interface) in [(&task, "eth0"), (&task, "eth1"), (&outside, "agent"), (&outside, "vpc")] {
            wait_for_link(namespace, interface)?;
        }
        Ok(network)
    }

    /// The names of all that are there, whoever made them.
    pub(crate) fn names() -> BTreeSet<String> {
        let of_one = |namespace: String| {
            let name = namespace.strip_suffix("-task").or_else(|| namespace.strip_suffix("-vpc"));
            name.map(str::to_owned)
        };
        names(&path("")).into_iter().filter_map(of_one).collect()
    }

    /// What is left of one whose process is no more, to be dropped.
    pub(crate) fn left(name: String) -> Self {
        Network { name, hosts: Mutex::default() }
    }

    /// The task's address.
    pub fn address(&self) -> Ipv4Addr {
        TASK
    }

    /// The address of what is around it.
    pub fn address_outside(&self) -> Ipv4Addr {
        OUTSIDE
    }

    /// Gives a name an address in `/etc/hosts` of containers that are started later, as ECS does for names of Service
    /// Connect.
    pub fn add_host(&self, name: &str, address: Ipv4Addr) {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner).push((name.to_owned(), address));
    }

    /// Those, as lines of the file.
    pub(crate) fn hosts(&self) -> String {
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.iter().map(|(name, address)| format!("{address} {name}\n")).collect()
    }

    /// What an interface of the task has carried, by the kernel's own count.
    ///
    /// # Errors
    /// If there is no such interface.
    pub fn carried(&self, interface: &str) -> Result<Carried> {
        // A thread's own view, that of its namespace.
        let table = self.within(&self.task(), || std::fs::read_to_string("/proc/thread-self/net/dev"))??;
        let line = table.lines().find_map(|line| line.trim().strip_prefix(interface)?.strip_prefix(':'));
        let numbers: Vec<u64> = line.unwrap_or_default().split_whitespace().flat_map(str::parse).collect();
        // Eight columns of what was received, then eight of what was sent, each with bytes first.
        match numbers[..] {
            [_, received, _, _, _, _, _, _, _, sent, ..] => Ok(Carried { received, sent }),
            _ => bail!("no interface `{interface}`: {table}"),
        }
    }

    /// The name of the task's namespace, as `ip netns` knows it.
    pub fn task(&self) -> String {
        format!("{}-task", self.name)
    }

    /// The name of the namespace around it.
    pub fn outside(&self) -> String {
        format!("{}-vpc", self.name)
    }

    /// A program that will run around the task.
    pub fn command_outside(&self, program: impl AsRef<OsStr>) -> Command {
        command_in(&self.outside(), program.as_ref())
    }

    /// A program that will run within the task's network, beside its containers.
    pub fn command_inside(&self, program: impl AsRef<OsStr>) -> Command {
        command_in(&self.task(), program.as_ref())
    }

    /// Does something around the task.
    ///
    /// # Errors
    /// If the namespace cannot be entered.
    pub fn outside_do<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        self.within(&self.outside(), work)
    }

    /// Does something within the task's network.
    ///
    /// # Errors
    /// If the namespace cannot be entered.
    pub fn inside_do<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        self.within(&self.task(), work)
    }

    fn within<T: Send>(&self, namespace: &str, work: impl FnOnce() -> T + Send) -> Result<T> {
        std::thread::scope(|scope| {
            // A namespace is a thread's; this one ends with the work.
            let thread = scope.spawn(|| {
                let file = File::open(path(namespace)).with_context(|| format!("no namespace {namespace}"))?;
                setns(file, CloneFlags::CLONE_NEWNET).context("cannot enter a network namespace")?;
                Ok(work())
            });
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for namespace in [self.task(), self.outside()] {
            if let Ok(left) = apart("ip").args(["netns", "pids", &namespace]).output() {
                for pid in String::from_utf8_lossy(&left.stdout).lines().filter_map(|pid| pid.trim().parse().ok()) {
                    let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL);
                }
            }
            let _ = apart("ip").args(["netns", "delete", &namespace]).output();
        }
    }
}

/// Where a namespace is, for `runc`.
pub(crate) fn path(namespace: &str) -> PathBuf {
    PathBuf::from("/run/netns").join(namespace)
}

fn command_in(namespace: &str, program: &OsStr) -> Command {
    let mut command = Command::new("nsenter");
    command.arg(format!("--net={}", path(namespace).display())).arg("--").arg(program);
    command
}

fn ip(words: &str) -> Result<()> {
    let output = apart("ip").args(words.split(' ')).output().context("cannot run `ip`")?;
    if !output.status.success() {
        bail!("`ip {words}`: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// Until the kernel has told an interface of its cable, which may take a second, what it is to send is lost.
fn wait_for_link(namespace: &str, interface: &str) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        let words = ["-netns", namespace, "-oneline", "link", "show", interface];
        let output = apart("ip").args(words).output().context("cannot run `ip`")?;
        let link = String::from_utf8_lossy(&output.stdout);
        if link.contains("state UP") && !link.contains("qdisc noop ") {
            return Ok(());
        }
        if Instant::now() > end {
            bail!("{interface} does not come up: {link}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
