//! Programs that we did not write: Python's and Node's packages that `cargo xtask test` installs.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

/// The directory of the tests here.
pub const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/readers");

/// The Python environment with the pinned packages.
pub struct Python(PathBuf);

impl Python {
    /// The environment, if it was made and has this module.
    pub fn with(module: &str) -> Option<Self> {
        let bin = prepared("SIDETAP_TEST_PYTHON", "bin/python")?;
        let import = Command::new(&bin).args(["-c", &format!("import {module}")]).stderr(Stdio::null()).status();
        match import.is_ok_and(|status| status.success()) {
            true => Some(Python(bin)),
            false => skip(&format!("the Python environment has no `{module}`: run `cargo xtask test`")),
        }
    }

    /// A script of these tests.
    pub fn script(&self, name: &str) -> Command {
        let mut command = Command::new(&self.0);
        command.arg("-B").arg(format!("{HERE}/{name}"));
        command
    }

    /// A program of a package.
    pub fn program(&self, name: &str) -> Command {
        Command::new(self.0.with_file_name(name))
    }
}

/// Node, with the pinned packages.
pub struct Node(PathBuf);

impl Node {
    /// The packages, if they were installed.
    pub fn prepared() -> Option<Self> {
        prepared("SIDETAP_TEST_NODE", "node_modules").map(Node)
    }

    /// A script of these tests.
    pub fn script(&self, name: &str) -> Command {
        let mut command = Command::new("node");
        command.arg(format!("{HERE}/{name}")).env("NODE_PATH", &self.0);
        command
    }
}

fn prepared(variable: &str, path: &str) -> Option<PathBuf> {
    let directory = std::env::var_os(variable).filter(|directory: &OsString| !directory.is_empty());
    match directory.map(|directory| PathBuf::from(directory).join(path)).filter(|path| path.exists()) {
        Some(path) => Some(path),
        None => skip(&format!("{variable} names no environment of `cargo xtask test`")),
    }
}

/// Says why a test does not run, which is a failure under `CI=true`.
pub fn skip<T>(why: &str) -> Option<T> {
    super::not_run::not_run(why);
    None
}

/// What a program printed, which went well.
#[track_caller]
pub fn well(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?}\n{stdout}\n{stderr}");
    stdout.into_owned()
}

/// A receiver of OTLP that is strict.
pub struct Receiver {
    process: Child,
    port: u16,
}

impl Receiver {
    pub fn start(python: &Python) -> Self {
        let mut process = python.script("../otlp/receiver.py").stdout(Stdio::piped()).spawn().expect("Python runs");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("it is a pipe")).read_line(&mut line).expect("it prints a line");
        // A second one is for those who ask how it went.
        let port = line.split_whitespace().next().and_then(|port| port.parse().ok()).expect("it prints its port");
        Receiver { process, port }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// All bytes that came, decompressed.
    pub fn bytes(&self) -> Vec<u8> {
        self.get("/bytes")
    }

    /// What it made of them.
    pub fn seen(&self) -> serde_json::Value {
        serde_json::from_slice(&self.get("/")).expect("it is JSON")
    }

    fn get(&self, path: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").expect("it reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        let head = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        answer.split_off(head + 4)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
