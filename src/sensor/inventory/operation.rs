//! How an endpoint was used.

use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv6Addr;

use sha2::{Digest, Sha256};

use super::content::{Contents, merge_schema};
use super::{InventoryCounts, MAX_HOST, Observed};
use crate::record::{AuthScheme, Scheme};
use crate::sensor::schema::Schema;
use crate::sensor::schema::render::SchemaHash;

/// Most statuses of an endpoint that are told apart; further ones are only known by their class.
pub const MAX_STATUSES: usize = 16;

/// Most hosts of an endpoint of our own; further ones are counted as left out.
pub const MAX_HOSTS: usize = 8;

/// How an endpoint was used. Two of them can be merged, where a document has one place for both.
#[derive(Debug, Clone, Default)]
pub struct Operation {
    pub requests: u64,
    /// Those with content.
    pub with_content: u64,
    pub first_seen_unix_nanos: u64,
    pub last_seen_unix_nanos: u64,
    /// How requests said who sends them, in the order of [`AuthScheme`].
    pub auth: Vec<AuthScheme>,
    /// The fields of queries, as an object.
    pub query: Option<Schema>,
    pub request: Contents,
    /// By status, or by class (1 to 5) for those that were too many.
    pub responses: BTreeMap<u16, Contents>,
    /// Where it was asked for.
    pub origins: Vec<Origin>,
}

impl Operation {
    /// Takes in a request. Whether that says anything new of the types of messages.
    pub fn observe(&mut self, seen: &Observed<'_>, counts: &mut InventoryCounts) -> bool {
        let mut changed = self.observe_query(seen.query, counts);
        changed |= self.request.observe(seen.request_media_type, seen.request_schema, counts);
        if let Some(status) = seen.status.filter(|&status| status >= 100) {
            let response = self.response_mut(status);
            changed |= response.observe(seen.response_media_type, seen.response_schema, counts);
        }
        let has_content = !seen.request_media_type.is_empty() || seen.request_schema.is_some();
        self.with_content = self.with_content.saturating_add(u64::from(has_content));
        self.add_auth(seen.auth);
        self.add_origin(seen, counts);
        self.add_requests(1, seen.time_unix_nanos, seen.time_unix_nanos);
        changed
    }

    /// Takes in how another was used.
    pub fn merge(&mut self, other: &Operation, counts: &mut InventoryCounts) {
        match &other.query {
            Some(query) => {
                self.observe_query(Some(query), counts);
            }
            None if other.requests > 0 => {
                self.observe_query(None, counts);
            }
            None => {}
        }
        self.request.merge(&other.request, counts);
        for (&status, contents) in &other.responses {
            self.response_mut(status).merge(contents, counts);
        }
        self.with_content = self.with_content.saturating_add(other.with_content);
        other.auth.iter().for_each(|&auth| self.add_auth(auth));
        for origin in &other.origins {
            if !self.origins.contains(origin) {
                self.origins.push(origin.clone());
            }
        }
        self.count(other);
    }

    /// Counts the requests of another, and when they were seen.
    pub fn count(&mut self, other: &Operation) {
        self.add_requests(other.requests, other.first_seen_unix_nanos, other.last_seen_unix_nanos);
    }

    /// A query that is not there has no field, if others are.
    fn observe_query(&mut self, query: Option<&Schema>, counts: &mut InventoryCounts) -> bool {
        match (&mut self.query, query) {
            (None, None) => false,
            (Some(known), None) => known.merge(&Schema::of_empty_object()),
            (None, Some(query)) => {
                let before = (self.requests > 0).then(Schema::of_empty_object);
                self.query = before;
                merge_schema(&mut self.query, query, counts)
            }
            (known, Some(query)) => merge_schema(known, query, counts),
        }
    }

    /// Responses of a status, or of its class.
    pub fn response(&self, status: u16) -> Option<&Contents> {
        self.responses.get(&status).or_else(|| self.responses.get(&(status / 100)))
    }

    /// Forgets all schemas.
    pub fn forget_schemas(&mut self) {
        self.query = None;
        self.request.forget_schemas();
        self.responses.values_mut().for_each(Contents::forget_schemas);
    }

    fn response_mut(&mut self, status: u16) -> &mut Contents {
        let known = self.responses.range(100..).count() < MAX_STATUSES || self.responses.contains_key(&status);
        self.responses.entry(if known || status < 100 { status } else { status / 100 }).or_default()
    }

    fn add_auth(&mut self, auth: AuthScheme) {
        if let Err(at) = self.auth.binary_search_by_key(&(auth as u8), |&known| known as u8) {
            self.auth.insert(at, auth);
        }
    }

    fn add_origin(&mut self, seen: &Observed<'_>, counts: &mut InventoryCounts) {
        let port = seen.port.filter(|&port| port != seen.scheme.default_port());
        let is_it = |origin: &Origin| {
            origin.scheme == seen.scheme && origin.port == port && origin.host.eq_ignore_ascii_case(seen.host)
        };
        if self.origins.iter().any(is_it) || !is_host(seen.host) {
            return;
        }
        if self.origins.len() >= MAX_HOSTS {
            counts.left_out += 1;
            return;
        }
        self.origins.push(Origin { scheme: seen.scheme, host: seen.host.to_ascii_lowercase().into(), port });
    }

    fn add_requests(&mut self, requests: u64, first: u64, last: u64) {
        if self.requests == 0 || first < self.first_seen_unix_nanos {
            self.first_seen_unix_nanos = first;
        }
        self.last_seen_unix_nanos = self.last_seen_unix_nanos.max(last);
        self.requests = self.requests.saturating_add(requests);
    }

    /// Of the types of all messages; `None` if none are known.
    pub fn schema_hash(&self) -> Option<SchemaHash> {
        let mut hasher = Sha256::new();
        let mut any = false;
        if let Some(query) = &self.query {
            any = query.properties().next().is_some() || query.has_hidden_properties();
            hasher.update(query.hash().0);
        }
        any |= self.request.hash(0, &mut hasher);
        for (&status, contents) in &self.responses {
            any |= contents.hash(status, &mut hasher);
        }
        any.then(|| SchemaHash::of(hasher))
    }

    /// Bytes of memory that it owns, about.
    pub fn owned_bytes(&self) -> usize {
        let responses: usize = self.responses.values().map(|contents| 64 + contents.owned_bytes()).sum();
        let origins: usize = self.origins.iter().map(|origin| size_of::<Origin>() + origin.host.len()).sum();
        let query = self.query.as_ref().map_or(0, Schema::bytes);
        self.request.owned_bytes() + responses + origins + query + self.auth.capacity()
    }
}

/// What stands before the path in a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    scheme: Scheme,
    /// In small letters.
    host: Box<str>,
    /// Unless it is the usual one.
    port: Option<u16>,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Origin { scheme, host, port } = self;
        match host.contains(':') && !host.starts_with('[') {
            true => write!(formatter, "{}://[{host}]", scheme.name())?,
            false => write!(formatter, "{}://{host}", scheme.name())?,
        }
        port.map_or(Ok(()), |port| write!(formatter, ":{port}"))
    }
}

/// A name, an IPv4 address, or an IPv6 address with brackets or without (RFC 3986 §3.2.2).
pub fn is_host(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    (1..=MAX_HOST).contains(&host.len()) && (is_name(host) || address.parse::<Ipv6Addr>().is_ok())
}
