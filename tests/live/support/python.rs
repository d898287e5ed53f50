//! Servers and clients in Python, of packages that we did not write.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use super::lab::{Namespace, skip};

/// The environment with the pinned packages that `cargo xtask test` makes.
pub struct Python(PathBuf);

impl Python {
    /// The environment, if it was made and has this module.
    pub fn with(module: &str) -> Option<Self> {
        let directory = std::env::var_os("SIDETAP_TEST_PYTHON").filter(|directory: &OsString| !directory.is_empty());
        let python = directory.map(|directory| PathBuf::from(directory).join("bin/python"));
        let Some(python) = python.filter(|python| python.exists()) else {
            return skip("the Python environment of `cargo xtask test` is missing");
        };
        let import = Command::new(&python).args(["-c", &format!("import {module}")]).status();
        match import.is_ok_and(|status| status.success()) {
            true => Some(Python(python)),
            false => skip(&format!("the Python environment has no `{module}`: run `cargo xtask test`")),
        }
    }

    /// A script of `peers/` with these words, in a namespace.
    pub fn script(&self, namespace: &Namespace, name: &str, words: &[&str]) -> Command {
        let mut command = namespace.command(&self.0);
        let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/live/peers");
        command.arg("-B").arg(format!("{scripts}/{name}")).args(words);
        command
    }
}
