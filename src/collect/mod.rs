//! Collects mirrored packets: VXLAN datagrams in, the frames inside them to the [`Engine`] and its exports.
//!
//! - `receiver`: the UDP sockets
//! - `intake`: what happens to a datagram
//! - `decapsulate`: what a datagram carries, and why it is refused
//! - `sources`: who sent it
//! - `replay`: frames out of an interface
//! - `drops`: what the kernel lost
//! - [`monitor`]: what it says of itself to those who ask
//!
//! One thread does all of it; writing is the exports' own. Memory is what [`Memory`] divides: the kernel's receive buffers,
//! ours, and sources.
//!
//! A frame that its mirror cut, or whose checksums are wrong, is taken like any other; so is one that overtakes others:
//! reassembly waits for what is missing.

mod decapsulate;
mod drops;
mod intake;
pub mod monitor;
mod receiver;
mod replay;
mod sources;

use std::io;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

pub use self::decapsulate::{Networks, Refusal, Refusals};
pub use self::intake::Intake;
pub use self::receiver::Datagram;
pub use self::replay::{InUse, ReplayCounts};
pub use self::sources::{SourceCounts, SourceTotals};

use self::receiver::Receiver;
use self::replay::Replay;
use crate::packet::LinkType;
use crate::packet::filter::{Filter, FilterError};
use crate::packet::send::FrameSenderError;
use crate::sensor::Engine;

/// How often time is told to the engine and the observer, and an interface that has gone is looked for.
const TICK: Duration = Duration::from_millis(100);
/// How often the kernel is asked what it dropped: it has to list all sockets for that.
const ASK_DROPS: Duration = Duration::from_secs(1);
/// Longest that datagrams are read in the end. What is left is counted.
const LAST_READING: Duration = Duration::from_secs(1);
/// Sockets for an address, unless there are fewer CPUs.
const SOCKETS: usize = 4;
/// The most sockets of all addresses together.
const MOST_SOCKETS: usize = 16;
/// The least that the kernel is asked to keep for an address.
const LEAST_KERNEL_BYTES: u64 = 256 << 10;

/// What is collected, and where from.
#[derive(Debug, Clone)]
pub struct Options<'a> {
    /// Where datagrams come to.
    pub listen: &'a [SocketAddr],
    pub networks: Networks,
    /// Which inner frames are wanted; empty for all.
    pub filter: &'a str,
    /// The interface that they go out of as well.
    pub to_interface: Option<&'a str>,
    /// Bytes for receiving: the kernel's and ours.
    pub bytes: u64,
}

/// Takes mirrored packets.
pub struct Collector {
    receiver: Receiver,
    intake: Intake,
    /// Bytes of receive buffers that were asked for, and that the kernel granted.
    buffers: (u64, u64),
    dropped: u64,
    ask_drops: Instant,
}

/// What was collected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CollectCounts {
    /// Datagrams that were read.
    pub datagrams: u64,
    /// Those that were refused.
    pub refused: Refusals,
    /// Mirrored frames that the filter rejected.
    pub filtered: u64,
    /// Datagrams that the kernel dropped because the receive buffer was full or their checksum was wrong; known to the
    /// second. Those that it had put together count as one.
    pub dropped: u64,
    /// Datagrams that were still there when there was no more time to read them.
    pub unread: u64,
    /// Who sent them.
    pub sources: usize,
    pub replay: ReplayCounts,
}

/// Why collecting cannot begin, or go on.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    #[error("cannot listen on {address}")]
    Listen {
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
    #[error("the filter cannot be used on mirrored frames")]
    Filter(#[source] FilterError),
    #[error("cannot send frames out of {interface}")]
    Replay {
        interface: String,
        #[source]
        source: FrameSenderError,
    },
    #[error("frames cannot go out of {interface}: {by}")]
    InUse { interface: String, by: InUse },
    #[error("cannot receive datagrams")]
    Receive(#[source] io::Error),
}

impl CollectError {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        let (address, source) = match self {
            CollectError::Listen { address, source } => (address, source),
            CollectError::Replay { source, .. } => return source.hints(),
            CollectError::InUse { .. } => {
                return vec![
                    "give the other analyser an interface of its own: `ip link add mirror0 type dummy`, then `ip link set \
                     mirror0 up`"
                        .to_owned(),
                ];
            }
            CollectError::Filter(_) => {
                return vec!["mirrored frames take what a capture file of Ethernet frames takes".to_owned()];
            }
            CollectError::Receive(source) if source.kind() == io::ErrorKind::OutOfMemory => {
                return vec![
                    "the kernel has no memory for sockets left: `net.ipv4.udp_mem` says how much there may be"
                        .to_owned(),
                ];
            }
            CollectError::Receive(_) => return Vec::new(),
        };
        let port = address.port();
        match source.kind() {
            io::ErrorKind::AddrInUse => vec![
                format!(
                    "`ss -lnup sport = {port}` shows who listens there; without a name it is the kernel's own VXLAN"
                ),
                "`--listen ADDRESS:PORT` takes another port".to_owned(),
            ],
            io::ErrorKind::PermissionDenied => {
                vec!["ports below 1024 take CAP_NET_BIND_SERVICE; VXLAN's own, 4789, does not".to_owned()]
            }
            io::ErrorKind::AddrNotAvailable => {
                vec!["the address has to be one of this machine's; 0.0.0.0 is all of them".to_owned()]
            }
            _ if address.is_ipv6() => vec!["this machine may be without IPv6".to_owned()],
            _ => Vec::new(),
        }
    }
}

/// How the bytes for receiving are divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Memory {
    sources: usize,
    /// Sockets for each address.
    sockets: usize,
    /// For the kernel's receive buffers of each address.
    kernel: u64,
}

