//! What the user says about sending.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{Endpoint, Format, Headers, Proxies};
use crate::export::own_sockets::OwnSockets;

/// Items of a request.
pub const MOST_ITEMS: usize = 512;
/// Bytes of a request before they are compressed, unless a single item has more.
pub const REQUEST_BYTES: usize = 1 << 20;
/// No request has more, whatever is in it. Receivers take 4 MiB at least.
pub const MOST_REQUEST_BYTES: usize = 3 << 20;
/// How often what there is is sent.
pub const INTERVALS: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(60);
/// No less memory can be given.
pub const LEAST_QUEUE_BYTES: usize = 256 << 10;

/// How to send, and where.
#[derive(Debug, Clone)]
pub struct Options {
    pub endpoint: Endpoint,
    /// What the receiver reads.
    pub format: Format,
    pub headers: Headers,
    /// Certificates of authorities in PEM that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    pub proxies: Proxies,
    /// Within [`INTERVALS`].
    pub export_interval: Duration,
    /// For one request, from the look-up of the name to the end of the answer.
    pub timeout: Duration,
    /// Bytes that items may take in memory, compressed or not, at least [`LEAST_QUEUE_BYTES`].
    pub queue_bytes: usize,
    /// How long items wait in memory.
    pub max_age: Duration,
    /// Sets this sensor apart from others, so that they do not send at the same moment.
    pub instance: String,
    pub spool: Option<SpoolOptions>,
    pub own_sockets: Arc<OwnSockets>,
}

/// Where items wait on disk, and how many.
#[derive(Debug, Clone)]
pub struct SpoolOptions {
    pub directory: PathBuf,
    pub max_bytes: u64,
    pub max_age: Duration,
}

impl Options {
    /// The usual ones: OTLP, every 10 s, 8 MiB, 10 min, 10 s a request, no spool.
    pub fn new(endpoint: Endpoint, own_sockets: Arc<OwnSockets>) -> Self {
        Options {
            endpoint,
            format: Format::default(),
            headers: Headers::new(),
            ca_file: None,
            proxies: Proxies::default(),
            export_interval: Duration::from_secs(10),
            timeout: Duration::from_secs(10),
            queue_bytes: 8 << 20,
            max_age: Duration::from_secs(600),
            instance: String::new(),
            spool: None,
            own_sockets,
        }
    }
}

impl SpoolOptions {
    /// The usual ones for one of the receivers that share a directory: in it each has its own, so that no other gets what
    /// was meant for it.
    pub fn below(directory: &Path, kind: &str, endpoint: &Endpoint) -> Self {
        Self::new(directory.join(format!("{kind}-{}", endpoint.fingerprint())))
    }

    /// The usual ones: 64 MiB, 1 h.
    pub fn new(directory: PathBuf) -> Self {
        SpoolOptions { directory, max_bytes: 64 << 20, max_age: Duration::from_secs(3600) }
    }
}

/// Sending cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    #[error("`{url}` is no URL of a receiver: {why}")]
    Url { url: String, why: &'static str },
    #[error("`{name}` is no name of a header")]
    HeaderName { name: String },
    #[error("the value of header `{name}` has characters that no header can have")]
    HeaderValue { name: String },
    #[error("cannot read the certificates in `{}`", path.display())]
    CaFile { path: PathBuf, source: io::Error },
    #[error("there is no certificate in `{}`", path.display())]
    NoCertificate { path: PathBuf },
    #[error("there are no certificates of authorities, so that no https receiver can be trusted")]
    NoAuthorities,
    #[error("{variable} names no proxy")]
    Proxy { variable: &'static str },
    #[error("{variable} names a SOCKS proxy, which is not supported")]
    Socks { variable: &'static str },
    #[error("the export interval is {0:?}")]
    Interval(Duration),
    #[error("{given} bytes are too few to send with")]
    QueueBytes { given: usize },
    #[error("cannot start the sending thread")]
    Thread(#[source] io::Error),
}

impl TransportError {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        let hint: &str = match self {
            TransportError::Url { why: "it has a user name or password", .. } => {
                "put a token in a header, which is never shown"
            }
            TransportError::Url { .. } => {
                "name the base URL, as `http://127.0.0.1:4318`; `/v1/traces` and the like are appended"
            }
            TransportError::HeaderName { .. } | TransportError::HeaderValue { .. } => "write a header as `NAME=VALUE`",
            TransportError::CaFile { .. } | TransportError::NoCertificate { .. } => {
                "`--otlp-ca` takes a file of certificates in PEM: `-----BEGIN CERTIFICATE-----`"
            }
            TransportError::NoAuthorities => {
                "name the authority of the receiver's certificate by `--otlp-ca FILE`, or put the system's in the image"
            }
            TransportError::Proxy { .. } | TransportError::Socks { .. } => {
                "name an HTTP proxy, as `http://proxy:3128`, or add the receiver's host to NO_PROXY"
            }
            TransportError::Interval(_) => "it can be from 1s to 60s",
            TransportError::QueueBytes { .. } => "256 KiB is the least",
            TransportError::Thread(_) => return Vec::new(),
        };
        vec![hint.into()]
    }
}
