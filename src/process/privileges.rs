//! Giving up every right that capturing needed, once the sockets are open.
//!
//! Capabilities and `no_new_privs` belong to a thread (capabilities(7)). Threads inherit them when they start, so
//! [`drop_all`] has to be called before there are others; those that there are keep theirs.

use std::io;

use rustix::io::Errno;
use rustix::thread::{self, CapabilitySet, CapabilitySets};

/// The highest number that a capability can have; the kernel's sets have 64 bits.
const CAPABILITIES: u32 = 64;

/// What became of the bounding set, which limits what a program started from here could gain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoundingSet {
    /// It is empty.
    Emptied,
    /// Emptying it takes `CAP_SETPCAP`, which we had not. `no_new_privs` holds without it.
    Kept,
}

/// Gives up all capabilities of this thread, and that it or a program that it starts can gain any.
///
/// What is open stays open. Call it before the first thread is started, and drop the process if it fails.
pub fn drop_all() -> io::Result<BoundingSet> {
    thread::set_no_new_privs(true)?;
    // The bounding set first: it takes a capability to empty it.
    let bounding = empty_bounding_set()?;
    match thread::clear_ambient_capability_set() {
        // Before Linux 4.3 there were no ambient capabilities.
        Ok(()) | Err(Errno::INVAL) => {}
        Err(error) => return Err(error.into()),
    }
    let none = CapabilitySet::empty();
    thread::set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    Ok(bounding)
}

fn empty_bounding_set() -> io::Result<BoundingSet> {
    for number in 0..CAPABILITIES {
        match thread::remove_capability_from_bounding_set(CapabilitySet::from_bits_retain(1 << number)) {
            Ok(()) => {}
            // The kernel knows no capability of this number, nor any higher one.
            Err(Errno::INVAL) => break,
            Err(Errno::PERM) => return Ok(BoundingSet::Kept),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(BoundingSet::Emptied)
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::time::Duration;

    use super::*;
    use crate::packet::namespace::in_namespace;
    use crate::packet::ring::{Ring, RingError, RingEvent, RingOptions};

    /// The capability sets of this thread, as the kernel shows them: inheritable, permitted, effective, bounding,
    /// ambient.
    fn sets() -> Vec<u64> {
        let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
        let set = |line: &str| u64::from_str_radix(line.strip_prefix("Cap")?.split_once(':')?.1.trim(), 16).ok();
        status.lines().filter_map(set).collect()
    }

    #[test]
    fn nothing_is_left_and_nothing_comes_back() {
        // A thread of its own, because the others of the test keep what they have.
        std::thread::spawn(|| {
            let could_set = thread::capabilities(None).unwrap().effective.contains(CapabilitySet::SETPCAP);
            let bounding = drop_all().unwrap();
            assert_eq!(bounding, if could_set { BoundingSet::Emptied } else { BoundingSet::Kept });
            assert!(thread::no_new_privs().unwrap());
            let sets = sets();
            assert_eq!(sets.len(), 5);
            let bounding_left = if could_set { 0 } else { sets[3] };
            assert_eq!(sets, [0, 0, 0, bounding_left, 0]);

            let inherited = std::thread::spawn(self::sets).join().unwrap();
            assert_eq!(inherited, sets);
            drop_all().expect("again, without any capability");
        })
        .join()
        .unwrap();
    }

    #[test]
    fn an_open_ring_goes_on_and_another_cannot_be_opened() {
        in_namespace(|| {
            let options = RingOptions::new(1, "lo");
            let mut ring = Ring::open(&options, &[]).unwrap();
            drop_all().unwrap();
            assert!(matches!(Ring::open(&options, &[]), Err(RingError::NotPermitted)));
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.send_to(b"still seen", socket.local_addr().unwrap()).unwrap();
            assert_eq!(ring.wait(Duration::from_secs(1)).unwrap(), RingEvent::Ready);
            let block = ring.next_block().unwrap();
            assert!(block.packets().any(|packet| packet.bytes.ends_with(b"still seen")));
        });
    }
}
