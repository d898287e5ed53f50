//! Decides what is to be done to services and task definitions on ECS, without changing anything.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::arn::{self, account, family_revision};
use super::classify::{Handling, classify};
use super::client::{Ecs, READS_AT_ONCE};
use super::definition::Revision;
use super::error::{Error, Place, Result};
use super::exclusion::Exclusion;
use super::receipt::Receipt;
use super::service::Service;
use crate::taskdef::owner;
use crate::taskdef::{Envelope, Kind, Plan, Reason, Sidecar, SizeRequest, Target, Warning, inject};

/// Which services of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// These, by name or ARN.
    Named(Vec<String>),
    /// All that bear these tags, but for those that a name or pattern of `except` fits: `web`, `*-canary`.
    All { tags: Vec<(String, String)>, except: Vec<String> },
}

/// What is to be injected.
#[derive(Debug, Clone, Copy)]
pub struct InjectRequest<'a> {
    pub sidecar: &'a Sidecar,
    pub size: &'a SizeRequest,
}

/// A revision that a service runs, and the family's newest one if that is another.
pub(super) struct Running {
    pub revision: Revision,
    newer: Option<String>,
}

impl Running {
    /// Mostly a service runs its family's newest revision, and one call tells both.
    async fn read(ecs: &Ecs, arn: &str) -> Result<Self> {
        // A family that cannot be read any more only costs the warning.
        let newest = ecs.task_definition(arn::family(arn)).await.ok();
        Ok(match newest {
            Some(newest) if newest.arn == arn => Running { revision: newest, newer: None },
            newest => {
                let newer = newest.map(|newest| newest.arn).filter(|newest| arn::revision(newest) > arn::revision(arn));
                Running { revision: ecs.task_definition(arn).await?, newer }
            }
        })
    }
}

/// Plans an injection into services. `seen` is called with the number of services described.
pub async fn plan_injection(
    ecs: &Ecs,
    account: Option<String>,
    cluster: &str,
    selection: &Selection,
    request: InjectRequest<'_>,
    seen: impl Fn(usize),
) -> Result<Plan> {
    let services = select(ecs, cluster, selection, seen).await?;
    let readable = services.iter().filter(|service| !matches!(classify(service), Handling::Refused { .. }));
    let running = running(ecs, readable).await?;
    let mut targets = Vec::with_capacity(services.len());
    for service in &services {
        targets.push(plan_service(service, running.get(&service.task_definition), request)?);
    }
    Ok(plan_of(ecs, account, &services, targets))
}

/// Reads the revisions that services run, by ARN.
pub(super) async fn running(ecs: &Ecs, services: impl Iterator<Item = &Service>) -> Result<BTreeMap<String, Running>> {
    let mut running: Vec<String> = services.map(|service| service.task_definition.clone()).collect();
    running.sort();
    running.dedup();
    running.retain(|arn| !arn.is_empty());
    let described = running.into_iter().map(|arn| async move {
        let running = Running::read(ecs, &arn).await?;
        Ok::<_, Error>((arn, running))
    });
    stream::iter(described).buffered(READS_AT_ONCE).try_collect().await
}

/// A plan for services; the account is theirs where it is not known.
pub(super) fn plan_of(ecs: &Ecs, account: Option<String>, services: &[Service], targets: Vec<Target>) -> Plan {
    let of_services = || services.first().and_then(|service| self::account(&service.arn)).map(str::to_owned);
    Plan::new(account.or_else(of_services), Some(ecs.region.clone()), targets)
}

/// Plans an injection into a task definition that no service is to run.
pub async fn plan_task_definition(
    ecs: &Ecs,
    account: Option<String>,
    name: &str,
    request: InjectRequest<'_>,
) -> Result<Plan> {
    let (revision, mut target) = named_target(ecs, name).await?;
    target.warnings.extend(owner::warnings(&target));
    let account = account.or_else(|| self::account(&revision.arn).map(str::to_owned));
    let target = plan_revision(target, &revision, request.sidecar, request.size)?;
    Ok(Plan::new(account, Some(ecs.region.clone()), vec![target]))
}

/// Reads a task definition that a person named, as a target of which nothing is decided yet.
pub(super) async fn named_target(ecs: &Ecs, name: &str) -> Result<(Revision, Target)> {
    let revision = ecs.named_task_definition(name).await?;
    let mut target = Target::task_definition();
    if let Some(newer) = ecs.newer_revision(&revision.arn).await.unwrap_or_default() {
        target.warnings.push(Warning::new(
            "newer-revision",
            format!(
                "the family has a newer revision, {}, and whoever runs the bare family will run this one instead",
                family_revision(&newer)
            ),
        ));
    }
    target.base_tags = revision.tags.clone();
    Ok((revision, target))
}

/// Refuses if the service runs another revision than the plan was made for. ECS has no conditional update: this is
/// asked right before each one.
pub(super) fn check_runs(service: &Service, planned: &str) -> Result<()> {
    if service.task_definition == planned {
        return Ok(());
    }
    let reason = format!(
        "`{}` now runs {}, and the plan was made for {}",
        service.name,
        family_revision(&service.task_definition),
        family_revision(planned)
    );
    Err(Error::Stale { reason })
}

