//! What runs a task definition beside services: EventBridge rules, and schedules of EventBridge Scheduler.
//!
//! They are looked for when a change is planned, for a bounded time, and told of as warnings: a rule that names a
//! revision goes on running that one, without the sidecar. Where that was asked for, those that name the base revision
//! are pointed at the new one when the plan is carried out.
//!
//! Rules are found by the cluster that they run tasks in: a service's own, or, for a task definition that no service
//! is to run, every cluster. Schedules are found in every cluster.

mod carry_out;
mod notice;
mod reference;
mod repoint;
mod rules;
mod scheduler;

pub use repoint::Repointed;
pub(super) use repoint::is_left;

use std::time::Duration;

use self::notice::warn;
use super::client::Ecs;
use crate::aws;
use crate::taskdef::{Action, Plan, ScheduleKind, Target, Warning};

/// How long a plan waits for what is looked for. Where there is no way to EventBridge, that is all the time it costs.
const LOOK_FOR: Duration = Duration::from_secs(20);
/// Calls at once; accounts are allowed tens a second.
const AT_ONCE: usize = 4;
/// What does not answer is asked once more and not again: it only adds warnings.
const ATTEMPTS: u32 = 2;

/// What is done about those that name the base revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Include {
    /// They are told of.
    Warn,
    /// They are pointed at the new revision.
    Repoint,
}

/// A rule or schedule that runs a task definition.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Runner {
    kind: ScheduleKind,
    /// A rule's bus, a schedule's group.
    group: String,
    name: String,
    /// A rule's target.
    target_id: Option<String>,
    /// The cluster as it is named there.
    cluster: String,
    /// The task definition as it is named there.
    task_definition: String,
    /// Whether sidetap can change it.
    changeable: bool,
}

/// One half of what is looked for: what was found, and why there may be more.
#[derive(Debug, Default)]
struct Found {
    runners: Vec<Runner>,
    missed: Option<Missed>,
}

/// Why not all was looked at.
#[derive(Debug)]
enum Missed {
    Failed(aws::Error),
    OutOfTime,
}

/// Looks for what runs the plan's task definitions, and adds it to the plan.
pub async fn find_schedules(ecs: &Ecs, plan: &mut Plan, include: Include) {
    let changes = |target: &&Target| target.action == Action::Update && base(target).is_some();
    let mut clusters: Vec<String> = Vec::new();
    let mut every_cluster = false;
    for target in plan.targets.iter().filter(changes) {
        match &target.cluster_arn {
            Some(cluster) if !clusters.contains(cluster) => clusters.push(cluster.clone()),
            Some(_) => {}
            None => every_cluster = true,
        }
    }
    if clusters.is_empty() && !every_cluster {
        return;
    }
    let (rules, schedules) =
        futures_util::future::join(rules::find(ecs, clusters, every_cluster), scheduler::find(ecs)).await;
    let mut missed: Vec<Warning> = [("rules", &rules), ("schedules", &schedules)]
        .into_iter()
        .filter_map(|(what, found)| Some(not_looked_at(what, found.missed.as_ref()?)))
        .collect();
    for target in plan.targets.iter_mut().filter(|target| changes(&&**target)) {
        // Once for the whole plan.
        target.warnings.append(&mut missed);
        warn(target, rules.runners.iter().chain(&schedules.runners), include);
    }
}

/// The revision that a target is made from, as an ARN.
fn base(target: &Target) -> Option<&str> {
    target.base.as_ref()?.task_definition_arn.as_deref()
}

fn not_looked_at(what: &str, missed: &Missed) -> Warning {
    let why = match missed {
        Missed::Failed(error) => error.to_string(),
        Missed::OutOfTime => format!("it takes more than {} s", LOOK_FOR.as_secs()),
    };
    let text = format!("whether EventBridge {what} run what is changed was not looked at to the end: {why}");
    Warning::new("schedules-not-read", text)
}

/// Gathers runners for [`LOOK_FOR`] at most; what was found until then counts.
async fn in_time(gather: impl AsyncFnOnce(&mut Vec<Runner>) -> aws::Result<()>) -> Found {
    let mut found = Found::default();
    let gathered = tokio::time::timeout(LOOK_FOR, gather(&mut found.runners)).await;
    found.missed = match gathered {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(Missed::Failed(error)),
        Err(_) => Some(Missed::OutOfTime),
    };
    found
}
