//! An account as a company with a web shop may have it, for `cargo xtask demo` and for tests of whole screens: services
//! of each kind, those that cannot take a sidecar among them.

mod applications;
mod parts;
mod special;
mod surroundings;

use serde_json::{Value, json};

use crate::store::Store;
use crate::{ACCOUNT, REGION, Script, Standin, register};

/// A deployment takes so many polls, which are five seconds apart.
const POLLS: u32 = 3;

impl Standin {
    /// Fills an endpoint with the account of the demo: the clusters `production` and `staging`, and an empty one.
    pub fn demo(&self) -> &Self {
        let mut store = self.store();
        store.add_cluster("production");
        store.add_cluster("staging");
        store.add_cluster("sandbox");
        store.usual_script = Some(Script::SucceedsAt(POLLS));
        on_fargate(&mut store);
        with_sidecars(&mut store);
        deployed_by_others(&mut store);
        on_instances(&mut store);
        without_traffic_to_see(&mut store);
        staging(&mut store);
        // Run by a schedule: a task definition without a service.
        register::register(&mut store, special::nightly_invoices()).expect("the stand-in accepts it");
        let log_groups = surroundings::log_groups(&store);
        drop(store);
        self.around(|around| surroundings::fill(around, &log_groups));
        // A region with little in it, and one that the account has not enabled.
        self.cluster_in("eu-central-1", "analytics").refuse_region("me-south-1")
    }
}

/// Adds a service that runs this task definition, with these members beside the usual ones.
fn add(store: &mut Store, cluster: &str, name: &str, definition: Value, members: Value) {
    let has_interfaces = definition["networkMode"] == "awsvpc";
    let arn = register::register(store, definition).expect("the stand-in accepts it");
    store.add_service(cluster, name, &arn);
    let service = store.services.last_mut().expect("it was added");
    let network = if has_interfaces { surroundings::network() } else { json!({}) };
    for (key, value) in [&network, &members].into_iter().filter_map(Value::as_object).flatten() {
        service.json[key] = value.clone();
    }
    let count = service.json["desiredCount"].clone();
    if members.get("desiredCount").is_some() {
        service.json["runningCount"] = count.clone();
    }
    let deployment = &mut service.json["deployments"][0];
    deployment["desiredCount"] = count.clone();
    deployment["runningCount"] = count;
}

fn tag(store: &mut Store, cluster: &str, name: &str, tags: &[(&str, &str)]) {
    let arn = format!("arn:aws:ecs:{REGION}:{ACCOUNT}:service/{cluster}/{name}");
    let tags = tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect();
    store.tags.insert(arn, tags);
}

/// Behind the shop's load balancer.
fn balanced(name: &str, container: &str, port: u16, desired: u64) -> Value {
    let group = format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/{name}/6d0ecf831eec9f09");
    json!({
        "desiredCount": desired,
        "loadBalancers": [{ "targetGroupArn": group, "containerName": container, "containerPort": port }],
        "healthCheckGracePeriodSeconds": 60
    })
}

fn merged(mut members: Value, more: Value) -> Value {
    for (key, value) in more.as_object().into_iter().flatten() {
        members[key] = value.clone();
    }
    members
}

