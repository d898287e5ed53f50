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
use runner::{Image, Images, Network, Task, container_of, missing, web};
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

/// How often the application is measured beside both sensors; of these the one in the middle counts.
const PAIRS: usize = 5;
/// How long the load in each of them lasts.
const FULL_LOAD_SECONDS: u64 = 4;

/// How thoroughly is measured.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Of a load.
    seconds: u64,
    /// How often the rate is halved in, once it is known between which two it is.
    refinements: usize,
}

impl Effort {
    pub const FULL: Effort = Effort { seconds: 12, refinements: 2 };
    pub const QUICK: Effort = Effort { seconds: 8, refinements: 1 };
}

/// By how much the rate is raised or lowered until it is known between which two it is.
const STEP: f64 = 1.5;
/// What part of the rate that was asked for has to be asked, or it is the most that this machine asks or answers.
const REACHED: f64 = 0.9;

/// Measures every size.
pub fn run_all(effort: Effort) -> Result<()> {
    let programs =
        [("h2load", "nghttp2-client"), ("ip", "iproute2"), ("nginx", "nginx-light"), ("runc", "runc"), ("wrk", "wrk")];
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
         that sees nothing: the one in the middle of {PAIRS} pairs of runs. ≥ is where this machine asks or answers no \
         more. A task of more CPUs than it has, as beside 256 units and more, has those. What is above 100 % is how much two \
         runs of one task differ here, and it may be as much the other way.\n\n{}\n- `{}`\n- `{}`\n",
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
    /// Requests a second that the application logged.
    rate: f64,
    /// Whether every one was recorded and sent.
    complete: bool,
    peak_mib: f64,
}

/// The application as fast as it answers.
struct Load {
    /// Requests a second.
    rate: f64,
    p99: String,
}

/// The application beside a sensor that sees nothing, and beside one that sees everything.
struct Pair {
    without: Load,
    with: Load,
}

impl Pair {
    /// What it does with the second, of what it does with the first.
    fn ratio(&self) -> f64 {
        self.with.rate / self.without.rate
    }
}

/// The most of which all is recorded.
struct Most {
    outcome: Outcome,
    /// Whether this machine could ask or answer no more.
    at_least: bool,
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
        let most = self.most_recorded(&document, cpu)?;
        let mut idle = document.clone();
        let sensor = container_of(&mut idle, SENSOR).context("no sensor")?;
        let command = sensor["command"].as_array_mut().context("a sensor without a command")?;
        command.extend([json!("--filter"), json!("udp port 1")]);
        let pair = self.pair_in_the_middle(&idle, &document)?;
        let mark = if most.at_least { "≥ " } else { "" };
        Ok(vec![
            cpu.to_string(),
            memory.to_string(),
            format!("{mark}{}", performance::count(most.outcome.rate)),
            format!("{:.1}", most.outcome.peak_mib),
            format!("{:.1} %", 100.0 * pair.ratio()),
            format!("{} instead of {}", pair.with.p99, pair.without.p99),
        ])
    }

    /// The application beside each of both, one right after the other, so that whatever else the machine does meets both;
    /// now the one first and now the other.
    fn pair_in_the_middle(&self, idle: &Value, busy: &Value) -> Result<Pair> {
        let pair = |number: usize| {
            let early = if number.is_multiple_of(2) { Some(self.full_load(idle)?) } else { None };
            let with = self.full_load(busy)?;
            let without = early.map_or_else(|| self.full_load(idle), Ok)?;
            Ok(Pair { without, with })
        };
        let mut pairs = (0..PAIRS).map(pair).collect::<Result<Vec<Pair>>>()?;
        pairs.sort_by(|one, other| one.ratio().total_cmp(&other.ratio()));
        Ok(pairs.swap_remove(PAIRS / 2))
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

    /// The highest rate of which all is recorded.
    fn most_recorded(&self, document: &Value, cpu: u64) -> Result<Most> {
        let mut asked = (cpu as f64 / 1024.0 / SECONDS_A_REQUEST).clamp(100.0, 20_000.0);
        let mut best = self.at_rate(document, asked)?;
        while !best.complete {
            ensure!(asked > 10.0, "nothing is recorded in full");
            asked /= STEP;
            best = self.at_rate(document, asked)?;
        }
        let (mut low, mut high) = (asked, asked * STEP);
        loop {
            if best.rate < low * REACHED {
                return Ok(Most { outcome: best, at_least: true });
            }
            let next = self.at_rate(document, high)?;
            if !next.complete {
                break;
            }
            (low, high, best) = (high, high * STEP, if next.rate > best.rate { next } else { best });
        }
        for _ in 0..self.effort.refinements {
            let middle = (low * high).sqrt();
            let next = self.at_rate(document, middle)?;
            match next.complete {
                true => (low, best) = (middle, next),
                false => high = middle,
            }
        }
        Ok(Most { outcome: best, at_least: false })
    }

    /// Asks so often a second.
    fn at_rate(&self, document: &Value, rate: f64) -> Result<Outcome> {
        let mut task = self.start(document)?;
        self.outside(&self.rate_command(rate as u64))?;
        // What was asked last is sent on within the export interval; stopping sends the rest.
        sleep(Duration::from_millis(500));
        let peak_mib = task.usage(SENSOR).memory_peak as f64 / f64::from(1 << 20);
        task.stop();
        let (logged, said) = (web::logged(&task), task.said(SENSOR));
        let complete = said.contains("\nnothing was lost\n") && said.contains(&format!("emitted {logged} "));
        Ok(Outcome { rate: logged as f64 / self.effort.seconds as f64, complete, peak_mib })
    }

    fn full_load(&self, document: &Value) -> Result<Load> {
        let mut task = self.start(document)?;
        let said = self.outside(&self.full_command())?;
        task.stop();
        let word = |line: &str| {
            let line = said.lines().find(|said| said.trim().starts_with(line));
            line.and_then(|line| line.split_whitespace().nth(1)).with_context(|| format!("wrk says no {line:?}"))
        };
        Ok(Load { rate: word("Requests/sec:")?.parse()?, p99: word("99%")?.to_owned() })
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
            "wrk --threads 1 --connections {CLIENTS} --duration {FULL_LOAD_SECONDS}s --latency http://{}:{}/items/1",
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
