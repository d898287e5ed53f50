//! Whether security groups let data out of the tasks and in at the receiver.

use std::net::IpAddr;

use ipnet::IpNet;

use super::check::{Check, Outcome};
use super::destination::Place;
use super::network::{Ends, Source, listed};
use super::passage::{self, Flow, Passage, Peer, is_public};
use super::patient::only;
use super::vpc::{Interface, SecurityGroup};

const EGRESS: &str = "security-group-egress";
const INGRESS: &str = "security-group-ingress";

/// Judges the way out.
pub(super) fn egress(source: &Source, flow: Flow, addresses: &[IpAddr], ends: &Ends) -> Check {
    let groups = match &source.groups {
        Ok(groups) => groups,
        Err(reason) => return Check::not_checked(EGRESS, "the tasks' security groups", reason),
    };
    let subject = ids(groups);
    let passages = addresses.iter().map(|address| {
        let of = |interface: &&(Interface, u16)| interface.0.addresses.contains(address);
        let at = ends.interfaces.iter().flatten().find(of);
        let none: Option<&[String]> = (is_public(*address) || ends.behind_balancer).then_some(&[]);
        let groups_there = at.map_or(none, |(interface, _)| Some(&interface.groups));
        let peer = Peer { net: (*address).into(), groups: groups_there };
        (*address, passage::out(groups, flow, peer, &ends.lists))
    });
    let closed = match sum(passages) {
        Sum::Open => return Check::ok(EGRESS, subject, format!("{flow} may leave for {}", listed(addresses))),
        Sum::Uncertain(reason) => return Check::not_checked(EGRESS, subject, reason),
        Sum::Closed(closed) => closed,
    };
    let group = groups.first().map_or("GROUP_ID", |group| &group.id);
    let commands = closed.iter().map(|address| allow("egress", group, flow, &only(*address)));
    let message = format!("no rule lets {flow} out to {}", listed(&closed));
    commands.fold(Check::problem(EGRESS, subject, message), Check::fix)
}

/// Judges the way in.
pub(super) fn ingress(source: &Source, place: &Place, addresses: &[IpAddr], ends: &Ends) -> Vec<Check> {
    if addresses.iter().all(|address| is_public(*address)) {
        return Vec::new();
    }
    let (interfaces, groups) = match (&ends.interfaces, &ends.groups) {
        (Ok(interfaces), Ok(groups)) => (interfaces, groups),
        (Err(reason), _) | (_, Err(reason)) => return vec![Check::not_checked(INGRESS, &place.name, reason)],
    };
    if interfaces.is_empty() {
        let nets = source.nets_towards(addresses, |_| true);
        let why = format!(
            "no network interface in this account and region has the address {}: its owner has to let {} in from {}",
            listed(addresses),
            place.flow,
            listed(&nets)
        );
        return vec![Check::not_checked(INGRESS, &place.name, why)];
    }
    let of = |(interface, port): &(Interface, u16)| {
        let own: Vec<SecurityGroup> =
            groups.iter().filter(|group| interface.groups.contains(&group.id)).cloned().collect();
        let flow = Flow { port: *port, ..place.flow };
        let nets = source.nets_towards(addresses, |_| true);
        match ends.hides_sender(flow) {
            true => whoever_is_seen(source, flow, &own, ends, &nets),
            false => ingress_of(source, flow, &own, ends, &nets, interface.vpc == source.vpc),
        }
    };
    let mut checks: Vec<Check> =
        interfaces.iter().filter(|(interface, _)| !interface.groups.is_empty()).map(of).collect();
    checks.dedup();
    checks
}

/// Judges the way in behind a load balancer that shows either the tasks' addresses or its own.
fn whoever_is_seen(source: &Source, flow: Flow, groups: &[SecurityGroup], ends: &Ends, nets: &[IpNet]) -> Check {
    let own: Vec<IpNet> = ends.balancer.iter().map(|address| IpNet::from(*address)).collect();
    let of_tasks = ingress_of(source, flow, groups, ends, nets, false);
    let of_balancer = ingress_of(source, flow, groups, ends, &own, false);
    match (&of_tasks.outcome, &of_balancer.outcome) {
        (Outcome::Problem { .. }, Outcome::Problem { .. }) | (Outcome::Ok { .. }, Outcome::Ok { .. })
            if !own.is_empty() =>
        {
            of_tasks
        }
        _ => {
            let why = "whether the tasks' addresses or the load balancer's have to be let in depends on \
                       `preserve_client_ip.enabled` of the target group";
            Check::not_checked(INGRESS, ids(groups), why)
        }
    }
}

/// Judges the way in from networks. `by_group` tells whether a rule could name the tasks' groups instead.
fn ingress_of(
    source: &Source,
    flow: Flow,
    groups: &[SecurityGroup],
    ends: &Ends,
    nets: &[IpNet],
    by_group: bool,
) -> Check {
    let subject = ids(groups);
    let from: Vec<String> = match ends.behind_balancer {
        true => Vec::new(),
        false => source.groups.iter().flatten().map(|group| group.id.clone()).collect(),
    };
    let known = (ends.behind_balancer || source.groups.is_ok()).then_some(from.as_slice());
    let passages =
        nets.iter().map(|net| (*net, passage::into(groups, flow, Peer { net: *net, groups: known }, &ends.lists)));
    match sum(passages) {
        Sum::Open => Check::ok(INGRESS, subject, format!("{flow} may come in from the tasks")),
        Sum::Uncertain(reason) => Check::not_checked(INGRESS, subject, reason),
        Sum::Closed(closed) => {
            let message = format!("no rule lets {flow} in from {}", listed(&closed));
            let group = groups.first().map_or("GROUP_ID", |group| &group.id);
            let commands = match from.first().filter(|_| by_group) {
                Some(from) => vec![format!(
                    "aws ec2 authorize-security-group-ingress --group-id {group} --protocol {} --port {} \
                     --source-group {from}",
                    flow.protocol(),
                    flow.port
                )],
                None => closed.iter().map(|net| allow("ingress", group, flow, &net.to_string())).collect(),
            };
            commands.into_iter().fold(Check::problem(INGRESS, subject, message), Check::fix)
        }
    }
}

/// The command that adds a rule to a security group.
fn allow(direction: &str, group: &str, flow: Flow, net: &str) -> String {
    let (protocol, port) = (flow.protocol(), flow.port);
    let ranges = match net.contains(':') {
        true => format!("Ipv6Ranges=[{{CidrIpv6={net}}}]"),
        false => format!("IpRanges=[{{CidrIp={net}}}]"),
    };
    format!(
        "aws ec2 authorize-security-group-{direction} --group-id {group} --ip-permissions \
         'IpProtocol={protocol},FromPort={port},ToPort={port},{ranges}'"
    )
}

/// What several passages come to.
enum Sum<T> {
    Open,
    Closed(Vec<T>),
    Uncertain(String),
}

fn sum<T>(passages: impl Iterator<Item = (T, Passage)>) -> Sum<T> {
    let (mut closed, mut uncertain) = (Vec::new(), None);
    for (what, passage) in passages {
        match passage {
            Passage::Open => {}
            Passage::Closed => closed.push(what),
            Passage::Uncertain(reason) => uncertain = uncertain.or(Some(reason)),
        }
    }
    match uncertain {
        _ if !closed.is_empty() => Sum::Closed(closed),
        Some(reason) => Sum::Uncertain(reason),
        None => Sum::Open,
    }
}

fn ids(groups: &[SecurityGroup]) -> String {
    groups.iter().map(|group| group.id.as_str()).collect::<Vec<_>>().join(", ")
}
