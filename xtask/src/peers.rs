//! The programs that sidetap is measured against, and what installs them.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::debian;

/// Programs that are run, and the Debian packages that have them.
const PROGRAMS: [(&str, &str); 10] = [
    ("tshark", "tshark"),
    ("httpry", "httpry"),
    ("tcpdump", "tcpdump"),
    ("nginx", "nginx-light"),
    ("h2load", "nghttp2-client"),
    ("wrk", "wrk"),
    ("ip", "iproute2"),
    ("taskset", "util-linux"),
    ("iperf3", "iperf3"),
    ("ethtool", "ethtool"),
];

/// A program that reads a capture file.
pub struct Peer {
    pub name: &'static str,
    pub command: Vec<String>,
    pub speed: Speed,
}

/// How often a program can be run before somebody loses patience.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speed {
    Fast,
    Slow,
}

/// All that read a capture file, sidetap first; each on one core.
pub fn readers(sidetap: &Path, capture: &Path, core: usize) -> Vec<Peer> {
    let (sidetap, capture) = (sidetap.display(), capture.display());
    let peer = |name, speed, command: String| Peer {
        name,
        speed,
        command: words(&format!("taskset --cpu-list {core} {command}")),
    };
    vec![
        peer("sidetap", Speed::Fast, format!("{sidetap} capture --read {capture} --export ndjson:/dev/null")),
        peer("tcpdump", Speed::Fast, format!("tcpdump -n -r {capture} -w /dev/null")),
        peer("httpry", Speed::Fast, format!("httpry -q -r {capture} -o /dev/null")),
        peer(
            "tshark",
            Speed::Slow,
            format!(
                "tshark -n -r {capture} -Y http.request -T fields \
                 -e ip.src -e http.request.method -e http.host -e http.request.uri"
            ),
        ),
    ]
}

/// A command line that has no quotes.
pub fn words(command: &str) -> Vec<String> {
    command.split_whitespace().map(str::to_owned).collect()
}

/// Installs what is missing.
pub fn install() -> Result<()> {
    debian::install(debian::missing(&PROGRAMS))
}

/// What each program says of its version.
pub fn versions(sidetap: &Path) -> Result<Vec<String>> {
    let sidetap = sidetap.display().to_string();
    [
        (sidetap.as_str(), "--version"),
        ("tcpdump", "--version"),
        ("httpry", "-h"),
        ("tshark", "--version"),
        ("nginx", "-v"),
        ("wrk", "-v"),
    ]
    .iter()
    .map(|(program, flag)| version(program, flag))
    .collect()
}

/// What a program says of its version, given this flag.
pub fn version(program: &str, flag: &str) -> Result<String> {
    let output = Command::new(program).arg(flag).output().with_context(|| format!("cannot run {program}"))?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let line = said.lines().find(|line| line.contains(|c: char| c.is_ascii_digit())).unwrap_or(program);
    Ok(line.trim_start_matches("nginx version: ").split(" Copyright").next().unwrap_or(line).trim().to_owned())
}
