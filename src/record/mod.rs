//! What the engine reports, as plain data.
//!
//! - [`exchange`]: an HTTP request and its response
//! - [`connection`]: between whom; TLS handshakes, DNS answers, WebSocket sessions
//! - [`ledger`]: where every transaction went
//! - [`text`]: the text of a record, in one buffer

pub mod connection;
pub mod exchange;
pub mod ledger;
pub mod text;

pub use connection::{Connection, DnsAnswer, Endpoint, Source, TlsHandshake, WebSocketSession, WebSocketTotals};
pub use exchange::{Completeness, Exchange, Message, Rpc, Scheme, Version};
pub use ledger::TransactionLedger;
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
    Exchange(&'a Exchange),
    Tls(&'a TlsHandshake),
    Dns(&'a DnsAnswer),
    WebSocket(&'a WebSocketSession),
}
