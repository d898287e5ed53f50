//! The parts of a VPC that decide whether a packet gets from one place to another.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::reader::{Fact, Reader, why};
use crate::aws::{Service, Xml};

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subnet {
    pub id: String,
    pub vpc: String,
    pub nets: Vec<IpNet>,
}

/// A security group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SecurityGroup {
    pub id: String,
    pub ingress: Vec<Rule>,
    pub egress: Vec<Rule>,
}

/// What a rule of a security group lets through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rule {
    /// `tcp`, `udp`, a number, or `-1` for all.
    pub protocol: String,
    /// First and last port; absent for all.
    pub ports: Option<(u16, u16)>,
    pub nets: Vec<IpNet>,
    /// Ids of security groups.
    pub groups: Vec<String>,
    pub prefix_lists: Vec<String>,
}

/// A route table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RouteTable {
    pub id: String,
    /// Whether it is for subnets that name no other.
    pub main: bool,
    pub subnets: Vec<String>,
    pub routes: Vec<Route>,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub to: RouteTo,
    /// `local`, or the id of a gateway, interface or connection.
    pub by: String,
    /// Whether what it leads to is gone.
    pub blackhole: bool,
}

/// Where a route leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RouteTo {
    Net(IpNet),
    PrefixList(String),
}

/// A network ACL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Acl {
    pub id: String,
    pub subnets: Vec<String>,
    pub entries: Vec<AclEntry>,
}

/// An entry of a network ACL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AclEntry {
    pub number: u32,
    pub egress: bool,
    pub allow: bool,
    /// A number of a protocol, or `-1` for all.
    pub protocol: String,
    pub net: IpNet,
    pub ports: Option<(u16, u16)>,
}

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Interface {
    pub addresses: Vec<IpAddr>,
    pub vpc: String,
    pub subnet: String,
    pub groups: Vec<String>,
    pub description: String,
}

/// A VPC's endpoint for a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// Such as `com.amazonaws.eu-west-1.s3`.
    pub service: String,
    pub available: bool,
    pub by: EndpointBy,
}

/// How what is for a service gets to its endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EndpointBy {
    /// The service's name leads to it in the VPC, if its private name is enabled.
    Name { enabled: bool },
    /// These route tables lead to it.
    Routes(Vec<String>),
}

/// The networks of prefix lists, by id.
pub(super) type PrefixLists = BTreeMap<String, Fact<Vec<IpNet>>>;

/// The subnets of these ids.
pub(super) async fn subnets(reader: &Reader, ids: &[String]) -> Fact<Vec<Subnet>> {
    let params = numbered("SubnetId", ids);
    reader.ec2("DescribeSubnets", &borrowed(&params), "subnetSet", subnet).await.map_err(|error| why(&error))
}

/// The security groups of these ids, or the VPC's default one for none.
pub(super) async fn security_groups(reader: &Reader, ids: &[String], vpc: &str) -> Fact<Vec<SecurityGroup>> {
    let params = match ids.is_empty() {
        true => filters(&[("vpc-id", &[vpc]), ("group-name", &["default"])]),
        false => numbered("GroupId", ids),
    };
    let groups = reader.ec2("DescribeSecurityGroups", &borrowed(&params), "securityGroupInfo", security_group).await;
    groups.map_err(|error| why(&error))
}

/// All route tables of a VPC.
pub(super) async fn route_tables(reader: &Reader, vpc: &str) -> Fact<Vec<RouteTable>> {
    let params = filters(&[("vpc-id", &[vpc])]);
    let tables = reader.ec2("DescribeRouteTables", &borrowed(&params), "routeTableSet", route_table).await;
    tables.map_err(|error| why(&error))
}

/// All network ACLs of a VPC.
pub(super) async fn acls(reader: &Reader, vpc: &str) -> Fact<Vec<Acl>> {
    let params = filters(&[("vpc-id", &[vpc])]);
    reader.ec2("DescribeNetworkAcls", &borrowed(&params), "networkAclSet", acl).await.map_err(|error| why(&error))
}

/// The network interfaces for which filters hold, each with one of its values.
pub(super) async fn interfaces(reader: &Reader, filters: &[(&str, &[&str])]) -> Fact<Vec<Interface>> {
    let params = self::filters(filters);
    let found = reader.ec2("DescribeNetworkInterfaces", &borrowed(&params), "networkInterfaceSet", interface).await;
    found.map_err(|error| why(&error))
}

