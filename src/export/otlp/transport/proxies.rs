//! Which proxy stands between us and the receiver, as the environment says it to all programs.
//!
//! `HTTPS_PROXY` or `HTTP_PROXY`, by the scheme of the endpoint, then `ALL_PROXY`; `NO_PROXY` names hosts that are reached
//! directly. Lower case counts, too, and comes first, as it does for curl. A tunnel is asked of the proxy (`CONNECT`) for
//! either scheme, so that it never sees a token that goes to an https endpoint.

use std::fmt;
use std::net::IpAddr;

use super::{Endpoint, TransportError};

/// What the environment says of proxies.
#[derive(Clone, Default)]
pub struct Proxies {
    pub https: Option<String>,
    pub http: Option<String>,
    pub all: Option<String>,
    pub none: Option<String>,
}

impl Proxies {
    /// Reads the environment of this process.
    pub fn from_environment() -> Self {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// Reads variables by their names.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let either = |name: &str| {
            let value = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
            value(&name.to_ascii_lowercase()).or_else(|| value(name))
        };
        Proxies {
            https: either("HTTPS_PROXY"),
            http: either("HTTP_PROXY"),
            all: either("ALL_PROXY"),
            none: either("NO_PROXY"),
        }
    }

    /// The proxy for an endpoint, if there is one.
    pub(super) fn for_endpoint(&self, endpoint: &Endpoint) -> Result<Option<ureq::Proxy>, TransportError> {
        let (variable, by_scheme) = match endpoint.is_tls() {
            true => ("HTTPS_PROXY", &self.https),
            false => ("HTTP_PROXY", &self.http),
        };
        let (variable, url) = match (by_scheme, &self.all) {
            (Some(url), _) => (variable, url),
            (None, Some(url)) => ("ALL_PROXY", url),
            (None, None) => return Ok(None),
        };
        if self.is_direct(endpoint.host()) {
            return Ok(None);
        }
        let proxy = ureq::Proxy::new(url.trim()).map_err(|_| TransportError::Proxy { variable })?;
        match proxy.protocol() {
            ureq::ProxyProtocol::Http | ureq::ProxyProtocol::Https => Ok(Some(proxy)),
            _ => Err(TransportError::Socks { variable }),
        }
    }

    /// Whether `NO_PROXY` names the host: itself, a domain above it, a network that its address is in, or `*`.
    fn is_direct(&self, host: &str) -> bool {
        let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
        let address: Option<IpAddr> = host.parse().ok();
        self.none.iter().flat_map(|list| list.split([',', ' '])).any(|entry| {
            let entry = entry.trim().to_ascii_lowercase();
            let domain = entry.trim_start_matches("*.").trim_start_matches('.').trim_matches(['[', ']']);
            match address {
                _ if domain.is_empty() => false,
                _ if entry == "*" => true,
                Some(address) => is_in(address, domain),
                None => host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
            }
        })
    }
}

/// Whether a network, `10.0.0.0/8`, or a single address has this one in it.
fn is_in(address: IpAddr, network: &str) -> bool {
    let (network, bits) = match network.split_once('/') {
        Some((network, bits)) => (network, bits.parse::<u32>().ok()),
        None => (network, Some(128)),
    };
    let Some(bits) = bits else { return false };
    match (address, network.parse()) {
        (IpAddr::V4(address), Ok(IpAddr::V4(network))) => {
            let rest = 32_u32.saturating_sub(bits);
            u32::from(address).checked_shr(rest) == u32::from(network).checked_shr(rest)
        }
        (IpAddr::V6(address), Ok(IpAddr::V6(network))) => {
            let rest = 128_u32.saturating_sub(bits);
            u128::from(address).checked_shr(rest) == u128::from(network).checked_shr(rest)
        }
        _ => false,
    }
}

/// A proxy's URL may hold a password.
impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = |it: &Option<String>| it.is_some();
        f.debug_struct("Proxies")
            .field("https", &given(&self.https))
            .field("http", &given(&self.http))
            .field("all", &given(&self.all))
            .field("none", &self.none)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(variables: &[(&str, &str)], url: &str) -> Option<String> {
        let find = |name: &str| variables.iter().find(|it| it.0 == name).map(|it| it.1.to_owned());
        let endpoint = Endpoint::parse(url).unwrap();
        let proxy = Proxies::from_variables(find).for_endpoint(&endpoint).unwrap()?;
        Some(format!("{}:{}", proxy.host(), proxy.port()))
    }

    #[test]
    fn the_scheme_of_the_endpoint_chooses_the_proxy() {
        let variables = [("HTTPS_PROXY", "http://s:1"), ("http_proxy", "h:2"), ("ALL_PROXY", "http://a:3")];
        assert_eq!(proxy(&variables, "https://x").unwrap(), "s:1");
        assert_eq!(proxy(&variables, "http://x").unwrap(), "h:2");
        assert_eq!(proxy(&variables[..2], "http://x").unwrap(), "h:2");
        assert_eq!(proxy(&variables[2..], "http://x").unwrap(), "a:3");
        assert_eq!(proxy(&variables[..1], "http://x"), None);
        assert_eq!(proxy(&[("https_proxy", "http://l:1"), ("HTTPS_PROXY", "http://u:1")], "https://x").unwrap(), "l:1");
        assert_eq!(proxy(&[("https_proxy", " "), ("HTTPS_PROXY", "http://u:1")], "https://x").unwrap(), "u:1");
    }

    #[test]
    fn hosts_that_are_named_are_reached_directly() {
        let list = "localhost,.internal, *.example.com,169.254.0.0/16,fd00::/8,::1 10.0.0.1";
        let is_direct = |url| proxy(&[("ALL_PROXY", "http://p:1"), ("no_proxy", list)], url).is_none();
        for direct in [
            "http://localhost:4318",
            "http://a.internal",
            "http://Example.com",
            "http://x.y.example.com.",
            "http://169.254.170.2",
            "http://[fd00::2]:1",
            "http://[::1]",
            "http://10.0.0.1",
        ] {
            assert!(is_direct(direct), "{direct}");
        }
        for other in ["http://notlocalhost", "http://myexample.com", "http://169.253.0.1", "http://10.0.0.10"] {
            assert!(!is_direct(other), "{other}");
        }
        assert_eq!(proxy(&[("ALL_PROXY", "http://p:1"), ("NO_PROXY", "*")], "http://x"), None);
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_an_error_without_its_password() {
        let endpoint = Endpoint::parse("http://x").unwrap();
        for url in ["socks5://u:secret@h:1", "nonsense://u:secret@h"] {
            let proxies = Proxies { all: Some(url.into()), ..Default::default() };
            let error = proxies.for_endpoint(&endpoint).unwrap_err();
            assert!(!format!("{error} {error:?} {proxies:?}").contains("secret"));
            assert!(error.to_string().contains("ALL_PROXY") && !error.hints().is_empty());
        }
    }
}
