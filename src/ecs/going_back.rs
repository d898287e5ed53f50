//! Takes the way back that [`super::plan_rollback`] has found, and follows it to its end.

use std::time::Duration;

use super::classify::how_to_deploy_again;
use super::client::Ecs;
use super::error::{Error, Result};
use super::interrupt::Interrupt;
use super::planning::check_runs;
use super::progress::{Event, Progress};
use super::receipt::not_tagged;
use super::report::{Applied, Report};
use super::rollback::{Rollback, Way};
use super::rollout::{Judge, Outcome, Rollout};
use super::service::Service;
use super::service_deployment::Stopped;
use super::taken_back::TakenBack;
use super::update::Update;
use super::watch::{End, Polled, Watch, Watched};
use crate::taskdef::TaskDefinition;

/// How a way back is taken.
#[derive(Debug, Clone, Copy)]
pub struct RollbackOptions {
    /// Watch the service to the end.
    pub wait: bool,
    /// How long it is watched.
    pub timeout: Duration,
}

/// Takes the way back and reports what came of it. Raising `interrupt` starts nothing more and ends the watch; what was
/// started goes on in ECS.
pub async fn roll_back(
    ecs: &Ecs,
    rollback: &Rollback,
    options: RollbackOptions,
    progress: &dyn Progress,
    interrupt: Interrupt,
) -> Report {
    let report = Report::of_service(&rollback.service, rollback.from(), &rollback.to.arn);
    let mut run = Run { ecs, rollback, options, progress, interrupt, report };
    if rollback.way == Way::Nothing {
        run.report.outcome = Applied::Unchanged;
        return run.report;
    }
    match run.start().await {
        Ok(Some(watched)) => run.watch(watched).await,
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
    interrupt: Interrupt,
    report: Report,
}

impl Run<'_> {
    /// Starts going back, and corrects the receipt. Returns what is to be watched, if anything.
    async fn start(&mut self) -> Result<Option<Watched>> {
        let Rollback { service: planned, to, way, is_told, .. } = self.rollback;
        let service = self.current().await?;
        let is_there = service.task_definition == to.arn;
        let begun = match way {
            Way::Follow(arn) => Some(self.taken_back(planned, arn)),
            Way::Underway => Some(self.underway(planned)),
            Way::Receipt if service.is_settled() => None,
            // ECS may have brought it there meanwhile.
            _ if is_there => Some(self.underway(&service)),
            _ => None,
        };
        let Some(begun) = begun else {
            check_runs(&service, &planned.task_definition)?;
            return match () {
                () if self.is_interrupted() => Ok(None),
                () if is_there => self.correct_tags(&service).await,
                () => self.leave(&service).await,
            };
        };
        self.report.outcome = Applied::Started;
        self.report.reason = Some("it was in progress already".to_owned());
        if !is_told && (is_there || service.task_definition == planned.task_definition) && !self.is_interrupted() {
            self.correct_receipt(&service, &to.arn, Some(&to.definition)).await;
        }
        // Where ECS goes back by itself, a watch sees whether it does.
        let is_over = is_there && service.has_failed() && !(self.options.wait && service.rolls_back);
        if is_over && !matches!(way, Way::Follow(_)) {
            let outcome = Outcome::Failed { reason: service.rollout_reason() };
            self.finish(outcome, Some(service)).await;
            return Ok(None);
        }
        Ok(self.options.wait.then_some(begun))
    }

    /// Has the tags of a service that is there say so.
    async fn correct_tags(&mut self, service: &Service) -> Result<Option<Watched>> {
        let to = &self.rollback.to;
        self.ecs.correct_receipt(service, &to.arn, Some(&to.definition), None).await?;
        self.report.outcome = Applied::TagsCorrected;
        Ok(None)
    }

    /// Has the service go back from what it runs now.
    async fn leave(&mut self, service: &Service) -> Result<Option<Watched>> {
        let Rollback { service: planned, to, way, .. } = self.rollback;
        let stopped = match way {
            Way::Stop(arn) => self.stop(service, arn).await?,
            _ => None,
        };
        if stopped.is_none() && self.is_interrupted() {
            return Ok(None);
        }
        let watched = match stopped {
            Some(watched) => Some(watched),
            None => match self.ecs.update_service(service, &to.arn).await? {
                Update::Deploying(updated) => {
                    let id = updated.primary().map(|deployment| deployment.id.clone()).unwrap_or_default();
                    Some(self.watched(*updated, Rollout::new(&id, &to.arn, &planned.task_definition)))
                }
                Update::NoDeployment => None,
            },
        };
        self.progress.event(&Event::Updated { target: &self.report.target, task_definition: &to.arn });
        self.correct_receipt(service, &to.arn, Some(&to.definition)).await;
        self.report.outcome = Applied::Started;
        if watched.is_none() {
            self.report.outcome = Applied::Unverified;
            self.report.reason = Some("the service is updated, and no deployment was started".to_owned());
        }
        Ok(watched.filter(|_| self.options.wait))
    }

    /// Has ECS take back the deployment in progress, if that is still possible.
    async fn stop(&mut self, service: &Service, arn: &str) -> Result<Option<Watched>> {
        match self.ecs.stop_deployment(arn).await? {
            Stopped::Requested => {
                self.note("stopped the deployment in progress: ECS goes back to where it began".to_owned());
                Ok(Some(self.taken_back(service, arn)))
            }
            Stopped::TooLate => Ok(None),
            Stopped::Unavailable(error) => {
                self.note(format!("the deployment in progress is replaced, since it cannot be stopped: {error}"));
                Ok(None)
            }
        }
    }

    /// Watches the deployment of the recorded revision that a service is in.
    fn underway(&self, service: &Service) -> Watched {
        let primary = service.primary().map(|deployment| deployment.id.clone()).unwrap_or_default();
        let from = self.rollback.from().unwrap_or_default();
        // The service deployment that it names may be the one that is taken back.
        let service = Service { service_deployment: None, ..service.clone() };
        self.watched(service, Rollout::new(&primary, &self.rollback.to.arn, from))
    }

    /// Watches ECS take back the deployment (ARN) that a service is in.
    fn taken_back(&self, service: &Service, arn: &str) -> Watched {
        let id = service.primary().map(|deployment| deployment.id.clone()).unwrap_or_default();
        let service = Service { service_deployment: Some(arn.to_owned()), ..service.clone() };
        let from = self.rollback.from().unwrap_or_default();
        self.watched(service, TakenBack::new(&id, from, &self.rollback.to.arn))
    }

    fn watched(&self, service: Service, judge: impl Judge + 'static) -> Watched {
        Watched::new(0, service, judge, self.options.timeout)
    }

    async fn current(&self) -> Result<Service> {
        let Service { arn, cluster_arn, name, .. } = &self.rollback.service;
        let mut services = self.ecs.services(cluster_arn, std::slice::from_ref(arn), |_| ()).await?;
        services.pop().ok_or_else(|| Error::Stale { reason: format!("`{name}` is gone") })
    }

    /// Whether nothing is to be started any more; then the report says so.
    fn is_interrupted(&mut self) -> bool {
        if self.interrupt.is_raised() {
            self.report.outcome = Applied::NotStarted;
            self.report.reason = Some("interrupted before the service was changed".to_owned());
        }
        self.interrupt.is_raised()
    }

    async fn watch(&mut self, watched: Watched) {
        let mut watch = Watch::default();
        watch.add(watched);
        let mut interrupt = self.interrupt.clone();
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
        if applied == Applied::Failed && self.rollback.way == Way::Underway {
            self.note(format!("to try it again: {}", how_to_deploy_again(self.ecs, &service)));
        }
        let is_where_it_was = self.rollback.from() == Some(&service.task_definition);
        if !applied.is_good() && is_where_it_was && service.task_definition != self.rollback.to.arn {
            self.report.taken_back_to = Some(service.task_definition.clone());
            // It did not get away from there, so that the receipt says again what it runs.
            let runs = match &self.rollback.documents {
                Some(documents) => Some(documents.base.clone()),
                None => self.ecs.task_definition(&service.task_definition).await.ok().map(|runs| runs.definition),
            };
            self.correct_receipt(&service, &service.task_definition, runs.as_ref()).await;
        }
    }

    async fn correct_receipt(&mut self, service: &Service, arn: &str, runs: Option<&TaskDefinition>) {
        if let Err(error) = self.ecs.correct_receipt(service, arn, runs, None).await {
            self.note(not_tagged(&error));
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
