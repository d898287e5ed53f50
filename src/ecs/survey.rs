//! What the services of a cluster are, and what can be done with each, for whoever is to choose among them.

use super::classify::{Handling, classify};
use super::client::Ecs;
use super::definition::Revision;
use super::error::{Error, Result};
use super::revisions::read_revisions;
use super::service::Service;
use crate::taskdef::{Installed, application_group, check_captures, installed};

/// A service with what it runs.
#[derive(Debug, Clone)]
pub struct SurveyedService {
    pub service: Service,
    /// The revision that it runs; absent where it cannot be read or need not be.
    pub revision: Option<Revision>,
    /// The sidecars that it has.
    pub sidecars: Vec<Installed>,
    /// Why it cannot have one.
    pub blocked: Option<String>,
    /// Why it is not deployed by ECS: a revision is registered, and the service not updated.
    pub register_only: Option<String>,
}

impl SurveyedService {
    /// The log group of its application, which a sidecar's own log follows.
    pub fn log_group(&self) -> Option<&str> {
        application_group(&self.revision.as_ref()?.definition)
    }
}

/// Looks at the services of these ARNs, by name. `seen` is called with the number of them that are done.
///
/// # Errors
/// What the services are cannot be read at all. A task definition that cannot be read blocks its services only.
pub async fn survey(ecs: &Ecs, cluster: &str, arns: &[String], seen: impl Fn(usize)) -> Result<Vec<SurveyedService>> {
    let mut services = ecs.services(cluster, arns, |_| ()).await?;
    services.sort_by(|a, b| a.name.cmp(&b.name));
    let running = services.iter().filter(|service| !matches!(classify(service), Handling::Refused { .. }));
    let revisions = read_revisions(ecs, running.map(|service| service.task_definition.as_str()), seen).await;
    let fatal = |error: &&Error| error.is_about_permission() || error.ends_the_run();
    if let Some(error) = revisions.values().filter_map(|revision| revision.as_ref().err()).find(fatal) {
        return Err(error.clone());
    }
    Ok(services.iter().map(|service| look_at(service, revisions.get(&service.task_definition))).collect())
}

fn look_at(service: &Service, revision: Option<&Result<Revision>>) -> SurveyedService {
    let mut surveyed = SurveyedService {
        service: service.clone(),
        revision: None,
        sidecars: Vec::new(),
        blocked: None,
        register_only: None,
    };
    match classify(service) {
        Handling::Full => {}
        Handling::RegisterOnly { reason, .. } => surveyed.register_only = Some(reason),
        Handling::Refused { reason, .. } => {
            surveyed.blocked = Some(reason);
            return surveyed;
        }
    }
    match revision {
        None => surveyed.blocked = Some("it names no task definition".to_owned()),
        Some(Err(error)) => surveyed.blocked = Some(error.to_string()),
        Some(Ok(revision)) => {
            surveyed.sidecars = installed(&revision.definition);
            surveyed.blocked = check_captures(&revision.definition).err().map(|error| Error::from(error).to_string());
            surveyed.revision = Some(revision.clone());
        }
    }
    surveyed
}
