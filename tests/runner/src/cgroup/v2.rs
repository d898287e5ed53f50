//! Version 2: one hierarchy for all controllers.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use super::{PERIOD, ROOT, Usage, line, make, number, write};

fn path(task: &str) -> PathBuf {
    PathBuf::from(ROOT).join(task)
}

pub fn is_mounted() -> bool {
    let controllers = std::fs::read_to_string(path("cgroup.controllers")).unwrap_or_default();
    ["cpu", "memory"].iter().all(|name| controllers.split_whitespace().any(|controller| controller == *name))
}

pub fn make_task(task: &str, quota: Option<u64>, memory: Option<u64>) -> Result<()> {
    // A group has the controllers that the one above it hands down.
    write(&path("cgroup.subtree_control"), "+cpu +memory")?;
    make(&path(task))?;
    if let Some(quota) = quota {
        write(&path(task).join("cpu.max"), format!("{quota} {}", PERIOD.as_micros()))?;
    }
    if let Some(bytes) = memory {
        write(&path(task).join("memory.max"), bytes)?;
    }
    // Fargate has no swap; nor has a kernel without this file.
    let swap = path(task).join("memory.swap.max");
    if swap.exists() {
        write(&swap, 0)?;
    }
    Ok(())
}

pub fn usage(task: &str, container: &str) -> Result<Usage> {
    let of = path(task).join(container);
    Ok(Usage {
        cpu: Duration::from_micros(line(&of.join("cpu.stat"), "usage_usec")?),
        throttled: Duration::from_micros(line(&path(task).join("cpu.stat"), "throttled_usec")?),
        // Since Linux 5.19.
        memory_peak: number(&of.join("memory.peak"))?,
        memory_limit: number(&of.join("memory.max"))?,
        oom_kills: line(&of.join("memory.events"), "oom_kill")?,
    })
}
