//! Listens on interfaces: their rings, merged by time as far as they have been handed over, to a [`Consumer`].

mod tap;

use std::ops::ControlFlow;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::brake::{Brake, cpu_time};
use super::captured::Captured;
use super::filter::{FilterError, Program};
use super::interfaces::{self, Interface, InterfaceError};
use super::merge::{Merge, is_wanted};
use super::ring::{Block, FilterLock, RingError, RingEvent};
use super::{LinkType, Timestamp};
use tap::Tap;

/// How often time is told to the consumer and the observer, and an interface that has gone is looked for.
const TICK: Duration = Duration::from_millis(100);
/// Bytes of a ring's block. Each holds the largest frame that segmentation offload makes; the smaller one is for where
/// many interfaces share little memory.
pub(crate) const BLOCK: u32 = 256 << 10;
pub(crate) const SMALL_BLOCK: u32 = 128 << 10;
/// Blocks of a ring, at least and at most: the reader holds one while the kernel fills another.
pub(crate) const LEAST_BLOCKS: u64 = 2;
const MOST_BLOCKS: u64 = 256;
/// After how long a block that is not full is handed over.
const RETIRE: Duration = Duration::from_millis(20);
/// The same at most, where there is so little CPU time that looking so often would take a good part of it: a block is looked at
/// for each so many seconds of CPU time. A ring lasts longer, too, while nothing is read, since any packet takes a block of its
/// own after this. Where more can be followed, it would be more at once than exports have room for.
const LATEST_RETIRE: Duration = Duration::from_millis(100);
const CPU_SECONDS_A_LOOK: f64 = 0.0012;
/// How much of what comes fast is left to wait, if it is no more than a quarter of the ring: more than the inner caches of
/// a core hold, since to fetch from there what another core has just written takes longer than from a cache that both
/// share. docs/performance.md has what that gives.
const AGEING: u64 = 8 << 20;
/// How long it may wait, and for how long nobody looks.
const MOST_AGEING: Duration = Duration::from_millis(20);
const NAP: Duration = Duration::from_millis(4);
/// What may come in a nap that the rings have room for: 8 Gbit/s.
const BYTES_A_NAP: u64 = NAP.as_millis() as u64 * 1_000_000;
/// How many packets are handed over at once when CPU time is short, and how long those of a block may wait: of a whole block
/// at once there are more records than there is room for, until they are sent.
const PIECE: usize = 64;
const MOST_HELD: Duration = Duration::from_millis(500);
/// Longest that the rings are read in the end. A reader that was behind may need longer; what is left is counted.
const LAST_READING: Duration = Duration::from_millis(500);

/// Takes what was captured.
pub trait Consumer {
    /// Packets, the earliest first. What they borrow is given back to the kernel when this returns.
    fn take<'b>(&mut self, packets: impl Iterator<Item = Captured<'b>>);

    /// Time has passed, with or without packets. Called ten times a second.
    fn sweep(&mut self, now: Timestamp);
}

/// The rings of all interfaces.
pub struct Live {
    taps: Vec<Tap>,
    retire: Duration,
    /// Packets that were read.
    read: u64,
    brake: Option<Brake>,
    /// How long packets had to wait for it.
    held: Duration,
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
    /// Even the smallest rings would take more memory than they have together.
    #[error("{interfaces} interfaces are too many for the memory that there is: it is enough for {enough}")]
    TooMany { interfaces: usize, enough: u64 },
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
            LiveError::TooMany { .. } => vec![
                "name those that matter with `--interface`".into(),
                "`--memory-limit` gives all of it more memory".into(),
            ],
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
    /// How long nothing was read, to keep to the CPU limit.
    pub held: Duration,
}

impl Live {
    /// Opens a ring on each interface that is named; on every one that is up if none is, or `any`. They share this much
    /// memory, in bytes. Interfaces whose frames cannot be decoded are left out unless they were named. The process is kept
    /// to so many CPUs, such as 0.05: beyond that nothing is read for a while.
    ///
    /// # Errors
    ///
    /// An interface that was named is missing or cannot be listened on, the process may not capture, the filter means
    /// nothing on an interface's link type, or there is no interface, or no memory for all of them.
    pub fn open(names: &[String], filter: &str, ring_bytes: u64, cpus: Option<f64>) -> Result<Self, LiveError> {
        let mut live = Live::open_with(names, filter, ring_bytes, (FilterLock::Locked, retire(cpus)))?;
        live.brake = cpus.map(Brake::new);
        Ok(live)
    }

