//! Whether what a sidecar sends gets from the task's subnets to the receiver.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

use super::check::Check;
use super::destination::{At, Place};
use super::load_balancer::Target;
use super::passage::Flow;
use super::patient::{Launch, Patient};
use super::reader::{Fact, Reader};
use super::vpc::{self, Acl, Interface, PrefixLists, RouteTable, RouteTo, Rule, SecurityGroup, Subnet};
use super::{acls, routes, security_groups};
use crate::taskdef::Transport;

const NETWORK: &str = "network";

/// Where a service's tasks are.
#[derive(Debug)]
pub(super) struct Source {
    pub subnets: Vec<Subnet>,
    pub groups: Fact<Vec<SecurityGroup>>,
    pub tables: Fact<Vec<RouteTable>>,
    pub acls: Fact<Vec<Acl>>,
    pub vpc: String,
    /// Whether tasks have public addresses.
    pub public: bool,
    /// The command that gives them public addresses, where it can: on instances tasks have none.
    pub make_public: Option<String>,
}

impl Source {
    /// Asks for the subnets of a service, and what is around them.
    pub async fn of(reader: &Reader, patient: &Patient) -> Result<Source, String> {
        let Some(running) = &patient.service else {
            return Err("only a service says in which subnets its tasks are".to_owned());
        };
        let Some(network) = running.network() else {
            return Err(
                "the tasks use the network of their instances, whose security groups and routes count".to_owned()
            );
        };
        let ids = |key: &str| {
            let list = network[key].as_array().into_iter().flatten();
            list.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<String>>()
        };
        let (subnet_ids, group_ids) = (ids("subnets"), ids("securityGroups"));
        let subnets = vpc::subnets(reader, &subnet_ids).await?;
        let vpc = subnets.first().map(|subnet| subnet.vpc.clone()).ok_or("the service names no subnets")?;
        let (groups, tables, acls) = futures_util::join!(
            vpc::security_groups(reader, &group_ids, &vpc),
            vpc::route_tables(reader, &vpc),
            vpc::acls(reader, &vpc)
        );
        let on_fargate = patient.launch() == Launch::Fargate;
        let make_public = on_fargate.then(|| {
            format!(
                "aws ecs update-service {} --network-configuration \
                 'awsvpcConfiguration={{subnets=[{}],securityGroups=[{}],assignPublicIp=ENABLED}}'",
                running.named(),
                subnet_ids.join(","),
                group_ids.join(",")
            )
        });
        let public = network["assignPublicIp"] == "ENABLED" && on_fargate;
        Ok(Source { subnets, groups, tables, acls, vpc, public, make_public })
    }

    /// The networks of some subnets from which packets to any of these addresses come.
    pub fn nets_towards(&self, addresses: &[IpAddr], of: impl Fn(&Subnet) -> bool) -> Vec<IpNet> {
        let nets = self.subnets.iter().filter(|subnet| of(subnet)).flat_map(|subnet| &subnet.nets).copied();
        nets.filter(|net| addresses.iter().any(|address| address.is_ipv4() == net.addr().is_ipv4())).collect()
    }

    /// The addresses that tasks can use: those of the subnets' own kind. In subnets of both kinds it is IPv4 that counts,
    /// as whether tasks have IPv6 there is a setting of the account (`dualStackIPv6`).
    fn usable(&self, addresses: &[IpAddr]) -> Vec<IpAddr> {
        let of = |four: bool| -> Vec<IpAddr> {
            let mut nets = self.subnets.iter().flat_map(|subnet| &subnet.nets);
            let has = nets.any(|net| net.addr().is_ipv4() == four);
            addresses.iter().filter(|address| has && address.is_ipv4() == four).copied().collect()
        };
        let four = of(true);
        if four.is_empty() { of(false) } else { four }
    }
}

/// Asks about the way to a receiver, and judges it. `targets` are those of a load balancer that has no groups itself.
pub(super) async fn examine(
    reader: &Reader,
    source: &Result<Source, String>,
    place: &Place,
    targets: &[Target],
) -> Vec<Check> {
    let source = match source {
        Ok(source) => source,
        Err(reason) => return vec![Check::not_checked(NETWORK, &place.name, reason)],
    };
    let addresses = match &place.at {
        At::Inside => return Vec::new(),
        At::Unknown(reason) => return vec![Check::not_checked(NETWORK, &place.name, reason)],
        At::Addresses(addresses) => addresses,
    };
    let usable = source.usable(addresses);
    if usable.is_empty() {
        let family = if addresses.iter().any(IpAddr::is_ipv6) { "IPv6" } else { "IPv4" };
        let message =
            format!("it has {family} addresses alone ({}), and the tasks' subnets have none", listed(addresses));
        return vec![
            Check::problem(NETWORK, &place.name, message)
                .fix(format!("give the tasks' subnets {family} networks, or send to an address of the other kind")),
        ];
    }
    let addresses = &usable;
    let ends = Ends::of(reader, source, place, targets).await;
    let mut checks = vec![security_groups::egress(source, place.flow, addresses, &ends)];
    checks.extend(source.subnets.iter().map(|subnet| routes::route(source, subnet, addresses, &ends.lists)));
    checks.extend(source.subnets.iter().map(|subnet| acls::out(source, subnet, place.flow, addresses)));
    checks.extend(security_groups::ingress(source, place, addresses, &ends));
    checks.extend(acls::into(source, place.flow, addresses, &ends));
    checks
}

