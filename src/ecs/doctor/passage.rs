//! Whether rules let data through. Pure: rules in, verdict out.
//!
//! Security groups add up: what one rule lets through gets through. In a network ACL the first entry that fits decides,
//! and what no entry fits is denied. Of routes, the one to the smallest network that has the address is taken. Source:
//! the VPC user guide.

use std::net::IpAddr;

use ipnet::IpNet;

use super::reader::Fact;
use super::vpc::{Acl, PrefixLists, Route, RouteTable, RouteTo, Rule, SecurityGroup};
use crate::taskdef::Transport;

/// What travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flow {
    pub transport: Transport,
    pub port: u16,
}

/// Whether something gets through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Passage {
    Open,
    Closed,
    /// Why it is not certain.
    Uncertain(String),
}

impl Flow {
    /// `udp` or `tcp`.
    pub fn protocol(self) -> &'static str {
        match self.transport {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
        }
    }

    fn number(self) -> &'static str {
        match self.transport {
            Transport::Udp => "17",
            Transport::Tcp => "6",
        }
    }

    fn is_of(self, protocol: &str) -> bool {
        protocol == "-1" || protocol == self.protocol() || protocol == self.number()
    }
}

impl std::fmt::Display for Flow {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}", self.protocol().to_uppercase(), self.port)
    }
}

/// The other end of a flow, as security groups see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer<'a> {
    pub net: IpNet,
    /// Its own security groups; `None` if they are not known.
    pub groups: Option<&'a [String]>,
}

/// Whether the groups let a flow out to a peer.
pub(super) fn out(groups: &[SecurityGroup], flow: Flow, peer: Peer<'_>, lists: &PrefixLists) -> Passage {
    through(groups.iter().flat_map(|group| &group.egress), flow, peer, lists)
}

/// Whether the groups let a flow in from a peer.
pub(super) fn into(groups: &[SecurityGroup], flow: Flow, peer: Peer<'_>, lists: &PrefixLists) -> Passage {
    through(groups.iter().flat_map(|group| &group.ingress), flow, peer, lists)
}

fn through<'a>(rules: impl Iterator<Item = &'a Rule>, flow: Flow, peer: Peer<'_>, lists: &PrefixLists) -> Passage {
    let mut passage = Passage::Closed;
    let fits = |rule: &&Rule| {
        flow.is_of(&rule.protocol) && rule.ports.is_none_or(|(from, to)| (from..=to).contains(&flow.port))
    };
    for rule in rules.filter(fits) {
        let is_named = |groups: &[String]| rule.groups.iter().any(|group| groups.contains(group));
        if peer.groups.is_some_and(is_named) || rule.nets.iter().any(|net| net.contains(&peer.net)) {
            return Passage::Open;
        }
        if let (None, Some(group)) = (peer.groups, rule.groups.first()) {
            passage =
                Passage::Uncertain(format!("a rule names {group}, and whether {} is in it is not known", peer.net));
        }
        if rule.nets.iter().any(|net| peer.net.contains(net)) {
            passage = Passage::Uncertain(format!("a rule lets through only part of {}", peer.net));
        }
        for list in &rule.prefix_lists {
            match lists.get(list) {
                Some(Ok(nets)) if nets.iter().any(|net| net.contains(&peer.net)) => return Passage::Open,
                Some(Ok(nets)) if nets.iter().any(|net| peer.net.contains(net)) => {
                    passage = Passage::Uncertain(format!("{list} holds only part of {}", peer.net));
                }
                Some(Ok(_)) => {}
                _ => {
                    passage =
                        Passage::Uncertain(format!("a rule names the prefix list {list}, whose content is not known"))
                }
            }
        }
    }
    passage
}

/// Entries from this number on are those that end every network ACL and deny what no other entry fits: one for IPv4,
/// one for IPv6.
const LAST_ENTRIES: u32 = 32767;

/// Whether a network ACL lets data through, to or from a network, at ports from the first to the last. If not, the
/// number of the entry that denies it, unless there is none that fits.
pub(super) fn acl(acl: &Acl, egress: bool, flow: Flow, ports: (u16, u16), other: IpNet) -> (Passage, Option<u32>) {
    // What earlier entries say of a part of it.
    let (mut part_allowed, mut part_denied) = (false, false);
    let meant = acl.entries.iter().filter(|entry| entry.egress == egress && flow.is_of(&entry.protocol));
    for entry in meant {
        let all = entry.ports.is_none_or(|(from, to)| from <= ports.0 && ports.1 <= to);
        let some = entry.ports.is_none_or(|(from, to)| from <= ports.1 && ports.0 <= to);
        let whole = entry.net.contains(&other);
        let part = whole || other.contains(&entry.net);
        if whole && all {
            return match entry.allow {
                true if part_denied => (uncertain(acl), None),
                false if part_allowed => (uncertain(acl), None),
                true => (Passage::Open, None),
                false => (Passage::Closed, Some(entry.number).filter(|number| *number < LAST_ENTRIES)),
            };
        }
        if part && some {
            part_allowed |= entry.allow;
            part_denied |= !entry.allow;
        }
    }
    match part_allowed {
        true => (uncertain(acl), None),
        false => (Passage::Closed, None),
    }
}