    /// As [`Live::open`], for [`Live::replace_filter`] to replace the filter. Packets are handed over as soon as ever: those
    /// they are sent on to measure time by when they come.
    ///
    /// # Errors
    /// As with [`Live::open`].
    pub fn open_replaceable(
        names: &[String],
        filter: &str,
        ring_bytes: u64,
        cpus: Option<f64>,
    ) -> Result<Self, LiveError> {
        let mut live = Live::open_with(names, filter, ring_bytes, (FilterLock::Replaceable, RETIRE))?;
        live.brake = cpus.map(Brake::new);
        Ok(live)
    }

    fn open_with(
        names: &[String],
        filter: &str,
        ring_bytes: u64,
        (lock, retire): (FilterLock, Duration),
    ) -> Result<Self, LiveError> {
        let every = names.is_empty() || names.iter().any(|name| name == "any");
        let chosen = choose(names, every)?;
        let layout = layout(ring_bytes, chosen.len())?;
        let mut taps = Vec::new();
        for interface in &chosen {
            match Tap::open(interface, filter, layout, (lock, retire)) {
                Err(LiveError::Ring { source: RingError::LinkType { .. }, .. }) if every => {}
                Err(LiveError::Ring { source: RingError::NoInterface { .. }, .. }) if every => {}
                tap => taps.push(tap?),
            }
        }
        if taps.is_empty() {
            return Err(LiveError::NoneUp);
        }
        Ok(Live { taps, retire, read: 0, brake: None, held: Duration::ZERO })
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

    /// Sees from here on what another filter accepts; packets that are in a ring by now stay. There is no moment without
    /// a filter. Takes no rights, but rings that were opened for it.
    pub fn replace_filter(&mut self, filter: &str) -> Result<(), LiveError> {
        self.taps.iter_mut().try_for_each(|tap| tap.replace_filter(filter))
    }

    /// Hands packets to the consumer until the observer, asked ten times a second, has had enough.
    ///
    /// # Errors
    ///
    /// The kernel reports that a ring cannot be read any more. An interface that is gone is no error.
    pub fn run<C: Consumer>(
        &mut self,
        consumer: &mut C,
        mut observe: impl FnMut(&mut Live, &mut C, LiveCounts) -> ControlFlow<()>,
    ) -> Result<LiveCounts, LiveError> {
        let mut next_tick = Instant::now() + TICK;
        loop {
            let left = next_tick.saturating_duration_since(Instant::now());
            match self.is_held() {
                Some(pause) => self.hold(pause.min(left)),
                None => {
                    self.wait(left)?;
                    self.let_age();
                    while self.take_blocks(consumer) && Instant::now() < next_tick && self.is_held().is_none() {}
                }
            }
            let now = Instant::now();
            if now < next_tick {
                continue;
            }
            next_tick = now + TICK;
            consumer.sweep(wall_clock());
            self.search();
            let counts = self.counts()?;
            if observe(self, consumer, counts).is_break() {
                return self.finish(consumer);
            }
        }
    }

    /// For how long nothing is to be read, because too much CPU was used.
    fn is_held(&mut self) -> Option<Duration> {
        self.brake.as_mut()?.told(Instant::now(), cpu_time())
    }

    fn hold(&mut self, pause: Duration) {
        std::thread::sleep(pause);
        self.held += pause;
    }

    /// Reads what the rings hold, for [`LAST_READING`] at most, and nothing that comes later: under load there would be
    /// no end.
    fn finish(&mut self, consumer: &mut impl Consumer) -> Result<LiveCounts, LiveError> {
        self.brake = None;
        for tap in &mut self.taps {
            tap.ring.close().map_err(|source| LiveError::Ring { interface: tap.name.clone(), source })?;
        }
        // The kernel hands over the last blocks, which are not full, only after this.
        let (handed_over, end) = (Instant::now() + 2 * self.retire, Instant::now() + LAST_READING);
        loop {
            while self.take_blocks(consumer) && Instant::now() < end {}
            let left = handed_over.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return self.counts();
            }
            std::thread::sleep(left);
        }
    }

