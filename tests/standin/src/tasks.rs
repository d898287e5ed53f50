//! Tasks that run, as `ListTasks` and `DescribeTasks` give them.

use serde_json::{Value, json};

use crate::store::{Store, last};
use crate::{ACCOUNT, REGION};

/// Adds running tasks of what a service runs, each with one of `digests` as the image of `container`; the images of
/// the other containers are the same in all of them.
pub(crate) fn run(store: &mut Store, service: &str, container: &str, digests: &[&str]) {
    let (cluster, task_definition) = {
        let service = store.service_named(service);
        (service.cluster.clone(), service.json["taskDefinition"].as_str().unwrap_or_default().to_owned())
    };
    let definition = store.resolve(last(&task_definition)).cloned().unwrap_or_default();
    for digest in digests {
        let number = store.next();
        let containers: Vec<Value> = definition["containerDefinitions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|defined| {
                let digest = if defined["name"] == container { *digest } else { "sha256:00" };
                json!({ "name": defined["name"], "image": defined["image"], "imageDigest": digest, "lastStatus": "RUNNING" })
            })
            .collect();
        store.tasks.push(json!({
            "taskArn": format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task/{cluster}/{number:032x}"),
            "group": format!("service:{service}"),
            "taskDefinitionArn": task_definition,
            "desiredStatus": "RUNNING",
            "lastStatus": "RUNNING",
            "containers": containers
        }));
    }
}
