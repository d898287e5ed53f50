//! Whether network ACLs let data out of the tasks' subnets and into the receiver's, and answers back.

use std::net::IpAddr;

use ipnet::IpNet;

use super::check::Check;
use super::network::{Ends, Source};
use super::passage::{self, Flow, Passage};
use super::reader::Fact;
use super::vpc::{Acl, Subnet};
use crate::taskdef::Transport;

const ACL: &str = "network-acl";
/// The ports that Linux takes for the near end of its connections.
const EPHEMERAL: (u16, u16) = (32768, 60999);

/// What leaves a subnet, and the answers to it where there are some.
pub(super) fn out(source: &Source, subnet: &Subnet, flow: Flow, addresses: &[IpAddr]) -> Check {
    let mut nets: Vec<IpNet> = addresses.iter().map(|address| IpNet::from(*address)).collect();
    // Traffic inside a subnet meets no ACL.
    nets.retain(|net| !subnet.nets.iter().any(|own| own.contains(net)));
    if nets.is_empty() {
        return Check::ok(ACL, &subnet.id, "the receiver is in the same subnet");
    }
    acl_of(&source.acls, &subnet.id, flow, Towards::Out, &nets)
}

/// What enters the receivers' subnets, if those are in the same VPC and others than the tasks'. Where a load balancer
/// may put its own addresses in the place of the tasks', nothing is said.
pub(super) fn into(source: &Source, flow: Flow, addresses: &[IpAddr], ends: &Ends) -> Vec<Check> {
    let mut meant: Vec<(&str, u16)> = Vec::new();
    for (interface, port) in ends.interfaces.iter().flatten() {
        let end = (interface.subnet.as_str(), *port);
        if interface.vpc == source.vpc && !meant.contains(&end) {
            meant.push(end);
        }
    }
    if source.acls.is_err() || ends.hides_sender(flow) {
        return Vec::new();
    }
    let checks = meant.into_iter().filter_map(|(id, port)| {
        let others = source.nets_towards(addresses, |subnet| subnet.id != id);
        let flow = Flow { port, ..flow };
        (!others.is_empty()).then(|| acl_of(&source.acls, id, flow, Towards::In, &others))
    });
    checks.collect()
}

/// Which way a flow goes through a subnet's edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Towards {
    Out,
    In,
}

fn acl_of(acls: &Fact<Vec<Acl>>, subnet: &str, flow: Flow, towards: Towards, nets: &[IpNet]) -> Check {
    let acls = match acls {
        Ok(acls) => acls,
        Err(reason) => return Check::not_checked(ACL, subnet, reason),
    };
    let Some(acl) = acls.iter().find(|acl| acl.subnets.iter().any(|id| id == subnet)) else {
        return Check::not_checked(ACL, subnet, "its network ACL is not known");
    };
    let out = towards == Towards::Out;
    let mut passes = vec![(out, (flow.port, flow.port))];
    if flow.transport == Transport::Tcp {
        passes.push((!out, EPHEMERAL));
    }
    for net in nets {
        for (egress, ports) in &passes {
            let (passage, denied_by) = passage::acl(acl, *egress, flow, *ports, *net);
            match passage {
                Passage::Open => {}
                Passage::Uncertain(reason) => return Check::not_checked(ACL, subnet, reason),
                Passage::Closed => return closed_acl(acl, subnet, flow, *egress, *ports, *net, denied_by),
            }
        }
    }
    let way = if out { "out" } else { "in" };
    Check::ok(ACL, subnet, format!("{} lets {flow} {way}", acl.id))
}

fn closed_acl(
    acl: &Acl,
    subnet: &str,
    flow: Flow,
    egress: bool,
    (from, to): (u16, u16),
    net: IpNet,
    denied_by: Option<u32>,
) -> Check {
    let (direction, preposition) = if egress { ("out", "to") } else { ("in", "from") };
    let by = denied_by.map_or("no entry allows it".to_owned(), |number| format!("entry {number} denies it"));
    let ports = if from == to { from.to_string() } else { format!("{from} to {to}") };
    let protocol = flow.protocol();
    let message =
        format!("{} lets no {} {ports} {direction} {preposition} {net}: {by}", acl.id, protocol.to_uppercase());
    let used: Vec<u32> = acl.entries.iter().filter(|entry| entry.egress == egress).map(|entry| entry.number).collect();
    let below = denied_by.unwrap_or(32767);
    let number = (1..below).rev().find(|number| !used.contains(number) && (denied_by.is_some() || number % 100 == 0));
    let number = number.unwrap_or(1);
    let way = if egress { "--egress" } else { "--ingress" };
    let block = if net.addr().is_ipv4() { "--cidr-block" } else { "--ipv6-cidr-block" };
    let command = format!(
        "aws ec2 create-network-acl-entry --network-acl-id {} {way} --rule-number {number} --protocol {protocol} \
         --port-range From={from},To={to} {block} {net} --rule-action allow",
        acl.id
    );
    Check::problem(ACL, subnet, message).fix(command)
}
