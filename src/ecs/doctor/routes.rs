//! Whether route tables lead to where they have to.

use std::net::{IpAddr, Ipv4Addr};

use super::check::{Check, Outcome};
use super::image_name::ImageName;
use super::network::Source;
use super::passage::{self, is_public, table_of};
use super::patient::{Launch, Patient, only};
use super::reader::Reader;
use super::vpc::{self, Endpoint, EndpointBy, PrefixLists, Route, RouteTable, RouteTo, Subnet};

const ROUTE: &str = "route";
const IMAGE_ROUTE: &str = "image-route";

/// An address of documentation (RFC 5737): only a way to everywhere leads to it.
const ANYWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1));

/// Judges the way from a subnet to addresses.
pub(super) fn route(source: &Source, subnet: &Subnet, addresses: &[IpAddr], lists: &PrefixLists) -> Check {
    let tables = match &source.tables {
        Ok(tables) => tables,
        Err(reason) => return Check::not_checked(ROUTE, &subnet.id, reason),
    };
    let Some(table) = table_of(tables, &subnet.id) else {
        return Check::not_checked(ROUTE, &subnet.id, "its route table is not known");
    };
    let mut found: Vec<String> = Vec::new();
    for address in addresses {
        match passage::route(table, *address, lists) {
            Err(reason) => return Check::not_checked(ROUTE, &subnet.id, reason),
            Ok(taken) => match way(source, table, *address, taken) {
                Ok(way) if found.contains(&way) => {}
                Ok(way) => found.push(way),
                Err((message, fixes)) => {
                    return fixes.into_iter().fold(Check::problem(ROUTE, &subnet.id, message), Check::fix);
                }
            },
        }
    }
    Check::ok(ROUTE, &subnet.id, format!("{} leads there by {}", table.id, found.join(", ")))
}

/// What a route leads by, or what is wrong with it and how to put it right.
fn way(
    source: &Source,
    table: &RouteTable,
    to: IpAddr,
    taken: Option<&Route>,
) -> Result<String, (String, Vec<String>)> {
    let id = &table.id;
    let create = |by: &str| {
        let flag = if to.is_ipv4() { "--destination-cidr-block" } else { "--destination-ipv6-cidr-block" };
        let net = match (is_public(to), to.is_ipv4()) {
            (true, true) => "0.0.0.0/0".to_owned(),
            (true, false) => "::/0".to_owned(),
            (false, _) => only(to),
        };
        format!("aws ec2 create-route --route-table-id {id} {flag} {net} {by}")
    };
    // A NAT gateway is no way to IPv6 addresses.
    let out = match to.is_ipv4() {
        true => "--nat-gateway-id NAT_GATEWAY_ID",
        false => "--egress-only-internet-gateway-id EGRESS_ONLY_GATEWAY_ID",
    };
    let peering = "--vpc-peering-connection-id PEERING_ID";
    match taken {
        None => {
            let by = if is_public(to) { out } else { peering };
            Err((format!("{id} has no route to {to}"), vec![create(by)]))
        }
        Some(route) if route.blackhole => {
            let message = format!("the route of {id} to {to} leads to {}, which is gone", route.by);
            Err((message, vec![replace(id, route, if is_public(to) { out } else { peering })]))
        }
        Some(route) if route.by.starts_with("igw-") && !is_public(to) => {
            let message = format!("{id} sends what is for {to} to an internet gateway, which has no way to it");
            Err((message, vec![create(peering)]))
        }
        Some(route) if route.by.starts_with("igw-") && to.is_ipv4() && !source.public => {
            let message = format!("the way to {to} is an internet gateway, and the tasks have no public addresses");
            let fixes = source.make_public.iter().cloned().chain([replace(id, route, out)]);
            Err((message, fixes.collect()))
        }
        Some(route) => Ok(route.by.clone()),
    }
}

