//! The deployment that a service is in the middle of, as ECS's service deployments tell of it: where it began, and how
//! to have it taken back.

use aws_sdk_ecs::types::{ServiceDeployment, ServiceDeploymentStatus, StopServiceDeploymentStopType};

use super::client::{Ecs, call, is_unavailable, write};
use super::error::Result;
use super::rollout::ObservedDeployment;
use super::service::Service;
use crate::aws;

/// A deployment in progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InProgress {
    pub arn: String,
    /// Whether ECS is going back already.
    pub goes_back: bool,
}

/// What became of asking ECS to stop a deployment.
pub(super) enum Stopped {
    /// It goes back to where the deployment began.
    Requested,
    /// There is nothing left to stop.
    TooLate,
    /// This identity, region or endpoint cannot.
    Unavailable(aws::Error),
}

impl Ecs {
    /// The service's deployment in progress, if it began at revision `from` (ARN) and nowhere else.
    ///
    /// It needs permissions of its own, and not every region has it; without it there is none.
    pub(super) async fn deployment_from(&self, service: &Service, from: &str) -> Result<Option<InProgress>> {
        let done = |deployment: &ObservedDeployment| deployment.rollout_state.as_deref() == Some("COMPLETED");
        if service.deployments.len() == 1 && service.primary().is_some_and(done) {
            return Ok(None);
        }
        match self.newest_from(service, from).await {
            Err(error) if !is_unavailable(&error) => Err(error.into()),
            found => Ok(found.unwrap_or_default()),
        }
    }

    async fn newest_from(&self, service: &Service, from: &str) -> aws::Result<Option<InProgress>> {
        use ServiceDeploymentStatus::{RollbackInProgress, RollbackRequested};
        let Some(deployment) = self.newest_in_progress(service).await? else { return Ok(None) };
        if !self.began_at(&deployment, from).await? {
            return Ok(None);
        }
        let goes_back = matches!(deployment.status(), Some(RollbackRequested | RollbackInProgress));
        Ok(deployment.service_deployment_arn.map(|arn| InProgress { arn, goes_back }))
    }

    async fn newest_in_progress(&self, service: &Service) -> aws::Result<Option<ServiceDeployment>> {
        use ServiceDeploymentStatus::{InProgress, Pending, RollbackInProgress, RollbackRequested};
        let list = self.client.list_service_deployments().cluster(&service.cluster_arn).service(&service.arn);
        let statuses = vec![Pending, InProgress, RollbackRequested, RollbackInProgress];
        let answer = call!("ListServiceDeployments", list.set_status(Some(statuses)).send())?;
        let newest = answer.service_deployments().iter().max_by_key(|d| d.created_at().map(|at| at.as_nanos()));
        let Some(arn) = newest.and_then(|deployment| deployment.service_deployment_arn()) else {
            return Ok(None);
        };
        let describe = self.client.describe_service_deployments().service_deployment_arns(arn);
        let answer = call!("DescribeServiceDeployments", describe.send())?;
        Ok(answer.service_deployments.unwrap_or_default().pop())
    }

    /// Whether all that a deployment replaces is of one revision.
    async fn began_at(&self, deployment: &ServiceDeployment, from: &str) -> aws::Result<bool> {
        let sources = deployment.source_service_revisions().iter().filter_map(|source| source.arn.clone());
        let sources: Vec<String> = sources.collect();
        if sources.is_empty() {
            return Ok(false);
        }
        let describe = self.client.describe_service_revisions().set_service_revision_arns(Some(sources.clone()));
        let answer = call!("DescribeServiceRevisions", describe.send())?;
        let revisions = answer.service_revisions();
        Ok(revisions.len() == sources.len()
            && revisions.iter().all(|revision| revision.task_definition() == Some(from)))
    }

    /// Asks ECS to stop a deployment and go back to where it began. This works whether or not the service is set to
    /// roll back by itself.
    pub(super) async fn stop_deployment(&self, arn: &str) -> Result<Stopped> {
        let stop = self.client.stop_service_deployment().service_deployment_arn(arn);
        let stop = stop.stop_type(StopServiceDeploymentStopType::Rollback).customize().config_override(write());
        match call!("StopServiceDeployment", stop.send()) {
            Ok(_) => Ok(Stopped::Requested),
            Err(error) if error.is("ConflictException") || error.is("ServiceDeploymentNotFoundException") => {
                Ok(Stopped::TooLate)
            }
            Err(error) if is_unavailable(&error) => Ok(Stopped::Unavailable(error)),
            Err(error) => Err(error.into()),
        }
    }
}
