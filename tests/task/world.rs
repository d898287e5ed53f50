//! An account with one service of nginx on the smallest Fargate task, a network to run its task in, and its images.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use runner::web::{self, PORT};
use runner::{Happened, Image, Images, Network, Task, Usage, missing};
use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::Value;
use standin::Standin;
use tempfile::TempDir;

use crate::receiver::{Receiver, Seen};
use crate::skip;
use crate::support::{Python, Sidetap};

/// Far longer than anything takes, on a machine that is busy as well.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// The name that the sidecar's image has.
pub const IMAGE: &str = "sidetap:test";
/// Where a collector listens.
pub const COLLECTOR: &str = "10.0.1.1:4789";

/// All of it, gone with the test.
pub struct World {
    pub standin: Standin,
    pub network: Arc<Network>,
    images: Images,
    python: Python,
    directory: TempDir,
    _turn: Turn,
}

/// Tests that measure run alone, others beside each other.
enum Turn {
    Shared { _guard: RwLockReadGuard<'static, ()> },
    Alone { _guard: RwLockWriteGuard<'static, ()> },
}

static TURNS: RwLock<()> = RwLock::new(());

impl World {
    /// None, with a word on why, where that cannot be.
    pub fn new(test: &str) -> Option<World> {
        World::of(test, || Turn::Shared { _guard: TURNS.read().unwrap_or_else(PoisonError::into_inner) })
    }

    /// The same for a test beside which no other one is to run.
    pub fn alone(test: &str) -> Option<World> {
        World::of(test, || Turn::Alone { _guard: TURNS.write().unwrap_or_else(PoisonError::into_inner) })
    }

    fn of(test: &str, turn: impl FnOnce() -> Turn) -> Option<World> {
        if let Some(missing) = missing() {
            return skip(&missing.0);
        }
        let Some(archive) = std::env::var_os("SIDETAP_TEST_IMAGE").map(PathBuf::from) else {
            return skip(&format!("{test} needs the image that `cargo xtask test` makes"));
        };
        let python = Python::prepared(test)?;
        let turn = turn();
        let directory = tempfile::tempdir().expect("a directory");
        let sidetap = Image::of_archive(&archive, &directory.path().join("sidetap")).expect("an image");
        let nginx = web::image(&directory.path().join("nginx")).expect("nginx is installed");
        let images = Images::default().with(IMAGE, sidetap).with(web::IMAGE, nginx);
        let standin = Standin::start();
        standin.service("main", "web", web::task_definition(256, 512));
        let network = Arc::new(Network::make().expect("a network"));
        Some(World { standin, network, images, python, directory, _turn: turn })
    }

    /// Runs sidetap against the account; it has to do well.
    pub fn sidetap(&self, line: &str) {
        Sidetap::new(line).against(&self.standin).exits(0);
    }

    /// The task definition that the service runs, as ECS would give it to whatever runs it.
    pub fn revision(&self) -> Value {
        let service = self.standin.service_json("web");
        let arn = service["taskDefinition"].as_str().expect("the service runs a revision");
        self.standin.describe(arn)["taskDefinition"].clone()
    }

    /// Requires that the service runs the same as before, but for the revision's number and date.
    pub fn runs_what_it_ran(&self, before: &Value) {
        let mut after = self.revision();
        for key in ["revision", "taskDefinitionArn", "registeredAt"] {
            after[key] = before[key].clone();
        }
        assert_eq!(after, *before);
    }

    /// Runs it as a task, and waits until the application answers.
    pub fn start(&self) -> Task {
        self.start_of(&self.revision())
    }

    /// The same of another document.
    pub fn start_of(&self, document: &Value) -> Task {
        let task = Task::start(document, &self.images, "web", &self.network).expect("a task");
        web::wait_until_it_answers(&task).expect("the application answers");
        task
    }

    /// Gives the service a sensor that sends all it sees there.
    pub fn inject_sensor(&self, export: &str) {
        self.sidetap(&format!(
            "inject --cluster main --service web --image {IMAGE} --export {export} --rate-limit unlimited --yes"
        ));
    }

    /// A receiver of OTLP around the task, and the export to it.
    pub fn receiver(&self) -> (Receiver, String) {
        let receiver = receive(self.network.command_outside(self.python.path("python")));
        let export = format!("otlp:http://{}:{}", self.network.address_outside(), receiver.port);
        (receiver, export)
    }

    /// One within the task, as a container of it.
    pub fn receiver_inside(&self) -> Receiver {
        receive(self.network.command_inside(self.python.path("python")))
    }

    /// `sidetap collect` around the task.
    pub fn collector(&self) -> Collector {
        let mut command = self.network.command_outside(env!("CARGO_BIN_EXE_sidetap"));
        let records = self.directory.path().join("records.ndjson");
        let export = format!("ndjson:{}", records.display());
        let words = ["collect", "--listen", COLLECTOR, "--rate-limit", "unlimited", "--export", &export];
        let child = command.args(words).stdin(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("sidetap runs");
        let mut line = String::new();
        let stderr = child.stderr.as_mut().expect("it was asked for");
        while !line.starts_with("listening") {
            line.clear();
            let length = BufReader::with_capacity(1, &mut *stderr).read_line(&mut line).expect("a line");
            assert!(length > 0, "the collector does not listen");
        }
        Collector { child: Some(child), records }
    }

    /// What a receiver was sent.
    pub fn seen(&self, receiver: &Receiver) -> Seen {
        self.network.outside_do(|| receiver.seen()).expect("the namespace is there")
    }

    /// Sends so many requests to the application over some connections, so long apart; each is answered.
    pub fn ask(&self, requests: usize, apart: Duration) {
        let mut client = None;
        for number in 0..requests {
            if number % 50 == 0 {
                client = Some(web::Client::connect(&self.network).expect("the application listens"));
            }
            client.as_mut().expect("a connection").get(&format!("/items/{number}")).expect("an answer");
            std::thread::sleep(apart);
        }
    }

    /// Asks as fast as the application answers, over so many connections, for so long.
    pub fn load(&self, connections: usize, seconds: u64) -> Load {
        allow_open_files(connections as u64 + 100);
        let mut command = self.network.command_outside("wrk");
        command.args(["--threads", "1", "--latency", "--timeout", "30s"]);
        command.args(["--connections", &connections.to_string(), "--duration", &format!("{seconds}s")]);
        let output = command.arg(format!("http://{}:{PORT}/items/1", self.network.address())).output();
        let output = output.expect("wrk is installed");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && complaints.is_empty(), "{said}{complaints}");
        // Lines that come only if there is something to tell.
        for trouble in ["Socket errors:", "Non-2xx"] {
            assert!(!said.contains(trouble), "{said}");
        }
        let word = |line: &str, place: usize| {
            let line = said.lines().find(|said| said.trim().starts_with(line)).unwrap_or_else(|| panic!("{said}"));
            line.split_whitespace().nth(place).expect("a word").to_owned()
        };
        Load {
            requests_a_second: word("Requests/sec:", 1).parse().expect("a number"),
            median: milliseconds(&word("50%", 1)),
            p99: milliseconds(&word("99%", 1)),
        }
    }
}

/// Lets this process, and those that it starts, open so many files.
fn allow_open_files(number: u64) {
    let mut limits = getrlimit(Resource::Nofile);
    // No limit is none.
    if limits.current.is_some_and(|current| current < number) {
        limits.current = Some(number);
        limits.maximum = limits.maximum.map(|most| most.max(number));
        setrlimit(Resource::Nofile, limits).expect("root may");
    }
}

fn receive(mut python: Command) -> Receiver {
    python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/otlp/receiver.py")).args(["--address", "0.0.0.0"]);
    Receiver::start(&mut python)
}

/// Waits until a container has written something to standard error.
pub fn wait_until_said(task: &Task, container: &str, text: &str) {
    task.wait_until_said(container, text, PATIENCE).expect("it says so");
}

/// Requires that a container has run once, within its memory, and ended with this code before somebody made it to; `usage` is
/// from while it ran.
#[track_caller]
pub fn ran_to_its_end(task: &Task, container: &str, usage: Usage, code: i64) {
    let said = task.said(container);
    let happened: Vec<Happened> = task.events_of(container).iter().map(|event| event.happened).collect();
    assert_eq!(happened.last(), Some(&Happened::Exited { code, out_of_memory: false }), "{happened:?}: {said}");
    assert!(!happened.contains(&Happened::Killed), "{happened:?}: {said}");
    assert_eq!((task.runs(container), usage.oom_kills), (1, 0), "{said}");
    // Of which less is told has not been measured.
    assert!((1 << 20..=usage.memory_limit).contains(&usage.memory_peak), "{usage:?}");
    assert!(!usage.cpu.is_zero(), "{usage:?}");
}

/// What a load came to; times are in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub requests_a_second: f64,
    pub median: f64,
    pub p99: f64,
}

/// A time as wrk prints it.
fn milliseconds(text: &str) -> f64 {
    let number = |unit: &str| text.strip_suffix(unit).and_then(|number| number.parse::<f64>().ok());
    let of = |unit, factor| number(unit).map(|number| number * factor);
    of("us", 0.001).or_else(|| of("ms", 1.0)).or_else(|| of("s", 1000.0)).unwrap_or_else(|| panic!("no time: {text}"))
}

/// A collector that runs until it is told to stop.
pub struct Collector {
    child: Option<Child>,
    records: PathBuf,
}

impl Collector {
    /// Has it end; its records, and what it said.
    pub fn stop(mut self) -> (Vec<Value>, String) {
        let child = self.child.take().expect("it runs");
        let pid = child.id().to_string();
        Command::new("kill").args(["-INT", &pid]).status().expect("kill runs");
        let output = child.wait_with_output().expect("it ends");
        let records = std::fs::read_to_string(&self.records).expect("its records");
        let records = records.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        (records, String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
