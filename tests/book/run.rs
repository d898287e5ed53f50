//! Runs the commands of a page, in a directory that has what a reader of the book has.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::page::{Block, checkout};

/// Files of a checkout that commands are run on, and the names that the book gives to what is the reader's own.
const FILES: [(&str, &str); 8] = [
    ("examples/shop.pcap", "examples/shop.pcap"),
    ("examples/web.json", "examples/web.json"),
    ("examples/shop.pcap", "trace.pcap"),
    ("examples/web.json", "td.json"),
    ("examples/web.json", "task-definition.json"),
    ("schemas/plan-1.0.json", "schemas/plan-1.0.json"),
    ("schemas/doctor-1.0.json", "schemas/doctor-1.0.json"),
    ("docs/configuration.md", "docs/configuration.md"),
];

/// Where the commands of one page are run, one after the other.
pub struct Place {
    directory: TempDir,
}

impl Place {
    /// A new directory with the files.
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        for (from, to) in FILES {
            let to = directory.path().join(to);
            std::fs::create_dir_all(to.parent().expect("a directory")).expect("a directory is made");
            std::fs::copy(checkout().join(from), to).expect("a file is copied");
        }
        Place { directory }
    }

    /// Runs the commands of a block: how many they were, or what is not as the page says.
    pub fn run(&mut self, block: &Block, exit: i32) -> Result<usize, String> {
        let commands = block.commands_and_output();
        if commands.iter().any(|(command, _)| command.contains("jq ")) && !has_jq() {
            crate::not_run::not_run(&format!("{} needs jq, which `cargo xtask test` installs", block.place));
            return Ok(0);
        }
        let last = commands.len().saturating_sub(1);
        for (index, (command, shown)) in commands.iter().enumerate() {
            let expected = if index == last { exit } else { 0 };
            let (code, printed) = self.shell(&command.replace("cargo run --quiet --", "sidetap"));
            let mut wrong = String::new();
            if code != expected {
                let _ = writeln!(wrong, "ended with {code}, not with {expected}");
            }
            if let Some(line) = first_missing(shown, &printed) {
                let _ = writeln!(wrong, "did not print, or not in this place: {line}");
            }
            if !wrong.is_empty() {
                return Err(format!("{}: {command}\n{wrong}--- printed\n{printed}", block.place));
            }
        }
        Ok(commands.len())
    }

    /// Runs a command line in `bash`, without a terminal, settings or an account: its exit code and what it printed. A
    /// pipeline fails if one of its programs does.
    fn shell(&self, command: &str) -> (i32, String) {
        let program = assert_cmd::cargo::cargo_bin!("sidetap");
        let beside = program.parent().unwrap_or(Path::new("/"));
        let path = format!("{}:{}", beside.display(), std::env::var("PATH").unwrap_or_default());
        let output = Command::new("bash")
            .args(["-o", "pipefail", "-c", &format!("exec 2>&1\n{command}")])
            .env_clear()
            .env("HOME", self.directory.path())
            .env("PATH", path)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .output()
            .expect("bash runs");
        (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// The first line that the page shows and that was not printed, in the page's order. `...` stands for any lines.
fn first_missing<'a>(shown: &'a [String], printed: &str) -> Option<&'a str> {
    let mut printed = printed.lines().map(str::trim_end);
    let mut shown = shown.iter().map(|line| line.trim_end()).filter(|line| !line.is_empty() && *line != "...");
    shown.find(|line| !printed.any(|other| other == *line))
}

/// Whether jq is installed.
fn has_jq() -> bool {
    Command::new("jq").arg("--version").output().is_ok_and(|output| output.status.success())
}
