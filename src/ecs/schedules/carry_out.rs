//! The last step of a run: what runs a task definition on a schedule is pointed at the new revision, if the plan says so.

use super::repoint::repoint;
use crate::ecs::apply::Run;
use crate::ecs::report::{Applied, Report};
use crate::taskdef::{PlannedSchedule, ScheduleAction};

impl Run<'_> {
    /// Points the planned rules and schedules of every target at its new revision. Where the target did not get there,
    /// they are left alone: what does not run as a service is not to run on a schedule.
    pub(in crate::ecs) async fn repoint_schedules(&mut self) {
        for index in 0..self.reports.len() {
            let schedules = &self.plan.targets[index].schedules;
            let planned: Vec<&PlannedSchedule> =
                schedules.iter().filter(|schedule| schedule.action == ScheduleAction::Repoint).collect();
            let report = &self.reports[index];
            let Some(arn) = report.task_definition.clone().filter(|_| !planned.is_empty()) else { continue };
            let follow = may_follow(report);
            let mut left = 0;
            for schedule in planned {
                if !follow || self.interrupt.is_raised() {
                    left += 1;
                    continue;
                }
                let done = repoint(&self.ecs.signed, schedule, &arn).await;
                self.note(index, done.to_string());
                self.reports[index].schedules.push(done);
            }
            if left > 0 {
                self.note(index, format!("{left} rules or schedules were left as they were"));
            }
        }
    }
}

/// Whether the new revision is one to be run: it is registered, and no deployment of it has failed.
fn may_follow(report: &Report) -> bool {
    report.outcome.is_good() && report.outcome != Applied::Unchanged
}
