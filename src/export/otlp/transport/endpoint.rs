//! Where requests go.

use std::fmt;

use sha2::{Digest, Sha256};
use ureq::http::Uri;

use super::{Signal, TransportError};

/// The base URL of a receiver. `/v1/traces` and the like are appended to its path (OpenTelemetry specification,
/// "OTLP Exporter", "Endpoint URLs for OTLP/HTTP").
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Scheme, host and path, without a slash at its end.
    base: String,
    /// With its `?`. It may hold a token, and is never shown.
    query: String,
    host: String,
    tls: bool,
}

impl Endpoint {
    /// Reads the URL that the user has given.
    pub fn parse(url: &str) -> Result<Self, TransportError> {
        let wrong = |why: &'static str| TransportError::Url { url: shown(url), why };
        if url.contains('#') {
            return Err(wrong("it has a fragment"));
        }
        let uri: Uri = url.parse().map_err(|_| wrong("it is none"))?;
        let tls = match uri.scheme_str().map(str::to_ascii_lowercase).as_deref() {
            Some("http") => false,
            Some("https") => true,
            Some(_) => return Err(wrong("its scheme is neither http nor https")),
            None => return Err(wrong("it has no scheme")),
        };
        let authority = uri.authority().ok_or_else(|| wrong("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("it has a user name or password"));
        }
        if authority.host().is_empty() {
            return Err(wrong("it has no host"));
        }
        if authority.as_str().len() > authority.host().len() && authority.port_u16().is_none_or(|port| port == 0) {
            return Err(wrong("its port is none"));
        }
        let scheme = if tls { "https" } else { "http" };
        let base = format!("{scheme}://{authority}{}", uri.path().trim_end_matches('/'));
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(Endpoint { base, query, host: authority.host().to_owned(), tls })
    }

    /// Where the requests of a signal go.
    pub fn url(&self, signal: Signal) -> String {
        self.join(&format!("/v1/{}", signal.word()))
    }

    /// The URL with this appended to its path.
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}{}", self.base, self.query)
    }

    /// A short text that tells it from others and is the same in each run.
    pub fn fingerprint(&self) -> String {
        let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(self.join("")).into();
        format!("{:08x}", u32::from_be_bytes([a, b, c, d]))
    }

    /// The name or address in it; an IPv6 address is in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is https.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// A text without the query, should it repeat it.
    pub(super) fn without_query(&self, text: String) -> String {
        match self.query.len() {
            0 | 1 => text,
            _ => text.replace(&self.query, "?***"),
        }
    }
}

/// A URL without what may be secret in it.
fn shown(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let rest = rest.rsplit_once('@').map_or(rest.to_owned(), |(_, host)| format!("***@{host}"));
    if scheme.is_empty() { rest } else { format!("{scheme}://{rest}") }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoint").field(&self.base).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_signal_is_appended() {
        for (base, expected) in [
            ("http://collector:4318", "http://collector:4318/v1/traces"),
            ("http://collector:4318/", "http://collector:4318/v1/traces"),
            ("https://x.example/otlp", "https://x.example/otlp/v1/traces"),
            ("HTTPS://x.example/otlp/?key=1", "https://x.example/otlp/v1/traces?key=1"),
            ("http://[::1]:4318/a", "http://[::1]:4318/a/v1/traces"),
        ] {
            assert_eq!(Endpoint::parse(base).unwrap().url(Signal::Traces), expected);
        }
        assert_eq!(Endpoint::parse("http://h").unwrap().url(Signal::Metrics), "http://h/v1/metrics");
    }

    #[test]
    fn a_url_that_does_not_work_is_refused_at_once() {
        for (url, why) in [
            ("collector:4318", "`collector:4318` is no URL of a receiver: it has no scheme"),
            ("grpc://collector", "`grpc://collector` is no URL of a receiver: its scheme is neither http nor https"),
            ("http://", "`http://` is no URL of a receiver: it is none"),
            ("http://u:secret@h/", "`http://***@h/` is no URL of a receiver: it has a user name or password"),
            ("http://h:99999/", "`http://h:99999/` is no URL of a receiver: its port is none"),
            ("http://h/?k=secret#f", "`http://h/` is no URL of a receiver: it has a fragment"),
        ] {
            let error = Endpoint::parse(url).unwrap_err();
            assert_eq!(error.to_string(), why);
            assert!(!error.hints().is_empty());
        }
    }

    #[test]
    fn each_receiver_has_its_own_fingerprint_in_every_run() {
        let of = |url| Endpoint::parse(url).unwrap().fingerprint();
        assert_eq!(of("http://collector:4318"), "d725cdd9");
        assert_eq!(of("http://collector:4318/"), of("http://collector:4318"));
        let mut all =
            ["http://a", "http://b", "https://a", "http://a/b", "http://a?tenant=1", "http://a?tenant=2"].map(of);
        all.sort();
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]), "{all:?}");
    }

    #[test]
    fn the_query_is_never_shown() {
        let endpoint = Endpoint::parse("http://h/p?key=secret").unwrap();
        assert!(!format!("{endpoint} {endpoint:?}").contains("secret"));
        assert_eq!(endpoint.without_query("no http://h/p/v1/logs?key=secret".into()), "no http://h/p/v1/logs?***");
    }
}
