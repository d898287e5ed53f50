//! What became of every target, as people read it.

use std::fmt::Write;

use super::sanitise;
use super::style::{self, paint};
use super::table::aligned;
use crate::ecs::{Applied, Report, StoppedTask, family_revision};
use crate::taskdef::{Plan, TargetKind};

/// A table of the results, then what needs more words, and the way back.
pub fn text(plan: &Plan, reports: &[Report]) -> String {
    let mut text = results(reports);
    back(&mut text, plan, reports);
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
fn back(text: &mut String, plan: &Plan, reports: &[Report]) {
    let updated = |report: &&Report| {
        let done =
            matches!(report.outcome, Applied::Started | Applied::DoneBefore | Applied::Succeeded | Applied::Unverified);
        done && report.kind == TargetKind::Service
    };
    let mut lines = String::new();
    for report in reports.iter().filter(updated) {
        let target = plan.targets.iter().find(|target| target.service_arn == report.service_arn);
        let cluster = target.and_then(|target| target.cluster_arn.as_deref()).unwrap_or_default();
        let (cluster, service) = (sanitise(crate::ecs::cluster_name(cluster)), sanitise(&report.target));
        let before = report.previous_task_definition.as_deref().map_or("-", family_revision);
        let _ = match report.has_receipt {
            true => writeln!(lines, "  sidetap rollback --cluster {cluster} --service {service}"),
            // Without the receipt only this run knows where it was.
            false => writeln!(
                lines,
                "  aws ecs update-service --cluster {cluster} --service {service} --task-definition {before}"
            ),
        };
    }
    if !lines.is_empty() {
        let _ = write!(text, "\nTo go back:\n{lines}");
    }
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
