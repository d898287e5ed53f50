//! What is said of many targets: a plan with one line each, and of a result only what needs somebody's attention.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::plan::{coloured_diff, heading, size, totals};
use super::report::{after, details, is_updated, outcome, way_back};
use super::style::{self, paint};
use super::table::aligned;
use super::{MANY, Printer, sanitise};
use crate::aws::SessionRequest;
use crate::ecs::{Applied, Report, family_revision};
use crate::taskdef::diff::{self, Values};
use crate::taskdef::{Action, Plan, Target};

/// Names told of where many share a warning.
const NAMES: usize = 5;

/// Whether so many targets are told of in brief.
pub fn is_wanted(targets: usize, printer: &Printer) -> bool {
    targets > MANY && !printer.verbose()
}

/// A plan: a line a target, each warning once, and one change as an example.
pub fn plan(plan: &Plan, values: Values) -> String {
    let mut text = heading(plan);
    let rows = plan.targets.iter().map(|target| {
        let action = match target.action {
            Action::Update => "change",
            Action::None => "no change",
            Action::Blocked => "blocked",
        };
        let base = target.base.as_ref().and_then(|base| base.task_definition_arn.as_deref());
        let size = target.size.as_ref().filter(|_| target.action == Action::Update).map(size);
        vec![
            target.name().to_owned(),
            action.to_owned(),
            base.map_or("-", family_revision).to_owned(),
            size.unwrap_or_default(),
        ]
    });
    text.push_str(&aligned(&["TARGET", "ACTION", "BASE", "SIZE"], rows));
    text.push('\n');
    for target in &plan.targets {
        if let Some(reason) = &target.reason {
            let _ = writeln!(text, "{}: {}", paint(style::STRONG, &sanitise(target.name())), sanitise(&reason.message));
        }
    }
    warnings(&mut text, plan);
    let changes = |target: &&Target| target.action == Action::Update;
    if let Some(example) = plan.targets.iter().find(changes)
        && let Some(documents) = &example.documents
    {
        let _ = writeln!(text, "\nThe change of {}, as an example; `-v` shows all:\n", sanitise(example.name()));
        coloured_diff(&mut text, &diff::unified(documents, values));
        text.push('\n');
    }
    text.push_str(&totals(plan));
    text
}

fn warnings(text: &mut String, plan: &Plan) {
    let mut by_message: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for target in &plan.targets {
        for warning in &target.warnings {
            by_message.entry(&warning.message).or_default().push(target.name());
        }
    }
    for (message, names) in by_message {
        let more = names.len().saturating_sub(NAMES);
        let named = names.iter().take(NAMES).copied().collect::<Vec<_>>().join(", ");
        let and = if more > 0 { format!(" and {more} more") } else { String::new() };
        let _ = writeln!(
            text,
            "{} {} ({})",
            paint(style::WARNING, "warning:"),
            sanitise(message),
            sanitise(&format!("{named}{and}"))
        );
    }
}

/// A result: how many came to which end, and which of them need attention, with the reasons.
pub fn result(plan: &Plan, reports: &[Report], place: &SessionRequest) -> String {
    let mut text = counts(reports);
    let attention: Vec<&Report> = reports.iter().filter(|report| needs_attention(report)).collect();
    if !attention.is_empty() {
        let revision = |arn: &Option<String>| arn.as_deref().map_or("-", family_revision).to_owned();
        let rows = attention.iter().map(|report| {
            vec![
                report.target.clone(),
                outcome(report.outcome).to_owned(),
                revision(&report.previous_task_definition),
                revision(after(report)),
            ]
        });
        text.push('\n');
        text.push_str(&aligned(&["TARGET", "OUTCOME", "BEFORE", "AFTER"], rows));
        for report in attention {
            details(&mut text, report, true);
        }
    }
    if let Some(report) = reports.iter().find(|report| is_updated(report)) {
        let command = way_back(plan, report, "TARGET", "BEFORE", place);
        let _ = writeln!(text, "\nTo go back with one of them:\n  {command}");
    }
    text.push_str("\n`-v` and `--output json` tell of all of them\n");
    text
}

/// Those that were not started because of another, or not watched to their end, are only counted.
fn needs_attention(report: &Report) -> bool {
    match report.outcome {
        Applied::NotStarted | Applied::Started => !report.notes.is_empty(),
        Applied::Unverified => true,
        outcome => !outcome.is_good() || !report.notes.is_empty() || report.reason.is_some(),
    }
}

/// `200 targets: 197 deployed, 1 rolled back by ECS, …`, the most frequent first.
fn counts(reports: &[Report]) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for report in reports {
        let name = outcome(report.outcome);
        match counts.iter_mut().find(|(other, _)| *other == name) {
            Some((_, count)) => *count += 1,
            None => counts.push((name, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let parts: Vec<String> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
    paint(style::STRONG, &format!("{} targets: {}", reports.len(), parts.join(", "))) + "\n"
}
