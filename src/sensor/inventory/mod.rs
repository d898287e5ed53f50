//! The endpoints that were seen: a line for each when it is discovered, and an OpenAPI document of all.
//!
//! An endpoint is a method and the template of a path, at this task's server or at somebody else's host. At our own server
//! the host is not part of it: who asks can write into that field what he likes.
//!
//! - [`endpoint`]: one of them, and what of it is to be told
//! - [`operation`]: how it was used
//! - [`content`]: the types of its messages
//! - [`pace`]: how many discoveries a minute are told
//! - [`openapi`]: the document
//!
//! The inventory has a bounded number of endpoints and of bytes. When it is full, the endpoint that was not used for the
//! longest time is forgotten, which is counted; should it come again, it is discovered again.

pub mod content;
pub mod endpoint;
pub mod openapi;
pub mod operation;
pub mod pace;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::export::monitor::Report;
use crate::record::{AuthScheme, DiscoveredEndpoint, RouteSource, Scheme, Vantage};
use crate::sensor::schema::Schema;
use endpoint::Endpoint;
use pace::Pace;

/// Longest template of a path, in bytes; a request with a longer one is refused.
pub const MAX_ROUTE: usize = 1024;

/// Longest method, in bytes; a request with a longer one is refused.
pub const MAX_METHOD: usize = 32;

/// Longest name of a host (RFC 1035 §2.3.4); a longer one is no host.
pub const MAX_HOST: usize = 255;

/// How much an [`Inventory`] holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InventoryLimits {
    pub endpoints: usize,
    /// Bytes of memory for all of them, about.
    pub bytes: usize,
    /// Most discoveries in any minute; `usize::MAX` is no limit.
    pub discoveries_per_minute: usize,
}

impl Default for InventoryLimits {
    fn default() -> Self {
        InventoryLimits { endpoints: 2000, bytes: 4 << 20, discoveries_per_minute: 60 }
    }
}

/// A request, and what was seen of its response.
#[derive(Debug, Clone, Copy)]
pub struct Observed<'a> {
    pub time_unix_nanos: u64,
    pub vantage: Vantage,
    pub scheme: Scheme,
    /// The host that was asked for, without the port; empty if there is none.
    pub host: &'a str,
    /// The port that was asked for.
    pub port: Option<u16>,
    pub method: &'a str,
    /// The template of its path: `/users/{id}`.
    pub route: &'a str,
    pub route_source: RouteSource,
    /// The version of HTTP.
    pub version: &'static str,
    pub status: Option<u16>,
    pub auth: AuthScheme,
    /// The query's fields, by [`Schema::of_form`]; of an empty query as well. `None` if queries are not looked at.
    pub query: Option<&'a Schema>,
    /// What `content-type` says, with parameters or without; empty if there is no content or nothing is known of it.
    pub request_media_type: &'a str,
    pub response_media_type: &'a str,
    /// `None` if content is not looked at, or not of a kind that has a schema.
    pub request_schema: Option<&'a Schema>,
    pub response_schema: Option<&'a Schema>,
}

/// What an inventory has done. All but `endpoints`, `bytes` and `waiting` only grow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InventoryCounts {
    pub endpoints: u64,
    /// Bytes of memory, about.
    pub bytes: u64,
    /// Endpoints whose discovery, or change, is not told yet.
    pub waiting: u64,
    /// Requests that were taken in.
    pub observed: u64,
    /// Those that were not: their method or template is too long.
    pub refused: u64,
    /// Discoveries and changes that were told.
    pub discovered: u64,
    /// Endpoints that were forgotten to make room.
    pub evicted: u64,
    /// Those of them that waited.
    pub evicted_untold: u64,
    /// Hosts, media types and versions that were left out: their endpoint had too many.
    pub left_out: u64,
    /// Schemas that had to be cut.
    pub schemas_cut: u64,
}

/// All endpoints that were seen.
#[derive(Debug)]
pub struct Inventory {
    limits: InventoryLimits,
    endpoints: HashMap<Arc<[u8]>, Endpoint>,
    /// Their keys, from the one that was not used for the longest time.
    by_use: BTreeMap<u64, Arc<[u8]>>,
    /// Keys of those of which something is to be told, in this order.
    waiting: BTreeMap<u64, Arc<[u8]>>,
    /// Numbers the uses.
    uses: u64,
    pace: Pace,
    /// Bytes of memory of all endpoints, about.
    bytes: usize,
    counts: InventoryCounts,
    /// Room for a key that is looked up.
    key: Vec<u8>,
}

impl Inventory {
    /// An empty one.
    pub fn new(limits: InventoryLimits) -> Self {
        Inventory {
            limits,
            endpoints: HashMap::new(),
            by_use: BTreeMap::new(),
            waiting: BTreeMap::new(),
            uses: 0,
            pace: Pace::per_minute(limits.discoveries_per_minute),
            bytes: 0,
            counts: InventoryCounts::default(),
            key: Vec::new(),
        }
    }

    /// Takes in a request.
    pub fn observe(&mut self, seen: &Observed<'_>) {
        if seen.route.len() > MAX_ROUTE || seen.method.len() > MAX_METHOD {
            self.counts.refused += 1;
            return;
        }
        self.counts.observed += 1;
        self.uses += 1;
        write_key(seen, &mut self.key);
        if !self.endpoints.contains_key(self.key.as_slice()) {
            self.endpoints.insert(self.key.as_slice().into(), Endpoint::new(seen));
        }
        self.use_endpoint(seen);
        self.make_room();
    }

