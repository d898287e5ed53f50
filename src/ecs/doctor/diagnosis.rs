//! The checks of everything that was examined.

use serde::Serialize;

use super::check::{Check, Outcome};

/// The version of the JSON that `sidetap doctor --output json` prints.
pub const FORMAT_VERSION: &str = "1.0";

/// What was examined, and what came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Diagnosis {
    pub format_version: &'static str,
    pub tool_version: &'static str,
    pub account: Option<String>,
    pub region: Option<String>,
    pub summary: Summary,
    pub targets: Vec<Examined>,
}

/// How many checks ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub problems: usize,
    pub not_checked: usize,
    pub ok: usize,
}

/// A service, a task definition or a file.
#[derive(Debug, Clone, Serialize)]
pub struct Examined {
    /// `service`, `task-definition` or `file`.
    pub kind: &'static str,
    pub name: String,
    pub cluster_arn: Option<String>,
    pub service_arn: Option<String>,
    pub task_definition_arn: Option<String>,
    /// The names of the sidecars' containers.
    pub sidecars: Vec<String>,
    /// Whether the sidecar is in the task definition already, or was put in for these checks alone.
    pub injected: bool,
    /// Problems first, then what was not checked.
    pub checks: Vec<Check>,
}

impl Diagnosis {
    pub fn new(account: Option<String>, region: Option<String>, mut targets: Vec<Examined>) -> Self {
        let mut summary = Summary::default();
        for target in &mut targets {
            target.checks.sort_by_key(Check::rank);
            for check in &target.checks {
                match check.outcome {
                    Outcome::Problem { .. } => summary.problems += 1,
                    Outcome::NotChecked { .. } => summary.not_checked += 1,
                    Outcome::Ok { .. } => summary.ok += 1,
                }
            }
        }
        let tool_version = env!("CARGO_PKG_VERSION");
        Diagnosis { format_version: FORMAT_VERSION, tool_version, account, region, summary, targets }
    }
}
