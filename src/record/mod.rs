//! What the engine reports, as plain data.
//!
//! - [`exchange`]: an HTTP request and its response
//! - [`connection`]: between whom; TLS handshakes, DNS answers, WebSocket sessions
//! - [`annotations`]: what the sensor knows of an exchange beyond its messages
//! - [`community_id`]: the name that a connection has with other tools, too
//! - [`endpoint`]: endpoints that were discovered, and sites that were talked to
//! - [`ledger`]: where every transaction went
//! - [`methods`]: names of HTTP methods
//! - [`text`]: the text of a record, in one buffer

pub mod annotations;
pub mod community_id;
pub mod connection;
pub mod endpoint;
pub mod exchange;
pub mod ledger;
pub mod methods;
pub mod text;

pub use annotations::{
    Annotations, AuthScheme, Body, Lane, PrivacyLevel, Route, RouteSource, Sampling, SpanContext, Trace, Vantage,
};
pub use community_id::CommunityId;
pub use connection::{Connection, DnsAnswer, Endpoint, Source, TlsHandshake, WebSocketSession, WebSocketTotals};
pub use endpoint::{DiscoveredEndpoint, EgressSummary, NameSource};
pub use exchange::{Completeness, Exchange, Message, Rpc, Scheme, Version};
pub use ledger::{DropStage, TransactionLedger};
pub use text::{Span, Text};

/// Anything that is reported.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    pub connection: Connection,
    /// Who mirrored its packets, if they were.
    pub source: Option<&'a Source>,
    pub content: Content<'a>,
}

/// What happened on a connection.
#[derive(Debug, Clone, Copy)]
pub enum Content<'a> {
    Exchange(&'a Exchange, &'a Annotations),
    Tls(&'a TlsHandshake),
    Dns(&'a DnsAnswer),
    WebSocket(&'a WebSocketSession),
}

/// What was found out over several connections.
#[derive(Debug, Clone, Copy)]
pub enum Finding<'a> {
    Endpoint(&'a DiscoveredEndpoint),
    Egress(&'a EgressSummary),
}
