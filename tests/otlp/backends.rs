//! The Python environment and what runs in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::receiver::Receiver;
use crate::skip;

/// The receiver that fails as it is told to.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/otlp/receiver.py");

/// The environment with the pinned packages that `cargo xtask test` makes.
pub struct Python(PathBuf);

impl Python {
    /// The environment, if it was made.
    pub fn prepared() -> Option<Self> {
        let directory = std::env::var_os("SIDETAP_TEST_PYTHON").map(PathBuf::from);
        match directory.map(|directory| directory.join("bin/python")).filter(|python| python.exists()) {
            Some(python) => Some(Python(python)),
            None => skip("the Python environment of `cargo xtask test` is missing"),
        }
    }

    /// Python with these words.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.0);
        command.arg("-B").args(words);
        command
    }

    /// A receiver.
    pub fn receiver(&self) -> Receiver {
        Receiver::start(&mut self.command(&[SCRIPT]))
    }

    /// A receiver over TLS, and the certificate of the authority that has signed its own.
    pub fn tls_receiver(&self, directory: &Path) -> (Receiver, PathBuf) {
        let words = ["-m", "trustme", "--quiet", "--identities", "127.0.0.1", "localhost", "--dir"];
        let made = self.command(&words).arg(directory).status().expect("Python runs");
        assert!(made.success(), "trustme makes certificates");
        let [certificate, key, authority] = ["server.pem", "server.key", "client.pem"].map(|name| directory.join(name));
        let mut command = self.command(&[SCRIPT, "--tls"]);
        (Receiver::start(command.arg(certificate).arg(key)), authority)
    }
}

/// A receiver, unless there is no Python.
pub fn receiver() -> Option<Receiver> {
    Some(Python::prepared()?.receiver())
}
