//! What the endpoint knows: clusters, services, revisions and tags, as raw JSON.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use crate::deployments::{Playing, Script};
use crate::{ACCOUNT, REGION};

/// Everything that is stored.
#[derive(Default)]
pub(crate) struct Store {
    pub clusters: Vec<String>,
    pub services: Vec<StoredService>,
    /// Revisions of a family, oldest first, as `DescribeTaskDefinition` gives them.
    pub families: BTreeMap<String, Vec<Value>>,
    pub tags: BTreeMap<String, Vec<Value>>,
    /// Status and reason of service deployments, by ARN.
    pub service_deployments: BTreeMap<String, (String, String)>,
    /// ARNs of service revisions, and the task definitions that they run.
    pub service_revisions: Vec<(String, String)>,
    /// Stopped and running tasks as `DescribeTasks` gives them.
    pub tasks: Vec<Value>,
    /// What becomes of deployments for which no script was given.
    pub usual_script: Option<Script>,
    serial: u64,
}

/// A service and what becomes of its deployments.
pub(crate) struct StoredService {
    pub cluster: String,
    pub name: String,
    pub json: Value,
    pub scripts: VecDeque<Script>,
    pub playing: Option<Playing>,
}

impl Store {
    /// A number that was never given before.
    pub fn next(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    pub fn add_cluster(&mut self, name: &str) {
        self.clusters.push(name.to_owned());
    }

    pub fn add_service(&mut self, cluster: &str, name: &str, task_definition: &str) {
        if !self.clusters.iter().any(|other| other == cluster) {
            self.add_cluster(cluster);
        }
        let id = format!("ecs-svc/{:019}", self.next());
        let json = json!({
            "serviceArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:service/{cluster}/{name}"),
            "serviceName": name,
            "clusterArn": cluster_arn(cluster),
            "status": "ACTIVE",
            "desiredCount": 2,
            "runningCount": 2,
            "pendingCount": 0,
            "launchType": "FARGATE",
            "taskDefinition": task_definition,
            "schedulingStrategy": "REPLICA",
            "deploymentController": { "type": "ECS" },
            "deploymentConfiguration": { "strategy": "ROLLING", "maximumPercent": 200, "minimumHealthyPercent": 100 },
            "loadBalancers": [],
            "events": [],
            "deployments": [deployment(&id, task_definition, "COMPLETED", 2, 2)]
        });
        let service = StoredService {
            cluster: cluster.to_owned(),
            name: name.to_owned(),
            json,
            scripts: VecDeque::new(),
            playing: None,
        };
        self.services.push(service);
    }

    /// The service of that name, in whatever cluster.
    pub fn service_named(&mut self, name: &str) -> &mut StoredService {
        self.services.iter_mut().find(|service| service.name == name).expect("a service of that name")
    }

    /// The service of that name or ARN in a cluster given by name or ARN.
    pub fn service(&mut self, cluster: &str, service: &str) -> Option<&mut StoredService> {
        let (cluster, wanted) = (last(cluster), service);
        let is = |service: &StoredService| match wanted.starts_with("arn:") {
            true => service.json["serviceArn"] == wanted,
            false => service.name == wanted,
        };
        self.services.iter_mut().find(|service| service.cluster == cluster && is(service))
    }

    /// The revision of an ARN.
    pub fn revision(&mut self, arn: &str) -> Option<&mut Value> {
        self.families.values_mut().flatten().find(|revision| revision["taskDefinitionArn"] == arn)
    }

    /// The revision that an ARN, `family:revision` or family means; a family means its newest active one.
    pub fn resolve(&mut self, name: &str) -> Option<&mut Value> {
        let name = last(name);
        let Some((family, revision)) = name.split_once(':') else {
            let revisions = self.families.get_mut(name)?;
            return revisions.iter_mut().rev().find(|revision| revision["status"] == "ACTIVE");
        };
        let number: u64 = revision.parse().ok()?;
        self.families.get_mut(family)?.iter_mut().find(|revision| revision["revision"] == number)
    }

    pub fn tags_of(&self, arn: &str) -> Vec<Value> {
        self.tags.get(arn).cloned().unwrap_or_default()
    }
}

/// A deployment as a service lists it.
pub(crate) fn deployment(id: &str, task_definition: &str, state: &str, desired: u64, running: u64) -> Value {
    json!({
        "id": id,
        "status": "PRIMARY",
        "taskDefinition": task_definition,
        "desiredCount": desired,
        "runningCount": running,
        "pendingCount": desired.saturating_sub(running),
        "failedTasks": 0,
        "rolloutState": state,
        "rolloutStateReason": format!("ECS deployment {id} {}.", state.to_lowercase().replace('_', " "))
    })
}

pub(crate) fn cluster_arn(name: &str) -> String {
    format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{name}")
}

/// The name at the end of an ARN, or the name itself.
pub(crate) fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
