//! The sites, with what went to and came from each.
//!
//! There is room for so many. The one that nobody talked to for longest gives way, and what was counted of it goes on
//! among the others, so that nothing disappears from the sums.
//!
//! Of these, the [`MOST_SERIES`] with the most bytes have metrics of their own. A site that gets them later begins at
//! nought, as what it had before stays among the others: no number that is told ever falls.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::evidence::{Mismatches, Verdict};
use super::metrics::{Metrics, Series};
use super::name::OTHER;
use super::recent::{Heap, Recent};
use super::report::{SiteReport, Totals};
use super::seen::Seen;
use super::{Flow, Protocol};
use crate::packet::Timestamp;
use crate::record::{EgressSummary, Endpoint, NameSource};

/// Sites that have metrics of their own.
pub const MOST_SERIES: usize = 200;
/// Sites that are known to have been there before, for each that is counted.
const SEEN_A_SITE: usize = 8;

/// What a site is called.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Label {
    Name(Arc<str>),
    Address(IpAddr),
}

impl Label {
    pub fn text(&self) -> String {
        match self {
            Label::Name(name) => name.as_ref().to_owned(),
            Label::Address(address) => address.to_string(),
        }
    }
}

/// What makes a site one of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub label: Label,
    pub port: u16,
    pub protocol: Protocol,
}

/// What is known of it.
#[derive(Debug)]
struct Site {
    name_len: usize,
    address: IpAddr,
    source: NameSource,
    total: Totals,
    ambiguous: bool,
    mismatches: Mismatches,
    recent: Window,
    /// What it had before it got metrics of its own; `None` if it has none.
    series: Option<Totals>,
}

/// What there was since the last summary.
#[derive(Debug, Default)]
struct Window {
    totals: Totals,
    ambiguous: bool,
    mismatches: Mismatches,
    first_ever: bool,
}

impl Heap for Site {
    fn heap(&self) -> usize {
        self.name_len
    }
}

/// All of them.
#[derive(Debug)]
pub struct Sites {
    sites: Recent<Key, Site>,
    ever: Seen,
    /// Of sites that gave way.
    gone: Totals,
    gone_sites: u64,
    gone_recently: Totals,
    /// Of sites without metrics of their own, while they had none.
    unnamed: Totals,
    series: usize,
}

impl Sites {
    /// Room for so many, whose names take so many bytes.
    pub fn new(most: usize, bytes: usize) -> Self {
        Sites {
            sites: Recent::new(most, bytes),
            ever: Seen::new(most * SEEN_A_SITE),
            gone: Totals::default(),
            gone_sites: 0,
            gone_recently: Totals::default(),
            unnamed: Totals::default(),
            series: 0,
        }
    }

    /// Counts what is new of a connection.
    pub fn count(&mut self, server: Endpoint, protocol: Protocol, verdict: &Verdict, share: &Totals) {
        let label = match &verdict.name {
            Some(name) => Label::Name(name.clone()),
            None => Label::Address(server.address),
        };
        let first_ever = self.ever.add((&label, server.port));
        let key = Key { label, port: server.port, protocol };
        let new = || Site {
            name_len: verdict.name.as_ref().map_or(0, |name| name.len()),
            address: server.address,
            source: verdict.source,
            total: Totals::default(),
            ambiguous: false,
            mismatches: Mismatches::default(),
            recent: Window::default(),
            series: None,
        };
        let series = &mut self.series;
        let unnamed = &mut self.unnamed;
        let change = |site: &mut Site| {
            if site.series.is_none() && site.total.is_nothing() && *series < MOST_SERIES {
                *series += 1;
                site.series = Some(Totals::default());
            }
            site.address = server.address;
            site.source = site.source.min(verdict.source);
            site.total.add(share);
            site.ambiguous |= verdict.ambiguous;
            site.mismatches.add_if(true, verdict.mismatches);
            site.recent.totals.add(share);
            site.recent.ambiguous |= verdict.ambiguous;
            site.recent.mismatches.add_if(true, verdict.mismatches);
            site.recent.first_ever |= first_ever;
            if site.series.is_none() {
                unnamed.add(share);
            }
        };
        let mut gone = Vec::new();
        self.sites.change(&key, new, change, |_, site| gone.push(site));
        for site in gone {
            self.give_up(&site);
        }
    }

