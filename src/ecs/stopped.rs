//! Why tasks of a deployment stopped: the most useful thing to print when it fails.

use aws_sdk_ecs::types::{DesiredStatus, Task};
use serde::Serialize;

use super::client::{Ecs, call};
use super::error::Result;
use super::service::Service;

/// Tasks to tell of; they mostly stop for the same reason.
const TASKS: usize = 5;
/// The API's largest page; it lists stopped tasks, of the last hour, in no order.
const TASKS_A_CALL: i32 = 100;

/// A stopped task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoppedTask {
    pub task: String,
    pub reason: String,
    /// Those with an exit code or a reason, the sidecar first.
    pub containers: Vec<StoppedContainer>,
}

/// A container of a stopped task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoppedContainer {
    pub name: String,
    pub exit_code: Option<i32>,
    pub reason: Option<String>,
}

impl Ecs {
    /// The tasks of `task_definition` in this service that stopped last, the sidecar's container first in each.
    pub(super) async fn stopped_tasks(
        &self,
        service: &Service,
        task_definition: &str,
        sidecar: Option<&str>,
    ) -> Result<Vec<StoppedTask>> {
        let list = self.client.list_tasks().cluster(&service.cluster_arn).service_name(&service.name);
        let list = list.desired_status(DesiredStatus::Stopped);
        let mut pages = list.into_paginator().page_size(TASKS_A_CALL).items().send();
        let mut arns = Vec::new();
        while let Some(arn) = call!("ListTasks", pages.try_next())? {
            arns.push(arn);
        }
        let mut tasks = Vec::new();
        for arns in arns.chunks(TASKS_A_CALL as usize) {
            let describe = self.client.describe_tasks().cluster(&service.cluster_arn).set_tasks(Some(arns.to_vec()));
            tasks.extend(call!("DescribeTasks", describe.send())?.tasks.unwrap_or_default());
        }
        tasks.retain(|task| task.task_definition_arn() == Some(task_definition));
        tasks.sort_by_key(|task| std::cmp::Reverse(task.stopped_at().map(|at| at.secs())));
        Ok(tasks.iter().take(TASKS).map(|task| stopped_task(task, sidecar)).collect())
    }
}

fn stopped_task(task: &Task, sidecar: Option<&str>) -> StoppedTask {
    let mut containers: Vec<StoppedContainer> = task
        .containers()
        .iter()
        .filter(|container| container.exit_code().is_some() || container.reason().is_some())
        .map(|container| StoppedContainer {
            name: container.name().unwrap_or_default().to_owned(),
            exit_code: container.exit_code(),
            reason: container.reason().map(str::to_owned),
        })
        .collect();
    containers.sort_by_key(|container| Some(container.name.as_str()) != sidecar);
    StoppedTask {
        task: super::arn::resource_name(task.task_arn().unwrap_or_default()).to_owned(),
        reason: task.stopped_reason().unwrap_or_default().to_owned(),
        containers,
    }
}
