//! Measures `sidetap forward` beside a forwarder that sends packets one by one, and writes that into
//! `docs/performance.md`.
//!
//! All that is compared sees the same traffic on the same interface, in turns. The targets are ratios, and they are
//! shown, not asserted.

mod load;
mod pelt;
mod program;
mod site;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use self::load::{Load, Round, bulk_command, round};
use self::program::{Built, Program, Taken};
use self::site::{Site, WayOut};
use crate::live::{self, Listener};
use crate::measure::median;
use crate::performance::{self, count, list, table};
use crate::{cargo, machine, peers, root, run};

pub use self::pelt::run as pelt;

/// Sizes of frames, from the Ethernet header on. The larger one fits Ethernet's MTU with VXLAN around it.
const FRAMES: [usize; 2] = [108, 1450];
/// So many that every program keeps up.
const FRAMES_A_SECOND: u64 = 200_000;
const MTUS: [usize; 2] = [1500, 9001];
const BITRATE: &str = "4G";
/// Bytes that a collector's datagram has around a frame: IPv4, UDP, VXLAN.
const OVERHEAD: usize = 36;
const LIMITS: [Option<&str>; 2] = [Some("25MiB"), None];

/// How thoroughly is measured.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    rounds: usize,
    /// That a round takes.
    seconds: u64,
}

impl Effort {
    pub const FULL: Effort = Effort { rounds: 5, seconds: 3 };
    pub const QUICK: Effort = Effort { rounds: 3, seconds: 2 };
}

/// A program, the way out, and what it did in each round.
struct Contender {
    program: Program,
    way_out: WayOut,
    rounds: Vec<Round>,
}

impl Contender {
    /// The median of what is made of each round.
    fn median(&self, of: impl Fn(&Round, &Taken) -> f64) -> f64 {
        median(self.rounds.iter().filter_map(|round| Some(of(round, round.taken.as_ref()?))).collect())
    }

    fn sum(&self, of: impl Fn(&Taken) -> u64) -> f64 {
        self.rounds.iter().filter_map(|round| round.taken.as_ref()).map(of).sum::<u64>() as f64
    }
}

/// Measures everything.
pub fn run_all(effort: Effort) -> Result<()> {
    peers::install()?;
    let directory = root().join("target/bench");
    fs::create_dir_all(&directory)?;
    let built = build(&directory)?;
    let mut text = format!("## Forwarding\n\n{}\n{}\n", list(&machine::describe()), list(&versions(&built)?));
    text += &frames(effort, &built)?;
    text += &bulk(effort, &built)?;
    text += &memory(effort, &built)?;
    text += &beside_an_application(effort, &built, &directory)?;
    let text = text.replace(&format!("{}/", root().display()), "");
    println!("{text}");
    performance::write_part("bench-forward", &text)
}

/// Builds the engine and the baseline, and keeps them out of the way of the next build.
fn build(directory: &Path) -> Result<Built> {
    let target = root().join("target");
    for what in [&["--bin", "sidetap"], &["--example", "forward_baseline"]] {
        run(cargo(&["build", "--release", "--locked", "--package", "sidetap", "--no-default-features"])
            .args(["--features", "engine"])
            .args(what)
            .arg("--target-dir")
            .arg(&target))?;
    }
    let keep = |from: &str, name: &str| {
        let kept = directory.join(name);
        fs::copy(target.join("release").join(from), &kept).context("cannot keep the program")?;
        anyhow::Ok(kept)
    };
    Ok(Built {
        sidetap: keep("sidetap", "sidetap-engine")?,
        baseline: keep("examples/forward_baseline", "forward_baseline")?,
    })
}

fn versions(built: &Built) -> Result<Vec<String>> {
    let sidetap = built.sidetap.display().to_string();
    let programs =
        [(sidetap.as_str(), "--version"), ("tcpdump", "--version"), ("iperf3", "--version"), ("nginx", "-v")];
    let versions = programs.iter().map(|(program, flag)| peers::version(program, flag));
    versions.collect()
}

/// Every contender in turn, so many times.
fn in_turns(effort: Effort, built: &Built, mtu: usize, load: Load) -> Result<Vec<Contender>> {
    let site = Site::open(mtu)?;
    let on_both = [Program::Forward(None), Program::AsIs, Program::Completed];
    let contender = |program, way_out| Contender { program, way_out, rounds: Vec::new() };
    let mut contenders: Vec<Contender> =
        on_both.iter().flat_map(|program| WayOut::ALL.map(|way_out| contender(*program, way_out))).collect();
    // It sends nothing.
    contenders.push(contender(Program::Tcpdump, WayOut::Offloading));
    for _ in 0..effort.rounds {
        for Contender { program, way_out, rounds } in &mut contenders {
            site.set(*way_out)?;
            let round = round(&site, built, *program, mtu, load)?;
            if let Some(taken) = &round.taken {
                eprintln!(
                    "{}, {way_out:?}: {:.3} CPU s, {} packets",
                    program.name(),
                    taken.cpu.as_secs_f64(),
                    taken.captured
                );
            }
            rounds.push(round);
        }
    }
    Ok(contenders)
}

