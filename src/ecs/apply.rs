//! Carries out a plan: registers every revision first, then updates the services, and watches what comes of it.
//!
//! Registering first means that whatever a task definition can be refused for is known before any service is touched.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::aftermath::GoingBack;
use super::classify::{Handling, classify, how_to_deploy};
use super::client::Ecs;
use super::error::{Error, Result};
use super::interrupt::Interrupt;
use super::planning::check_runs;
use super::progress::{Event, Progress};
use super::receipt::Receipt;
use super::report::{Applied, Report};
use super::resume::Standing;
use super::rollout::Rollout;
use super::service::Service;
use super::update::Update;
use super::watch::{End, Polled, Watch, Watched};
use crate::taskdef::{Plan, TargetKind};

/// How a plan is carried out.
#[derive(Debug, Clone)]
pub struct ApplyOptions {
    /// Register revisions and leave the services alone.
    pub register_only: bool,
    /// Watch each deployment to its end.
    pub wait: bool,
    /// How long each deployment is watched.
    pub timeout: Duration,
    /// Return to the revision before when a deployment fails or times out.
    pub auto_rollback: bool,
    /// Deployments at once.
    pub max_parallel: usize,
    /// Go on with the other services after a failure.
    pub keep_going: bool,
    /// Update services again that an earlier run of the plan updated and that went back.
    pub retry_failed: bool,
}

/// A run of [`apply`].
pub(super) struct Run<'a> {
    pub ecs: &'a Ecs,
    pub plan: &'a Plan,
    pub options: &'a ApplyOptions,
    pub reports: Vec<Report>,
    progress: &'a dyn Progress,
    pub interrupt: Interrupt,
    watch: Watch,
    /// Whether there may have been earlier runs of the plan.
    may_be_begun: bool,
    /// What the services' tags told before this run.
    pub former: BTreeMap<usize, Receipt>,
    /// Targets that are being taken back.
    pub going_back: BTreeMap<usize, GoingBack>,
}

/// Carries out a plan that was just made.
pub async fn apply(
    ecs: &Ecs,
    plan: &Plan,
    options: &ApplyOptions,
    progress: &dyn Progress,
    interrupt: Interrupt,
) -> Vec<Report> {
    resume(ecs, plan, Vec::new(), options, progress, interrupt).await
}

/// Carries out `plan`, whose targets hold their documents. Returns a report a target, in the plan's order; a failure
/// is in the report, so that what was done is never lost. Raising `interrupt` starts nothing more and ends the watch.
///
/// `standings` tell what earlier runs have done, as [`super::verify`] found it; none, if there were none.
pub async fn resume(
    ecs: &Ecs,
    plan: &Plan,
    standings: Vec<Standing>,
    options: &ApplyOptions,
    progress: &dyn Progress,
    interrupt: Interrupt,
) -> Vec<Report> {
    let reports = plan.targets.iter().map(Report::of).collect();
    let (watch, former, going_back) = (Watch::default(), BTreeMap::new(), BTreeMap::new());
    let may_be_begun = !standings.is_empty();
    let mut run = Run { ecs, plan, options, reports, progress, interrupt, watch, may_be_begun, former, going_back };
    // What was started before is followed to its end, whatever becomes of the others.
    let well = run.take_up(standings).await;
    let queue = match well || options.keep_going {
        true => run.register_all().await,
        false => VecDeque::new(),
    };
    run.update_all(queue).await;
    run.repoint_schedules().await;
    run.reports
}

