//! What this process does about signals.

use std::fs;

/// Whether whoever started this process has it ignore a signal, as `nohup` does with SIGHUP (proc_pid_status(5)).
pub fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignored(&status).is_some_and(|set| (1..=64).contains(&signal) && set >> (signal - 1) & 1 == 1)
}

/// The set of ignored signals: bit 0 is signal 1.
fn ignored(status: &str) -> Option<u64> {
    let set = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(set.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_set_of_ignored_signals_is_read() {
        assert_eq!(ignored("SigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n"), Some(0x1001));
        assert_eq!(ignored("SigIgn:\tmuch\n"), None);
        // What Rust's runtime does at the start of every program, and what can never be ignored.
        assert!(is_ignored(signal_hook::consts::SIGPIPE));
        assert!(!is_ignored(9) && !is_ignored(0) && !is_ignored(i32::MAX));
    }
}