/// CPU time a packet.
fn frames(effort: Effort, built: &Built) -> Result<String> {
    let mut rows = Vec::new();
    for bytes in FRAMES {
        let frames = Load::Frames { bytes, count: FRAMES_A_SECOND * effort.seconds, a_second: FRAMES_A_SECOND };
        let contenders = in_turns(effort, built, 1500, frames)?;
        let cost = |_: &Round, taken: &Taken| taken.cpu.as_secs_f64() * 1e9 / taken.captured.max(1) as f64;
        rows.extend(rows_of(&format!("{bytes} B"), &contenders, cost, |cost| format!("{cost:.0}")));
    }
    Ok(format!(
        "### A packet\n\n{} flows of UDP, a packet of each in turn, {} packets a second, through a veth with an MTU of 1500; \
         the medians of {} rounds of {} s, counts are sums. {} The targets: a baseline's CPU time at least 1.7 times \
         sidetap's; the aim: 300 ns at 108 bytes and 550 ns at 1,450.\n\n{}\n{}\n",
        pelt::FLOWS,
        count(FRAMES_A_SECOND as f64),
        effort.rounds,
        effort.seconds,
        CONDITIONS,
        table(&titles("frame", "CPU ns / packet"), &rows),
        commands(built, 1500),
    ))
}

/// CPU time a byte of bulk TCP.
fn bulk(effort: Effort, built: &Built) -> Result<String> {
    let mut rows = Vec::new();
    for mtu in MTUS {
        let load = Load::Bulk { seconds: effort.seconds, rate: Some(BITRATE) };
        let contenders = in_turns(effort, built, mtu, load)?;
        let cost = |round: &Round, taken: &Taken| taken.cpu.as_secs_f64() * 1e9 / (round.bytes * taken.share());
        rows.extend(rows_of(&format!("MTU {mtu}"), &contenders, cost, |cost| format!("{cost:.3}")));
    }
    Ok(format!(
        "### A byte of bulk TCP\n\nOne connection of iperf3 through a veth with offloads on, so that most frames are \
         super-frames of up to 64 KiB; CPU time for each byte that TCP delivered, less the share of packets that the \
         kernel dropped before the program had them. sidetap makes segments of a super-frame, \
         with headers and checksums, and sends them in one call; so does the completed baseline, with a `sendto` each; the \
         other cuts it into pieces of {} bytes less than the MTU. The target: a baseline's at least 2.5 times \
         sidetap's where segmentation is on.\n\n{}\n\
         - `{}`\n\n",
        OVERHEAD,
        table(&titles("veth", "CPU ns / byte"), &rows),
        bulk_command(effort.seconds, Some(BITRATE)),
    ))
}

const CONDITIONS: &str = "CPU time is that of user space and kernel, of all threads while the traffic comes: of \
reader and sender, and of what the kernel does in their name. The interface to the collector is an `ifb`, which drops what \
it is to send: a network card's driver would come on top, and the collector's work is not in it. *UDP segmentation* is \
`tx-udp-segmentation` of that interface: where it is on, it takes many datagrams as one, as a network card with that offload \
does; where it is off, the kernel cuts them apart before. Both baselines copy each packet into a buffer and call `sendto`. \
*As it is* is a packet without a look at it, its checksum as the sender left it to the interface; *completed* are the frames \
that sidetap sends, made by the same code. Each program has a core, and the sender another.";

fn titles<'t>(what: &'t str, cost: &'t str) -> [&'t str; 10] {
    [
        what,
        "program",
        "UDP segmentation",
        cost,
        "as it is / its",
        "completed / its",
        "packets handled",
        "dropped by the kernel",
        "datagrams sent",
        "peak MiB",
    ]
}

fn rows_of(
    what: &str,
    contenders: &[Contender],
    cost: impl Fn(&Round, &Taken) -> f64,
    shown: impl Fn(f64) -> String,
) -> Vec<Vec<String>> {
    let times = |program, contender: &Contender| {
        let is_it = |other: &&Contender| other.program == program && other.way_out == contender.way_out;
        let baseline = contenders.iter().find(is_it).map_or(0.0, |baseline| baseline.median(&cost));
        format!("{:.2}", baseline / contender.median(&cost))
    };
    let row = |contender: &Contender| {
        let sends = contender.program != Program::Tcpdump;
        vec![
            what.to_owned(),
            contender.program.name().to_owned(),
            if sends { contender.way_out.name().to_owned() } else { String::new() },
            shown(contender.median(&cost)),
            if sends { times(Program::AsIs, contender) } else { String::new() },
            if sends { times(Program::Completed, contender) } else { String::new() },
            count(contender.sum(|taken| taken.captured)),
            count(contender.sum(|taken| taken.dropped)),
            if sends { count(contender.sum(|taken| taken.sent)) } else { String::new() },
            format!("{:.1}", contender.median(|_, taken| taken.usage.peak_mib())),
        ]
    };
    contenders.iter().map(row).collect()
}