fn on_fargate(store: &mut Store) {
    add(
        store,
        "production",
        "storefront",
        applications::storefront("production"),
        balanced("storefront", "nginx", 8080, 4),
    );
    add(
        store,
        "production",
        "checkout-api",
        applications::checkout_api("production"),
        balanced("checkout", "app", 8080, 3),
    );
    add(store, "production", "orders", applications::orders("production"), balanced("orders", "orders", 3000, 2));
    tag(
        store,
        "production",
        "orders",
        &[
            ("aws:cloudformation:stack-name", "orders-production"),
            ("aws:cloudformation:logical-id", "Service"),
            ("team", "fulfilment"),
        ],
    );
    let spot = json!([{ "capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0 }]);
    let on_spot = json!({ "launchType": null, "capacityProviderStrategy": spot });
    add(
        store,
        "production",
        "catalog",
        applications::catalog("production"),
        merged(balanced("catalog", "catalog", 8000, 2), on_spot),
    );
    tag(store, "production", "catalog", &[("ManagedBy", "terraform"), ("team", "catalog")]);
    let blue_green = json!({ "deploymentConfiguration": {
        "strategy": "BLUE_GREEN", "maximumPercent": 200, "minimumHealthyPercent": 100, "bakeTimeInMinutes": 5
    } });
    add(
        store,
        "production",
        "search",
        applications::search("production"),
        merged(balanced("search", "search", 9200, 2), blue_green),
    );
    add(store, "production", "image-resizer", applications::image_resizer(), json!({ "desiredCount": 2 }));
    add(store, "production", "pricing-engine", applications::pricing_engine(), json!({ "desiredCount": 2 }));
    // Scaled to nothing: what is deployed cannot be seen to work.
    add(store, "production", "inventory-sync", applications::inventory_sync(), json!({ "desiredCount": 0 }));
    let breaker = json!({ "deploymentConfiguration": {
        "strategy": "ROLLING", "maximumPercent": 200, "minimumHealthyPercent": 100,
        "deploymentCircuitBreaker": { "enable": true, "rollback": true }
    } });
    add(store, "production", "recommendations", applications::recommendations(), breaker);
    // Its tasks will not start, so that a failure can be seen, too.
    store.service_named("recommendations").scripts.push_back(Script::RollsBack);
}

fn with_sidecars(store: &mut Store) {
    let bare = special::notifications();
    register::register(store, bare.clone()).expect("the stand-in accepts it");
    let instrumented = special::with_older_sensor(bare);
    add(store, "production", "notifications", instrumented, json!({ "desiredCount": 2 }));
    tag(
        store,
        "production",
        "notifications",
        &[
            ("sidetap:modified-by", "sidetap 0.0.9"),
            ("sidetap:sidecar", "sidetap-sensor"),
            ("sidetap:plan-id", "5d9c1b7a4e2f8063"),
            ("sidetap:previous-task-definition", "notifications:1"),
            ("sidetap:task-definition", "notifications:2"),
        ],
    );
    add(store, "production", "customer-profile", special::customer_profile(), json!({ "desiredCount": 2 }));
}

fn deployed_by_others(store: &mut Store) {
    let code_deploy = json!({ "deploymentController": { "type": "CODE_DEPLOY" } });
    add(
        store,
        "production",
        "payments",
        special::payments(),
        merged(balanced("payments", "app", 8443, 3), code_deploy),
    );
    let external = json!({ "deploymentController": { "type": "EXTERNAL" } });
    add(store, "production", "fraud-scoring", special::fraud_scoring(), external);
    let express = merged(balanced("partner-portal", "Main", 80, 2), json!({ "resourceManagementType": "ECS" }));
    add(store, "production", "partner-portal", special::partner_portal(), express);
    // On its way out.
    let draining = json!({ "status": "DRAINING", "desiredCount": 0 });
    add(store, "production", "batch-reports", special::batch_reports(), draining);
}

fn on_instances(store: &mut Store) {
    let daemon = json!({
        "launchType": "EC2", "schedulingStrategy": "DAEMON", "desiredCount": 6,
        "deploymentConfiguration": { "strategy": "ROLLING", "maximumPercent": 100, "minimumHealthyPercent": 0 }
    });
    add(store, "production", "node-exporter", special::node_exporter(), daemon);
    let provider = json!([{ "capacityProvider": "ec2-general", "weight": 1, "base": 0 }]);
    let consumer = json!({ "launchType": null, "capacityProviderStrategy": provider, "desiredCount": 3 });
    add(store, "production", "event-consumer", special::event_consumer(), consumer);
    add(
        store,
        "production",
        "session-cache",
        special::session_cache(),
        json!({ "launchType": "EC2", "desiredCount": 1 }),
    );
}

fn without_traffic_to_see(store: &mut Store) {
    let on_ec2 = json!({ "launchType": "EC2" });
    add(store, "production", "edge-proxy", special::edge_proxy(), on_ec2.clone());
    add(store, "production", "license-signer", special::license_signer(), merged(on_ec2, json!({ "desiredCount": 1 })));
    add(store, "production", "legacy-crm", special::legacy_crm(), json!({ "desiredCount": 1 }));
}

fn staging(store: &mut Store) {
    let one = || json!({ "desiredCount": 1 });
    add(
        store,
        "staging",
        "storefront",
        applications::storefront("staging"),
        balanced("storefront-s", "nginx", 8080, 1),
    );
    add(
        store,
        "staging",
        "checkout-api",
        applications::checkout_api("staging"),
        balanced("checkout-s", "app", 8080, 1),
    );
    add(store, "staging", "orders", applications::orders("staging"), one());
    add(store, "staging", "catalog", applications::catalog("staging"), one());
    add(store, "staging", "search", applications::search("staging"), one());
}
