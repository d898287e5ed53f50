//! Version 1: a hierarchy for each controller.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

use super::{PERIOD, ROOT, Usage, line, make, number, write};

/// Those that limits are written to. `runc` makes groups of the same name for all others.
const CONTROLLERS: [&str; 3] = ["cpu", "cpuacct", "memory"];

fn path(controller: &str, task: &str) -> PathBuf {
    PathBuf::from(ROOT).join(controller).join(task)
}

pub fn is_mounted() -> bool {
    CONTROLLERS.iter().all(|controller| path(controller, "cgroup.procs").exists())
}

pub fn make_task(task: &str, quota: Option<u64>, memory: Option<u64>) -> Result<()> {
    for controller in CONTROLLERS {
        make(&path(controller, task))?;
    }
    if let Some(quota) = quota {
        write(&path("cpu", task).join("cpu.cfs_period_us"), PERIOD.as_micros())?;
        write(&path("cpu", task).join("cpu.cfs_quota_us"), quota)?;
    }
    if let Some(bytes) = memory {
        write(&path("memory", task).join("memory.limit_in_bytes"), bytes)?;
    }
    Ok(())
}

pub fn usage(task: &str, container: &str) -> Result<Usage> {
    let memory = path("memory", task).join(container);
    Ok(Usage {
        cpu: Duration::from_nanos(number(&path("cpuacct", task).join(container).join("cpuacct.usage"))?),
        throttled: Duration::from_nanos(line(&path("cpu", task).join("cpu.stat"), "throttled_time")?),
        memory_peak: number(&memory.join("memory.max_usage_in_bytes"))?,
        memory_limit: number(&memory.join("memory.limit_in_bytes"))?,
        oom_kills: line(&memory.join("memory.oom_control"), "oom_kill")?,
    })
}
