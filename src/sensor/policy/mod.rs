//! Which transactions are of interest: what the user's rules say of host and path, and what nobody should see.
//!
//! Left out whatever the rules say: requests to where AWS hands out credentials and what it knows of a task or an
//! instance, and the sensor's own connections, which would report each report. What is left out is counted by its cause.
//! Pure: no clock, no sockets, no memory of what was judged before.

mod pattern;
mod rules;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use self::pattern::BadPattern;
pub use self::rules::{BadRule, Patterns, RuleList, Rules};
use crate::record::Connection;

/// Where ECS tasks and EKS pods get credentials (and ECS tasks what is known of them, at the first address).
const CREDENTIALS: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23)),
];

/// The instance metadata service of EC2, which hands out credentials, too.
const INSTANCE_METADATA: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)), IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254))];

/// The longest text of an IPv6 address in brackets. No longer host is an address.
const MAX_ADDRESS: usize = 41;

/// What is done with a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Wanted,
    Unwanted(Cause),
}

/// Why a transaction is not wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// A connection of the sensor itself.
    Own,
    /// With what hands out the credentials of a task or a pod.
    Credentials,
    /// With the instance metadata service.
    InstanceMetadata,
    /// A rule excludes the host.
    HostExcluded,
    /// A rule excludes the path.
    PathExcluded,
    /// There are rules that allow hosts, and none that allows this one.
    HostNotAllowed,
    /// There are rules that allow paths, and none that allows this one.
    PathNotAllowed,
}

/// Whether a connection is one of the sensor's own.
pub type IsOwn = Box<dyn Fn(&Connection) -> bool + Send>;

/// Judges transactions.
#[derive(Default)]
pub struct Policy {
    rules: Rules,
    is_own: Option<IsOwn>,
}

impl Policy {
    /// Rules of the user.
    pub fn new(rules: Rules) -> Self {
        Policy { rules, is_own: None }
    }

    /// Leaves out the connections that this recognises. It is asked once a transaction, in the packet path.
    #[must_use]
    pub fn without(mut self, is_own: IsOwn) -> Self {
        self.is_own = Some(is_own);
        self
    }

    /// Judges a transaction by its connection, the host that was asked for, and the path.
    ///
    /// A port behind the host and a query behind the path do not count. Either is empty if it is not known, as where only
    /// the response was seen: then no rule excludes it, and none allows it.
    pub fn judge(&self, connection: &Connection, host: &[u8], path: &[u8]) -> Verdict {
        let host = without_port(host);
        match self.reserved(connection, host).or_else(|| self.rules.judge(host, path)) {
            Some(cause) => Verdict::Unwanted(cause),
            None => Verdict::Wanted,
        }
    }

    /// Judges what has no path by its nature, such as a TLS handshake: only rules of hosts count.
    pub fn judge_host(&self, connection: &Connection, host: &[u8]) -> Verdict {
        let host = without_port(host);
        match self.reserved(connection, host).or_else(|| self.rules.judge_host(host)) {
            Some(cause) => Verdict::Unwanted(cause),
            None => Verdict::Wanted,
        }
    }

    /// Judges what has no host either: only whom it is with counts.
    pub fn judge_connection(&self, connection: &Connection) -> Verdict {
        match self.reserved(connection, b"") {
            Some(cause) => Verdict::Unwanted(cause),
            None => Verdict::Wanted,
        }
    }

    /// What nobody should see. A proxy may be asked for it, too: then the host names it.
    fn reserved(&self, connection: &Connection, host: &[u8]) -> Option<Cause> {
        if self.is_own.as_ref().is_some_and(|is_own| is_own(connection)) {
            return Some(Cause::Own);
        }
        // Which end is the server may be guessed, and nothing else has such an address.
        let ends = [Some(connection.server.address), Some(connection.client.address), address(host)];
        ends.into_iter().flatten().map(|address| address.to_canonical()).find_map(|address| {
            if CREDENTIALS.contains(&address) {
                Some(Cause::Credentials)
            } else if INSTANCE_METADATA.contains(&address) {
                Some(Cause::InstanceMetadata)
            } else {
                None
            }
        })
    }
}

/// The services of AWS whose answers are credentials and secrets, by the label of their hosts.
const SECRET_SERVICES: [&[u8]; 6] = [b"sts", b"kms", b"secretsmanager", b"ssm", b"cognito-identity", b"sso"];

/// Whether what a host answers is secret by its nature, so that no content of it is to be looked at: the services of AWS
/// that hand out credentials, keys and secrets, in any region, in China, with FIPS and behind VPC endpoints.
pub fn hands_out_secrets(host: &[u8]) -> bool {
    let host = without_port(host);
    let name = without_end(host, b".cn").unwrap_or(host);
    let Some(name) = without_end(name, b".amazonaws.com") else { return false };
    let mut labels = name.split(|&byte| byte == b'.').map(|label| without_end(label, b"-fips").unwrap_or(label));
    labels.any(|label| SECRET_SERVICES.iter().any(|service| service.eq_ignore_ascii_case(label)))
}

/// A name without an end that it may have, in whatever case.
fn without_end<'a>(name: &'a [u8], end: &[u8]) -> Option<&'a [u8]> {
    let (start, last) = name.split_at_checked(name.len().checked_sub(end.len())?)?;
    last.eq_ignore_ascii_case(end).then_some(start)
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy").field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// A host without the port, and without the dot that ends an absolute name.
fn without_port(host: &[u8]) -> &[u8] {
    let colon = memchr::memrchr(b':', host);
    let host = match colon {
        // An IPv6 address without brackets has no port behind it.
        Some(colon) if memchr::memchr(b':', host) == Some(colon) || host[..colon].ends_with(b"]") => &host[..colon],
        _ => host,
    };
    host.strip_suffix(b".").unwrap_or(host)
}

/// The address that a host is.
fn address(host: &[u8]) -> Option<IpAddr> {
    let is_address = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':' | b'[' | b']');
    if host.len() > MAX_ADDRESS || !host.iter().all(is_address) {
        return None;
    }
    let text = std::str::from_utf8(host).ok()?;
    text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text).parse().ok()
}
