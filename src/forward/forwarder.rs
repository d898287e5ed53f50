//! The way of a packet: own output left out, flows shed, cut into frames that fit, encapsulated, sent.
//!
//! A [`Forwarder`] takes no rights. [`Forwarder::connect`] looks names up, which may take long, and [`Forwarder::start`]
//! begins to do so in a thread: both are for after rights are dropped. What it captures from is somebody else's choice: it takes packets
//! as a [`Consumer`], and gives the filter that leaves out its own output ([`Forwarder::filter`]).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::collector::Collector;
use super::counts::Counts;
use super::destination::Destination;
use super::flow;
use super::lookup::{Lookup, News, System};
use super::outbox::{Load, Outbox};
use super::own::Own;
use super::ports::{Claim, PORTS, PortRange};
use super::resolver::Resolver;
use super::shed::{Shedder, Verdict};
use super::status::Status;
use crate::flow::key::HashSeed;
use crate::packet::Timestamp;
use crate::packet::captured::Captured;
use crate::packet::live::{Consumer, LiveCounts};
use crate::packet::segment::{Outlook, Oversize, Segmenter};
use crate::packet::vxlan::{self, Vni};

/// How often the paths and the sockets are looked at.
const INSPECTION: Duration = Duration::from_secs(1);
/// What is assumed of a path while no collector has an address: Ethernet's MTU.
const USUAL_MTU: usize = 1500;
/// Headers of IPv4, UDP and VXLAN, where no collector has an address.
const USUAL_OVERHEAD: usize = 20 + 8 + 8;
/// No path of IPv4 is narrower (RFC 791 §3.2: 68), but a frame needs its headers.
const LEAST_BUDGET: usize = 128;

/// What a forwarder is to do.
#[derive(Debug, Clone)]
pub struct Options {
    /// Each gets everything.
    pub destinations: Vec<Destination>,
    pub vni: Vni,
    /// The largest outer IP packet; never more than the paths take. Without it, what they take.
    pub mtu: Option<usize>,
    pub oversize: Oversize,
    /// Bits a second of outer IP packets, for all collectors together.
    pub rate_cap: Option<u64>,
}

/// Why forwarding cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum ForwardError {
    #[error("there is nowhere to send to")]
    NoDestination,
    #[error(
        "the destination {destination} is this host ({address}): what is sent there would be captured and sent again"
    )]
    OwnAddress { destination: String, address: SocketAddr },
    #[error("no range of source ports is free")]
    Ports(#[source] std::io::Error),
    #[error("cannot start the thread that looks names up")]
    Thread(#[source] std::io::Error),
}

impl ForwardError {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        match self {
            ForwardError::NoDestination => {
                vec!["name one with `--destination HOST[:PORT]`, or in the environment with DESTINATION".to_owned()]
            }
            ForwardError::OwnAddress { .. } => vec![
                "name a collector on another host".to_owned(),
                "to analyse packets on this host, run `sidetap capture` here".to_owned(),
            ],
            ForwardError::Ports(error) if error.kind() == std::io::ErrorKind::AddrInUse => vec![format!(
                "`ss -anu` shows who has which UDP ports: {PORTS} in a row, from a multiple of {PORTS}, have to be free in \
                 49152-65535"
            )],
            ForwardError::Ports(_) => vec![
                "`ulimit -n` says how many files and sockets the process may open: each destination takes 16"
                    .to_owned(),
            ],
            ForwardError::Thread(_) => {
                vec!["`ulimit -u` and the cgroup's `pids.max` say how many threads there may be: it takes 3".to_owned()]
            }
        }
    }
}

/// Sends what is captured to collectors.
#[derive(Debug)]
pub struct Forwarder {
    options: Options,
    claim: Claim,
    seed: HashSeed,
    collectors: Vec<Collector>,
    own: Own,
    own_changed: bool,
    segmenter: Segmenter,
    shedder: Option<Shedder>,
    outbox: Outbox,
    counts: Counts,
    /// The largest outer packet, and the longest frame in one.
    mtu: usize,
    budget: usize,
    resolver: Option<Resolver>,
    next_inspection: Instant,
}

