//! Where a sidecar sends to: addresses, and the load balancer behind a name.

use std::net::{IpAddr, ToSocketAddrs};
use std::time::Duration;

use super::check::Check;
use super::load_balancer::{self, Balancer};
use super::passage::Flow;
use super::reader::{Fact, Reader};
use super::vpc::{self, Interface};
use crate::taskdef::Receiver;

const CODE: &str = "destination";
/// A resolver that has not answered by then is not waited for.
const RESOLVER_TIMEOUT: Duration = Duration::from_secs(5);

/// A receiver that was found.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// `HOST:PORT`.
    pub name: String,
    pub flow: Flow,
    pub at: At,
    pub balancer: Option<Balancer>,
    /// The network interfaces of this account that have the addresses.
    pub interfaces: Fact<Vec<Interface>>,
}

/// Where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum At {
    /// In the task itself.
    Inside,
    Addresses(Vec<IpAddr>),
    /// Why no address is known.
    Unknown(String),
}

/// Finds a receiver.
pub(super) async fn find(reader: &Reader, receiver: &Receiver) -> (Place, Check) {
    let Receiver { host, port, transport, .. } = receiver;
    let name = match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    };
    let flow = Flow { transport: *transport, port: *port };
    let mut place = Place { name, flow, at: At::Inside, balancer: None, interfaces: Ok(Vec::new()) };
    let address = host.parse::<IpAddr>().ok();
    if host.eq_ignore_ascii_case("localhost") || address.is_some_and(|address| address.is_loopback()) {
        let check = Check::ok(CODE, &place.name, "another container of the task receives it");
        return (place, check);
    }
    let check = match address {
        Some(address) => {
            place.at = At::Addresses(vec![address]);
            Check::ok(CODE, &place.name, "it is an address")
        }
        None => named(reader, host, &mut place).await,
    };
    if let At::Addresses(addresses) = &place.at {
        place.interfaces = interfaces(reader, addresses).await;
    }
    if let (None, Ok(interfaces)) = (&place.balancer, &place.interfaces) {
        for interface in interfaces {
            if let Ok(Some(balancer)) = load_balancer::by_interface(reader, interface).await {
                place.balancer = Some(balancer);
                break;
            }
        }
    }
    (place, check)
}

async fn interfaces(reader: &Reader, addresses: &[IpAddr]) -> Fact<Vec<Interface>> {
    let (four, six): (Vec<&IpAddr>, Vec<&IpAddr>) = addresses.iter().partition(|address| address.is_ipv4());
    let mut all = Vec::new();
    for (filter, addresses) in [("addresses.private-ip-address", four), ("ipv6-addresses.ipv6-address", six)] {
        let texts: Vec<String> = addresses.into_iter().map(ToString::to_string).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        if !texts.is_empty() {
            all.extend(vpc::interfaces(reader, &[(filter, &texts)]).await?);
        }
    }
    Ok(all)
}

/// Finds a name's addresses. A private name is known in its VPC alone, so that a name which is not known here may well
/// be right; that of a load balancer is known everywhere.
async fn named(reader: &Reader, host: &str, place: &mut Place) -> Check {
    let balancer = load_balancer::by_host(reader, host).await;
    if let Ok(Some(balancer)) = &balancer {
        place.balancer = Some(balancer.clone());
        if balancer.internal {
            match balancer.addresses(reader).await {
                Ok(addresses) if !addresses.is_empty() => {
                    let check = Check::ok(
                        CODE,
                        &place.name,
                        format!("the load balancer `{}`, at {}", balancer.name, listed(&addresses)),
                    );
                    place.at = At::Addresses(addresses);
                    return check;
                }
                Ok(_) => {}
                Err(reason) => place.at = At::Unknown(reason),
            }
        }
    }
    let reason = match resolve(host).await {
        Ok(addresses) => {
            let check = Check::ok(CODE, &place.name, format!("resolves from here to {}", listed(&addresses)));
            place.at = At::Addresses(addresses);
            return check;
        }
        Err(reason) => reason,
    };
    place.at = At::Unknown("its addresses are not known here".to_owned());
    match (balancer, load_balancer::is_balancers_name(host)) {
        (Ok(Some(balancer)), _) => Check::ok(CODE, &place.name, format!("the load balancer `{}`", balancer.name)),
        (Err(missing), true) if missing.starts_with("no load balancer") => {
            let message = format!("{missing}, and it does not resolve: {reason}");
            Check::problem(CODE, &place.name, message)
                .fix("aws elbv2 describe-load-balancers --query 'LoadBalancers[].DNSName'")
                .fix("inject it again with the right name")
        }
        // RFC 6761 §6.4.
        _ if host.trim_end_matches('.').ends_with(".invalid") => {
            Check::problem(CODE, &place.name, "names that end in `.invalid` never resolve")
                .fix("inject it again with the right name")
        }
        _ => {
            let why = format!("it does not resolve from here ({reason}), but a private name may do so in the VPC");
            Check::not_checked(CODE, &place.name, why)
        }
    }
}

fn listed(addresses: &[IpAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Asks the system's resolver, on a thread that nobody waits for in the end.
async fn resolve(host: &str) -> Result<Vec<IpAddr>, String> {
    let (send, receive) = tokio::sync::oneshot::channel();
    let name = host.to_owned();
    std::thread::spawn(move || {
        let found = (name.as_str(), 0).to_socket_addrs().map(|addresses| addresses.map(|address| address.ip()));
        let _ = send.send(found.map(Iterator::collect::<Vec<IpAddr>>).map_err(|error| error.to_string()));
    });
    let mut addresses = match tokio::time::timeout(RESOLVER_TIMEOUT, receive).await {
        Ok(Ok(found)) => found?,
        _ => return Err("the resolver does not answer".to_owned()),
    };
    addresses.sort();
    addresses.dedup();
    match addresses.is_empty() {
        true => Err("it has no address".to_owned()),
        false => Ok(addresses),
    }
}
