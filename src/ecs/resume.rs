//! Takes a saved plan up again: checks that it still fits, and finds what an earlier run of it has done.
//!
//! What tells an earlier run's work is on ECS itself: a service runs what the plan makes of its base, or bears the
//! plan's tag and is back at its base. So a run may end in any way, and the next one goes on from there.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::apply::Run;
use super::arn::family_revision;
use super::client::{Ecs, READS_AT_ONCE};
use super::definition::Revision;
use super::error::{Error, Result};
use super::found::Found;
use super::planning::check_runs;
use super::receipt::Receipt;
use super::report::Applied;
use super::rollout::Outcome;
use super::service::Service;
use super::unchanged::unchanged;
use crate::taskdef::plan::TAG_PLAN_ID;
use crate::taskdef::{self, Action, Documents, Plan, Reason, Target, TargetKind, TaskDefinition, is_same};

/// Where a target of a saved plan stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Standing {
    /// Its service was not updated yet. A revision may have been registered.
    #[default]
    ToDo,
    /// The service runs what the plan makes.
    Done(Box<Service>),
    /// The deployment of what the plan makes goes on.
    Deploying(Box<Service>),
    /// That deployment has failed, and the service is still at it.
    Failed(Box<Service>),
    /// The service was updated, and is back at its base.
    WentBack(Box<Service>),
    /// The plan has nothing to change, and the deployment of what the service runs is not over.
    Underway(Box<Service>),
    /// The plan has nothing to change, and the deployment of what the service runs has failed.
    FailedBefore(Box<Service>),
    /// The plan has nothing to change, and the service's tags tell of something else than what it runs, which is this.
    Mistold(Box<Service>, TaskDefinition),
}

impl Standing {
    /// Whether the service was updated by an earlier run of the plan.
    pub fn is_begun(&self) -> bool {
        !matches!(self, Standing::ToDo | Standing::Underway(_) | Standing::FailedBefore(_) | Standing::Mistold(..))
    }

    /// Whether that came to a bad end.
    pub fn is_bad(&self) -> bool {
        matches!(self, Standing::Failed(_) | Standing::WentBack(_))
    }
}

/// Checks that a saved plan still fits, reads the documents that it is about, and tells where each target stands.
/// Nothing is changed on ECS; a target that no longer fits becomes a blocked one of the plan.
///
/// # Errors
/// [`Error::Stale`] if account or region differ from the plan's, and what calls fail with.
pub async fn verify(ecs: &Ecs, account: Option<&str>, plan: &mut Plan) -> Result<Vec<Standing>> {
    check_place(ecs, account, plan)?;
    let targets: Vec<&Target> = plan.targets.iter().filter(|target| target.action == Action::Update).collect();
    let found = Found::read(ecs, &targets).await?;
    let bases: BTreeSet<&str> = targets.iter().map(|target| base(target)).collect();
    let bases = bases.into_iter().map(|arn| async move { Ok::<_, Error>((arn, revision(ecs, arn).await?)) });
    let bases: BTreeMap<&str, Option<Revision>> = stream::iter(bases).buffered(READS_AT_ONCE).try_collect().await?;

    let id = &plan.plan_id;
    let found = plan.targets.iter().map(|target| {
        let (base, found) = (bases.get(base(target)), &found);
        async move {
            let Some(base) = base.filter(|_| target.action == Action::Update) else { return Ok(None) };
            standing(ecs, id, target, found, base.as_ref()).await.map(Some)
        }
    });
    let found: Vec<_> = stream::iter(found).buffered(READS_AT_ONCE).collect().await;
    let mut standings = vec![Standing::ToDo; plan.targets.len()];
    for (index, found) in found.into_iter().enumerate() {
        match found {
            Ok(None) => {}
            Ok(Some((documents, standing))) => {
                plan.targets[index].documents = Some(documents);
                standings[index] = standing;
            }
            Err(error @ Error::Call(_)) => return Err(error),
            Err(error) => plan.block(index, reason(&error)),
        }
    }
    for (index, standing) in unchanged(ecs, plan).await?.into_iter().enumerate() {
        if standing != Standing::ToDo {
            standings[index] = standing;
        }
    }
    Ok(standings)
}

