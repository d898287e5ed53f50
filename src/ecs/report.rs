//! What became of each target of a plan.

use serde::Serialize;

use super::error::Error;
use super::schedules::Repointed;
use super::stopped::StoppedTask;
use crate::taskdef::{Action, Target, TargetKind};

/// What became of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Applied {
    /// Nothing had to be done.
    Unchanged,
    /// The plan did not allow it.
    Blocked,
    /// Another target failed first.
    NotStarted,
    /// A revision was registered, and no service updated.
    Registered,
    /// A deployment was started and not watched.
    Started,
    /// An earlier run of the plan has done it.
    DoneBefore,
    Succeeded,
    Unverified,
    Failed,
    RolledBack,
    Superseded,
    Gone,
    TimedOut,
    /// A call failed or the plan was stale.
    Error,
}

/// One target's result.
#[derive(Debug, Serialize)]
pub struct Report {
    pub target: String,
    pub kind: TargetKind,
    pub service_arn: Option<String>,
    /// The revision that the target was made from.
    pub previous_task_definition: Option<String>,
    /// The revision that was registered.
    pub task_definition: Option<String>,
    pub outcome: Applied,
    pub reason: Option<String>,
    pub stopped_tasks: Vec<StoppedTask>,
    pub notes: Vec<String>,
    /// Rules and schedules that were to be pointed at the new revision.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub schedules: Vec<Repointed>,
    #[serde(skip)]
    pub error: Option<Error>,
}

impl Report {
    pub(super) fn of(target: &Target) -> Self {
        let base = target.base.as_ref().and_then(|base| base.task_definition_arn.clone());
        Report {
            target: target.name().to_owned(),
            kind: target.kind,
            service_arn: target.service_arn.clone(),
            previous_task_definition: base,
            task_definition: None,
            outcome: match target.action {
                Action::Update => Applied::NotStarted,
                Action::None => Applied::Unchanged,
                Action::Blocked => Applied::Blocked,
            },
            reason: target.reason.as_ref().map(|reason| reason.message.clone()),
            stopped_tasks: Vec::new(),
            notes: Vec::new(),
            schedules: Vec::new(),
            error: None,
        }
    }
}

impl Applied {
    /// Whether the target is where it was to be, as far as can be told.
    pub fn is_good(self) -> bool {
        use Applied::{DoneBefore, Registered, Started, Succeeded, Unchanged, Unverified};
        matches!(self, Unchanged | Registered | Started | DoneBefore | Succeeded | Unverified)
    }
}