    /// Lets packets that come fast wait until there are many. Those that come slowly, or that fill a small ring, do not wait.
    fn let_age(&self) {
        let until = Instant::now() + MOST_AGEING;
        while Instant::now() < until {
            let mut is_fast = false;
            for tap in &self.taps {
                let waiting = tap.ring.full_blocks(tap.ageing);
                if waiting == tap.ageing {
                    return;
                }
                is_fast |= waiting > 0;
            }
            if !is_fast {
                return;
            }
            std::thread::sleep(NAP);
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
    fn take_blocks(&mut self, consumer: &mut impl Consumer) -> bool {
        let Live { taps, read, brake, held, .. } = self;
        if let [tap] = &mut taps[..] {
            let (link, program) = (tap.link, tap.program.as_ref());
            let Some(block) = tap.ring.next_block() else { return false };
            let packets = block.packets().inspect(|_| *read += 1);
            let wanted = packets.filter(|packet| is_wanted(packet, program));
            hand_over(wanted.map(|packet| Captured { packet, interface: 0, link }), consumer, brake, held);
            return true;
        }
        let mut blocks: Vec<(Option<Block<'_>>, LinkType, Option<&Program>)> = Vec::with_capacity(taps.len());
        for tap in taps {
            blocks.push((tap.ring.next_block(), tap.link, tap.program.as_ref()));
        }
        if blocks.iter().all(|(block, ..)| block.is_none()) {
            return false;
        }
        let merge = Merge::of(blocks.iter().map(|(block, link, program)| (block.as_ref(), *link, *program)));
        let packets = merge.inspect(|_| *read += 1);
        let wanted = packets.filter_map(|(captured, program)| is_wanted(&captured.packet, program).then_some(captured));
        hand_over(wanted, consumer, brake, held);
        true
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
        let mut counts = LiveCounts { held: self.held, ..LiveCounts::default() };
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

/// After how long a block is handed over to whoever has so many CPUs.
fn retire(cpus: Option<f64>) -> Duration {
    let seconds = cpus.map_or(0.0, |cpus| CPU_SECONDS_A_LOOK / cpus);
    Duration::from_secs_f64(seconds.clamp(RETIRE.as_secs_f64(), LATEST_RETIRE.as_secs_f64()))
}

/// How many blocks of a ring may wait until they are read at once.
fn ageing(block_size: u32, block_count: u32) -> usize {
    let bytes = u64::from(block_size) * u64::from(block_count);
    // What waits, and what comes meanwhile, leaves a quarter free.
    let most = if bytes < 2 * BYTES_A_NAP { 0 } else { AGEING.min(bytes / 4) };
    (most / u64::from(block_size)) as usize
}

/// Hands packets over: all at once, or by and by when CPU time is short.
fn hand_over<'b>(
    packets: impl Iterator<Item = Captured<'b>>,
    consumer: &mut impl Consumer,
    brake: &mut Option<Brake>,
    held: &mut Duration,
) {
    let Some(brake) = brake else { return consumer.take(packets) };
    let (until, mut packets) = (Instant::now() + MOST_HELD, packets.peekable());
    while packets.peek().is_some() {
        consumer.take(packets.by_ref().take(if brake.is_short() { PIECE } else { usize::MAX }));
        let now = Instant::now();
        if let Some(pause) = brake.told(now, cpu_time()) {
            let pause = pause.min(until.saturating_duration_since(now));
            std::thread::sleep(pause);
            *held += pause;
        }
    }
}

/// The size of a block and how many a ring has, if so many rings share this much memory.
pub(crate) fn layout(ring_bytes: u64, rings: usize) -> Result<(u32, u32), LiveError> {
    let share = ring_bytes / rings.max(1) as u64;
    let sizes = [BLOCK, SMALL_BLOCK].into_iter();
    let mut layouts = sizes.map(|size| (size, (share / u64::from(size)).min(MOST_BLOCKS) as u32));
    layouts
        .find(|(_, count)| u64::from(*count) >= LEAST_BLOCKS)
        .ok_or(LiveError::TooMany { interfaces: rings, enough: ring_bytes / (LEAST_BLOCKS * u64::from(SMALL_BLOCK)) })
}

fn choose(names: &[String], every: bool) -> Result<Vec<Interface>, LiveError> {
    if every {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_little_cpu_time_looks_less_often() {
        for (cpus, millis) in [(None, 20), (Some(64.0), 20), (Some(0.05), 24), (Some(0.0117), 100), (Some(1e-300), 100)]
        {
            assert_eq!(retire(cpus).as_millis(), millis, "{cpus:?}");
        }
    }

    #[test]
    fn what_waits_leaves_room_for_what_comes_and_small_rings_do_not_wait() {
        for (size, count) in [(SMALL_BLOCK, 2), (BLOCK, 8), (BLOCK, 24), (BLOCK, 31), (BLOCK, 64), (BLOCK, 256)] {
            let (blocks, ring) = (ageing(size, count), u64::from(size) * u64::from(count));
            let waiting = blocks as u64 * u64::from(size);
            assert_eq!(blocks == 0, ring < 8_000_000, "{size} x {count}");
            assert!(blocks == 0 || waiting + BYTES_A_NAP <= ring * 3 / 4 + u64::from(size), "{size} x {count}");
            assert!(waiting <= AGEING);
        }
    }
}
