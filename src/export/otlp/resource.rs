//! Who a span, a log record or a number is about: the workload that is watched, or the sensor itself.
//!
//! What the user says comes before what ECS says. `service.name` is, the first that there is: the sensor's own setting,
//! `OTEL_SERVICE_NAME`, `service.name` in `OTEL_RESOURCE_ATTRIBUTES`, the label
//! [`SERVICE_NAME_LABEL`](crate::export::workload::metadata::SERVICE_NAME_LABEL) of the container, the ECS service, the
//! family of the task, `unknown_service`.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::{Arc, PoisonError, RwLock};

use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, any_value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message as _;

pub use super::names::SCHEMA_URL;
use super::names::resource as name;
use crate::export::workload::{Container, TaskMetadata};
use crate::record::PrivacyLevel;

/// What a workload is called of which nothing is known, as the OpenTelemetry specification wants it.
const UNKNOWN_SERVICE: &str = "unknown_service";

/// What the sensor is called.
const SENSOR: &str = env!("CARGO_PKG_NAME");

/// What is known without asking anybody.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// From the sensor's own settings.
    pub service_name: Option<String>,
    /// `OTEL_SERVICE_NAME`.
    pub otel_service_name: Option<String>,
    /// `OTEL_RESOURCE_ATTRIBUTES`, [read](attributes).
    pub attributes: Vec<(String, String)>,
    pub host_name: Option<String>,
    /// How much leaves, and a hash of the policy that decides it.
    pub privacy: Option<(PrivacyLevel, String)>,
    /// Tells this sensor from all others where it is not known to be in a task.
    pub instance_id: String,
}

/// `OTEL_RESOURCE_ATTRIBUTES` that are not what they should be. All of them are left out, as the specification wants it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`OTEL_RESOURCE_ATTRIBUTES` is left out: `{part}` is no `name=value`")]
pub struct AttributesError {
    /// What cannot be read.
    pub part: String,
}

impl AttributesError {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        vec!["it is a list such as `team=shop,deployment.environment.name=test`; `%2C` is a comma".into()]
    }
}

/// Reads `OTEL_RESOURCE_ATTRIBUTES`: `name=value,name=value`, percent-encoded.
pub fn attributes(variable: &str) -> Result<Vec<(String, String)>, AttributesError> {
    let mut attributes: Vec<(String, String)> = Vec::new();
    for part in variable.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let read = || {
            let (name, value) = part.split_once('=')?;
            let (name, value) = (decoded(name.trim())?, decoded(value.trim())?);
            (!name.is_empty()).then_some((name, value))
        };
        let (name, value) = read().ok_or_else(|| AttributesError { part: part.to_owned() })?;
        attributes.retain(|(other, _)| *other != name);
        attributes.push((name, value));
    }
    Ok(attributes)
}

/// Percent-decoded (RFC 3986 §2.1), if it is UTF-8 then.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                (digit()? * 16 + digit()?) as u8
            }
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok()
}

