//! `cargo xtask try`, where nobody watches it, and where somebody ends it at a bad moment.
#![cfg(target_os = "linux")]

#[path = "../../tests/support/not_run.rs"]
mod not_run;

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// Longer than it takes on a machine that is busy.
const LONG: Duration = Duration::from_secs(120);

/// A trial that runs, in a process group of its own, as a shell would start it.
struct Trial {
    child: Child,
    output: BufReader<ChildStdout>,
    /// What it has printed so far.
    printed: String,
}

impl Trial {
    /// None, with a word on why, where it cannot run.
    fn start() -> Option<Trial> {
        if let Some(missing) = runner::missing() {
            not_run::not_run(&missing.0);
            return None;
        }
        let program = Path::new(env!("CARGO_BIN_EXE_xtask"));
        // Built beside it for the tests of the whole workspace; else it builds its own.
        let sidetap = program.with_file_name("sidetap");
        if std::env::var_os("SIDETAP_TEST_IMAGE").is_none() {
            not_run::not_run("`cargo xtask try` takes minutes without the image that `cargo xtask test` makes");
            return None;
        }
        let mut command = Command::new(program);
        if sidetap.exists() {
            command.env("SIDETAP_TEST_PROGRAM", sidetap);
        }
        command.arg("try").stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0);
        let mut child = command.spawn().expect("xtask runs");
        let output = BufReader::new(child.stdout.take().expect("it was asked for"));
        Some(Trial { child, output, printed: String::new() })
    }

    /// Reads what it prints until there is a line with this.
    fn read_until(&mut self, text: &str) {
        while !self.printed.lines().last().unwrap_or_default().contains(text) {
            let length = self.output.read_line(&mut self.printed).expect("a line");
            assert!(length > 0, "it ends before it prints `{text}`:\n{}", self.printed);
        }
    }

    /// Waits until its network namespaces are there.
    fn wait_for_network(&self) {
        let end = Instant::now() + LONG;
        while self.namespaces().is_empty() {
            assert!(Instant::now() < end, "there is no namespace");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Does what a terminal does: everything in the foreground gets the signal.
    fn signal(&self, signal: Signal) {
        killpg(Pid::from_raw(self.child.id().cast_signed()), signal).expect("it runs");
    }

    /// Its exit code and what it printed, once it has ended. Nothing of it may be left then.
    fn end(&mut self) -> (Option<i32>, &str) {
        self.output.read_to_string(&mut self.printed).expect("text");
        let status = self.child.wait().expect("it ends");
        assert_eq!(self.groups(), Vec::<String>::new(), "cgroups are left");
        assert_eq!(self.namespaces(), Vec::<String>::new(), "namespaces are left");
        let mounts = std::fs::read_to_string("/proc/self/mounts").expect("mounts");
        assert!(!mounts.contains(&self.task()), "mounts are left:\n{mounts}");
        for process in std::fs::read_dir("/proc").expect("processes").flatten() {
            let line = std::fs::read_to_string(process.path().join("cmdline")).unwrap_or_default();
            assert!(!line.contains(&self.task()), "a process is left: {line}");
        }
        (status.code(), &self.printed)
    }

    /// With what the names of all that belongs to its task begin.
    fn task(&self) -> String {
        format!("sidetap-{}-", self.child.id())
    }

    fn namespaces(&self) -> Vec<String> {
        names("/run/netns", &format!("sidetap-task-{}-", self.child.id()))
    }

    /// Those of version 1 are in a hierarchy each.
    fn groups(&self) -> Vec<String> {
        let top = Path::new("/sys/fs/cgroup");
        let hierarchies = names(top, "").into_iter().map(|name| top.join(name)).chain([top.to_owned()]);
        hierarchies.flat_map(|hierarchy| names(hierarchy, &self.task())).collect()
    }
}

/// The names in a directory that begin so; none if it is no directory.
fn names(directory: impl AsRef<Path>, beginning: &str) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with(beginning)).collect()
}

#[test]
fn unattended_it_shows_a_record_of_each_request_and_ends() {
    let Some(mut trial) = Trial::start() else { return };
    let (code, printed) = trial.end();
    assert_eq!(code, Some(0), "{printed}");
    let line = printed.lines().find_map(|line| line.strip_prefix("nginx logged ")).expect("a line on what was logged");
    let requests: usize = line.split(' ').next().and_then(|count| count.parse().ok()).expect("a number");
    // Five seconds have room for twelve, on a machine that has nothing else to do.
    assert!(requests > 3, "{printed}");
    assert_eq!(line, format!("{requests} requests; {requests} records of requests were shown"));
    for route in ["/ ", "/items/{id} ", "/users/{email}/orders/{id} ", "/static/logo.svg "] {
        assert!(printed.contains(&format!("GET   {route}")), "{route}: {printed}");
    }
    assert!(printed.contains("gives back the task definition as it was"), "{printed}");
}

/// The containers are stopped by ECS's rules, and not by the terminal.
#[test]
fn ctrl_c_ends_the_watching_and_not_the_containers() {
    let Some(mut trial) = Trial::start() else { return };
    trial.read_until(" ms  from ");
    trial.signal(Signal::SIGINT);
    let (code, printed) = trial.end();
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains("== Stopping the task, as ECS does."), "{printed}");
    assert!(printed.contains("gives back the task definition as it was"), "{printed}");
}

#[test]
fn nothing_is_left_of_a_trial_that_is_ended_while_it_starts() {
    for signal in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM] {
        let Some(mut trial) = Trial::start() else { return };
        trial.wait_for_network();
        trial.signal(signal);
        let (code, printed) = trial.end();
        assert_eq!(code, Some(1), "{signal}: {printed}");
        assert!(!printed.contains("The task runs"), "{signal}: {printed}");
    }
}
