//! Decides which transactions are kept.
//!
//! Twice for each: at the end of the request's head, so that the body of what is not kept need not be held; and at the
//! transaction's end, when it is known to be of a new kind or to have failed. What is kept at the head stays kept.
//!
//! The guarantee: in any 60 seconds at most W + W/4 transactions are decided to be kept, W being the limit, whatever times
//! the packets have. "Seconds" are those of a [`Clock`] that never runs backwards and to which both decisions tell their
//! time: a system clock that is set back makes no second count twice, and one that is set forward is worth the W/4 of a
//! long pause.

use super::clock::Clock;
use super::endpoints::Endpoints;
use super::governor::Level;
use super::kinds::Kinds;
use super::lanes::Lanes;
use super::limit::RateLimit;
use crate::packet::Timestamp;
use crate::record::{Lane, Sampling};

/// What of the fair lane's tokens is shared out. The rest is for chance, so that the guard seldom has to step in.
const HEADROOM: f64 = 0.95;
/// What of all tokens the fair lane gets.
const FAIR: f64 = 0.8;
/// Random numbers and thresholds have so many bits (OpenTelemetry's consistent probability sampling).
const RANDOM_BITS: u32 = 56;

/// What the limiter says of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    Kept(Sampling),
    /// Not yet: its end may change that.
    Refused(Refusal),
}

/// Why a transaction is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Its endpoint has its share.
    Fair,
    /// All endpoints together ask for more than was foreseen.
    Guard,
    /// No transactions are kept.
    Off,
}

/// What became of the transactions: `begun = kept + refused + abandoned + pending`, always.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateCounts {
    pub begun: u64,
    pub kept_unlimited: u64,
    pub kept_fair: u64,
    pub kept_novelty: u64,
    pub kept_error: u64,
    pub refused_fair: u64,
    /// While this grows, what the fair lane kept stands for less than there was.
    pub refused_guard: u64,
    pub refused_off: u64,
    /// Nobody wanted them after all.
    pub abandoned: u64,
    /// Begun, of endpoints that shared a place because too many were active.
    pub overflowed: u64,
}

/// Decides which transactions are kept.
#[derive(Debug)]
pub struct Limiter {
    limit: RateLimit,
    clock: Clock,
    lanes: Lanes,
    endpoints: Endpoints,
    kinds: Kinds,
    counts: RateCounts,
}

impl Limiter {
    /// Bytes that are held, at most.
    pub const MEMORY_BYTES: usize = Endpoints::MEMORY_BYTES + Kinds::MEMORY_BYTES;

    /// Keeps what the limit allows.
    pub fn new(limit: RateLimit) -> Self {
        let rate = in_four_minutes(limit, Level::Normal);
        Limiter {
            limit,
            clock: Clock::default(),
            lanes: Lanes::full(rate),
            endpoints: Endpoints::new(supply(rate)),
            kinds: Kinds::new(),
            counts: RateCounts::default(),
        }
    }

    /// Allows as much of the limit as the governor leaves; no limit stays none. Tokens that there is no room for any more
    /// are gone, and none are made, so that the guarantee only gets stricter.
    pub fn set_level(&mut self, level: Level) {
        let rate = in_four_minutes(self.limit, level);
        self.lanes.refill(self.clock.passed());
        self.lanes.set_rate(rate);
        self.endpoints.set_supply(supply(rate));
    }

    /// Decides at the end of a request's head. `endpoint` is a hash of what makes one: service, vantage, method and
    /// template. Of `random` the low 56 bits count, those of the trace id. Each that begins must [end](Limiter::end) or
    /// be [abandoned](Limiter::abandon).
    pub fn begin(&mut self, endpoint: u64, health_check: bool, random: u64, now: Timestamp) -> Share {
        self.counts.begun += 1;
        let now = self.clock.tell(now);
        match self.limit {
            RateLimit::PerMinute(0) => Share::Refused(Refusal::Off),
            RateLimit::PerMinute(_) => self.share(endpoint, health_check, random, now),
            RateLimit::Unlimited => Share::Kept(Sampling { lane: Lane::Unlimited, threshold: None }),
        }
    }

