//! A load balancer in front of the receivers: whether it listens for what is sent, and has somewhere to send it on to.

use std::net::IpAddr;

use super::check::Check;
use super::passage::Flow;
use super::patient::quoted;
use super::reader::{Fact, Reader, why};
use super::vpc::{self, Interface};
use crate::aws::Xml;
use crate::taskdef::Transport;

const LISTENER: &str = "load-balancer-listener";
const TARGETS: &str = "load-balancer-targets";

/// A load balancer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Balancer {
    pub arn: String,
    pub name: String,
    pub dns_name: String,
    /// `network`, `application` or `gateway`.
    pub kind: String,
    /// Whether it has addresses of its VPC alone.
    pub internal: bool,
    pub groups: Vec<String>,
}

/// What a balancer listens for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Listener {
    protocol: String,
    port: u16,
    target_groups: Vec<String>,
}

/// A target and its health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// An address or the id of an instance.
    pub id: String,
    pub port: u16,
    state: String,
    reason: String,
}

/// The balancer that a name is of: `None` if it is no balancer's name.
pub(super) async fn by_host(reader: &Reader, host: &str) -> Fact<Option<Balancer>> {
    let Some((name, region)) = name_and_region(host) else { return Ok(None) };
    if region != reader.session.region {
        return Err(format!("it is the name of a load balancer in {region}"));
    }
    let lower = host.trim_end_matches('.').to_lowercase();
    let is = |balancer: &Balancer| lower.ends_with(&balancer.dns_name.to_lowercase());
    match by_name(reader, &name).await? {
        Some(balancer) if is(&balancer) => Ok(Some(balancer)),
        _ => Err("no load balancer in this account and region has that name".to_owned()),
    }
}

/// The balancer that an interface is of.
pub(super) async fn by_interface(reader: &Reader, interface: &Interface) -> Fact<Option<Balancer>> {
    let named = interface.description.strip_prefix("ELB ").and_then(|rest| rest.split('/').nth(1));
    match named {
        Some(name) => by_name(reader, name).await,
        None => Ok(None),
    }
}

async fn by_name(reader: &Reader, name: &str) -> Fact<Option<Balancer>> {
    let params = [("Names.member.1", name)];
    match vpc::elb(reader, "DescribeLoadBalancers", &params, "LoadBalancers", balancer).await {
        Ok(balancers) => Ok(balancers.into_iter().next()),
        Err(error) if error.is("LoadBalancerNotFound") || error.is("LoadBalancerNotFoundException") => Ok(None),
        Err(error) => Err(why(&error)),
    }
}

/// Of `NAME-ID.elb.REGION.amazonaws.com` (network) or `[internal-]NAME-ID.REGION.elb.amazonaws.com` (application).
fn name_and_region(host: &str) -> Option<(String, String)> {
    let host = host.trim_end_matches('.').to_lowercase();
    let host = host.strip_prefix("dualstack.").unwrap_or(&host);
    let labels: Vec<&str> = host.split('.').collect();
    let (label, region) = match labels[..] {
        [label, "elb", region, "amazonaws", "com"] | [label, region, "elb", "amazonaws", "com"] => (label, region),
        [label, "elb", region, "amazonaws", "com", "cn"] | [label, region, "elb", "amazonaws", "com", "cn"] => {
            (label, region)
        }
        _ => return None,
    };
    let (name, _) = label.rsplit_once('-')?;
    Some((name.strip_prefix("internal-").unwrap_or(name).to_owned(), region.to_owned()))
}

/// Whether a name can only be that of a load balancer, wherever it is.
pub(super) fn is_balancers_name(host: &str) -> bool {
    name_and_region(host).is_some()
}

impl Balancer {
    /// The addresses that it has in its VPC, from its interfaces.
    pub async fn addresses(&self, reader: &Reader) -> Fact<Vec<IpAddr>> {
        let description = self.arn.split_once(":loadbalancer/").map(|(_, id)| format!("ELB {id}")).unwrap_or_default();
        let interfaces = vpc::interfaces(reader, &[("description", &[&description])]).await?;
        Ok(interfaces.into_iter().flat_map(|interface| interface.addresses).collect())
    }
}

/// Asks about listeners and targets, and judges them. Returns the targets with their group's port, too.
pub(super) async fn examine(reader: &Reader, balancer: &Balancer, flow: Flow) -> (Vec<Check>, Vec<Target>) {
    let params = [("LoadBalancerArn", balancer.arn.as_str())];
    let listeners = vpc::elb(reader, "DescribeListeners", &params, "Listeners", listener).await;
    let listeners = match listeners {
        Ok(listeners) => listeners,
        Err(error) => return (vec![Check::not_checked(LISTENER, &balancer.name, why(&error))], Vec::new()),
    };
    let Some(listener) = listeners.iter().find(|listener| listener.port == flow.port && takes(listener, flow)) else {
        return (vec![no_listener(balancer, flow, &listeners)], Vec::new());
    };
    let found = format!("listens for {} {}", listener.protocol, listener.port);
    let mut checks = vec![Check::ok(LISTENER, &balancer.name, found)];
    let mut all = Vec::new();
    for group in &listener.target_groups {
        let params = [("TargetGroupArn", group.as_str())];
        let targets = vpc::elb(reader, "DescribeTargetHealth", &params, "TargetHealthDescriptions", target).await;
        let targets = targets.map_err(|error| why(&error));
        checks.push(judge_targets(group, flow, &targets));
        all.extend(targets.unwrap_or_default());
    }
    if listener.target_groups.is_empty() {
        let message = format!("its listener for {flow} forwards to no target group");
        checks.push(Check::problem(TARGETS, &balancer.name, message).fix("give the listener a `forward` action"));
    }
    (checks, all)
}

