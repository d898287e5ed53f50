//! Mirrored frames out of an interface, for another analyser.
//!
//! Frames are copied together, [`MOST`] or [`MOST_BYTES`] of them, and sent with one call. What the interface does not
//! take is counted and gone: nothing here waits.
//!
//! Frames have the addresses of other hosts, so that an interface on which this host talks to others is refused
//! ([`InUse`]).

use std::io;
use std::net::{IpAddr, SocketAddr};

use rustix::io::Errno;

use crate::packet::interfaces::{self, Interface};
use crate::packet::send::{FrameSender, FrameSenderError, MOST_MESSAGES};

/// Frames that are sent together.
const MOST: usize = MOST_MESSAGES;
/// Bytes that are sent together, unless one frame has more.
const MOST_BYTES: usize = 256 << 10;

/// Sends frames out of an interface.
#[derive(Debug)]
pub struct Replay {
    interface: String,
    sender: FrameSender,
    bytes: Vec<u8>,
    /// Where each frame in `bytes` ends.
    ends: Vec<usize>,
    counts: ReplayCounts,
}

/// What an interface is for already, so that frames of other hosts have no place there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InUse {
    #[error("this host would take them for its own")]
    Loopback,
    #[error("the default route goes by it, and the network would see frames with the addresses of other hosts")]
    DefaultRoute,
    #[error("{0}, where mirrors send to, is its address")]
    Listening(IpAddr),
}

impl InUse {
    /// What the interface of this name is for, if it is known.
    pub fn of(name: &str, listen: &[SocketAddr]) -> Option<InUse> {
        let interface = interfaces::by_name(name).ok()?;
        InUse::by_what_is_known(&interface, &interfaces::default_routes(), listen)
    }

    fn by_what_is_known(interface: &Interface, default_routes: &[String], listen: &[SocketAddr]) -> Option<InUse> {
        let listening = || interface.addresses.iter().find(|own| listen.iter().any(|listen| listen.ip() == **own));
        if interface.loopback {
            return Some(InUse::Loopback);
        }
        if default_routes.contains(&interface.name) {
            return Some(InUse::DefaultRoute);
        }
        listening().copied().map(InUse::Listening)
    }
}

/// What became of frames.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplayCounts {
    pub sent: u64,
    /// Longer than the interface's MTU allows.
    pub too_long: u64,
    /// The interface's queue was full.
    pub queue_full: u64,
    /// The interface was down or gone.
    pub gone: u64,
    /// Refused for another reason.
    pub refused: u64,
    /// Whether the interface is down or gone now.
    pub is_gone: bool,
}

impl ReplayCounts {
    /// Frames that were not sent, whatever the cause.
    pub fn unsent(&self) -> u64 {
        self.too_long + self.queue_full + self.gone + self.refused
    }
}

impl Replay {
    /// Memory of ours.
    pub const BYTES: usize = MOST_BYTES + (64 << 10);

    /// Out of the interface of this name. Takes `CAP_NET_RAW`.
    pub fn open(interface: &str) -> Result<Self, FrameSenderError> {
        Ok(Replay {
            interface: interface.to_owned(),
            sender: FrameSender::open(interface)?,
            bytes: Vec::with_capacity(Replay::BYTES),
            ends: Vec::with_capacity(MOST),
            counts: ReplayCounts::default(),
        })
    }

    /// Sends a frame, soon.
    #[inline]
    pub fn frame(&mut self, frame: &[u8]) {
        if self.ends.len() == MOST || self.bytes.len() + frame.len() > MOST_BYTES {
            self.flush();
        }
        self.bytes.extend_from_slice(frame);
        self.ends.push(self.bytes.len());
    }

    /// Sends what there is.
    pub fn flush(&mut self) {
        if self.ends.is_empty() {
            return;
        }
        let mut frames = [&[][..]; MOST];
        let mut start = 0;
        for (frame, &end) in frames.iter_mut().zip(&self.ends) {
            *frame = &self.bytes[start..end];
            start = end;
        }
        let mut left = &frames[..self.ends.len()];
        while !left.is_empty() {
            let done = match self.sender.send(left) {
                Ok(sent) => {
                    self.counts.sent += sent as u64;
                    sent
                }
                Err(error) => self.counts.failed(&error, left.len()),
            };
            // One that was neither sent nor refused would be tried for ever.
            left = left.get(done.max(1)..).unwrap_or_default();
        }
        self.bytes.clear();
        self.ends.clear();
    }

    /// Looks for the interface if it is gone. Called as time passes.
    pub fn search(&mut self) {
        if !self.counts.is_gone {
            return;
        }
        let Ok(found) = interfaces::by_name(&self.interface) else { return };
        if found.up && self.sender.rebind(found.index).is_ok() {
            self.counts.is_gone = false;
        }
    }

    /// The interface's name.
    pub fn interface(&self) -> &str {
        &self.interface
    }

    /// What became of frames so far.
    pub fn counts(&self) -> ReplayCounts {
        self.counts
    }
}

impl ReplayCounts {
    /// Counts the first of so many frames, or all of them where the others would fare no better; how many it counted.
    fn failed(&mut self, error: &io::Error, frames: usize) -> usize {
        match error.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::MSGSIZE) => self.too_long += 1,
            Some(Errno::NOBUFS | Errno::AGAIN) => self.queue_full += 1,
            Some(Errno::NETDOWN | Errno::NXIO | Errno::NODEV) => {
                self.gone += frames as u64;
                self.is_gone = true;
                return frames;
            }
            _ => self.refused += 1,
        }
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_on_which_the_host_talks_is_in_use() {
        let interface = |name: &str, address: &str| Interface {
            name: name.to_owned(),
            index: 1,
            up: true,
            loopback: name == "lo",
            mtu: None,
            addresses: vec![address.parse().unwrap()],
        };
        let of = |interface: Interface, listen: &str| {
            InUse::by_what_is_known(&interface, &["eth0".to_owned()], &[listen.parse().unwrap()])
        };
        assert_eq!(of(interface("lo", "127.0.0.1"), "0.0.0.0:4789"), Some(InUse::Loopback));
        assert_eq!(of(interface("eth0", "10.0.0.5"), "10.0.1.5:4789"), Some(InUse::DefaultRoute));
        let listening = InUse::Listening("10.0.1.5".parse().unwrap());
        assert_eq!(of(interface("eth1", "10.0.1.5"), "10.0.1.5:4789"), Some(listening));
        assert_eq!(of(interface("eth1", "10.0.1.5"), "0.0.0.0:4789"), None);
        assert_eq!(of(interface("tap0", "10.0.2.1"), "10.0.1.5:4789"), None);
    }
}
