//! An account in which everything is right: a service that forwards to collectors behind a Network Load Balancer.

use serde_json::{Value, json};
use standin::around::{Around, Effect, Image, Repository};
use standin::{ACCOUNT, REGION, Registry, Standin};

use crate::support::{Finished, Sidetap, fixture};

/// The name of the load balancer, which is the sidecar's destination.
pub const COLLECTORS: &str = "collectors-0a1b2c3d4e5f.elb.eu-west-1.amazonaws.com";
/// The sidecar's image.
pub const IMAGE: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/sidetap:0.1.0";
pub const EXECUTION_ROLE: &str = "arn:aws:iam::123456789012:role/execution";
pub const CALLER: &str = "arn:aws:iam::123456789012:user/tester";
pub const TARGET_GROUP: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/collectors/0011";

pub struct World {
    pub standin: Standin,
    pub registry: Registry,
}

impl World {
    pub fn healthy() -> Self {
        Self::with(forwarding())
    }

    /// A service `web` that runs this task definition.
    pub fn with(definition: Value) -> Self {
        let world = World { standin: Standin::start(), registry: Registry::start() };
        world.standin.service("main", "web", definition);
        world.standin.edit_service(
            "web",
            json!({
                "platformVersion": "1.4.0",
                "networkConfiguration": { "awsvpcConfiguration": {
                    "subnets": ["subnet-a", "subnet-b"], "securityGroups": ["sg-tasks"], "assignPublicIp": "DISABLED"
                } }
            }),
        );
        world.standin.around(|around| {
            identities(around);
            vpc(around);
            balancer(around);
            around.logs.group("/ecs/web");
            around.logs.group("/ecs/web-admin");
            around.ecr.repositories.push(repository());
        });
        world
    }

    /// Changes something in the services around ECS.
    pub fn change(self, work: impl FnOnce(&mut Around)) -> Self {
        self.standin.around(work);
        self
    }

    /// Merges members into the service's JSON.
    pub fn service(self, members: Value) -> Self {
        self.standin.edit_service("web", members);
        self
    }

    /// Examines the service.
    pub fn examined(&self) -> Report {
        self.examined_with("")
    }

    /// Examines the service with further flags.
    pub fn examined_with(&self, flags: &str) -> Report {
        let line = format!("doctor --cluster main --service web {flags}");
        let text = Sidetap::new(&line).against(&self.standin).run();
        let json = Sidetap::new(&format!("{line} --output json")).against(&self.standin).run();
        assert_eq!(text.code(), json.code(), "{text}");
        Report { json: json.json(), code: json.code(), text }
    }
}

/// What doctor said.
pub struct Report {
    pub json: Value,
    pub code: i32,
    pub text: Finished,
}

impl Report {
    pub fn checks(&self) -> Vec<Value> {
        let targets = self.json["targets"].as_array().expect("targets").iter();
        targets.flat_map(|target| target["checks"].as_array().expect("checks")).cloned().collect()
    }

    fn of(&self, outcome: &str) -> Vec<Value> {
        self.checks().into_iter().filter(|check| check["outcome"] == outcome).collect()
    }

    fn find(&self, outcome: &str, code: &str) -> Vec<Value> {
        self.of(outcome).into_iter().filter(|check| check["code"] == code).collect()
    }

    /// There is exactly this problem, it says so, one of its fixes says that, and people are told, too.
    pub fn has_only_problem(&self, code: &str, message: &str, fix: &str) -> &Self {
        let problems = self.of("problem");
        assert_eq!(problems.len(), 1, "{:#}", self.json);
        self.has_problem(code, message, fix)
    }

    /// There is this problem among others.
    pub fn has_problem(&self, code: &str, message: &str, fix: &str) -> &Self {
        assert_eq!(self.code, 5, "{:#}", self.json);
        let found = self.find("problem", code);
        let fits = |check: &&Value| {
            let fixes = check["fixes"].as_array().unwrap();
            check["message"].as_str().unwrap().contains(message)
                && fixes.iter().any(|has| has.as_str().unwrap().contains(fix))
        };
        let check = found.iter().find(fits).unwrap_or_else(|| panic!("no {code}: {message} ({fix})\n{:#}", self.json));
        let text = self.text.stdout();
        assert!(text.contains(&format!("problem: {code}: ")), "{text}");
        for fix in check["fixes"].as_array().unwrap() {
            assert!(text.contains(&format!("  fix: {}\n", fix.as_str().unwrap())), "{text}");
        }
        self
    }

    /// This was not looked at, and why.
    pub fn did_not_check(&self, code: &str, why: &str) -> &Self {
        let found = self.find("not-checked", code);
        let fits = |check: &Value| check["message"].as_str().unwrap().contains(why);
        assert!(found.iter().any(fits), "no unchecked {code}: {why}\n{:#}", self.json);
        self
    }