fn uncertain(acl: &Acl) -> Passage {
    Passage::Uncertain(format!("entries of {} are about only a part of it", acl.id))
}

/// The route that is taken to an address, if there is one.
pub(super) fn route<'a>(table: &'a RouteTable, to: IpAddr, lists: &PrefixLists) -> Fact<Option<&'a Route>> {
    // Of routes to networks of one size, one that names the network counts before one that names a prefix list.
    let mut best: Option<((u8, bool), &Route)> = None;
    for route in &table.routes {
        let fit = match &route.to {
            RouteTo::Net(net) => net.contains(&to).then(|| (net.prefix_len(), true)),
            RouteTo::PrefixList(list) => match lists.get(list) {
                Some(Ok(nets)) => {
                    nets.iter().filter(|net| net.contains(&to)).map(|net| (net.prefix_len(), false)).max()
                }
                _ => {
                    return Err(format!(
                        "{} has a route to the prefix list {list}, whose content is not known",
                        table.id
                    ));
                }
            },
        };
        if let Some(fit) = fit.filter(|fit| best.is_none_or(|(closest, _)| *fit > closest)) {
            best = Some((fit, route));
        }
    }
    Ok(best.map(|(_, route)| route))
}

/// The route table of a subnet: its own, else the VPC's main one.
pub(super) fn table_of<'a>(tables: &'a [RouteTable], subnet: &str) -> Option<&'a RouteTable> {
    let own = tables.iter().find(|table| table.subnets.iter().any(|id| id == subnet));
    own.or_else(|| tables.iter().find(|table| table.main))
}

