//! One run of a container, by `runc`.

use std::fs::OpenOptions;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use crate::bundle::Bundle;

/// `runc`, with a place of its own for what it remembers.
#[derive(Debug, Clone)]
pub(crate) struct Runc {
    root: PathBuf,
}

/// A container that runs or has ended; what `runc` remembers of it goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Run {
    pub id: String,
    runc: Runc,
    /// `runc` itself, which ends with the container, and as it does.
    child: Child,
    /// What `runc` writes once the container's first process runs.
    pid_file: PathBuf,
}

/// A program that is out of a terminal's reach: Ctrl-C there is for whoever runs the task, and must end neither the
/// containers nor what clears up behind them.
pub(crate) fn apart(program: &str) -> Command {
    let mut command = Command::new(program);
    command.process_group(0);
    command
}

impl Runc {
    pub fn at(root: &Path) -> Self {
        Runc { root: root.to_owned() }
    }

    fn command(&self) -> Command {
        let mut command = apart("setpriv");
        // Where this process is killed, the container is at least asked to end.
        command.args(["--pdeathsig", "TERM", "runc"]);
        command.arg("--root").arg(&self.root).stdin(Stdio::null());
        command
    }

    /// Starts a container. What it writes is added to `LOG.out` and `LOG.err`.
    pub fn run(&self, id: &str, bundle: &Bundle, log: &Path) -> Result<Run> {
        let open = |ending: &str| {
            let path = log.with_extension(ending);
            let file = OpenOptions::new().create(true).append(true).open(&path);
            file.with_context(|| format!("cannot write {}", path.display()))
        };
        let pid_file = bundle.path.join(format!("{id}.pid"));
        let mut command = self.command();
        command.args(["run", "--keep", "--bundle"]).arg(&bundle.path).arg("--pid-file").arg(&pid_file).arg(id);
        let child = command.stdout(open("out")?).stderr(open("err")?).spawn().context("cannot run `runc`")?;
        Ok(Run { id: id.to_owned(), runc: self.clone(), child, pid_file })
    }
}

impl Run {
    /// Whether its first process has been started.
    pub fn has_started(&self) -> bool {
        self.pid_file.exists()
    }

    /// Its exit code once it has ended: 128 and the signal's number, if one ended it.
    pub fn ended(&mut self) -> Result<Option<i64>> {
        let status = self.child.try_wait().context("`runc` is lost")?;
        Ok(status.map(|status| status.code().map_or(-1, i64::from)))
    }

    /// Sends a signal, by its name.
    pub fn signal(&self, signal: &str) {
        // Where it has just ended, there is nobody to send it to.
        let _ = self.runc.command().args(["kill", &self.id, signal]).output();
    }

    /// Starts another program in it.
    pub fn execute(&self, words: &[String]) -> Result<Child> {
        let mut command = self.runc.command();
        command.args(["exec", &self.id]).args(words).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().context("cannot run `runc exec`")
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.runc.command().args(["delete", "--force", &self.id]).output();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
