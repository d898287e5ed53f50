//! `cargo xtask try`: a task with a sidecar on this machine, from the task definition to records on the screen.
//!
//! What runs is what is released: the image that `cargo xtask image` makes, in a task that `runc` runs as ECS does on
//! Fargate, beside an nginx that somebody asks now and then.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use runner::{Image, Images, Network, Task, missing, missing_rights, web};
use serde_json::Value;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::{cargo, debian, image, root};

const FILE: &str = "web.json";
const IMAGE: &str = "sidetap:local";
const SENSOR: &str = "sidetap-sensor";
/// How long it goes on where nobody can press Ctrl-C.
const UNATTENDED: Duration = Duration::from_secs(5);
const BETWEEN_REQUESTS: Duration = Duration::from_millis(400);
const PATIENCE: Duration = Duration::from_secs(60);
const PATHS: [&str; 5] =
    ["/", "/items/4711", "/items/4712?size=50", "/users/ada@example.com/orders/17", "/static/logo.svg"];

/// Runs it until Ctrl-C.
pub fn run_all() -> Result<ExitCode> {
    if let Some(missing) = missing_rights() {
        bail!("a task cannot be run here: {}", missing.0);
    }
    let (program, archive) = (crate::given("SIDETAP_TEST_PROGRAM")?, image::given()?);
    debian::install(debian::missing(&[("ip", "iproute2"), ("nginx", "nginx-light"), ("runc", "runc")]))?;
    if archive.is_none() {
        image::install_tools()?;
    }
    if let Some(missing) = missing() {
        bail!("a task cannot be run here: {}", missing.0);
    }
    if program.is_none() || archive.is_none() {
        say("Building sidetap and its image. The first time takes some minutes.")?;
    }
    let program = program.map_or_else(build, Ok)?;
    let archive = archive.map_or_else(image::archive, Ok)?;
    // From here on there is something to clear away.
    let stop = Stop::by_signal()?;
    let directory = runner::directory()?;
    let sidetap = Sidetap { program, directory: directory.path() };
    let started = start(&sidetap, &archive, &stop);
    if let Some(signal) = stop.signal() {
        // Whatever has failed: it was asked for, and programs that are run here may have ended by it as well.
        drop(started);
        print("Ended before the task ran.\n")?;
        return Ok(ExitCode::from(128 + signal));
    }
    let (patched, mut task) = started?;
    say("The task runs. What the sensor records, each as nginx is asked (Ctrl-C ends it):")?;
    let mut records = Records::default();
    watch(&task, &mut records, &stop)?;

    let ended = ended_by_itself(&task);
    if ended.is_none() {
        say("Stopping the task, as ECS does.")?;
    }
    task.stop();
    records.show(&task)?;
    print(&indented(&task.said(SENSOR)))?;
    if let Some(ended) = ended.or_else(|| ended_with(&task)) {
        bail!("{ended}\n{}", indented(&task.said(web::NAME)));
    }
    let (logged, shown) = (web::logged(&task), records.transactions);
    print(&format!("nginx logged {logged} requests; {shown} records of requests were shown\n"))?;
    ensure!(shown == logged, "each request has to have a record");
    ensure!(logged > 0 || stop.signal().is_some(), "nginx was asked nothing");
    say("And without the sensor again:")?;
    let back = sidetap.run(&["remove", "--file", "-"], &patched)?;
    let before = std::fs::read_to_string(directory.path().join(FILE))?;
    ensure!(
        serde_json::from_str::<Value>(&back)? == serde_json::from_str::<Value>(&before)?,
        "something is left of it"
    );
    print("`sidetap remove` gives back the task definition as it was.\n")?;
    Ok(ExitCode::SUCCESS)
}

/// Shows what a sensor changes, and starts a task with it: the task definition, and the task once it works.
fn start(sidetap: &Sidetap<'_>, archive: &Path, stop: &Stop) -> Result<(String, Task)> {
    let sidecar = Image::of_archive(archive, &sidetap.directory.join("image"))?;
    let nginx = web::image(&sidetap.directory.join("nginx"))?;
    let images = Images::default().with(IMAGE, sidecar).with(web::IMAGE, nginx);
    let application = serde_json::to_string_pretty(&web::task_definition(256, 512))? + "\n";
    std::fs::write(sidetap.directory.join(FILE), application)?;

    say("An application of the smallest Fargate size, and what a sensor in it changes:")?;
    let line = ["inject", "--file", FILE, "--image", IMAGE, "--export", "ndjson:-", "--rate-limit", "unlimited"];
    sidetap.show(&[&line[..], &["--dry-run"]].concat())?;
    let patched = sidetap.run(&line, "")?;
    let document: Value = serde_json::from_str(&patched).context("sidetap prints no JSON")?;

    let task = Task::start(&document, &images, web::NAME, &Arc::new(Network::make()?))?;
    wait_until_it_works(&task, stop)?;
    Ok((patched, task))
}

/// Prints a heading.
fn say(what: &str) -> Result<()> {
    print(&format!("\n== {what}\n"))
}

/// Prints as far as there is somebody to read it. That the terminal has gone is an error, so that all is cleared away.
fn print(text: &str) -> Result<()> {
    let mut output = std::io::stdout().lock();
    Ok(output.write_all(text.as_bytes()).and_then(|()| output.flush())?)
}

/// Whether somebody has seen enough: by Ctrl-C, by a kill, or by closing the terminal. 0, or the signal's number.
struct Stop(Arc<AtomicUsize>);

impl Stop {
    /// From here on these signals end nothing by themselves.
    fn by_signal() -> Result<Self> {
        let stop = Arc::new(AtomicUsize::new(0));
        for signal in [SIGHUP, SIGINT, SIGTERM] {
            signal_hook::flag::register_usize(signal, Arc::clone(&stop), usize::try_from(signal)?)?;
        }
        Ok(Stop(stop))
    }