/// Whether an address is one that the internet routes. The ranges are those of the IANA registries of special-purpose
/// addresses that a VPC may have.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let shared = a == 100 && (64..128).contains(&b);
            !(v4.is_private() || v4.is_loopback() || v4.is_link_local() || shared)
        }
        IpAddr::V6(v6) => !(v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::vpc::AclEntry;
    use super::*;

    const FLOW: Flow = Flow { transport: Transport::Udp, port: 4789 };

    fn net(text: &str) -> IpNet {
        text.parse().unwrap()
    }

    fn group(rule: Rule) -> Vec<SecurityGroup> {
        vec![SecurityGroup { id: "sg-1".into(), ingress: Vec::new(), egress: vec![rule] }]
    }

    fn to<'a>(text: &str) -> Peer<'a> {
        Peer { net: net(text), groups: Some(&[]) }
    }

    #[test]
    fn a_rule_lets_through_what_it_names_and_nothing_else() {
        let lists = PrefixLists::new();
        let udp = Rule {
            protocol: "udp".into(),
            ports: Some((4789, 4789)),
            nets: vec![net("10.0.0.0/16")],
            ..Rule::default()
        };
        assert_eq!(out(&group(udp.clone()), FLOW, to("10.0.9.10/32"), &lists), Passage::Open);
        assert_eq!(out(&group(udp.clone()), FLOW, to("10.1.9.10/32"), &lists), Passage::Closed);
        assert!(matches!(out(&group(udp.clone()), FLOW, to("10.0.0.0/8"), &lists), Passage::Uncertain(_)));
        let tcp = Rule { protocol: "tcp".into(), ..udp.clone() };
        assert_eq!(out(&group(tcp), FLOW, to("10.0.9.10/32"), &lists), Passage::Closed);
        let other_port = Rule { ports: Some((1, 4788)), ..udp };
        assert_eq!(out(&group(other_port), FLOW, to("10.0.9.10/32"), &lists), Passage::Closed);
        let all = Rule { protocol: "-1".into(), nets: vec![net("0.0.0.0/0")], ..Rule::default() };
        assert_eq!(out(&group(all), FLOW, to("10.0.9.10/32"), &lists), Passage::Open);
    }

    #[test]
    fn groups_and_prefix_lists_stand_for_who_is_in_them() {
        let by_group = Rule { protocol: "-1".into(), groups: vec!["sg-2".into()], ..Rule::default() };
        let groups = ["sg-2".to_owned()];
        let peer = Peer { net: net("10.0.9.10/32"), groups: Some(&groups) };
        assert_eq!(out(&group(by_group.clone()), FLOW, peer, &PrefixLists::new()), Passage::Open);
        assert_eq!(out(&group(by_group.clone()), FLOW, to("10.0.9.10/32"), &PrefixLists::new()), Passage::Closed);
        let stranger = Peer { groups: None, ..peer };
        assert!(matches!(out(&group(by_group), FLOW, stranger, &PrefixLists::new()), Passage::Uncertain(_)));
        let by_list = Rule { protocol: "-1".into(), prefix_lists: vec!["pl-1".into()], ..Rule::default() };
        let known = PrefixLists::from([("pl-1".to_owned(), Ok(vec![net("10.0.9.0/24")]))]);
        assert_eq!(out(&group(by_list.clone()), FLOW, to("10.0.9.10/32"), &known), Passage::Open);
        assert!(matches!(out(&group(by_list.clone()), FLOW, to("10.0.0.0/16"), &known), Passage::Uncertain(_)));
        assert!(matches!(out(&group(by_list), FLOW, to("10.0.9.10/32"), &PrefixLists::new()), Passage::Uncertain(_)));
    }

    #[test]
    fn in_a_network_acl_the_first_entry_that_fits_decides() {
        let entry = |number, allow, block: &str, ports| AclEntry {
            number,
            egress: true,
            allow,
            protocol: "17".into(),
            net: net(block),
            ports,
        };
        let of = |entries: Vec<AclEntry>| {
            let list = Acl { id: "acl-1".into(), subnets: Vec::new(), entries };
            acl(&list, true, FLOW, (4789, 4789), net("10.0.9.0/24"))
        };
        let open = entry(100, true, "0.0.0.0/0", None);
        assert_eq!(of(vec![open.clone()]), (Passage::Open, None));
        assert_eq!(of(Vec::new()), (Passage::Closed, None));
        let deny = entry(90, false, "10.0.0.0/16", Some((4000, 5000)));
        assert_eq!(of(vec![deny, open.clone()]), (Passage::Closed, Some(90)));
        let elsewhere = entry(90, false, "10.1.0.0/16", None);
        assert_eq!(of(vec![elsewhere, open.clone()]), (Passage::Open, None));
        let part = entry(90, false, "10.0.9.128/25", None);
        assert!(matches!(of(vec![part.clone(), open.clone()]), (Passage::Uncertain(_), None)));
        let other_part = entry(80, true, "10.0.9.0/25", None);
        assert!(matches!(of(vec![other_part.clone(), part.clone(), open]), (Passage::Uncertain(_), None)));
        assert!(matches!(of(vec![part, other_part]), (Passage::Uncertain(_), None)));
        assert_eq!(of(vec![entry(32767, false, "0.0.0.0/0", None)]), (Passage::Closed, None));
    }

    #[test]
    fn the_route_to_the_smallest_network_is_taken() {
        let route_by = |block: &str, by: &str| Route { to: RouteTo::Net(net(block)), by: by.into(), blackhole: false };
        let routes = vec![route_by("0.0.0.0/0", "nat-1"), route_by("10.0.0.0/16", "local")];
        let table = RouteTable { id: "rtb-1".into(), main: true, subnets: Vec::new(), routes };
        let by = |address: &str| {
            let found = route(&table, address.parse().unwrap(), &PrefixLists::new()).unwrap();
            found.map(|route| route.by.as_str())
        };
        assert_eq!(by("10.0.9.10"), Some("local"));
        assert_eq!(by("192.0.2.1"), Some("nat-1"));
        assert_eq!(by("2001:db8::1"), None);
        let to_list = Route { to: RouteTo::PrefixList("pl-1".into()), by: "tgw-1".into(), blackhole: false };
        let listed = RouteTable { routes: vec![to_list, route_by("10.0.0.0/16", "pcx-1")], ..table.clone() };
        let lists = |block: &str| PrefixLists::from([("pl-1".to_owned(), Ok(vec![net(block)]))]);
        let by = |lists: &PrefixLists| route(&listed, "10.0.9.10".parse().unwrap(), lists).unwrap().unwrap().by.clone();
        assert_eq!((by(&lists("10.0.9.0/24")), by(&lists("10.0.0.0/16"))), ("tgw-1".to_owned(), "pcx-1".to_owned()));
        assert_eq!(table_of(std::slice::from_ref(&table), "subnet-1"), Some(&table));
    }

    #[test]
    fn addresses_of_networks_of_ones_own_are_not_public() {
        for (address, public) in [("10.0.0.1", false), ("100.64.0.1", false), ("100.128.0.1", true), ("fd00::1", false)]
        {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }
}
