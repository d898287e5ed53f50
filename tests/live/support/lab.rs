//! Two network namespaces, the client's and the server's, with a cable between them.

use std::fs::File;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::sched::{CloneFlags, setns};
use rustix::process::{Pid, Signal, kill_process};

use super::child::Child;
use super::wait_for;

/// The client's address on the cable.
pub const CLIENT: &str = "10.77.0.1";
/// The server's address on the cable.
pub const SERVER: &str = "10.77.0.2";
/// The name that the cable has at both ends.
pub const CABLE: &str = "eth0";

/// Two namespaces and a directory, gone with the test.
pub struct Lab {
    pub client: Namespace,
    pub server: Namespace,
    directory: PathBuf,
}

/// One of them, known to `ip netns` by its name.
pub struct Namespace {
    name: String,
}

impl Lab {
    /// A lab for a test that needs these programs; none, with a word on why, where that cannot be.
    pub fn with(programs: &[&str]) -> Option<Lab> {
        if !rustix::process::geteuid().is_root() {
            return skip("network namespaces take root");
        }
        for program in ["ip", "nsenter", "setpriv"].iter().chain(programs) {
            if !is_installed(program) {
                return skip(&format!("`{program}` is not installed: `cargo xtask test` installs it"));
            }
        }
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("sidetap-live-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let directory = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&directory).expect("a directory for the test");
        let [client, server] = ["c", "s"].map(|end| Namespace::new(format!("{name}-{end}")));
        let lab = Lab { client, server, directory };
        lab.connect();
        Some(lab)
    }

    /// Lays the cable.
    pub fn connect(&self) {
        let (client, server) = (&self.client.name, &self.server.name);
        ip(&format!("link add {CABLE} netns {client} type veth peer name {CABLE} netns {server}"));
        for (namespace, address) in [(&self.client, CLIENT), (&self.server, SERVER)] {
            namespace.ip(&format!("addr add {address}/24 dev {CABLE}"));
            namespace.ip(&format!("link set {CABLE} up"));
        }
    }

    /// A third namespace, which nothing connects to the others yet.
    pub fn another(&self, end: &str) -> Namespace {
        let name = self.directory.file_name().and_then(|name| name.to_str()).expect("the name that it was made with");
        Namespace::new(format!("{name}-{end}"))
    }

    /// A third namespace, with a cable to the server's, which forwards: `far` (10.78.0.2) there and `near` (10.78.0.1) in
    /// the server's.
    pub fn further(&self) -> Namespace {
        let further = self.another("f");
        self.server.lay_cable("near", &further, "far");
        for (namespace, end, last) in [(&self.server, "near", 1), (&further, "far", 2)] {
            namespace.ip(&format!("addr add 10.78.0.{last}/24 dev {end}"));
            namespace.ip(&format!("link set {end} up"));
        }
        self.server.enter(|| std::fs::write("/proc/sys/net/ipv4/ip_forward", "1").expect("root may"));
        self.client.ip(&format!("route add 10.78.0.0/24 via {SERVER}"));
        further.ip("route add default via 10.78.0.1");
        further
    }

    /// A place for the test's files, which every user may read.
    pub fn directory(&self) -> &Path {
        &self.directory
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

impl Namespace {
    fn new(name: String) -> Self {
        ip(&format!("netns add {name}"));
        let namespace = Namespace { name };
        // Router solicitations and the like would be packets that no test asked for.
        namespace.enter(|| {
            for which in ["all", "default"] {
                let _ = std::fs::write(format!("/proc/sys/net/ipv6/conf/{which}/disable_ipv6"), "1");
            }
        });
        namespace.ip("link set lo up");
        namespace
    }

    /// Runs `ip` in here; it has to succeed.
    pub fn ip(&self, words: &str) {
        ip(&format!("-netns {} {words}", self.name));
    }

    /// Lays a cable from an interface in here to one in another namespace.
    pub fn lay_cable(&self, name: &str, other: &Namespace, there: &str) {
        ip(&format!("link add {name} netns {} type veth peer name {there} netns {}", self.name, other.name));
    }

    /// Waits until an interface that was set up sends what it is given; for a moment it drops it.
    pub fn wait_for_link(&self, interface: &str) {
        wait_for(&format!("{interface} to be up"), || {
            let link = self.run("ip", &["-oneline", "link", "show", interface]);
            (link.contains("state UP") && !link.contains("qdisc noop ")).then_some(())
        });
    }

    /// A program that will run in here. If it is sidetap, it tells every transaction, and with its path.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.env("SIDETAP_RATE_LIMIT", "unlimited").env("SIDETAP_PRIVACY_LEVEL", "redacted");
        command.arg(format!("--net={}", self.path().display())).arg("--").arg(program);
        command
    }

    /// Runs a program in here until it ends, which it has to do well; what it printed.
    pub fn run(&self, program: &str, words: &[&str]) -> String {
        let output = self.command(program).args(words).output().expect("nsenter runs");
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{program} {words:?}: {}\n{stdout}{stderr}", output.status);
        stdout
    }

    /// Starts a server in here, and waits until it takes connections at this port.
    pub fn serve(&self, mut command: Command, port: u16) -> Child {
        let child = Child::start(command.stdout(Stdio::null()).stderr(Stdio::null()));
        self.wait_for_port(port);
        child
    }

    /// Waits until something listens at this port of this namespace.
    pub fn wait_for_port(&self, port: u16) {
        self.enter(|| {
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            wait_for(&format!("port {port}"), || TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok());
        });
    }

    /// Does something in here.
    pub fn enter<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| {
            // A namespace is a thread's; this one ends with the work.
            let thread = scope.spawn(|| {
                let namespace = File::open(self.path()).expect("the namespace is there");
                setns(namespace, CloneFlags::CLONE_NEWNET).expect("root may enter it");
                work()
            });
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    fn path(&self) -> PathBuf {
        Path::new("/run/netns").join(&self.name)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // What a server has started and not ended.
        if let Ok(left) = Command::new("ip").args(["netns", "pids", &self.name]).output() {
            let numbers = String::from_utf8_lossy(&left.stdout).into_owned();
            for pid in numbers.lines().filter_map(|number| Pid::from_raw(number.trim().parse().ok()?)) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        let _ = Command::new("ip").args(["netns", "del", &self.name]).status();
    }
}

/// Says why a test cannot run; fails where it must.
pub fn skip<T>(reason: &str) -> Option<T> {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "cannot run, and must under CI=true: {reason}");
    eprintln!("NOT RUN: {reason}");
    None
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}

fn ip(words: &str) {
    let output = Command::new("ip").args(words.split(' ')).output().expect("ip runs");
    assert!(output.status.success(), "ip {words}: {}", String::from_utf8_lossy(&output.stderr));
}
