//! SOURCE: which task definitions a command is about.

use std::path::PathBuf;

use super::usage::Usage;
use crate::ecs::Selection;

/// The flags of SOURCE.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Source: one of a file, services, or a task definition")]
pub struct SourceArgs {
    /// A task definition in a file, or - for standard input; needs no AWS account.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["cluster", "service", "all_services", "task_definition"])]
    pub file: Option<PathBuf>,
    /// The services' cluster, by name or ARN.
    #[arg(long, value_name = "CLUSTER", conflicts_with = "task_definition")]
    pub cluster: Option<String>,
    /// A service, by name or ARN; repeatable.
    #[arg(long, value_name = "SERVICE", conflicts_with_all = ["all_services", "task_definition"])]
    pub service: Vec<String>,
    /// All services of the cluster.
    #[arg(long, conflicts_with = "task_definition")]
    pub all_services: bool,
    /// Of all services, only those with this tag; repeatable.
    #[arg(long, value_name = "KEY=VALUE", requires = "all_services", conflicts_with = "service", value_parser = super::sidecar_args::pair)]
    pub service_tag: Vec<(String, String)>,
    /// Of all services, not this one, by name or a pattern with * and ?; repeatable.
    #[arg(long, value_name = "SERVICE", requires = "all_services", conflicts_with = "service")]
    pub exclude_service: Vec<String>,
    /// A task definition on ECS; registers a revision and touches no service.
    #[arg(long, value_name = "FAMILY[:REVISION]|ARN")]
    pub task_definition: Option<String>,
}

/// A resolved SOURCE.
#[derive(Debug)]
pub enum Source {
    File(PathBuf),
    Ecs(OnEcs),
}

/// A SOURCE that takes an AWS account.
#[derive(Debug)]
pub enum OnEcs {
    Services { cluster: String, selection: Selection },
    TaskDefinition(String),
}

const TO_CHANGE: [&str; 3] = [
    "`--file PATH` changes a file, without an AWS account",
    "`--cluster CLUSTER --service SERVICE` changes a service",
    "`--task-definition FAMILY` registers a revision and touches no service",
];
const TO_LOOK: [&str; 3] = [
    "`--file PATH` looks at a file, without an AWS account",
    "`--cluster CLUSTER --service SERVICE` looks at what a service runs",
    "`--task-definition FAMILY` looks at a revision that no service has to run",
];

impl SourceArgs {
    /// Decides which source is meant, of what is to be changed.
    pub fn resolve(self) -> Result<Source, Usage> {
        self.resolve_with(TO_CHANGE)
    }

    /// Decides what on ECS is to be changed, of flags without a file.
    pub fn resolve_on_ecs(self) -> Result<OnEcs, Usage> {
        self.on_ecs(TO_CHANGE)
    }

    /// Decides which source is meant, of what is only looked at.
    pub fn resolve_to_look(self) -> Result<Source, Usage> {
        self.resolve_with(TO_LOOK)
    }

    /// `hints` say what sources there are.
    fn resolve_with(mut self, hints: [&str; 3]) -> Result<Source, Usage> {
        match self.file.take() {
            Some(path) => Ok(Source::File(path)),
            None => self.on_ecs(hints).map(Source::Ecs),
        }
    }

    fn on_ecs(self, hints: [&str; 3]) -> Result<OnEcs, Usage> {
        if let Some(name) = self.task_definition {
            return Ok(OnEcs::TaskDefinition(name));
        }
        let chosen = self.all_services || !self.service.is_empty();
        match (self.cluster, chosen) {
            (Some(cluster), true) => {
                let selection = match self.all_services {
                    true => Selection::All { tags: self.service_tag, except: self.exclude_service },
                    false => Selection::Named(self.service),
                };
                Ok(OnEcs::Services { cluster, selection })
            }
            (None, true) => Err(Usage::new("the services' cluster is missing")
                .hint("`sidetap list clusters` shows them")
                .missing("--cluster CLUSTER")),
            (Some(_), false) => Err(Usage::new("which services of the cluster?")
                .hint("`--service SERVICE` names one, `--all-services` takes all")
                .missing("--service SERVICE")),
            (None, false) => {
                let usage = Usage::new("which task definition?").missing("--file PATH");
                Err(hints.into_iter().fold(usage, Usage::hint))
            }
        }
    }
}
