//! Returns a service to the very revision that it ran before sidetap changed it.
//!
//! That revision stands in the service's receipt, so that others which were registered in between mean nothing. Where
//! somebody has deployed another one since, going back would undo that, too: it is refused.

use std::time::Duration;

use super::arn::{family_revision, resource_name};
use super::classify::{Handling, classify, how_to_deploy};
use super::client::Ecs;
use super::definition::Revision;
use super::error::{Error, Result};
use super::interrupt::Interrupt;
use super::planning::check_runs;
use super::progress::{Event, Progress};
use super::receipt::Receipt;
use super::report::{Applied, Report};
use super::rollout::{Judge, Outcome, Rollout};
use super::service::Service;
use super::service_deployment::Stopped;
use super::taken_back::TakenBack;
use super::update::Update;
use super::watch::{End, Polled, Watch, Watched};
use crate::taskdef::{Documents, TaskDefinition};

/// A way back that is known and not yet taken.
#[derive(Debug, Clone)]
pub struct Rollback {
    pub service: Service,
    /// The recorded revision.
    pub to: Revision,
    pub way: Way,
    /// What the service runs, and what it is to run; absent where that is the same.
    pub documents: Option<Documents>,
}

/// How a service gets back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// It is there.
    Nothing,
    /// It is there, and only its tags say otherwise, as after a rollback by ECS that nobody watched.
    Receipt,
    /// By a deployment of the recorded revision.
    Update,
    /// By stopping the deployment in progress (ARN), which began there.
    Stop(String),
    /// ECS is going back already, from this deployment (ARN).
    Follow(String),
}

/// How a way back is taken.
#[derive(Debug, Clone, Copy)]
pub struct RollbackOptions {
    /// Watch the service to the end.
    pub wait: bool,
    /// How long it is watched.
    pub timeout: Duration,
}

/// Finds the way back, without changing anything.
///
/// # Errors
/// [`Error::Blocked`] where there is none, with what can be done instead.
pub async fn plan_rollback(ecs: &Ecs, cluster: &str, name: &str) -> Result<Rollback> {
    let mut services = ecs.named_services(cluster, &[name.to_owned()]).await?;
    let service = services.pop().ok_or_else(|| Error::Stale { reason: format!("`{name}` is gone") })?;
    let receipt = Receipt::of(&service);
    check_deployable(ecs, &service, &receipt).await?;
    let recorded = receipt.previous.clone().ok_or_else(|| no_receipt(&service))?;
    let to = ecs.task_definition(&recorded).await.map_err(|error| unreadable(&service, &recorded, error))?;
    if service.task_definition == to.arn {
        let is_told = receipt.deployed.as_deref() == Some(recorded.as_str());
        let way = if is_told { Way::Nothing } else { Way::Receipt };
        return Ok(Rollback { service, to, way, documents: None });
    }
    check_is_ours(&service, &receipt, &recorded)?;
    if to.status != "ACTIVE" {
        let reason = format!("{recorded}, which it ran before, is {}: ECS lets no service return to it", to.status);
        return Err(Error::Blocked { reason, hints: vec![remove_instead(&service)] });
    }
    let way = match ecs.deployment_from(&service, &to.arn).await? {
        Some(deployment) if deployment.goes_back => Way::Follow(deployment.arn),
        Some(deployment) => Way::Stop(deployment.arn),
        None => Way::Update,
    };
    let now = ecs.task_definition(&service.task_definition).await?;
    let documents = Some(Documents { base: now.definition, patched: to.definition.clone() });
    Ok(Rollback { service, to, way, documents })
}

async fn check_deployable(ecs: &Ecs, service: &Service, receipt: &Receipt) -> Result<()> {
    match classify(service) {
        Handling::Full => Ok(()),
        Handling::Refused { reason, hint, .. } => Err(Error::Blocked { reason, hints: vec![hint] }),
        Handling::RegisterOnly { .. } => {
            let owner = if service.controller == "CODE_DEPLOY" { "CodeDeploy" } else { "an external controller" };
            let revision = receipt.previous.as_deref().unwrap_or("FAMILY:REVISION");
            let reason = format!("{owner} deploys this service: only there it can be taken back");
            let (command, notes) = match service.controller.as_str() {
                "CODE_DEPLOY" => {
                    let deployment = ecs.code_deployment(service, revision).await;
                    (deployment.command, deployment.notes)
                }
                _ => (how_to_deploy(service, revision), Vec::new()),
            };
            let hints = std::iter::once(format!("run: {command}")).chain(notes).collect();
            Err(Error::Blocked { reason, hints })
        }
    }
}

