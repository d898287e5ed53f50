//! What listening costs a server: nginx and wrk in two namespaces, with nobody listening, with sidetap, with tcpdump.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::measure;
use crate::peers::words;
use crate::run;

const SERVER: &str = "sidetap-bench-server";
const CLIENT: &str = "sidetap-bench-client";
pub const INTERFACE: &str = "veth-server";
const URL: &str = "http://10.99.99.1/api/v1/items/42?page=1&size=50";
/// What a listener needs to open its socket, and to read what it was sent last.
pub const SETTLING: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(5);

/// Who listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listener {
    Nobody,
    Sidetap,
    Tcpdump,
    /// sidetap, which forwards what it sees.
    Forward,
}

impl Listener {
    /// Those that record.
    pub const ALL: [Listener; 3] = [Listener::Nobody, Listener::Sidetap, Listener::Tcpdump];

    pub fn name(self) -> &'static str {
        match self {
            Listener::Nobody => "nobody",
            Listener::Sidetap | Listener::Forward => "sidetap",
            Listener::Tcpdump => "tcpdump",
        }
    }

    /// The command line, without the namespace that it runs in.
    pub fn command(self, sidetap: &Path) -> Option<String> {
        match self {
            Listener::Nobody => None,
            Listener::Sidetap => Some(format!(
                "{} capture --interface {INTERFACE} --export ndjson:/dev/null --memory-limit 25MiB",
                sidetap.display()
            )),
            Listener::Tcpdump => Some(format!("tcpdump -n -i {INTERFACE} -w /dev/null")),
            Listener::Forward => Some(format!(
                "{} forward --interface {INTERFACE} --destination 10.99.98.2 --memory-limit 25MiB",
                sidetap.display()
            )),
        }
    }
}

/// One run of wrk.
#[derive(Debug, Clone)]
pub struct Round {
    pub requests_a_second: f64,
    /// Lines of the server's log.
    pub logged: u64,
    pub listened: Option<Listened>,
}

/// What the listener came to.
#[derive(Debug, Clone)]
pub struct Listened {
    pub usage: measure::Usage,
    /// Transactions that sidetap recorded.
    pub recorded: Option<u64>,
    pub dropped_by_kernel: u64,
}

/// How wrk is run.
pub fn load_command(seconds: u64) -> String {
    format!("wrk --threads 1 --connections 64 --duration {seconds}s {URL}")
}

/// Two namespaces, a wire between them and a server in one. Gone when dropped.
pub struct Site {
    directory: PathBuf,
    server: Option<Child>,
}

impl Site {
    pub fn open(directory: &Path) -> Result<Self> {
        fs::create_dir_all(directory)?;
        let mut site = Site { directory: directory.to_owned(), server: None };
        for command in [
            format!("ip netns add {SERVER}"),
            format!("ip netns add {CLIENT}"),
            format!("ip -n {SERVER} link add {INTERFACE} type veth peer name veth-client netns {CLIENT}"),
            format!("ip -n {SERVER} address add 10.99.99.1/24 dev {INTERFACE}"),
            format!("ip -n {CLIENT} address add 10.99.99.2/24 dev veth-client"),
            format!("ip -n {SERVER} link set {INTERFACE} up"),
            format!("ip -n {CLIENT} link set veth-client up"),
        ] {
            run(&mut shell(&command))?;
        }
        let configuration = site.configure()?;
        let nginx = format!("ip netns exec {SERVER} nginx -p {0} -c {1}", directory.display(), configuration.display());
        site.server = Some(shell(&nginx).spawn().context("cannot run nginx")?);
        site.wait_for_server()?;
        Ok(site)
    }

    /// Gives the server another interface, behind which packets to a collector are discarded unread.
    pub fn lead_out(&self) -> Result<()> {
        for command in [
            format!("ip -n {SERVER} link add out0 type veth peer name in0 netns {CLIENT}"),
            format!("ip -n {SERVER} address add 10.99.98.1/24 dev out0"),
            format!("ip -n {SERVER} link set out0 up"),
            format!("ip -n {CLIENT} link set in0 up"),
            // Nobody has this hardware address.
            format!("ip -n {SERVER} neighbour add 10.99.98.2 lladdr 02:00:00:00:00:09 dev out0"),
        ] {
            run(&mut shell(&command))?;
        }
        Ok(())
    }

    /// Measures one listener while wrk asks as fast as it can.
    pub fn round(&self, listener: Listener, sidetap: &Path, seconds: u64) -> Result<Round> {
        let before = self.logged()?;
        let running = match listener.command(sidetap) {
            Some(command) => Some(measure::start(&words(&format!("ip netns exec {SERVER} {command}")))?),
            None => None,
        };
        sleep(SETTLING);
        let load = format!("ip netns exec {CLIENT} {}", load_command(seconds));
        let output = shell(&load).stdout(Stdio::piped()).output()?;
        let report = String::from_utf8_lossy(&output.stdout).into_owned();
        sleep(SETTLING);
        let listened = match running {
            Some(running) => Some(listened(listener, running.interrupt()?)),
            None => None,
        };
        let rate = report.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:"));
        let requests_a_second = rate.and_then(|rate| rate.trim().parse().ok()).context("wrk reports no rate")?;
        Ok(Round { requests_a_second, logged: self.logged()? - before, listened })
    }

    /// A command line in the server's namespace.
    pub fn at_server(&self, command: &str) -> Vec<String> {
        words(&format!("ip netns exec {SERVER} {command}"))
    }

    /// A command in the client's namespace.
    pub fn at_client(&self, command: &str) -> Command {
        shell(&format!("ip netns exec {CLIENT} {command}"))
    }

    fn configure(&self) -> Result<PathBuf> {
        let directory = self.directory.display();
        let body = "x".repeat(900);
        let text = format!(
            "daemon off;
master_process off;
error_log {directory}/error.log;
pid {directory}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
  access_log {directory}/access.log;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  keepalive_requests 1000000000;
  server {{
    listen 80;
    default_type application/json;
    location / {{ return 200 '{{\"pad\":\"{body}\"}}'; }}
  }}
}}
"
        );
        let path = self.directory.join("nginx.conf");
        fs::write(&path, text)?;
        Ok(path)
    }

    fn wait_for_server(&self) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let sockets = shell(&format!("ip netns exec {SERVER} ss -Hltn")).stdout(Stdio::piped()).output()?;
            if String::from_utf8_lossy(&sockets.stdout).contains(":80 ") {
                return Ok(());
            }
            sleep(Duration::from_millis(50));
        }
        bail!("nginx does not listen; see {}", self.directory.join("error.log").display())
    }

    fn logged(&self) -> Result<u64> {
        let log = fs::read(self.directory.join("access.log"))?;
        Ok(log.iter().filter(|&&byte| byte == b'\n').count() as u64)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = kill(Pid::from_raw(server.id() as i32), Signal::SIGTERM);
            let _ = server.wait();
        }
        for namespace in [SERVER, CLIENT] {
            let _ = shell(&format!("ip netns delete {namespace}")).status();
        }
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn listened(listener: Listener, usage: measure::Usage) -> Listened {
    let (recorded, dropped_by_kernel) = match listener {
        Listener::Sidetap => {
            (usage.number_of_line(" transaction"), usage.number_before(" dropped by the kernel").unwrap_or(0))
        }
        _ => (None, usage.number_before(" dropped by kernel").unwrap_or(0)),
    };
    Listened { usage, recorded, dropped_by_kernel }
}

fn shell(command: &str) -> Command {
    let words = words(command);
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    command
}
