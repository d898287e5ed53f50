//! Software that we did not write: the Python packages that `cargo xtask test` installs.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;

use super::not_run::not_run;

/// The Python environment with the pinned packages.
pub struct Python(PathBuf);

impl Python {
    /// The environment, if `cargo xtask test` has made it. Without it the test says that it did not run, and under
    /// `CI=true` that is a failure.
    pub fn prepared(test: &str) -> Option<Self> {
        let directory = std::env::var_os("SIDETAP_TEST_PYTHON").map(PathBuf::from);
        if let Some(bin) = directory.map(|directory| directory.join("bin")).filter(|bin| bin.exists()) {
            return Some(Python(bin));
        }
        not_run(&format!("{test} needs the Python environment of `cargo xtask test`"));
        None
    }

    /// A program of the environment, such as `moto_server`.
    pub fn program(&self, name: &str) -> Command {
        Command::new(self.path(name))
    }

    /// Where such a program is.
    #[allow(dead_code, reason = "not every test program starts it elsewhere")]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("a bound socket").port()
}
