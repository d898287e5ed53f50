//! What is done once a deployment has ended: its outcome in words, why tasks stopped, and the way back.

use std::time::Duration;

use super::apply::Run;
use super::arn::family_revision;
use super::classify::how_to_deploy_again;
use super::error::Error;
use super::progress::Event;
use super::receipt::{Receipt, not_tagged};
use super::report::{Applied, not_finished};
use super::resume::base;
use super::rollout::Outcome;
use super::service::Service;
use super::update::Update;
use crate::taskdef::Action;

/// A service that is being taken back because its deployment has failed or not finished in time.
pub(super) struct GoingBack {
    /// Why.
    why: String,
    /// Where to (ARN).
    to: String,
}

impl GoingBack {
    /// What the report says, with what became of the way back.
    fn reason(&self, what: &str) -> String {
        format!("{}; going back to {} {what}", self.why, family_revision(&self.to))
    }
}

impl Run<'_> {
    /// Reports how the deployment ended. `service` is absent if the last poll did not see it.
    pub(super) async fn finish(&mut self, index: usize, outcome: Outcome, service: Option<Service>) {
        let (applied, reason) = Applied::after(outcome, self.options.timeout);
        self.reports[index].outcome = applied;
        self.reports[index].reason = reason;
        let Some(service) = service else {
            if self.options.auto_rollback && applied == Applied::TimedOut {
                self.note(index, "not rolled back: what the service does now is not known".to_owned());
            }
            return;
        };
        if matches!(applied, Applied::Failed | Applied::RolledBack | Applied::TimedOut) {
            self.tell_stopped_tasks(index, &service).await;
        }
        match applied {
            Applied::RolledBack => self.is_back(index, &service).await,
            Applied::Failed | Applied::TimedOut if self.options.auto_rollback => self.go_back(index).await,
            Applied::Failed if self.plan.targets[index].action == Action::None => {
                self.note(index, format!("to try it again: {}", how_to_deploy_again(self.ecs, &service)));
            }
            _ => {}
        }
    }

    pub(super) async fn tell_stopped_tasks(&mut self, index: usize, service: &Service) {
        let arn = self.reports[index].task_definition.clone().unwrap_or_default();
        let sidecar = self.plan.targets[index].sidecar.as_ref().map(|sidecar| sidecar.container_name.as_str());
        match self.ecs.stopped_tasks(service, &arn, sidecar).await {
            Ok(tasks) => self.reports[index].stopped_tasks = tasks,
            Err(error) => self.note(index, format!("why its tasks stopped could not be read: {error}")),
        }
    }

    /// Returns the service to the revision that it ran before, unless somebody has moved it on.
    async fn go_back(&mut self, index: usize) {
        let Some(previous) = self.reports[index].previous_task_definition.clone() else {
            return self.note(index, "not taken back: what it ran before is not known".to_owned());
        };
        let ours = self.reports[index].task_definition.clone().unwrap_or_default();
        let note = returning_to(&previous);
        let service = match self.ecs.service_of(&self.plan.targets[index]).await {
            Ok(service) => service,
            Err(error) => return self.note(index, format!("{note} failed: {error}")),
        };
        if service.task_definition == previous {
            // Between the last poll and now.
            self.reports[index].outcome = Applied::RolledBack;
            self.reports[index].reason = Some("rolled back by ECS".to_owned());
            return self.is_back(index, &service).await;
        }
        if service.task_definition != ours {
            let by = family_revision(&service.task_definition);
            return self.note(index, format!("not {note}: somebody has deployed {by}"));
        }
        if self.interrupt.is_raised() {
            return self.note(index, format!("not {note}: interrupted"));
        }
        let updated = match self.ecs.update_service(&service, &previous).await {
            Ok(updated) => updated,
            Err(error) => return self.note(index, format!("{note} failed: {error}")),
        };
        let report = &self.reports[index];
        let why = match (report.outcome, &report.reason) {
            (Applied::TimedOut, _) => not_finished(self.options.timeout),
            (_, reason) => reason.clone().unwrap_or_default(),
        };
        let going_back = GoingBack { why, to: previous.clone() };
        self.reports[index].reason = Some(going_back.reason("has begun"));
        self.event(Event::Updated { target: &self.reports[index].target, task_definition: &previous });
        self.is_back(index, &Service { task_definition: previous.clone(), ..service }).await;
        match updated {
            Update::Deploying(updated) => {
                self.follow_back(index, *updated, &ours, going_back);
            }
            Update::NoDeployment => self.note(index, format!("{note}: no deployment was started")),
        }
    }

    /// Follows a service on its way back, from the revision `ours` (ARN).
    fn follow_back(&mut self, index: usize, service: Service, ours: &str, going_back: GoingBack) {
        self.reports[index].is_going_back = true;
        self.follow(index, service, &going_back.to, ours);
        self.going_back.insert(index, going_back);
    }

    /// Follows the way back that an earlier run has begun or seen begin, if it is not over; `why` is why it was taken.
    pub(super) fn follow_way_back(&mut self, index: usize, service: &Service, why: &str) {
        if service.is_settled() || service.desired == 0 || !self.options.wait || self.interrupt.is_raised() {
            return;
        }
        let ours = self.reports[index].task_definition.clone().unwrap_or_default();
        let going_back = GoingBack { why: why.to_owned(), to: service.task_definition.clone() };
        self.follow_back(index, service.clone(), &ours, going_back);
    }

    /// Reports how the way back ended; the outcome stays that of the deployment that failed.
    pub(super) async fn went_back(&mut self, index: usize, outcome: &Outcome, service: Option<Service>) {
        let Some(going_back) = self.going_back.remove(&index) else { return };
        let note = returning_to(&going_back.to);
        if matches!(outcome, Outcome::Succeeded | Outcome::Unverified) {
            self.reports[index].is_going_back = false;
            let again = family_revision(&going_back.to);
            self.reports[index].reason = Some(format!("{}; taken back: it runs {again} again", going_back.why));
            return self.note(index, format!("{note}: done"));
        }
        let what = not_back(outcome, self.options.timeout);
        self.reports[index].reason = Some(going_back.reason(&what));
        self.reports[index].is_going_back = *outcome == Outcome::TimedOut;
        self.note(index, format!("{note} {what}"));
        if matches!(outcome, Outcome::Superseded { .. } | Outcome::Gone { .. }) {
            self.reports[index].taken_back_to = None;
        }
        let ours = self.reports[index].task_definition.clone();
        if let Some(service) = service.filter(|service| Some(&service.task_definition) == ours.as_ref()) {
            // ECS has undone it.
            self.reports[index].taken_back_to = None;
            self.runs_ours(index, &Service { task_definition: going_back.to, ..service }).await;
        }
    }

    /// Reports that the way back cannot be watched to its end; it goes on.
    pub(super) fn left_going_back(&mut self, index: usize, error: Option<&Error>) {
        let Some(going_back) = self.going_back.remove(&index) else { return };
        let why = error.map_or("not watched to its end".to_owned(), |error| format!("cannot be watched: {error}"));
        self.reports[index].reason = Some(going_back.reason(&format!("goes on, {why}")));
    }

    /// Takes down that the service is back at what it ran before, and has its tags say so.
    pub(super) async fn is_back(&mut self, index: usize, service: &Service) {
        self.reports[index].taken_back_to = Some(service.task_definition.clone());
        self.reports[index].has_receipt = false;
        let target = &self.plan.targets[index];
        let runs = match &target.documents {
            Some(documents) if base(target) == service.task_definition => Some(documents.base.clone()),
            // What cannot be read has no sidecar that is known of.
            _ => self.ecs.task_definition(&service.task_definition).await.ok().map(|runs| runs.definition),
        };
        let (arn, former) = (&service.task_definition, self.former(index));
        if let Err(error) = self.ecs.correct_receipt(service, arn, runs.as_ref(), former.as_ref()).await {
            self.note(index, not_tagged(&error));
        }
    }

    /// Leaves the receipt that a service has been made to run what the plan makes; `before` is the service as it was.
    pub(super) async fn runs_ours(&mut self, index: usize, before: &Service) {
        let arn = self.reports[index].task_definition.clone().unwrap_or_default();
        let patched = self.plan.targets[index].documents.as_ref().map(|documents| &documents.patched);
        match self.ecs.leave_receipt(before, &self.plan.plan_id, &arn, patched).await {
            Err(error) => self.note(index, not_tagged(&error)),
            Ok(()) => self.reports[index].has_receipt = true,
        }
    }

    /// What the service's tags told before the plan was carried out: as this run has seen them, or else as the plan
    /// has.
    fn former(&self, index: usize) -> Option<Receipt> {
        let planned = || {
            let recorded = self.plan.targets[index].recorded_task_definition.clone();
            recorded.map(|recorded| Receipt { previous: Some(recorded), ..Receipt::default() })
        };
        self.former.get(&index).cloned().or_else(planned)
    }
}

/// What became of a way back that has not come to a good end.
fn not_back(outcome: &Outcome, timeout: Duration) -> String {
    match outcome {
        Outcome::Failed { reason } => format!("has failed: {reason}"),
        Outcome::RolledBack { reason } => format!("was itself taken back by ECS: {reason}"),
        Outcome::Superseded { by } => format!("was superseded by a deployment of {}", family_revision(by)),
        Outcome::Gone { reason } => format!("ended with the service: {reason}"),
        Outcome::Succeeded | Outcome::Unverified => "is done".to_owned(),
        Outcome::TimedOut => format!("is {}, and goes on", not_finished(timeout)),
    }
}

fn returning_to(arn: &str) -> String {
    format!("returning to {}", family_revision(arn))
}
