//! Faults between the task and the receiver, one test a fault.

use serde_json::{Value, json};
use standin::around::Around;

use super::world::{
    COLLECTORS, IMAGE, TARGET_GROUP, World, changed, forwarding, forwarding_to, injected, interface, target,
};

/// The security group of that id.
pub fn group<'a>(around: &'a mut Around, id: &str) -> &'a mut Value {
    around.ec2.security_groups.iter_mut().find(|group| group["groupId"] == id).expect("a security group")
}

pub fn routes(around: &mut Around) -> &mut Vec<Value> {
    around.ec2.route_tables[0]["routeSet"].as_array_mut().expect("routes")
}

#[test]
fn a_security_group_that_lets_nothing_out() {
    let world = World::healthy().change(|around| group(around, "sg-tasks")["ipPermissionsEgress"] = json!([]));
    world.examined().has_only_problem(
        "security-group-egress",
        "no rule lets UDP 4789 out to 10.0.9.10",
        "aws ec2 authorize-security-group-egress --group-id sg-tasks --ip-permissions \
         'IpProtocol=udp,FromPort=4789,ToPort=4789,IpRanges=[{CidrIp=10.0.9.10/32}]'",
    );
}

#[test]
fn a_security_group_that_lets_only_tcp_out() {
    let world = World::healthy()
        .change(|around| group(around, "sg-tasks")["ipPermissionsEgress"][0]["ipProtocol"] = "tcp".into());
    world.examined().has_only_problem("security-group-egress", "no rule lets UDP 4789 out", "sg-tasks");
}

#[test]
fn a_security_group_that_lets_nothing_in() {
    let world = World::healthy().change(|around| group(around, "sg-balancer")["ipPermissions"] = json!([]));
    world.examined().has_only_problem(
        "security-group-ingress",
        "no rule lets UDP 4789 in from 10.0.1.0/24, 10.0.2.0/24",
        "aws ec2 authorize-security-group-ingress --group-id sg-balancer --protocol udp --port 4789 --source-group sg-tasks",
    );
}

#[test]
fn a_security_group_that_lets_in_part_of_a_subnet_is_not_judged() {
    let world = World::healthy().change(|around| {
        let rule = json!({ "ipProtocol": "udp", "fromPort": 4789, "toPort": 4789, "ipRanges": [{ "cidrIp": "10.0.1.0/25" }, { "cidrIp": "10.0.2.0/24" }] });
        group(around, "sg-balancer")["ipPermissions"] = json!([rule]);
    });
    world.examined().has_no_problems().did_not_check("security-group-ingress", "only part of 10.0.1.0/24");
}

#[test]
fn a_group_whose_members_are_not_known_is_not_judged() {
    let world = World::with(forwarding_to("10.7.0.5")).change(|around| {
        let groups = json!([{ "groupId": "sg-elsewhere", "userId": "210987654321" }]);
        let rule = json!({ "ipProtocol": "udp", "fromPort": 4789, "toPort": 4789, "groups": groups });
        group(around, "sg-tasks")["ipPermissionsEgress"] = json!([rule]);
    });
    world.examined().has_no_problems().did_not_check("security-group-egress", "a rule names sg-elsewhere");
}

#[test]
fn prefix_lists_are_looked_into_where_that_is_allowed() {
    let with_list = |entries: Option<Value>| {
        World::healthy().change(|around| {
            let rule = json!({ "ipProtocol": "udp", "fromPort": 4789, "toPort": 4789, "prefixListIds": [{ "prefixListId": "pl-1" }] });
            group(around, "sg-tasks")["ipPermissionsEgress"] = json!([rule]);
            around.ec2.prefix_lists.extend(entries.map(|entries| json!({ "prefixListId": "pl-1", "entries": entries })));
        })
    };
    with_list(Some(json!([{ "cidr": "10.0.9.0/24" }]))).examined().has_no_problems();
    with_list(None).examined().has_no_problems().did_not_check("security-group-egress", "the prefix list pl-1");
    let other = with_list(Some(json!([{ "cidr": "10.7.0.0/16" }])));
    other.examined().has_only_problem("security-group-egress", "no rule lets UDP 4789 out", "sg-tasks");
}

#[test]
fn targets_of_a_balancer_without_security_groups_have_to_let_it_in_themselves() {
    let bare = || {
        World::healthy().change(|around| {
            around.elb.load_balancers[0].as_object_mut().unwrap().remove("SecurityGroups");
            around.ec2.network_interfaces[0]["groupSet"] = json!([]);
        })
    };
    bare().examined().has_only_problem(
        "security-group-ingress",
        "no rule lets UDP 4789 in",
        "--group-id sg-collectors --ip-permissions 'IpProtocol=udp,FromPort=4789,ToPort=4789,IpRanges=[{CidrIp=10.0.1.0/24}]'",
    );
    let open = bare().change(|around| {
        let rule =
            json!({ "ipProtocol": "udp", "fromPort": 4789, "toPort": 4789, "ipRanges": [{ "cidrIp": "10.0.0.0/16" }] });
        group(around, "sg-collectors")["ipPermissions"] = json!([rule]);
    });
    open.examined().has_no_problems();
}

