//! What was found out beside single exchanges: endpoints of an API, and sites that a task talks to.

use std::net::IpAddr;

use super::annotations::{AuthScheme, RouteSource, Vantage};

/// An operation of an API that was seen for the first time, or whose schema is another one than before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DiscoveredEndpoint {
    pub time_unix_nanos: u64,
    pub vantage: Vantage,
    /// The host that was asked for, without the port.
    pub host: String,
    pub method: String,
    /// The template of its path.
    pub route: String,
    pub route_source: RouteSource,
    /// The version of HTTP.
    pub version: &'static str,
    pub status: Option<u16>,
    pub auth: AuthScheme,
    pub request_content_type: String,
    pub response_content_type: String,
    /// Requests that were seen of it so far.
    pub requests: u64,
    /// Of the types of its messages; empty if those are not looked at.
    pub schema_hash: String,
    /// JSON Schemas of the request and the response, without any value; empty if those are not looked at.
    pub request_schema: String,
    pub response_schema: String,
}

/// A site that a task talked to, over some minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EgressSummary {
    /// When these minutes ended, in nanoseconds since the Unix epoch, as all times here.
    pub time_unix_nanos: u64,
    /// The site's name, or its address where there is no name.
    pub name: String,
    pub name_source: NameSource,
    /// The last address of it.
    pub address: IpAddr,
    pub port: u16,
    /// `http`, `tls`, `dns` or `tcp`.
    pub protocol: &'static str,
    pub flows: u64,
    /// Bytes of payload, of flows that have ended.
    pub sent_bytes: u64,
    pub received_bytes: u64,
    pub first_seen_unix_nanos: u64,
    pub last_seen_unix_nanos: u64,
    /// Nobody had talked to it before.
    pub first_ever: bool,
    /// DNS gave another name for the address, too.
    pub ambiguous: bool,
    /// Names of what does not fit together: `direct_to_ip`, `sni_never_resolved`, `host_differs`.
    pub mismatches: Vec<&'static str>,
}

/// How a site's name is known, the best evidence first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameSource {
    /// HTTP named the host, and TLS or DNS agrees.
    HttpConfirmed,
    /// The server's name in a TLS handshake.
    TlsSni,
    /// A DNS answer with the address.
    Dns,
    /// HTTP named the host, and nothing else does.
    HttpHost,
    /// There is only an address.
    Address,
}

impl NameSource {
    /// As records show it.
    pub fn name(self) -> &'static str {
        match self {
            NameSource::HttpConfirmed => "http_confirmed",
            NameSource::TlsSni => "tls_sni",
            NameSource::Dns => "dns",
            NameSource::HttpHost => "http_host",
            NameSource::Address => "address",
        }
    }
}
