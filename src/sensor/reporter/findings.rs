//! What comes of many connections: endpoints, sites, metrics.

use std::borrow::Cow;
use std::time::Duration;

use crate::export::Exports;
use crate::export::monitor::Report;
use crate::packet::Timestamp;
use crate::record::{
    Annotations, Connection, DiscoveredEndpoint, Exchange, Finding, Message, PrivacyLevel, Span, Vantage, methods,
};
use crate::sensor::egress::{Egress, EgressLimits};
use crate::sensor::inventory::{Inventory, InventoryLimits, Observed};
use crate::sensor::metrics::{Endpoint, Metrics};
use crate::sensor::privacy::Privacy;
use crate::sensor::schema::Schema;

/// How often it is looked for something to tell.
const EVERY: Duration = Duration::from_secs(1);

/// All of it.
pub struct Findings {
    pub metrics: Metrics,
    pub egress: Egress,
    pub inventory: Inventory,
    schemas: bool,
    next: Timestamp,
}

impl Findings {
    /// Nothing was found. `schemas` tells whether those of bodies are kept at every level.
    /// All together take at most so many bytes, about.
    pub fn new(schemas: bool, bytes: usize) -> Self {
        Findings {
            metrics: Metrics::default(),
            egress: Egress::new(EgressLimits::within(bytes / 2)),
            inventory: Inventory::new(InventoryLimits { bytes: bytes / 2, ..InventoryLimits::default() }),
            schemas,
            next: Timestamp::default(),
        }
    }

    /// Whether schemas of bodies are kept at every level.
    pub fn keeps_schemas(&self) -> bool {
        self.schemas
    }

    /// Counts a transaction, whether it is told by itself or not. `host` is what may leave of the host, as for the others.
    pub fn count(&mut self, connection: &Connection, vantage: Vantage, exchange: &Exchange, host: &[u8], route: &str) {
        let port = exchange.host_port.unwrap_or(connection.server.port);
        let server = (vantage == Vantage::Client).then_some((host, port));
        self.metrics.exchange(exchange, vantage, Endpoint { route, server });
        if vantage == Vantage::Client {
            let time = Timestamp::from_nanos(exchange.start_unix_nanos());
            self.egress.exchange(connection, host, exchange.host_port, time);
        }
    }

    /// Takes an exchange that is told into account.
    pub fn observe(
        &mut self,
        connection: &Connection,
        exchange: &Exchange,
        host: &[u8],
        annotations: &Annotations,
        privacy: &mut Privacy,
    ) {
        let host = String::from_utf8_lossy(host);
        let looks = self.schemas || privacy.level() >= PrivacyLevel::Schema;
        let query = looks.then(|| Schema::of_form(exchange.get(exchange.query)));
        let [request, response] = match (&exchange.more, looks) {
            (Some(more), true) => [
                schema(privacy, exchange, exchange.request_fields, &more.request_content, &exchange.request),
                schema(privacy, exchange, exchange.response_fields, &more.response_content, &exchange.response),
            ],
            _ => [None, None],
        };
        let media_type_of = |fields: Span, message: &Message| match message.body_len {
            0 => Cow::default(),
            _ => String::from_utf8_lossy(media_type(field(exchange, fields, b"content-type"))),
        };
        self.inventory.observe(&Observed {
            time_unix_nanos: exchange.start_unix_nanos(),
            vantage: annotations.vantage,
            scheme: exchange.scheme,
            host: &host,
            port: exchange.host_port.or(Some(connection.server.port)),
            method: methods::known(exchange.get(exchange.method)),
            route: &annotations.route.template,
            route_source: annotations.route.source,
            version: exchange.version.name(),
            status: exchange.status,
            auth: annotations.auth,
            query: query.as_ref(),
            request_media_type: &media_type_of(exchange.request_fields, &exchange.request),
            response_media_type: &media_type_of(exchange.response_fields, &exchange.response),
            request_schema: request.as_ref(),
            response_schema: response.as_ref(),
        });
    }

    /// Hands on what there is to tell by now.
    /// Schemas go with them if they may; they are kept for the OpenAPI document all the same.
    pub fn tell(&mut self, now: Timestamp, level: PrivacyLevel, exports: &mut Exports) {
        if now < self.next && self.next.since(now) <= EVERY {
            return;
        }
        self.next = now.after(EVERY);
        for summary in self.egress.summaries(now) {
            exports.find(&Finding::Egress(&summary));
        }
        for endpoint in self.inventory.discoveries(now.nanos()).map(|endpoint| without_schemas(endpoint, level)) {
            exports.find(&Finding::Endpoint(&endpoint));
        }
    }

    /// Hands on all that is left, as nothing more will come.
    pub fn tell_rest(&mut self, now: Timestamp, level: PrivacyLevel, exports: &mut Exports) {
        for summary in self.egress.rest(now) {
            exports.find(&Finding::Egress(&summary));
        }
        for endpoint in self.inventory.rest().map(|endpoint| without_schemas(endpoint, level)) {
            exports.find(&Finding::Endpoint(&endpoint));
        }
    }

    /// Adds what is told as metrics.
    pub fn describe(&self, report: &mut Report) {
        self.metrics.describe(report);
        self.egress.describe(report);
        self.inventory.describe(report);
    }
}

/// A media type, unless there is something in it that may not leave: then it is as if nobody had said it.
fn media_type(value: &[u8]) -> &[u8] {
    if Privacy::finds_in(value) { b"" } else { value }
}

fn without_schemas(endpoint: DiscoveredEndpoint, level: PrivacyLevel) -> DiscoveredEndpoint {
    match level {
        PrivacyLevel::Metadata => DiscoveredEndpoint {
            schema_hash: String::new(),
            request_schema: String::new(),
            response_schema: String::new(),
            ..endpoint
        },
        PrivacyLevel::Schema | PrivacyLevel::Redacted | PrivacyLevel::Full => endpoint,
    }
}

/// The types of a message's content, where it has any that can be told.
fn schema(
    privacy: &mut Privacy,
    exchange: &Exchange,
    fields: Span,
    content: &[u8],
    message: &Message,
) -> Option<Schema> {
    if content.is_empty() || message.gap {
        return None;
    }
    let coding = field(exchange, fields, b"content-encoding");
    let mut buffer = Vec::new();
    let (content, truncated) =
        privacy.decoded(coding, content, (content.len() as u64) < message.body_len, &mut buffer)?;
    let is_form = field(exchange, fields, b"content-type").starts_with(b"application/x-www-form-urlencoded");
    match is_form {
        // A part of a form may end in the middle of a name.
        true => (!truncated).then(|| Schema::of_form(content)),
        false => Schema::of_json(content),
    }
}

/// The value of a field; nothing if there is no such field.
pub(super) fn field<'a>(exchange: &'a Exchange, fields: Span, name: &[u8]) -> &'a [u8] {
    exchange.text.fields(fields).find(|(its_name, _)| *its_name == name).map_or(b"", |(_, value)| value)
}
