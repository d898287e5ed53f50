//! An endpoint, and what of it is to be told.

use super::content::{Contents, essence};
use super::operation::{Operation, is_host};
use super::{InventoryCounts, Observed};
use crate::record::DiscoveredEndpoint;
use crate::sensor::schema::render::SchemaHash;

/// Most versions of HTTP; there are no more.
const MAX_VERSIONS: usize = 8;

/// Bytes of an endpoint beside what its operation owns, about: with its places in the maps and the texts that are told.
const BYTES: usize = size_of::<Endpoint>() + 400;

/// An endpoint of the inventory.
#[derive(Debug)]
pub struct Endpoint {
    pub operation: Operation,
    /// What made it worth telling, without what is only known when it is told.
    about: DiscoveredEndpoint,
    /// The versions of HTTP, and whether they were told.
    versions: Vec<(&'static str, bool)>,
    hash: Option<SchemaHash>,
    /// The hash that was told last.
    told: Option<SchemaHash>,
    /// When it was used last, in uses of the inventory.
    pub used: u64,
    /// Since when it waits to be told.
    pub waits_since: Option<u64>,
    /// Bytes of memory, about.
    pub bytes: usize,
}

impl Endpoint {
    /// One that was not seen before.
    pub fn new(seen: &Observed<'_>) -> Self {
        let about = DiscoveredEndpoint {
            method: seen.method.to_owned(),
            route: seen.route.to_owned(),
            ..DiscoveredEndpoint::default()
        };
        let operation = Operation::default();
        Endpoint {
            operation,
            about,
            versions: Vec::new(),
            hash: None,
            told: None,
            used: 0,
            waits_since: None,
            bytes: 0,
        }
    }

    pub fn method(&self) -> &str {
        &self.about.method
    }

    pub fn route(&self) -> &str {
        &self.about.route
    }

    /// Takes in a request. Whether there is something to tell.
    pub fn observe(&mut self, seen: &Observed<'_>, counts: &mut InventoryCounts) -> bool {
        let origins = self.operation.origins.len();
        let mut news = self.add_version(seen.version, counts);
        if self.operation.observe(seen, counts) {
            self.hash = self.operation.schema_hash();
            news |= self.hash != self.told;
            self.bytes = 0;
        }
        if self.bytes == 0 || origins != self.operation.origins.len() {
            self.bytes = BYTES + 2 * (seen.method.len() + seen.route.len()) + self.operation.owned_bytes();
        }
        if news {
            self.note(seen);
        }
        news
    }

    fn add_version(&mut self, version: &'static str, counts: &mut InventoryCounts) -> bool {
        if self.versions.iter().any(|&(known, _)| known == version) {
            return false;
        }
        let has_room = self.versions.len() < MAX_VERSIONS;
        match has_room {
            true => self.versions.push((version, false)),
            false => counts.left_out += 1,
        }
        has_room
    }

    fn note(&mut self, seen: &Observed<'_>) {
        let host = if is_host(seen.host) { seen.host.to_ascii_lowercase() } else { String::new() };
        let media_type = |field| essence(field).unwrap_or_default().to_ascii_lowercase();
        self.about = DiscoveredEndpoint {
            time_unix_nanos: seen.time_unix_nanos,
            vantage: seen.vantage,
            host,
            method: std::mem::take(&mut self.about.method),
            route: std::mem::take(&mut self.about.route),
            route_source: seen.route_source,
            version: seen.version,
            status: seen.status,
            auth: seen.auth,
            request_content_type: media_type(seen.request_media_type),
            response_content_type: media_type(seen.response_media_type),
            ..DiscoveredEndpoint::default()
        };
    }

    /// What there is to tell of it, as it is now; of each version of HTTP once.
    pub fn tell(&mut self) -> DiscoveredEndpoint {
        let version = self.versions.iter_mut().find(|(_, told)| !told).map(|(version, told)| {
            *told = true;
            *version
        });
        self.told = self.hash;
        let of = |contents: Option<&Contents>, media_type: &str| {
            let schema = contents.and_then(|contents| contents.schema(media_type));
            schema.map(|schema| schema.to_json_schema().to_string()).unwrap_or_default()
        };
        let response = self.about.status.and_then(|status| self.operation.response(status));
        DiscoveredEndpoint {
            version: version.unwrap_or(self.about.version),
            requests: self.operation.requests,
            schema_hash: self.hash.map(|hash| hash.to_string()).unwrap_or_default(),
            request_schema: of(Some(&self.operation.request), &self.about.request_content_type),
            response_schema: of(response, &self.about.response_content_type),
            ..self.about.clone()
        }
    }

    /// Whether there is still something to tell.
    pub fn has_news(&self) -> bool {
        self.versions.iter().any(|(_, told)| !told)
    }

    /// Makes it as small as it can be.
    pub fn forget_schemas(&mut self) {
        self.operation.forget_schemas();
        self.hash = None;
        self.bytes = BYTES + 2 * (self.method().len() + self.route().len()) + self.operation.owned_bytes();
    }
}
