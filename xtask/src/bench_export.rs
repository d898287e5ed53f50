//! Measures what sending over OTLP costs, and writes that part of `docs/performance.md`.
//!
//! A server in one namespace is asked so often a second from another, where a receiver takes everything; and a receiver
//! that is not there is tried for minutes.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;

use anyhow::{Context, Result};

use crate::bench_peers::{self, Build};
use crate::live::{INTERFACE, SETTLING, Site};
use crate::machine;
use crate::measure::{self, Running, Usage, median};
use crate::peers;
use crate::performance::{self, list, table};
use crate::root;

const RECEIVER: &str = "10.99.99.2:4318";
/// Nobody listens there.
const NOBODY: &str = "10.99.99.2:9";
const REQUESTS_A_SECOND: u64 = 2_000;
const CLIENTS: u64 = 20;
const LIMIT: &str = "25MiB";

/// How thoroughly is measured.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    rounds: usize,
    seconds: u64,
    /// How long a receiver is tried that is not there.
    dead_seconds: u64,
}

impl Effort {
    pub const FULL: Effort = Effort { rounds: 5, seconds: 30, dead_seconds: 600 };
    pub const QUICK: Effort = Effort { rounds: 3, seconds: 10, dead_seconds: 60 };
}

/// Measures all of it.
pub fn run_all(effort: Effort) -> Result<()> {
    peers::install()?;
    let directory = root().join("target/bench");
    fs::create_dir_all(&directory)?;
    let (sidetap, _) = bench_peers::build(Build::Engine, &directory)?;
    let site = Site::open(&directory.join("export-site"))?;
    let receiver = Swallower::start(&site)?;
    let text = format!(
        "## Sending over OTLP\n\n{}\n{}\n{}",
        list(&machine::describe()),
        alive(effort, &site, &sidetap)?,
        dead(effort, &site, &sidetap)?
    );
    drop(receiver);
    let text = text.replace(&format!("{}/", root().display()), "");
    println!("{text}");
    performance::write_part("bench-export", &text)
}

/// CPU time and memory with nowhere to send to, and with a receiver that takes everything.
fn alive(effort: Effort, site: &Site, sidetap: &Path) -> Result<String> {
    let exports = ["none".to_owned(), format!("otlp:http://{RECEIVER}")];
    let mut usages = [Vec::new(), Vec::new()];
    for _ in 0..effort.rounds {
        for (export, usages) in exports.iter().zip(&mut usages) {
            let running = loaded(site, &command(sidetap, export), effort.seconds)?;
            usages.push(running.interrupt()?);
        }
    }
    let cpu = usages.each_ref().map(|usages| median(usages.iter().map(Usage::cpu_seconds).collect()));
    let rows: Vec<Vec<String>> = exports
        .iter()
        .zip(&usages)
        .zip(cpu)
        .map(|((export, usages), cpu)| {
            vec![
                format!("`--export {export}`"),
                format!("{:.2}", cpu * 100.0 / effort.seconds as f64),
                format!("{:.1}", median(usages.iter().map(Usage::peak_mib).collect())),
                ledger(&usages[usages.len() - 1]),
            ]
        })
        .collect();
    Ok(format!(
        "{REQUESTS_A_SECOND} requests a second for {} s, the default rate limit of 1,000 transactions a minute; medians of \
         {} rounds in turns. The target: CPU with OTLP at most 1.5 times that without; here {:.2} times.\n\n{}\n- `{}`\n- \
         `{}`\n",
        effort.seconds,
        effort.rounds,
        cpu[1] / cpu[0],
        table(&["export", "% of a CPU", "peak MiB", "its ledger"], &rows),
        load(effort.seconds),
        command(sidetap, &exports[1]),
    ))
}

/// Memory while nobody takes what is sent.
fn dead(effort: Effort, site: &Site, sidetap: &Path) -> Result<String> {
    let command = command(sidetap, &format!("otlp:http://{NOBODY}"));
    // What nobody took is lost at the end, and its exit code says so.
    let usage = loaded(site, &command, effort.dead_seconds)?.interrupt_though_it_fails()?;
    Ok(format!(
        "The same with a receiver that is not there, for {} s: at most {:.1} MiB of {LIMIT}, {:.2} % of a CPU; \
         {}.\n\n- `{command}`\n",
        effort.dead_seconds,
        usage.peak_mib(),
        usage.cpu_seconds() * 100.0 / effort.dead_seconds as f64,
        ledger(&usage),
    ))
}

fn command(sidetap: &Path, export: &str) -> String {
    format!("{} capture --interface {INTERFACE} --export {export} --memory-limit {LIMIT}", sidetap.display())
}

fn load(seconds: u64) -> String {
    let each = REQUESTS_A_SECOND / CLIENTS;
    format!(
        "h2load --h1 --threads=1 --clients={CLIENTS} --rps={each} --duration={seconds} \
         http://10.99.99.1/api/v1/items/42?page=1"
    )
}

/// A listener that has seen the server being asked.
fn loaded(site: &Site, command: &str, seconds: u64) -> Result<Running> {
    let running = measure::start(&site.at_server(command))?;
    sleep(SETTLING);
    site.at_client(&load(seconds)).stdout(Stdio::null()).status().context("cannot run h2load")?;
    sleep(SETTLING);
    Ok(running)
}

fn ledger(usage: &Usage) -> String {
    usage.said.lines().rfind(|line| line.starts_with("ledger: ")).unwrap_or_default().to_owned()
}

/// A receiver that takes everything, in the client's namespace. Ends when dropped.
struct Swallower(Child);

impl Swallower {
    fn start(site: &Site) -> Result<Self> {
        let program = std::env::current_exe()?;
        let mut child = site
            .at_client(&format!("{} swallow {RECEIVER}", program.display()))
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the receiver")?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut line)?;
        Ok(Swallower(child))
    }
}

impl Drop for Swallower {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Takes every request at an address, and says that it is fine.
pub fn swallow(address: &str) -> Result<()> {
    let listener = TcpListener::bind(address)?;
    println!("listening");
    for connection in listener.incoming() {
        let connection = connection?;
        std::thread::spawn(move || answer(&connection));
    }
    Ok(())
}

fn answer(mut connection: &TcpStream) -> Result<()> {
    let mut reader = BufReader::new(connection);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink())?;
        connection
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n")?;
    }
}
