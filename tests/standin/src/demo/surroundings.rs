//! What the demo's services need around ECS: roles, log groups, images and a network, all of it right but for one log
//! group, so that `sidetap doctor` has something to find.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::around::{Around, Effect, Image, Repository};
use crate::store::Store;
use crate::{ACCOUNT, REGION};

/// The log group that somebody forgot to make, of the container that was pasted from Levo's page.
const FORGOTTEN: &str = "/ecs/customer-profile-pcap";
const VPC: &str = "vpc-0c5d7e1f2a3b4c5d6";
/// Where tasks run, and where collectors do.
const TASKS: [(&str, &str); 2] = [("subnet-0a11", "10.20.1.0/24"), ("subnet-0a12", "10.20.2.0/24")];
const COLLECTORS: (&str, &str) = ("subnet-0c01", "10.20.9.0/24");
const COLLECTOR: &str = "10.20.9.20";
const OF_TASKS: &str = "sg-0shoptasks";
const OF_COLLECTORS: &str = "sg-0collectors";

/// The network settings of a service whose tasks have network interfaces of their own.
pub fn network() -> Value {
    let subnets = TASKS.map(|(id, _)| id);
    json!({ "networkConfiguration": { "awsvpcConfiguration": {
        "subnets": subnets, "securityGroups": [OF_TASKS], "assignPublicIp": "DISABLED"
    } } })
}

/// The log groups that containers name.
pub fn log_groups(store: &Store) -> BTreeSet<String> {
    let revisions = store.families.values().flatten();
    let containers = revisions.flat_map(|revision| revision["containerDefinitions"].as_array().into_iter().flatten());
    let options = containers.map(|container| &container["logConfiguration"]["options"]);
    options.filter_map(|options| options["awslogs-group"].as_str().map(str::to_owned)).collect()
}

/// Fills the services around ECS. `log_groups` are those that are needed.
pub fn fill(around: &mut Around, log_groups: &BTreeSet<String>) {
    identities(around);
    network_of_the_shop(around);
    for name in log_groups.iter().filter(|name| *name != FORGOTTEN) {
        around.logs.group(name);
    }
    around.ecr.repositories.push(repository());
}

fn identities(around: &mut Around) {
    let role = format!("arn:aws:iam::{ACCOUNT}:role/ecsTaskExecutionRole");
    around.iam.roles.push(json!({
        "Path": "/", "RoleName": "ecsTaskExecutionRole", "RoleId": "AROADEMO", "Arn": role,
        "CreateDate": "2024-03-11T09:00:00Z",
        "AssumeRolePolicyDocument": { "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": { "Service": "ecs-tasks.amazonaws.com" }, "Action": "sts:AssumeRole"
        }] }
    }));
    let caller = format!("arn:aws:iam::{ACCOUNT}:user/tester");
    around.iam.state(&caller, Effect::Allow, &["ecs:*"], &["*"]);
    around.iam.state(&caller, Effect::Allow, &["iam:PassRole"], &[&format!("arn:aws:iam::{ACCOUNT}:role/*")]);
    let mut state = |actions: &[&str], resource: &str| around.iam.state(&role, Effect::Allow, actions, &[resource]);
    let logs = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"];
    state(&logs, &format!("arn:aws:logs:*:{ACCOUNT}:log-group:/*"));
    let pull = ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"];
    state(&pull, &format!("arn:aws:ecr:*:{ACCOUNT}:repository/*"));
    state(&["ecr:GetAuthorizationToken"], "*");
    state(&["secretsmanager:GetSecretValue"], &format!("arn:aws:secretsmanager:*:{ACCOUNT}:secret:*"));
    state(&["ssm:GetParameters"], &format!("arn:aws:ssm:*:{ACCOUNT}:parameter/*"));
}

