//! Asks a command that runs how it does.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Output};
use std::time::Duration;

use super::lab::Namespace;
use super::python::Python;
use super::sensor::BINARY;

/// Where the commands are told to listen.
pub const MONITOR: &str = "127.0.0.1:9464";

/// The status and the body of an answer; none if nobody answers.
pub fn get(namespace: &Namespace, path: &str) -> Option<(u16, String)> {
    let address: SocketAddr = MONITOR.parse().expect("an address");
    namespace.enter(|| {
        let mut stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {MONITOR}\r\n\r\n").as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.get(9..12)?.parse().ok()?, body.to_owned()))
    })
}

/// `sidetap health`.
pub fn health(namespace: &Namespace, args: &[&str]) -> Output {
    let mut command: Command = namespace.command(BINARY);
    command.arg("health").args(args).output().expect("it runs")
}

/// Metrics as a client reads them that we did not write.
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    /// Scraped once.
    pub fn scrape(python: &Python, namespace: &Namespace) -> Metrics {
        let url = format!("http://{MONITOR}/metrics");
        let output = python.script(namespace, "metrics_peer.py", &[&url]).output().expect("Python runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).expect("names are text");
        let sample = |line: &str| {
            let (name, value) = line.rsplit_once(' ').expect("a name and a value");
            (name.to_owned(), value.parse().expect("a number"))
        };
        Metrics(text.lines().map(sample).collect())
    }

    /// Scraped until nothing changes any more: everything that was sent has been seen. Histograms may be a second old.
    pub fn settled(python: &Python, namespace: &Namespace) -> Metrics {
        let mut last = Metrics::scrape(python, namespace);
        loop {
            std::thread::sleep(Duration::from_millis(1_500));
            let mut now = Metrics::scrape(python, namespace);
            now.0.remove("process_resident_memory_bytes");
            if now == last {
                return now;
            }
            last = now;
        }
    }

    /// The sum of all that this name has, whatever the labels.
    #[track_caller]
    pub fn sum(&self, name: &str) -> u64 {
        let mut found = self.0.iter().filter(|(sample, _)| sample.split('{').next() == Some(name)).peekable();
        assert!(found.peek().is_some(), "no {name} in {self:?}");
        found.map(|(_, value)| *value as u64).sum()
    }

    /// The sum of all that this name has with these labels among others.
    pub fn sum_with(&self, name: &str, labels: &[&str]) -> u64 {
        let fits =
            |sample: &str| sample.split('{').next() == Some(name) && labels.iter().all(|label| sample.contains(label));
        self.0.iter().filter(|(sample, _)| fits(sample)).map(|(_, value)| *value as u64).sum()
    }

    /// The one with these labels, sorted: `name{a="b",c="d"}`.
    #[track_caller]
    pub fn of(&self, sample: &str) -> u64 {
        *self.0.get(sample).unwrap_or_else(|| panic!("no {sample} in {self:?}")) as u64
    }
}
