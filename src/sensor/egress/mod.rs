//! The sites that a task talks to: what they are called, how that is known, and how much goes there.
//!
//! Most of what leaves a task is encrypted. But DNS says which name an address has, the TLS handshake which name was
//! asked for, and HTTP in clear which host; [`NameSource`](crate::record::NameSource) grades them. Where they do not
//! agree, or nothing names an address, that is told, too. None of it is proof: who wants to hide where he connects to can
//! lie in each of them.
//!
//! - `name`: what a host is called, in one form
//! - `resolved`: what DNS said
//! - `pending`: what was said of open connections
//! - `evidence`: what that comes to
//! - `sites`: what is counted of each
//! - [`metrics`], [`report`]: how it is told
//! - `recent`, `seen`: what keeps all of this within its bounds

mod evidence;
pub mod metrics;
mod name;
mod pending;
mod recent;
pub mod report;
mod resolved;
mod seen;
mod sites;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::time::Duration;

pub use metrics::Metrics;
pub use name::{LONGEST_NAME, OTHER};
pub use report::{EgressReport, ReportFormat, SiteReport, Totals};
pub use sites::MOST_SERIES;

use self::evidence::Evidence;
use self::name::Host;
use self::pending::Pending;
use self::recent::Recent;
use self::resolved::Resolved;
use self::sites::Sites;
use crate::export::monitor::Report;
use crate::packet::Timestamp;
use crate::record::{Connection, DnsAnswer, EgressSummary, Endpoint, TlsHandshake};

/// How often sites are summed up.
pub const INTERVAL: Duration = Duration::from_secs(300);

/// How much is remembered. What does not fit is counted among the others, or as forgotten. With the defaults, everything
/// together takes 2 MiB at most, or little more; a task with some dozen sites takes some 50 KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EgressLimits {
    /// Sites, by name, port and protocol.
    pub sites: usize,
    /// Addresses with a name from DNS.
    pub addresses: usize,
    /// Open connections of which something was said.
    pub connections: usize,
    /// Bytes of names, over all three.
    pub name_bytes: usize,
}

impl Default for EgressLimits {
    fn default() -> Self {
        EgressLimits { sites: 1024, addresses: 2048, connections: 1024, name_bytes: 1 << 20 }
    }
}

impl EgressLimits {
    /// The usual limits, or so many of each that everything together takes about so many bytes at most.
    pub fn within(bytes: usize) -> Self {
        const USUAL_BYTES: usize = 2 << 20;
        let usual = EgressLimits::default();
        let part = |usual: usize| (usual.saturating_mul(bytes.min(USUAL_BYTES)) / USUAL_BYTES).max(16);
        EgressLimits {
            sites: part(usual.sites),
            addresses: part(usual.addresses),
            connections: part(usual.connections),
            name_bytes: part(usual.name_bytes),
        }
    }
}

/// What a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    Http,
    Tls,
    Dns,
    /// Nobody knows.
    Tcp,
}

impl Protocol {
    /// As records show it.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Http => "http",
            Protocol::Tls => "tls",
            Protocol::Dns => "dns",
            Protocol::Tcp => "tcp",
        }
    }
}

/// A connection from here that is over, or not followed any longer.
#[derive(Debug, Clone, Copy)]
pub struct Flow {
    pub protocol: Protocol,
    /// Bytes of payload that the client sent.
    pub sent_bytes: u64,
    /// Bytes of payload that the server sent.
    pub received_bytes: u64,
    /// The times of its first and its last packet.
    pub first: Timestamp,
    pub last: Timestamp,
}

/// The sites that are talked to.
#[derive(Debug)]
pub struct Egress {
    resolved: Resolved,
    pending: Recent<pending::Key, Pending>,
    sites: Sites,
    forgotten_connections: u64,
    /// When something was first heard of, and last.
    since: Option<Timestamp>,
    until: Timestamp,
    /// When the minutes began that are summed up next.
    window: Option<Timestamp>,
    buffer: String,
}

impl Egress {
    /// Nothing was talked to.
    pub fn new(limits: EgressLimits) -> Self {
        // Names of DNS come in chains.
        let bytes = limits.name_bytes / 4;
        Egress {
            resolved: Resolved::new(limits.addresses, bytes * 2),
            pending: Recent::new(limits.connections, bytes),
            sites: Sites::new(limits.sites, bytes),
            forgotten_connections: 0,
            since: None,
            until: Timestamp::default(),
            window: None,
            buffer: String::new(),
        }
    }

    /// Takes in a DNS answer.
    pub fn dns(&mut self, connection: &Connection, answer: &DnsAnswer) {
        self.heard(Timestamp::from_nanos(answer.time_unix_nanos));
        self.resolved.answer(connection, answer);
    }

