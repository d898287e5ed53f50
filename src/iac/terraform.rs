//! Resources of Terraform that are the patched task definitions.
//!
//! The containers are an argument of `jsonencode`, with the names of the ECS API, so that whatever a container has is
//! carried over. The task's own members are arguments and blocks with names of their own. Source: the schema of
//! `aws_ecs_task_definition` in the AWS provider 5.100.

use std::collections::BTreeMap;

use serde_json::Value;

use super::emission::{Emission, escaped};
use super::emit::{GENERAL, comment, remarks};
use super::hcl::{Body, Entry, Expression, Item, block};

/// Arguments of the task that are plain values, in the order in which people write them: of the API, and of the provider.
const ARGUMENTS: [(&str, &str); 10] = [
    ("family", "family"),
    ("requiresCompatibilities", "requires_compatibilities"),
    ("networkMode", "network_mode"),
    ("cpu", "cpu"),
    ("memory", "memory"),
    ("executionRoleArn", "execution_role_arn"),
    ("taskRoleArn", "task_role_arn"),
    ("pidMode", "pid_mode"),
    ("ipcMode", "ipc_mode"),
    ("enableFaultInjection", "enable_fault_injection"),
];

/// What a member of the API is in a block.
enum Kind {
    /// An argument with this name.
    Argument(&'static str),
    /// Names and values as a map.
    Pairs(&'static str),
    /// A block.
    Block(&'static str, Members),
    /// An object whose members belong to the block that it is in.
    Inner(Members),
}

type Members = &'static [(&'static str, Kind)];

use Kind::{Argument, Block, Inner, Pairs};

/// Members of the task that are blocks: one, or one an element.
const BLOCKS: Members = &[
    ("ephemeralStorage", Block("ephemeral_storage", &[("sizeInGiB", Argument("size_in_gib"))])),
    (
        "inferenceAccelerators",
        Block(
            "inference_accelerator",
            &[("deviceName", Argument("device_name")), ("deviceType", Argument("device_type"))],
        ),
    ),
    (
        "placementConstraints",
        Block("placement_constraints", &[("type", Argument("type")), ("expression", Argument("expression"))]),
    ),
    (
        "proxyConfiguration",
        Block(
            "proxy_configuration",
            &[
                ("type", Argument("type")),
                ("containerName", Argument("container_name")),
                ("properties", Pairs("properties")),
            ],
        ),
    ),
    (
        "runtimePlatform",
        Block(
            "runtime_platform",
            &[
                ("cpuArchitecture", Argument("cpu_architecture")),
                ("operatingSystemFamily", Argument("operating_system_family")),
            ],
        ),
    ),
    ("volumes", Block("volume", VOLUME)),
];

const VOLUME: Members = &[
    ("name", Argument("name")),
    ("host", Inner(&[("sourcePath", Argument("host_path"))])),
    ("configuredAtLaunch", Argument("configure_at_launch")),
    (
        "dockerVolumeConfiguration",
        Block(
            "docker_volume_configuration",
            &[
                ("scope", Argument("scope")),
                ("autoprovision", Argument("autoprovision")),
                ("driver", Argument("driver")),
                ("driverOpts", Argument("driver_opts")),
                ("labels", Argument("labels")),
            ],
        ),
    ),
    (
        "efsVolumeConfiguration",
        Block(
            "efs_volume_configuration",
            &[
                ("fileSystemId", Argument("file_system_id")),
                ("rootDirectory", Argument("root_directory")),
                ("transitEncryption", Argument("transit_encryption")),
                ("transitEncryptionPort", Argument("transit_encryption_port")),
                (
                    "authorizationConfig",
                    Block(
                        "authorization_config",
                        &[("accessPointId", Argument("access_point_id")), ("iam", Argument("iam"))],
                    ),
                ),
            ],
        ),
    ),
    (
        "fsxWindowsFileServerVolumeConfiguration",
        Block(
            "fsx_windows_file_server_volume_configuration",
            &[
                ("fileSystemId", Argument("file_system_id")),
                ("rootDirectory", Argument("root_directory")),
                (
                    "authorizationConfig",
                    Block(
                        "authorization_config",
                        &[("credentialsParameter", Argument("credentials_parameter")), ("domain", Argument("domain"))],
                    ),
                ),
            ],
        ),
    ),
];

/// A resource for each.
pub(super) fn text(emissions: &[Emission]) -> String {
    let mut names: Vec<String> = Vec::new();
    let resources = emissions.iter().map(|emission| {
        let name = free_name(emission.definition.family(), &names);
        let mut resource = Resource { marks: emission.marks(), lost: Vec::new() };
        let body = resource.of_task(emission);
        let mut lines = remarks(emission, &resource.lost);
        if emission.definition.text("family").is_none() {
            lines.push("The file names no family: give it one.".to_owned());
        }
        let comments: String = lines.iter().map(|line| format!("# {line}\n")).collect();
        let text = comments + &block("resource", &["aws_ecs_task_definition", &name], &body);
        names.push(name);
        text
    });
    let general: String = GENERAL.iter().map(|line| format!("# {line}\n")).collect();
    general + &resources.collect::<Vec<_>>().join("\n")
}

/// The family as an identifier that no other resource here has.
fn free_name(family: &str, taken: &[String]) -> String {
    let plain = family.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' });
    let name: String = plain.collect::<String>().to_ascii_lowercase();
    let wanted = match name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        true => name,
        false => format!("task_{name}"),
    };
    let numbered = (2..).map(|number| format!("{wanted}_{number}"));
    std::iter::once(wanted.clone()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or_default()
}

/// Turns members of the API into arguments and blocks.
struct Resource {
    marks: BTreeMap<String, String>,
    /// JSON pointers of what the provider has no argument for.
    lost: Vec<String>,
}

impl Resource {
    fn of_task(&mut self, emission: &Emission) -> Body {
        let mut body = Body::default();
        let task = emission.definition.as_value().as_object().cloned().unwrap_or_default();
        let members = || task.iter().filter(|(_, value)| !value.is_null());
        for (key, name) in ARGUMENTS {
            let Some(value) = task.get(key).filter(|value| !value.is_null()) else {
                if key == "family" {
                    body.attributes.push(entry("family", None, scalar(emission.definition.family().into())));
                }
                continue;
            };
            // Sizes of a task are strings.
            let value = if value.is_number() { value.to_string().into() } else { value.clone() };
            let pointer = format!("/{key}");
            body.attributes.push(entry(name, self.mark(&pointer), self.expression(&value, &pointer)));
        }
        let containers = Value::Array(emission.definition.containers().to_vec());
        let containers = self.expression(&containers, "/containerDefinitions");
        let encoded = Expression::Call("jsonencode", Box::new(containers));
        body.attributes.push(entry("container_definitions", None, encoded));
        for (key, value) in members() {
            let pointer = format!("/{}", escaped(key));
            let is_argument = ARGUMENTS.iter().any(|(name, _)| name == key);
            match BLOCKS.iter().find(|(name, _)| name == key) {
                Some((_, kind)) => self.member(&mut body, kind, value, &pointer),
                None if key == "tags" => body.last.extend(tags(value)),
                None if is_argument || key == "containerDefinitions" => {}
                None => self.lost.push(pointer),
            }
        }
        body
    }

