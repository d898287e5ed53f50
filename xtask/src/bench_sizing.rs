//! Measures what a sensor of each size follows, and what that costs the application; writes that part of `docs/sizing.md`.
//!
//! The sensor is the image that is released, in a task that `runc` runs; the load is `h2load` at a rate, and for the
//! application's side `wrk` as fast as it answers, with a sensor that sees nothing and with one that sees everything.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use runner::{Image, Images, Network, Task, missing, web};
use serde_json::{Value, json};

use crate::performance::{self, list, table};
use crate::{cargo, debian, image, machine, root, run};

const IMAGE: &str = "sidetap:bench";
const SENSOR: &str = "sidetap-sensor";
const EXPORT: &str = "otlp:http://10.0.1.1:4318";
/// What 5 % of Fargate's sizes is, and two larger ones.
const CPU: [u64; 6] = [12, 25, 51, 128, 256, 1024];
const MEMORY: [u64; 3] = [25, 51, 102];
/// Clients that ask side by side.
const CLIENTS: u64 = 16;
const PATIENCE: Duration = Duration::from_secs(60);
/// About what a transaction takes, to begin with.
const SECONDS_A_REQUEST: f64 = 20e-6;

/// How thoroughly is measured.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Of a load.
    seconds: u64,
    /// How often the rate is halved in, once it is known between which two it is.
    refinements: usize,
}

impl Effort {
    pub const FULL: Effort = Effort { seconds: 20, refinements: 3 };
    pub const QUICK: Effort = Effort { seconds: 8, refinements: 1 };
}

/// Measures every size.
pub fn run_all(effort: Effort) -> Result<()> {
    let programs = [
        ("buildah", "buildah"),
        ("h2load", "nghttp2-client"),
        ("ip", "iproute2"),
        ("nginx", "nginx-light"),
        ("runc", "runc"),
        ("wrk", "wrk"),
    ];
    debian::install(debian::missing(&programs))?;
    if let Some(missing) = missing() {
        bail!("a task cannot be run here: {}", missing.0);
    }
    run(&mut cargo(&["build", "--quiet", "--package", "sidetap", "--bin", "sidetap"]))?;
    let bench = Bench::open(effort)?;
    let mut rows = Vec::new();
    for cpu in CPU {
        for memory in MEMORY {
            let row = bench.size(cpu, memory)?;
            eprintln!("{}", row.join(" | "));
            rows.push(row);
        }
    }
    let text = format!(
        "{}\nThe smallest requests there are (`GET`, 10 bytes of answer), every one recorded and sent over OTLP, none lost, \
         over {} s; the sensor of the image that is released, with `--rate-limit unlimited`. Larger and fewer ones take \
         less. At full load, the application does what it can with a sensor that sees everything, of what it can with one \
         that sees nothing.\n\n{}\n- `{}`\n- `{}`\n",
        list(&machine::describe()),
        effort.seconds,
        table(
            &[
                "CPU units",
                "MiB",
                "requests / s recorded",
                "peak MiB",
                "application at full load, of itself",
                "its p99 there"
            ],
            &rows
        ),
        bench.rate_command(1000).join(" "),
        bench.full_command().join(" "),
    );
    println!("{text}");
    performance::write_part_of("docs/sizing.md", "bench-sizing", &text)
}

/// A network with a receiver, and images.
struct Bench {
    effort: Effort,
    network: Arc<Network>,
    images: Images,
    directory: tempfile::TempDir,
    _receiver: Receiver,
}

/// What a run came to.
struct Outcome {
    /// Requests that the application logged.
    logged: u64,
    /// Whether every one was recorded and sent.
    complete: bool,
    peak_mib: f64,
}

impl Bench {
    fn open(effort: Effort) -> Result<Self> {
        let archive = image::given_or_made()?;
        let directory = tempfile::tempdir()?;
        let sidecar = Image::of_archive(&archive, &directory.path().join("image"))?;
        let nginx = web::image(&directory.path().join("nginx"))?;
        let images = Images::default().with(IMAGE, sidecar).with(web::IMAGE, nginx);
        let network = Arc::new(Network::make()?);
        let receiver = Receiver::start(&network)?;
        Ok(Bench { effort, network, images, directory, _receiver: receiver })
    }