    /// Takes in a request of an endpoint that is there.
    fn use_endpoint(&mut self, seen: &Observed<'_>) {
        let Some(endpoint) = self.endpoints.get_mut(self.key.as_slice()) else { return };
        let key = self.by_use.remove(&endpoint.used).unwrap_or_else(|| self.key.as_slice().into());
        endpoint.used = self.uses;
        let bytes = endpoint.bytes;
        let news = endpoint.observe(seen, &mut self.counts);
        self.bytes = self.bytes.saturating_sub(bytes).saturating_add(endpoint.bytes);
        if news && endpoint.waits_since.is_none() {
            endpoint.waits_since = Some(self.uses);
            self.waiting.insert(self.uses, Arc::clone(&key));
        }
        self.by_use.insert(self.uses, key);
    }

    /// Forgets what was not used for the longest time. The latest stays, if need be without what it knows of types.
    fn make_room(&mut self) {
        while self.endpoints.len() > self.limits.endpoints.max(1)
            || self.bytes > self.limits.bytes && self.endpoints.len() > 1
        {
            let Some((_, key)) = self.by_use.pop_first() else { break };
            let Some(endpoint) = self.endpoints.remove(&key) else { continue };
            self.bytes = self.bytes.saturating_sub(endpoint.bytes);
            self.counts.evicted += 1;
            if let Some(since) = endpoint.waits_since {
                self.waiting.remove(&since);
                self.counts.evicted_untold += 1;
            }
        }
        if self.bytes > self.limits.bytes {
            self.endpoints.values_mut().for_each(Endpoint::forget_schemas);
            self.bytes = self.endpoints.values().map(|endpoint| endpoint.bytes).sum();
            self.counts.schemas_cut += 1;
        }
    }

    /// What there is to tell: endpoints that were seen for the first time, or with another version of HTTP, or whose types
    /// have changed. What may not be told in this minute waits, and is told later as it is then.
    pub fn discoveries(&mut self, now_unix_nanos: u64) -> impl Iterator<Item = DiscoveredEndpoint> + '_ {
        std::iter::from_fn(move || self.discover(now_unix_nanos))
    }

    /// All that waits, as there will be no other minute.
    pub fn rest(&mut self) -> impl Iterator<Item = DiscoveredEndpoint> + '_ {
        std::iter::from_fn(move || self.tell_next())
    }

    fn discover(&mut self, now_unix_nanos: u64) -> Option<DiscoveredEndpoint> {
        if self.waiting.is_empty() || !self.pace.may_pass(now_unix_nanos) {
            return None;
        }
        let told = self.tell_next()?;
        self.pace.pass(now_unix_nanos);
        Some(told)
    }

    fn tell_next(&mut self) -> Option<DiscoveredEndpoint> {
        let (since, key) = self.waiting.pop_first()?;
        let endpoint = self.endpoints.get_mut(&key)?;
        let told = endpoint.tell();
        endpoint.waits_since = endpoint.has_news().then_some(since);
        if endpoint.waits_since.is_some() {
            self.waiting.insert(since, key);
        }
        self.counts.discovered += 1;
        Some(told)
    }

    /// What it has done so far, and what it holds.
    pub fn counts(&self) -> InventoryCounts {
        InventoryCounts {
            endpoints: self.endpoints.len() as u64,
            bytes: self.bytes as u64,
            waiting: self.waiting.len() as u64,
            ..self.counts
        }
    }

    /// Adds what is told as metrics.
    pub fn describe(&self, report: &mut Report) {
        let counts = self.counts;
        report.counter("sidetap_endpoints_left_out", "What is not kept of endpoints, for lack of room").by(
            "what",
            [
                ("endpoint", counts.evicted - counts.evicted_untold),
                ("untold_endpoint", counts.evicted_untold),
                ("transaction", counts.refused),
                ("detail", counts.left_out),
                ("schema", counts.schemas_cut),
            ],
        );
    }

    /// The endpoints of our own server, in the order of their methods and templates.
    fn served(&self) -> Vec<&Endpoint> {
        let served = self.endpoints.iter().filter(|(key, _)| key.first() == Some(&SERVED));
        let by_key: BTreeMap<_, _> = served.map(|(key, endpoint)| (&**key, endpoint)).collect();
        by_key.into_values().collect()
    }
}

/// What keys of our own server's endpoints begin with, and those of others.
const SERVED: u8 = 0;
const ASKED: u8 = 1;

/// Writes what tells endpoints apart.
fn write_key(seen: &Observed<'_>, key: &mut Vec<u8>) {
    key.clear();
    match seen.vantage {
        Vantage::Server | Vantage::Both => key.push(SERVED),
        Vantage::Client => {
            key.push(ASKED);
            let host = if seen.host.len() <= MAX_HOST { seen.host } else { "" };
            key.extend(host.bytes().map(|byte| byte.to_ascii_lowercase()));
            key.push(0);
        }
    }
    key.extend_from_slice(seen.method.as_bytes());
    key.push(0);
    key.extend_from_slice(seen.route.as_bytes());
}
