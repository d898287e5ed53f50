//! The real binary, alone in the world: its own home, no AWS settings, no terminal.

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use standin::{ACCESS_KEY, REGION, SECRET_KEY, Standin};
use tempfile::TempDir;

#[cfg(target_os = "linux")]
use super::screen::Screen;

/// A run of sidetap that is being prepared.
pub struct Sidetap {
    command: Command,
    stdin: Option<String>,
    timeout: Duration,
    line: String,
    home: TempDir,
}

/// A run that has ended.
pub struct Finished {
    line: String,
    output: Output,
}

impl Sidetap {
    /// A command line; words are split at spaces.
    pub fn new(line: &str) -> Self {
        Self::of(line.split_whitespace())
    }

    /// A command line, word by word.
    pub fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let words: Vec<&str> = words.into_iter().collect();
        let home = tempfile::tempdir().expect("a temporary directory");
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("sidetap"));
        command
            .args(&words)
            .env_clear()
            .env("HOME", home.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures"));
        Sidetap { command, stdin: None, timeout: Duration::from_secs(120), line: words.join(" "), home }
    }

    /// Against the stand-in, with its keys.
    pub fn against(self, standin: &Standin) -> Self {
        self.env("AWS_ENDPOINT_URL", &standin.url()).with_keys()
    }

    /// With the stand-in's keys and region in the environment.
    pub fn with_keys(self) -> Self {
        self.env("AWS_ACCESS_KEY_ID", ACCESS_KEY).env("AWS_SECRET_ACCESS_KEY", SECRET_KEY).env("AWS_REGION", REGION)
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn stdin(mut self, text: &str) -> Self {
        self.stdin = Some(text.to_owned());
        self
    }

    /// Gives it more time than two minutes.
    #[allow(dead_code, reason = "not every test program has patience")]
    pub fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Opens it on a terminal of 80 columns and 24 rows.
    #[cfg(target_os = "linux")]
    pub fn on_screen(self) -> Screen {
        self.on_screen_of(80, 24)
    }

    /// Opens it on a terminal of that size.
    #[cfg(target_os = "linux")]
    pub fn on_screen_of(self, columns: u16, rows: u16) -> Screen {
        Screen::open(&self.command, &self.line, self.home, columns, rows)
    }

    /// Runs it to its end.
    pub fn run(self) -> Finished {
        let mut command = assert_cmd::Command::from_std(self.command);
        command.timeout(self.timeout);
        if let Some(stdin) = self.stdin {
            command.write_stdin(stdin);
        }
        let output = command.output().expect("sidetap runs");
        Finished { line: self.line, output }
    }

    /// Starts it, to be stopped from outside.
    pub fn start(mut self) -> Started {
        self.command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = self.command.spawn().expect("sidetap starts");
        Started { child, line: self.line, _home: self.home }
    }

    /// Runs it, and requires this exit code.
    pub fn exits(self, code: i32) -> Finished {
        let finished = self.run();
        assert_eq!(finished.code(), code, "{finished}");
        finished
    }
}

/// A run that goes on.
pub struct Started {
    child: Child,
    line: String,
    _home: TempDir,
}

impl Started {
    /// Sends a signal, such as `INT`, and waits for the end.
    pub fn stopped_by(self, signal: &str) -> Finished {
        let id = self.child.id().to_string();
        Command::new("kill").args([&format!("-{signal}"), &id]).status().expect("kill runs");
        let output = self.child.wait_with_output().expect("it ends");
        Finished { line: self.line, output }
    }
}

impl Finished {
    pub fn code(&self) -> i32 {
        self.output.status.code().unwrap_or(-1)
    }

    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.output.stdout).into_owned()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }

    /// Standard output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.output.stdout).unwrap_or_else(|error| panic!("not JSON: {error}\n{self}"))
    }

    pub fn stdout_has(self, text: &str) -> Self {
        assert!(self.stdout().contains(text), "standard output lacks `{text}`\n{self}");
        self
    }

    pub fn stderr_has(self, text: &str) -> Self {
        assert!(self.stderr().contains(text), "standard error lacks `{text}`\n{self}");
        self
    }
}

impl std::fmt::Display for Finished {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(out, "$ sidetap {}\nexit {}", self.line, self.code())?;
        writeln!(out, "--- standard output\n{}--- standard error\n{}", self.stdout(), self.stderr())
    }
}
