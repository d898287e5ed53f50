//! Says in a plan what runs a task definition, and decides what is done about it.

use super::reference::{Meaning, meaning};
use super::{Include, Runner, base};
use crate::ecs::arn::resource_name;
use crate::taskdef::{PlannedSchedule, ScheduleAction, ScheduleKind, Target, Warning};

/// So many are named each; of more, the number is told.
const MOST_NAMED: usize = 10;

/// Adds the runners of a target's task definition to the target: a warning each, and what is planned.
pub(super) fn warn<'a>(target: &mut Target, runners: impl Iterator<Item = &'a Runner>, include: Include) {
    let Some(arn) = base(target).map(str::to_owned) else { return };
    let mut more = 0;
    for runner in runners {
        let Some(meaning) = meaning(&runner.task_definition, &arn) else { continue };
        let action = action(runner, meaning, include);
        match target.schedules.len() < MOST_NAMED {
            true => target.warnings.push(Warning::new(code(action), text(runner, action))),
            false => more += 1,
        }
        if action == ScheduleAction::Repoint {
            require(target, runner.kind);
        }
        target.schedules.push(PlannedSchedule {
            kind: runner.kind,
            group: runner.group.clone(),
            name: runner.name.clone(),
            target_id: runner.target_id.clone(),
            cluster: runner.cluster.clone(),
            task_definition: runner.task_definition.clone(),
            action,
        });
    }
    if more > 0 {
        let text = format!("{more} more rules or schedules run it; `--output json` names them all");
        target.warnings.push(Warning::new("runs-on-schedule", text));
    }
}

fn action(runner: &Runner, meaning: Meaning, include: Include) -> ScheduleAction {
    match (meaning, include) {
        (Meaning::Family, _) => ScheduleAction::Follows,
        (Meaning::Revision, Include::Repoint) if runner.changeable => ScheduleAction::Repoint,
        (Meaning::Revision, _) => ScheduleAction::Leave,
        (Meaning::OtherRevision, _) => ScheduleAction::LeaveOther,
    }
}

fn code(action: ScheduleAction) -> &'static str {
    match action {
        ScheduleAction::Repoint => "schedule-included",
        _ => "runs-on-schedule",
    }
}

fn text(runner: &Runner, action: ScheduleAction) -> String {
    let who = runner.kind.called(&runner.group, &runner.name);
    let what = resource_name(&runner.task_definition);
    match action {
        ScheduleAction::Repoint => format!("{who} runs `{what}`: it is pointed at the new revision"),
        ScheduleAction::Leave if runner.changeable => format!(
            "{who} runs `{what}` and will go on running that revision; `--include-schedules` points it at the new one"
        ),
        ScheduleAction::Leave => {
            format!("{who} runs `{what}` and will go on running that revision: it has to be changed by hand")
        }
        ScheduleAction::LeaveOther => format!("{who} runs `{what}`, another revision, and is left as it is"),
        ScheduleAction::Follows => {
            format!("{who} runs the family `{what}` without a revision: its next run takes the new revision")
        }
    }
}

/// The IAM actions that pointing it elsewhere needs.
fn require(target: &mut Target, kind: ScheduleKind) {
    let actions: &[&str] = match kind {
        ScheduleKind::Rule => &["events:ListTargetsByRule", "events:PutTargets", "iam:PassRole"],
        ScheduleKind::Schedule => &["iam:PassRole", "scheduler:GetSchedule", "scheduler:UpdateSchedule"],
    };
    target.requires.extend(actions.iter().map(|action| (*action).to_owned()));
    target.requires.sort_unstable();
    target.requires.dedup();
}
