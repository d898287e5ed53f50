//! What a site is called, going by all that was said of it, and what of that does not fit together.

use std::net::IpAddr;
use std::sync::Arc;

use super::resolved::Lookup;
use crate::record::NameSource;

/// A host that HTTP named, in the form of [`super::name`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpHost {
    pub name: Arc<str>,
    pub port: Option<u16>,
}

impl HttpHost {
    /// Whether a request to this port is for another one: who asks a proxy names the port of the site that the proxy
    /// shall ask (RFC 9112 §3.2.2), and leaves the default ports out.
    fn is_elsewhere(&self, port: u16) -> bool {
        match self.port {
            Some(named) => named != port,
            None => !matches!(port, 80 | 443),
        }
    }
}

/// All that was said of the server of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    pub port: u16,
    pub server_name: Option<&'a Arc<str>>,
    pub hosts: &'a [HttpHost],
    pub dns: Option<&'a Lookup>,
    /// DNS answers were seen before.
    pub dns_seen: bool,
    /// The server's name certainly had no answer, though answers to this client were seen.
    pub never_resolved: bool,
}

/// What it comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// `None` if there is only an address.
    pub name: Option<Arc<str>>,
    pub source: NameSource,
    /// The name is from DNS, which gave another one, too.
    pub ambiguous: bool,
    pub mismatches: Mismatches,
}

/// What does not fit together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mismatches(u8);

impl Mismatches {
    /// Nothing named it, though DNS is seen.
    pub const DIRECT_TO_IP: Mismatches = Mismatches(1);
    /// No DNS answer gave the name that TLS asked for.
    pub const SNI_NEVER_RESOLVED: Mismatches = Mismatches(2);
    /// HTTP asked for another host than TLS or DNS.
    pub const HOST_DIFFERS: Mismatches = Mismatches(4);

    const NAMES: [(Mismatches, &'static str); 3] = [
        (Mismatches::DIRECT_TO_IP, "direct_to_ip"),
        (Mismatches::SNI_NEVER_RESOLVED, "sni_never_resolved"),
        (Mismatches::HOST_DIFFERS, "host_differs"),
    ];

    /// Adds these, on a condition.
    pub fn add_if(&mut self, condition: bool, others: Mismatches) {
        if condition {
            self.0 |= others.0;
        }
    }

    /// As records show them.
    pub fn names(self) -> Vec<&'static str> {
        Self::NAMES.iter().filter(|(bit, _)| self.0 & bit.0 != 0).map(|(_, name)| *name).collect()
    }
}

impl Evidence<'_> {
    /// Weighs it.
    pub fn verdict(&self) -> Verdict {
        let (name, source) = self.name();
        let ambiguous = source == NameSource::Dns && self.dns.is_some_and(|dns| dns.ambiguous);
        let mut mismatches = Mismatches::default();
        mismatches.add_if(name.is_none() && self.dns_seen, Mismatches::DIRECT_TO_IP);
        // What a proxy connects to, the proxy resolves.
        let proxied = self.hosts.iter().any(|host| host.is_elsewhere(self.port));
        mismatches.add_if(self.never_resolved && !proxied, Mismatches::SNI_NEVER_RESOLVED);
        mismatches.add_if(self.hosts.iter().any(|host| self.differs(host)), Mismatches::HOST_DIFFERS);
        Verdict { name, source, ambiguous, mismatches }
    }

    fn name(&self) -> (Option<Arc<str>>, NameSource) {
        if let Some(server_name) = self.server_name {
            let confirmed = self.hosts.iter().any(|host| host.name == *server_name);
            let source = if confirmed { NameSource::HttpConfirmed } else { NameSource::TlsSni };
            return (Some(server_name.clone()), source);
        }
        if let Some(dns) = self.dns {
            let direct = self.hosts.iter().filter(|host| !host.is_elsewhere(self.port));
            return match direct.filter_map(|host| Some((host, dns.agrees(&host.name)?))).next() {
                // An alias is what was asked for; what is without its domain is told in full.
                Some((host, names)) if names.aliases.iter().any(|alias| **alias == *host.name) => {
                    (Some(host.name.clone()), NameSource::HttpConfirmed)
                }
                Some((_, names)) => (Some(names.name.clone()), NameSource::HttpConfirmed),
                None => (Some(dns.names.name.clone()), NameSource::Dns),
            };
        }
        match self.hosts.first() {
            Some(host) => (Some(host.name.clone()), NameSource::HttpHost),
            None => (None, NameSource::Address),
        }
    }

    fn differs(&self, host: &HttpHost) -> bool {
        match (self.server_name, self.dns) {
            (Some(server_name), _) => host.name != *server_name,
            (None, Some(dns)) => !host.is_elsewhere(self.port) && dns.agrees(&host.name).is_none(),
            (None, None) => false,
        }
    }
}

/// Whether an address is nobody else's: of this host, of this link (where ECS and EC2 answer for the task's metadata and
/// credentials, as at 169.254.170.2 and 169.254.169.254), or of no host at all.
pub fn is_no_site(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            v4.is_loopback() || v4.is_link_local() || v4.is_unspecified() || v4.is_multicast() || v4.is_broadcast()
        }
        IpAddr::V6(v6) => {
            // Of Amazon's fd00:ec2::/32: the instance metadata, the resolver and the clock of the VPC.
            let amazon = v6.segments()[..2] == [0xfd00, 0x0ec2];
            v6.is_loopback() || v6.is_unicast_link_local() || v6.is_unspecified() || v6.is_multicast() || amazon
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_itself_its_link_and_the_metadata_services_are_no_sites() {
        for address in [
            "127.0.0.1",
            "127.8.0.1",
            "::1",
            "169.254.170.2",
            "169.254.170.23",
            "169.254.169.254",
            "169.254.169.253",
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fe80::1",
            "::ffff:127.0.0.1",
            "0.0.0.0",
            "::",
            "224.0.0.251",
            "255.255.255.255",
            "ff02::fb",
        ] {
            assert!(is_no_site(address.parse().unwrap()), "{address}");
        }
        for address in ["10.0.0.2", "192.0.2.1", "2001:db8::1", "fd00:ec3::1", "::ffff:10.0.0.2"] {
            assert!(!is_no_site(address.parse().unwrap()), "{address}");
        }
    }
}
