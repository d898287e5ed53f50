//! What `sidetap doctor` found, as people read it: problems first, each with the ways to put it right.

use std::fmt::Write;

use comfy_table::{ContentArrangement, Table, presets};

use super::style::{self, paint};
use super::{Printer, sanitise};
use crate::ecs::doctor::{Check, Diagnosis, Examined, Outcome};
use crate::ecs::{cluster_name, family_revision};

/// Columns of a terminal that has no more.
const WIDTH: u16 = 80;

/// Shows it as text, or as JSON.
pub fn show(printer: &Printer, diagnosis: &Diagnosis) -> anyhow::Result<()> {
    let text = match printer.json() {
        true => serde_json::to_string_pretty(diagnosis)? + "\n",
        false => text(diagnosis),
    };
    Ok(printer.result(&text)?)
}

fn text(diagnosis: &Diagnosis) -> String {
    let mut text = String::new();
    for target in &diagnosis.targets {
        head(&mut text, target);
        let (problems, others): (Vec<&Check>, Vec<&Check>) = target.checks.iter().partition(|check| check.is_problem());
        problems.into_iter().for_each(|check| problem(&mut text, check));
        text.push_str(&table(&others));
        text.push('\n');
    }
    let summary = diagnosis.summary;
    let problems =
        if summary.problems == 1 { "1 problem".to_owned() } else { format!("{} problems", summary.problems) };
    let _ = writeln!(text, "{problems}, {} not checked, {} ok", summary.not_checked, summary.ok);
    text
}

fn head(text: &mut String, target: &Examined) {
    let place = target.cluster_arn.as_deref().map(|arn| format!(" in cluster {}", cluster_name(arn)));
    let kind = target.kind.replace('-', " ");
    let mut line = format!("{kind} {}{}", target.name, place.unwrap_or_default());
    if let (Some(arn), "service") = (&target.task_definition_arn, target.kind) {
        let _ = write!(line, ", {}", family_revision(arn));
    }
    if !target.sidecars.is_empty() {
        let how = if target.injected { "as if it had" } else { "with" };
        let _ = write!(line, ", {how} {}", target.sidecars.join(", "));
    }
    let _ = writeln!(text, "{}\n", paint(style::STRONG, &sanitise(&line)));
}

fn problem(text: &mut String, check: &Check) {
    let Outcome::Problem { message, fixes } = &check.outcome else { return };
    let _ = writeln!(text, "{} {}: {}", paint(style::ERROR, "problem:"), check.code, one_line(&check.subject));
    for line in wrapped(message) {
        let _ = writeln!(text, "  {line}");
    }
    // A command is one line, however long, so that it can be copied.
    for fix in fixes {
        let _ = writeln!(text, "  {} {}", paint(style::HINT, "fix:"), one_line(fix));
    }
    text.push('\n');
}

fn table(checks: &[&Check]) -> String {
    if checks.is_empty() {
        return String::new();
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    for check in checks {
        let (outcome, said) = match &check.outcome {
            Outcome::Ok { found } => ("ok", found),
            Outcome::NotChecked { why } => ("not checked", why),
            Outcome::Problem { .. } => continue,
        };
        let said = format!("{}: {}", one_line(&check.subject), one_line(said));
        table.add_row([outcome.to_owned(), check.code.to_owned(), said]);
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if index < 2 { 2 } else { 0 }));
    }
    table.trim_fmt() + "\n"
}

/// Text in lines that fit beside an indentation of two.
fn wrapped(text: &str) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH - 2);
    table.add_row([one_line(text)]);
    for column in table.column_iter_mut() {
        column.set_padding((0, 0));
    }
    table.trim_fmt().lines().map(str::to_owned).collect()
}

/// Names from AWS may hold anything, and here a line break means something.
fn one_line(text: &str) -> String {
    sanitise(text).replace('\n', " ")
}