    /// What happened since the last time, the most bytes first.
    pub fn summaries(&mut self, now: Timestamp) -> Vec<EgressSummary> {
        let mut summaries = Vec::new();
        self.sites.for_each_mut(|key, site| {
            let recent = std::mem::take(&mut site.recent);
            if recent.totals.is_nothing() {
                return;
            }
            summaries.push(EgressSummary {
                time_unix_nanos: now.nanos(),
                name: key.label.text(),
                name_source: site.source,
                address: site.address,
                port: key.port,
                protocol: key.protocol.name(),
                flows: recent.totals.flows,
                sent_bytes: recent.totals.sent_bytes,
                received_bytes: recent.totals.received_bytes,
                first_seen_unix_nanos: site.total.first.nanos(),
                last_seen_unix_nanos: recent.totals.last.nanos(),
                first_ever: recent.first_ever,
                ambiguous: recent.ambiguous,
                mismatches: recent.mismatches.names(),
            });
        });
        summaries.sort_by(|a, b| {
            let bytes = |of: &EgressSummary| Reverse(of.sent_bytes.saturating_add(of.received_bytes));
            (bytes(a), &a.name, a.port, a.protocol).cmp(&(bytes(b), &b.name, b.port, b.protocol))
        });
        let gone = std::mem::take(&mut self.gone_recently);
        if !gone.is_nothing() {
            summaries.push(EgressSummary {
                time_unix_nanos: now.nanos(),
                name: OTHER.to_owned(),
                name_source: NameSource::Address,
                address: Ipv4Addr::UNSPECIFIED.into(),
                port: 0,
                protocol: Protocol::Tcp.name(),
                flows: gone.flows,
                sent_bytes: gone.sent_bytes,
                received_bytes: gone.received_bytes,
                first_seen_unix_nanos: gone.first.nanos(),
                last_seen_unix_nanos: gone.last.nanos(),
                first_ever: false,
                ambiguous: false,
                mismatches: Vec::new(),
            });
        }
        self.assign_series();
        summaries
    }

    /// Every site, the most bytes first, and what is left of those that gave way.
    pub fn report(&self) -> (Vec<SiteReport>, Totals, u64) {
        let mut sites: Vec<SiteReport> = self
            .sites
            .iter()
            .map(|(key, site)| SiteReport {
                name: key.label.text(),
                name_source: site.source,
                address: site.address,
                port: key.port,
                protocol: key.protocol,
                totals: site.total,
                ambiguous: site.ambiguous,
                mismatches: site.mismatches.names(),
            })
            .collect();
        sites.sort_by(|a, b| {
            let bytes = |of: &SiteReport| Reverse(of.totals.bytes());
            (bytes(a), &a.name, a.port, a.protocol).cmp(&(bytes(b), &b.name, b.port, b.protocol))
        });
        (sites, self.gone, self.gone_sites)
    }

    /// What is told of them as metrics.
    pub fn metrics(&self) -> Metrics {
        let mut series: Vec<Series> = self
            .sites
            .iter()
            .filter_map(|(key, site)| {
                let before = site.series.as_ref()?;
                Some(Series { key: key.clone(), totals: site.total.less(before) })
            })
            .collect();
        series.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Metrics {
            series,
            other: self.unnamed,
            sites: self.sites.len() as u64,
            gone_sites: self.gone_sites,
            ..Metrics::default()
        }
    }

    /// Sites of which it is not known whether they were there before.
    pub fn left_out(&self) -> u64 {
        self.ever.left_out()
    }

    /// Bytes that it holds.
    pub fn memory(&self) -> usize {
        self.sites.memory() + self.ever.memory()
    }

    fn give_up(&mut self, site: &Site) {
        self.gone.add(&site.total);
        self.gone_sites += 1;
        self.gone_recently.add(&site.recent.totals);
        if let Some(before) = &site.series {
            self.unnamed.add(&site.total.less(before));
            self.series -= 1;
        }
    }

    /// Gives metrics of their own to those with the most bytes.
    fn assign_series(&mut self) {
        if self.sites.len() <= MOST_SERIES {
            return;
        }
        let mut order: Vec<_> = self
            .sites
            .iter()
            .map(|(key, site)| (Reverse(site.total.bytes()), site.series.is_none(), key.clone()))
            .collect();
        order.sort_unstable();
        order.truncate(MOST_SERIES);
        let top: HashSet<Key> = order.into_iter().map(|(_, _, key)| key).collect();
        let unnamed = &mut self.unnamed;
        self.sites.for_each_mut(|key, site| match (&site.series, top.contains(key)) {
            (Some(before), false) => {
                unnamed.add(&site.total.less(before));
                site.series = None;
            }
            (None, true) => site.series = Some(site.total),
            _ => {}
        });
        self.series = top.len();
    }
}

impl Totals {
    /// What a connection adds that had these numbers when it was counted last.
    pub fn share(flow: &Flow, counted: &super::Counted) -> Self {
        Totals {
            flows: u64::from(!counted.flow),
            sent_bytes: flow.sent_bytes.saturating_sub(counted.sent_bytes),
            received_bytes: flow.received_bytes.saturating_sub(counted.received_bytes),
            first: flow.first,
            last: flow.last,
        }
    }
}
