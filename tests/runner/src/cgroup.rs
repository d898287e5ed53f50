//! Limits of a task and its containers, and what they have used: cgroups, version 1.
//!
//! A container's CPU units are its shares, and count only while others want the CPU as well. The task's units are a
//! quota. Memory is a hard limit for both. Source: "Amazon ECS task definition parameters for Fargate".

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

const ROOT: &str = "/sys/fs/cgroup";
const CONTROLLERS: [&str; 3] = ["cpu", "cpuacct", "memory"];
/// The period that the CPU quota is for.
const PERIOD: Duration = Duration::from_millis(100);

/// A task's group, within which its containers have theirs.
#[derive(Debug)]
pub(crate) struct TaskGroup {
    name: String,
}

/// What a container has used so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// In user space and in the kernel.
    pub cpu: Duration,
    /// Time in which it was ready to run and the task had used up its quota.
    pub throttled: Duration,
    /// The most memory at any moment in bytes, with pages of files.
    pub memory_peak: u64,
    /// Without pages of files, which the kernel takes back when it needs them.
    pub memory_now: u64,
    /// Its memory limit in bytes.
    pub memory_limit: u64,
    /// How often the kernel has ended a process of it for want of memory.
    pub oom_kills: u64,
}

impl TaskGroup {
    /// Makes the group of a task that has so much, in CPU units and MiB.
    pub fn make(name: &str, cpu: Option<u64>, memory_mib: Option<u64>) -> Result<Self> {
        let group = TaskGroup { name: name.to_owned() };
        for controller in CONTROLLERS {
            let path = group.path(controller);
            fs::create_dir(&path).with_context(|| format!("cannot make the cgroup {}", path.display()))?;
        }
        if let Some(units) = cpu {
            let quota = PERIOD.as_micros() as u64 * units / 1024;
            write(&group.path("cpu").join("cpu.cfs_period_us"), PERIOD.as_micros() as u64)?;
            write(&group.path("cpu").join("cpu.cfs_quota_us"), quota)?;
        }
        if let Some(mib) = memory_mib {
            write(&group.path("memory").join("memory.limit_in_bytes"), mib << 20)?;
        }
        Ok(group)
    }

    fn path(&self, controller: &str) -> PathBuf {
        Path::new(ROOT).join(controller).join(&self.name)
    }

    /// Where its memory is counted.
    pub fn memory(&self) -> PathBuf {
        self.path("memory")
    }

    /// The path of a container's group, as `runc` takes it.
    pub fn of_container(&self, id: &str) -> String {
        format!("/{}/{id}", self.name)
    }

    /// What a container has used; nothing if it does not run.
    pub fn usage(&self, id: &str) -> Usage {
        let of = |controller: &str, file: &str| fs::read_to_string(self.path(controller).join(id).join(file));
        let number =
            |controller, file| of(controller, file).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        let line = |controller, file, name: &str| -> u64 {
            let text = of(controller, file).unwrap_or_default();
            let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok());
            value.unwrap_or(0)
        };
        Usage {
            cpu: Duration::from_nanos(number("cpuacct", "cpuacct.usage")),
            // Of the task: a container has no quota of its own.
            throttled: Duration::from_nanos(
                fs::read_to_string(self.path("cpu").join("cpu.stat"))
                    .unwrap_or_default()
                    .lines()
                    .find_map(|line| line.strip_prefix("throttled_time ")?.parse().ok())
                    .unwrap_or(0),
            ),
            memory_peak: number("memory", "memory.max_usage_in_bytes"),
            memory_now: line("memory", "memory.stat", "total_rss"),
            memory_limit: number("memory", "memory.limit_in_bytes"),
            oom_kills: line("memory", "memory.oom_control", "oom_kill"),
        }
    }
}

impl Drop for TaskGroup {
    fn drop(&mut self) {
        for controller in CONTROLLERS {
            let path = self.path(controller);
            for child in fs::read_dir(&path).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir()) {
                let _ = fs::remove_dir(child.path());
            }
            let _ = fs::remove_dir(path);
        }
    }
}

fn write(path: &Path, value: u64) -> Result<()> {
    fs::write(path, value.to_string()).with_context(|| format!("cannot set {} to {value}", path.display()))
}

/// Whether the hierarchies are there.
pub(crate) fn are_mounted() -> bool {
    let has = |controller: &str| Path::new(ROOT).join(controller).join("cgroup.procs").exists();
    CONTROLLERS.iter().all(|controller| has(controller))
}
