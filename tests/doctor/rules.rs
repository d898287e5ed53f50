//! Rules of a VPC and of load balancers that are easily got wrong, one test a rule.

use serde_json::{Value, json};
use standin::around::Around;

use super::network::{group, routes};
use super::world::{COLLECTORS, IMAGE, TARGET_GROUP, World, forwarding_to, injected};

fn entries(around: &mut Around) -> &mut Vec<Value> {
    around.ec2.network_acls[0]["entrySet"].as_array_mut().expect("entries")
}

#[test]
fn what_no_entry_allows_is_not_said_to_be_denied_by_one() {
    let world = World::healthy().change(|around| entries(around).retain(|entry| entry["ruleNumber"] != 100));
    world.examined().has_problem(
        "network-acl",
        "acl-1 lets no UDP 4789 out to 10.0.9.10/32: no entry allows it",
        "--egress --rule-number 32700 ",
    );
}

#[test]
fn an_entry_that_denies_a_part_is_not_hidden_by_one_that_allows_another() {
    let world = World::healthy().change(|around| {
        let entry = |number: u32, action: &str, block: &str| {
            json!({ "ruleNumber": number, "egress": false, "ruleAction": action, "protocol": "17", "cidrBlock": block })
        };
        entries(around).extend([entry(50, "allow", "10.0.1.0/25"), entry(60, "deny", "10.0.1.128/25")]);
    });
    world.examined().has_no_problems().did_not_check("network-acl", "about only a part of it");
}

#[test]
fn the_network_acl_of_targets_has_to_let_in_their_own_port() {
    let world = World::healthy().change(|around| {
        around.elb.load_balancers[0].as_object_mut().unwrap().remove("SecurityGroups");
        around.ec2.network_interfaces[0]["groupSet"] = json!([]);
        around.elb.target_health.get_mut(TARGET_GROUP).unwrap()[0]["Target"]["Port"] = 5000.into();
        entries(around).push(json!({
            "ruleNumber": 50, "egress": false, "ruleAction": "deny", "protocol": "17", "cidrBlock": "0.0.0.0/0",
            "portRange": { "from": 5000, "to": 5000 }
        }));
    });
    world.examined().has_problem("network-acl", "acl-1 lets no UDP 5000 in from 10.0.1.0/24: entry 50", "--ingress");
}

#[test]
fn a_receiver_with_ipv6_alone_is_out_of_reach_of_subnets_without() {
    let forwarder = || World::with(forwarding_to("2001:db8::10"));
    forwarder().examined().has_only_problem(
        "network",
        "it has IPv6 addresses alone (2001:db8::10), and the tasks' subnets have none",
        "give the tasks' subnets IPv6 networks",
    );
    let both = forwarder().change(|around| {
        for subnet in &mut around.ec2.subnets {
            let block = json!([{ "ipv6CidrBlock": "2001:db8:1::/64", "associationId": "a" }]);
            subnet["ipv6CidrBlockAssociationSet"] = block;
        }
    });
    both.examined().has_problem(
        "route",
        "no route to 2001:db8::10",
        "--destination-ipv6-cidr-block ::/0 --egress-only-internet-gateway-id EGRESS_ONLY_GATEWAY_ID",
    );
}

#[test]
fn a_route_that_leads_nowhere_is_replaced_as_it_is() {
    let world = World::with(forwarding_to("198.51.100.7")).change(|around| {
        routes(around)[1]["state"] = "blackhole".into();
        let rule = json!({ "ipProtocol": "-1", "ipRanges": [{ "cidrIp": "0.0.0.0/0" }] });
        group(around, "sg-tasks")["ipPermissionsEgress"] = json!([rule]);
    });
    world.examined().has_problem(
        "route",
        "the route of rtb-main to 198.51.100.7 leads to nat-1, which is gone",
        "aws ec2 replace-route --route-table-id rtb-main --destination-cidr-block 0.0.0.0/0 --nat-gateway-id",
    );
}

/// A world that sends to the internet, and whose subnets lead there by an internet gateway.
fn by_internet_gateway() -> World {
    World::with(forwarding_to("198.51.100.7")).change(|around| {
        routes(around)[1] = json!({ "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1", "state": "active" });
        let rule = json!({ "ipProtocol": "-1", "ipRanges": [{ "cidrIp": "0.0.0.0/0" }] });
        group(around, "sg-tasks")["ipPermissionsEgress"] = json!([rule]);
    })
}

