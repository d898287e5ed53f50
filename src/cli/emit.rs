//! `--emit`: prints what to put into a description of infrastructure, and changes nothing.

use clap::ValueEnum;
use serde::Serialize;
use serde_json::Value;

use super::context::Context;
use super::execute::tell_blocked;
use super::output::plan::warning_line;
use crate::exit::Exit;
use crate::iac::{self, Emission};
use crate::taskdef::owner::Format;
use crate::taskdef::{Action, Plan, Reason, Warning};

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum EmitFormat {
    /// The sidecar's container and what else changes, as JSON of the ECS API
    Json,
    /// A CloudFormation template with the whole task definition
    #[value(name = "cloudformation")]
    CloudFormation,
    /// A Terraform resource with the whole task definition
    Terraform,
}

impl From<EmitFormat> for Format {
    fn from(format: EmitFormat) -> Self {
        match format {
            EmitFormat::Json => Format::Json,
            EmitFormat::CloudFormation => Format::CloudFormation,
            EmitFormat::Terraform => Format::Terraform,
        }
    }
}

/// What is printed with `--output json`.
#[derive(Serialize)]
struct Document<'a> {
    format: String,
    /// The text of a template or configuration, or what the sidecar adds as JSON; nothing if all is blocked.
    emitted: Option<Value>,
    warnings: Vec<TargetWarning<'a>>,
    blocked: Vec<Blocked<'a>>,
}

#[derive(Serialize)]
struct TargetWarning<'a> {
    target: &'a str,
    #[serde(flatten)]
    warning: &'a Warning,
}

#[derive(Serialize)]
struct Blocked<'a> {
    target: &'a str,
    reason: Option<&'a Reason>,
}

/// Prints what the plan decides; what is blocked is told, and the rest is printed nevertheless.
pub fn emit(format: EmitFormat, plan: &Plan, cx: &Context) -> anyhow::Result<Exit> {
    let emissions = Emission::of_plan(plan);
    let text = (!emissions.is_empty()).then(|| iac::emit(format.into(), &emissions));
    if cx.printer.json() {
        cx.printer.result(&(serde_json::to_string_pretty(&document(format, plan, text.as_deref())?)? + "\n"))?;
    } else if let Some(text) = &text {
        cx.printer.result(text)?;
    }
    for TargetWarning { target, warning } in warnings(plan) {
        let line = match plan.targets.len() {
            1 => warning_line(warning),
            _ => warning_line(&Warning { message: format!("`{target}`: {}", warning.message), ..warning.clone() }),
        };
        cx.printer.note(&line);
    }
    if !emissions.is_empty() {
        cx.printer.note("nothing was changed; values of environment variables are written out");
    }
    tell_blocked(plan, cx);
    Ok(match (plan.summary.blocked, emissions.is_empty()) {
        (0, _) => Exit::Done,
        (_, true) => Exit::Blocked,
        (_, false) => Exit::Partly,
    })
}

/// The warnings that matter to a description, each with its target.
fn warnings(plan: &Plan) -> impl Iterator<Item = TargetWarning<'_>> {
    let targets = plan.targets.iter().filter(|target| target.action != Action::Blocked);
    targets.flat_map(|target| {
        let warnings = target.warnings.iter().filter(|warning| !warning.is_of_a_change());
        warnings.map(|warning| TargetWarning { target: target.name(), warning })
    })
}

fn document<'a>(format: EmitFormat, plan: &'a Plan, text: Option<&str>) -> serde_json::Result<Document<'a>> {
    let emitted = match (format, text) {
        (EmitFormat::Json, Some(text)) => Some(serde_json::from_str(text)?),
        (_, text) => text.map(Value::from),
    };
    let blocked = plan.targets.iter().filter(|target| target.action == Action::Blocked);
    Ok(Document {
        format: format.to_possible_value().map_or_else(Default::default, |value| value.get_name().to_owned()),
        emitted,
        warnings: warnings(plan).collect(),
        blocked: blocked.map(|target| Blocked { target: target.name(), reason: target.reason.as_ref() }).collect(),
    })
}
