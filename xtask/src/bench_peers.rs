//! Measures sidetap beside programs that do a part of its work, and writes `docs/performance.md`.
//!
//! Figures depend on the machine and on what else it does; the targets are ratios, and even they are shown, not
//! asserted.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::collecting;
use crate::live::{self, Listener, Round, Site};
use crate::machine;
use crate::measure::{self, Usage, median};
use crate::peers::{self, Peer, Speed, words};
use crate::performance::{self, count, list, table};
use crate::traffic::Traffic;
use crate::{cargo, root, run};

/// How thoroughly is measured.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Runs of each program that is fast.
    runs: usize,
    /// Live rounds of each listener, and the seconds that one takes.
    rounds: usize,
    seconds: u64,
    /// How many of the reference capture's connections are measured: one in so many.
    one_in: u32,
    build: Build,
}

/// Which build is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// As it is released.
    Default,
    /// The engine alone, which is built much sooner.
    Engine,
}

impl Effort {
    pub const FULL: Effort = Effort { runs: 5, rounds: 3, seconds: 5, one_in: 1, build: Build::Default };
    pub const QUICK: Effort = Effort { runs: 3, rounds: 1, seconds: 1, one_in: 10, build: Build::Engine };

    /// How much of the reference capture is measured.
    fn traffic(self) -> Traffic {
        Traffic { connections: Traffic::REFERENCE.connections / self.one_in, ..Traffic::REFERENCE }
    }
}

/// Measures everything.
pub fn run_all(effort: Effort) -> Result<()> {
    peers::install()?;
    let directory = root().join("target/bench");
    fs::create_dir_all(&directory)?;
    let (sidetap, sizes) = build(effort.build, &directory)?;
    let mut text = format!("## The machine and the programs\n\n{}\n", list(&machine::describe()));
    text += &list(&peers::versions(&sidetap)?);
    text += &format!("\n{}\n", list(&sizes));
    text += &read_reference(effort, &sidetap, &directory)?;
    text += &read_outstanding(&sidetap, &directory)?;
    text += &listen(effort, &sidetap, &directory)?;
    text += &collecting::measure_all(&sidetap, &directory, effort.traffic(), effort.runs)?;
    let text = text.replace(&format!("{}/", root().display()), "");
    println!("{text}");
    performance::write(&text)
}

/// Measures only what collecting costs, and prints it.
pub fn run_collecting(effort: Effort) -> Result<()> {
    let directory = root().join("target/bench");
    fs::create_dir_all(&directory)?;
    let (sidetap, _) = build(effort.build, &directory)?;
    println!("{}", collecting::measure_all(&sidetap, &directory, Traffic::REFERENCE, effort.runs)?);
    Ok(())
}

/// Builds sidetap, and keeps the programs out of the way of the next build. The one to measure, and their sizes.
pub fn build(which: Build, directory: &Path) -> Result<(PathBuf, Vec<String>)> {
    let mut kept = Vec::new();
    for (build, name, features) in [
        (Build::Engine, "sidetap-engine", &["--no-default-features", "--features", "engine"][..]),
        (Build::Default, "sidetap", &[]),
    ] {
        if which == Build::Engine && build == Build::Default {
            continue;
        }
        let target = root().join("target");
        run(cargo(&["build", "--release", "--locked", "--package", "sidetap"])
            .args(features)
            .arg("--target-dir")
            .arg(&target))?;
        let program = directory.join(name);
        fs::copy(target.join("release/sidetap"), &program).context("cannot keep the program")?;
        kept.push((build, program));
    }
    let sizes = kept.iter().map(|(build, program)| {
        let name = match build {
            Build::Default => "sidetap as it is released",
            Build::Engine => "sidetap with the engine alone",
        };
        let measured = if *build == which { ", which is measured" } else { "" };
        let mib = fs::metadata(program)?.len() as f64 / f64::from(1 << 20);
        Ok(format!("{name}: {mib:.1} MiB on disk{measured}"))
    });
    let sizes = sizes.collect::<Result<_>>()?;
    let (_, program) = kept.into_iter().next_back().context("nothing was built")?;
    Ok((program, sizes))
}

/// Capture files: CPU time and memory of each program.
fn read_reference(effort: Effort, sidetap: &Path, directory: &Path) -> Result<String> {
    let traffic = effort.traffic();
    let capture = directory.join(format!("reference-{}.pcap", traffic.connections));
    let packets = traffic.write_once(&capture)? as f64;
    let peers = peers::readers(sidetap, &capture, machine::cores() - 1);
    let usages = interleaved(&peers, effort.runs)?;
    let transactions = traffic.total() as f64;
    let cpu = |usages: &[Usage]| median(usages.iter().map(Usage::cpu_seconds).collect());
    let own = cpu(&usages[0]);
    let rows: Vec<Vec<String>> = peers
        .iter()
        .zip(&usages)
        .map(|(peer, usages)| {
            let seconds = cpu(usages);
            let peak = median(usages.iter().map(Usage::peak_mib).collect());
            vec![
                peer.name.to_owned(),
                format!("{seconds:.3}"),
                count(transactions / seconds),
                count(packets / seconds),
                format!("{peak:.1}"),
                format!("{:.2}", own / seconds),
                format!("{:.1}", seconds / own),
            ]
        })
        .collect();
    let titles = [
        "program",
        "CPU s",
        "transactions / CPU s",
        "packets / CPU s",
        "peak MiB",
        "sidetap's CPU / its",
        "its / sidetap's",
    ];
    let commands: Vec<String> = peers.iter().map(|peer| format!("`{}`", peer.command.join(" "))).collect();
    let mib = fs::metadata(&capture)?.len() as f64 / 1e6;
    Ok(format!(
        "## Reading a capture file\n\n{} transactions on {} connections, {} of them side by side: {} packets, {mib:.0} MB. \
         The median of {} runs, one program after the other in turns, of tshark's one run. CPU time is that of user space \
         and kernel together. The targets: tshark's at least 50 times sidetap's, httpry's 3 times, and sidetap's at most \
         3 times tcpdump's, which only copies.\n\n{}\n{}\n",
        count(transactions),
        count(traffic.connections.into()),
        traffic.side_by_side,
        count(packets),
        effort.runs,
        table(&titles, &rows),
        list(&commands),
    ))
}

