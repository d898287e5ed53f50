//! Where a connection is seen from: at its server, at its client, or at both.

use std::collections::HashSet;
use std::net::IpAddr;

use crate::packet::Realm;
use crate::record::{Connection, Vantage};

/// The addresses that are here.
#[derive(Debug, Clone, Default)]
pub struct Home {
    addresses: HashSet<IpAddr>,
}

impl Home {
    /// These addresses are here. With none, as in a capture file, the ranges of addresses have to do.
    pub fn new(addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        Home { addresses: addresses.into_iter().collect() }
    }

    /// Where a connection is seen from.
    pub fn vantage(&self, connection: &Connection) -> Vantage {
        let is_here = |address: IpAddr| connection.realm == Realm::OUTSIDE && self.addresses.contains(&address);
        let (client, server) = (connection.client.address, connection.server.address);
        match (is_here(client), is_here(server)) {
            (true, true) => Vantage::Both,
            (false, true) => Vantage::Server,
            (true, false) => Vantage::Client,
            (false, false) if client.is_loopback() && server.is_loopback() => Vantage::Both,
            (false, false) if is_private(client) && !is_private(server) => Vantage::Client,
            (false, false) => Vantage::Server,
        }
    }
}

/// Whether an address belongs to nobody in particular: loopback, link-local, RFC 1918, RFC 6598, RFC 4193.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || (first == 100 && second & 0xc0 == 0x40)
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Endpoint;

    fn between(client: &str, server: &str) -> Connection {
        let [client, server] = [client, server].map(|address| Endpoint { address: address.parse().unwrap(), port: 1 });
        Connection { client, server, realm: Realm::OUTSIDE }
    }

    #[test]
    fn known_addresses_tell_and_ranges_do_without_them() {
        let home = Home::new(["10.0.0.5".parse().unwrap()]);
        for (client, server, vantage) in [
            ("10.0.0.9", "10.0.0.5", Vantage::Server),
            ("10.0.0.5", "10.0.0.9", Vantage::Client),
            ("10.0.0.5", "10.0.0.5", Vantage::Both),
            ("127.0.0.1", "127.0.0.1", Vantage::Both),
            ("10.9.9.9", "8.8.8.8", Vantage::Client),
            ("100.64.0.1", "8.8.8.8", Vantage::Client),
            ("8.8.8.8", "10.9.9.9", Vantage::Server),
            ("10.9.9.8", "10.9.9.9", Vantage::Server),
            ("fd00::1", "2001:db8::1", Vantage::Client),
        ] {
            assert_eq!(home.vantage(&between(client, server)), vantage, "{client} {server}");
        }
    }

    #[test]
    fn addresses_that_were_mirrored_are_somewhere_else() {
        let home = Home::new(["10.0.0.5".parse().unwrap()]);
        let mirrored = Connection { realm: Realm::of_source(0), ..between("10.0.0.5", "10.0.0.9") };
        assert_eq!(home.vantage(&mirrored), Vantage::Server);
    }
}