    /// This is right, and what was found.
    pub fn found(&self, code: &str, what: &str) -> &Self {
        let found = self.find("ok", code);
        let fits = |check: &Value| check["message"].as_str().unwrap().contains(what);
        assert!(found.iter().any(fits), "no {code}: {what}\n{:#}", self.json);
        self
    }

    pub fn has_no_problems(&self) -> &Self {
        assert_eq!(self.of("problem"), Vec::<Value>::new(), "{:#}", self.json);
        assert_eq!(self.code, 0, "{:#}", self.json);
        self
    }
}

/// A task definition with a forwarder in it, as `sidetap inject` makes it.
pub fn forwarding() -> Value {
    forwarding_to(COLLECTORS)
}

pub fn forwarding_to(destination: &str) -> Value {
    injected(&["--sidecar", "forwarder", "--image", IMAGE, "--destination", destination])
}

/// The fixture of a small web service with a sidecar in it.
pub fn injected(flags: &[&str]) -> Value {
    let mut words = vec!["inject", "--file", "roomy.json"];
    words.extend(flags);
    Sidetap::of(words).exits(0).json()
}

/// The same with changes to the sidecar's container.
pub fn changed(mut definition: Value, change: impl FnOnce(&mut Value)) -> Value {
    let containers = definition["containerDefinitions"].as_array_mut().expect("containers");
    change(containers.last_mut().expect("the sidecar"));
    definition
}

/// The fixture without a sidecar.
pub fn bare() -> Value {
    fixture("roomy.json")
}

fn identities(around: &mut Around) {
    around.iam.roles.push(json!({
        "Path": "/", "RoleName": "execution", "RoleId": "AROASTANDIN", "Arn": EXECUTION_ROLE,
        "CreateDate": "2026-01-01T00:00:00Z",
        "AssumeRolePolicyDocument": { "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": { "Service": "ecs-tasks.amazonaws.com" }, "Action": "sts:AssumeRole"
        }] }
    }));
    around.iam.state(CALLER, Effect::Allow, &["ecs:*"], &["*"]);
    around.iam.state(CALLER, Effect::Allow, &["iam:PassRole"], &[EXECUTION_ROLE]);
    let logs = format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/ecs/web:*");
    around.iam.state(EXECUTION_ROLE, Effect::Allow, &["logs:CreateLogStream", "logs:PutLogEvents"], &[&logs]);
    around.iam.state(EXECUTION_ROLE, Effect::Allow, &["ecr:GetAuthorizationToken"], &["*"]);
    let pull = ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"];
    around.iam.state(EXECUTION_ROLE, Effect::Allow, &pull, &["arn:aws:ecr:*:*:repository/*"]);
}

