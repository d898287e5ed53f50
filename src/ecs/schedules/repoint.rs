//! Points a rule's target or a schedule at another revision.
//!
//! Both APIs replace what they are sent: a field that is left out is gone. So the target or schedule is read as JSON,
//! one member is changed, all of it is sent back, and it is read again to see that it arrived.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{rules, scheduler};
use crate::aws::{self, ErrorKind, Service, Signed, encoded};
use crate::ecs::arn::family_revision;
use crate::taskdef::{PlannedSchedule, ScheduleKind};

/// A change may take a moment to be read.
const READS: u32 = 4;
const BETWEEN_READS: Duration = Duration::from_secs(1);
/// What `GetSchedule` tells that `UpdateSchedule` does not take in its body.
const NOT_SENT: [&str; 4] = ["Arn", "CreationDate", "LastModificationDate", "Name"];

/// What became of a rule's target or a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repointed {
    pub kind: ScheduleKind,
    /// A rule's bus, a schedule's group.
    pub group: String,
    pub name: String,
    /// The task definition that it runs now; absent where that failed or is not known.
    pub task_definition: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// Whether it may run the new revision all the same: it was changed, and nothing confirms that.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unconfirmed: bool,
}

impl fmt::Display for Repointed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = self.kind.called(&self.group, &self.name);
        let revision = |arn: &str| family_revision(arn).to_owned();
        match (&self.task_definition, &self.error) {
            (Some(arn), _) => write!(out, "{who} now runs {}", revision(arn)),
            (None, error) if self.unconfirmed => {
                let why = error.as_deref().unwrap_or_default();
                write!(out, "whether {who} was pointed at the new revision is not known, look at it: {why}")
            }
            (None, error) => {
                write!(out, "{who} was not pointed at the new revision: {}", error.as_deref().unwrap_or_default())
            }
        }
    }
}

/// Why it could not be done.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Call(#[from] aws::Error),
    #[error("it is gone")]
    Gone,
    #[error("it now runs `{0}`, and the plan was made when it ran `{1}`")]
    Moved(String, String),
    #[error("{0}")]
    Refused(String),
    #[error("it reads otherwise than what was sent")]
    NotAsSent,
    /// It was sent, and reading it fails.
    #[error("{0}")]
    Unread(Box<Failure>),
}

/// Points what was planned at the revision `arn`.
pub(in crate::ecs) async fn repoint(signed: &Signed, planned: &PlannedSchedule, arn: &str) -> Repointed {
    let done = match planned.kind {
        ScheduleKind::Rule => rule(signed, planned, arn).await,
        ScheduleKind::Schedule => schedule(signed, planned, arn).await,
    };
    Repointed {
        kind: planned.kind,
        group: planned.group.clone(),
        name: planned.name.clone(),
        task_definition: done.is_ok().then(|| arn.to_owned()),
        unconfirmed: matches!(done, Err(Failure::NotAsSent | Failure::Unread(_))),
        error: done.err().map(|error| error.to_string()),
    }
}

async fn rule(signed: &Signed, planned: &PlannedSchedule, arn: &str) -> Result<(), Failure> {
    let read = async || {
        let targets = rules::targets(signed, &planned.group, &planned.name).await?;
        let id = planned.target_id.as_deref().unwrap_or_default();
        targets.into_iter().find(|target| target["Id"] == id).ok_or(Failure::Gone)
    };
    let before = read().await?;
    let mut target = before.clone();
    if !change(&mut target["EcsParameters"], planned, arn)? {
        return Ok(());
    }
    let body = json!({ "Rule": planned.name, "EventBusName": planned.group, "Targets": [target] });
    let answer = match signed.json(Service::Events, "PutTargets", &body).await {
        Err(error) if error.kind == ErrorKind::Network => return answer_lost(error, &before, &target, read).await,
        answer => answer?,
    };
    if let Some(failed) = answer["FailedEntries"].as_array().and_then(|failed| failed.first()) {
        let text = |key: &str| failed[key].as_str().unwrap_or("no reason was given").to_owned();
        return Err(Failure::Refused(format!(
            "EventBridge refused it: {} ({})",
            text("ErrorMessage"),
            text("ErrorCode")
        )));
    }
    arrived(&target, read).await
}