    fn share(&mut self, endpoint: u64, health_check: bool, random: u64, now: u64) -> Share {
        let threshold = threshold(self.endpoints.arrive(endpoint, health_check, now));
        if random & ((1 << RANDOM_BITS) - 1) < threshold {
            return Share::Refused(Refusal::Fair);
        }
        self.lanes.refill(now);
        if !self.lanes.take_fair() {
            return Share::Refused(Refusal::Guard);
        }
        Share::Kept(Sampling { lane: Lane::Fair, threshold: Some(threshold) })
    }

    /// A transaction that has begun is not wanted after all. The token that it may have taken is not given back: others
    /// may have come in its place meanwhile, and the guarantee holds for those, too.
    pub fn abandon(&mut self) {
        self.counts.abandoned += 1;
    }

    /// Decides at a transaction's end, with what was said at its beginning. `kind` is a hash of its endpoint, the class of
    /// its status and the request's media type. `failed`: the server could not (5xx, or a gRPC status other than OK), or
    /// the transaction was reset or is incomplete.
    pub fn end(&mut self, share: Share, kind: u64, failed: bool, now: Timestamp) -> Result<Sampling, Refusal> {
        let now = self.clock.tell(now);
        let end = match share {
            Share::Kept(sampling) => Ok(sampling),
            Share::Refused(refusal @ (Refusal::Fair | Refusal::Guard)) => {
                self.second_chance(kind, failed, now).ok_or(refusal)
            }
            Share::Refused(Refusal::Off) => Err(Refusal::Off),
        };
        if end.is_ok_and(|sampling| sampling.lane != Lane::Unlimited) {
            self.kinds.keep(kind);
        }
        *self.count_of(end) += 1;
        end
    }

    /// The lane that keeps what its endpoint's share did not. Such a record stands for itself only, so it has no threshold.
    fn second_chance(&mut self, kind: u64, failed: bool, now: u64) -> Option<Sampling> {
        let new = self.kinds.is_new(kind);
        if !new && !failed {
            return None;
        }
        self.lanes.refill(now);
        let lane = match () {
            () if new && self.lanes.take_novelty() => Lane::Novelty,
            () if failed && self.lanes.take_error() => Lane::Error,
            () => return None,
        };
        Some(Sampling { lane, threshold: None })
    }

    fn count_of(&mut self, end: Result<Sampling, Refusal>) -> &mut u64 {
        let counts = &mut self.counts;
        match end {
            Ok(Sampling { lane: Lane::Unlimited, .. }) => &mut counts.kept_unlimited,
            Ok(Sampling { lane: Lane::Fair, .. }) => &mut counts.kept_fair,
            Ok(Sampling { lane: Lane::Novelty, .. }) => &mut counts.kept_novelty,
            Ok(Sampling { lane: Lane::Error, .. }) => &mut counts.kept_error,
            Err(Refusal::Fair) => &mut counts.refused_fair,
            Err(Refusal::Guard) => &mut counts.refused_guard,
            Err(Refusal::Off) => &mut counts.refused_off,
        }
    }

    /// Whether there is a limit at all, so that it matters which endpoint a transaction is of.
    pub fn is_limited(&self) -> bool {
        self.limit != RateLimit::Unlimited
    }

    /// What became of the transactions so far.
    pub fn counts(&self) -> RateCounts {
        RateCounts { overflowed: self.endpoints.overflowed(), ..self.counts }
    }

    /// The clock that the guarantee is about.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}

/// Transactions in four minutes, as [`Lanes`] count them.
fn in_four_minutes(limit: RateLimit, level: Level) -> u64 {
    match limit {
        RateLimit::Unlimited => 0,
        RateLimit::PerMinute(rate) => u64::from(rate) * level.quarters(),
    }
}

/// Requests a second that are shared out.
fn supply(in_four_minutes: u64) -> f64 {
    HEADROOM * FAIR * in_four_minutes as f64 / 240.0
}

/// Of random numbers of 56 bits, those from here on are kept.
fn threshold(probability: f64) -> u64 {
    let all = 1_u64 << RANDOM_BITS;
    (((1.0 - probability) * all as f64) as u64).min(all - 1)
}
