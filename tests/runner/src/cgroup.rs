//! Limits of a task and its containers, and what they have used: cgroups of version 1 and of version 2.
//!
//! A container's CPU units are its shares, and count only while others want the CPU as well. The task's units are a
//! quota. Memory is a hard limit for both. Source: "Amazon ECS task definition parameters for Fargate".

mod v1;
mod v2;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::sweep::names;

const ROOT: &str = "/sys/fs/cgroup";
/// The period that the CPU quota is for.
const PERIOD: Duration = Duration::from_millis(100);

/// How the kernel shows its groups here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
}

impl Version {
    /// The one with what a task needs, if there is one.
    pub fn mounted() -> Option<Self> {
        match (v2::is_mounted(), v1::is_mounted()) {
            (true, _) => Some(Version::V2),
            (_, true) => Some(Version::V1),
            _ => None,
        }
    }

    /// The directories at the top of each.
    fn hierarchies(self) -> Vec<PathBuf> {
        match self {
            Version::V1 => names(Path::new(ROOT)).into_iter().map(|name| Path::new(ROOT).join(name)).collect(),
            Version::V2 => vec![PathBuf::from(ROOT)],
        }
    }
}

/// A task's group, within which its containers have theirs.
#[derive(Debug)]
pub(crate) struct TaskGroup {
    name: String,
    pub version: Version,
}

/// What a container has used so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// In user space and in the kernel.
    pub cpu: Duration,
    /// Time in which a container of the task was ready to run and the task had used up its quota: a container has none
    /// of its own.
    pub throttled: Duration,
    /// The most memory at any moment in bytes, with pages of files.
    pub memory_peak: u64,
    /// Its memory limit in bytes; the most that there can be if it has none.
    pub memory_limit: u64,
    /// How often the kernel has ended a process of it for want of memory.
    pub oom_kills: u64,
}

impl TaskGroup {
    /// Makes the group of a task that has so much, in CPU units and MiB.
    pub fn make(name: &str, cpu: Option<u64>, memory_mib: Option<u64>) -> Result<Self> {
        let version = Version::mounted().context("no cgroups are mounted")?;
        let group = TaskGroup { name: name.to_owned(), version };
        let quota = cpu.map(|units| PERIOD.as_micros() as u64 * units / 1024);
        let memory = memory_mib.map(|mib| mib << 20);
        match version {
            Version::V1 => v1::make_task(name, quota, memory)?,
            Version::V2 => v2::make_task(name, quota, memory)?,
        }
        Ok(group)
    }

    /// The names of all groups at the top.
    pub fn names(version: Version) -> BTreeSet<String> {
        version.hierarchies().iter().flat_map(|top| names(top)).collect()
    }

    /// What is left of one whose process is no more, to be dropped.
    pub fn left(name: String, version: Version) -> Self {
        TaskGroup { name, version }
    }

    /// Its directories, of which version 1 has one for each hierarchy.
    pub fn directories(&self) -> Vec<PathBuf> {
        let all = self.version.hierarchies().into_iter().map(|top| top.join(&self.name));
        all.filter(|path| path.is_dir()).collect()
    }

    /// The path of a container's group, as `runc` takes it.
    pub fn of_container(&self, id: &str) -> String {
        format!("/{}/{id}", self.name)
    }

    /// What a container has used.
    ///
    /// # Errors
    /// If the kernel does not tell all of it, as when the container does not run.
    pub fn usage(&self, id: &str) -> Result<Usage> {
        match self.version {
            Version::V1 => v1::usage(&self.name, id),
            Version::V2 => v2::usage(&self.name, id),
        }
    }
}

impl Drop for TaskGroup {
    fn drop(&mut self) {
        for path in self.directories() {
            for child in fs::read_dir(&path).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir()) {
                let _ = fs::remove_dir(child.path());
            }
            let _ = fs::remove_dir(path);
        }
    }
}

fn make(path: &Path) -> Result<()> {
    // Two controllers of version 1 may share a hierarchy, under two names.
    fs::create_dir_all(path).with_context(|| format!("cannot make the cgroup {}", path.display()))
}

fn write(path: &Path, value: impl ToString) -> Result<()> {
    let value = value.to_string();
    fs::write(path, &value).with_context(|| format!("cannot set {} to {value}", path.display()))
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The number that a file holds; the greatest for `max`.
fn number(path: &Path) -> Result<u64> {
    match read(path)?.trim() {
        "max" => Ok(u64::MAX),
        text => text.parse().with_context(|| format!("no number in {}: {text}", path.display())),
    }
}

/// The number that a line of a file has after its name.
fn line(path: &Path, name: &str) -> Result<u64> {
    let text = read(path)?;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok());
    value.with_context(|| format!("no number behind `{name}` in {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_does_not_tell_is_no_zero() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("memory.events");
        assert!(number(&path).is_err() && line(&path, "oom_kill").is_err());
        fs::write(&path, "oom 1\noom_kill 2\noom_group_kill 3\n").unwrap();
        assert_eq!(line(&path, "oom_kill").unwrap(), 2);
        assert!(number(&path).is_err() && line(&path, "high").is_err());
        fs::write(&path, "max\n").unwrap();
        assert_eq!(number(&path).unwrap(), u64::MAX);
    }
}
