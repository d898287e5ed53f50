//! Posts one request, and reads what comes back.

use std::borrow::Cow;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, Resolver};
use ureq::unversioned::transport::{ConnectProxyConnector, Connector, RustlsConnector};
use ureq::{Agent, http};

use super::answer::{Answer, Response};
use super::compress;
use super::connector::{Interrupt, LeftToConnector, MOST_AGE, OwnConnector};
use super::{Endpoint, Format, Headers, Options, Signal, TransportError};

/// Bytes of an answer that are read.
const MOST_ANSWER: u64 = 64 << 10;
/// Bytes of headers of an answer that are read.
const MOST_HEADERS: usize = 16 << 10;
/// In each direction, once for the connection and once for TLS.
const BUFFER: usize = 16 << 10;
/// A connection on which nothing was sent for so long is not used any more.
const MOST_IDLE: Duration = Duration::from_secs(90);

/// Posts requests.
pub trait Post: Send {
    /// Posts a body, which is compressed by gzip, and waits for the answer no longer than this.
    fn post(&mut self, signal: Signal, body: &[u8], timeout: Duration) -> Answer;
}

/// Posts over HTTP/1.1.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    endpoint: Endpoint,
    format: Format,
    headers: Headers,
    interrupt: Interrupt,
}

impl Client {
    /// Reads certificates, and connects when there is something to send.
    pub fn new(options: &Options) -> Result<Self, TransportError> {
        Self::with(options, MOST_AGE, DefaultResolver::default())
    }

    /// One that uses a connection for so long, and looks names up with this.
    pub(super) fn with(options: &Options, most_age: Duration, resolver: impl Resolver) -> Result<Self, TransportError> {
        let interrupt = Interrupt::default();
        let connector = ().chain(ConnectProxyConnector::default());
        let own_sockets = Arc::clone(&options.own_sockets);
        let connector =
            connector.chain(OwnConnector::new(Box::new(resolver), own_sockets, interrupt.clone(), most_age));
        let connector = connector.chain(RustlsConnector::default());
        let config = Agent::config_builder()
            .proxy(options.proxies.for_endpoint(&options.endpoint)?)
            .tls_config(tls(options)?)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("sidetap/", env!("CARGO_PKG_VERSION")))
            .accept(options.format.media_type())
            .max_response_header_size(MOST_HEADERS)
            .input_buffer_size(BUFFER)
            .output_buffer_size(BUFFER)
            .max_idle_connections(1)
            .max_idle_connections_per_host(1)
            .max_idle_age(MOST_IDLE)
            .build();
        Ok(Client {
            agent: Agent::with_parts(config, connector, LeftToConnector),
            endpoint: options.endpoint.clone(),
            format: options.format,
            headers: options.headers.clone(),
            interrupt,
        })
    }

    /// Ends a request that hangs, from another thread.
    pub fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    fn try_post(&self, signal: Signal, body: &[u8], timeout: Duration) -> Result<Response, ureq::Error> {
        let body = match self.format.is_sent_compressed() {
            true => Cow::Borrowed(body),
            false => Cow::Owned(compress::expand_all(body).ok_or_else(unreadable)?),
        };
        let mut request = self
            .agent
            .post(self.format.url(&self.endpoint, signal))
            .header(http::header::CONTENT_TYPE, self.format.media_type());
        if self.format.is_sent_compressed() {
            request = request.header(http::header::CONTENT_ENCODING, "gzip");
        }
        for (name, value) in self.headers.iter() {
            request = request.header(name, value);
        }
        let answer = request.config().timeout_global(Some(timeout)).build().send(&*body)?;
        let (head, body) = answer.into_parts();
        let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut response = Response {
            status: head.status.as_u16(),
            retry_after: header(http::header::RETRY_AFTER),
            date: header(http::header::DATE),
            location: header(http::header::LOCATION),
            body: Vec::new(),
        };
        // The status stands, even if the rest does not come.
        let _ = body.into_reader().take(MOST_ANSWER).read_to_end(&mut response.body);
        if !self.format.is_answered_in_part() && head.status.is_success() {
            response.body.clear();
        }
        Ok(response)
    }

    fn without_secrets(&self, text: String) -> String {
        self.headers.without_values(self.endpoint.without_query(text))
    }
}

impl Post for Client {
    fn post(&mut self, signal: Signal, body: &[u8], timeout: Duration) -> Answer {
        match self.try_post(signal, body, timeout) {
            Ok(mut response) => {
                let text = String::from_utf8_lossy(&response.body);
                let clean = self.without_secrets(text.clone().into_owned());
                // Only a text that repeats a secret is changed: the body may be protobuf.
                if clean != text {
                    response.body = clean.into_bytes();
                }
                response.location = response.location.map(|location| self.without_secrets(location));
                Answer::Response(response)
            }
            Err(error) => Answer::Failed(self.without_secrets(said(&error))),
        }
    }
}

fn unreadable() -> ureq::Error {
    ureq::Error::Io(io::Error::new(io::ErrorKind::InvalidData, "the request cannot be expanded"))
}

/// What went wrong, in words that need no knowledge of the client.
fn said(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(error) => tls_error(error),
            None => error.to_string(),
        },
        ureq::Error::Timeout(_) => "no answer in time".into(),
        ureq::Error::HostNotFound => "there is no host of this name".into(),
        ureq::Error::Rustls(error) => tls_error(error),
        other => other.to_string(),
    }
}

fn tls_error(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer) => {
            "the receiver's certificate is from an authority that is not known here; `--otlp-ca FILE` names one".into()
        }
        other => other.to_string(),
    }
}

fn tls(options: &Options) -> Result<TlsConfig, TransportError> {
    let mut roots = Vec::new();
    if let Some(path) = &options.ca_file {
        let pem = std::fs::read(path).map_err(|source| TransportError::CaFile { path: path.clone(), source })?;
        for item in parse_pem(&pem) {
            if let Ok(PemItem::Certificate(certificate)) = item {
                roots.push(certificate);
            }
        }
        if roots.is_empty() {
            return Err(TransportError::NoCertificate { path: path.clone() });
        }
    }
    // Hundreds of certificates are read only where one is needed. A proxy may need them for a tunnel to http, too.
    if options.endpoint.is_tls() || options.proxies.for_endpoint(&options.endpoint)?.is_some() {
        let system = rustls_native_certs::load_native_certs().certs;
        roots.extend(system.iter().map(|certificate| Certificate::from_der(certificate).to_owned()));
        if roots.is_empty() && options.endpoint.is_tls() {
            return Err(TransportError::NoAuthorities);
        }
    }
    Ok(TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::new_with_certs(&roots))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build())
}