impl Forwarder {
    /// Claims source ports, looks names up and connects: [`Forwarder::claim`] and [`Forwarder::connect`].
    pub fn open(options: Options) -> Result<Self, ForwardError> {
        let mut forwarder = Forwarder::claim(options)?;
        forwarder.connect()?;
        Ok(forwarder)
    }

    /// Claims source ports. Takes no capability, and never waits.
    pub fn claim(options: Options) -> Result<Self, ForwardError> {
        if options.destinations.is_empty() {
            return Err(ForwardError::NoDestination);
        }
        let claim = Claim::new(std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0_u8))
            .map_err(ForwardError::Ports)?;
        let mut destinations: Vec<&Destination> = Vec::new();
        for destination in &options.destinations {
            if !destinations.contains(&destination) {
                destinations.push(destination);
            }
        }
        let collectors = destinations
            .into_iter()
            .cloned()
            .map(|destination| Collector::new(destination, options.oversize))
            .collect();
        let now = Instant::now();
        let header = vxlan::header(options.vni);
        let mut forwarder = Forwarder {
            own: Own::new(claim.range, header, std::iter::empty()),
            own_changed: false,
            seed: HashSeed::random(),
            segmenter: Segmenter::new(USUAL_MTU, options.oversize),
            shedder: options.rate_cap.map(|bits| Shedder::new(bits, now)),
            outbox: Outbox::new(header),
            counts: Counts::default(),
            mtu: 0,
            budget: 0,
            resolver: None,
            next_inspection: now + INSPECTION,
            options,
            claim,
            collectors,
        };
        forwarder.follow_paths();
        Ok(forwarder)
    }

    /// Looks names up and connects, which takes no capability. A collector that has no address or cannot be connected to
    /// is tried again after [`Forwarder::start`]; one that has this host's address is refused.
    pub fn connect(&mut self) -> Result<(), ForwardError> {
        for collector in &mut self.collectors {
            let (news, _) = Lookup::new(collector.destination.clone(), None).find(None, &System(self.claim.range));
            if let News::Own { address, .. } = news {
                return Err(ForwardError::OwnAddress { destination: collector.destination.to_string(), address });
            }
            collector.learn(news);
        }
        self.follow_addresses();
        self.follow_paths();
        Ok(())
    }

    /// Begins to look names up again. The thread has the rights that this one has.
    pub fn start(&mut self) -> Result<(), ForwardError> {
        let collectors = self.collectors.iter().map(|collector| (collector.destination.clone(), collector.address()));
        let resolver = Resolver::start(collectors, System(self.claim.range)).map_err(ForwardError::Thread)?;
        self.resolver = Some(resolver);
        Ok(())
    }

    /// The source ports.
    pub fn ports(&self) -> PortRange {
        self.claim.range
    }

    /// What the user wants of what is captured, without our own output.
    pub fn filter(&self, user: &str) -> String {
        self.own.exclude_from(user)
    }

    /// Whether [`Self::filter`] is another one since this was last asked.
    pub fn filter_has_changed(&mut self) -> bool {
        std::mem::take(&mut self.own_changed)
    }

    /// Everything so far.
    pub fn counts(&self) -> Counts {
        let mut counts = self.counts;
        counts.segments = self.segmenter.counts();
        self.collectors.iter().for_each(|collector| counts.outcome += collector.status.outcome);
        counts
    }

    /// Everything that is known now, with what the rings count.
    pub fn status(&self, live: LiveCounts) -> Status {
        Status {
            counts: self.counts(),
            live,
            collectors: self.collectors.iter().map(|collector| collector.status.clone()).collect(),
            mtu: self.mtu,
            frame_budget: self.budget,
        }
    }

    /// Takes what the resolver has found.
    fn take_news(&mut self) {
        let Some(resolver) = &self.resolver else { return };
        let mut moved = false;
        for (place, collector) in self.collectors.iter_mut().enumerate() {
            if let Some(news) = resolver.news(place) {
                moved |= collector.learn(news);
            }
        }
        if moved {
            self.follow_addresses();
            self.follow_paths();
        }
    }

    /// What is our own output has changed.
    fn follow_addresses(&mut self) {
        let addresses = self.collectors.iter().flat_map(|collector| [collector.address(), collector.previous]);
        let own = Own::new(self.claim.range, vxlan::header(self.options.vni), addresses.flatten());
        self.own_changed |= own != self.own;
        self.own = own;
    }

    /// Adapts the length of frames to the narrowest path.
    fn follow_paths(&mut self) {
        let given = self.options.mtu.unwrap_or(usize::from(u16::MAX));
        let paths = self.collectors.iter().filter_map(|collector| {
            let link = collector.link.as_ref()?;
            Some((link.path_mtu()?.min(given), link.overhead()))
        });
        let narrowest = paths.min_by_key(|(mtu, overhead)| mtu.saturating_sub(*overhead));
        // A path that has gone for a while will be what it was.
        if narrowest.is_none() && self.mtu > 0 {
            return;
        }
        let (mtu, overhead) = narrowest.unwrap_or((given.min(USUAL_MTU), USUAL_OVERHEAD));
        self.mtu = mtu;
        self.budget = mtu.saturating_sub(overhead).max(LEAST_BUDGET);
        self.segmenter.set_budget(self.budget);
    }

    /// Looks at every collector's sockets and path, and asks the resolver where something is wrong.
    fn inspect(&mut self, now: Instant) {
        for (place, collector) in self.collectors.iter_mut().enumerate() {
            let Some(ask) = collector.inspect(now) else { continue };
            if self.resolver.as_ref().is_some_and(|resolver| resolver.ask(place, ask)) {
                collector.has_asked(now, ask);
            }
        }
        self.follow_paths();
    }
}

