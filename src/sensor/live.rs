//! Listens on interfaces: their rings, merged by time, into the engine.

use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::Engine;
use crate::packet::filter::{Ancillary, Filter, FilterError, Program, Target, VlanTag};
use crate::packet::interfaces::{self, Interface, InterfaceError};
use crate::packet::ring::{Block, Direction, Packets, Ring, RingError, RingEvent, RingOptions, RingPacket};
use crate::packet::{LinkType, Timestamp};

/// How often time is told to the engine and the observer, and an interface that has gone is looked for.
const TICK: Duration = Duration::from_millis(100);
/// Holds the largest frame that segmentation offload makes.
const BLOCK: u32 = 256 << 10;
/// After how long a block that is not full is handed over.
const RETIRE: Duration = Duration::from_millis(20);
/// Longest that the rings are read in the end. A reader that was behind may need longer; what is left is counted.
const LAST_READING: Duration = Duration::from_millis(500);

/// The rings of all interfaces.
pub struct Live {
    taps: Vec<Tap>,
    /// Packets that were read.
    read: u64,
}

struct Tap {
    ring: Ring,
    name: String,
    /// In user space, where the kernel has no room for the filter.
    program: Option<Program>,
    gone: bool,
}

/// Why listening cannot begin, or go on.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    #[error(transparent)]
    Interface(#[from] InterfaceError),
    #[error("no network interface is up")]
    NoneUp,
    #[error("cannot listen on the interface {interface}")]
    Ring {
        interface: String,
        #[source]
        source: RingError,
    },
    #[error("the filter cannot be used on the interface {interface}")]
    Filter {
        interface: String,
        #[source]
        source: FilterError,
    },
    #[error("cannot wait for packets")]
    Poll(#[source] std::io::Error),
}

impl LiveError {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        match self {
            LiveError::Interface(error) => error.hints(),
            LiveError::Ring { source, .. } => source.hints(),
            LiveError::NoneUp => {
                vec!["name one that is down with `--interface`: it is listened on once it is up".into()]
            }
            LiveError::Filter { .. } | LiveError::Poll(_) => Vec::new(),
        }
    }
}

/// What the rings have seen and lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LiveCounts {
    /// Packets that passed the filter, those dropped included.
    pub packets: u64,
    /// Packets that the kernel dropped because the rings were full.
    pub dropped: u64,
    /// Packets that nobody has read, and in the end nobody will.
    pub unread: u64,
    /// Interfaces that are gone at the moment.
    pub gone: usize,
}

impl Live {
    /// Opens a ring on each interface that is named; on every one that is up if none is, or `any`. They share this much
    /// memory. Interfaces whose frames cannot be decoded are left out unless they were named.
    pub fn open(names: &[String], filter: &str, ring_bytes: u64) -> Result<Self, LiveError> {
        let chosen = choose(names)?;
        let blocks = (ring_bytes / chosen.len() as u64 / u64::from(BLOCK)).clamp(2, 256) as u32;
        let mut taps = Vec::new();
        for interface in &chosen {
            match Tap::open(interface, filter, blocks) {
                Err(LiveError::Ring { source: RingError::LinkType { .. }, .. }) if names.is_empty() => {}
                Err(LiveError::Ring { source: RingError::NoInterface { .. }, .. }) if names.is_empty() => {}
                tap => taps.push(tap?),
            }
        }
        if taps.is_empty() {
            return Err(LiveError::NoneUp);
        }
        Ok(Live { taps, read: 0 })
    }

    /// The interfaces that are listened on, in the order of their numbers in frames.
    pub fn interfaces(&self) -> impl Iterator<Item = &str> {
        self.taps.iter().map(|tap| tap.name.as_str())
    }

    /// Interfaces whose filter runs outside of the kernel, because it is too long for it.
    pub fn filtered_outside(&self) -> impl Iterator<Item = &str> {
        self.taps.iter().filter(|tap| tap.program.is_some()).map(|tap| tap.name.as_str())
    }