fn check_place(ecs: &Ecs, account: Option<&str>, plan: &Plan) -> Result<()> {
    let stale = |reason: String| Err(Error::Stale { reason });
    if let (Some(planned), Some(account)) = (&plan.account, account)
        && planned != account
    {
        return stale(format!("it is for account {planned}, and the credentials are for {account}"));
    }
    if plan.region.as_ref().is_some_and(|planned| *planned != ecs.region) {
        let planned = plan.region.as_deref().unwrap_or_default();
        return stale(format!("it is for region {planned}, and the session is in {}", ecs.region));
    }
    Ok(())
}

/// The ARN of the revision that a target was planned for.
pub(super) fn base(target: &Target) -> &str {
    target.base.as_ref().and_then(|base| base.task_definition_arn.as_deref()).unwrap_or_default()
}

fn reason(error: &Error) -> Reason {
    match error {
        Error::TaskDefinition(error) => Reason::from(error),
        error => Reason { code: "stale".to_owned(), message: error.to_string(), hints: error.hints() },
    }
}

/// A revision, if it is still there.
async fn revision(ecs: &Ecs, arn: &str) -> Result<Option<Revision>> {
    match ecs.task_definition(arn).await {
        Err(error) if error.is_no_task_definition() => Ok(None),
        revision => revision.map(Some),
    }
}

/// A target's documents as ECS has them now, if they still are what the plan was made for, and where it stands.
async fn standing(
    ecs: &Ecs,
    plan_id: &str,
    target: &Target,
    found: &Found,
    base: Option<&Revision>,
) -> Result<(Documents, Standing)> {
    let service = match target.kind {
        TargetKind::Service => Some(found.service(target).ok_or_else(|| found.missing(target))?),
        _ => None,
    };
    let base = base.ok_or_else(|| {
        let base = family_revision(self::base(target));
        Error::Stale { reason: format!("`{base}`, which the plan was made from, is no longer there") }
    })?;
    let documents = documents(target, base)?;
    let Some(service) = service else { return Ok((documents, Standing::ToDo)) };
    if service.task_definition == base.arn {
        let went_back = service.tag(TAG_PLAN_ID) == Some(plan_id);
        let standing = if went_back { Standing::WentBack(Box::new(service.clone())) } else { Standing::ToDo };
        return Ok((documents, standing));
    }
    let moved = || check_runs(service, &base.arn).err();
    if service.task_definition.is_empty() || service.status != "ACTIVE" {
        return Err(moved().unwrap_or(Error::Stale { reason: format!("`{}` is {}", target.name(), service.status) }));
    }
    let runs = revision(ecs, &service.task_definition).await?;
    if !runs.is_some_and(|runs| is_same(runs.definition.as_value(), documents.patched.as_value())) {
        check_runs(service, &base.arn)?;
    }
    let boxed = Box::new(service.clone());
    Ok((
        documents,
        match () {
            () if service.has_failed() => Standing::Failed(boxed),
            () if service.is_settled() => Standing::Done(boxed),
            () => Standing::Deploying(boxed),
        },
    ))
}

fn documents(target: &Target, base: &Revision) -> Result<Documents> {
    match target.body(&base.definition) {
        Ok(patched) => Ok(Documents { base: base.definition.clone(), patched }),
        Err(error) if error != taskdef::Error::BaseMoved => Err(error.into()),
        Err(_) => {
            let revision = family_revision(&base.arn);
            Err(Error::Stale { reason: format!("`{revision}` is not what it was when the plan was made") })
        }
    }
}

/// Whether the tags of a service that is back at its base still say that it runs something else.
pub(super) fn is_mistold(service: &Service) -> bool {
    let deployed = Receipt::of(service).deployed;
    deployed.is_some_and(|deployed| deployed != family_revision(&service.task_definition))
}