/// A world whose receiver is an address in another network.
fn peered() -> World {
    World::with(forwarding_to("10.7.0.5")).change(|around| {
        let rule =
            json!({ "ipProtocol": "udp", "fromPort": 4789, "toPort": 4789, "ipRanges": [{ "cidrIp": "10.7.0.0/16" }] });
        group(around, "sg-tasks")["ipPermissionsEgress"] = json!([rule]);
        routes(around).retain(|route| route["gatewayId"] == "local");
        routes(around).push(
            json!({ "destinationCidrBlock": "10.7.0.0/16", "vpcPeeringConnectionId": "pcx-1", "state": "active" }),
        );
    })
}

#[test]
fn the_owner_of_another_network_has_to_look_for_himself() {
    let report = peered().examined();
    report.has_problem("image-route", "subnet-a has no way to the registry", "ecr.api and ecr.dkr");
    report.found("route", "rtb-main leads there by pcx-1");
    report.did_not_check("security-group-ingress", "its owner has to let UDP 4789 in from 10.0.1.0/24, 10.0.2.0/24");
}

#[test]
fn no_route_to_the_receiver() {
    let world = peered().change(|around| {
        routes(around).retain(|route| route["gatewayId"] == "local");
    });
    world.examined().has_problem(
        "route",
        "rtb-main has no route to 10.7.0.5",
        "aws ec2 create-route --route-table-id rtb-main --destination-cidr-block 10.7.0.5/32 --vpc-peering-connection-id",
    );
}

#[test]
fn a_route_to_something_that_is_gone() {
    let world = peered().change(|around| routes(around).last_mut().unwrap()["state"] = "blackhole".into());
    world.examined().has_problem("route", "leads to pcx-1, which is gone", "aws ec2 replace-route");
}

#[test]
fn a_subnet_with_a_route_table_of_its_own() {
    let world = World::healthy().change(|around| {
        around.ec2.route_tables.push(json!({
            "routeTableId": "rtb-b", "vpcId": "vpc-1",
            "associationSet": [{ "main": false, "subnetId": "subnet-b", "routeTableId": "rtb-b" }],
            "routeSet": [{ "destinationCidrBlock": "10.0.0.0/23", "gatewayId": "local", "state": "active" }]
        }));
    });
    let report = world.examined();
    report.has_problem("route", "rtb-b has no route to 10.0.9.10", "--route-table-id rtb-b");
    report.found("route", "rtb-main leads there by local");
}

#[test]
fn a_way_to_the_internet_without_public_addresses() {
    let public = |assign: &str| {
        World::with(forwarding_to("198.51.100.7"))
            .change(|around| {
                routes(around)[1] =
                    json!({ "destinationCidrBlock": "0.0.0.0/0", "gatewayId": "igw-1", "state": "active" });
                let rule = json!({ "ipProtocol": "-1", "ipRanges": [{ "cidrIp": "0.0.0.0/0" }] });
                group(around, "sg-tasks")["ipPermissionsEgress"] = json!([rule]);
            })
            .service(json!({ "networkConfiguration": { "awsvpcConfiguration": {
                "subnets": ["subnet-a"], "securityGroups": ["sg-tasks"], "assignPublicIp": assign
            } } }))
    };
    public("ENABLED").examined().has_no_problems();
    let report = public("DISABLED").examined();
    report.has_problem(
        "route",
        "the way to 198.51.100.7 is an internet gateway, and the tasks have no public addresses",
        "'awsvpcConfiguration={subnets=[subnet-a],securityGroups=[sg-tasks],assignPublicIp=ENABLED}'",
    );
    report.has_problem("image-route", "subnet-a has no way to the registry", "assignPublicIp=ENABLED");
}