impl Ecs {
    /// The service of a target, as it is now.
    pub(super) async fn service_of(&self, target: &Target) -> Result<Service> {
        let cluster = target.cluster_arn.as_deref().unwrap_or_default();
        let names = [target.service_arn.clone().unwrap_or_default()];
        let mut services = self.services(cluster, &names, |_| ()).await?;
        services.pop().ok_or_else(|| Error::Stale { reason: format!("`{}` is gone", target.name()) })
    }
}

pub(super) async fn select(
    ecs: &Ecs,
    cluster: &str,
    selection: &Selection,
    seen: impl Fn(usize),
) -> Result<Vec<Service>> {
    match selection {
        Selection::Named(names) => {
            let mut services = ecs.named_services(cluster, names).await?;
            // A service named twice is changed once.
            let mut arns = Vec::new();
            services.retain(|service| {
                let new = !arns.contains(&service.arn);
                arns.push(service.arn.clone());
                new
            });
            Ok(services)
        }
        Selection::All { tags, except } => {
            let mut arns = ecs.service_arns(cluster, |_| ()).await?;
            leave_out(ecs, cluster, &mut arns, except).await?;
            let mut services = ecs.services(cluster, &arns, seen).await?;
            services.retain(|service| tags.iter().all(|(key, value)| service.tag(key) == Some(value)));
            services.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(services)
        }
    }
}

/// # Errors
/// [`Error::NotFound`] if one fits no service: a service that was meant would be changed otherwise.
async fn leave_out(ecs: &Ecs, cluster: &str, arns: &mut Vec<String>, except: &[String]) -> Result<()> {
    let except: Vec<Exclusion> = except.iter().map(|text| Exclusion::new(text)).collect();
    if let Some(idle) = except.iter().find(|exclusion| !arns.iter().any(|arn| exclusion.matches(arn))) {
        return Err(match idle.is_pattern() {
            true => Error::NotFound {
                what: "service like",
                name: idle.text.clone(),
                place: Place::Cluster(arn::cluster_name(cluster).to_owned()),
                close: Vec::new(),
            },
            false => ecs.no_service(cluster, &idle.text).await,
        });
    }
    arns.retain(|arn| !except.iter().any(|exclusion| exclusion.matches(arn)));
    Ok(())
}

fn plan_service(service: &Service, running: Option<&Running>, request: InjectRequest<'_>) -> Result<Target> {
    let mut target = Target::service(&service.arn, &service.cluster_arn);
    match classify(service) {
        Handling::Full => {}
        Handling::RegisterOnly { code, reason } => target.warnings.push(Warning::new(code, reason)),
        Handling::Refused { code, reason, hint } => {
            return Ok(target.blocked(Reason { code: code.to_owned(), message: reason, hints: vec![hint] }));
        }
    }
    let Some(running) = running else { return Ok(without_task_definition(target)) };
    target.warnings.extend(warnings(service, running));
    (target.service_tags, target.base_tags) = (service.tags.clone(), running.revision.tags.clone());
    target.recorded_task_definition = Receipt::of(service).previous;
    target.warnings.extend(owner::warnings(&target));
    plan_revision(target, &running.revision, request.sidecar, &service.sized(request.size))
}

pub(super) fn without_task_definition(target: Target) -> Target {
    let message = "it names no task definition".to_owned();
    target.blocked(Reason { code: "no-task-definition".to_owned(), message, hints: Vec::new() })
}

pub(super) fn warnings(service: &Service, running: &Running) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if let Some(newer) = &running.newer {
        let newer = family_revision(newer);
        let text = format!(
            "the family has a newer revision, {newer}, which the service does not run; the base is what it runs"
        );
        warnings.push(Warning::new("newer-revision", text));
    }
    if running.revision.status == "INACTIVE" {
        let revision = family_revision(&running.revision.arn);
        let text = format!("{revision} is inactive: once it is replaced, ECS does not let the service return to it");
        warnings.push(Warning::new("inactive-base", text));
    }
    if service.deployments.len() > 1 {
        let is_ours = Receipt::of(service).deployed.as_deref() == Some(family_revision(&service.task_definition));
        let whose = if is_ours { "the deployment that sidetap started" } else { "another deployment" };
        warnings.push(Warning::new("deployment-in-progress", format!("{whose} is in progress")));
    }
    if service.desired == 0 {
        let text = "the service wants no tasks: nothing will start, and nothing be proved";
        warnings.push(Warning::new("no-tasks", text));
    }
    warnings
}

fn plan_revision(target: Target, revision: &Revision, sidecar: &Sidecar, size: &SizeRequest) -> Result<Target> {
    let base = revision.definition.clone();
    match inject(&base, &Envelope::default(), sidecar, size) {
        Ok(injected) => Ok(target.injected(sidecar.preset.label(), base, Some(&revision.arn), injected)),
        Err(error) if error.kind() == Kind::Blocked => {
            let target = target.changed(base.clone(), Some(&revision.arn), base, Vec::new());
            Ok(target.blocked(Reason::from(&error)))
        }
        Err(error) => Err(error.into()),
    }
}
