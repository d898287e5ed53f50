//! Targets in which a plan has nothing to change, and whose service is not yet where it is to be all the same.
//!
//! A deployment that an earlier run started and did not watch may still go on, or have failed since. That is what
//! whoever asks for the same change again wants to know of, more than that there is nothing to change.

use super::apply::Run;
use super::arn::beside;
use super::client::Ecs;
use super::error::Result;
use super::receipt::{Receipt, sidecars};
use super::report::Applied;
use super::resume::{Standing, base, services};
use super::service::Service;
use crate::taskdef::{Action, Plan, Target, TargetKind};

/// Where the targets stand that `plan` does not change: one a target of the plan, or none if all is well. Nothing is
/// changed on ECS.
pub async fn unchanged(ecs: &Ecs, plan: &Plan) -> Result<Vec<Standing>> {
    let is_meant = |target: &Target| target.action == Action::None && target.kind == TargetKind::Service;
    let targets: Vec<&Target> = plan.targets.iter().filter(|target| is_meant(target)).collect();
    let services = services(ecs, &targets).await?;
    let standings = plan.targets.iter().map(|target| {
        let service = target.service_arn.as_ref().filter(|_| is_meant(target)).and_then(|arn| services.get(arn));
        service.filter(|service| service.task_definition == base(target)).map_or(Standing::ToDo, |service| {
            match is_underway(target, service) {
                true => Standing::Underway(Box::new(service.clone())),
                false => Standing::ToDo,
            }
        })
    });
    let standings: Vec<Standing> = standings.collect();
    let all_is_well = standings.iter().all(|standing| *standing == Standing::ToDo);
    Ok(if all_is_well { Vec::new() } else { standings })
}

/// Whether a deployment is not over that brings about what the plan is for: one of ours, or, where the service's tags
/// do not tell, of a revision with a sidecar.
fn is_underway(target: &Target, service: &Service) -> bool {
    if service.is_settled() || service.status != "ACTIVE" {
        return false;
    }
    match Receipt::of(service).deployed {
        Some(deployed) => service.task_definition.ends_with(&format!("/{deployed}")),
        None => target.documents.as_ref().is_some_and(|documents| !sidecars(&documents.base).is_empty()),
    }
}

impl Run<'_> {
    /// Follows the deployment that the plan would have made, had it not been made before.
    pub(super) fn is_underway(&mut self, index: usize, service: Service) {
        let receipt = Receipt::of(&service);
        let recorded = receipt.previous.and_then(|recorded| beside(&service.task_definition, &recorded));
        let previous = service.replaced().map(str::to_owned).or(recorded);
        let report = &mut self.reports[index];
        report.outcome = Applied::Started;
        report.reason = Some("its deployment was in progress already".to_owned());
        report.has_receipt = receipt.deployed.is_some() && previous.is_some();
        report.task_definition = Some(service.task_definition.clone());
        report.previous_task_definition.clone_from(&previous);
        if self.options.wait {
            let target = service.task_definition.clone();
            self.follow(index, service, &target, &previous.unwrap_or_default());
        }
    }
}