#[test]
fn an_image_that_cannot_be_pulled_for_want_of_a_way() {
    let closed = || World::healthy().change(|around| routes(around).retain(|route| route["gatewayId"] == "local"));
    closed().examined().has_only_problem("image-route", "no way to the registry", "endpoints for ecr.api and ecr.dkr");
    let with_endpoints = || {
        closed().change(|around| {
            for service in ["ecr.api", "ecr.dkr", "s3"] {
                let name = format!("com.amazonaws.eu-west-1.{service}");
                around.ec2.vpc_endpoints.push(endpoint(service, &name));
            }
        })
    };
    with_endpoints().examined().has_no_problems().found("image-route", "endpoints for ECR");
    for (index, key, value) in [
        (0, "state", json!("pendingAcceptance")),
        (1, "privateDnsEnabled", json!(false)),
        (2, "routeTableIdSet", json!(["rtb-other"])),
    ] {
        let world = with_endpoints().change(|around| around.ec2.vpc_endpoints[index][key] = value);
        world.examined().has_only_problem("image-route", "no way to the registry", "in the subnets' route tables");
    }
}

/// An endpoint as DescribeVpcEndpoints tells of it.
fn endpoint(service: &str, name: &str) -> Value {
    let kind = match service {
        "s3" => json!({ "vpcEndpointType": "Gateway", "privateDnsEnabled": false, "routeTableIdSet": ["rtb-main"] }),
        _ => json!({ "vpcEndpointType": "Interface", "privateDnsEnabled": true }),
    };
    let mut endpoint = json!({ "vpcEndpointId": service, "vpcId": "vpc-1", "serviceName": name, "state": "available" });
    endpoint.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
    endpoint
}

#[test]
fn a_network_acl_that_denies_it() {
    let world = World::healthy().change(|around| {
        let entries = around.ec2.network_acls[0]["entrySet"].as_array_mut().unwrap();
        entries.push(json!({
            "ruleNumber": 50, "egress": true, "ruleAction": "deny", "protocol": "17", "cidrBlock": "10.0.0.0/16",
            "portRange": { "from": 4000, "to": 5000 }
        }));
    });
    let report = world.examined();
    report.has_problem(
        "network-acl",
        "acl-1 lets no UDP 4789 out to 10.0.9.10/32: entry 50 denies it",
        "aws ec2 create-network-acl-entry --network-acl-id acl-1 --egress --rule-number 49 --protocol udp \
         --port-range From=4789,To=4789 --cidr-block 10.0.9.10/32 --rule-action allow",
    );
}

/// A world whose sensor sends to a receiver in the VPC over TCP.
fn exporting() -> World {
    World::with(injected(&["--image", IMAGE, "--export", "otlp:http://10.0.9.20:4318"]))
}

#[test]
fn records_have_a_way_too() {
    let report = exporting().examined();
    report.has_no_problems().found("security-group-egress", "TCP 4318 may leave for 10.0.9.20");
    report.found("security-group-ingress", "TCP 4318 may come in");
}

#[test]
fn a_network_acl_that_denies_the_answers() {
    let world = exporting().change(|around| {
        let entries = around.ec2.network_acls[0]["entrySet"].as_array_mut().unwrap();
        entries.push(json!({
            "ruleNumber": 60, "egress": false, "ruleAction": "deny", "protocol": "6", "cidrBlock": "0.0.0.0/0",
            "portRange": { "from": 1024, "to": 65535 }
        }));
    });
    world.examined().has_problem(
        "network-acl",
        "lets no TCP 32768 to 60999 in from 10.0.9.20/32: entry 60",
        "--ingress --rule-number 59",
    );
}

#[test]
fn a_receiver_of_records_that_lets_nothing_in() {
    let world = exporting().change(|around| {
        group(around, "sg-collectors")["ipPermissions"].as_array_mut().unwrap().pop();
    });
    world.examined().has_only_problem(
        "security-group-ingress",
        "no rule lets TCP 4318 in",
        "--protocol tcp --port 4318",
    );
}

#[test]
fn a_balancer_that_does_not_listen() {
    let world = World::healthy().change(|around| around.elb.listeners[0]["Port"] = 4790.into());
    world.examined().has_only_problem(
        "load-balancer-listener",
        "it does not listen for UDP 4789, but for UDP 4790",
        "aws elbv2 create-listener --load-balancer-arn",
    );
}

#[test]
fn a_balancer_that_listens_for_tcp() {
    let world = World::healthy().change(|around| around.elb.listeners[0]["Protocol"] = "TCP".into());
    world.examined().has_only_problem("load-balancer-listener", "but for TCP 4789", "--protocol UDP --port 4789");
}

#[test]
fn a_balancer_that_takes_no_udp() {
    let world = World::healthy().change(|around| {
        around.elb.load_balancers[0]["Type"] = "application".into();
        around.elb.listeners[0]["Protocol"] = "HTTP".into();
    });
    world.examined().has_only_problem(
        "load-balancer-listener",
        "of type application, and takes no UDP",
        "Network Load Balancer",
    );
}