/// Runs the fast programs in turns, and the slow ones once.
fn interleaved(peers: &[Peer], runs: usize) -> Result<Vec<Vec<Usage>>> {
    let mut usages: Vec<Vec<Usage>> = peers.iter().map(|_| Vec::new()).collect();
    for turn in 0..runs {
        for (peer, usages) in peers.iter().zip(&mut usages) {
            if peer.speed == Speed::Fast || turn == 0 {
                let usage = measure::run(&peer.command)?;
                eprintln!("{}: {:.3} CPU s, {:.1} MiB", peer.name, usage.cpu_seconds(), usage.peak_mib());
                usages.push(usage);
            }
        }
    }
    Ok(usages)
}

/// Memory with as many requests outstanding as a busy server may have.
fn read_outstanding(sidetap: &Path, directory: &Path) -> Result<String> {
    let traffic = Traffic::OUTSTANDING;
    let capture = directory.join("outstanding.pcap");
    traffic.write_once(&capture)?;
    let command = format!("{} capture --read {} --export ndjson:/dev/null", sidetap.display(), capture.display());
    let mut rows = Vec::new();
    for limit in ["", " --memory-limit 25MiB"] {
        let usage = measure::run(&words(&format!("{command}{limit}")))?;
        let said = usage.said.split_whitespace().collect::<Vec<_>>().join(" ");
        rows.push(vec![format!("`{}`", limit.trim()), format!("{:.1}", usage.peak_mib()), said]);
    }
    rows[0][0] = "none given".to_owned();
    Ok(format!(
        "## Memory with {} requests outstanding\n\nAs many connections side by side, and each sends a request before the \
         first response comes; then once more.\n\n{}\n",
        count(traffic.connections.into()),
        table(&["limit", "peak MiB", "what sidetap says"], &rows),
    ))
}

/// Listening beside a server.
fn listen(effort: Effort, sidetap: &Path, directory: &Path) -> Result<String> {
    let site = Site::open(&directory.join("live"))?;
    let mut rounds: Vec<Vec<Round>> = Listener::ALL.iter().map(|_| Vec::new()).collect();
    for _ in 0..effort.rounds {
        for (listener, rounds) in Listener::ALL.iter().zip(&mut rounds) {
            let round = site.round(*listener, sidetap, effort.seconds)?;
            eprintln!("{}: {:.0} requests a second", listener.name(), round.requests_a_second);
            rounds.push(round);
        }
    }
    let rate = |rounds: &[Round]| median(rounds.iter().map(|round| round.requests_a_second).collect());
    let without = rate(&rounds[0]);
    let rows: Vec<Vec<String>> = Listener::ALL
        .iter()
        .zip(&rounds)
        .map(|(listener, rounds)| {
            let logged: u64 = rounds.iter().map(|round| round.logged).sum();
            let mut row = vec![
                listener.name().to_owned(),
                count(rate(rounds)),
                format!("{:.1} %", 100.0 * rate(rounds) / without),
                count(logged as f64),
            ];
            row.extend(sensor_columns(rounds));
            row
        })
        .collect();
    let titles = [
        "listener",
        "requests / s",
        "of those without",
        "logged by nginx",
        "recorded",
        "dropped by the kernel",
        "CPU s / 100,000 requests",
        "peak MiB",
    ];
    let mut commands = vec![format!("`{}`", live::load_command(effort.seconds))];
    commands.extend(Listener::ALL.iter().filter_map(|listener| Some(format!("`{}`", listener.command(sidetap)?))));
    Ok(format!(
        "## Listening beside a server\n\nnginx, with one process, and wrk in two namespaces of one machine, as fast as they \
         can; the listener is in the server's. The medians of {} rounds of {} s in turns; counts are sums.\n\n{}\n{}",
        effort.rounds,
        effort.seconds,
        table(&titles, &rows),
        list(&commands),
    ))
}

/// What a listener recorded, missed and cost.
fn sensor_columns(rounds: &[Round]) -> [String; 4] {
    let listened: Vec<_> = rounds.iter().filter_map(|round| Some((round.logged, round.listened.as_ref()?))).collect();
    if listened.is_empty() {
        return ["", "", "", ""].map(str::to_owned);
    }
    let recorded: Option<u64> = listened.iter().map(|(_, listened)| listened.recorded).sum();
    let dropped: u64 = listened.iter().map(|(_, listened)| listened.dropped_by_kernel).sum();
    let cost = listened.iter().map(|(logged, listened)| listened.usage.cpu_seconds() * 1e5 / *logged as f64);
    let peak = listened.iter().map(|(_, listened)| listened.usage.peak_mib());
    [
        recorded.map_or(String::new(), |recorded| count(recorded as f64)),
        count(dropped as f64),
        format!("{:.3}", median(cost.collect())),
        format!("{:.1}", median(peak.collect())),
    ]
}
