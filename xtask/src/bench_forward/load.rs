//! Traffic past a program, and what both came to.

use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};

use super::program::{Built, Program, Taken};
use super::site::{HOST_ADDRESS, NOWHERE, Site};
use crate::machine;
use crate::measure::{self, Running};

/// What a program needs to open its sockets, and to read what it was sent last.
const SETTLING: Duration = Duration::from_millis(500);
/// Headers of Ethernet, IPv4 and UDP.
const HEADERS: usize = 14 + 20 + 8;

/// What is sent past a program.
#[derive(Debug, Clone, Copy)]
pub enum Load {
    /// Frames of one size.
    Frames { bytes: usize, count: u64, a_second: u64 },
    /// One TCP connection, at so many bits a second or as fast as it can.
    Bulk { seconds: u64, rate: Option<&'static str> },
}

/// How it went.
#[derive(Debug, Clone)]
pub struct Round {
    /// What the program did, if there was one.
    pub taken: Option<Taken>,
    /// Bytes of payload that TCP delivered, and how many a second.
    pub bytes: f64,
    pub bytes_a_second: f64,
}

/// Runs a program on the last core, and a load on the first.
pub fn round(site: &Site, built: &Built, program: Program, mtu: usize, load: Load) -> Result<Round> {
    let running = match program.command(built, mtu) {
        Some(command) => {
            let command = format!("taskset --cpu-list {} {command}", machine::cores() - 1);
            Some(measure::start(&site.on_host(&command))?)
        }
        None => None,
    };
    sleep(SETTLING);
    let before = running.as_ref().map(Running::cpu_until_now).transpose()?.unwrap_or_default();
    let sent = send(site, load);
    sleep(SETTLING);
    let after = running.as_ref().map(Running::cpu_until_now).transpose()?.unwrap_or_default();
    let usage = running.map(Running::interrupt).transpose()?;
    // Only now, so that no program is left behind.
    let (bytes, bytes_a_second) = sent?;
    let taken = usage.map(|usage| Taken::of(program, usage, after - before)).transpose()?;
    Ok(Round { taken, bytes, bytes_a_second })
}

/// Bytes, and bytes a second.
fn send(site: &Site, load: Load) -> Result<(f64, f64)> {
    match load {
        Load::Frames { bytes, count, a_second } => pelt(site, bytes, count, a_second),
        Load::Bulk { seconds, rate } => {
            let _served = site.serve(0)?;
            let report = site.at_source(&format!("taskset --cpu-list 0 {}", bulk_command(seconds, rate)))?;
            received(&report).with_context(|| format!("iperf3 reports nothing: {report}"))
        }
    }
}

/// How iperf3 is run at the source.
pub fn bulk_command(seconds: u64, rate: Option<&str>) -> String {
    let rate = rate.map_or(String::new(), |rate| format!(" --bitrate {rate}"));
    format!("iperf3 --client {HOST_ADDRESS} --time {seconds} --format k{rate}")
}

/// Bytes, and bytes a second.
fn pelt(site: &Site, bytes: usize, count: u64, a_second: u64) -> Result<(f64, f64)> {
    let payload = bytes - HEADERS;
    let xtask = std::env::current_exe()?;
    let command = format!("taskset --cpu-list 0 {} pelt {NOWHERE} {payload} {count} {a_second}", xtask.display());
    let seconds: f64 = site.at_source(&command)?.trim().parse()?;
    let bytes = (bytes as u64 * count) as f64;
    Ok((bytes, bytes / seconds))
}

/// Bytes and bytes a second from iperf3's line about the receiver.
fn received(report: &str) -> Option<(f64, f64)> {
    let line = report.lines().find(|line| line.trim_end().ends_with("receiver"))?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let before = |unit| Some(words[words.iter().position(|word| *word == unit)?.checked_sub(1)?]);
    let seconds: f64 = before("sec")?.split('-').next_back()?.parse().ok()?;
    let a_second = before("Kbits/sec")?.parse::<f64>().ok()? * 1000.0 / 8.0;
    Some((a_second * seconds, a_second))
}
