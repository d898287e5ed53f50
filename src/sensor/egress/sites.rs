//! The sites, with what went to and came from each.
//!
//! There is room for so many. The one that nobody talked to for longest gives way, and what was counted of it goes on
//! among the others, so that nothing disappears from the sums.
//!
//! The first [`MOST_SERIES`] have metrics of their own, for as long as the process lives: also when they give way, so that
//! one that comes back goes on where it was. All that come later are told together. No number that is told ever falls.

use std::cmp::Reverse;
use std::collections::BTreeMap;
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
    /// Of each site that has metrics of its own, since the start.
    series: BTreeMap<Key, Totals>,
    /// Of all others.
    unnamed: Totals,
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
            series: BTreeMap::new(),
            unnamed: Totals::default(),
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
        self.count_as_metric(&key, share);
        let new = || Site {
            name_len: verdict.name.as_ref().map_or(0, |name| name.len()),
            address: server.address,
            source: verdict.source,
            total: Totals::default(),
            ambiguous: false,
            mismatches: Mismatches::default(),
            recent: Window::default(),
        };
        let change = |site: &mut Site| {
            site.address = server.address;
            site.source = site.source.min(verdict.source);
            site.total.add(share);
            site.ambiguous |= verdict.ambiguous;
            site.mismatches.add_if(true, verdict.mismatches);
            site.recent.totals.add(share);
            site.recent.ambiguous |= verdict.ambiguous;
            site.recent.mismatches.add_if(true, verdict.mismatches);
            site.recent.first_ever |= first_ever;
        };
        let mut gone = Vec::new();
        self.sites.change(&key, new, change, |_, site| gone.push(site));
        for site in gone {
            self.give_up(&site);
        }
    }

    /// Counts it for the site's own metrics, if there is room for them.
    fn count_as_metric(&mut self, key: &Key, share: &Totals) {
        let has_room = self.series.len() < MOST_SERIES;
        match self.series.get_mut(key) {
            Some(totals) => totals.add(share),
            None if has_room => _ = self.series.insert(key.clone(), *share),
            None => self.unnamed.add(share),
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
        Metrics {
            series: self.series.iter().map(|(key, totals)| Series { key: key.clone(), totals: *totals }).collect(),
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
        self.sites.memory() + self.ever.memory() + self.series.keys().map(series_bytes).sum::<usize>()
    }

    fn give_up(&mut self, site: &Site) {
        self.gone.add(&site.total);
        self.gone_sites += 1;
        self.gone_recently.add(&site.recent.totals);
    }
}

/// Bytes that a site's own metrics take, about, with the name: the site itself may be gone.
fn series_bytes(key: &Key) -> usize {
    let name = match &key.label {
        Label::Name(name) => name.len(),
        Label::Address(_) => 0,
    };
    size_of::<(Key, Totals)>() + name
}

impl Totals {
    /// What a connection adds.
    pub fn of(flow: &Flow) -> Self {
        Totals {
            flows: 1,
            sent_bytes: flow.sent_bytes,
            received_bytes: flow.received_bytes,
            first: flow.first,
            last: flow.last,
        }
    }
}
