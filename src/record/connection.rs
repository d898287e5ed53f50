//! Connections, and what is reported of those that are no HTTP: TLS handshakes, DNS answers, WebSocket sessions.

use std::fmt;
use std::net::IpAddr;

use crate::packet::Realm;

/// Between whom something was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    pub client: Endpoint,
    pub server: Endpoint,
    /// Where the two addresses are valid.
    pub realm: Realm,
}

/// Who mirrors packets to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source {
    /// Where its VXLAN packets come from. Their port tells flows apart, not sources.
    pub address: IpAddr,
    /// The VXLAN network that it puts them in.
    pub vni: u32,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} vni {}", self.address, self.vni)
    }
}

/// One end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endpoint {
    pub address: IpAddr,
    pub port: u16,
}

/// A TLS handshake, as far as it is not encrypted. Times are nanoseconds since the Unix epoch, here and below.
#[derive(Debug, Clone)]
pub struct TlsHandshake {
    /// When its first byte was seen.
    pub time_unix_nanos: u64,
    /// The server's name that the client asked for.
    pub server_name: Option<String>,
    /// The protocols that the client offered.
    pub offered_protocols: Vec<String>,
    /// Negotiated, if the server's answer was seen.
    pub version: Option<&'static str>,
    /// The cipher suite by its name, such as `TLS_AES_128_GCM_SHA256`; negotiated, too.
    pub cipher: Option<String>,
    /// Negotiated in the clear, up to TLS 1.2.
    pub next_protocol: Option<String>,
    /// It goes on with a session of before, as far as that can be seen.
    pub resumed: bool,
    /// The server agreed, and no alert in the clear has ended it.
    pub established: bool,
    /// The name of an alert that ended it.
    pub alert: Option<&'static str>,
}

/// A DNS response, with its question.
#[derive(Debug, Clone)]
pub struct DnsAnswer {
    /// When the answer was seen.
    pub time_unix_nanos: u64,
    pub id: u16,
    /// The name that was asked for; empty if the answer does not repeat its question.
    pub question: String,
    /// The type that was asked for by its name, such as `AAAA`.
    pub question_type: String,
    /// The response code by its name, such as `NXDOMAIN`.
    pub response_code: String,
    /// The data of each resource record of the answer section.
    pub answers: Vec<String>,
    /// The shortest time to live among the answers, in seconds.
    pub ttl_min: Option<u32>,
    /// From the question to the answer, if the question was seen.
    pub rtt_nanos: Option<u64>,
}

/// A WebSocket session that has ended.
#[derive(Debug, Clone)]
pub struct WebSocketSession {
    /// The host that the handshake asked for, without the port; empty if it named none.
    pub host: String,
    /// The port that it asked for.
    pub host_port: Option<u16>,
    pub start_unix_nanos: u64,
    pub end_unix_nanos: u64,
    /// What the client sent.
    pub sent: WebSocketTotals,
    /// What the server sent.
    pub received: WebSocketTotals,
    /// The status code of the first Close frame (RFC 6455 §7.4).
    pub close_code: Option<u16>,
    /// Some bytes were not captured.
    pub gap: bool,
    /// Names of what should not be there.
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

impl WebSocketTotals {
    /// Messages of either kind.
    pub fn messages(&self) -> u64 {
        self.text_messages.saturating_add(self.binary_messages)
    }
}
