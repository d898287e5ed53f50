//! What was said of open connections, until they are counted.

use std::sync::Arc;

use super::evidence::HttpHost;
use super::recent::Heap;
use super::resolved::Lookup;
use crate::packet::Address;
use crate::record::Connection;

/// Hosts that one connection is asked for and that are told apart.
const MOST_HOSTS: usize = 4;

/// Which connection: the two addresses, the realm, and the two ports. Numbers, as each request looks it up.
pub type Key = (u128, u128, u64, u32);

/// What names a connection here.
pub fn key(connection: &Connection) -> Key {
    let (client, server) = (connection.client, connection.server);
    let bits = |address| Address::from(address).bits();
    let ports = u32::from(client.port) << 16 | u32::from(server.port);
    (bits(client.address), bits(server.address), connection.realm.bits(), ports)
}

/// What was said of a connection.
#[derive(Debug, Default)]
pub struct Pending {
    pub tls: bool,
    pub http: bool,
    pub server_name: Option<Arc<str>>,
    pub hosts: Vec<HttpHost>,
    /// What DNS called the server when the connection was first heard of.
    pub dns: Option<Lookup>,
}

impl Pending {
    /// Adds a host, unless it is known or there are many.
    pub fn host(&mut self, name: &str, port: Option<u16>) {
        self.http = true;
        let known = self.hosts.iter().any(|host| *host.name == *name && host.port == port);
        if !known && self.hosts.len() < MOST_HOSTS {
            self.hosts.push(HttpHost { name: name.into(), port });
        }
    }
}

impl Heap for Pending {
    fn heap(&self) -> usize {
        let hosts: usize = self.hosts.iter().map(|host| host.name.len()).sum();
        let server_name = self.server_name.as_ref().map_or(0, |name| name.len());
        let dns = self.dns.as_ref().map_or(0, Heap::heap);
        self.hosts.capacity() * size_of::<HttpHost>() + hosts + server_name + dns
    }
}