fn no_receipt(service: &Service) -> Error {
    Error::Blocked {
        reason: "it bears no record of what it ran before: sidetap has not changed it, or could not tag it".to_owned(),
        hints: vec![remove_instead(service), update_by_hand(service, "FAMILY:REVISION")],
    }
}

fn unreadable(service: &Service, recorded: &str, error: Error) -> Error {
    match error.is_no_task_definition() {
        true => Error::Blocked {
            reason: format!("{recorded}, which it ran before, is no longer there"),
            hints: vec![remove_instead(service)],
        },
        false => error,
    }
}

/// Refuses where the service runs another revision than sidetap had it run.
fn check_is_ours(service: &Service, receipt: &Receipt, recorded: &str) -> Result<()> {
    let runs = family_revision(&service.task_definition);
    let reason = match receipt.deployed.as_deref() {
        Some(deployed) if deployed == runs => return Ok(()),
        Some(deployed) => format!("it runs {runs}, and sidetap deployed {deployed}: somebody has deployed since"),
        None => format!("it runs {runs}, and its tags do not tell whether sidetap deployed that"),
    };
    Err(Error::Blocked { reason, hints: vec![remove_instead(service), update_by_hand(service, recorded)] })
}

fn remove_instead(service: &Service) -> String {
    let cluster = resource_name(&service.cluster_arn);
    format!("`sidetap remove --cluster {cluster} --service {}` takes the sidecar out of what it runs now", service.name)
}

fn update_by_hand(service: &Service, revision: &str) -> String {
    let cluster = resource_name(&service.cluster_arn);
    format!(
        "`aws ecs update-service --cluster {cluster} --service {} --task-definition {revision}` deploys that all the same",
        service.name
    )
}

/// Takes the way back and reports what came of it. Raising `interrupt` ends the watch; what was started goes on in ECS.
pub async fn roll_back(
    ecs: &Ecs,
    rollback: &Rollback,
    options: RollbackOptions,
    progress: &dyn Progress,
    interrupt: Interrupt,
) -> Report {
    let report = Report::of_service(&rollback.service, &rollback.to.arn);
    let mut run = Run { ecs, rollback, options, progress, report };
    if rollback.way == Way::Nothing {
        run.report.outcome = Applied::Unchanged;
        return run.report;
    }
    match run.start().await {
        Ok(Some(watched)) => run.watch(watched, interrupt).await,
        Ok(None) => {}
        Err(error) => run.fail(error),
    }
    run.report
}

/// A run of [`roll_back`].
struct Run<'a> {
    ecs: &'a Ecs,
    rollback: &'a Rollback,
    options: RollbackOptions,
    progress: &'a dyn Progress,
    report: Report,
}

