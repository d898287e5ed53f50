//! The services of a cluster, each with what `inject` can do to it and the sidecars that it runs.

use super::classify::{Handling, classify};
use super::client::Ecs;
use super::error::{Error, Result};
use super::receipt::Receipt;
use super::revisions::read_revisions;
use super::service::Service;
use crate::taskdef::{PresentSidecar, check_captures, present_sidecars};

/// What can be done with a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// ECS deploys a new revision.
    Full,
    /// A revision is registered, and another system deploys it.
    RegisterOnly,
    /// It cannot have a sidecar that reads packets.
    Refused,
    /// Its task definition cannot be read.
    Unknown,
}

impl Support {
    /// The name by which scripts know it.
    pub fn name(self) -> &'static str {
        match self {
            Support::Full => "full",
            Support::RegisterOnly => "register-only",
            Support::Refused => "refused",
            Support::Unknown => "unknown",
        }
    }
}

/// A service in an overview.
#[derive(Debug, Clone)]
pub struct OverviewedService {
    pub service: Service,
    pub support: Support,
    /// Why it is not [`Support::Full`].
    pub reason: Option<String>,
    /// Those of the revision that it runs.
    pub sidecars: Vec<PresentSidecar>,
    /// Containers of sidecars that sidetap once deployed, by the service's tag, and that the revision does not have.
    pub lost: Vec<String>,
}

/// What a look at a cluster has shown.
#[derive(Debug, Clone)]
pub struct Overview {
    /// By name.
    pub services: Vec<OverviewedService>,
    /// Why task definitions could not be read, where that is not allowed.
    pub denied: Option<Error>,
}

/// Looks at all services of a cluster; reads each revision that some of them run once. `seen` is called with the number
/// of services described.
///
/// # Errors
/// What the services are cannot be read at all, or nothing can be read any more.
pub async fn overview(ecs: &Ecs, cluster: &str, seen: impl Fn(usize)) -> Result<Overview> {
    let arns = ecs.service_arns(cluster, &seen).await?;
    let mut services = ecs.services(cluster, &arns, &seen).await?;
    services.sort_by(|a, b| a.name.cmp(&b.name));
    let read = read_revisions(ecs, services.iter().map(|service| service.task_definition.as_str()), |_| ()).await;
    let ended = read.values().find_map(|revision| revision.as_ref().err().filter(|error| error.ends_the_run()));
    if let Some(error) = ended {
        return Err(error.clone());
    }
    let denied =
        read.values().find_map(|read| read.as_ref().err().filter(|error| error.is_about_permission())).cloned();
    let services = services.into_iter().map(|service| {
        let revision = read.get(&service.task_definition);
        let sidecars = match revision {
            Some(Ok(revision)) => present_sidecars(&revision.definition),
            _ => Vec::new(),
        };
        let has = |name: &String| sidecars.iter().any(|sidecar| sidecar.container_name == *name);
        let known = matches!(revision, Some(Ok(_)));
        let lost = Receipt::of(&service).sidecars.into_iter().filter(|name| known && !has(name)).collect();
        let (support, reason) = match (classify(&service), revision) {
            (Handling::Refused { reason, .. }, _) => (Support::Refused, Some(reason)),
            (_, None) if service.task_definition.is_empty() => {
                (Support::Refused, Some("it names no task definition".to_owned()))
            }
            (_, None) => (Support::Unknown, denied.as_ref().map(ToString::to_string)),
            (_, Some(Err(error))) => (Support::Unknown, Some(error.to_string())),
            (handling, Some(Ok(revision))) => match (check_captures(&revision.definition), handling) {
                (Err(error), _) => (Support::Refused, Some(error.to_string())),
                (Ok(()), Handling::RegisterOnly { reason, .. }) => (Support::RegisterOnly, Some(reason)),
                (Ok(()), _) => (Support::Full, None),
            },
        };
        OverviewedService { service, support, reason, sidecars, lost }
    });
    Ok(Overview { services: services.collect(), denied })
}