/// Private subnets behind a NAT gateway, and a collector that takes VXLAN and OTLP from them.
fn network_of_the_shop(around: &mut Around) {
    let subnets = || TASKS.into_iter().chain([COLLECTORS]);
    let subnet = |(id, block)| {
        json!({
            "subnetId": id, "vpcId": VPC, "cidrBlock": block, "availabilityZone": format!("{REGION}a"),
            "state": "available"
        })
    };
    around.ec2.subnets = subnets().map(subnet).collect();
    let from_tasks = |protocol: &str, port: u16| {
        let groups = json!([{ "groupId": OF_TASKS, "userId": ACCOUNT }]);
        json!({ "ipProtocol": protocol, "fromPort": port, "toPort": port, "groups": groups })
    };
    let everywhere = json!([{ "ipProtocol": "-1", "ipRanges": [{ "cidrIp": "0.0.0.0/0" }] }]);
    let group = |id: &str, name: &str, takes: Value| {
        json!({
            "groupId": id, "groupName": name, "groupDescription": name, "vpcId": VPC, "ipPermissions": takes,
            "ipPermissionsEgress": everywhere
        })
    };
    around.ec2.security_groups = vec![
        group(OF_TASKS, "shop-tasks", json!([])),
        group(OF_COLLECTORS, "collectors", json!([from_tasks("udp", 4789), from_tasks("tcp", 4318)])),
    ];
    around.ec2.route_tables = vec![json!({
        "routeTableId": "rtb-0shop", "vpcId": VPC, "ownerId": ACCOUNT,
        "associationSet": [{ "routeTableAssociationId": "rtbassoc-0shop", "routeTableId": "rtb-0shop", "main": true }],
        "routeSet": [
            { "destinationCidrBlock": "10.20.0.0/16", "gatewayId": "local", "state": "active", "origin": "CreateRouteTable" },
            { "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-0shop", "state": "active", "origin": "CreateRoute" }
        ]
    })];
    let entry = |number: u32, egress: bool, action: &str| json!({ "ruleNumber": number, "egress": egress, "ruleAction": action, "protocol": "-1", "cidrBlock": "0.0.0.0/0" });
    let association =
        |(id, _)| json!({ "networkAclAssociationId": "aclassoc-0shop", "networkAclId": "acl-0shop", "subnetId": id });
    around.ec2.network_acls = vec![json!({
        "networkAclId": "acl-0shop", "vpcId": VPC, "default": true, "ownerId": ACCOUNT,
        "associationSet": subnets().map(association).collect::<Vec<_>>(),
        "entrySet": [
            entry(100, true, "allow"), entry(100, false, "allow"), entry(32767, true, "deny"), entry(32767, false, "deny")
        ]
    })];
    around.ec2.network_interfaces = vec![json!({
        "networkInterfaceId": "eni-0collector", "vpcId": VPC, "subnetId": COLLECTORS.0, "description": "a collector",
        "status": "in-use", "privateIpAddress": COLLECTOR, "groupSet": [{ "groupId": OF_COLLECTORS, "groupName": "collectors" }],
        "privateIpAddressesSet": [{ "primary": true, "privateIpAddress": COLLECTOR }]
    })];
}

/// The shop's copy of sidetap's image, as it was and as it is.
fn repository() -> Repository {
    let media_type = "application/vnd.oci.image.index.v1+json".to_owned();
    let of = |tag: &str, architecture: &str| {
        json!({
            "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": format!("sha256:{tag}-{architecture}"),
            "size": 500, "platform": { "os": "linux", "architecture": architecture }
        })
    };
    let images = ["0.0.9", "0.1.0"].map(|tag| Image {
        tag: tag.to_owned(),
        digest: format!("sha256:{tag}"),
        media_type: media_type.clone(),
        manifest: json!({
            "schemaVersion": 2, "mediaType": media_type, "manifests": [of(tag, "amd64"), of(tag, "arm64")]
        }),
    });
    Repository {
        registry: ACCOUNT.to_owned(),
        name: "sidetap".to_owned(),
        images: images.into(),
        ..Repository::default()
    }
}
