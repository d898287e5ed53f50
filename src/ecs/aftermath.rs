//! What is done once a deployment has ended: its outcome in words, why tasks stopped, and the way back.

use super::apply::Run;
use super::arn::family_revision;
use super::progress::Event;
use super::receipt::not_tagged;
use super::report::Applied;
use super::rollout::Outcome;
use super::service::Service;
use super::update::Update;

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
            Applied::RolledBack => self.correct_receipt(index, &service).await,
            Applied::Failed | Applied::TimedOut if self.options.auto_rollback => self.go_back(index).await,
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
        let note = format!("returning to {}", family_revision(&previous));
        let service = match self.ecs.service_of(&self.plan.targets[index]).await {
            Ok(service) => service,
            Err(error) => return self.note(index, format!("{note} failed: {error}")),
        };
        if service.task_definition == previous {
            // Between the last poll and now.
            self.reports[index].outcome = Applied::RolledBack;
            self.reports[index].reason = Some("rolled back by ECS".to_owned());
            return self.correct_receipt(index, &service).await;
        }
        if service.task_definition != ours {
            let by = family_revision(&service.task_definition);
            return self.note(index, format!("not {note}: somebody has deployed {by}"));
        }
        match self.ecs.update_service(&service, &previous).await {
            Ok(Update::Deploying(updated)) => {
                self.event(Event::Updated { target: &self.reports[index].target, task_definition: &previous });
                self.going_back.insert(index, note);
                self.follow(index, *updated, &previous, &ours);
            }
            Ok(Update::NoDeployment) => self.note(index, format!("{note}: no deployment was started")),
            Err(error) => self.note(index, format!("{note} failed: {error}")),
        }
    }

    /// Reports how the way back ended; the outcome stays that of the deployment that failed.
    pub(super) async fn went_back(&mut self, index: usize, outcome: &Outcome) {
        let note = self.going_back.remove(&index).unwrap_or_default();
        if !matches!(outcome, Outcome::Succeeded | Outcome::Unverified) {
            self.note(index, format!("{note}: not finished; look at the service"));
            return;
        }
        self.note(index, format!("{note}: done"));
        if let Ok(service) = self.ecs.service_of(&self.plan.targets[index]).await {
            self.correct_receipt(index, &service).await;
        }
    }

    pub(super) async fn correct_receipt(&mut self, index: usize, service: &Service) {
        let base = self.plan.targets[index].documents.as_ref().map(|documents| &documents.base);
        let former = self.former.get(&index);
        if let Err(error) = self.ecs.correct_receipt(service, &service.task_definition, base, former).await {
            self.note(index, not_tagged(&error));
        }
    }
}