async fn schedule(signed: &Signed, planned: &PlannedSchedule, arn: &str) -> Result<(), Failure> {
    let read = async || {
        let schedule = scheduler::schedule(signed, &planned.group, &planned.name).await;
        let schedule = schedule.map_err(|error| match error.is("ResourceNotFoundException") {
            true => Failure::Gone,
            false => error.into(),
        })?;
        Ok(sendable(schedule))
    };
    let before: Value = read().await?;
    let mut schedule = before.clone();
    if !change(&mut schedule["Target"]["EcsParameters"], planned, arn)? {
        return Ok(());
    }
    let mut body = schedule.clone();
    // Each change is one of its own, also one that was made before and undone since.
    body["ClientToken"] = format!("{:032x}", fastrand::u128(..)).into();
    let path = format!("/schedules/{}", encoded(&planned.name));
    match signed.rest(Service::Scheduler, "PUT", &path, Some(&body)).await {
        Err(error) if error.kind == ErrorKind::Network => return answer_lost(error, &before, &schedule, read).await,
        answer => answer?,
    };
    arrived(&schedule, read).await
}

/// Whether what was planned is still to be pointed at the revision `arn`; if that cannot be read, it may be.
pub(in crate::ecs) async fn is_left(signed: &Signed, planned: &PlannedSchedule, arn: &str) -> bool {
    let runs = match planned.kind {
        ScheduleKind::Rule => rules::targets(signed, &planned.group, &planned.name).await.map(|targets| {
            let id = planned.target_id.as_deref().unwrap_or_default();
            targets.into_iter().find(|target| target["Id"] == id).unwrap_or_default()["EcsParameters"].take()
        }),
        ScheduleKind::Schedule => scheduler::schedule(signed, &planned.group, &planned.name)
            .await
            .map(|mut schedule| schedule["Target"]["EcsParameters"].take()),
    };
    match runs {
        Ok(mut parameters) => change(&mut parameters, planned, arn).unwrap_or_default(),
        Err(_) => true,
    }
}

/// Changes the one member, if it still is what the plan says. Returns whether there was something to change: an
/// earlier run of the plan may have done it.
fn change(parameters: &mut Value, planned: &PlannedSchedule, arn: &str) -> Result<bool, Failure> {
    let runs = parameters["TaskDefinitionArn"].as_str().unwrap_or_default();
    if runs == arn {
        return Ok(false);
    }
    if runs != planned.task_definition {
        return Err(Failure::Moved(runs.to_owned(), planned.task_definition.clone()));
    }
    parameters["TaskDefinitionArn"] = arn.into();
    Ok(true)
}

/// Finds out whether a change was made whose answer was lost. Where nothing has changed for as long as a change may
/// take to be read, it was not.
async fn answer_lost(
    error: aws::Error,
    before: &Value,
    sent: &Value,
    read: impl AsyncFn() -> Result<Value, Failure>,
) -> Result<(), Failure> {
    match arrived(sent, &read).await {
        Err(Failure::NotAsSent) if read().await.is_ok_and(|reads| reads == *before) => Err(error.into()),
        Err(Failure::Unread(_)) => Err(Failure::Unread(Box::new(error.into()))),
        arrived => arrived,
    }
}

/// Reads until it is what was sent.
async fn arrived(sent: &Value, read: impl AsyncFn() -> Result<Value, Failure>) -> Result<(), Failure> {
    for attempt in 1..=READS {
        let reads = read().await.map_err(|failure| match failure {
            Failure::Gone => Failure::Gone,
            failure => Failure::Unread(Box::new(failure)),
        })?;
        if reads == *sent {
            return Ok(());
        }
        if attempt < READS {
            tokio::time::sleep(BETWEEN_READS).await;
        }
    }
    Err(Failure::NotAsSent)
}

/// A schedule as it is sent: what is null is not there.
fn sendable(mut schedule: Value) -> Value {
    if let Some(members) = schedule.as_object_mut() {
        members.retain(|key, _| !NOT_SENT.contains(&key.as_str()));
    }
    without_nulls(schedule)
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(members.map(|(key, value)| (key, without_nulls(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        other => other,
    }
}
