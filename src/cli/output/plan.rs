//! A plan as people read it.

use std::fmt::Write;

use serde_json::Value;

use super::style::{self, paint};
use super::{Printer, brief, sanitise};
use crate::taskdef::diff::{self, Values};
use crate::taskdef::{Action, Documents, Plan, PlanSize, Target, TargetKind, Warning, patch};

/// Shows the whole plan as a result: JSON, or text with the diff of every target.
pub fn show(printer: &Printer, plan: &Plan, values: Values) -> anyhow::Result<()> {
    let text = match printer.json() {
        true => serde_json::to_string_pretty(plan)? + "\n",
        false => readable(printer, plan, values),
    };
    Ok(printer.result(&text)?)
}

/// The plan as text; in brief, if it has many targets.
pub fn readable(printer: &Printer, plan: &Plan, values: Values) -> String {
    match brief::is_wanted(plan.targets.len(), printer) {
        true => brief::plan(plan, values),
        false => text(plan, values),
    }
}

/// The plan as text.
pub fn text(plan: &Plan, values: Values) -> String {
    let mut text = heading(plan);
    for target in &plan.targets {
        self::target(&mut text, target, values);
        text.push('\n');
    }
    text.push_str(&totals(plan));
    text
}

/// Which plan it is, and where it changes something.
pub(super) fn heading(plan: &Plan) -> String {
    let mut text = paint(style::STRONG, &format!("Plan {}", plan.plan_id));
    if let (Some(account), Some(region)) = (&plan.account, &plan.region) {
        let _ = write!(text, " for account {account} in {region}");
    }
    text.push_str("\n\n");
    text
}

/// How many targets change.
pub(super) fn totals(plan: &Plan) -> String {
    let summary = plan.summary;
    format!("{} to change, {} unchanged, {} blocked\n", summary.change, summary.no_change, summary.blocked)
}

fn target(text: &mut String, target: &Target, values: Values) {
    let action = match target.action {
        Action::Update => paint(style::ADDED, "change"),
        Action::None => "no change".to_owned(),
        Action::Blocked => paint(style::ERROR, "blocked"),
    };
    let kind = match target.kind {
        TargetKind::Service => "service ",
        TargetKind::TaskDefinition => "task definition ",
        TargetKind::File => "file ",
    };
    let _ = writeln!(text, "{kind}{}: {action}", paint(style::STRONG, &sanitise(target.name())));
    let mut line = |label: &str, value: &str| {
        let mut lines = value.lines();
        let _ = writeln!(text, "  {label:<9}{}", sanitise(lines.next().unwrap_or_default()));
        for more in lines {
            let _ = writeln!(text, "  {:<9}{}", "", sanitise(more));
        }
    };
    if let Some(reason) = &target.reason {
        line("because", &reason.message);
        for hint in &reason.hints {
            line("hint", hint);
        }
    }
    if let Some(arn) = target.base.as_ref().and_then(|base| base.task_definition_arn.as_deref()) {
        line("base", arn);
    }
    if let Some(sidecar) = &target.sidecar {
        line("sidecar", &format!("{} ({})", sidecar.container_name, sidecar.preset));
    }
    let gone = target.documents.as_ref().map(Documents::containers_gone).unwrap_or_default();
    if !gone.is_empty() {
        line("removes", &gone.join(", "));
    }
    if let Some(size) = &target.size {
        line("size", &self::size(size));
    }
    if !target.unknown_fields.is_empty() {
        line("keeps", &format!("fields new to this version: {}", target.unknown_fields.join(", ")));
    }
    for warning in &target.warnings {
        let _ = writeln!(text, "  {}", warning_line(warning));
    }
    if let Some(documents) = target.documents.as_ref().filter(|_| target.action == Action::Update) {
        text.push('\n');
        coloured_diff(text, &diff::unified(documents, values));
    }
}

/// A warning as a line.
pub fn warning_line(warning: &Warning) -> String {
    format!("{} {}", paint(style::WARNING, "warning:"), sanitise(&warning.message))
}

/// What happened to a file, with its warnings: a line for standard error.
pub fn one_line(target: &Target) -> String {
    let name = target.sidecar.as_ref().map_or("the sidecar", |sidecar| sidecar.container_name.as_str());
    let mut text = sanitise(&match (target.action, &target.size) {
        (Action::Update, Some(size)) => format!("{}: added {name}: {}", target.name(), self::size(size)),
        _ => format!("{}: {name} is already there, nothing to change", target.name()),
    });
    for warning in &target.warnings {
        text.push('\n');
        text.push_str(&warning_line(warning));
    }
    text
}

/// A sidecar's size in words.
pub fn size(size: &PlanSize) -> String {
    let cpu = match size.cpu {
        Some(cpu) => format!("{cpu} CPU units and "),
        None => "no reserved CPU and at most ".to_owned(),
    };
    let of = match (size.of_cpu, size.of_memory_mib) {
        (Some(cpu), Some(memory)) => format!(" of {cpu} and {memory}"),
        (None, Some(memory)) => format!(" of {memory} MiB"),
        _ => String::new(),
    };
    let room = match (&size.taken_from, size.task_cpu, size.task_memory_mib) {
        (Some(name), ..) => format!(", taken from `{name}`"),
        (None, Some(cpu), Some(memory)) => format!(", in a task grown to {cpu} and {memory}"),
        _ => String::new(),
    };
    format!("{cpu}{} MiB{of}{room}", size.memory_mib)
}

/// The paths of a target that change for ECS, a line each. Of values only those are told that nobody keeps secret.
pub fn changed_paths(target: &Target) -> Vec<String> {
    const TOLD: [&str; 4] = ["/cpu", "/memory", "/memoryReservation", "/image"];
    let change = |operation: &Value| {
        let path = operation["path"].as_str()?;
        let sign = match operation["op"].as_str()? {
            "add" => "+",
            "replace" => "~",
            "remove" => return Some(format!("- {path}")),
            _ => return None,
        };
        let value = &operation["value"];
        let told = match value {
            Value::Object(_) if path.starts_with("/containerDefinitions/") => value["name"].as_str().map(str::to_owned),
            value if TOLD.iter().any(|end| path.ends_with(end)) => Some(value.to_string()),
            _ => None,
        };
        Some(format!("{sign} {path} {}", told.unwrap_or_default()).trim_end().to_owned())
    };
    let operations = match &target.documents {
        Some(documents) => patch::meaningful(&documents.base, &target.patch),
        None => target.patch.iter().collect(),
    };
    let mut changes: Vec<String> = operations.into_iter().filter_map(change).collect();
    // Our tags are of the least interest.
    changes.sort_by_key(|change| change.ends_with(" /tags"));
    changes
}

/// Adds the lines of a diff, indented.
pub(super) fn coloured_diff(text: &mut String, diff: &str) {
    for line in diff.lines() {
        let style = match line.as_bytes().first() {
            Some(b'+') => style::ADDED,
            Some(b'-') => style::REMOVED,
            Some(b'@') => style::HINT,
            _ => style::STRONG.effects(anstyle::Effects::new()),
        };
        let _ = writeln!(text, "  {}", paint(style, &sanitise(line)));
    }
}
