//! Targets in which a plan has nothing to change, and whose service is not yet as it is to be all the same.
//!
//! A deployment that an earlier run started and did not watch may still go on, or have failed since: whoever asks for
//! the same change again wants to know of that. And the service's tags may tell of another revision than it runs, as
//! after somebody has deployed one: then they are corrected.

use futures_util::{StreamExt, TryStreamExt, stream};

use super::apply::Run;
use super::arn::{beside, family_revision};
use super::client::{Ecs, READS_AT_ONCE};
use super::drift;
use super::error::{Error, Result};
use super::found::Found;
use super::progress::Event;
use super::receipt::{Receipt, sidecars};
use super::report::Applied;
use super::resume::{Standing, base};
use super::rollout::Outcome;
use super::service::Service;
use crate::taskdef::{Action, Plan, Target, TargetKind, TaskDefinition, present_sidecars};

/// Where the targets stand that `plan` does not change: one a target of the plan, or none if all is well. Nothing is
/// changed on ECS.
pub async fn unchanged(ecs: &Ecs, plan: &Plan) -> Result<Vec<Standing>> {
    let is_meant = |target: &&Target| target.action == Action::None && target.kind == TargetKind::Service;
    let targets: Vec<&Target> = plan.targets.iter().filter(is_meant).collect();
    let found = Found::read(ecs, &targets).await?;
    let standings = plan.targets.iter().map(|target| {
        let service = Some(target).filter(is_meant).and_then(|target| found.service(target));
        let service = service.filter(|service| service.task_definition == base(target));
        async move {
            match service {
                Some(service) => standing(ecs, target, service).await,
                None => Ok(Standing::ToDo),
            }
        }
    });
    let standings: Vec<Standing> = stream::iter(standings).buffered(READS_AT_ONCE).try_collect().await?;
    let all_is_well = standings.iter().all(|standing| *standing == Standing::ToDo);
    Ok(if all_is_well { Vec::new() } else { standings })
}

async fn standing(ecs: &Ecs, target: &Target, service: &Service) -> Result<Standing> {
    let receipt = Receipt::of(service);
    let settled = service.is_settled();
    if service.status != "ACTIVE" || (settled && receipt == Receipt::default()) {
        return Ok(Standing::ToDo);
    }
    let runs = match &target.documents {
        Some(documents) => documents.base.clone(),
        None => match ecs.task_definition(&service.task_definition).await {
            Err(error) if error.is_no_task_definition() => return Ok(Standing::ToDo),
            runs => runs?.definition,
        },
    };
    let service = Box::new(service.clone());
    Ok(match settled {
        true if drift::of_revision(&service, &present_sidecars(&runs)).is_some() => Standing::Mistold(service, runs),
        false if is_ours(&service, &receipt, &runs) => match service.has_failed() {
            true => Standing::FailedBefore(service),
            false => Standing::Underway(service),
        },
        _ => Standing::ToDo,
    })
}

/// Whether a deployment brings about what the plan is for: one of ours, or, where the service's tags do not tell, of a
/// revision with a sidecar.
fn is_ours(service: &Service, receipt: &Receipt, runs: &TaskDefinition) -> bool {
    match &receipt.deployed {
        Some(deployed) => deployed == family_revision(&service.task_definition),
        None => !sidecars(runs).is_empty(),
    }
}

impl Run<'_> {
    /// Follows the deployment that the plan would have made, had it not been made before.
    pub(super) fn is_underway(&mut self, index: usize, service: Service) {
        let previous = self.was_started(index, &service);
        self.reports[index].reason = Some("its deployment was in progress already".to_owned());
        if self.options.wait {
            let target = service.task_definition.clone();
            self.follow(index, service, &target, &previous.unwrap_or_default());
        }
    }

    /// Reports that the deployment that the plan would have made has failed before. Where ECS goes back by itself, a
    /// watch sees whether it does.
    pub(super) async fn failed_before(&mut self, index: usize, service: Service) {
        let previous = self.was_started(index, &service);
        if self.options.wait && service.rolls_back {
            let target = service.task_definition.clone();
            return self.follow(index, service, &target, &previous.unwrap_or_default());
        }
        let outcome = Outcome::Failed { reason: service.rollout_reason() };
        self.event(Event::Finished { target: &self.reports[index].target, outcome: &outcome });
        self.finish(index, outcome, Some(service)).await;
    }

    /// Takes down a deployment that was started before. Returns the revision (ARN) before it, if that is known.
    fn was_started(&mut self, index: usize, service: &Service) -> Option<String> {
        let receipt = Receipt::of(service);
        let has_receipt = receipt.deployed.is_some() && receipt.previous.is_some();
        let recorded = receipt.previous.and_then(|recorded| beside(&service.task_definition, &recorded));
        let previous = service.replaced().map(str::to_owned).or(recorded);
        let report = &mut self.reports[index];
        report.outcome = Applied::Started;
        report.has_receipt = has_receipt;
        report.task_definition = Some(service.task_definition.clone());
        report.previous_task_definition.clone_from(&previous);
        previous
    }

    /// Has a service's tags tell what it runs, which is `runs`.
    pub(super) async fn tell(&mut self, index: usize, service: &Service, runs: &TaskDefinition) {
        if self.interrupt.is_raised() {
            self.reports[index].outcome = Applied::NotStarted;
            return;
        }
        self.reports[index].task_definition = Some(service.task_definition.clone());
        match self.ecs.tell(service, runs).await {
            Ok(()) => {
                let with = match sidecars(runs) {
                    names if names.is_empty() => "without a sidecar".to_owned(),
                    names => format!("with {names}"),
                };
                let revision = family_revision(&service.task_definition);
                self.reports[index].outcome = Applied::TagsCorrected;
                self.note(index, format!("its tags told of something else; now they tell of {revision}, {with}"));
            }
            Err(error @ Error::Blocked { .. }) => self.note(index, error.to_string()),
            Err(error) => self.fail(index, error),
        }
    }
}