impl Run<'_> {
    /// Registers one after the other; services that are to run the same body share a revision. Returns the targets
    /// that can go on: none, if one failed and the others are not to go on without it.
    async fn register_all(&mut self) -> VecDeque<usize> {
        let mut ready = VecDeque::new();
        let mut registered: BTreeMap<String, String> = BTreeMap::new();
        for index in 0..self.reports.len() {
            let Some(documents) = &self.plan.targets[index].documents else { continue };
            if self.reports[index].outcome != Applied::NotStarted || self.interrupt.is_raised() {
                continue;
            }
            let sha256 = documents.patched.sha256();
            let arn = match registered.get(&sha256) {
                Some(arn) => Ok((arn.clone(), false)),
                None => {
                    // A plan that was just made can only have lost an answer; one that was saved may have been begun.
                    let base = self.reports[index].previous_task_definition.as_deref().filter(|_| self.may_be_begun);
                    self.ecs.register(&documents.patched, base).await
                }
            };
            match arn {
                Ok((arn, is_new)) => {
                    let (target, task_definition) = (self.reports[index].target.as_str(), arn.as_str());
                    self.event(match is_new {
                        true => Event::Registered { target, task_definition },
                        false => Event::Found { target, task_definition },
                    });
                    registered.insert(sha256, arn.clone());
                    self.reports[index].task_definition = Some(arn);
                    ready.push_back(index);
                }
                Err(error) => {
                    self.fail(index, error);
                    if self.is_to_stop(index) {
                        return VecDeque::new();
                    }
                }
            }
        }
        ready
    }

    /// Updates the targets of `queue`, so many at once, and watches every deployment to its end.
    async fn update_all(&mut self, mut queue: VecDeque<usize>) {
        while !queue.is_empty() || self.watch.len() > 0 {
            while self.watch.len() < self.options.max_parallel
                && !self.interrupt.is_raised()
                && let Some(index) = queue.pop_front()
            {
                if let Err(error) = self.start(index).await {
                    self.fail(index, error);
                }
                self.stop_on_failure(index, &mut queue);
            }
            let mut interrupt = self.interrupt.clone();
            let polled = tokio::select! {
                polled = self.watch.poll(self.ecs) => polled,
                () = interrupt.raised() => return self.leave(),
            };
            for polled in polled {
                self.take_in(polled, &mut queue).await;
            }
        }
    }

    /// Ends the watch; what was started goes on in ECS.
    fn leave(&mut self) {
        for target in self.watch.targets() {
            match self.going_back.contains_key(&target) {
                true => self.left_going_back(target, None),
                false => {
                    self.reports[target].reason = Some("not watched to its end; the deployment goes on".to_owned());
                }
            }
        }
    }

    /// Updates one service, or leaves it at the registered revision.
    async fn start(&mut self, index: usize) -> Result<()> {
        let target = &self.plan.targets[index];
        let arn = self.reports[index].task_definition.clone().unwrap_or_default();
        if target.kind != TargetKind::Service || self.options.register_only {
            self.reports[index].outcome = Applied::Registered;
            return Ok(());
        }
        let service = self.ecs.service_of(target).await?;
        check_runs(&service, self.reports[index].previous_task_definition.as_deref().unwrap_or_default())?;
        match classify(&service) {
            Handling::Full => {}
            Handling::RegisterOnly { .. } if service.controller == "CODE_DEPLOY" => {
                let deployment = self.ecs.code_deployment(&service, &arn).await;
                let report = &mut self.reports[index];
                report.outcome = Applied::Registered;
                (report.app_spec, report.deploy_command) = (Some(deployment.app_spec), Some(deployment.command));
                for note in deployment.notes {
                    self.note(index, note);
                }
                return Ok(());
            }
            Handling::RegisterOnly { .. } => {
                self.reports[index].outcome = Applied::Registered;
                self.note(index, format!("to deploy it, run: {}", how_to_deploy(self.ecs, &service, &arn)));
                return Ok(());
            }
            Handling::Refused { reason, hint, .. } => return Err(Error::Blocked { reason, hints: vec![hint] }),
        }
        if self.interrupt.is_raised() {
            return Ok(());
        }
        let update = self.ecs.update_service(&service, &arn).await?;
        self.event(Event::Updated { target: &self.reports[index].target, task_definition: &arn });
        self.former.insert(index, Receipt::of(&service));
        self.runs_ours(index, &service).await;
        match update {
            Update::Deploying(updated) => {
                self.reports[index].outcome = Applied::Started;
                if self.options.wait {
                    self.follow(index, *updated, &arn, &service.task_definition);
                }
            }
            Update::NoDeployment => {
                self.reports[index].outcome = Applied::Unverified;
                self.reports[index].reason = Some("the service is updated, and no deployment was started".to_owned());
            }
        }
        Ok(())
    }

    pub(super) fn follow(&mut self, index: usize, service: Service, target: &str, previous: &str) {
        let deployment = service.primary().map(|deployment| deployment.id.clone()).unwrap_or_default();
        let rollout = Rollout::new(&deployment, target, previous);
        self.watch.add(Watched::new(index, service, rollout, self.options.timeout));
    }

    async fn take_in(&mut self, polled: Polled, queue: &mut VecDeque<usize>) {
        let index = polled.target;
        if let Some(deployment) = polled.service.as_ref().and_then(Service::primary) {
            self.event(Event::Deploying { target: &self.reports[index].target, deployment });
        }
        if let Some(trouble) = &polled.trouble {
            let text = format!("cannot be watched for now: {trouble}");
            self.event(Event::Note { target: &self.reports[index].target, text: &text });
        }
        match polled.end {
            None => return,
            Some(End::Lost(error)) if self.going_back.contains_key(&index) => {
                self.left_going_back(index, Some(&error));
            }
            Some(End::Lost(error)) => self.fail(index, error),
            Some(End::Outcome(outcome)) if self.going_back.contains_key(&index) => {
                self.went_back(index, &outcome, polled.service).await;
            }
            Some(End::Outcome(outcome)) => {
                self.event(Event::Finished { target: &self.reports[index].target, outcome: &outcome });
                self.finish(index, outcome, polled.service).await;
            }
        }
        self.stop_on_failure(index, queue);
    }

    pub(super) fn fail(&mut self, index: usize, error: Error) {
        let reason = error.to_string();
        self.event(Event::Failed { target: &self.reports[index].target, reason: &reason });
        let report = &mut self.reports[index];
        report.outcome = Applied::Error;
        report.reason = Some(reason);
        report.error = Some(error);
    }

    fn stop_on_failure(&mut self, index: usize, queue: &mut VecDeque<usize>) {
        if self.is_to_stop(index) {
            queue.clear();
        }
    }

    /// After a failure nothing more is started, unless asked to keep going, and there is a way to.
    fn is_to_stop(&self, index: usize) -> bool {
        let report = &self.reports[index];
        let hopeless = report.error.as_ref().is_some_and(Error::ends_the_run);
        !report.outcome.is_good() && (hopeless || !self.options.keep_going)
    }

    pub(super) fn note(&mut self, index: usize, text: String) {
        self.event(Event::Note { target: &self.reports[index].target, text: &text });
        self.reports[index].notes.push(text);
    }

    pub(super) fn event(&self, event: Event<'_>) {
        self.progress.event(&event);
    }
}
