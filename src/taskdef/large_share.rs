//! Warns where a sidecar takes more of a task than it leaves to the application.

use super::preset::Preset;
use super::sizing::{DEFAULT_PERCENT, Share, Size};
use super::warning::Warning;

/// Warns where more than half of the CPU or memory of a task, of `task`'s size, is reserved for the sidecar.
pub(super) fn warn(share: &Share, task: Size, preset: &Preset, warnings: &mut Vec<Warning>) {
    let large = |share: Option<u64>, task: Option<u64>| share.zip(task).filter(|(share, task)| share * 2 > *task);
    let cpu = large(share.cpu, task.cpu).map(|(share, task)| format!("{share} of the task's {task} CPU units"));
    let memory = large(share.reservation_mib, task.memory_mib);
    let memory = memory.map(|(share, task)| format!("{share} of the task's {task} MiB"));
    let large: Vec<String> = cpu.into_iter().chain(memory).collect();
    if !large.is_empty() {
        let message = format!(
            "the sidecar `{}` reserves {}, more than it leaves to the application ({DEFAULT_PERCENT} % is the default)",
            preset.label(),
            large.join(" and "),
        );
        warnings.push(Warning::new("large-share", message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_half_of_the_task_is_warned_of() {
        let task = Size { cpu: Some(256), memory_mib: Some(512) };
        let warned = |cpu: Option<u64>, reservation_mib: Option<u64>, task: Size| {
            let share = Share { cpu, memory_mib: 512, reservation_mib, basis: Size::default(), grown_to: None };
            let mut warnings = Vec::new();
            warn(&share, task, &Preset::Sensor, &mut warnings);
            warnings.pop().map(|warning| (warning.code, warning.message))
        };
        assert_eq!(warned(Some(128), Some(256), task), None);
        assert_eq!(warned(None, None, task), None, "nothing is reserved");
        assert_eq!(warned(Some(256), Some(512), Size::default()), None, "the task names no size");
        let (code, message) = warned(Some(256), Some(257), task).unwrap();
        assert_eq!(code, "large-share");
        let both = "256 of the task's 256 CPU units and 257 of the task's 512 MiB";
        assert!(message.contains(both), "{message}");
        let (_, message) = warned(Some(129), Some(256), task).unwrap();
        assert!(!message.contains("MiB"), "{message}");
    }
}
