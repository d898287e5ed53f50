//! The network interfaces of this namespace, and which of them are captured.

use std::net::IpAddr;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::{InterfaceFlags, if_nametoindex};
use nix::sys::socket::{AddressFamily, SockaddrLike, SockaddrStorage};

use super::ring;

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its name: `eth1`.
    pub name: String,
    /// Its index, by which the kernel knows it; a name can pass to another interface.
    pub index: u32,
    /// Whether it is switched on.
    pub up: bool,
    /// Whether it is the loopback interface, where each frame is seen as it goes and as it comes.
    pub loopback: bool,
    /// The largest packet that it takes, in bytes; nothing if it went while we looked.
    pub mtu: Option<u32>,
    /// Its IPv4 and IPv6 addresses.
    pub addresses: Vec<IpAddr>,
}

/// Why the interfaces are not known.
#[derive(Debug, thiserror::Error)]
pub enum InterfaceError {
    /// The system does not list them.
    #[error("cannot list the network interfaces: {0}")]
    List(#[from] nix::Error),
    /// None has this name; these are the names that there are.
    #[error("there is no interface {name}")]
    Unknown { name: String, known: Vec<String> },
}

impl InterfaceError {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        match self {
            InterfaceError::List(_) => Vec::new(),
            InterfaceError::Unknown { known, .. } => vec![format!("there are {}", known.join(", "))],
        }
    }
}

/// Every interface, in the order of their indices.
pub fn list() -> Result<Vec<Interface>, InterfaceError> {
    let mut interfaces: Vec<Interface> = Vec::new();
    for entry in getifaddrs()? {
        // One that went since the list was made has no index any more. An alias (`eth0:1`) has that of its interface.
        let Ok(index) = if_nametoindex(entry.interface_name.as_str()) else { continue };
        let place = match interfaces.iter().position(|known| known.index == index) {
            Some(place) => place,
            None => {
                interfaces.push(Interface {
                    up: entry.flags.contains(InterfaceFlags::IFF_UP),
                    loopback: entry.flags.contains(InterfaceFlags::IFF_LOOPBACK),
                    mtu: ring::mtu(&entry.interface_name),
                    name: entry.interface_name,
                    index,
                    addresses: Vec::new(),
                });
                interfaces.len() - 1
            }
        };
        interfaces[place].addresses.extend(entry.address.as_ref().and_then(ip));
    }
    interfaces.sort_by_key(|interface| interface.index);
    Ok(interfaces)
}

/// The interface of this name.
pub fn by_name(name: &str) -> Result<Interface, InterfaceError> {
    find(list()?, name)
}

/// The names of the interfaces that a default route of this namespace goes by, in whichever order; those that `/proc`
/// tells of.
pub fn default_routes() -> Vec<String> {
    let read = |table: &str| std::fs::read_to_string(format!("/proc/thread-self/net/{table}")).unwrap_or_default();
    default_routes_of(&read("route"), &read("ipv6_route"))
}

/// Of the kernel's tables: addresses are in hexadecimal, and one of zeroes with a mask or a length of zero is every one.
fn default_routes_of(v4: &str, v6: &str) -> Vec<String> {
    const ZERO: &str = "00000000000000000000000000000000";
    let v4 = v4.lines().filter_map(|line| match line.split_whitespace().collect::<Vec<_>>()[..] {
        [interface, "00000000", _, _, _, _, _, "00000000", ..] => Some(interface),
        _ => None,
    });
    let v6 = v6.lines().filter_map(|line| match line.split_whitespace().collect::<Vec<_>>()[..] {
        [ZERO, "00", .., interface] => Some(interface),
        _ => None,
    });
    v4.chain(v6).map(str::to_owned).collect()
}

/// What is captured if nobody says otherwise: every interface that is up.
pub fn every_up(mut interfaces: Vec<Interface>) -> Vec<Interface> {
    interfaces.retain(|interface| interface.up);
    interfaces
}

fn find(interfaces: Vec<Interface>, name: &str) -> Result<Interface, InterfaceError> {
    let known: Vec<String> = interfaces.iter().map(|interface| interface.name.clone()).collect();
    let found = interfaces.into_iter().find(|interface| interface.name == name);
    found.ok_or_else(|| InterfaceError::Unknown { name: name.to_owned(), known })
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    match address.family()? {
        AddressFamily::Inet => address.as_sockaddr_in().map(|address| address.ip().into()),
        AddressFamily::Inet6 => address.as_sockaddr_in6().map(|address| address.ip().into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(name: &str, index: u32, up: bool) -> Interface {
        Interface { name: name.into(), index, up, loopback: false, mtu: None, addresses: Vec::new() }
    }

    #[test]
    fn an_unknown_name_lists_those_that_there_are() {
        let interfaces = vec![interface("lo", 1, true), interface("eth1", 2, false)];
        assert_eq!(find(interfaces.clone(), "eth1").unwrap().index, 2);
        let error = find(interfaces, "eth0").unwrap_err();
        assert_eq!(error.to_string(), "there is no interface eth0");
        assert_eq!(error.hints(), ["there are lo, eth1"]);
    }

    #[test]
    fn an_interface_that_is_down_is_not_captured_by_default() {
        let chosen = every_up(vec![interface("lo", 1, true), interface("eth0", 2, false), interface("eth1", 3, true)]);
        assert_eq!(chosen.iter().map(|interface| interface.index).collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn default_routes_are_found_in_the_kernels_tables() {
        let v4 = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT   \n\
            eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0   \n\
            eth1\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0   \n";
        let zero = "0".repeat(32);
        let v6 = format!(
            "fd000000000000000000000000000000 40 {zero} 00 {zero} 00000100 00000001 00000000 00000001     eth2\n\
            {zero} 00 {zero} 00 fd000000000000000000000000000001 00000400 00000003 00000000 00000003     eth3\n"
        );
        assert_eq!(default_routes_of(v4, &v6), ["eth0", "eth3"]);
        assert_eq!(default_routes_of("", "\n"), [""; 0]);
    }

    #[test]
    fn the_loopback_of_this_machine_is_listed() {
        let lo = by_name("lo").unwrap();
        assert!(lo.loopback);
        assert!(lo.mtu.is_some_and(|mtu| mtu >= 1280), "{lo:?}");
    }
}
