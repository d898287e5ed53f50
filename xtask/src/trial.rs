//! `cargo xtask try`: a task with a sidecar on this machine, from the task definition to records on the screen.
//!
//! What runs is what is released: the image that `cargo xtask image` makes, in a task that `runc` runs as ECS does on
//! Fargate, beside an nginx that somebody asks now and then.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use runner::{Image, Images, Network, Task, missing, web};
use serde_json::Value;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::{cargo, debian, image, root, run};

const IMAGE: &str = "sidetap:local";
const SENSOR: &str = "sidetap-sensor";
/// How long it goes on where nobody can press Ctrl-C.
const UNATTENDED: Duration = Duration::from_secs(15);
const BETWEEN_REQUESTS: Duration = Duration::from_millis(400);
const PATIENCE: Duration = Duration::from_secs(60);
const PATHS: [&str; 5] =
    ["/", "/items/4711", "/items/4712?size=50", "/users/ada@example.com/orders/17", "/static/logo.svg"];

/// Runs it until Ctrl-C.
pub fn run_all() -> Result<()> {
    let programs = [("buildah", "buildah"), ("ip", "iproute2"), ("nginx", "nginx-light"), ("runc", "runc")];
    debian::install(debian::missing(&programs))?;
    if let Some(missing) = missing() {
        bail!("a task cannot be run here: {}", missing.0);
    }
    say("Building sidetap and its image. The first time takes some minutes.");
    run(&mut cargo(&["build", "--quiet", "--package", "sidetap", "--bin", "sidetap"]))?;
    let archive = image::given_or_made()?;
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("web.json");
    std::fs::write(&file, serde_json::to_string_pretty(&web::task_definition(256, 512))? + "\n")?;

    say("An application of the smallest Fargate size, and what a sensor in it changes:");
    let line = ["inject", "--file", "web.json", "--image", IMAGE, "--export", "ndjson:-", "--rate-limit", "unlimited"];
    sidetap(directory.path(), &[&line[..], &["--dry-run"]].concat(), Output::Shown)?;
    let patched = sidetap(directory.path(), &line, Output::Returned)?;
    let document: Value = serde_json::from_str(&patched).context("sidetap prints no JSON")?;

    let sidecar = Image::of_archive(&archive, &directory.path().join("image"))?;
    let nginx = web::image(&directory.path().join("nginx"))?;
    let images = Images::default().with(IMAGE, sidecar).with(web::IMAGE, nginx);
    let network = Arc::new(Network::make()?);
    let mut task = Task::start(&document, &images, web::NAME, &network)?;
    web::wait_until_it_answers(&task)?;
    task.wait_until_said(SENSOR, "listening", PATIENCE)?;
    say("The task runs. What the sensor records, each as nginx is asked (Ctrl-C ends it):");
    let records = watch(&task)?;

    say("Stopping the task, as ECS does.");
    task.stop();
    print!("{}", indented(&task.said(SENSOR)));
    println!("nginx logged {} requests; {records} records were shown", web::logged(&task));
    say("And without the sensor again:");
    let back = sidetap_of(directory.path(), &["remove", "--file", "-"], &patched)?;
    let before = std::fs::read_to_string(&file)?;
    ensure!(
        serde_json::from_str::<Value>(&back)? == serde_json::from_str::<Value>(&before)?,
        "something is left of it"
    );
    println!("`sidetap remove` gives back the task definition as it was.");
    Ok(())
}

fn say(what: &str) {
    println!("\n== {what}");
}

/// Asks the application and shows what is recorded, until somebody has seen enough; how many records there were.
fn watch(task: &Task) -> Result<usize> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop))?;
    }
    let end = (!std::io::stdin().is_terminal()).then(|| Instant::now() + UNATTENDED);
    let mut client = web::Client::connect(task.network())?;
    let mut shown = 0;
    for path in PATHS.iter().cycle() {
        if stop.load(Ordering::Relaxed) || end.is_some_and(|end| Instant::now() > end) {
            break;
        }
        client.get(path)?;
        sleep(BETWEEN_REQUESTS);
        shown += show(task, shown)?;
    }
    // What was asked last is recorded within a moment.
    sleep(Duration::from_secs(1));
    Ok(shown + show(task, shown)?)
}

/// Shows the records behind the first so many, a line each.
fn show(task: &Task, skip: usize) -> Result<usize> {
    let output = task.output(SENSOR);
    let whole = output.rfind('\n').map_or("", |end| &output[..end]);
    let mut lines = 0;
    for line in whole.lines().skip(skip) {
        lines += 1;
        let record: BTreeMap<String, Value> = serde_json::from_str(line).context("a record is no JSON")?;
        let text = |name: &str| match record.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        let duration = record.get("duration").and_then(Value::as_f64).unwrap_or_default() * 1000.0;
        match text("type").as_str() {
            "http" => println!(
                "{}  {:<5} {:<40} {}  {duration:.1} ms  from {}",
                text("start_time").get(11..23).unwrap_or_default(),
                text("http.request.method"),
                text("http.route"),
                text("http.response.status_code"),
                text("client.address"),
            ),
            "endpoint" => {
                println!("              a new endpoint: {} {}", text("http.request.method"), text("http.route"))
            }
            other => println!("              {other}"),
        }
    }
    std::io::stdout().flush()?;
    Ok(lines)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

/// Where what sidetap prints goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Output {
    Shown,
    Returned,
}

/// Runs sidetap in a directory, and shows its command line.
fn sidetap(directory: &Path, words: &[&str], output: Output) -> Result<String> {
    println!("$ sidetap {}", words.join(" "));
    let mut command = Command::new(program()?);
    command.current_dir(directory).args(words).stdin(Stdio::null());
    if output == Output::Returned {
        command.stdout(Stdio::piped());
    }
    let output = command.spawn().and_then(std::process::Child::wait_with_output).context("cannot run sidetap")?;
    ensure!(output.status.success(), "sidetap failed: {}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The same with something on its standard input.
fn sidetap_of(directory: &Path, words: &[&str], input: &str) -> Result<String> {
    println!("$ sidetap {}", words.join(" "));
    let mut command = Command::new(program()?);
    let child = command.current_dir(directory).args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.context("cannot run sidetap")?;
    child.stdin.take().context("sidetap has no input")?.write_all(input.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "sidetap failed: {}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn program() -> Result<std::path::PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
    Ok(target.join("debug/sidetap"))
}