    /// Takes in a TLS handshake of a connection from here.
    pub fn tls(&mut self, connection: &Connection, handshake: &TlsHandshake) {
        let time = Timestamp::from_nanos(handshake.time_unix_nanos);
        self.heard(time);
        let connection = canonical(connection);
        if evidence::is_no_site(connection.server.address) {
            return;
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        let named = handshake.server_name.as_ref().and_then(|name| name::read(name.as_bytes(), &mut buffer));
        let server_name = match named {
            Some((Host::Name(name), None)) => Some(name),
            _ => None,
        };
        self.pend(&connection, time, |pending| {
            pending.tls = true;
            if pending.server_name.is_none() {
                pending.server_name = server_name.map(Into::into);
            }
        });
        self.buffer = buffer;
    }

    /// Takes in the host of a request from here, and the port, where one was named; it may stand behind the host, too.
    pub fn exchange(&mut self, connection: &Connection, host: &[u8], port: Option<u16>, time: Timestamp) {
        self.heard(time);
        let connection = canonical(connection);
        if evidence::is_no_site(connection.server.address) {
            return;
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        let named = name::read(host, &mut buffer);
        self.pend(&connection, time, |pending| match named {
            Some((Host::Name(name), behind)) => pending.host(name, port.or(behind)),
            _ => pending.http = true,
        });
        self.buffer = buffer;
    }

    /// Counts a TCP connection whose client is here.
    pub fn flow(&mut self, connection: &Connection, flow: &Flow) {
        self.heard(flow.first);
        self.heard(flow.last);
        let connection = canonical(connection);
        if evidence::is_no_site(connection.server.address) {
            return;
        }
        let said = self.pending.remove(&pending::key(&connection)).unwrap_or_default();

        let (realm, client, server) = (connection.realm, connection.client.address, connection.server);
        let found = match &said.dns {
            Some(_) => None,
            None => self.resolved.lookup(realm, client, server.address, flow.first),
        };
        let dns = said.dns.as_ref().or(found.as_ref());
        let never_resolved = said.server_name.as_ref().is_some_and(|name| {
            self.resolved.sees(realm, client, flow.first)
                && self.resolved.never(realm, name)
                && dns.is_none_or(|dns| dns.agrees(name).is_none())
        });
        let evidence = Evidence {
            port: server.port,
            server_name: said.server_name.as_ref(),
            hosts: &said.hosts,
            dns,
            dns_seen: self.resolved.sees_any(realm, flow.first),
            never_resolved,
        };
        let protocol = match flow.protocol {
            Protocol::Tcp if said.tls => Protocol::Tls,
            Protocol::Tcp if said.http => Protocol::Http,
            known => known,
        };
        self.sites.count(server, protocol, &evidence.verdict(), &Totals::of(flow));
    }

    /// What happened in the last minutes, the most bytes first, once [`INTERVAL`] is over.
    pub fn summaries(&mut self, now: Timestamp) -> std::vec::IntoIter<EgressSummary> {
        let began = *self.window.get_or_insert(now);
        if now < began {
            // The clock was set back.
            self.window = Some(now);
        }
        if now.since(began) < INTERVAL {
            return Vec::new().into_iter();
        }
        self.rest(now)
    }

    /// What happened since the last summaries, however long ago that was.
    pub fn rest(&mut self, now: Timestamp) -> std::vec::IntoIter<EgressSummary> {
        self.window = Some(now);
        self.sites.summaries(now).into_iter()
    }

    /// Everything since the start.
    pub fn report(&self) -> EgressReport {
        let (sites, other, other_sites) = self.sites.report();
        EgressReport {
            period: self.since.map(|since| (since, self.until)),
            dns_seen: self.resolved.is_seen(),
            sites,
            other,
            other_sites,
        }
    }

    /// A copy of what is told as metrics.
    pub fn metrics(&self) -> Metrics {
        let (forgotten_addresses, unknown_names) = self.resolved.forgotten();
        Metrics {
            forgotten_addresses,
            unknown_names,
            forgotten_connections: self.forgotten_connections,
            unknown_sites: self.sites.left_out(),
            ..self.sites.metrics()
        }
    }

    /// Adds what is told as metrics.
    pub fn describe(&self, report: &mut Report) {
        self.metrics().describe(report);
    }

    /// Bytes that it holds, about.
    pub fn memory(&self) -> usize {
        self.resolved.memory() + self.pending.memory() + self.sites.memory()
    }

    /// Changes what was said of a connection. If it is the first, this is when DNS is asked what it was then.
    fn pend(&mut self, connection: &Connection, time: Timestamp, change: impl FnOnce(&mut Pending)) {
        let resolved = &self.resolved;
        let new = || Pending {
            dns: resolved.lookup(connection.realm, connection.client.address, connection.server.address, time),
            ..Pending::default()
        };
        self.pending.change(&pending::key(connection), new, change, |_, _| self.forgotten_connections += 1);
    }

    fn heard(&mut self, time: Timestamp) {
        self.since = Some(self.since.map_or(time, |since| since.min(time)));
        self.until = self.until.max(time);
    }
}

/// With addresses that compare: IPv4 as such.
fn canonical(connection: &Connection) -> Connection {
    let end = |end: Endpoint| Endpoint { address: IpAddr::to_canonical(&end.address), ..end };
    Connection { client: end(connection.client), server: end(connection.server), ..*connection }
}