    /// The interfaces that are gone at the moment.
    pub fn gone(&self) -> impl Iterator<Item = &str> {
        self.taps.iter().filter(|tap| tap.gone).map(|tap| tap.name.as_str())
    }

    /// Feeds packets to the engine until the observer, asked ten times a second, has had enough.
    pub fn run(
        &mut self,
        engine: &mut Engine,
        mut observe: impl FnMut(&Live, &mut Engine, LiveCounts) -> ControlFlow<()>,
    ) -> Result<LiveCounts, LiveError> {
        let mut next_tick = Instant::now() + TICK;
        loop {
            self.wait(next_tick.saturating_duration_since(Instant::now()))?;
            while self.take_blocks(engine) && Instant::now() < next_tick {}
            let now = Instant::now();
            if now < next_tick {
                continue;
            }
            next_tick = now + TICK;
            engine.sweep(wall_clock());
            self.search();
            let counts = self.counts()?;
            if observe(self, engine, counts).is_break() {
                return self.finish(engine);
            }
        }
    }

    /// Reads what the rings hold, for [`LAST_READING`] at most, and nothing that comes later: under load there would be
    /// no end.
    fn finish(&mut self, engine: &mut Engine) -> Result<LiveCounts, LiveError> {
        for tap in &mut self.taps {
            tap.ring.close().map_err(|source| LiveError::Ring { interface: tap.name.clone(), source })?;
        }
        // The kernel hands over the last blocks, which are not full, only after this.
        let (handed_over, end) = (Instant::now() + 2 * RETIRE, Instant::now() + LAST_READING);
        loop {
            while self.take_blocks(engine) && Instant::now() < end {}
            let left = handed_over.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return self.counts();
            }
            std::thread::sleep(left);
        }
    }

    fn wait(&mut self, timeout: Duration) -> Result<(), LiveError> {
        let timeout = Timespec::try_from(timeout).ok();
        let mut descriptors: Vec<PollFd<'_>> =
            self.taps.iter().filter(|tap| !tap.gone).map(|tap| PollFd::new(&tap.ring, PollFlags::IN)).collect();
        match poll(&mut descriptors, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(LiveError::Poll(error.into())),
        }
        let failed = descriptors.iter().any(|descriptor| descriptor.revents().contains(PollFlags::ERR));
        if failed {
            for tap in &mut self.taps {
                match tap.ring.wait(Duration::ZERO) {
                    Ok(RingEvent::Down) => tap.gone = true,
                    Ok(RingEvent::Ready | RingEvent::Idle) => {}
                    Err(source) => return Err(LiveError::Ring { interface: tap.name.clone(), source }),
                }
            }
        }
        Ok(())
    }

    /// Reads the oldest block of each ring; whether there was any.
    fn take_blocks(&mut self, engine: &mut Engine) -> bool {
        if let [tap] = &mut self.taps[..] {
            let link = tap.ring.link_type();
            let Some(block) = tap.ring.next_block() else { return false };
            for packet in block.packets() {
                self.read += 1;
                take(&packet, 0, link, tap.program.as_ref(), engine);
            }
            return true;
        }
        let links: Vec<LinkType> = self.taps.iter().map(|tap| tap.ring.link_type()).collect();
        let mut programs = Vec::with_capacity(self.taps.len());
        let mut blocks: Vec<Option<Block<'_>>> = Vec::with_capacity(self.taps.len());
        for tap in &mut self.taps {
            programs.push(tap.program.as_ref());
            blocks.push(tap.ring.next_block());
        }
        let mut heads: Vec<(Option<RingPacket<'_>>, Option<Packets<'_>>)> = blocks
            .iter()
            .map(|block| {
                let mut packets = block.as_ref().map(Block::packets);
                (packets.as_mut().and_then(Iterator::next), packets)
            })
            .collect();
        let mut any = false;
        // The earliest of the packets that are next in their blocks.
        while let Some((place, packet)) = heads
            .iter()
            .enumerate()
            .filter_map(|(place, (head, _))| Some((place, (*head)?)))
            .min_by_key(|(_, packet)| packet.time)
        {
            any = true;
            self.read += 1;
            take(&packet, place as u32, links[place], programs[place], engine);
            let (head, packets) = &mut heads[place];
            *head = packets.as_mut().and_then(Iterator::next);
        }
        any
    }

    /// Looks for interfaces that have gone, and listens on them again.
    fn search(&mut self) {
        for tap in self.taps.iter_mut().filter(|tap| tap.gone) {
            let Ok(found) = interfaces::by_name(&tap.name) else { continue };
            if found.up && (found.index == tap.ring.index() || tap.ring.rebind(found.index).is_ok()) {
                tap.gone = false;
            }
        }
    }

    fn counts(&mut self) -> Result<LiveCounts, LiveError> {
        let mut counts = LiveCounts::default();
        for tap in &mut self.taps {
            let statistics =
                tap.ring.statistics().map_err(|source| LiveError::Ring { interface: tap.name.clone(), source })?;
            counts.packets += statistics.packets;
            counts.dropped += statistics.drops;
            counts.gone += usize::from(tap.gone);
        }
        counts.unread = counts.packets.saturating_sub(counts.dropped + self.read);
        Ok(counts)
    }
}

