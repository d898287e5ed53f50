//! The memory that this process uses.

use std::fs;
use std::io;
use std::path::Path;

/// The resident memory of a process, in bytes, by what it is (proc_pid_status(5)).
///
/// The kernel keeps these counts a thread at a time and adds them up late: each may be off by some pages a thread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resident {
    /// Heap and stacks.
    pub anonymous: u64,
    /// The program, its libraries and the capture rings, whose memory is the kernel's.
    pub file: u64,
    /// Shared memory.
    pub shared: u64,
}

impl Resident {
    /// Of this process.
    pub fn now() -> io::Result<Resident> {
        Resident::read(Path::new("/proc/self/status"))
    }

    /// From a `status` file.
    pub fn read(status: &Path) -> io::Result<Resident> {
        let status = fs::read_to_string(status)?;
        Resident::parse(&status).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// All of it.
    pub const fn total(&self) -> u64 {
        self.anonymous.saturating_add(self.file).saturating_add(self.shared)
    }

    fn parse(status: &str) -> Option<Resident> {
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            line.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
        };
        Some(Resident { anonymous: bytes("RssAnon")?, file: bytes("RssFile")?, shared: bytes("RssShmem")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_kinds_are_told_apart() {
        let status = "Name:\tsidetap\nVmRSS:\t     900 kB\nRssAnon:\t     400 kB\nRssFile:\t     300 kB\n\
                      RssShmem:\t     200 kB\n";
        let resident = Resident::parse(status).unwrap();
        assert_eq!(resident, Resident { anonymous: 400 << 10, file: 300 << 10, shared: 200 << 10 });
        assert_eq!(resident.total(), 900 << 10);
        assert_eq!(Resident::parse("RssAnon:\t99999999999999999999 kB\n"), None);
        assert_eq!(Resident::parse("RssAnon:\tmuch\n"), None);
    }

    #[test]
    fn memory_that_is_touched_is_resident() {
        // Whatever the tests beside this one hold or give back.
        let touched = vec![1_u8; 64 << 20];
        let now = Resident::now().unwrap();
        assert!(now.anonymous >= 64 << 20, "{now:?}");
        assert!(touched.iter().map(|byte| u64::from(*byte)).sum::<u64>() == 64 << 20);
    }
}