/// The command that has a route lead somewhere else.
fn replace(table: &str, route: &Route, by: &str) -> String {
    let to = match &route.to {
        RouteTo::Net(net) if net.addr().is_ipv4() => format!("--destination-cidr-block {net}"),
        RouteTo::Net(net) => format!("--destination-ipv6-cidr-block {net}"),
        RouteTo::PrefixList(list) => format!("--destination-prefix-list-id {list}"),
    };
    format!("aws ec2 replace-route --route-table-id {table} {to} {by}")
}

/// Whether there is a way from the task's subnets to the registry of each sidecar's image.
pub(super) async fn image_routes(reader: &Reader, patient: &Patient, source: &Result<Source, String>) -> Vec<Check> {
    let Ok(source) = source else { return Vec::new() };
    let sidecars = patient.sidecars();
    if patient.launch() == Launch::Instances {
        return Vec::new();
    }
    let registry = |image: &str| ImageName::parse(image).map(|name| name.registry);
    let others = patient
        .definition
        .containers()
        .iter()
        .filter(|container| !sidecars.iter().any(|sidecar| std::ptr::eq(sidecar.container, *container)));
    let known: Vec<String> = others.filter_map(|container| registry(container["image"].as_str()?)).collect();
    let mut checks = Vec::new();
    for sidecar in &sidecars {
        let Some(name) = ImageName::parse(sidecar.image()) else { continue };
        let subject = &name.registry;
        if patient.service.is_some() && known.contains(&name.registry) {
            checks.push(Check::ok(IMAGE_ROUTE, subject, "another container's image comes from there, too"));
            continue;
        }
        if let Some(ecr) = name.ecr()
            && let Ok(endpoints) = vpc::endpoints(reader, &source.vpc).await
        {
            // In China, some names begin with `cn.`.
            let wanted = ["ecr.dkr", "ecr.api", "s3"].map(|service| format!("com.amazonaws.{}.{service}", ecr.region));
            let leads = |service: &String| {
                endpoints.iter().any(|endpoint| endpoint.service.ends_with(service) && leads_to(source, endpoint))
            };
            if wanted.iter().all(leads) {
                checks.push(Check::ok(IMAGE_ROUTE, subject, "the VPC has endpoints for ECR and S3"));
                continue;
            }
        }
        checks.push(route_to_everywhere(source, subject, name.ecr().is_some()));
    }
    checks
}

/// Whether what is for an endpoint's service gets there from all subnets.
fn leads_to(source: &Source, endpoint: &Endpoint) -> bool {
    let by = match &endpoint.by {
        EndpointBy::Name { enabled } => *enabled,
        EndpointBy::Routes(ids) => source.subnets.iter().all(|subnet| {
            let table = source.tables.iter().find_map(|tables| table_of(tables, &subnet.id));
            table.is_none_or(|table| ids.contains(&table.id))
        }),
    };
    endpoint.available && by
}

fn route_to_everywhere(source: &Source, registry: &str, is_ecr: bool) -> Check {
    for subnet in &source.subnets {
        // Whatever a prefix list holds, it does not hold everything.
        let mut lists = PrefixLists::new();
        for table in source.tables.iter().flatten() {
            for route in &table.routes {
                if let RouteTo::PrefixList(list) = &route.to {
                    lists.insert(list.clone(), Ok(Vec::new()));
                }
            }
        }
        let check = route(source, subnet, &[ANYWHERE], &lists);
        match check.outcome {
            Outcome::Ok { .. } => {}
            Outcome::NotChecked { why } => return Check::not_checked(IMAGE_ROUTE, registry, why),
            Outcome::Problem { fixes, .. } => {
                let message = format!("{} has no way to the registry: the image cannot be pulled", subnet.id);
                let mut problem = Check::problem(IMAGE_ROUTE, registry, message);
                if is_ecr {
                    problem =
                        problem.fix("give the VPC endpoints for ecr.api and ecr.dkr (interface, with private names) and for s3 (gateway, in the subnets' route tables)");
                }
                return fixes.into_iter().fold(problem, Check::fix);
            }
        }
    }
    Check::ok(IMAGE_ROUTE, registry, "the tasks' subnets have a way out to it")
}
