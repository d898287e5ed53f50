//! A task definition as the JSON document that it is.
//!
//! sidetap edits the document and never rebuilds it from a struct, so a field that this version has never heard of
//! survives. What is held here is always *register-ready*: the body of a `RegisterTaskDefinition` request. The shape
//! that a file had around it is kept by [`Envelope`], so that it can be restored exactly.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::envelope::Envelope;
use super::error::{Error, Result};

/// What `DescribeTaskDefinition` adds and `RegisterTaskDefinition` refuses: the difference between the two shapes in
/// the ECS API model of 2014-11-13.
pub const RESPONSE_ONLY: [&str; 9] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
];

/// A register-ready task definition: a JSON object with at least one container definition, each with a name.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskDefinition(Value);

impl TaskDefinition {
    /// Checks that `value` is a task definition; the caller has already removed what cannot be registered.
    pub fn new(value: Value) -> Result<Self> {
        let Some(object) = value.as_object() else {
            return Err(Error::NotATaskDefinition(format!("it is {}, not an object", kind_of(&value))));
        };
        let containers = match object.get("containerDefinitions") {
            Some(Value::Array(containers)) if !containers.is_empty() => containers,
            Some(Value::Array(_)) => return Err(Error::NotATaskDefinition("`containerDefinitions` is empty".into())),
            None | Some(Value::Null) => {
                return Err(Error::NotATaskDefinition("it has no `containerDefinitions`".into()));
            }
            Some(other) => {
                return Err(Error::NotATaskDefinition(format!(
                    "`containerDefinitions` is {}, not an array",
                    kind_of(other)
                )));
            }
        };
        let mut names: Vec<&str> = Vec::with_capacity(containers.len());
        for (index, container) in containers.iter().enumerate() {
            let Some(name) = container.get("name").and_then(Value::as_str) else {
                return Err(Error::NotATaskDefinition(format!("`containerDefinitions[{index}]` has no `name`")));
            };
            if names.contains(&name) {
                return Err(Error::NotATaskDefinition(format!("two containers are named `{name}`")));
            }
            names.push(name);
        }
        Ok(TaskDefinition(value))
    }

    /// Splits a JSON document of any of the three shapes (bare, `describe-task-definition` output, tags inside) into
    /// what can be registered and the shape around it.
    pub fn parse(document: Value) -> Result<(Self, Envelope)> {
        let (value, envelope) = Envelope::open(document)?;
        Ok((TaskDefinition::new(value)?, envelope))
    }

    /// The document, as `RegisterTaskDefinition` takes it.
    pub fn as_value(&self) -> &Value {
        &self.0
    }

    /// Gives up the document.
    pub fn into_value(self) -> Value {
        self.0
    }

    /// A top-level field; `null` counts as absent, as it does in the ECS API.
    pub fn get(&self, key: &str) -> Option<&Value> {
        present(&self.0, key)
    }

    /// A top-level field that is a string.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_str()
    }

    /// The family, or `task definition` where a file leaves it out.
    pub fn family(&self) -> &str {
        self.text("family").unwrap_or("task definition")
    }

    /// The container definitions; never empty.
    pub fn containers(&self) -> &[Value] {
        self.0["containerDefinitions"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The container of that name and its index.
    pub fn container(&self, name: &str) -> Option<(usize, &Value)> {
        self.containers().iter().enumerate().find(|(_, container)| name_of(container) == name)
    }

    /// Whether it is meant for Fargate.
    pub fn is_fargate(&self) -> bool {
        let required = self.get("requiresCompatibilities").and_then(Value::as_array);
        required.is_some_and(|kinds| kinds.iter().any(|kind| kind == "FARGATE"))
    }

    /// Whether it runs on Windows, which has no packet sockets.
    pub fn is_windows(&self) -> bool {
        let family = self.get("runtimePlatform").and_then(|platform| platform["operatingSystemFamily"].as_str());
        family.is_some_and(|family| family.starts_with("WINDOWS"))
    }

    /// Sets a top-level field, keeping its place in the document.
    pub(super) fn set(&mut self, key: &str, value: Value) {
        self.object().insert(key.to_owned(), value);
    }

    /// The document's members, to edit; the caller keeps `containerDefinitions` an array of named objects.
    pub(super) fn object(&mut self) -> &mut Map<String, Value> {
        self.0.as_object_mut().expect("checked by TaskDefinition::new")
    }

    /// The container definitions, to edit; the caller keeps their names unique.
    pub(super) fn containers_mut(&mut self) -> &mut Vec<Value> {
        self.0["containerDefinitions"].as_array_mut().expect("checked by TaskDefinition::new")
    }

    /// The SHA-256 of the document in lower-case hexadecimal, independent of the order of its keys.
    pub fn sha256(&self) -> String {
        sha256(&self.0)
    }
}

/// The SHA-256 of a JSON value in lower-case hexadecimal, independent of the order of keys.
pub fn sha256(value: &Value) -> String {
    let mut sorted = value.clone();
    sorted.sort_all_objects();
    format!("{:x}", Sha256::digest(sorted.to_string()))
}

/// A member of a JSON object; `null` counts as absent.
pub fn present<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    value.get(key).filter(|member| !member.is_null())
}

/// The name of a container definition.
pub fn name_of(container: &Value) -> &str {
    container["name"].as_str().unwrap_or_default()
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