/// An id that nobody else has, in the form of a UUID (RFC 9562 §5.4). It is no secret.
pub fn random_id() -> String {
    // The keys of each are random.
    let random = || RandomState::new().build_hasher().finish();
    let [high, low] = [random(), random()];
    let (high, low) = (high & !0xf000 | 0x4000, low & !(0b11 << 62) | 0b10 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

impl Identity {
    /// The workload whose traffic is watched, in the task if that is known by now.
    pub fn workload(&self, task: Option<&TaskMetadata>) -> Resource {
        let mut found = Found::default();
        found.text(name::SERVICE_NAME, Some(&self.service_name(task)));
        self.add_common(&mut found, task, |_| true);
        found.text(name::SERVICE_INSTANCE_ID, task.and_then(TaskMetadata::task_id));
        if let Some(container) = task.and_then(TaskMetadata::only_other) {
            found.container(container);
        }
        found.resource()
    }

    /// The sensor, for the numbers of its own work.
    pub fn sensor(&self, task: Option<&TaskMetadata>) -> Resource {
        let mut found = Found::default();
        found.text(name::SERVICE_NAME, Some(SENSOR));
        found.text(name::SERVICE_VERSION, Some(env!("CARGO_PKG_VERSION")));
        found.text(name::SERVICE_INSTANCE_ID, task.and_then(TaskMetadata::task_id).or(Some(&self.instance_id)));
        // What the user says of the workload's service is not true of the sensor.
        self.add_common(&mut found, task, |attribute| !attribute.starts_with("service."));
        found.resource()
    }

    /// What both have in common, and of the user's own attributes those that are wanted.
    fn add_common(&self, found: &mut Found, task: Option<&TaskMetadata>, is_wanted: impl Fn(&str) -> bool) {
        // Before what the user says: nobody may claim another level than there is.
        if let Some((level, hash)) = &self.privacy {
            found.text(name::PRIVACY_LEVEL, Some(level.name()));
            found.text(name::PRIVACY_POLICY_HASH, Some(hash));
        }
        for (name, value) in self.attributes.iter().filter(|(name, _)| is_wanted(name)) {
            found.text(name, Some(value));
        }
        found.text(name::HOST_NAME, self.host_name.as_deref());
        if let Some(task) = task {
            found.task(task);
        }
    }

    /// What the workload is called.
    pub fn service_name(&self, task: Option<&TaskMetadata>) -> String {
        let given = self.attributes.iter().find(|(name, _)| name == name::SERVICE_NAME).map(|(_, value)| value);
        let label = task.and_then(|task| task.containers.iter().find_map(|container| container.service_name.as_ref()));
        let service = task.and_then(|task| task.service_name.as_ref());
        let family = task.and_then(|task| task.family.as_ref());
        [self.service_name.as_ref(), self.otel_service_name.as_ref(), given, label, service, family]
            .into_iter()
            .flatten()
            .find(|name| !name.is_empty())
            .map_or_else(|| UNKNOWN_SERVICE.to_owned(), String::clone)
    }
}

/// The attributes that were found so far. The first of a name stays.
#[derive(Debug, Default)]
struct Found(Vec<KeyValue>);

impl Found {
    fn text(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.add(name, any_value::Value::StringValue(text.to_owned()));
        }
    }

    fn add(&mut self, name: &str, value: any_value::Value) {
        if !self.0.iter().any(|attribute| attribute.key == name) {
            let value = Some(AnyValue { value: Some(value) });
            self.0.push(KeyValue { key: name.to_owned(), value, ..KeyValue::default() });
        }
    }

    fn task(&mut self, task: &TaskMetadata) {
        if let (Some(arn), Some(text)) = (task.arn(), task.task_arn.as_deref()) {
            self.text(name::CLOUD_PROVIDER, Some("aws"));
            // The conventions want the ARN wherever the platform is ECS.
            self.text(name::CLOUD_PLATFORM, Some("aws_ecs"));
            self.text(name::AWS_ECS_TASK_ARN, Some(text));
            self.text(name::AWS_ECS_TASK_ID, Some(arn.id()));
            self.text(name::CLOUD_REGION, Some(arn.region));
            self.text(name::CLOUD_ACCOUNT_ID, Some(arn.account));
            self.text(name::CLOUD_RESOURCE_ID, Some(text));
        }
        self.text(name::AWS_ECS_CLUSTER_ARN, task.cluster_arn().as_deref());
        self.text(name::AWS_ECS_TASK_FAMILY, task.family.as_deref());
        self.text(name::AWS_ECS_TASK_REVISION, task.revision.as_deref());
        self.text(name::AWS_ECS_LAUNCH_TYPE, task.launch_type.as_deref());
        self.text(name::CLOUD_AVAILABILITY_ZONE, task.availability_zone.as_deref());
        self.text(name::VPC_ID, task.vpc_id.as_deref());
    }

    fn container(&mut self, container: &Container) {
        self.text(name::CONTAINER_ID, container.id.as_deref());
        self.text(name::CONTAINER_NAME, container.name.as_deref());
        self.text(name::CONTAINER_IMAGE_NAME, container.image_name());
        if let Some(tag) = container.image_tag() {
            let values = vec![AnyValue { value: Some(any_value::Value::StringValue(tag.to_owned())) }];
            self.add(name::CONTAINER_IMAGE_TAGS, any_value::Value::ArrayValue(ArrayValue { values }));
        }
        self.text(name::AWS_ECS_CONTAINER_ARN, container.arn.as_deref());
    }

    fn resource(self) -> Resource {
        Resource { attributes: self.0, ..Resource::default() }
    }
}

/// An encoded resource that is replaced when more is known. Whoever reads it never waits for more than a pointer.
#[derive(Debug, Clone)]
pub struct ResourceCell(Arc<RwLock<Arc<[u8]>>>);

impl ResourceCell {
    pub fn new(resource: &Resource) -> Self {
        ResourceCell(Arc::new(RwLock::new(resource.encode_to_vec().into())))
    }

    /// The resource as it is now, in bytes of Protocol Buffers.
    pub fn get(&self) -> Arc<[u8]> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is sent from now on is about this one.
    pub fn set(&self, resource: &Resource) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = resource.encode_to_vec().into();
    }
}

#[cfg(test)]
mod tests;