impl Run<'_> {
    /// Reports what earlier runs have done, and follows what they have left going on. Returns whether all of it is
    /// well.
    pub(super) async fn take_up(&mut self, standings: Vec<Standing>) -> bool {
        let mut well = true;
        for (index, standing) in standings.into_iter().enumerate() {
            let is_unchanged = self.reports[index].outcome == Applied::Unchanged;
            if !is_unchanged && self.reports[index].outcome != Applied::NotStarted {
                continue;
            }
            match standing {
                Standing::Underway(_) | Standing::FailedBefore(_) | Standing::Mistold(..)
                    if self.options.register_only =>
                {
                    continue;
                }
                Standing::Underway(service) => self.is_underway(index, *service),
                Standing::FailedBefore(service) => self.failed_before(index, *service).await,
                Standing::Mistold(service, runs) => self.tell(index, &service, &runs).await,
                _ if is_unchanged => continue,
                Standing::ToDo => continue,
                Standing::WentBack(_) if self.options.retry_failed => continue,
                Standing::WentBack(service) => self.went_back_before(index, &service).await,
                Standing::Failed(service) => {
                    self.runs_already(index, &service).await;
                    let reason = service.rollout_reason();
                    self.finish(index, Outcome::Failed { reason }, Some(*service)).await;
                }
                Standing::Deploying(service) => {
                    self.runs_already(index, &service).await;
                    self.reports[index].outcome = Applied::Started;
                    if self.options.wait {
                        let (target, previous) = self.revisions(index);
                        self.follow(index, *service, &target, &previous);
                    }
                }
                Standing::Done(service) => {
                    self.runs_already(index, &service).await;
                    self.reports[index].outcome = Applied::DoneBefore;
                    if service.desired == 0 {
                        self.reports[index].outcome = Applied::Unverified;
                        self.reports[index].reason = Some("the service wants no tasks: nothing was started".to_owned());
                    }
                }
            }
            well &= self.reports[index].outcome.is_good();
        }
        well
    }

    /// Takes down the revision that the service runs. A run that was killed may have left no receipt.
    async fn runs_already(&mut self, index: usize, service: &Service) {
        self.reports[index].task_definition = Some(service.task_definition.clone());
        self.reports[index].has_receipt = service.tag(TAG_PLAN_ID) == Some(&self.plan.plan_id);
        if self.reports[index].has_receipt || self.interrupt.is_raised() {
            return;
        }
        let (_, previous) = self.revisions(index);
        self.runs_ours(index, &Service { task_definition: previous, ..service.clone() }).await;
    }

    /// The revision of a target and the one before.
    fn revisions(&self, index: usize) -> (String, String) {
        let report = &self.reports[index];
        let revision = |arn: &Option<String>| arn.clone().unwrap_or_default();
        (revision(&report.task_definition), revision(&report.previous_task_definition))
    }

    async fn went_back_before(&mut self, index: usize, service: &Service) {
        let patched = self.plan.targets[index].documents.as_ref().map(|documents| &documents.patched);
        if let Some(patched) = patched {
            let registered = self.ecs.registered_before(patched, Some(&service.task_definition)).await;
            self.reports[index].task_definition = registered;
        }
        let before = family_revision(&service.task_definition);
        let why = "an earlier run of this plan updated it";
        self.reports[index].outcome = Applied::RolledBack;
        self.reports[index].reason = Some(format!("{why}, and it went back to {before}"));
        if self.reports[index].task_definition.is_some() {
            self.tell_stopped_tasks(index, service).await;
        }
        self.reports[index].taken_back_to = Some(service.task_definition.clone());
        // Nobody was there to correct it, if the run had ended by then.
        if is_mistold(service) && !self.interrupt.is_raised() {
            self.is_back(index, service).await;
        }
        self.follow_way_back(index, service, why);
    }
}
