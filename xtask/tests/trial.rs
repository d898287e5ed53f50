//! `cargo xtask try`, where nobody watches it, and where somebody ends it at a bad moment.
#![cfg(target_os = "linux")]

#[path = "../../tests/support/not_run.rs"]
mod not_run;

use std::io::{BufRead, BufReader, PipeReader, Read, pipe};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::{Value, json};

/// Longer than it takes on a machine that is busy.
const LONG: Duration = Duration::from_secs(120);

/// A trial that runs, in a process group of its own, as a shell would start it.
struct Trial {
    child: Child,
    output: BufReader<PipeReader>,
    /// What it has printed so far, on standard output and standard error.
    printed: String,
}

impl Trial {
    /// None, with a word on why, where it cannot run.
    fn start() -> Option<Trial> {
        Trial::start_with(|_| ())
    }

    /// The same, of a command that is changed.
    fn start_with(change: impl FnOnce(&mut Command)) -> Option<Trial> {
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
        if let (true, Some(directory)) = (sidetap.exists(), sidetap.parent()) {
            // As somebody may type it.
            command.env("SIDETAP_TEST_PROGRAM", "./sidetap").current_dir(directory);
        }
        let (output, input) = pipe().expect("a pipe");
        command.arg("try").stdin(Stdio::null()).process_group(0);
        command.stdout(input.try_clone().expect("another end")).stderr(input);
        change(&mut command);
        let child = command.spawn().expect("xtask runs");
        Some(Trial { child, output: BufReader::new(output), printed: String::new() })
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
            sleep(Duration::from_millis(1));
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
        assert_eq!(self.left(), Vec::<String>::new(), "{}", self.printed);
        (status.code(), &self.printed)
    }

    /// Closes what it prints to, as a terminal that goes.
    fn close(&mut self) {
        let (nothing, _) = pipe().expect("a pipe");
        self.output = BufReader::new(nothing);
    }

    /// All that there is of it on this machine, beside itself.
    fn left(&self) -> Vec<String> {
        let mut left = [self.groups(), self.namespaces(), names(std::env::temp_dir(), &self.task())].concat();
        let mounts = std::fs::read_to_string("/proc/self/mounts").expect("mounts");
        left.extend(mounts.lines().filter(|line| line.contains(&self.task())).map(str::to_owned));
        left.extend(self.processes());
        left
    }

    /// The command lines of its programs and containers.
    fn processes(&self) -> Vec<String> {
        let processes = std::fs::read_dir("/proc").expect("processes").flatten();
        let lines =
            processes.map(|process| std::fs::read_to_string(process.path().join("cmdline")).unwrap_or_default());
        lines.filter(|line| line.contains(&self.task())).collect()
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
    trial.read_until("== The task runs");
    // Somebody is impatient. Requests that are under way go on.
    for _ in 0..8 {
        trial.signal(Signal::SIGINT);
        sleep(Duration::from_millis(300));
    }
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
        assert_eq!(code, Some(128 + signal as i32), "{signal}: {printed}");
        assert!(!printed.contains("The task runs") && !printed.contains("error:"), "{signal}: {printed}");
        assert!(printed.ends_with("Ended before the task ran.\n"), "{signal}: {printed}");
    }
}

#[test]
fn closing_the_terminal_ends_it_and_leaves_nothing() {
    let Some(mut trial) = Trial::start() else { return };
    trial.read_until("== The task runs");
    trial.close();
    trial.signal(Signal::SIGHUP);
    let (code, _) = trial.end();
    assert_eq!(code, Some(1));
}

#[test]
fn an_error_that_nobody_can_read_is_no_panic() {
    let (reader, output) = pipe().expect("a pipe");
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let status = command.arg("try").env("SIDETAP_TEST_IMAGE", "/absent").stdout(Stdio::null()).stderr(output).status();
    assert_eq!(status.expect("xtask runs").code(), Some(1));
}

#[test]
fn an_image_that_is_not_there_is_told_before_anything_is_done() {
    let Some(mut trial) = Trial::start_with(|command| {
        command.env("SIDETAP_TEST_IMAGE", "absent.tar");
    }) else {
        return;
    };
    let (code, printed) = trial.end();
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.starts_with("error: SIDETAP_TEST_IMAGE names /"), "{printed}");
    assert!(printed.ends_with("/absent.tar, which is no file\n"), "{printed}");
}

/// The image that the tests are given, but that it starts its program with an option that there is not.
fn with_a_sensor_that_does_not_start(directory: &Path) -> PathBuf {
    let given = std::env::var_os("SIDETAP_TEST_IMAGE").unwrap_or_default();
    let (layout, archive) = (directory.join("layout"), directory.join("image.tar"));
    std::fs::create_dir(&layout).expect("a directory");
    let tar = |option: &str, archive: &Path, what: &[&str]| {
        let status = Command::new("tar").arg(option).arg(archive).arg("-C").arg(&layout).args(what).status();
        assert!(status.expect("tar runs").success(), "tar {option} {}", archive.display());
    };
    tar("-xf", Path::new(&given), &[]);
    let mut changed = 0;
    for blob in names(layout.join("blobs/sha256"), "") {
        let blob = layout.join("blobs/sha256").join(blob);
        let Ok(mut document) = serde_json::from_slice::<Value>(&std::fs::read(&blob).expect("a blob")) else {
            continue;
        };
        if document["config"]["Entrypoint"].is_array() {
            document["config"]["Entrypoint"] = json!(["/usr/local/bin/sidetap", "--absent"]);
            std::fs::write(&blob, document.to_string()).expect("a blob");
            changed += 1;
        }
    }
    assert_eq!(changed, 1);
    tar("-cf", &archive, &["."]);
    archive
}

#[test]
fn a_sensor_that_does_not_start_ends_it_at_once_with_what_it_said() {
    let directory = tempfile::tempdir().expect("a directory");
    let Some(mut trial) = Trial::start_with(|command| {
        command.env("SIDETAP_TEST_IMAGE", with_a_sensor_that_does_not_start(directory.path()));
    }) else {
        return;
    };
    let (code, printed) = trial.end();
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("error: the sensor has ended by itself with 64\n"), "{printed}");
    assert!(printed.contains("'--absent'"), "{printed}");
    assert!(!printed.contains("The task runs"), "{printed}");
}

#[test]
fn the_next_trial_removes_what_is_left_of_one_that_was_killed() {
    let Some(mut killed) = Trial::start() else { return };
    killed.read_until("== The task runs");
    killed.child.kill().expect("it runs");
    killed.child.wait().expect("it ends");
    // Its containers were asked to end by that.
    let end = Instant::now() + LONG;
    while !killed.processes().is_empty() {
        assert!(Instant::now() < end, "{:?}", killed.processes());
        sleep(Duration::from_millis(50));
    }
    let Some(mut next) = Trial::start() else { return };
    let (code, printed) = next.end();
    assert_eq!(code, Some(0), "{printed}");
    assert_eq!(killed.left(), Vec::<String>::new());
}
