//! Where packets go, as it is given: `HOST[:PORT]`.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use crate::packet::interfaces::Interface;
use crate::packet::vxlan;

/// The longest name that DNS has (RFC 1035 §2.3.4).
const LONGEST_NAME: usize = 253;

/// A collector: an address or a name, and a UDP port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    host: String,
    port: u16,
}

/// Why a text is no destination.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    #[error("a destination is `HOST` or `HOST:PORT`, such as `collector.internal` or `[2001:db8::1]:4789`")]
    NoHost,
    #[error("`{0}` is no port from 1 to 65535")]
    Port(String),
    #[error("`{0}` is no name of a host and no address")]
    Host(String),
    #[error("`{0}` is no address of one host")]
    NotOneHost(String),
    #[error("`{0}` is an address of a link, which leads nowhere without the link's name: use another address")]
    OfALink(String),
}

impl Destination {
    /// All addresses that the host has now; at least one.
    ///
    /// Asks the system's resolver, which may take many seconds to give up.
    pub fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        let addresses: Vec<SocketAddr> = match self.address() {
            Some(address) => vec![SocketAddr::new(address, self.port)],
            None => (self.host.as_str(), self.port).to_socket_addrs()?.collect(),
        };
        match addresses.is_empty() {
            true => Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address")),
            false => Ok(addresses),
        }
    }

    /// Refuses what can only be a mistake.
    fn checked(self) -> Result<Self, DestinationError> {
        let Some(address) = self.address() else {
            // No name ends in a number; resolvers take it for an address of which parts were left out.
            let last = self.host.rsplit('.').next().unwrap_or_default();
            return match last.bytes().all(|byte| byte.is_ascii_digit()) {
                true => Err(DestinationError::Host(self.host)),
                false => Ok(self),
            };
        };
        match address.to_canonical() {
            address if address.is_multicast() || address == IpAddr::V4(Ipv4Addr::BROADCAST) => {
                Err(DestinationError::NotOneHost(self.host))
            }
            IpAddr::V6(address) if address.is_unicast_link_local() => Err(DestinationError::OfALink(self.host)),
            _ => Ok(self),
        }
    }

    /// The address, if it was given as one.
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

impl FromStr for Destination {
    type Err = DestinationError;

    fn from_str(text: &str) -> Result<Self, DestinationError> {
        let text = text.trim();
        let port = |port: &str| match port.parse() {
            Ok(0) | Err(_) => Err(DestinationError::Port(port.to_owned())),
            Ok(number) => Ok(number),
        };
        if let Some(rest) = text.strip_prefix('[') {
            let (host, rest) = rest.split_once(']').ok_or_else(|| DestinationError::Host(text.to_owned()))?;
            let address: Ipv6Addr = host.parse().map_err(|_| DestinationError::Host(host.to_owned()))?;
            let port = match rest.strip_prefix(':') {
                Some(number) => port(number)?,
                None if rest.is_empty() => vxlan::PORT,
                None => return Err(DestinationError::Port(rest.to_owned())),
            };
            return Destination { host: address.to_string(), port }.checked();
        }
        // An IPv6 address has more colons than a port needs.
        let (host, port) = match text.split_once(':') {
            Some((_, path)) if path.starts_with("//") => return Err(DestinationError::Host(text.to_owned())),
            Some((host, number)) if !number.contains(':') => (host, port(number)?),
            _ => (text, vxlan::PORT),
        };
        if host.is_empty() {
            return Err(DestinationError::NoHost);
        }
        let is_name = host.len() <= LONGEST_NAME
            && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
        match is_name || host.parse::<Ipv6Addr>().is_ok() {
            true => Destination { host: host.to_owned(), port }.checked(),
            false => Err(DestinationError::Host(host.to_owned())),
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// Whether what is sent to this address comes back to this machine, where it would be captured and sent again.
pub fn is_own(address: IpAddr, interfaces: &[Interface]) -> bool {
    let address = address.to_canonical();
    let has = |own: &IpAddr| own.to_canonical() == address;
    address.is_loopback()
        || address.is_unspecified()
        || interfaces.iter().any(|interface| interface.addresses.iter().any(has))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<String, DestinationError> {
        text.parse::<Destination>().map(|destination| destination.to_string())
    }

    #[test]
    fn the_port_is_vxlans_unless_given() {
        for (text, meaning) in [
            ("collector", "collector:4789"),
            (" mirroring-fargate.private.traceable.ai ", "mirroring-fargate.private.traceable.ai:4789"),
            ("10.0.0.7:8472", "10.0.0.7:8472"),
            ("2001:db8::1", "[2001:db8::1]:4789"),
            ("[2001:DB8::1]", "[2001:db8::1]:4789"),
            ("[::1]:1", "[::1]:1"),
        ] {
            assert_eq!(parsed(text).as_deref(), Ok(meaning), "{text}");
        }
    }

    #[test]
    fn what_is_no_destination_says_why() {
        for text in ["", "  ", ":4789"] {
            assert_eq!(parsed(text), Err(DestinationError::NoHost), "{text:?}");
        }
        for (text, port) in [("h:0", "0"), ("h:65536", "65536"), ("h:", ""), ("[::1]4789", "4789"), ("h:x", "x")] {
            assert_eq!(parsed(text), Err(DestinationError::Port(port.into())), "{text:?}");
        }
        for text in ["255.255.255.255", "224.0.0.1:4789", "ff02::1", "::ffff:224.0.0.1"] {
            assert!(matches!(parsed(text), Err(DestinationError::NotOneHost(_))), "{text:?}");
        }
        assert_eq!(parsed("[fe80::1]"), Err(DestinationError::OfALink("fe80::1".into())));
        assert_eq!(parsed("10.9.2"), Err(DestinationError::Host("10.9.2".into())));
        assert_eq!(parsed("http://10.9.2.2/"), Err(DestinationError::Host("http://10.9.2.2/".into())));
        for text in ["two words", "udp://h", "h/24", "4789", "a.5", "[::1", "[10.0.0.1]", "fe80::zz", "h\u{e9}"] {
            assert!(matches!(parsed(text), Err(DestinationError::Host(_) | DestinationError::Port(_))), "{text:?}");
        }
    }

    #[test]
    fn an_address_needs_no_resolver() {
        let destination: Destination = "192.0.2.9".parse().unwrap();
        assert_eq!(destination.resolve().unwrap(), ["192.0.2.9:4789".parse().unwrap()]);
        assert!("no.such.name.invalid".parse::<Destination>().unwrap().resolve().is_err());
    }

    #[test]
    fn own_addresses_are_those_of_interfaces_and_loopback() {
        let eth0 = Interface {
            name: "eth0".into(),
            index: 2,
            up: true,
            loopback: false,
            mtu: None,
            addresses: vec!["10.0.0.5".parse().unwrap(), "2001:db8::5".parse().unwrap()],
        };
        for own in ["10.0.0.5", "::ffff:10.0.0.5", "2001:db8::5", "127.8.9.1", "::1", "0.0.0.0", "::"] {
            assert!(is_own(own.parse().unwrap(), std::slice::from_ref(&eth0)), "{own}");
        }
        for other in ["10.0.0.6", "2001:db8::6", "::ffff:10.0.0.6"] {
            assert!(!is_own(other.parse().unwrap(), std::slice::from_ref(&eth0)), "{other}");
        }
    }
}
