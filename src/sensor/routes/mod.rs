//! Paths to templates: `/users/7/cards` to `/users/{id}/cards`.
//!
//! A template says what was asked for, and nothing of who asked for what. A segment of a path is shown as it is only if a
//! pattern of the user's has it, if it is a word that APIs in general are made of, or if it was *proven*: several clients
//! asked for it in this place, successfully, and it does not look like a secret or like anything personal. Everything
//! else is `{id}`, `{uuid}`, `{date}` or whatever type it has, and `{segment}` if it has none.
//!
//! - [`patterns`]: templates that the user gives
//! - [`segments`]: a path in its segments, as one writes it in only one way
//! - [`look`]: what a segment looks like
//! - [`vocabulary`]: words that may be shown at first sight
//! - [`sensitive`]: words that are never shown
//! - [`node`], [`trie`]: what was asked for, and what that proves
//! - [`collapse`]: when many words are values of a parameter
//! - [`services`]: the hosts that were asked for
//!
//! There are never more templates of a service than [`RouteLimits::templates`]; what is beyond that is [`OVERFLOW`]. A
//! template changes when evidence comes (a word is proven, words become a parameter), which [`RouteCounts::revision`]
//! counts; a parameter is never taken apart again. The same transactions in the same order give the same templates.

mod collapse;
mod hash;
mod look;
mod node;
pub mod patterns;
mod segments;
mod sensitive;
mod services;
mod trie;
mod vocabulary;

use std::fmt;
use std::net::IpAddr;

pub use patterns::{PatternError, PatternErrorKind, Patterns};
pub use sensitive::looks_sensitive;

use crate::record::RouteSource;
use segments::Segments;
use services::{Place, Services, Shown};
use trie::Trie;

/// The template of paths that there are too many templates for.
pub const OVERFLOW: &str = "/_overflow";

/// Tells whether a word looks like a secret or like something personal.
pub type Detector = fn(&[u8]) -> bool;

/// Bytes of a template that is made of segments: what is proven is shorter than what is not told apart.
const LONGEST_TEMPLATE: usize = (segments::MOST_SEGMENTS + 1) * (sensitive::LONGEST_WORD + 16);
/// Transactions that are not learned for lack of room until what has proven nothing is forgotten once more, if there was
/// little to forget.
const SWEEP_INTERVAL: u32 = 4096;
/// The part of all bytes that is little.
const LITTLE_PART: usize = 8;

/// How much may be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteLimits {
    /// Hosts that are told apart; all others are one.
    pub services: usize,
    /// Templates of each, without those of patterns.
    pub templates: usize,
    /// Words below a segment that are none too many; more may be values of a parameter.
    pub children: usize,
    /// Bytes that [`Routes::memory`] says at most. Nothing is learned if patterns alone take more.
    pub bytes: usize,
}

impl Default for RouteLimits {
    fn default() -> Self {
        RouteLimits { services: 64, templates: 500, children: 30, bytes: 1 << 20 }
    }
}

/// What is known, and what was not taken in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RouteCounts {
    /// Hosts that are told apart.
    pub services: usize,
    /// Templates that were shown so far, without those of patterns.
    pub templates: usize,
    /// Paths that were shown as [`OVERFLOW`].
    pub overflowed: u64,
    /// Changes of what is shown for a path.
    pub revision: u64,
    /// Transactions that were not learned to the end, for lack of room.
    pub refused: u64,
    /// Segments that had proven nothing and made room for others.
    pub forgotten: u64,
}

/// Turns paths into templates, and learns from them. One for the sensor.
pub struct Routes {
    limits: RouteLimits,
    patterns: Patterns,
    detector: Option<Detector>,
    services: Services,
    trie: Trie,
    segments: Segments,
    learned: String,
    /// What is here whatever is learned.
    fixed: usize,
    overflowed: u64,
    /// Transactions since the last sweep that there was no room for.
    starved: Option<u32>,
}

impl Routes {
    /// Knows nothing but patterns.
    pub fn new(limits: RouteLimits, patterns: Patterns) -> Self {
        let segments = Segments::default();
        let learned = String::with_capacity(LONGEST_TEMPLATE);
        let fixed = size_of::<Self>() + patterns.memory() + segments.memory() + learned.capacity();
        Routes {
            services: Services::new(limits.services, limits.templates),
            trie: Trie::new(limits.children.clamp(1, usize::from(u8::MAX))),
            limits,
            patterns,
            detector: None,
            segments,
            learned,
            fixed,
            overflowed: 0,
            starved: None,
        }
    }

    /// Asks one more detector about words before they can be proven. It is asked once for each word in a place, not for
    /// each path.
    pub fn with_detector(mut self, detector: Detector) -> Self {
        self.detector = Some(detector);
        self
    }

