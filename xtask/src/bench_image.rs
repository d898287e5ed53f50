//! What the sidecar's image comes to: its size, how soon the sensor in it is ready, and whether a build elsewhere gives the
//! same; into its part of `docs/performance.md`.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::{dist, image, machine, performance, root, run};

const ADDRESS: &str = "127.0.0.1:19464";
const STARTS: usize = 20;
const PATIENCE: Duration = Duration::from_secs(5);
/// The goals.
const MOST_COMPRESSED: u64 = 6 << 20;
const MOST_STARTING: Duration = Duration::from_millis(50);

/// Measures all of it, and writes it down; an error if a goal is missed.
pub fn run_all() -> Result<()> {
    image::install_tools()?;
    let facts = machine::describe();
    let first = Made::of(root(), &root().join("target"))?;
    let starts = in_namespace(&first.program)?;
    let second = elsewhere()?;
    let said = text(&facts, &first, &second, &starts);
    println!("{said}");
    performance::write_part("bench-image", &said)?;
    ensure!(first.compressed <= MOST_COMPRESSED, "the image is larger than {}", mib(MOST_COMPRESSED));
    ensure!(first.binary == second.binary, "another build gives another binary");
    ensure!(first.digest == second.digest, "another build gives another image");
    ensure!(starts.ready.median < MOST_STARTING, "the sensor starts in more than {MOST_STARTING:?}");
    Ok(())
}

/// An image that was made, and what it came to.
struct Made {
    program: PathBuf,
    program_size: u64,
    /// SHA-256 of the program.
    binary: String,
    /// Of the image's manifest.
    digest: String,
    /// Bytes of layers and configuration, as a registry has them.
    compressed: u64,
    unpacked: u64,
}

impl Made {
    fn of(checkout: &Path, target: &Path) -> Result<Self> {
        let archive = image::archive_of(checkout, target)?;
        let out = target.join("image/context/out");
        let program = out.join("usr/local/bin/sidetap");
        let content = fs::read(&program)?;
        let (digest, compressed) = manifest(&archive)?;
        Ok(Made {
            program_size: content.len() as u64,
            binary: dist::sha256(&content),
            digest,
            compressed,
            unpacked: size(&out)?,
            program,
        })
    }
}

/// Makes the image again, of a copy of the checkout that lies elsewhere and has another target directory.
fn elsewhere() -> Result<Made> {
    let directory = tempfile::tempdir()?;
    let checkout = directory.path().join("another/checkout");
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().context("cannot run git")?;
    ensure!(listed.status.success(), "this is no checkout of git");
    for name in String::from_utf8(listed.stdout)?.split_terminator('\0') {
        let to = checkout.join(name);
        fs::create_dir_all(to.parent().context("a file is in a directory")?)?;
        // What was removed and not committed is listed, too.
        if root().join(name).is_file() {
            fs::copy(root().join(name), to)?;
        }
    }
    Made::of(&checkout, &directory.path().join("built"))
}

/// The digest of an OCI archive's image, and the sum of its blobs.
fn manifest(archive: &Path) -> Result<(String, u64)> {
    let index = member(archive, "index.json")?;
    let digest = index["manifests"][0]["digest"].as_str().context("an index names a manifest")?.to_owned();
    let manifest = member(archive, &format!("blobs/{}", digest.replace(':', "/")))?;
    let layers = manifest["layers"].as_array().into_iter().flatten().chain([&manifest["config"]]);
    Ok((digest, layers.filter_map(|blob| blob["size"].as_u64()).sum()))
}

fn member(archive: &Path, name: &str) -> Result<Value> {
    let mut archive = tar::Archive::new(fs::File::open(archive)?);
    for entry in archive.entries()? {
        let entry = entry?;
        if entry.path()?.strip_prefix(".").unwrap_or(&entry.path()?) == Path::new(name) {
            return Ok(serde_json::from_reader(entry)?);
        }
    }
    bail!("the archive has no {name}")
}

/// The bytes of all files below a directory.
fn size(directory: &Path) -> Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        sum += if kind.is_dir() { size(&entry.path())? } else { entry.metadata()?.len() };
    }
    Ok(sum)
}

/// How long starts took.
struct Starts {
    says: Figures,
    ready: Figures,
}

struct Figures {
    median: Duration,
    worst: Duration,
}

