//! The machine that figures are taken on.

use std::fs;

/// What matters about it, one fact a line.
pub fn describe() -> Vec<String> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':')).map(|(_, name)| name);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory.lines().find_map(|line| line.strip_prefix("MemTotal:")).unwrap_or_default();
    vec![
        format!("CPU: {}, {} cores", model.unwrap_or("unknown").trim(), cores()),
        format!("memory: {}", memory.trim()),
        format!("kernel: {}", kernel.trim()),
        format!("load of the last minute before: {}", load.split(' ').next().unwrap_or_default()),
    ]
}

/// Cores that this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