    /// Writes the template of a path as it may be shown now, and the path with values that mean nothing. Both are empty
    /// for targets that are no path, but for `*`, which is its own surrogate.
    ///
    /// `service` is the host without the port. The source is
    /// - `Config` if a pattern matched,
    /// - `Learned` if the template was learned and nothing in it is a guess,
    /// - `Heuristic` if something in it was told by its looks, or it was not learned,
    /// - `None` without a template, and for [`OVERFLOW`].
    pub fn template(
        &mut self,
        service: &[u8],
        path: &[u8],
        template: &mut String,
        surrogate: &mut String,
    ) -> RouteSource {
        template.clear();
        surrogate.clear();
        if !self.segments.read(path) {
            if path == b"*" {
                surrogate.push('*');
            }
            return RouteSource::None;
        }
        if let Some(found) = self.patterns.find(&self.segments) {
            self.patterns.write(found, &self.segments, template, surrogate);
            return RouteSource::Config;
        }
        let place = self.services.find(service);
        let service = self.services.get(place);
        let by_looks = self.trie.write(service.root, &self.segments, template, Some(surrogate));
        let shown = if template == OVERFLOW { Shown::Not } else { service.templates.show(template) };
        match shown {
            Shown::Learned if !by_looks => RouteSource::Learned,
            Shown::Learned | Shown::Unlearned => RouteSource::Heuristic,
            Shown::Not => {
                self.overflowed += 1;
                template.clear();
                template.push_str(OVERFLOW);
                RouteSource::None
            }
        }
    }

    /// Takes a finished transaction as evidence, if its status says that the server knows the path (see [`teaches`]).
    /// gRPC's `UNIMPLEMENTED` is a 404 to be given as such. `client` is who asked, as far as it can be told: behind a load
    /// balancer that is not the peer.
    pub fn learn(&mut self, service: &[u8], path: &[u8], client: IpAddr, status: Option<u16>) {
        if !status.is_some_and(teaches) || !self.segments.read(path) || self.patterns.find(&self.segments).is_some() {
            return;
        }
        let room = self.limits.bytes.saturating_sub(self.memory());
        let place = self.services.find_or_add(service, room);
        let allowed = self.limits.bytes.saturating_sub(self.memory() - self.trie.memory());
        let Some(root) = self.root(place, allowed) else { return self.starve() };
        let complete = self.trie.learn(root, &self.segments, number(client), allowed, self.detector);
        self.learned.clear();
        self.trie.write(Some(root), &self.segments, &mut self.learned, None);
        self.services.get(place).templates.learn(&self.learned);
        if !complete {
            self.starve();
        }
    }

    fn root(&mut self, place: Place, allowed: usize) -> Option<u32> {
        let service = self.services.get(place);
        service.root = service.root.or_else(|| self.trie.plant(allowed));
        service.root
    }

    /// There was no room. Forgets what has proven nothing, now and then.
    fn starve(&mut self) {
        let starved = self.starved.map_or(SWEEP_INTERVAL, |starved| starved.saturating_add(1));
        self.starved = Some(starved);
        if starved < SWEEP_INTERVAL {
            return;
        }
        let before = self.trie.room();
        for root in self.services.iter().filter_map(|service| service.root) {
            self.trie.sweep(root);
        }
        let freed = self.trie.room().saturating_sub(before);
        self.starved = if freed * LITTLE_PART >= self.limits.bytes { None } else { Some(0) };
    }

    /// What is known, and what was not taken in.
    pub fn counts(&self) -> RouteCounts {
        let counts = self.trie.counts();
        RouteCounts {
            services: self.services.len(),
            templates: self.services.iter().map(|service| service.templates.len()).sum(),
            overflowed: self.overflowed,
            revision: counts.revision,
            refused: counts.refused,
            forgotten: counts.forgotten,
        }
    }

    /// Bytes that it takes in all.
    pub fn memory(&self) -> usize {
        self.fixed + self.services.memory() + self.trie.memory()
    }
}

/// Without what was asked for: it may be anybody's.
impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes").field("limits", &self.limits).field("counts", &self.counts()).finish_non_exhaustive()
    }
}

/// Whether a status says that the server knows the path.
///
/// Success does, and errors that only the code behind a path finds. Anything that whoever guesses paths gets for all of
/// them does not: not found, not allowed, asked wrongly or too often, sent elsewhere (to a login page, to HTTPS), and
/// what proxies answer when nobody is behind them.
pub fn teaches(status: u16) -> bool {
    matches!(status, 101 | 200..=299 | 303 | 304 | 409 | 412 | 422 | 500)
}

/// A client, as a number. Addresses of one IPv6 network are one client (RFC 8981: it has several, and changes them).
fn number(client: IpAddr) -> u64 {
    match client.to_canonical() {
        IpAddr::V4(address) => hash::stir(u32::from(address).into()),
        IpAddr::V6(address) => hash::stir((u128::from(address) >> 64) as u64) | 1 << 63,
    }
}

#[cfg(test)]
mod tests;
