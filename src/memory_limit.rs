//! How much memory a command may use, and what of it there is to divide.

use bytesize::ByteSize;

/// What the program needs before it has seen a packet: its code, stacks, sockets, what the rate limiter remembers, and room
/// for what is not counted one by one.
const FIXED: u64 = 7 << 20;
/// Below this there is no room for anything useful.
pub const LEAST: u64 = 12 << 20;
/// Without a limit from anywhere, this is as much as should ever be wanted.
pub const MOST_UNASKED: u64 = 64 << 20;

/// A limit that leaves something to divide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryLimit(u64);

/// Why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} of memory are too little: at least {} are needed", iec(*limit), iec(*least))]
pub struct TooLittle {
    pub limit: u64,
    /// What would do.
    pub least: u64,
}

impl TooLittle {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        vec![format!(
            "without `--memory-limit` it is 80 % of the cgroup's limit: give the container at least {}",
            iec(self.least / 4 * 5)
        )]
    }
}

fn iec(bytes: u64) -> bytesize::Display {
    ByteSize(bytes).display().iec()
}

impl MemoryLimit {
    /// So many bytes.
    pub fn new(limit: u64) -> Result<Self, TooLittle> {
        if limit < LEAST { Err(TooLittle { limit, least: LEAST }) } else { Ok(MemoryLimit(limit)) }
    }

    /// Refuses one that leaves less than this to divide.
    pub fn leaving(self, bytes: u64) -> Result<Self, TooLittle> {
        if self.to_divide() < bytes { Err(TooLittle { limit: self.0, least: FIXED + bytes }) } else { Ok(self) }
    }

    /// All of it, in bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }

    /// Without what the program needs itself.
    pub fn to_divide(self) -> u64 {
        self.0 - FIXED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_little_is_said() {
        let error = MemoryLimit::new(LEAST - 1).unwrap_err();
        assert_eq!(error.to_string(), "12.0 MiB of memory are too little: at least 12.0 MiB are needed");
        assert!(error.hints()[0].ends_with("at least 15.0 MiB"));
        let least = MemoryLimit::new(LEAST).unwrap();
        assert_eq!(least.leaving(5 << 20).unwrap().to_divide(), 5 << 20);
        let error = least.leaving(6 << 20).unwrap_err();
        assert_eq!(error.to_string(), "12.0 MiB of memory are too little: at least 13.0 MiB are needed");
    }
}