/// The receiving end.
pub(super) struct Ends {
    /// The interfaces at which data arrives that have to let it in, with the port.
    pub interfaces: Fact<Vec<(Interface, u16)>>,
    pub groups: Fact<Vec<SecurityGroup>>,
    pub lists: PrefixLists,
    /// Whether a load balancer without groups of its own stands before them: then addresses count, and not groups.
    pub behind_balancer: bool,
    /// The addresses of that load balancer.
    pub balancer: Vec<IpAddr>,
}

impl Ends {
    async fn of(reader: &Reader, source: &Source, place: &Place, targets: &[Target]) -> Self {
        let here = |interface: &Interface| interface.vpc == source.vpc;
        let interfaces = match targets.is_empty() {
            true => place.interfaces.clone().map(|all| {
                let local: Vec<Interface> = all.iter().filter(|interface| here(interface)).cloned().collect();
                let chosen = if local.is_empty() { all } else { local };
                chosen.into_iter().map(|interface| (interface, place.flow.port)).collect::<Vec<_>>()
            }),
            false => of_targets(reader, targets).await,
        };
        let mut ids: Vec<String> =
            interfaces.iter().flatten().flat_map(|(interface, _)| interface.groups.clone()).collect();
        ids.sort();
        ids.dedup();
        let groups = match ids.is_empty() {
            true => Ok(Vec::new()),
            false => vpc::security_groups(reader, &ids, "").await,
        };
        let rules = |groups: &'_ Fact<Vec<SecurityGroup>>| -> Vec<Rule> {
            groups.iter().flatten().flat_map(|group| group.egress.iter().chain(&group.ingress)).cloned().collect()
        };
        let mut lists: Vec<String> =
            rules(&source.groups).into_iter().chain(rules(&groups)).flat_map(|rule| rule.prefix_lists).collect();
        let routes = source.tables.iter().flatten().flat_map(|table| &table.routes);
        lists.extend(routes.filter_map(|route| match &route.to {
            RouteTo::PrefixList(list) => Some(list.clone()),
            RouteTo::Net(_) => None,
        }));
        let lists = vpc::prefix_lists(reader, lists.iter().map(String::as_str)).await;
        let behind_balancer = !targets.is_empty();
        let balancer = place.interfaces.iter().flatten().filter(|_| behind_balancer);
        let balancer = balancer.flat_map(|interface| interface.addresses.clone()).collect();
        Ends { interfaces, groups, lists, behind_balancer, balancer }
    }

    /// Whether the receivers may see the load balancer's addresses instead of the tasks'. Source: "Client IP
    /// preservation" in the user guide of Network Load Balancers: UDP always keeps them, TCP as the target group is set.
    pub fn hides_sender(&self, flow: Flow) -> bool {
        self.behind_balancer && flow.transport == Transport::Tcp
    }
}

/// The interfaces of a load balancer's targets.
async fn of_targets(reader: &Reader, targets: &[Target]) -> Fact<Vec<(Interface, u16)>> {
    let mut all = Vec::new();
    for target in targets {
        let id = [target.id.as_str()];
        // What is for an instance comes to its first interface.
        let filters: &[(&str, &[&str])] = match target.id.parse::<IpAddr>() {
            Ok(IpAddr::V4(_)) => &[("addresses.private-ip-address", &id)],
            Ok(IpAddr::V6(_)) => &[("ipv6-addresses.ipv6-address", &id)],
            Err(_) => &[("attachment.instance-id", &id), ("attachment.device-index", &["0"])],
        };
        let interfaces = vpc::interfaces(reader, filters).await?;
        all.extend(interfaces.into_iter().map(|interface| (interface, target.port)));
    }
    Ok(all)
}

/// Things between commas.
pub(super) fn listed<T: ToString>(things: &[T]) -> String {
    things.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
