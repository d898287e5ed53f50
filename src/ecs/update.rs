//! Changes a service: its task definition and its tags, and nothing else.

use aws_sdk_ecs::types::Tag;

use super::client::{Ecs, call, write};
use super::error::Result;
use super::service::Service;
use crate::aws::{self, ErrorKind};

/// What `UpdateService` started.
pub(super) enum Update {
    /// The service with its new deployment.
    Deploying(Box<Service>),
    /// The service's current deployment is the one from before, whose end would prove nothing.
    NoDeployment,
}

impl Ecs {
    /// Makes the service run the revision of this full ARN. Only cluster, service and task definition are sent:
    /// what is left out keeps its value, and an empty list would take load balancers away.
    pub(super) async fn update_service(&self, service: &Service, task_definition: &str) -> Result<Update> {
        let update = self.client.update_service().cluster(&service.cluster_arn).service(&service.arn);
        let update = update.task_definition(task_definition).customize().config_override(write());
        let answer = call!("UpdateService", update.send()).map_err(|error| explain_denial(error, task_definition))?;
        let id = |service: &Service| service.primary().map(|deployment| deployment.id.clone());
        let updated = answer.service.map(Service::from).filter(|updated| id(updated) != id(service));
        Ok(updated.map_or(Update::NoDeployment, |updated| Update::Deploying(Box::new(updated))))
    }

    /// Adds tags to a service; others stay.
    pub(super) async fn tag_service(&self, arn: &str, tags: &[(&str, String)]) -> aws::Result<()> {
        let tags = tags.iter().map(|(key, value)| Tag::builder().key(*key).value(value).build()).collect();
        call!("TagResource", self.client.tag_resource().resource_arn(arn).set_tags(Some(tags)).send())?;
        Ok(())
    }
}

/// Since March 2024 ECS resolves the revision before it asks IAM, so that a policy for `family:42` refuses `family:43`.
fn explain_denial(mut error: aws::Error, task_definition: &str) -> aws::Error {
    if error.kind == ErrorKind::AccessDenied {
        error.message.push_str(&format!(
            "; a policy that names single revisions does not cover {}",
            super::arn::family_revision(task_definition)
        ));
    }
    error
}