impl Run<'_> {
    /// Starts going back, and corrects the receipt. Returns what is to be watched, if anything.
    async fn start(&mut self) -> Result<Option<Watched>> {
        let Rollback { service: planned, to, .. } = self.rollback;
        let service = self.current().await?;
        check_runs(&service, &planned.task_definition)?;
        if self.rollback.way == Way::Receipt {
            self.correct_receipt(&service, &to.arn, Some(&to.definition)).await;
            self.report.outcome = Applied::Unchanged;
            return Ok(None);
        }
        let watched = match self.stop(&service).await? {
            Some(watched) => Some(watched),
            None => match self.ecs.update_service(&service, &to.arn).await? {
                Update::Deploying(updated) => {
                    let id = updated.primary().map(|deployment| deployment.id.clone()).unwrap_or_default();
                    Some(self.watched(*updated, Rollout::new(&id, &to.arn, &planned.task_definition)))
                }
                Update::NoDeployment => None,
            },
        };
        self.progress.event(&Event::Updated { target: &self.report.target, task_definition: &to.arn });
        self.correct_receipt(&service, &to.arn, Some(&to.definition)).await;
        self.report.outcome = Applied::Started;
        if watched.is_none() {
            self.report.outcome = Applied::Unverified;
            self.report.reason = Some("the service is updated, and no deployment was started".to_owned());
        }
        Ok(watched.filter(|_| self.options.wait))
    }

    /// Has ECS take back the deployment in progress, if that is the way and still possible.
    async fn stop(&mut self, service: &Service) -> Result<Option<Watched>> {
        let arn = match &self.rollback.way {
            Way::Nothing | Way::Receipt | Way::Update => return Ok(None),
            Way::Follow(arn) => arn,
            Way::Stop(arn) => match self.ecs.stop_deployment(arn).await? {
                Stopped::Requested => {
                    self.note("stopped the deployment in progress: ECS goes back to where it began".to_owned());
                    arn
                }
                Stopped::TooLate => return Ok(None),
                Stopped::Unavailable(error) => {
                    self.note(format!("the deployment in progress is replaced, since it cannot be stopped: {error}"));
                    return Ok(None);
                }
            },
        };
        let id = service.primary().map(|deployment| deployment.id.clone()).unwrap_or_default();
        let service = Service { service_deployment: Some(arn.clone()), ..service.clone() };
        let ours = service.task_definition.clone();
        Ok(Some(self.watched(service, TakenBack::new(&id, &ours, &self.rollback.to.arn))))
    }

    fn watched(&self, service: Service, judge: impl Judge + 'static) -> Watched {
        Watched::new(0, service, judge, self.options.timeout)
    }

    async fn current(&self) -> Result<Service> {
        let Service { arn, cluster_arn, name, .. } = &self.rollback.service;
        let mut services = self.ecs.services(cluster_arn, std::slice::from_ref(arn), |_| ()).await?;
        services.pop().ok_or_else(|| Error::Stale { reason: format!("`{name}` is gone") })
    }

    async fn watch(&mut self, watched: Watched, mut interrupt: Interrupt) {
        let mut watch = Watch::default();
        watch.add(watched);
        loop {
            let polled = tokio::select! {
                polled = watch.poll(self.ecs) => polled,
                () = interrupt.raised() => {
                    self.report.reason = Some("not watched to its end; going back goes on".to_owned());
                    return;
                }
            };
            for polled in polled {
                if self.take_in(polled).await {
                    return;
                }
            }
        }
    }

    /// Returns whether that was the end.
    async fn take_in(&mut self, polled: Polled) -> bool {
        if let Some(deployment) = polled.service.as_ref().and_then(Service::primary) {
            self.progress.event(&Event::Deploying { target: &self.report.target, deployment });
        }
        if let Some(trouble) = &polled.trouble {
            let text = format!("cannot be watched for now: {trouble}");
            self.progress.event(&Event::Note { target: &self.report.target, text: &text });
        }
        match polled.end {
            None => return false,
            Some(End::Lost(error)) => self.fail(error),
            Some(End::Outcome(outcome)) => self.finish(outcome, polled.service).await,
        }
        true
    }

    async fn finish(&mut self, outcome: Outcome, service: Option<Service>) {
        self.progress.event(&Event::Finished { target: &self.report.target, outcome: &outcome });
        let (applied, reason) = Applied::after(outcome, self.options.timeout);
        (self.report.outcome, self.report.reason) = (applied, reason);
        let Some(service) = service else { return };
        if matches!(applied, Applied::Failed | Applied::RolledBack | Applied::TimedOut) {
            let told = self.ecs.stopped_tasks(&service, &self.rollback.to.arn, None).await;
            match told {
                Ok(tasks) => self.report.stopped_tasks = tasks,
                Err(error) => self.note(format!("why its tasks stopped could not be read: {error}")),
            }
        }
        let ours = &self.rollback.service.task_definition;
        if !applied.is_good() && service.task_definition == *ours {
            // It did not get away from there, so that the receipt says again what it runs.
            self.correct_receipt(&service, ours, self.rollback.documents.as_ref().map(|d| &d.base)).await;
        }
    }

    async fn correct_receipt(&mut self, service: &Service, arn: &str, runs: Option<&TaskDefinition>) {
        if let Some(note) = self.ecs.correct_receipt(service, arn, runs, None).await {
            self.note(note);
        }
    }

    fn note(&mut self, text: String) {
        self.progress.event(&Event::Note { target: &self.report.target, text: &text });
        self.report.notes.push(text);
    }

    fn fail(&mut self, error: Error) {
        self.report.outcome = Applied::Error;
        self.report.reason = Some(error.to_string());
        self.report.error = Some(error);
    }
}