impl Figures {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Figures { median: times[times.len() / 2], worst: times[times.len() - 1] }
    }
}

/// Starts the sensor again and again, in a network namespace of its own.
fn in_namespace(program: &Path) -> Result<Starts> {
    // What an interrupted run has left is in nobody's way.
    let namespace = format!("sidetap-bench-image-{}", std::process::id());
    let ip = |words: &str| run(Command::new("ip").args(words.split(' ')));
    ip(&format!("netns add {namespace}"))?;
    let measured = ip(&format!("-n {namespace} link set lo up")).and_then(|()| {
        let mut starts = Command::new("ip");
        starts.args(["netns", "exec", &namespace]).arg(std::env::current_exe()?).arg("start").arg(program);
        let output = starts.stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "{starts:?} failed: {}", output.status);
        let (mut says, mut ready) = (Vec::new(), Vec::new());
        for line in String::from_utf8(output.stdout)?.lines() {
            let (one, other) = line.split_once(' ').context("two times a line")?;
            says.push(Duration::from_micros(one.parse()?));
            ready.push(Duration::from_micros(other.parse()?));
        }
        Ok(Starts { says: Figures::of(says), ready: Figures::of(ready) })
    });
    ip(&format!("netns delete {namespace}"))?;
    measured
}

/// Starts a sensor some times, and prints the microseconds until it says that it listens, and until it is ready.
pub fn start(program: &str) -> Result<()> {
    for _ in 0..STARTS {
        let begin = Instant::now();
        let mut child = command(program).stderr(Stdio::piped()).spawn().context("cannot run the sensor")?;
        let measured = watch(&mut child, begin);
        let _ = kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM);
        child.wait()?;
        let (says, ready) = measured?;
        println!("{} {}", says.as_micros(), ready.as_micros());
    }
    Ok(())
}

fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.args(["capture", "--export", "none", "--memory-limit", "25MiB", "--listen", ADDRESS]);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}

fn watch(child: &mut Child, begin: Instant) -> Result<(Duration, Duration)> {
    let errors = child.stderr.take().context("standard error is a pipe")?;
    let says = std::thread::spawn(move || {
        let mut lines = BufReader::new(errors).lines().map_while(Result::ok);
        let found = lines.by_ref().find(|line| line.starts_with("listening")).map(|_| begin.elapsed());
        // The pipe is read to its end, or the sensor would wait for us.
        lines.for_each(drop);
        found
    });
    let ready = loop {
        if is_ready() {
            break begin.elapsed();
        }
        ensure!(begin.elapsed() < PATIENCE, "the sensor does not get ready");
        sleep(Duration::from_micros(200));
    };
    let _ = kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM);
    let says = says.join().ok().flatten().context("the sensor does not say that it listens")?;
    Ok((says, ready))
}

fn is_ready() -> bool {
    let ask = || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(ADDRESS)?;
        stream.write_all(b"GET /ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with(b"HTTP/1.1 200"))
}

fn text(facts: &[String], first: &Made, second: &Made, starts: &Starts) -> String {
    let milliseconds = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1000.0);
    let same = |same: bool| if same { "the same" } else { "another" };
    let sizes = [
        vec!["image, compressed".to_owned(), mib(first.compressed)],
        vec!["image, unpacked".to_owned(), mib(first.unpacked)],
        vec!["the binary in it".to_owned(), mib(first.program_size)],
    ];
    let times = [
        vec!["it says that it listens".to_owned(), milliseconds(starts.says.median), milliseconds(starts.says.worst)],
        vec!["`/ready` answers".to_owned(), milliseconds(starts.ready.median), milliseconds(starts.ready.worst)],
    ];
    format!(
        "## The sidecar's image\n\n{}\nThe goal is at most 6 MiB compressed.\n\n{}\n\
         Milliseconds from the start of `sidetap capture --export none --memory-limit 25MiB --listen {ADDRESS}` until …, of \
         {STARTS} starts, as root in a network namespace of its own. The goal is less than 50.\n\n{}\n\
         A second build, of a copy of the checkout in another directory and with another target directory, gives {} binary \
         (SHA-256 `{}`) and {} image (`{}`).\n",
        performance::list(facts),
        performance::table(&["", "size"], &sizes),
        performance::table(&["until", "median", "worst"], &times),
        same(first.binary == second.binary),
        first.binary,
        same(first.digest == second.digest),
        first.digest,
    )
}

fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
