//! Schedules of EventBridge Scheduler that run tasks.

use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::{AT_ONCE, ATTEMPTS, Found, Runner, in_time};
use crate::aws::{self, Service, Signed, encoded};
use crate::ecs::client::Ecs;
use crate::taskdef::ScheduleKind;

/// The target of schedules that call RunTask itself, with its parameters as JSON in a text.
const RUN_TASK: &str = ":aws-sdk:ecs:runTask";

/// The schedules of all groups that run tasks, in whatever cluster.
pub(super) async fn find(ecs: &Ecs) -> Found {
    in_time(async |found| {
        let signed = &ecs.signed.with_attempts(ATTEMPTS);
        let mut token = String::new();
        loop {
            let path = format!("/schedules?MaxResults=100{token}");
            let page = signed.rest(Service::Scheduler, "GET", &path, None).await?;
            let summaries = page["Schedules"].as_array().into_iter().flatten().filter(|summary| runs_tasks(summary));
            let mut schedules = stream::iter(summaries)
                .map(|summary| async move {
                    let text = |key: &str| summary[key].as_str().unwrap_or_default();
                    schedule(signed, text("GroupName"), text("Name")).await
                })
                .buffered(AT_ONCE);
            while let Some(schedule) = schedules.next().await {
                match schedule {
                    Ok(schedule) => found.extend(runner(&schedule)),
                    // A schedule that runs once may be gone by now.
                    Err(error) if error.is("ResourceNotFoundException") => {}
                    Err(error) => return Err(error),
                }
            }
            match page["NextToken"].as_str().filter(|token| !token.is_empty()) {
                Some(next) => token = format!("&NextToken={}", encoded(next)),
                None => return Ok(()),
            }
        }
    })
    .await
}

/// A schedule, whole.
pub(super) async fn schedule(signed: &Signed, group: &str, name: &str) -> aws::Result<Value> {
    signed.rest(Service::Scheduler, "GET", &path(group, name), None).await
}

fn path(group: &str, name: &str) -> String {
    format!("/schedules/{}?groupName={}", encoded(name), encoded(group))
}

fn runs_tasks(summary: &Value) -> bool {
    let arn = summary["Target"]["Arn"].as_str().unwrap_or_default();
    arn.ends_with(RUN_TASK) || (arn.contains(":ecs:") && arn.contains(":cluster/"))
}

fn runner(schedule: &Value) -> Option<Runner> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let target = &schedule["Target"];
    let arn = text(&target["Arn"])?;
    let universal = arn.ends_with(RUN_TASK);
    let (cluster, task_definition) = match universal {
        true => {
            let input: Value = serde_json::from_str(target["Input"].as_str().unwrap_or_default()).unwrap_or_default();
            (text(&input["Cluster"]).unwrap_or_else(|| "default".to_owned()), text(&input["TaskDefinition"])?)
        }
        false => (arn, text(&target["EcsParameters"]["TaskDefinitionArn"])?),
    };
    Some(Runner {
        kind: ScheduleKind::Schedule,
        group: text(&schedule["GroupName"])?,
        name: text(&schedule["Name"])?,
        target_id: None,
        cluster,
        task_definition,
        changeable: !universal,
    })
}
