//! What became of each target of a plan.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::arn::family_revision;
use super::error::Error;
use super::rollout::Outcome;
use super::schedules::Repointed;
use super::service::Service;
use super::stopped::StoppedTask;
use crate::taskdef::{Action, Target, TargetKind};

/// What became of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Applied {
    /// Nothing had to be done.
    Unchanged,
    /// Nothing had to be done but to make the service's tags say what it runs.
    TagsCorrected,
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

/// What a run leaves to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    Nothing,
    /// To watch deployments that go on.
    Watching,
    /// To change targets.
    Changes,
}

impl Left {
    /// `to_watch` tells whether deployments were to be watched to their end.
    pub fn of(reports: &[Report], to_watch: bool) -> Self {
        let is = |outcome: Applied| reports.iter().any(|report| report.outcome == outcome);
        let goes_on = |report: &Report| match report.outcome {
            _ if report.is_going_back => true,
            // What was taken back has come to its end.
            Applied::TimedOut => report.taken_back_to.is_none(),
            Applied::Started => to_watch,
            _ => false,
        };
        match () {
            () if is(Applied::NotStarted) || is(Applied::Error) => Left::Changes,
            () if reports.iter().any(goes_on) => Left::Watching,
            () => Left::Nothing,
        }
    }
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
    /// The revision that the service runs instead, where that was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_back_to: Option<String>,
    pub outcome: Applied,
    pub reason: Option<String>,
    pub stopped_tasks: Vec<StoppedTask>,
    pub notes: Vec<String>,
    /// Rules and schedules that were to be pointed at the new revision.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub schedules: Vec<Repointed>,
    /// Whether the service bears the receipt by which `sidetap rollback` takes it back.
    #[serde(skip)]
    pub has_receipt: bool,
    /// Whether the service is being taken back, and that is not over as far as is known.
    #[serde(skip)]
    pub is_going_back: bool,
    /// What CodeDeploy is to deploy, where it deploys the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_spec: Option<Value>,
    /// The command line that has it do so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deploy_command: Option<String>,
    #[serde(skip)]
    pub error: Option<Error>,
}

impl Report {
    /// Of a target of which nothing is known but its name.
    fn new(target: &str, kind: TargetKind, service_arn: Option<String>) -> Self {
        Report {
            target: target.to_owned(),
            kind,
            service_arn,
            previous_task_definition: None,
            task_definition: None,
            taken_back_to: None,
            outcome: Applied::NotStarted,
            reason: None,
            stopped_tasks: Vec::new(),
            notes: Vec::new(),
            schedules: Vec::new(),
            has_receipt: false,
            is_going_back: false,
            app_spec: None,
            deploy_command: None,
            error: None,
        }
    }

    pub(super) fn of(target: &Target) -> Self {
        Report {
            previous_task_definition: target.base.as_ref().and_then(|base| base.task_definition_arn.clone()),
            outcome: match target.action {
                Action::Update => Applied::NotStarted,
                Action::None => Applied::Unchanged,
                Action::Blocked => Applied::Blocked,
            },
            reason: target.reason.as_ref().map(|reason| reason.message.clone()),
            ..Report::new(target.name(), target.kind, target.service_arn.clone())
        }
    }

    /// Of a service that is to come from one revision, if that is known, to another (ARNs).
    pub(super) fn of_service(service: &Service, from: Option<&str>, to: &str) -> Self {
        Report {
            previous_task_definition: from.map(str::to_owned),
            task_definition: Some(to.to_owned()),
            ..Report::new(&service.name, TargetKind::Service, Some(service.arn.clone()))
        }
    }
}

impl Applied {
    /// What an outcome comes to, and why, in words. `timeout` is how long was waited for it.
    pub(super) fn after(outcome: Outcome, timeout: Duration) -> (Self, Option<String>) {
        match outcome {
            Outcome::Succeeded => (Applied::Succeeded, None),
            Outcome::Unverified => {
                (Applied::Unverified, Some("the service wants no tasks: nothing was started".to_owned()))
            }
            Outcome::Failed { reason } => (Applied::Failed, Some(reason)),
            Outcome::RolledBack { reason } => (Applied::RolledBack, Some(format!("rolled back by ECS: {reason}"))),
            Outcome::Superseded { by } => {
                (Applied::Superseded, Some(format!("superseded by a deployment of {}", family_revision(&by))))
            }
            Outcome::Gone { reason } => (Applied::Gone, Some(format!("the service is gone: {reason}"))),
            Outcome::TimedOut => {
                (Applied::TimedOut, Some(format!("{}; the deployment goes on", not_finished(timeout))))
            }
        }
    }

    /// Whether the target is where it was to be, as far as can be told.
    pub fn is_good(self) -> bool {
        use Applied::{DoneBefore, Registered, Started, Succeeded, TagsCorrected, Unchanged, Unverified};
        matches!(self, Unchanged | TagsCorrected | Registered | Started | DoneBefore | Succeeded | Unverified)
    }
}

/// Why a deployment is no longer watched that has not ended in time.
pub(super) fn not_finished(timeout: Duration) -> String {
    format!("not finished after {}", humantime::format_duration(timeout))
}
