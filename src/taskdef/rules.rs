//! The limits by which ECS refuses a task definition, checked before anything is sent.
//!
//! Source: "Amazon ECS service quotas" and the errors of `RegisterTaskDefinition`. Sizes are in `sizing`.

use serde_json::Value;

use super::document::{TaskDefinition, name_of};
use super::error::{Error, Result};

/// Containers in a task definition.
pub const MAX_CONTAINERS: usize = 10;
/// Bytes of a task definition.
pub const MAX_BYTES: usize = 64 * 1024;
/// Tags of a resource.
pub const MAX_TAGS: usize = 50;

/// Refuses what ECS would refuse of a patched task definition.
pub fn check(definition: &TaskDefinition) -> Result<()> {
    let containers = definition.containers();
    if containers.len() > MAX_CONTAINERS {
        return Err(Error::TooManyContainers(containers.len() - 1));
    }
    let bytes = definition.as_value().to_string().len();
    if bytes > MAX_BYTES {
        return Err(Error::TooLarge { bytes });
    }
    Ok(())
}

/// Refuses a task in which no sidecar can read packets.
pub fn check_captures(definition: &TaskDefinition) -> Result<()> {
    check_platform(definition, true)
}

/// Refuses platforms on which packets cannot be read.
pub fn check_platform(definition: &TaskDefinition, captures: bool) -> Result<()> {
    let unsupported = |code, reason: String, hint: &str| Err(Error::Unsupported { code, reason, hint: hint.into() });
    if definition.is_windows() {
        return unsupported(
            "windows",
            "it runs on Windows, and sidecars are Linux containers".into(),
            "a Windows task cannot hold a Linux container; mirror its traffic outside the task",
        );
    }
    let mode = definition.text("networkMode");
    if definition.is_fargate() && mode.is_some_and(|mode| mode != "awsvpc") {
        let reason = format!("its network mode is `{}`, and Fargate takes only `awsvpc`", mode.unwrap_or_default());
        return unsupported("network-mode", reason, "set `networkMode` to `awsvpc`");
    }
    if !captures || definition.is_fargate() {
        return Ok(());
    }
    match mode {
        Some("awsvpc" | "host") => Ok(()),
        Some("none") => unsupported(
            "network-mode",
            "its network mode is `none`: there is no traffic to see".into(),
            "network modes `awsvpc` and `host` are supported",
        ),
        mode => {
            let mode = mode.map_or("absent, which means `bridge`".to_owned(), |mode| format!("`{mode}`"));
            unsupported(
                "network-mode",
                format!(
                    "its network mode is {mode}: each container has a network of its own, which a sidecar cannot see"
                ),
                "change the task to `awsvpc`, or run the sensor as a daemon service in `host` mode",
            )
        }
    }
}

/// The lists by which a container refers to another, and the member that names it.
const REFERENCES: [(&str, &str); 2] = [("dependsOn", "containerName"), ("volumesFrom", "sourceContainer")];

/// Refuses to rename or drop a container that another one refers to.
pub fn check_not_needed(definition: &TaskDefinition, name: &str) -> Result<()> {
    let needs = |container: &&Value| {
        REFERENCES.iter().any(|(list, member)| {
            let entries = container[*list].as_array().map_or(&[][..], Vec::as_slice);
            entries.iter().any(|entry| entry[*member] == name)
        })
    };
    match definition.containers().iter().find(needs) {
        Some(container) => Err(Error::Unsupported {
            code: "needed-by-name",
            reason: format!("`{}` refers to the sidecar as `{name}`", name_of(container)),
            hint: format!("keep its name with `--container-name {name}`"),
        }),
        None => Ok(()),
    }
}

/// Takes references to a container that is gone out of the others; returns the names of those that had some.
pub fn drop_references(definition: &mut TaskDefinition, name: &str) -> Vec<String> {
    let mut had = Vec::new();
    for container in definition.containers_mut() {
        for (list, member) in REFERENCES {
            let Some(entries) = container.get_mut(list).and_then(Value::as_array_mut) else { continue };
            let before = entries.len();
            entries.retain(|entry| entry[member] != name);
            if entries.len() < before {
                had.push(name_of(container).to_owned());
            }
        }
    }
    had
}

/// Takes out the volumes that `container`, which is gone, had mounted and that nobody else has; returns their names.
pub fn drop_volumes(definition: &mut TaskDefinition, container: &Value) -> Vec<String> {
    let mounted = |container: &Value| -> Vec<String> {
        let mounts = container["mountPoints"].as_array().map_or(&[][..], Vec::as_slice);
        mounts.iter().filter_map(|mount| mount["sourceVolume"].as_str().map(str::to_owned)).collect()
    };
    let kept: Vec<String> = definition.containers().iter().flat_map(mounted).collect();
    let mut dropped = mounted(container);
    dropped.retain(|name| !kept.contains(name));
    let Some(volumes) = definition.object().get_mut("volumes").and_then(Value::as_array_mut) else {
        return Vec::new();
    };
    let mut names = Vec::new();
    volumes.retain(|volume| {
        let name = volume["name"].as_str().unwrap_or_default();
        let goes = dropped.iter().any(|other| other == name);
        if goes {
            names.push(name.to_owned());
        }
        !goes
    });
    names
}

/// Refuses a sidecar that refers to volumes or containers which the task does not have.
pub fn check_references(definition: &TaskDefinition, sidecar: &Value) -> Result<()> {
    let volumes = definition.get("volumes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let has_volume = |name: &str| volumes.iter().any(|volume| volume["name"] == name);
    let has_container = |name: &str| definition.container(name).is_some();
    let refers = |list: &str, field: &str, has: &dyn Fn(&str) -> bool| {
        let entries = sidecar[list].as_array().map_or(&[][..], Vec::as_slice);
        entries.iter().filter_map(|entry| entry[field].as_str()).find(|name| !has(name)).map(str::to_owned)
    };
    for (list, field, has) in [
        ("mountPoints", "sourceVolume", &has_volume as &dyn Fn(&str) -> bool),
        ("volumesFrom", "sourceContainer", &has_container),
        ("dependsOn", "containerName", &has_container),
    ] {
        if let Some(name) = refers(list, field, has) {
            return Err(Error::Unsupported {
                code: "unknown-reference",
                reason: format!("`{list}` of `{}` names `{name}`, which the task does not have", name_of(sidecar)),
                hint: format!("correct `{list}` in the sidecar's container definition"),
            });
        }
    }
    Ok(())
}