    /// The one that has come, if one has.
    fn signal(&self) -> Option<u8> {
        u8::try_from(self.0.load(Ordering::Relaxed)).ok().filter(|signal| *signal > 0)
    }
}

/// Waits until the application answers and the sensor listens.
fn wait_until_it_works(task: &Task, stop: &Stop) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    let said = || format!("{}{}", indented(&task.said(web::NAME)), indented(&task.said(SENSOR)));
    while !task.said(SENSOR).contains("listening") || web::Client::connect(task.network()).is_err() {
        ensure!(stop.signal().is_none(), "ended before the task ran");
        if let Some(ended) = ended_by_itself(task) {
            bail!("{ended}\n{}", said());
        }
        ensure!(Instant::now() < end, "the task does not get to work\n{}", said());
        sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// What has ended that nobody has asked to: the task, or its sensor, which does not run again after that.
fn ended_by_itself(task: &Task) -> Option<String> {
    let sensor = || task.exit_code(SENSOR).map(|code| format!("the sensor has ended by itself with {code}"));
    ended_with(task).or_else(sensor)
}

fn ended_with(task: &Task) -> Option<String> {
    task.reason().map(|reason| format!("the task has ended by itself: {reason}"))
}

/// Asks the application and shows what is recorded, until somebody has seen enough or the task ends by itself.
fn watch(task: &Task, records: &mut Records, stop: &Stop) -> Result<()> {
    let end = (!std::io::stdin().is_terminal()).then(|| Instant::now() + UNATTENDED);
    let mut client = web::Client::connect(task.network())?;
    for path in PATHS.iter().cycle() {
        if stop.signal().is_some() || end.is_some_and(|end| Instant::now() > end) || ended_by_itself(task).is_some() {
            break;
        }
        match client.get(path) {
            Err(_) if task.reason().is_some() => break,
            asked => asked?,
        }
        sleep(BETWEEN_REQUESTS);
        records.show(task)?;
    }
    // What was asked last is recorded within a moment.
    sleep(Duration::from_secs(1));
    records.show(task)
}

/// The records that were shown.
#[derive(Default)]
struct Records {
    lines: usize,
    /// Those that are of a request and its response.
    transactions: u64,
}

impl Records {
    /// Shows those that are new, a line each.
    fn show(&mut self, task: &Task) -> Result<()> {
        let output = task.output(SENSOR);
        let whole = output.rfind('\n').map_or("", |end| &output[..end]);
        for line in whole.lines().skip(self.lines) {
            self.lines += 1;
            let record: BTreeMap<String, Value> = serde_json::from_str(line).context("a record is no JSON")?;
            let text = |name: &str| match record.get(name) {
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => String::new(),
            };
            let duration = record.get("duration").and_then(Value::as_f64).unwrap_or_default() * 1000.0;
            let what = match text("type").as_str() {
                "http" => {
                    self.transactions += 1;
                    format!(
                        "{}  {:<5} {:<40} {}  {duration:.1} ms  from {}",
                        text("start_time").get(11..23).unwrap_or_default(),
                        text("http.request.method"),
                        text("http.route"),
                        text("http.response.status_code"),
                        text("client.address"),
                    )
                }
                "endpoint" => {
                    format!("              a new endpoint: {} {}", text("http.request.method"), text("http.route"))
                }
                other => format!("              {other}"),
            };
            print(&format!("{what}\n"))?;
        }
        Ok(())
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

/// Sidetap, in a directory.
struct Sidetap<'a> {
    program: PathBuf,
    directory: &'a Path,
}

impl Sidetap<'_> {
    /// Shows a command line and what it prints.
    fn show(&self, words: &[&str]) -> Result<()> {
        let status = self.command(words)?.stdin(Stdio::null()).status().context("cannot run sidetap")?;
        ensure!(status.success(), "sidetap failed: {status}");
        Ok(())
    }

    /// Shows a command line and runs it with this on its standard input; what it prints.
    fn run(&self, words: &[&str], input: &str) -> Result<String> {
        let mut command = self.command(words)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Ctrl-C is for whoever runs the task, also while it ends. A terminal may stop what writes to it from such a group.
        command.process_group(0);
        let mut child = command.spawn().context("cannot run sidetap")?;
        child.stdin.take().context("sidetap has no input")?.write_all(input.as_bytes())?;
        let output = child.wait_with_output()?;
        print(&String::from_utf8_lossy(&output.stderr))?;
        ensure!(output.status.success(), "sidetap failed: {}", output.status);
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Shows a command line.
    fn command(&self, words: &[&str]) -> Result<Command> {
        print(&format!("$ sidetap {}\n", words.join(" ")))?;
        let mut command = Command::new(&self.program);
        command.current_dir(self.directory).args(words);
        Ok(command)
    }
}

/// Builds the program of this checkout.
fn build() -> Result<PathBuf> {
    let build = ["build", "--quiet", "--package", "sidetap", "--bin", "sidetap"];
    let mut build = cargo(&build);
    build.args(["--message-format", "json-render-diagnostics"]).current_dir(root()).stdout(Stdio::piped());
    let output = build.spawn().and_then(Child::wait_with_output).context("cannot run cargo")?;
    ensure!(output.status.success(), "sidetap cannot be built: {}", output.status);
    let messages = String::from_utf8_lossy(&output.stdout);
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut made = messages.filter(|message| message["target"]["name"] == "sidetap");
    let program = made.find_map(|message| message["executable"].as_str().map(PathBuf::from));
    program.context("cargo does not say where sidetap is")
}
