//! Whether what a sidecar sends gets from the task's subnets to the receiver.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

use super::check::Check;
use super::destination::{At, Place};
use super::load_balancer::Target;
use super::patient::{Launch, Patient};
use super::reader::{Fact, Reader};
use super::vpc::{self, Acl, Interface, PrefixLists, RouteTable, RouteTo, Rule, SecurityGroup, Subnet};
use super::{acls, routes, security_groups};

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
    /// The command that gives them public addresses.
    pub make_public: String,
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
        let make_public = format!(
            "aws ecs update-service {} --network-configuration \
             'awsvpcConfiguration={{subnets=[{}],securityGroups=[{}],assignPublicIp=ENABLED}}'",
            running.named(),
            subnet_ids.join(","),
            group_ids.join(",")
        );
        let public = network["assignPublicIp"] == "ENABLED" && patient.launch() == Launch::Fargate;
        Ok(Source { subnets, groups, tables, acls, vpc, public, make_public })
    }

    /// The networks of all subnets.
    pub fn nets(&self) -> Vec<IpNet> {
        self.subnets.iter().flat_map(|subnet| &subnet.nets).copied().collect()
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
    let ends = Ends::of(reader, source, place, targets).await;
    let mut checks = vec![security_groups::egress(source, place.flow, addresses, &ends)];
    checks.extend(source.subnets.iter().map(|subnet| routes::route(source, subnet, addresses, &ends.lists)));
    checks.extend(source.subnets.iter().map(|subnet| acls::out(source, subnet, place.flow, addresses)));
    checks.extend(security_groups::ingress(source, place, addresses, &ends));
    checks.extend(acls::into(source, place.flow, &ends));
    checks
}

/// The receiving end.
pub(super) struct Ends {
    /// The interfaces at which data arrives that have to let it in, with the port.
    pub interfaces: Fact<Vec<(Interface, u16)>>,
    pub groups: Fact<Vec<SecurityGroup>>,
    pub lists: PrefixLists,
    /// Whether a load balancer without groups of its own stands before them: then the addresses of the tasks count, and
    /// not their groups.
    pub behind_balancer: bool,
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
        Ends { interfaces, groups, lists, behind_balancer: !targets.is_empty() }
    }
}

/// The interfaces of a load balancer's targets.
async fn of_targets(reader: &Reader, targets: &[Target]) -> Fact<Vec<(Interface, u16)>> {
    let mut all = Vec::new();
    for target in targets {
        let filter = match target.id.parse::<IpAddr>() {
            Ok(_) => "addresses.private-ip-address",
            Err(_) => "attachment.instance-id",
        };
        let interfaces = vpc::interfaces(reader, filter, &[&target.id]).await?;
        all.extend(interfaces.into_iter().map(|interface| (interface, target.port)));
    }
    Ok(all)
}

/// Things between commas.
pub(super) fn listed<T: ToString>(things: &[T]) -> String {
    things.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