#[test]
fn a_balancer_without_a_healthy_target() {
    let world = World::healthy().change(|around| {
        let unhealthy = target("unhealthy", Some("Target.FailedHealthChecks"));
        around.elb.target_health.insert(TARGET_GROUP.to_owned(), vec![unhealthy]);
    });
    world.examined().has_only_problem(
        "load-balancer-targets",
        "no target is healthy: 10.0.9.20 is unhealthy (Target.FailedHealthChecks)",
        "--health-listen 0.0.0.0:9464",
    );
}

#[test]
fn a_balancer_without_targets() {
    let world = World::healthy().change(|around| around.elb.target_health.clear());
    world.examined().has_only_problem(
        "load-balancer-targets",
        "no targets are registered",
        "aws elbv2 register-targets",
    );
}

#[test]
fn a_balancer_that_is_not_there() {
    let world = World::healthy().change(|around| around.elb.load_balancers.clear());
    let report = world.examined();
    report.has_only_problem(
        "destination",
        "no load balancer in this account and region has that name",
        "describe-load-balancers",
    );
    report.did_not_check("network", "addresses are not known here");
}

#[test]
fn a_balancer_behind_an_address_is_recognised() {
    let world = World::with(forwarding_to("10.0.9.10")).change(|around| around.elb.target_health.clear());
    world.examined().has_only_problem("load-balancer-targets", "no targets are registered", "register-targets");
}

#[test]
fn a_name_that_cannot_be() {
    let world = World::with(forwarding_to("collector.invalid"));
    world.examined().has_only_problem("destination", "never resolve", "the right name");
}

#[test]
fn a_private_name_is_not_judged() {
    let world = World::with(forwarding_to("collector.sidetap-does-not-exist.internal"));
    let report = world.examined();
    report.has_no_problems().did_not_check("destination", "a private name may do so in the VPC");
    report.did_not_check("network", "addresses are not known");
}

#[test]
fn a_receiver_in_the_task_needs_no_network() {
    let world = World::with(injected(&["--image", IMAGE, "--export", "otlp:http://127.0.0.1:4318"]));
    let report = world.change(|around| group(around, "sg-tasks")["ipPermissionsEgress"] = json!([])).examined();
    report.has_no_problems().found("destination", "another container of the task receives it");
}

#[test]
fn behind_a_proxy_the_way_is_not_known() {
    let definition = changed(injected(&["--image", IMAGE, "--export", "otlp:https://x.example"]), |sidecar| {
        sidecar["environment"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "name": "HTTPS_PROXY", "value": "http://proxy:3128" }));
    });
    World::with(definition)
        .examined()
        .has_no_problems()
        .did_not_check("destination", "the proxy that `HTTPS_PROXY` names");
}

#[test]
fn services_without_groups_of_their_own_have_those_of_the_vpc() {
    let world = World::healthy()
        .service(json!({ "networkConfiguration": { "awsvpcConfiguration": { "subnets": ["subnet-a"] } } }))
        .change(|around| {
            let rule =
                json!({ "ipProtocol": "tcp", "fromPort": 1, "toPort": 65535, "ipRanges": [{ "cidrIp": "0.0.0.0/0" }] });
            around.ec2.security_groups.push(json!({
                "groupId": "sg-default", "groupName": "default", "vpcId": "vpc-1", "ipPermissions": [],
                "ipPermissionsEgress": [rule]
            }));
        });
    world.examined().has_problem("security-group-egress", "no rule lets UDP 4789 out", "--group-id sg-default");
}

#[test]
fn a_receiver_beside_the_tasks_is_reached_by_its_own_address() {
    let world = World::with(forwarding_to("10.0.1.77")).change(|around| {
        let mut beside = interface("eni-beside", "10.0.1.77", "a collector", &["sg-collectors"]);
        beside["subnetId"] = "subnet-a".into();
        around.ec2.network_interfaces.push(beside);
    });
    let report = world.examined();
    report.has_problem("security-group-egress", "no rule lets UDP 4789 out to 10.0.1.77", "10.0.1.77/32");
    report.has_problem("security-group-ingress", "no rule lets UDP 4789 in", "--group-id sg-collectors");
}

#[test]
fn each_receiver_of_a_sidecar_is_looked_at() {
    let two = "10.0.9.20,10.0.9.99";
    let definition = changed(forwarding(), |sidecar| {
        sidecar["command"] = json!(["forward"]);
        sidecar["environment"].as_array_mut().unwrap().push(json!({ "name": "DESTINATION", "value": two }));
    });
    let report = World::with(definition).examined();
    report.has_problem("security-group-ingress", "no rule lets UDP 4789 in", "sg-collectors");
    report.did_not_check("security-group-ingress", "10.0.9.99");
    assert_ne!(COLLECTORS, two);
}
