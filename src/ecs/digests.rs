//! Which images the running tasks of a service have: a tag can mean another image today than it did yesterday.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{DesiredStatus, Task};

use super::client::{Ecs, call};
use super::service::Service;
use crate::aws;

/// The API's largest page, and its largest batch.
const TASKS_A_CALL: i32 = 100;

/// The digests of the images in running tasks, by container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Digests(BTreeMap<String, BTreeSet<String>>);

impl Digests {
    /// The number of different images of a container; those that ECS does not tell are not counted.
    pub fn of(&self, container: &str) -> usize {
        self.0.get(container).map_or(0, BTreeSet::len)
    }

    fn add(&mut self, task: &Task) {
        for container in task.containers() {
            if let (Some(name), Some(digest)) = (container.name(), container.image_digest()) {
                self.0.entry(name.to_owned()).or_default().insert(digest.to_owned());
            }
        }
    }
}

impl Ecs {
    /// The images of the service's running tasks that are of the revision which it runs: those of another revision may
    /// rightly have others.
    pub(super) async fn image_digests(&self, service: &Service) -> aws::Result<Digests> {
        let list = self.client.list_tasks().cluster(&service.cluster_arn).service_name(&service.name);
        let list = list.desired_status(DesiredStatus::Running);
        let mut pages = list.into_paginator().page_size(TASKS_A_CALL).items().send();
        let mut arns = Vec::new();
        while let Some(arn) = call!("ListTasks", pages.try_next())? {
            arns.push(arn);
        }
        let mut digests = Digests::default();
        for arns in arns.chunks(TASKS_A_CALL as usize) {
            let describe = self.client.describe_tasks().cluster(&service.cluster_arn).set_tasks(Some(arns.to_vec()));
            let answer = call!("DescribeTasks", describe.send())?;
            let of_revision = |task: &&Task| task.task_definition_arn() == Some(service.task_definition.as_str());
            answer.tasks().iter().filter(of_revision).for_each(|task| digests.add(task));
        }
        Ok(digests)
    }
}
