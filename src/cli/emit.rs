//! `--emit`: prints what to put into a description of infrastructure, and changes nothing.

use super::context::Context;
use super::execute::tell_blocked;
use super::output::plan::warning_line;
use crate::exit::Exit;
use crate::iac::{self, Emission};
use crate::taskdef::owner::Format;
use crate::taskdef::{Action, Plan};

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

/// Prints what the plan decides; what is blocked is told, and the rest is printed nevertheless.
pub fn emit(format: EmitFormat, plan: &Plan, cx: &Context) -> anyhow::Result<Exit> {
    let emissions = Emission::of_plan(plan);
    if !emissions.is_empty() {
        cx.printer.result(&iac::emit(format.into(), &emissions))?;
    }
    for target in plan.targets.iter().filter(|target| target.action != Action::Blocked) {
        for warning in target.warnings.iter().filter(|warning| !warning.is_of_a_change()) {
            cx.printer.note(&warning_line(warning));
        }
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
