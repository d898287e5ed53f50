//! How a ring is laid out, and what can be wrong with it.

use std::io;
use std::num::NonZeroU32;
use std::time::Duration;

use super::filter::Instruction;

/// A block's size must be a multiple of this; the kernel asks for a multiple of its page, which may be larger.
const SMALLEST_PAGE: u32 = 4096;

/// `BPF_RET | BPF_K`: return the constant `k`.
pub(super) const RETURN_CONSTANT: u16 = 0x06;

/// The interface of a ring, its size and its pace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingOptions {
    /// The interface's index in this network namespace; what the ring is bound to.
    pub index: u32,
    /// The interface's name, for messages.
    pub interface: String,
    /// Bytes of a block, a multiple of the page size. A frame is cut where its block ends, so a block should hold the
    /// largest one (64 KiB and its headers, where segmentation is offloaded).
    pub block_size: u32,
    /// How many blocks. The reader holds one, so that with a single block the kernel drops while it reads.
    pub block_count: u32,
    /// After how long a block that is not full is handed over; whole milliseconds, at least one.
    pub retire: Duration,
    /// Which frames of the interface are seen.
    pub direction: Direction,
    /// How much of a frame is kept at most: the constants that the filter returns are lowered to this.
    pub snap_length: NonZeroU32,
    /// Whether the filter can be replaced while the ring is open.
    pub filter: FilterLock,
}

/// Whether a ring's filter can be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterLock {
    /// Never: not by us either (`SO_LOCK_FILTER`).
    Locked,
    /// By [`super::ring::Ring::replace_filter`].
    Replaceable,
}

/// Which frames of an interface are seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Those that come and those that go.
    Both,
    /// Only those that come: for `lo`, where each frame goes and then comes.
    Incoming,
}

impl RingOptions {
    /// A ring of 16 blocks of 256 KiB for this interface: whole frames in both directions, handed over every 10 ms.
    pub fn new(index: u32, interface: impl Into<String>) -> Self {
        RingOptions {
            index,
            interface: interface.into(),
            block_size: 256 * 1024,
            block_count: 16,
            retire: Duration::from_millis(10),
            direction: Direction::Both,
            snap_length: NonZeroU32::MAX,
            filter: FilterLock::Locked,
        }
    }

    /// The bytes that the ring maps, if its layout is possible.
    pub fn memory(&self) -> Option<usize> {
        let whole_pages = self.block_size >= SMALLEST_PAGE && self.block_size.is_multiple_of(SMALLEST_PAGE);
        // The kernel holds a block's size in an int.
        let fits = i32::try_from(self.block_size).is_ok() && self.block_count > 0;
        let bytes = (self.block_size as usize).checked_mul(self.block_count as usize)?;
        (whole_pages && fits && isize::try_from(bytes).is_ok()).then_some(bytes)
    }

    /// [`Self::retire`] as the kernel takes it. There, 0 would mean: choose by the speed of the link.
    pub(super) fn retire_millis(&self) -> u32 {
        u32::try_from(self.retire.as_millis()).unwrap_or(u32::MAX).max(1)
    }

    /// The filter with every constant length lowered to the snap length; without a filter, one that takes everything.
    ///
    /// A length that the filter computes (`BPF_RET | BPF_A`) stays as it is.
    pub(super) fn cut(&self, filter: &[Instruction]) -> Vec<Instruction> {
        let snap = self.snap_length.get();
        if filter.is_empty() {
            return vec![Instruction { code: RETURN_CONSTANT, jt: 0, jf: 0, k: snap }];
        }
        let lowered = |instruction: &Instruction| match instruction.code {
            RETURN_CONSTANT => Instruction { k: instruction.k.min(snap), ..*instruction },
            _ => *instruction,
        };
        filter.iter().map(lowered).collect()
    }
}