    /// Adds a member to a body.
    fn member(&mut self, body: &mut Body, kind: &Kind, value: &Value, pointer: &str) {
        match kind {
            Argument(name) => body.attributes.push(entry(name, self.mark(pointer), self.expression(value, pointer))),
            Pairs(name) => body.attributes.extend(pairs(name, value, "name")),
            Inner(members) => self.members(body, members, value, pointer),
            Block(name, members) => {
                let mark = self.mark(pointer);
                let values = match value {
                    Value::Array(values) => {
                        values.iter().enumerate().map(|(i, v)| (v, format!("{pointer}/{i}"))).collect()
                    }
                    one => vec![(one, pointer.to_owned())],
                };
                for (value, pointer) in values {
                    let mut inner = Body::default();
                    self.members(&mut inner, members, value, &pointer);
                    body.blocks.push((mark.clone(), name, inner));
                }
            }
        }
    }

    fn members(&mut self, body: &mut Body, known: Members, value: &Value, pointer: &str) {
        for (key, value) in value.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()) {
            let pointer = format!("{pointer}/{}", escaped(key));
            match known.iter().find(|(name, _)| name == key) {
                Some((_, kind)) => self.member(body, kind, value, &pointer),
                None => self.lost.push(pointer),
            }
        }
    }

    /// The value as it is.
    fn expression(&self, value: &Value, pointer: &str) -> Expression {
        match value {
            Value::Array(items) => Expression::List(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| {
                        let pointer = format!("{pointer}/{index}");
                        Item { comment: self.mark(&pointer), value: self.expression(item, &pointer) }
                    })
                    .collect(),
            ),
            Value::Object(members) => Expression::Object(
                members
                    .iter()
                    .map(|(key, value)| {
                        let pointer = format!("{pointer}/{}", escaped(key));
                        entry(key, self.mark(&pointer), self.expression(value, &pointer))
                    })
                    .collect(),
            ),
            other => scalar(other.clone()),
        }
    }

    fn mark(&self, pointer: &str) -> Option<String> {
        self.marks.get(pointer).map(|mark| comment(&format!("sidetap: {mark}")))
    }
}

fn scalar(value: Value) -> Expression {
    Expression::Scalar(value)
}

fn entry(key: &str, comment: Option<String>, value: Expression) -> Entry {
    Entry { comment, key: key.to_owned(), value }
}

fn tags(value: &Value) -> Option<Entry> {
    pairs("tags", value, "key")
}

/// A list of names and values as a map; nothing for an empty one. `key` is what the API calls the names.
fn pairs(name: &str, value: &Value, key: &str) -> Option<Entry> {
    let pairs = value.as_array()?.iter().filter_map(|pair| {
        let value = pair.get("value").filter(|value| !value.is_null()).cloned();
        Some(entry(pair.get(key)?.as_str()?, None, scalar(value.unwrap_or_else(|| "".into()))))
    });
    let pairs: Vec<Entry> = pairs.collect();
    (!pairs.is_empty()).then(|| entry(name, None, Expression::Object(pairs)))
}
