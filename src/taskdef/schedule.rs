//! A rule or schedule in a plan: what else runs a target's task definition.

use serde::{Deserialize, Serialize};

/// What runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScheduleKind {
    /// A rule of EventBridge.
    Rule,
    /// A schedule of EventBridge Scheduler.
    Schedule,
}

impl ScheduleKind {
    /// What people call one of that group and name.
    pub fn called(self, group: &str, name: &str) -> String {
        match self {
            ScheduleKind::Rule if group == "default" => format!("the EventBridge rule `{name}`"),
            ScheduleKind::Rule => format!("the EventBridge rule `{name}` of the bus `{group}`"),
            ScheduleKind::Schedule => format!("the EventBridge schedule `{group}/{name}`"),
        }
    }
}

/// What happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScheduleAction {
    /// It names the base revision, and is pointed at the new one.
    Repoint,
    /// It names the base revision, and goes on running that one.
    Leave,
    /// It names another revision, and goes on running that one.
    LeaveOther,
    /// It names the family: its next run takes the new revision.
    Follows,
}

/// A rule or schedule that runs a target's task definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedSchedule {
    pub kind: ScheduleKind,
    /// A rule's bus, a schedule's group.
    pub group: String,
    pub name: String,
    /// A rule's target.
    pub target_id: Option<String>,
    /// The cluster that it runs tasks in, as it names it.
    pub cluster: String,
    /// The task definition, as it names it.
    pub task_definition: String,
    pub action: ScheduleAction,
}
