//! What became of every target, as people read it.

use std::fmt::Write;

use super::sanitise;
use super::style::{self, paint};
use super::table::aligned;
use crate::aws::SessionRequest;
use crate::aws::command_line::command;
use crate::ecs::{Applied, Report, StoppedTask, cluster_name, family_revision};
use crate::taskdef::{Plan, TargetKind};

/// A table of the results, then what needs more words, and the way back.
pub fn text(plan: &Plan, reports: &[Report], place: &SessionRequest) -> String {
    let mut text = results(reports);
    back(&mut text, plan, reports, place);
    text
}

/// A table of the results, then what needs more words.
pub fn results(reports: &[Report]) -> String {
    if reports.iter().all(|report| report.outcome == Applied::Unchanged) {
        return "nothing to change\n".to_owned();
    }
    let revision = |arn: &Option<String>| arn.as_deref().map_or("-", family_revision).to_owned();
    let rows = reports.iter().map(|report| {
        vec![
            report.target.clone(),
            outcome(report.outcome).to_owned(),
            revision(&report.previous_task_definition),
            revision(after(report)),
        ]
    });
    let mut text = aligned(&["TARGET", "OUTCOME", "BEFORE", "AFTER"], rows);
    for report in reports {
        // What went wrong with a call is told on standard error, with hints.
        details(&mut text, report, report.error.is_none());
    }
    text
}

/// The revision that a target is left at.
pub(super) fn after(report: &Report) -> &Option<String> {
    if report.taken_back_to.is_some() { &report.taken_back_to } else { &report.task_definition }
}

/// Reason, stopped tasks and notes of a target.
pub(super) fn details(text: &mut String, report: &Report, with_reason: bool) {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(report.reason.clone().filter(|_| with_reason));
    lines.extend(report.stopped_tasks.iter().flat_map(stopped));
    lines.extend(report.notes.iter().cloned());
    for line in lines {
        let _ = writeln!(text, "{}: {}", paint(style::STRONG, &sanitise(&report.target)), sanitise(&line));
    }
    let mut block = |title: &str, lines: &str| {
        let _ = writeln!(text, "{}: {title}", paint(style::STRONG, &sanitise(&report.target)));
        lines.lines().for_each(|line| {
            let _ = writeln!(text, "  {}", sanitise(line));
        });
    };
    if let Some(command) = &report.deploy_command {
        block("to deploy it, run:", command);
    }
    if let Some(app_spec) = &report.app_spec {
        block("the AppSpec in it:", &format!("{app_spec:#}"));
    }
}

/// A stopped task: its reason, and a line for each container that has something to say.
pub fn stopped(task: &StoppedTask) -> Vec<String> {
    let mut lines = vec![format!("task {} stopped: {}", task.task, task.reason)];
    lines.extend(task.containers.iter().map(|container| {
        let code = container.exit_code.map_or(String::new(), |code| format!(" exit code {code}"));
        let reason = container.reason.as_ref().map_or(String::new(), |reason| format!(" ({reason})"));
        format!("  container {}{code}{reason}", container.name)
    }));
    lines
}

/// How to go back, for services that were updated.
fn back(text: &mut String, plan: &Plan, reports: &[Report], place: &SessionRequest) {
    let lines = reports.iter().filter(|report| is_updated(report)).map(|report| {
        let before = report.previous_task_definition.as_deref().map_or("-", family_revision);
        format!("  {}\n", way_back(plan, report, &report.target, before, place))
    });
    let lines: String = lines.collect();
    if !lines.is_empty() {
        let _ = write!(text, "\nTo go back:\n{lines}");
    }
}

/// Whether there is a service that can be taken back.
pub(super) fn is_updated(report: &Report) -> bool {
    let done =
        matches!(report.outcome, Applied::Started | Applied::DoneBefore | Applied::Succeeded | Applied::Unverified);
    let is_known = report.has_receipt || report.previous_task_definition.is_some();
    done && is_known && report.kind == TargetKind::Service
}

/// The command line that takes `service` back to the revision `before`, as it does the report's own.
pub(super) fn way_back(plan: &Plan, report: &Report, service: &str, before: &str, place: &SessionRequest) -> String {
    let target = plan.targets.iter().find(|target| target.service_arn == report.service_arn);
    let cluster = cluster_name(target.and_then(|target| target.cluster_arn.as_deref()).unwrap_or_default());
    sanitise(&match report.has_receipt {
        true => command(["sidetap", "rollback", "--cluster", cluster, "--service", service], place),
        // Without the receipt only this run knows where it was.
        false => {
            let update = ["aws", "ecs", "update-service", "--cluster", cluster, "--service", service];
            command(update.into_iter().chain(["--task-definition", before]), place)
        }
    })
}

/// An outcome in words.
pub fn outcome(outcome: Applied) -> &'static str {
    match outcome {
        Applied::Unchanged => "unchanged",
        Applied::TagsCorrected => "tags corrected",
        Applied::Blocked => "blocked",
        Applied::NotStarted => "not started",
        Applied::Registered => "registered",
        Applied::Started => "deployment started",
        Applied::DoneBefore => "deployed before",
        Applied::Succeeded => "deployed",
        Applied::Unverified => "updated, unverified",
        Applied::Failed => "deployment failed",
        Applied::RolledBack => "rolled back by ECS",
        Applied::Superseded => "superseded",
        Applied::Gone => "service is gone",
        Applied::TimedOut => "timed out",
        Applied::Error => "error",
    }
}
