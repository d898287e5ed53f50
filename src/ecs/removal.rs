//! Decides what taking sidecars out changes, without changing anything.

use super::arn::account;
use super::classify::{Handling, classify};
use super::client::Ecs;
use super::definition::Revision;
use super::error::Result;
use super::planning::{Running, Selection, named_target, plan_of, running, select, warnings, without_task_definition};
use super::receipt::Receipt;
use super::service::Service;
use crate::taskdef::owner;
use crate::taskdef::{Action, Envelope, Kind, Plan, Reason, Removed, Target, TaskDefinition, Warning, Which, remove};

/// Plans to take sidecars out of what services run. `seen` is called with the number of services described.
pub async fn plan_removal(
    ecs: &Ecs,
    account: Option<String>,
    cluster: &str,
    selection: &Selection,
    which: &Which,
    seen: impl Fn(usize),
) -> Result<Plan> {
    let services = select(ecs, cluster, selection, seen).await?;
    let running = running(ecs, services.iter()).await?;
    let mut targets = Vec::with_capacity(services.len());
    for service in &services {
        targets.push(plan_service(service, running.get(&service.task_definition), which)?);
    }
    Ok(plan_of(ecs, account, &services, targets))
}

/// Plans to take sidecars out of a task definition; no service is to run what comes of it.
pub async fn plan_removal_from_task_definition(
    ecs: &Ecs,
    account: Option<String>,
    name: &str,
    which: &Which,
) -> Result<Plan> {
    let (revision, target) = named_target(ecs, name).await?;
    let account = account.or_else(|| self::account(&revision.arn).map(str::to_owned));
    let target = match removed(&revision, which)? {
        Ok(removed) => changed(target, &revision, removed),
        Err(reason) => unchanged(target, &revision).blocked(reason),
    };
    Ok(Plan::new(account, Some(ecs.region.clone()), vec![target]))
}

/// A service without a sidecar stays as it is, whatever kind of service it is.
fn plan_service(service: &Service, running: Option<&Running>, which: &Which) -> Result<Target> {
    let mut target = Target::service(&service.arn, &service.cluster_arn);
    let Some(running) = running else { return Ok(without_task_definition(target)) };
    let revision = &running.revision;
    let removed = match removed(revision, which)? {
        Ok(removed) if removed.containers.is_empty() => return Ok(unchanged(target, revision)),
        Ok(removed) => removed,
        Err(reason) => return Ok(unchanged(target, revision).blocked(reason)),
    };
    match classify(service) {
        Handling::Full => {}
        Handling::RegisterOnly { code, reason } => target.warnings.push(Warning::new(code, reason)),
        Handling::Refused { code, reason, hint } => {
            let reason = Reason { code: code.to_owned(), message: reason, hints: vec![hint] };
            return Ok(unchanged(target, revision).blocked(reason));
        }
    }
    target.warnings.extend(warnings(service, running));
    (target.service_tags, target.base_tags) = (service.tags.clone(), revision.tags.clone());
    target.recorded_task_definition = Receipt::of(service).previous;
    target.warnings.extend(owner::warnings(&target));
    Ok(changed(target, revision, removed))
}

/// The revision without the sidecars, or why they cannot be taken out.
fn removed(revision: &Revision, which: &Which) -> Result<std::result::Result<Removed, Reason>> {
    match remove(&revision.definition, &Envelope::default(), which) {
        Ok(removed) => Ok(Ok(removed)),
        Err(error) if error.kind() == Kind::Blocked => Ok(Err(Reason::from(&error))),
        Err(error) => Err(error.into()),
    }
}

fn unchanged(target: Target, revision: &Revision) -> Target {
    let base: TaskDefinition = revision.definition.clone();
    let target = target.changed(base.clone(), Some(&revision.arn), base, Vec::new());
    debug_assert_eq!(target.action, Action::None);
    target
}

fn changed(target: Target, revision: &Revision, removed: Removed) -> Target {
    target.changed(revision.definition.clone(), Some(&revision.arn), removed.definition, removed.warnings)
}