impl Memory {
    fn divide(bytes: u64, addresses: usize, cpus: usize, replays: bool) -> Memory {
        let addresses = addresses.max(1);
        let sources = (bytes / 4 / sources::BYTES as u64).min(sources::MOST as u64);
        let replay = if replays { Replay::BYTES as u64 } else { 0 };
        let left = bytes.saturating_sub(sources * sources::BYTES as u64 + replay);
        // Half of the rest for the kernel, at least.
        let ours = (left / 2 / Receiver::BUFFER_BYTES as u64) as usize;
        let sockets = (ours.min(MOST_SOCKETS) / addresses).clamp(1, cpus.clamp(1, SOCKETS));
        let left = left.saturating_sub((addresses * sockets * Receiver::BUFFER_BYTES) as u64);
        Memory { sources: sources as usize, sockets, kernel: (left / addresses as u64).max(LEAST_KERNEL_BYTES) }
    }
}

impl Collector {
    /// Opens the sockets, and the interface if there is one, which takes `CAP_NET_RAW`.
    pub fn open(options: Options<'_>) -> Result<Self, CollectError> {
        let filter = match options.filter {
            "" => None,
            expression => Some(Filter::compile(expression, LinkType::Ethernet).map_err(CollectError::Filter)?),
        };
        if let Some(interface) = options.to_interface
            && let Some(by) = InUse::of(interface, options.listen)
        {
            return Err(CollectError::InUse { interface: interface.to_owned(), by });
        }
        let replay = options.to_interface.map(|interface| {
            Replay::open(interface).map_err(|source| CollectError::Replay { interface: interface.to_owned(), source })
        });
        let replay = replay.transpose()?;
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        let memory = Memory::divide(options.bytes, options.listen.len(), cpus, replay.is_some());
        let mut receiver = Receiver::new();
        let mut buffers = (0, 0);
        for &address in options.listen {
            let is_shared = |other: &SocketAddr| other.is_ipv4() && other.port() == address.port();
            let only_v6 = options.listen.iter().any(is_shared);
            let granted = receiver
                .listen(address, only_v6, memory.sockets, memory.kernel as usize)
                .map_err(|source| CollectError::Listen { address, source })?;
            buffers = (buffers.0 + memory.kernel, buffers.1 + granted as u64);
        }
        let intake = Intake { replay, ..Intake::new(options.networks, memory.sources, filter) };
        Ok(Collector { receiver, intake, buffers, dropped: 0, ask_drops: Instant::now() })
    }

    /// Where it listens.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.receiver.addresses()
    }

    /// Bytes of receive buffers that were asked for, and that the kernel granted, each counted as the kernel does.
    pub fn receive_buffers(&self) -> (u64, u64) {
        self.buffers
    }

    /// The interface that frames go out of.
    pub fn to_interface(&self) -> Option<&str> {
        self.intake.replay.as_ref().map(Replay::interface)
    }

    /// Everybody who has sent something, by number.
    pub fn sources(&self) -> &[SourceCounts] {
        self.intake.sources()
    }

    /// Hands frames to the engine until the observer, asked ten times a second, has had enough.
    pub fn run(
        &mut self,
        engine: &mut Engine,
        mut observe: impl FnMut(&Collector, &mut Engine, CollectCounts) -> ControlFlow<()>,
    ) -> Result<CollectCounts, CollectError> {
        let mut next_tick = Instant::now() + TICK;
        loop {
            self.receiver.wait(next_tick.saturating_duration_since(Instant::now())).map_err(CollectError::Receive)?;
            self.receive(engine, next_tick)?;
            let now = Instant::now();
            if now < next_tick {
                continue;
            }
            next_tick = now + TICK;
            engine.sweep(receiver::now());
            if let Some(replay) = &mut self.intake.replay {
                replay.search();
            }
            if now >= self.ask_drops {
                self.ask_drops = now + ASK_DROPS;
                self.dropped = self.receiver.dropped();
            }
            if observe(self, engine, self.counts()).is_break() {
                return self.finish(engine);
            }
        }
    }

    /// What all sources have sent, those included that there is no number for any more.
    pub fn source_totals(&self) -> SourceTotals {
        self.intake.sources.totals()
    }

    fn receive(&mut self, engine: &mut Engine, until: Instant) -> Result<bool, CollectError> {
        let Collector { receiver, intake, .. } = self;
        let more = receiver.receive(until, |datagram| intake.take(&datagram, engine)).map_err(CollectError::Receive)?;
        if let Some(replay) = &mut intake.replay {
            replay.flush();
        }
        Ok(more)
    }

    /// Reads what has come, and nothing that comes later.
    fn finish(&mut self, engine: &mut Engine) -> Result<CollectCounts, CollectError> {
        self.receiver.close();
        if self.receive(engine, Instant::now() + LAST_READING)? {
            let unread = &mut self.intake.counts.unread;
            let end = Instant::now() + LAST_READING;
            self.receiver.receive(end, |_| *unread += 1).map_err(CollectError::Receive)?;
        }
        self.dropped = self.receiver.dropped();
        Ok(self.counts())
    }

    fn counts(&self) -> CollectCounts {
        CollectCounts { dropped: self.dropped, ..self.intake.counts() }
    }
}

#[cfg(test)]
mod tests;