    /// A line of the table.
    fn size(&self, cpu: u64, memory: u64) -> Result<Vec<String>> {
        let document = self.document(cpu, memory)?;
        let (rate, outcome, most) = self.most_recorded(&document, cpu)?;
        let mut idle = document.clone();
        let command = sensor_of(&mut idle)?["command"].as_array_mut().context("a sensor without a command")?;
        command.extend([json!("--filter"), json!("udp port 1")]);
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            without.push(self.full_load(&idle)?);
            with.push(self.full_load(&document)?);
        }
        let best = |loads: &[(f64, String)]| loads.iter().map(|(rate, _)| *rate).fold(0.0, f64::max);
        let mark = if most { "≥ " } else { "" };
        Ok(vec![
            cpu.to_string(),
            memory.to_string(),
            format!("{mark}{}", performance::count(rate)),
            format!("{:.1}", outcome.peak_mib),
            format!("{:.1} %", 100.0 * best(&with) / best(&without)),
            format!("{} instead of {}", with[0].1, without[0].1),
        ])
    }

    /// The task definition with a sensor of this size, in a task of which it is 5 %.
    fn document(&self, cpu: u64, memory: u64) -> Result<Value> {
        let file = self.directory.path().join("web.json");
        let (task_cpu, task_memory) = task_size(cpu, memory);
        let task = web::task_definition(task_cpu, task_memory);
        fs::write(&file, task.to_string())?;
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
        let (cpu, memory) = (cpu.to_string(), memory.to_string());
        let output = Command::new(target.join("debug/sidetap"))
            .args(["inject", "--file"])
            .arg(&file)
            .args([
                "--image",
                IMAGE,
                "--export",
                EXPORT,
                "--rate-limit",
                "unlimited",
                "--cpu",
                &cpu,
                "--memory",
                &memory,
            ])
            .output()?;
        ensure!(output.status.success(), "sidetap failed: {}", String::from_utf8_lossy(&output.stderr));
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// The highest rate of which all is recorded, what that run came to, and whether the application itself does no more.
    fn most_recorded(&self, document: &Value, cpu: u64) -> Result<(f64, Outcome, bool)> {
        let mut rate = (cpu as f64 / 1024.0 / SECONDS_A_REQUEST).clamp(100.0, 20_000.0);
        let mut outcome = self.at_rate(document, rate as u64)?;
        while !outcome.complete {
            ensure!(rate > 10.0, "nothing is recorded in full");
            rate /= 1.5;
            outcome = self.at_rate(document, rate as u64)?;
        }
        let (mut low, mut best) = (rate, outcome);
        let mut high = loop {
            let next = self.at_rate(document, (low * 1.5) as u64)?;
            let achieved = next.logged as f64 / self.effort.seconds as f64;
            if !next.complete {
                break low * 1.5;
            }
            if achieved < low * 1.2 {
                return Ok((achieved.max(low), next, true));
            }
            (low, best) = (low * 1.5, next);
        };
        for _ in 0..self.effort.refinements {
            let middle = (low * high).sqrt();
            let outcome = self.at_rate(document, middle as u64)?;
            match outcome.complete {
                true => (low, best) = (middle, outcome),
                false => high = middle,
            }
        }
        Ok((best.logged as f64 / self.effort.seconds as f64, best, false))
    }

    /// Asks so often a second.
    fn at_rate(&self, document: &Value, rate: u64) -> Result<Outcome> {
        let mut task = self.start(document)?;
        self.outside(&self.rate_command(rate))?;
        // What was asked last is sent on within the export interval; stopping sends the rest.
        sleep(Duration::from_millis(500));
        let peak_mib = task.usage(SENSOR).memory_peak as f64 / f64::from(1 << 20);
        task.stop();
        let (logged, said) = (web::logged(&task), task.said(SENSOR));
        let complete = said.contains("\nnothing was lost\n") && said.contains(&format!("emitted {logged} "));
        Ok(Outcome { logged, complete, peak_mib })
    }

    /// What the application answers a second at most, and its p99 then.
    fn full_load(&self, document: &Value) -> Result<(f64, String)> {
        let mut task = self.start(document)?;
        let said = self.outside(&self.full_command())?;
        task.stop();
        let word = |line: &str| {
            let line = said.lines().find(|said| said.trim().starts_with(line));
            line.and_then(|line| line.split_whitespace().nth(1)).with_context(|| format!("wrk says no {line:?}"))
        };
        Ok((word("Requests/sec:")?.parse()?, word("99%")?.to_owned()))
    }

    fn start(&self, document: &Value) -> Result<Task> {
        let task = Task::start(document, &self.images, web::NAME, &self.network)?;
        web::wait_until_it_answers(&task)?;
        task.wait_until_said(SENSOR, "listening", PATIENCE)?;
        Ok(task)
    }

    fn rate_command(&self, rate: u64) -> Vec<String> {
        let a_client = (rate / CLIENTS).max(1);
        let line = format!(
            "h2load --h1 --clients {CLIENTS} --rps {a_client} --duration {} http://{}:{}/items/1",
            self.effort.seconds,
            self.network.address(),
            web::PORT
        );
        line.split(' ').map(str::to_owned).collect()
    }

    fn full_command(&self) -> Vec<String> {
        let line = format!(
            "wrk --threads 1 --connections {CLIENTS} --duration {}s --latency http://{}:{}/items/1",
            self.effort.seconds.min(8),
            self.network.address(),
            web::PORT
        );
        line.split(' ').map(str::to_owned).collect()
    }

    fn outside(&self, words: &[String]) -> Result<String> {
        let output = self.network.command_outside(&words[0]).args(&words[1..]).output()?;
        ensure!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// The smallest of Fargate's sizes of which so much is 5 % or less, as far as there are such.
fn task_size(cpu: u64, memory: u64) -> (u64, u64) {
    const SIZES: [(u64, u64); 7] =
        [(256, 512), (512, 1024), (1024, 2048), (2048, 4096), (4096, 8192), (8192, 16_384), (16_384, 32_768)];
    let (units, least) = SIZES.into_iter().find(|(units, _)| *units >= cpu * 20).unwrap_or(SIZES[6]);
    (units, (memory * 20).next_power_of_two().max(least))
}

fn sensor_of(document: &mut Value) -> Result<&mut Value> {
    let containers = document["containerDefinitions"].as_array_mut().context("no containers")?;
    containers.iter_mut().find(|container| container["name"] == SENSOR).context("no sensor")
}

/// `xtask swallow` around the task: it takes whatever is sent to it.
struct Receiver(std::process::Child);

impl Receiver {
    fn start(network: &Network) -> Result<Self> {
        let program: &Path = &std::env::current_exe()?;
        let child = network.command_outside(program).args(["swallow", "10.0.1.1:4318"]).spawn()?;
        Ok(Receiver(child))
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
