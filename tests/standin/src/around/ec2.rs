//! EC2: what `doctor` asks of a VPC. Things are kept as EC2 names them in its XML.
//!
//! Source: the EC2 API reference (2016-11-15): filters, the codes of things that are not there, `NextToken`.

use serde_json::{Value, json};

use super::tree::elements;
use super::wildcard::fits;
use super::{Around, Input, Reply, unsupported};
use crate::operations::Refusal;

/// What is in the region's VPCs.
#[derive(Debug, Default)]
pub struct Ec2 {
    pub subnets: Vec<Value>,
    pub security_groups: Vec<Value>,
    pub route_tables: Vec<Value>,
    pub network_acls: Vec<Value>,
    pub network_interfaces: Vec<Value>,
    pub vpc_endpoints: Vec<Value>,
    /// Prefix lists with their `entries`.
    pub prefix_lists: Vec<Value>,
}

/// How a kind of thing is asked for.
struct Kind {
    /// The parameter that names some.
    ids: &'static str,
    /// Where a thing has its id.
    id: &'static str,
    /// The list in the answer.
    set: &'static str,
    /// The error for an id that is not there.
    missing: &'static str,
    /// Filters, and where in a thing their values are.
    filters: &'static [(&'static str, &'static str)],
}

const SUBNETS: Kind = Kind {
    ids: "SubnetId",
    id: "subnetId",
    set: "subnetSet",
    missing: "InvalidSubnetID.NotFound",
    filters: &[("vpc-id", "vpcId"), ("subnet-id", "subnetId")],
};
const SECURITY_GROUPS: Kind = Kind {
    ids: "GroupId",
    id: "groupId",
    set: "securityGroupInfo",
    missing: "InvalidGroup.NotFound",
    filters: &[("vpc-id", "vpcId"), ("group-id", "groupId"), ("group-name", "groupName")],
};
const ROUTE_TABLES: Kind = Kind {
    ids: "RouteTableId",
    id: "routeTableId",
    set: "routeTableSet",
    missing: "InvalidRouteTableID.NotFound",
    filters: &[
        ("vpc-id", "vpcId"),
        ("association.subnet-id", "associationSet.subnetId"),
        ("association.main", "associationSet.main"),
    ],
};
const NETWORK_ACLS: Kind = Kind {
    ids: "NetworkAclId",
    id: "networkAclId",
    set: "networkAclSet",
    missing: "InvalidNetworkAclID.NotFound",
    filters: &[("vpc-id", "vpcId"), ("association.subnet-id", "associationSet.subnetId")],
};
const NETWORK_INTERFACES: Kind = Kind {
    ids: "NetworkInterfaceId",
    id: "networkInterfaceId",
    set: "networkInterfaceSet",
    missing: "InvalidNetworkInterfaceID.NotFound",
    filters: &[
        ("vpc-id", "vpcId"),
        ("description", "description"),
        ("addresses.private-ip-address", "privateIpAddressesSet.privateIpAddress"),
        ("attachment.instance-id", "attachment.instanceId"),
    ],
};
const VPC_ENDPOINTS: Kind = Kind {
    ids: "VpcEndpointId",
    id: "vpcEndpointId",
    set: "vpcEndpointSet",
    missing: "InvalidVpcEndpointId.NotFound",
    filters: &[("vpc-id", "vpcId"), ("service-name", "serviceName")],
};

/// Things are listed in pages of so many, unless `MaxResults` says less.
const PAGE: usize = 1000;

pub(crate) fn dispatch(state: &mut Around, operation: &str, input: &Input) -> Result<Reply, Refusal> {
    answer(&state.ec2, operation, input).map(|members| Reply::Xml(elements(&members, "item")))
}

/// The answer's members.
fn answer(state: &Ec2, operation: &str, input: &Input) -> Result<Value, Refusal> {
    match operation {
        "DescribeSubnets" => describe(&state.subnets, &SUBNETS, input),
        "DescribeSecurityGroups" => describe(&state.security_groups, &SECURITY_GROUPS, input),
        "DescribeRouteTables" => describe(&state.route_tables, &ROUTE_TABLES, input),
        "DescribeNetworkAcls" => describe(&state.network_acls, &NETWORK_ACLS, input),
        "DescribeNetworkInterfaces" => describe(&state.network_interfaces, &NETWORK_INTERFACES, input),
        "DescribeVpcEndpoints" => describe(&state.vpc_endpoints, &VPC_ENDPOINTS, input),
        "GetManagedPrefixListEntries" => {
            let wanted = input.text("PrefixListId");
            let list = state.prefix_lists.iter().find(|list| list["prefixListId"] == wanted);
            let list = list.ok_or_else(|| {
                let text = format!("The prefix list ID '{wanted}' does not exist");
                Refusal::new("InvalidPrefixListID.NotFound", &text)
            })?;
            Ok(json!({ "entrySet": list["entries"] }))
        }
        other => Err(unsupported(other)),
    }
}

fn describe(things: &[Value], kind: &Kind, input: &Input) -> Result<Value, Refusal> {
    let ids = input.list(kind.ids);
    if let Some(missing) = ids.iter().find(|id| !things.iter().any(|thing| thing[kind.id] == **id)) {
        return Err(Refusal::new(kind.missing, &format!("The ID '{missing}' does not exist")));
    }
    let mut found: Vec<&Value> = things.iter().filter(|thing| ids.is_empty() || is_one_of(thing, kind, &ids)).collect();
    for (name, values) in input.filters() {
        let Some((_, path)) = kind.filters.iter().find(|(known, _)| *known == name) else {
            return Err(Refusal::new("InvalidParameterValue", &format!("The filter '{name}' is invalid")));
        };
        found.retain(|thing| at(thing, path).iter().any(|has| values.iter().any(|pattern| fits(pattern, has))));
    }
    let size = input.text("MaxResults").parse().unwrap_or(PAGE);
    let from: usize = input.text("NextToken").parse().unwrap_or(0);
    let mut answer = json!({ kind.set: found.iter().skip(from).take(size).collect::<Vec<_>>() });
    if from + size < found.len() {
        answer["nextToken"] = (from + size).to_string().into();
    }
    Ok(answer)
}

fn is_one_of(thing: &Value, kind: &Kind, ids: &[&str]) -> bool {
    ids.iter().any(|id| thing[kind.id] == *id)
}

/// The values at a path, through lists.
fn at(value: &Value, path: &str) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().flat_map(|value| at(value, path)).collect(),
        Value::Object(_) => {
            let (first, rest) = path.split_once('.').unwrap_or((path, ""));
            at(&value[first], rest)
        }
        Value::String(text) => vec![text.clone()],
        Value::Null => Vec::new(),
        other => vec![other.to_string()],
    }
}