/// The endpoints that a VPC has for services.
pub(super) async fn endpoints(reader: &Reader, vpc: &str) -> Fact<Vec<Endpoint>> {
    let params = filters(&[("vpc-id", &[vpc])]);
    let endpoints = reader.ec2("DescribeVpcEndpoints", &borrowed(&params), "vpcEndpointSet", endpoint).await;
    endpoints.map_err(|error| why(&error))
}

/// The networks of prefix lists.
pub(super) async fn prefix_lists<'a>(reader: &Reader, ids: impl Iterator<Item = &'a str>) -> PrefixLists {
    let mut lists = PrefixLists::new();
    for id in ids {
        if lists.contains_key(id) {
            continue;
        }
        let net = |entry: &Xml| entry.text_of("cidr").and_then(|cidr| cidr.parse().ok());
        let entries = reader.ec2("GetManagedPrefixListEntries", &[("PrefixListId", id)], "entrySet", net).await;
        let nets = entries.map(|entries| entries.into_iter().flatten().collect()).map_err(|error| why(&error));
        lists.insert(id.to_owned(), nets);
    }
    lists
}

/// `NAME.1`, `NAME.2` and so on.
pub(super) fn numbered(name: &str, values: &[String]) -> Vec<(String, String)> {
    (1..).zip(values).map(|(number, value)| (format!("{name}.{number}"), value.clone())).collect()
}

fn filters(filters: &[(&str, &[&str])]) -> Vec<(String, String)> {
    let mut params = Vec::new();
    for (number, (name, values)) in (1..).zip(filters) {
        params.push((format!("Filter.{number}.Name"), (*name).to_owned()));
        for (at, value) in (1..).zip(values.iter()) {
            params.push((format!("Filter.{number}.Value.{at}"), (*value).to_owned()));
        }
    }
    params
}