fn vpc(around: &mut Around) {
    let subnet = |id: &str, block: &str| json!({ "subnetId": id, "vpcId": "vpc-1", "cidrBlock": block, "availabilityZone": "eu-west-1a", "state": "available" });
    around.ec2.subnets =
        vec![subnet("subnet-a", "10.0.1.0/24"), subnet("subnet-b", "10.0.2.0/24"), subnet("subnet-c", "10.0.9.0/24")];
    around.ec2.security_groups = vec![
        json!({
            "groupId": "sg-tasks", "groupName": "tasks", "groupDescription": "tasks", "vpcId": "vpc-1",
            "ipPermissions": [],
            "ipPermissionsEgress": [
                { "ipProtocol": "udp", "fromPort": 4789, "toPort": 4789, "ipRanges": [{ "cidrIp": "10.0.9.0/24" }] },
                { "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "ipRanges": [{ "cidrIp": "0.0.0.0/0" }] },
                { "ipProtocol": "tcp", "fromPort": 4318, "toPort": 4318, "ipRanges": [{ "cidrIp": "10.0.0.0/8" }] }
            ]
        }),
        json!({
            "groupId": "sg-balancer", "groupName": "balancer", "groupDescription": "balancer", "vpcId": "vpc-1",
            "ipPermissions": [
                { "ipProtocol": "udp", "fromPort": 4789, "toPort": 4789, "groups": [{ "groupId": "sg-tasks", "userId": ACCOUNT }] }
            ],
            "ipPermissionsEgress": [{ "ipProtocol": "-1", "ipRanges": [{ "cidrIp": "0.0.0.0/0" }] }]
        }),
        json!({
            "groupId": "sg-collectors", "groupName": "collectors", "groupDescription": "collectors", "vpcId": "vpc-1",
            "ipPermissions": [
                { "ipProtocol": "udp", "fromPort": 4789, "toPort": 4789, "groups": [{ "groupId": "sg-balancer", "userId": ACCOUNT }] },
                { "ipProtocol": "tcp", "fromPort": 4318, "toPort": 4318, "ipRanges": [{ "cidrIp": "10.0.0.0/16" }] }
            ],
            "ipPermissionsEgress": []
        }),
    ];
    around.ec2.route_tables = vec![json!({
        "routeTableId": "rtb-main", "vpcId": "vpc-1", "ownerId": ACCOUNT,
        "associationSet": [{ "routeTableAssociationId": "rtbassoc-1", "routeTableId": "rtb-main", "main": true }],
        "routeSet": [
            { "destinationCidrBlock": "10.0.0.0/16", "gatewayId": "local", "state": "active", "origin": "CreateRouteTable" },
            { "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1", "state": "active", "origin": "CreateRoute" }
        ]
    })];
    let entry = |number: u32, egress: bool, action: &str| json!({ "ruleNumber": number, "egress": egress, "ruleAction": action, "protocol": "-1", "cidrBlock": "0.0.0.0/0" });
    let of =
        |subnet: &str| json!({ "networkAclAssociationId": "aclassoc", "networkAclId": "acl-1", "subnetId": subnet });
    around.ec2.network_acls = vec![json!({
        "networkAclId": "acl-1", "vpcId": "vpc-1", "default": true, "ownerId": ACCOUNT,
        "associationSet": [of("subnet-a"), of("subnet-b"), of("subnet-c")],
        "entrySet": [
            entry(100, true, "allow"), entry(100, false, "allow"), entry(32767, true, "deny"), entry(32767, false, "deny")
        ]
    })];
    around.ec2.network_interfaces = vec![
        interface("eni-balancer", "10.0.9.10", "ELB net/collectors/0a1b2c3d4e5f", &["sg-balancer"]),
        interface("eni-collector", "10.0.9.20", "a collector", &["sg-collectors"]),
    ];
}

/// A network interface in the collectors' subnet.
pub fn interface(id: &str, address: &str, description: &str, groups: &[&str]) -> Value {
    let groups: Vec<Value> = groups.iter().map(|id| json!({ "groupId": id, "groupName": id })).collect();
    json!({
        "networkInterfaceId": id, "vpcId": "vpc-1", "subnetId": "subnet-c", "description": description,
        "status": "in-use", "privateIpAddress": address, "groupSet": groups,
        "privateIpAddressesSet": [{ "primary": true, "privateIpAddress": address }]
    })
}

fn balancer(around: &mut Around) {
    let arn = format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/net/collectors/0a1b2c3d4e5f");
    around.elb.load_balancers.push(json!({
        "LoadBalancerArn": arn, "DNSName": COLLECTORS, "LoadBalancerName": "collectors", "Scheme": "internal",
        "VpcId": "vpc-1", "State": { "Code": "active" }, "Type": "network", "SecurityGroups": ["sg-balancer"],
        "AvailabilityZones": [{ "ZoneName": "eu-west-1a", "SubnetId": "subnet-c" }], "IpAddressType": "ipv4"
    }));
    around.elb.listeners.push(json!({
        "ListenerArn": format!("{}/1", arn.replace("loadbalancer", "listener")), "LoadBalancerArn": arn,
        "Port": 4789, "Protocol": "UDP", "DefaultActions": [{
            "Type": "forward", "TargetGroupArn": TARGET_GROUP,
            "ForwardConfig": { "TargetGroups": [{ "TargetGroupArn": TARGET_GROUP }] }
        }]
    }));
    around.elb.target_groups.push(json!({
        "TargetGroupArn": TARGET_GROUP, "TargetGroupName": "collectors", "Protocol": "UDP", "Port": 4789,
        "VpcId": "vpc-1", "TargetType": "ip", "HealthCheckProtocol": "HTTP", "HealthCheckPort": "9464"
    }));
    around.elb.target_health.insert(TARGET_GROUP.to_owned(), vec![target("healthy", None)]);
}

/// The health of the one collector.
pub fn target(state: &str, reason: Option<&str>) -> Value {
    json!({
        "Target": { "Id": "10.0.9.20", "Port": 4789, "AvailabilityZone": "eu-west-1a" }, "HealthCheckPort": "9464",
        "TargetHealth": { "State": state, "Reason": reason }
    })
}

fn repository() -> Repository {
    let image = |architecture: &str| {
        json!({
            "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": format!("sha256:{architecture}"),
            "size": 500, "platform": { "os": "linux", "architecture": architecture }
        })
    };
    let media_type = "application/vnd.oci.image.index.v1+json".to_owned();
    let manifest = json!({
        "schemaVersion": 2, "mediaType": media_type, "manifests": [image("amd64"), image("arm64")]
    });
    let image = Image { tag: "0.1.0".to_owned(), digest: "sha256:index".to_owned(), media_type, manifest };
    Repository {
        registry: ACCOUNT.to_owned(),
        name: "sidetap".to_owned(),
        images: vec![image],
        ..Repository::default()
    }
}