fn takes(listener: &Listener, flow: Flow) -> bool {
    let protocols: &[&str] = match flow.transport {
        Transport::Udp => &["UDP", "TCP_UDP"],
        Transport::Tcp => &["TCP", "TLS", "TCP_UDP", "TCP_QUIC", "HTTP", "HTTPS"],
    };
    protocols.contains(&listener.protocol.as_str())
}

fn no_listener(balancer: &Balancer, flow: Flow, listeners: &[Listener]) -> Check {
    let name = &balancer.name;
    if flow.transport == Transport::Udp && balancer.kind != "network" {
        let message = format!("it is a load balancer of type {}, and takes no UDP", balancer.kind);
        return Check::problem(LISTENER, name, message).fix("send to a Network Load Balancer with a UDP listener");
    }
    let has: Vec<String> =
        listeners.iter().map(|listener| format!("{} {}", listener.protocol, listener.port)).collect();
    let has = if has.is_empty() { "nothing".to_owned() } else { has.join(", ") };
    let (protocol, certificate) = match (balancer.kind.as_str(), flow.port) {
        ("application", 443) => ("HTTPS".to_owned(), " --certificates CertificateArn=CERTIFICATE_ARN"),
        ("application", _) => ("HTTP".to_owned(), ""),
        _ => (flow.protocol().to_uppercase(), ""),
    };
    let command = format!(
        "aws elbv2 create-listener --load-balancer-arn {} --protocol {protocol} --port {}{certificate} \
         --default-actions Type=forward,TargetGroupArn=TARGET_GROUP_ARN",
        balancer.arn, flow.port
    );
    Check::problem(LISTENER, name, format!("it does not listen for {flow}, but for {has}")).fix(command)
}

fn judge_targets(group: &str, flow: Flow, targets: &Fact<Vec<Target>>) -> Check {
    let name = group.split('/').nth(1).unwrap_or(group);
    let targets = match targets {
        Ok(targets) => targets,
        Err(reason) => return Check::not_checked(TARGETS, name, reason),
    };
    let healthy = targets.iter().filter(|target| target.state == "healthy").count();
    if healthy > 0 {
        return Check::ok(TARGETS, name, format!("{healthy} of {} targets are healthy", targets.len()));
    }
    let health = format!("aws elbv2 describe-target-health --target-group-arn {}", quoted(group));
    if targets.is_empty() {
        return Check::problem(TARGETS, name, "no targets are registered: what arrives is dropped")
            .fix("name the target group in the `loadBalancers` of the collectors' service")
            .fix(format!("aws elbv2 register-targets --target-group-arn {} --targets Id=ADDRESS", quoted(group)));
    }
    let states: Vec<String> = targets
        .iter()
        .map(|target| match target.reason.as_str() {
            "" => format!("{} is {}", target.id, target.state),
            reason => format!("{} is {} ({reason})", target.id, target.state),
        })
        .collect();
    let problem = Check::problem(TARGETS, name, format!("no target is healthy: {}", states.join(", ")));
    let problem = match flow.transport {
        // Packets go to `sidetap collect`, which cannot be asked for its health where they arrive.
        Transport::Udp => problem.fix(
            "have `sidetap collect` run with `--health-listen 0.0.0.0:9464`, and check it by HTTP at `/ready`, port 9464",
        ),
        Transport::Tcp => problem,
    };
    problem.fix(health)
}

fn balancer(xml: &Xml) -> Balancer {
    let text = |name: &str| xml.text_of(name).unwrap_or_default().to_owned();
    let groups = xml.child("SecurityGroups").into_iter().flat_map(|groups| groups.children("member"));
    Balancer {
        arn: text("LoadBalancerArn"),
        name: text("LoadBalancerName"),
        dns_name: text("DNSName"),
        kind: text("Type"),
        internal: xml.text_of("Scheme") == Some("internal"),
        groups: groups.map(|group| group.text().to_owned()).collect(),
    }
}

fn listener(xml: &Xml) -> Listener {
    let actions = xml.child("DefaultActions").into_iter().flat_map(|actions| actions.children("member"));
    let mut target_groups: Vec<String> = Vec::new();
    for action in actions {
        let weighted = action.at(&["ForwardConfig", "TargetGroups"]).into_iter();
        let weighted =
            weighted.flat_map(|groups| groups.children("member")).filter_map(|group| group.text_of("TargetGroupArn"));
        for group in action.text_of("TargetGroupArn").into_iter().chain(weighted) {
            if !target_groups.iter().any(|known| known == group) {
                target_groups.push(group.to_owned());
            }
        }
    }
    Listener {
        protocol: xml.text_of("Protocol").unwrap_or_default().to_owned(),
        port: xml.text_of("Port").and_then(|port| port.parse().ok()).unwrap_or_default(),
        target_groups,
    }
}

fn target(xml: &Xml) -> Target {
    let text = |path: &[&str]| xml.at(path).map_or("", Xml::text).to_owned();
    Target {
        id: text(&["Target", "Id"]),
        port: text(&["Target", "Port"]).parse().unwrap_or_default(),
        state: text(&["TargetHealth", "State"]),
        reason: text(&["TargetHealth", "Reason"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_balancers_tell_their_names_and_regions() {
        let of = |host: &str| name_and_region(host);
        let some = |name: &str, region: &str| Some((name.to_owned(), region.to_owned()));
        assert_eq!(of("my-nlb-0123456789abcdef.elb.eu-west-1.amazonaws.com"), some("my-nlb", "eu-west-1"));
        assert_eq!(of("internal-my-alb-123.us-east-1.elb.amazonaws.com."), some("my-alb", "us-east-1"));
        assert_eq!(of("collector.internal"), None);
    }
}