/// Why a ring could not be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    /// The process may not capture.
    #[error("capturing packets needs the capability CAP_NET_RAW")]
    NotPermitted,
    /// There is no interface with this index.
    #[error("the interface {interface} (index {index}) does not exist")]
    NoInterface { interface: String, index: u32 },
    /// Blocks of this size, or this many of them, cannot be.
    #[error("a ring cannot have {block_count} blocks of {block_size} bytes")]
    Layout { block_size: u32, block_count: u32 },
    /// The kernel has no memory for the ring.
    #[error("no memory for a ring of {bytes} bytes")]
    Memory { bytes: usize },
    /// The filter is longer than `net.core.optmem_max` lets a socket hold; a coarser one may pass.
    #[error("a filter of {instructions} instructions is longer than net.core.optmem_max allows")]
    FilterTooLong { instructions: usize },
    /// The filter is no program that the kernel accepts.
    #[error("the kernel does not accept the filter of {instructions} instructions")]
    FilterRefused { instructions: usize },
    /// The interface's frames begin with something that we cannot decode.
    #[error("the interface {interface} has link type ARPHRD {arphrd}, which cannot be decoded")]
    LinkType { interface: String, arphrd: u16 },
    /// Anything else.
    #[error("{call}: {source}")]
    System { call: &'static str, source: io::Error },
}

impl RingError {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        let hints: &[&str] = match self {
            RingError::NotPermitted => &[
                "run it as root, or as another user after `setcap cap_net_raw+ep $(command -v sidetap)`",
                "in an ECS task definition, `linuxParameters.capabilities.drop` must name neither NET_RAW nor ALL",
            ],
            RingError::Memory { .. } => &["a smaller `--memory-limit` takes smaller rings"],
            RingError::FilterTooLong { .. } | RingError::FilterRefused { .. } => {
                &["a filter with fewer addresses and ports is shorter; `--filter` can be left out"]
            }
            RingError::LinkType { .. } => &["name other interfaces with `--interface`"],
            RingError::System { source, .. } => match source.raw_os_error() {
                Some(libc::EAFNOSUPPORT) => &["this kernel, or the sandbox around it, has no packet sockets"],
                Some(libc::ENOPROTOOPT) => &["it takes Linux 4.20 or later, and no sandbox such as gVisor's"],
                Some(libc::EMFILE | libc::ENFILE) => {
                    &["each interface takes a file descriptor: `ulimit -n` says how many"]
                }
                _ => &[],
            },
            RingError::NoInterface { .. } | RingError::Layout { .. } => &[],
        };
        hints.iter().map(|hint| (*hint).to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_user_can_do_about_an_error_is_said() {
        let system = |code| RingError::System { call: "bind", source: io::Error::from_raw_os_error(code) };
        for (error, hint) in [
            (RingError::FilterRefused { instructions: 5000 }, "--filter"),
            (RingError::LinkType { interface: "can0".into(), arphrd: 280 }, "--interface"),
            (system(libc::EAFNOSUPPORT), "no packet sockets"),
            (system(libc::ENOPROTOOPT), "4.20"),
            (system(libc::EMFILE), "ulimit -n"),
        ] {
            assert!(error.hints().concat().contains(hint), "{error:?}: {:?}", error.hints());
        }
        assert_eq!(system(libc::EIO).hints(), [""; 0]);
    }

    fn options() -> RingOptions {
        RingOptions::new(1, "lo")
    }

    #[test]
    fn impossible_layouts_have_no_memory() {
        assert_eq!(options().memory(), Some(4 << 20));
        for (block_size, block_count) in [(0, 1), (100, 1), (4097, 1), (4096, 0), (1 << 31, 1)] {
            assert_eq!(RingOptions { block_size, block_count, ..options() }.memory(), None, "{block_size}");
        }
    }

    #[test]
    fn retire_is_never_left_to_the_kernel() {
        for (retire, millis) in [
            (Duration::ZERO, 1),
            (Duration::from_micros(900), 1),
            (Duration::from_millis(60), 60),
            (Duration::MAX, u32::MAX),
        ] {
            assert_eq!(RingOptions { retire, ..options() }.retire_millis(), millis);
        }
    }

    #[test]
    fn the_snap_length_lowers_what_the_filter_returns_and_never_raises_it() {
        let options = RingOptions { snap_length: NonZeroU32::new(128).unwrap(), ..options() };
        let instruction = |code, k| Instruction { code, jt: 0, jf: 0, k };
        let filter = [instruction(0x28, 4096), instruction(0x06, 65535), instruction(0x06, 64), instruction(0x06, 0)];
        let expected = [instruction(0x28, 4096), instruction(0x06, 128), instruction(0x06, 64), instruction(0x06, 0)];
        assert_eq!(options.cut(&filter), expected);
        assert_eq!(options.cut(&[]), [instruction(0x06, 128)]);
    }
}