pub(super) fn borrowed(params: &[(String, String)]) -> Vec<(&str, &str)> {
    params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// An action of load balancing; the members of a list in its result.
pub(super) async fn elb<T>(
    reader: &Reader,
    action: &str,
    params: &[(&str, &str)],
    list: &str,
    parse: impl Fn(&Xml) -> T,
) -> crate::aws::Result<Vec<T>> {
    let answer = reader.query(Service::ElasticLoadBalancing, action, params).await?;
    let members = answer.at(&[&format!("{action}Result"), list]);
    Ok(members.into_iter().flat_map(|members| members.children("member")).map(parse).collect())
}

fn text(xml: &Xml, name: &str) -> String {
    xml.text_of(name).unwrap_or_default().to_owned()
}

/// A member of each item in a list.
fn each<'a>(xml: &'a Xml, list: &str, member: &'a str) -> Vec<&'a str> {
    xml.child(list).into_iter().flat_map(|list| list.children("item")).filter_map(|item| item.text_of(member)).collect()
}

fn owned(texts: Vec<&str>) -> Vec<String> {
    texts.into_iter().map(str::to_owned).collect()
}

fn nets(xml: &Xml, list: &str, member: &str) -> Vec<IpNet> {
    each(xml, list, member).into_iter().filter_map(|net| net.parse().ok()).collect()
}

fn subnet(xml: &Xml) -> Subnet {
    let mut all = nets(xml, "ipv6CidrBlockAssociationSet", "ipv6CidrBlock");
    all.extend(xml.text_of("cidrBlock").and_then(|net| net.parse::<IpNet>().ok()));
    Subnet { id: text(xml, "subnetId"), vpc: text(xml, "vpcId"), nets: all }
}

fn security_group(xml: &Xml) -> SecurityGroup {
    let rules = |list: &str| xml.child(list).into_iter().flat_map(|list| list.children("item")).map(rule).collect();
    SecurityGroup { id: text(xml, "groupId"), ingress: rules("ipPermissions"), egress: rules("ipPermissionsEgress") }
}

fn rule(xml: &Xml) -> Rule {
    let port = |name: &str| xml.text_of(name).and_then(|port| port.parse::<u16>().ok());
    let mut all = nets(xml, "ipRanges", "cidrIp");
    all.extend(nets(xml, "ipv6Ranges", "cidrIpv6"));
    Rule {
        protocol: text(xml, "ipProtocol"),
        ports: port("fromPort").zip(port("toPort")),
        nets: all,
        groups: owned(each(xml, "groups", "groupId")),
        prefix_lists: owned(each(xml, "prefixListIds", "prefixListId")),
    }
}

fn endpoint(xml: &Xml) -> Endpoint {
    let tables = xml.child("routeTableIdSet").into_iter().flat_map(|tables| tables.children("item"));
    let by = match xml.text_of("vpcEndpointType") {
        Some("Gateway") => EndpointBy::Routes(tables.map(|table| table.text().to_owned()).collect()),
        _ => EndpointBy::Name { enabled: xml.text_of("privateDnsEnabled") == Some("true") },
    };
    Endpoint {
        service: text(xml, "serviceName"),
        available: xml.text_of("state").is_some_and(|state| state.eq_ignore_ascii_case("available")),
        by,
    }
}

fn route_table(xml: &Xml) -> RouteTable {
    let routes = xml.child("routeSet").into_iter().flat_map(|routes| routes.children("item")).filter_map(route);
    RouteTable {
        id: text(xml, "routeTableId"),
        main: each(xml, "associationSet", "main").contains(&"true"),
        subnets: owned(each(xml, "associationSet", "subnetId")),
        routes: routes.collect(),
    }
}

fn route(xml: &Xml) -> Option<Route> {
    const BY: [&str; 10] = [
        "gatewayId",
        "natGatewayId",
        "transitGatewayId",
        "vpcPeeringConnectionId",
        "networkInterfaceId",
        "instanceId",
        "egressOnlyInternetGatewayId",
        "coreNetworkArn",
        "localGatewayId",
        "carrierGatewayId",
    ];
    let net = |name: &str| xml.text_of(name).and_then(|net| net.parse().ok());
    let to = match net("destinationCidrBlock").or_else(|| net("destinationIpv6CidrBlock")) {
        Some(net) => RouteTo::Net(net),
        None => RouteTo::PrefixList(xml.text_of("destinationPrefixListId")?.to_owned()),
    };
    let by = BY.iter().find_map(|name| xml.text_of(name).filter(|id| !id.is_empty()));
    let blackhole = xml.text_of("state") == Some("blackhole");
    Some(Route { to, by: by.unwrap_or("another route").to_owned(), blackhole })
}

fn acl(xml: &Xml) -> Acl {
    let entries = xml.child("entrySet").into_iter().flat_map(|entries| entries.children("item")).filter_map(acl_entry);
    let mut entries: Vec<AclEntry> = entries.collect();
    entries.sort_by_key(|entry| entry.number);
    Acl { id: text(xml, "networkAclId"), subnets: owned(each(xml, "associationSet", "subnetId")), entries }
}

fn acl_entry(xml: &Xml) -> Option<AclEntry> {
    let net = xml.text_of("cidrBlock").or(xml.text_of("ipv6CidrBlock"))?.parse().ok()?;
    let port = |name: &str| xml.at(&["portRange", name]).and_then(|port| port.text().parse::<u16>().ok());
    Some(AclEntry {
        number: xml.text_of("ruleNumber")?.parse().ok()?,
        egress: xml.text_of("egress") == Some("true"),
        allow: xml.text_of("ruleAction") == Some("allow"),
        protocol: text(xml, "protocol"),
        net,
        ports: port("from").zip(port("to")),
    })
}

fn interface(xml: &Xml) -> Interface {
    let mut addresses = each(xml, "privateIpAddressesSet", "privateIpAddress");
    addresses.extend(each(xml, "ipv6AddressesSet", "ipv6Address"));
    addresses.extend(xml.text_of("privateIpAddress"));
    let mut addresses: Vec<IpAddr> = addresses.into_iter().filter_map(|address| address.parse().ok()).collect();
    addresses.sort();
    addresses.dedup();
    Interface {
        addresses,
        vpc: text(xml, "vpcId"),
        subnet: text(xml, "subnetId"),
        groups: owned(each(xml, "groupSet", "groupId")),
        description: text(xml, "description"),
    }
}
