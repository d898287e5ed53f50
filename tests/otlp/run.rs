//! `sidetap capture --read` in a directory and an environment of its own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::capture::Capture;
use crate::ledger::Ledger;
use crate::receiver::{Receiver, Seen};

/// A run that is prepared.
pub struct Run {
    command: Command,
    directory: Directory,
}

/// A run that reads what it is given bit by bit.
pub struct Reading {
    child: Child,
    stdin: ChildStdin,
    since: Instant,
    _directory: Directory,
}

/// How it ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

/// A directory that is gone with the test.
#[derive(Debug)]
pub struct Directory(PathBuf);

impl Directory {
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("sidetap-otlp-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a directory");
        Directory(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Run {
    /// One that sends what there is every second.
    pub fn new() -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sidetap"));
        command.env_clear().env("SIDETAP_TRACE_EXPORT_INTERVAL", "1s").arg("capture");
        Run { command, directory: Directory::new() }
    }

    /// One that sends to this receiver.
    pub fn to(receiver: &Receiver) -> Self {
        Run::new().args(&["--export", &receiver.export()])
    }

    pub fn args(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// A file in its directory, by a flag.
    pub fn file(mut self, flag: &str, name: &str, bytes: &[u8]) -> Self {
        let path = self.directory.path(name);
        std::fs::write(&path, bytes).expect("a file");
        self.command.arg(flag).arg(path);
        self
    }

    /// A path in its directory, by a flag.
    pub fn path(mut self, flag: &str, path: &Path) -> Self {
        self.command.arg(flag).arg(path);
        self
    }

    /// Reads this to its end.
    pub fn read(self, capture: Capture) -> Ended {
        let mut reading = self.start();
        reading.write(&capture.file());
        reading.end()
    }

    /// Reads from standard input.
    pub fn start(mut self) -> Reading {
        self.command.args(["--read", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("it runs");
        let stdin = child.stdin.take().expect("it was asked for");
        Reading { child, stdin, since: Instant::now(), _directory: self.directory }
    }
}

impl Reading {
    /// Gives it a part of the file. One that does not read is ending, and says why.
    pub fn write(&mut self, bytes: &[u8]) {
        let _ = self.stdin.write_all(bytes);
    }

    /// The file ends.
    pub fn end(self) -> Ended {
        drop(self.stdin);
        let output = self.child.wait_with_output().expect("it ends");
        let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("text"));
        let code = output.status.code().expect("it ends by itself");
        Ended { code, stdout, stderr, took: self.since.elapsed() }
    }
}

impl Ended {
    /// It ended with this code.
    #[track_caller]
    pub fn with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.stderr);
        self
    }

    /// It said this.
    #[track_caller]
    pub fn saying(self, words: &str) -> Self {
        assert!(self.stderr.contains(words), "no `{words}` in: {}", self.stderr);
        self
    }

    /// What became of everything. It adds up.
    #[track_caller]
    pub fn ledger(&self) -> Ledger {
        Ledger::of(&self.stderr)
    }

    /// The ledger, which is what the receiver says: of what was accepted it has each at least once, and no more of them
    /// twice than were sent again.
    #[track_caller]
    pub fn agrees_with(&self, seen: &Seen) -> Ledger {
        let ledger = self.ledger();
        assert_eq!(seen.is_right().unique_spans(), ledger.spans("accepted"), "{}", self.stderr);
        assert!(seen.duplicate_spans() <= ledger.resent, "{}", self.stderr);
        assert_eq!(seen.list("logs").len() as u64, ledger.account("logs").of("accepted"), "{}", self.stderr);
        ledger
    }
}
