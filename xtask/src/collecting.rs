//! What collecting costs: the reference capture's frames, mirrored over loopback as fast as they can be sent.

use std::fs;
use std::net::UdpSocket;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::measure::{self, Usage};
use crate::peers::words;
use crate::performance::{count, list, table};
use crate::traffic::Traffic;

/// Where the collector listens.
const ADDRESS: &str = "127.0.0.1:14789";
/// What the collector needs to open its sockets, and to read what it was sent last.
const SETTLING: Duration = Duration::from_millis(500);
/// The header of VXLAN, for network 42.
const HEADER: [u8; 8] = [8, 0, 0, 0, 0, 0, 42, 0];

/// Measures each export in so many runs; a section of the document.
pub fn measure_all(sidetap: &Path, directory: &Path, traffic: Traffic, runs: usize) -> Result<String> {
    let capture = directory.join(format!("reference-{}.pcap", traffic.connections));
    traffic.write_once(&capture)?;
    let datagrams = datagrams(&fs::read(&capture)?);
    let file = directory.join("collected.pcapng");
    let mut rows = Vec::new();
    let mut commands = Vec::new();
    for export in ["none".to_owned(), "ndjson:/dev/null".to_owned(), format!("pcapng:{}", file.display())] {
        let command =
            format!("{} collect --listen {ADDRESS} --memory-limit 64MiB --export {export}", sidetap.display());
        let mut usages = Vec::new();
        for _ in 0..runs {
            let usage = run(&command, &datagrams)?;
            eprintln!("{export}: {:.3} CPU s", usage.cpu_seconds());
            usages.push(usage);
        }
        rows.push(row(&export, &usages));
        commands.push(format!("`{command}`"));
    }
    let _ = fs::remove_file(file);
    let titles = ["export", "packets / CPU s", "taken of those sent", "peak MiB"];
    Ok(format!(
        "## Collecting\n\nThe reference capture's {} frames over VXLAN through loopback, one datagram a frame, as fast as \
         one process can send them; medians of {runs} runs. The targets: 500,000 packets a CPU second without an export, \
         250,000 into a capture file.\n\n{}\n{}\n",
        count(datagrams.len() as f64),
        table(&titles, &rows),
        list(&commands),
    ))
}

fn run(command: &str, datagrams: &[Vec<u8>]) -> Result<Usage> {
    let running = measure::start(&words(command))?;
    sleep(SETTLING);
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(ADDRESS)?;
    for datagram in datagrams {
        socket.send(datagram).context("the collector does not listen")?;
    }
    sleep(SETTLING);
    running.interrupt()
}

fn row(export: &str, usages: &[Usage]) -> Vec<String> {
    let median = |of: &dyn Fn(&Usage) -> f64| measure::median(usages.iter().map(of).collect());
    let taken = |usage: &Usage| usage.number_of_line(" datagram").unwrap_or(0) as f64;
    let dropped = |usage: &Usage| usage.number_before(" dropped by the kernel").unwrap_or(0) as f64;
    vec![
        format!("`{}`", export.split(':').next().unwrap_or_default()),
        count(median(&|usage| taken(usage) / usage.cpu_seconds())),
        format!("{:.1} %", median(&|usage| 100.0 * taken(usage) / (taken(usage) + dropped(usage)).max(1.0))),
        format!("{:.1}", median(&Usage::peak_mib)),
    ]
}

/// The frames of a capture file that we wrote, each behind the header of VXLAN.
fn datagrams(capture: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = capture.get(24..).unwrap_or_default();
    let mut datagrams = Vec::new();
    while let Some((header, after)) = rest.split_first_chunk::<16>() {
        let length = u32::from_le_bytes([header[8], header[9], header[10], header[11]]) as usize;
        let Some((frame, after)) = after.split_at_checked(length) else { break };
        datagrams.push([&HEADER, frame].concat());
        rest = after;
    }
    datagrams
}
