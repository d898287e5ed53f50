//! A service as `DescribeServices` tells of it, as far as sidetap needs to know.

use aws_sdk_ecs::types;

use super::arn::cluster_name;
use super::rollout::{Observation, ObservedDeployment};
use crate::taskdef::SizeRequest;

/// One service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    pub name: String,
    pub arn: String,
    pub cluster_arn: String,
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub status: String,
    /// The ARN of the task definition that it runs.
    pub task_definition: String,
    /// `ECS`, `CODE_DEPLOY` or `EXTERNAL`.
    pub controller: String,
    /// `ROLLING`, `BLUE_GREEN`, `LINEAR` or `CANARY`.
    pub strategy: String,
    /// `REPLICA` or `DAEMON`.
    pub scheduling: String,
    /// `FARGATE`, `EC2`, `EXTERNAL`, a list of capacity providers, or empty.
    pub launch: String,
    /// Whether ECS itself owns the service's resources (Express mode).
    pub managed_by_ecs: bool,
    pub desired: i32,
    pub running: i32,
    pub tags: Vec<(String, String)>,
    pub deployments: Vec<ObservedDeployment>,
    /// The ARN of the service deployment in progress.
    pub service_deployment: Option<String>,
    /// Container and port behind the first load balancer.
    pub load_balancer: Option<(String, i32)>,
    /// The Fargate platform version, unless it is the latest.
    pub platform_version: Option<String>,
    /// Capacity providers, each with its base and weight.
    pub capacity_providers: Vec<(String, i32, i32)>,
    /// The id of the CodeDeploy deployment that made the current tasks.
    pub code_deploy_deployment: Option<String>,
    /// Whether ECS rolls back by itself when a deployment fails.
    pub rolls_back: bool,
}

impl Service {
    /// Whether a person means it by a name or an ARN. An ARN has to be of this account, region and cluster; older ones name
    /// no cluster.
    pub fn is(&self, name: &str) -> bool {
        let Some((place, resource)) = name.split_once(":service/") else { return self.name == name };
        let is_here = self.arn.split_once(":service/").is_some_and(|(own, _)| own == place);
        let (cluster, name) =
            resource.rsplit_once('/').map_or((None, resource), |(cluster, name)| (Some(cluster), name));
        let of_cluster = cluster.is_none_or(|cluster| cluster == cluster_name(&self.cluster_arn));
        is_here && of_cluster && self.name == name
    }

    /// The value of a tag.
    pub fn tag(&self, key: &str) -> Option<&str> {
        self.tags.iter().find(|(other, _)| other == key).map(|(_, value)| value.as_str())
    }

    /// Whether its tasks run on Fargate. The names of one's own capacity providers cannot begin like AWS's
    /// (`CreateCapacityProvider` in the ECS API reference).
    pub fn is_fargate(&self) -> bool {
        self.launch.starts_with("FARGATE")
    }

    /// What is asked for, where its tasks run.
    pub fn sized(&self, size: &SizeRequest) -> SizeRequest {
        SizeRequest { fargate: self.is_fargate(), ..size.clone() }
    }

    /// What the rollout watcher looks at.
    pub fn observation(&self) -> Observation {
        Observation {
            status: self.status.clone(),
            desired: self.desired,
            running: self.running,
            deployments: self.deployments.clone(),
            rolls_back: self.rolls_back,
            service_deployment: None,
        }
    }

    /// The deployment that is the service's current one.
    pub fn primary(&self) -> Option<&ObservedDeployment> {
        self.deployments.iter().find(|deployment| deployment.is_primary())
    }

    /// Whether the current deployment has come to a good end: it neither goes on nor has it failed.
    pub(super) fn is_settled(&self) -> bool {
        match self.primary().and_then(|deployment| deployment.rollout_state.as_deref()) {
            Some(state) => state == "COMPLETED",
            // Behind a Classic Load Balancer there is no state.
            None => self.deployments.len() <= 1,
        }
    }

    /// Whether the current deployment has failed.
    pub(super) fn has_failed(&self) -> bool {
        self.primary().is_some_and(|deployment| deployment.rollout_state.as_deref() == Some("FAILED"))
    }