fn commands(built: &Built, mtu: usize) -> String {
    let programs = [Program::Forward(None), Program::AsIs, Program::Completed, Program::Tcpdump];
    let commands: Vec<String> =
        programs.iter().filter_map(|program| Some(format!("`{}`", program.command(built, mtu)?))).collect();
    list(&commands)
}

/// Peak memory when more comes than can be handled.
fn memory(effort: Effort, built: &Built) -> Result<String> {
    let site = Site::open(MTUS[1])?;
    let unpaced = |bytes| Load::Frames { bytes, count: 1_000_000 * effort.seconds, a_second: 0 };
    let loads = [
        ("frames of 108 B".to_owned(), unpaced(FRAMES[0])),
        ("frames of 1,450 B".to_owned(), unpaced(FRAMES[1])),
        ("bulk TCP, MTU 9001".to_owned(), Load::Bulk { seconds: effort.seconds, rate: None }),
    ];
    let mut rows = Vec::new();
    for limit in LIMITS {
        for way_out in WayOut::ALL {
            site.set(way_out)?;
            for (name, load) in &loads {
                let round = round(&site, built, Program::Forward(limit), MTUS[1], *load)?;
                let taken = round.taken.context("nobody was measured")?;
                rows.push(vec![
                    limit.map_or("none given (64 MiB)".to_owned(), |limit| format!("`--memory-limit {limit}`")),
                    name.clone(),
                    way_out.name().to_owned(),
                    format!("{:.1}", taken.usage.peak_mib()),
                    count(taken.captured as f64),
                    count(taken.dropped as f64),
                    count(taken.failed as f64),
                ]);
            }
        }
    }
    let titles =
        ["limit", "load", "UDP segmentation", "peak MiB", "packets handled", "ring full", "datagrams not sent"];
    Ok(format!("### Memory\n\nAs fast as one core can send.\n\n{}\n", table(&titles, &rows),))
}

/// What an application has left.
fn beside_an_application(effort: Effort, built: &Built, directory: &Path) -> Result<String> {
    let programs = [Program::Nobody, Program::Forward(Some("25MiB")), Program::Tcpdump];
    let listeners = [Listener::Nobody, Listener::Forward, Listener::Tcpdump];
    let mut columns: Vec<Vec<Vec<f64>>> = vec![vec![Vec::new(); 3]; programs.len()];
    for (place, mtu) in MTUS.into_iter().enumerate() {
        let site = Site::open(mtu)?;
        for _ in 0..effort.rounds {
            for (program, columns) in programs.iter().zip(&mut columns) {
                let load = Load::Bulk { seconds: effort.seconds, rate: None };
                columns[place].push(round(&site, built, *program, mtu, load)?.bytes_a_second * 8.0 / 1e9);
            }
        }
    }
    let site = live::Site::open(&directory.join("live"))?;
    site.lead_out()?;
    for _ in 0..effort.rounds {
        for (listener, columns) in listeners.iter().zip(&mut columns) {
            columns[2].push(site.round(*listener, &built.sidetap, effort.seconds)?.requests_a_second);
        }
    }
    let medians: Vec<Vec<f64>> = columns.into_iter().map(|columns| columns.into_iter().map(median).collect()).collect();
    let rows: Vec<Vec<String>> = programs
        .iter()
        .zip(&medians)
        .map(|(program, own)| {
            let mut row = vec![program.name().to_owned()];
            for (place, (own, alone)) in own.iter().zip(&medians[0]).enumerate() {
                row.push(if place < 2 { format!("{own:.1}") } else { count(*own) });
                row.push(format!("{:.1} %", 100.0 * own / alone));
            }
            row
        })
        .collect();
    let titles = [
        "listener",
        "iperf3 Gb/s, MTU 1500",
        "of those without",
        "iperf3 Gb/s, MTU 9001",
        "of those without",
        "nginx requests / s",
        "of those without",
    ];
    let commands = [bulk_command(effort.seconds, None), live::load_command(effort.seconds)].map(|it| format!("`{it}`"));
    Ok(format!(
        "### Beside an application\n\nsidetap has `--memory-limit 25MiB`. The application's own throughput, as fast as it can, with a listener on its \
         interface; the medians of {} rounds of {} s in turns. iperf3's two ends share one core, and the listener has \
         another; nginx, wrk and the listener go where the kernel puts them.\n\n{}\n{}",
        effort.rounds,
        effort.seconds,
        table(&titles, &rows),
        list(&commands),
    ))
}