impl Tap {
    fn open(interface: &Interface, filter: &str, blocks: u32) -> Result<Self, LiveError> {
        let name = interface.name.clone();
        let options = RingOptions {
            block_size: BLOCK,
            block_count: blocks,
            retire: RETIRE,
            direction: if interface.loopback { Direction::Incoming } else { Direction::Both },
            snap_length: NonZeroU32::MAX,
            ..RingOptions::new(interface.index, name.clone())
        };
        let failed = |source| LiveError::Ring { interface: name.clone(), source };
        if filter.is_empty() {
            let ring = Ring::open(&options, &[]).map_err(failed)?;
            return Ok(Tap { ring, name, program: None, gone: false });
        }
        // The link type is known once the socket is bound; almost always it is Ethernet's.
        let mut link = LinkType::Ethernet;
        loop {
            let program = Filter::compile_for(filter, link, Target::Socket)
                .map_err(|source| LiveError::Filter { interface: name.clone(), source })?;
            let (ring, program) = match Ring::open(&options, program.instructions()) {
                Ok(ring) => (ring, None),
                Err(RingError::FilterTooLong { .. }) => (Ring::open(&options, &[]).map_err(failed)?, Some(program)),
                Err(source) => return Err(failed(source)),
            };
            if ring.link_type() == link {
                return Ok(Tap { ring, name, program, gone: false });
            }
            link = ring.link_type();
        }
    }
}

#[inline]
fn take(packet: &RingPacket<'_>, interface: u32, link: LinkType, program: Option<&Program>, engine: &mut Engine) {
    if let Some(program) = program {
        let vlan = packet.vlan.map(|tag| VlanTag { protocol: tag.tpid, control: tag.tci });
        // 4 is PACKET_OUTGOING of `linux/if_packet.h`.
        let ancillary = Ancillary { packet_type: if packet.outgoing { 4 } else { 0 }, vlan };
        if program.run_with(packet.bytes, packet.wire_len, &ancillary) == 0 {
            return;
        }
    }
    engine.frame(&packet.frame(interface, link));
}

fn choose(names: &[String]) -> Result<Vec<Interface>, LiveError> {
    if names.is_empty() || names.iter().any(|name| name == "any") {
        let up = interfaces::every_up(interfaces::list()?);
        return if up.is_empty() { Err(LiveError::NoneUp) } else { Ok(up) };
    }
    let mut chosen: Vec<Interface> = Vec::new();
    for name in names {
        let interface = interfaces::by_name(name)?;
        if chosen.iter().all(|known| known.index != interface.index) {
            chosen.push(interface);
        }
    }
    Ok(chosen)
}

/// The kernel's clock, which packets are stamped with.
fn wall_clock() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_parts(since_epoch.as_secs(), since_epoch.subsec_nanos().into())
}