#[test]
fn tasks_on_instances_are_not_to_be_given_public_addresses() {
    let message = "an internet gateway, and the tasks have no public addresses";
    by_internet_gateway().examined().has_problem("route", message, "assignPublicIp=ENABLED");
    let report = by_internet_gateway().service(json!({ "launchType": "EC2" })).examined();
    report.has_problem("route", message, "replace-route --route-table-id rtb-main --destination-cidr-block 0.0.0.0/0");
    assert!(!report.text.stdout().contains("assignPublicIp"), "{}", report.text);
}

#[test]
fn without_a_way_out_public_addresses_are_none() {
    let world = by_internet_gateway().change(|around| routes(around).truncate(1));
    let report = world.examined();
    report.has_problem("route", "rtb-main has no route to 198.51.100.7", "--nat-gateway-id");
    assert!(!report.text.stdout().contains("assignPublicIp"), "{}", report.text);
}

#[test]
fn a_balancers_name_may_end_in_a_dot() {
    let receiver = format!("otlp:http://{COLLECTORS}.:4318");
    let world = World::with(injected(&["--image", IMAGE, "--export", &receiver]));
    world.examined().found("destination", "the load balancer `collectors`, at 10.0.9.10");
}

/// A sensor that sends over TCP to the load balancer, which has no groups of its own; its collectors let in these
/// networks.
fn balanced_tcp(lets_in: &[&str]) -> World {
    let receiver = format!("otlp:http://{COLLECTORS}:4318");
    let ranges: Vec<Value> = lets_in.iter().map(|net| json!({ "cidrIp": net })).collect();
    World::with(injected(&["--image", IMAGE, "--export", &receiver])).change(|around| {
        around.elb.load_balancers[0].as_object_mut().unwrap().remove("SecurityGroups");
        around.ec2.network_interfaces[0]["groupSet"] = json!([]);
        (around.elb.listeners[0]["Protocol"], around.elb.listeners[0]["Port"]) = ("TCP".into(), 4318.into());
        around.elb.target_health.get_mut(TARGET_GROUP).unwrap()[0]["Target"]["Port"] = 4318.into();
        let rule = json!({ "ipProtocol": "tcp", "fromPort": 4318, "toPort": 4318, "ipRanges": ranges });
        group(around, "sg-collectors")["ipPermissions"] = json!([rule]);
    })
}

#[test]
fn behind_a_balancer_tcp_comes_from_the_tasks_or_from_the_balancer() {
    balanced_tcp(&["10.0.0.0/16"]).examined().has_no_problems().found("security-group-ingress", "TCP 4318 may come in");
    let reason = "depends on `preserve_client_ip.enabled`";
    balanced_tcp(&["10.0.9.0/24"]).examined().has_no_problems().did_not_check("security-group-ingress", reason);
    balanced_tcp(&[]).examined().has_only_problem(
        "security-group-ingress",
        "no rule lets TCP 4318 in",
        "sg-collectors",
    );
}

#[test]
fn an_application_load_balancer_is_given_a_listener_that_it_can_have() {
    let receiver = format!("otlp:http://{COLLECTORS}:4318");
    let world = World::with(injected(&["--image", IMAGE, "--export", &receiver])).change(|around| {
        around.elb.load_balancers[0]["Type"] = "application".into();
        around.elb.listeners[0]["Protocol"] = "HTTP".into();
    });
    world.examined().has_problem(
        "load-balancer-listener",
        "does not listen for TCP 4318",
        "--protocol HTTP --port 4318",
    );
}

#[test]
fn a_sensor_that_listens_somewhere_still_writes_to_its_log() {
    let definition = super::world::changed(injected(&["--image", IMAGE]), |sidecar| {
        sidecar["command"] = json!(["capture", "--listen", "127.0.0.1:9464"]);
        sidecar.as_object_mut().unwrap().remove("logConfiguration");
    });
    World::with(definition).examined().has_problem("log-configuration", "writes its records to its log", "--log-group");
}

#[test]
fn a_log_in_a_region_that_is_not_enabled_keeps_nothing_else_from_being_looked_at() {
    let log = ["--log-group", "/ecs/far", "--log-region", "af-south-1"];
    let forwarder = ["--sidecar", "forwarder", "--image", IMAGE, "--destination", COLLECTORS];
    let world = World::with(injected(&[&forwarder[..], &log[..]].concat()));
    world.standin.refuse_region("af-south-1");
    let report = world.examined();
    report.did_not_check("log-group", "the account has not enabled the region af-south-1");
    report.found("load-balancer-targets", "1 of 1 targets are healthy");
}
