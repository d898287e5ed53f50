//! The task metadata document of ECS, version 4, as far as it is used.
//!
//! Every part may be missing: agents of different versions, and Fargate, leave out different ones. What is there but is
//! not what it should be counts as missing, too.

use serde_json::Value;

use super::arn::Arn;

/// The label of a container that names the service.
pub const SERVICE_NAME_LABEL: &str = "sidetap.service.name";

/// The beginning of the group of a task that a service has started.
const SERVICE_GROUP: &str = "service:";

/// What `Type` says of a container that somebody has defined. Others are the agent's own.
const NORMAL: &str = "NORMAL";

/// A task, as ECS describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskMetadata {
    pub task_arn: Option<String>,
    /// A name or an ARN; [`TaskMetadata::cluster_arn`] is always the latter.
    pub cluster: Option<String>,
    pub family: Option<String>,
    pub revision: Option<String>,
    /// In small letters: `fargate`, `ec2`, `external`.
    pub launch_type: Option<String>,
    pub availability_zone: Option<String>,
    pub vpc_id: Option<String>,
    /// The service that has started the task.
    pub service_name: Option<String>,
    /// The containers that somebody has defined, the sensor's own included.
    pub containers: Vec<Container>,
}

/// One of its containers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Container {
    pub id: Option<String>,
    pub arn: Option<String>,
    pub name: Option<String>,
    /// The image with its tag or digest.
    pub image: Option<String>,
    /// The service's name that a label gives.
    pub service_name: Option<String>,
    /// Such as `RUNNING`.
    pub status: Option<String>,
    /// It is the sensor's.
    pub is_own: bool,
}

/// The id of the container that a container metadata document is of.
pub fn own_id(document: &[u8]) -> Option<String> {
    text(&serde_json::from_slice(document).ok()?, "DockerId")
}

impl TaskMetadata {
    /// Reads the document of a task. `own_id` is the id of the sensor's container, if that is known.
    pub fn parse(document: &[u8], own_id: Option<&str>) -> Result<Self, serde_json::Error> {
        let value: Value = serde_json::from_slice(document)?;
        let group = text(&value, "Group");
        let started_by = group.as_deref().and_then(|group| group.strip_prefix(SERVICE_GROUP));
        let mut task = TaskMetadata {
            task_arn: text(&value, "TaskARN"),
            cluster: text(&value, "Cluster"),
            family: text(&value, "Family"),
            // It is a string today, and a number in other answers of ECS.
            revision: text(&value, "Revision").or_else(|| value.get("Revision")?.as_u64().map(|it| it.to_string())),
            launch_type: text(&value, "LaunchType").map(|it| it.to_ascii_lowercase()),
            availability_zone: text(&value, "AvailabilityZone"),
            vpc_id: text(&value, "VPCID"),
            service_name: text(&value, "ServiceName").or_else(|| started_by.map(str::to_owned)),
            ..TaskMetadata::default()
        };
        for container in list(&value, "Containers") {
            if text(container, "Type").is_none_or(|of_type| of_type == NORMAL) {
                task.containers.push(Container::of(container, own_id));
            }
        }
        Ok(task)
    }

    /// The ARN of the task, in parts.
    pub fn arn(&self) -> Option<Arn<'_>> {
        Arn::parse(self.task_arn.as_deref()?)
    }

    /// The id of the task: the last part of its ARN.
    pub fn task_id(&self) -> Option<&str> {
        Some(self.arn()?.id())
    }

    /// The ARN of the cluster. Where the document only has its name, the rest is that of the task's.
    pub fn cluster_arn(&self) -> Option<String> {
        let cluster = self.cluster.as_deref()?;
        match Arn::parse(cluster) {
            Some(_) => Some(cluster.to_owned()),
            None => Some(self.arn()?.sibling(&format!("cluster/{cluster}"))),
        }
    }

    /// The container whose traffic it is, if there is only one beside the sensor.
    pub fn only_other(&self) -> Option<&Container> {
        // Without knowing which container is the sensor's, none of them is known to be another.
        self.containers.iter().find(|container| container.is_own)?;
        let mut others = self
            .containers
            .iter()
            .filter(|container| !container.is_own && container.status.as_deref() != Some("STOPPED"));
        let only = others.next()?;
        others.next().is_none().then_some(only)
    }

    /// Whether every container has started or ended, so that the document is whole.
    pub fn is_settled(&self) -> bool {
        let is_settled = |container: &Container| matches!(container.status.as_deref(), Some("RUNNING" | "STOPPED"));
        !self.containers.is_empty() && self.containers.iter().all(is_settled)
    }
}

impl Container {
    fn of(value: &Value, own_id: Option<&str>) -> Self {
        let id = text(value, "DockerId");
        let is_own = id.is_some() && id.as_deref() == own_id;
        let labels = value.get("Labels").unwrap_or(&Value::Null);
        Container {
            id,
            arn: text(value, "ContainerARN"),
            name: text(value, "Name"),
            image: text(value, "Image"),
            service_name: text(labels, SERVICE_NAME_LABEL),
            status: text(value, "KnownStatus"),
            is_own,
        }
    }

    /// The image without its tag and digest: `registry.example/shop/web`.
    pub fn image_name(&self) -> Option<&str> {
        let image = self.image.as_deref()?;
        let image = image.split_once('@').map_or(image, |(image, _)| image);
        // A colon before a slash is that of a port.
        let name = match image.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => name,
            _ => image,
        };
        Some(name)
    }

    /// The tag of the image: `42`.
    pub fn image_tag(&self) -> Option<&str> {
        let image = self.image.as_deref()?;
        let image = image.split_once('@').map_or(image, |(image, _)| image);
        image.rsplit_once(':').map(|(_, tag)| tag).filter(|tag| !tag.is_empty() && !tag.contains('/'))
    }
}

/// Text that is there and not empty.
fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
pub(in crate::export) mod tests;