    /// Why the current deployment is as it is, in ECS's words.
    pub(super) fn rollout_reason(&self) -> String {
        self.primary().map(|deployment| deployment.reason.clone()).unwrap_or_default()
    }

    /// The revision (ARN) that the current deployment replaces, as long as that is listed.
    pub(super) fn replaced(&self) -> Option<&str> {
        let others = self.deployments.iter().filter(|deployment| !deployment.is_primary());
        let mut revisions = others.map(|deployment| deployment.task_definition.as_str());
        revisions.find(|revision| *revision != self.task_definition)
    }
}

impl From<types::Service> for Service {
    fn from(service: types::Service) -> Self {
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        let configuration = service.deployment_configuration();
        let tags = service.tags().iter().map(|tag| (text(tag.key()), text(tag.value())));
        // A service of task sets has its settings there.
        let primary = service.task_sets().iter().find(|set| set.status() == Some("PRIMARY"));
        let behind = |balancers: &[types::LoadBalancer]| {
            let first = balancers.first()?;
            Some((first.container_name()?.to_owned(), first.container_port()?))
        };
        let load_balancer = behind(service.load_balancers()).or_else(|| behind(primary?.load_balancers()));
        let version = service.platform_version().or_else(|| primary?.platform_version());
        let strategy = match service.capacity_provider_strategy() {
            [] => primary.map_or(&[][..], |set| set.capacity_provider_strategy()),
            own => own,
        };
        let providers: Vec<&str> = strategy.iter().map(|item| item.capacity_provider()).collect();
        let launch = match service.launch_type().or_else(|| primary?.launch_type()) {
            Some(kind) => kind.as_str().to_owned(),
            None => providers.join("+"),
        };
        let of_code_deploy = primary.filter(|set| set.started_by() == Some("CODE_DEPLOY"));
        Service {
            name: text(service.service_name()),
            arn: text(service.service_arn()),
            cluster_arn: text(service.cluster_arn()),
            status: text(service.status()),
            // A service of task sets may name none itself.
            task_definition: text(service.task_definition().or_else(|| {
                let sets = service.task_sets();
                sets.iter().find(|set| set.status() == Some("PRIMARY")).and_then(|set| set.task_definition())
            })),
            controller: service.deployment_controller().map_or("ECS", |c| c.r#type().as_str()).to_owned(),
            strategy: configuration.and_then(|c| c.strategy()).map_or("ROLLING", |s| s.as_str()).to_owned(),
            scheduling: service.scheduling_strategy().map_or("REPLICA", |s| s.as_str()).to_owned(),
            launch,
            managed_by_ecs: service.resource_management_type().is_some_and(|kind| kind.as_str() == "ECS"),
            desired: service.desired_count(),
            running: service.running_count(),
            tags: tags.collect(),
            deployments: service.deployments().iter().map(ObservedDeployment::from).collect(),
            service_deployment: service.current_service_deployment().map(str::to_owned),
            load_balancer,
            platform_version: version.filter(|version| *version != "LATEST").map(str::to_owned),
            capacity_providers: strategy
                .iter()
                .map(|item| (item.capacity_provider().to_owned(), item.base(), item.weight()))
                .collect(),
            code_deploy_deployment: of_code_deploy.and_then(|set| set.external_id()).map(str::to_owned),
            rolls_back: configuration.is_some_and(|c| {
                let breaker = c.deployment_circuit_breaker().is_some_and(|b| b.enable() && b.rollback());
                breaker || c.alarms().is_some_and(|alarms| alarms.enable() && alarms.rollback())
            }),
        }
    }
}

impl From<&types::Deployment> for ObservedDeployment {
    fn from(deployment: &types::Deployment) -> Self {
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        ObservedDeployment {
            id: text(deployment.id()),
            status: text(deployment.status()),
            task_definition: text(deployment.task_definition()),
            rollout_state: deployment.rollout_state().map(|state| state.as_str().to_owned()),
            reason: text(deployment.rollout_state_reason()),
            desired: deployment.desired_count(),
            running: deployment.running_count(),
            pending: deployment.pending_count(),
            failed: deployment.failed_tasks(),
        }
    }
}