impl Consumer for Forwarder {
    fn take<'b>(&mut self, packets: impl Iterator<Item = Captured<'b>>) {
        if let Some(shedder) = &mut self.shedder {
            shedder.advance(Instant::now());
        }
        let Forwarder { own, seed, collectors, segmenter, shedder, outbox, counts, mtu, budget, .. } = self;
        let overhead = mtu.saturating_sub(*budget);
        let mut load = outbox.load();
        for Captured { packet, link, .. } in packets {
            let length = packet.wire_len;
            counts.captured.add(length);
            let ip = flow::ip_packet(packet.bytes, link);
            if ip.as_ref().is_some_and(|ip| own.is(ip)) {
                counts.own.add(length);
                continue;
            }
            if ip.as_ref().is_some_and(|ip| own.is_mirrored(ip)) {
                counts.mirrored.add(length);
                continue;
            }
            let hash = flow::hash(packet.bytes, link, ip.as_ref(), seed);
            if let Some(shedder) = shedder {
                // Before it is cut, so that what is shed costs nothing.
                let Outlook { frames, bytes } = segmenter.outlook(&packet, link);
                let cost = (bytes + frames * overhead) * collectors.len();
                if shedder.judge(hash, cost) == Verdict::Shed {
                    counts.shed.add(packet.wire_len);
                    continue;
                }
            }
            let (port, before) = (PortRange::place(hash), counts.frames);
            segmenter.cut(&packet, link, &mut |head, body| {
                if !load.has_room(head.len()) {
                    send(&mut load, collectors);
                }
                load.push(port, head, body);
                counts.frames += 1;
            });
            match counts.frames > before {
                true => counts.encapsulated.add(length),
                false => counts.dropped.add(length),
            }
        }
        // What waits is borrowed from the block, which now goes back to the kernel.
        send(&mut load, collectors);
        outbox.put_back(load);
        if collectors.iter().any(|collector| collector.status.outcome.narrowed > collector.inspected.narrowed) {
            self.next_inspection = Instant::now();
            self.sweep(Timestamp::default());
        }
    }

    fn sweep(&mut self, _now: Timestamp) {
        self.take_news();
        let now = Instant::now();
        if now >= self.next_inspection {
            self.next_inspection = now + INSPECTION;
            self.inspect(now);
        }
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        if let Some(resolver) = &self.resolver {
            resolver.close();
        }
    }
}

#[inline]
fn send(load: &mut Load<'_>, collectors: &mut [Collector]) {
    load.send(|port, runs| collectors.iter_mut().for_each(|collector| collector.send(port, runs)));
}

#[cfg(test)]
mod tests;
