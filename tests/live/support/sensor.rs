//! `sidetap capture` and `sidetap collect` as children.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::child::Child;
use super::lab::Lab;
use super::record::Record;
use super::wait_for;

/// The binary that is tested.
pub const BINARY: &str = env!("CARGO_BIN_EXE_sidetap");

/// Memory for rings that hold all of a test's traffic, so that none is lost however slow a debug build is.
pub const ROOMY: &str = "256MiB";

/// A capture that is to be started in the server's namespace.
pub struct Sensor<'a> {
    lab: &'a Lab,
    command: Command,
    stdout: Option<Stdio>,
}

/// A capture that listens.
pub struct Listening {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

/// A capture that has ended.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    /// From the signal to the end.
    pub took: Duration,
    pub records: Vec<Record>,
    pub stderr: String,
}

impl<'a> Sensor<'a> {
    /// `sidetap capture` as root.
    pub fn new(lab: &'a Lab) -> Self {
        let command = lab.server.command(BINARY);
        Sensor::of(lab, command)
    }

    /// Another way to start the binary.
    pub fn of(lab: &'a Lab, command: Command) -> Self {
        Sensor::command(lab, command, "capture")
    }

    /// `sidetap collect` as root.
    pub fn collector(lab: &'a Lab) -> Self {
        Sensor::collector_of(lab, lab.server.command(BINARY))
    }

    /// Another way to start the binary, to collect.
    pub fn collector_of(lab: &'a Lab, command: Command) -> Self {
        Sensor::command(lab, command, "collect")
    }

    fn command(lab: &'a Lab, mut command: Command, name: &str) -> Self {
        command.arg(name).env_remove("RUST_BACKTRACE");
        Sensor { lab, command, stdout: None }
    }

    pub fn args(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        self
    }

    /// Where standard output goes, if not to a file.
    pub fn stdout(mut self, stdout: impl Into<Stdio>) -> Self {
        self.stdout = Some(stdout.into());
        self
    }

    /// Starts it, and waits until it listens.
    pub fn listen(self) -> Listening {
        let mut listening = self.start();
        wait_for("the sensor to listen", || {
            let stderr = listening.stderr();
            assert!(!listening.child.has_ended(), "{stderr}");
            stderr.contains("listening on").then_some(())
        });
        listening
    }

    /// Starts it, and waits until it gives up.
    pub fn fail(self) -> Ended {
        self.start().wait(Instant::now())
    }

    fn start(mut self) -> Listening {
        let [stdout, stderr] = ["records.ndjson", "messages.txt"].map(|name| self.lab.directory().join(name));
        let file = |path: &Path| File::create(path).expect("a file in the test's directory");
        let written = self.stdout.take().unwrap_or_else(|| file(&stdout).into());
        self.command.stdout(written).stderr(file(&stderr));
        let child = Child::start(&mut self.command);
        Listening { child, stdout, stderr }
    }
}

impl Listening {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has said so far.
    pub fn stderr(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap_or_default()
    }

    /// The records that it has written so far.
    pub fn records(&self) -> Vec<Record> {
        Record::read(&self.stdout)
    }

    /// A number of `/proc/PID/status`, such as `VmHWM` in KiB or `CapEff` in hexadecimal.
    pub fn status(&self, name: &str) -> String {
        let path = format!("/proc/{}/status", self.id());
        let status = std::fs::read_to_string(path).expect("it runs");
        let value = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value.unwrap_or_else(|| panic!("no {name} in {status}")).trim().trim_end_matches(" kB").to_owned()
    }

    /// The CPU time that it has used, in user space and in the kernel.
    pub fn cpu_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id())).expect("it runs");
        // The second field is a name in parentheses, which may hold blanks.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().expect("a number")).sum();
        // USER_HZ is 100 on every architecture that Linux still supports.
        Duration::from_millis(ticks * 10)
    }

    /// Ends it as an orchestrator does, once it has done its work: in the end it reads only for a moment, and a debug
    /// build beside other tests may be far behind.
    pub fn stop(self) -> Ended {
        wait_for("the sensor to have done its work", || {
            let used = self.cpu_time();
            // One that is behind wants to run, whether it is let or not.
            let waits = (0..15).all(|_| {
                std::thread::sleep(Duration::from_millis(10));
                self.status("State").starts_with('S')
            });
            (waits && self.cpu_time() - used <= Duration::from_millis(10)).then_some(())
        });
        self.stop_with(Signal::TERM)
    }

    /// Ends it in the middle of its work.
    pub fn stop_with(self, signal: Signal) -> Ended {
        self.signal(signal);
        self.wait(Instant::now())
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.has_ended()
    }

    pub fn signal(&self, signal: Signal) {
        self.child.signal(signal);
    }

    fn wait(mut self, since: Instant) -> Ended {
        let status = self.child.ends_within(super::PATIENCE);
        let took = since.elapsed();
        let stderr = self.stderr();
        let status = status.unwrap_or_else(|| panic!("it does not end\n{stderr}"));
        Ended { status, took, records: self.records(), stderr }
    }
}

impl Ended {
    /// It was told to end, and has done so well.
    #[track_caller]
    pub fn well(self) -> Ended {
        assert!(self.status.success(), "{}\n{}", self.status, self.stderr);
        self
    }

    /// The HTTP exchanges.
    pub fn exchanges(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| record.is("http"))
    }

    /// Those of which both messages were seen to their end.
    pub fn complete(&self) -> impl Iterator<Item = &Record> {
        self.exchanges().filter(|record| record.is_complete())
    }

    /// The number that the summary says before these words; 0 if it does not have them.
    pub fn summary(&self, what: &str) -> u64 {
        let Some(before) = self.stderr.rfind(what) else { return 0 };
        let number = self.stderr[..before].trim_end().rsplit([' ', '\n']).next().unwrap_or_default();
        number.replace(',', "").parse().unwrap_or_else(|_| panic!("no number before `{what}`: {}", self.stderr))
    }

    /// How many transactions the summary tells of.
    pub fn transactions(&self) -> u64 {
        let told = |line: &str| {
            let (number, rest) = line.split_once(' ')?;
            let number = number.replace(',', "").parse().ok()?;
            (rest.starts_with("transaction") && !rest.contains("given up")).then_some(number)
        };
        self.stderr.lines().find_map(told).unwrap_or_else(|| panic!("no transactions in {}", self.stderr))
    }

    /// Nothing was lost on the way, so that what was seen is all that there was.
    #[track_caller]
    pub fn without_loss(self) -> Ended {
        assert!(self.stderr.contains("nothing was lost"), "{}", self.stderr);
        self.well()
    }
}

/// The binary where nobody may run it.
pub fn copy(lab: &Lab) -> PathBuf {
    let copy = lab.directory().join("sidetap");
    // Not by this process: what another test starts meanwhile would hold the copy open for writing for a moment, and
    // the kernel runs no such file.
    let copied = Command::new("install").args(["--mode=755", BINARY]).arg(&copy).status();
    assert!(copied.is_ok_and(|status| status.success()));
    copy
}
