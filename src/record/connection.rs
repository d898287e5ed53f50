//! Connections, and what is reported of those that are no HTTP: TLS handshakes, DNS answers, WebSocket sessions, ends of flows.

use std::net::IpAddr;

/// Between whom something was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    pub client: Endpoint,
    pub server: Endpoint,
    /// The VXLAN network that it was seen in.
    pub vni: Option<u32>,
}

/// One end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    pub address: IpAddr,
    pub port: u16,
}

/// A TLS handshake, as far as it is not encrypted.
#[derive(Debug, Clone)]
pub struct TlsHandshake {
    pub time_unix_nanos: u64,
    /// The server's name that the client asked for.
    pub server_name: Option<String>,
    /// The protocols that the client offered.
    pub offered_protocols: Vec<String>,
    /// Negotiated, if the server's answer was seen.
    pub version: Option<&'static str>,
    pub cipher: Option<String>,
    /// Negotiated in the clear, up to TLS 1.2.
    pub next_protocol: Option<String>,
    pub resumed: bool,
    /// The server answered.
    pub established: bool,
    /// The name of an alert that ended it.
    pub alert: Option<&'static str>,
}

/// A DNS response, with its question.
#[derive(Debug, Clone)]
pub struct DnsAnswer {
    pub time_unix_nanos: u64,
    pub id: u16,
    pub question: String,
    pub question_type: String,
    pub response_code: String,
    pub answers: Vec<String>,
    /// The shortest time to live among the answers, in seconds.
    pub ttl_min: Option<u32>,
    /// From the question to the answer, if the question was seen.
    pub rtt_nanos: Option<u64>,
}

/// A WebSocket session that has ended.
#[derive(Debug, Clone)]
pub struct WebSocketSession {
    pub start_unix_nanos: u64,
    pub end_unix_nanos: u64,
    /// What the client sent.
    pub sent: WebSocketTotals,
    /// What the server sent.
    pub received: WebSocketTotals,
    pub close_code: Option<u16>,
    pub gap: bool,
    pub anomalies: Vec<&'static str>,
}

/// One direction of a WebSocket session.
#[derive(Debug, Clone, Copy, Default)]
pub struct WebSocketTotals {
    pub text_messages: u64,
    pub binary_messages: u64,
    pub frames: u64,
    /// Bytes of payload.
    pub bytes: u64,
}
