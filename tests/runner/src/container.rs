//! What a task definition says of a container, as far as it is needed to run it.
//!
//! Source: `ContainerDefinition` in the ECS API reference, and what the developer guide says of Fargate.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Members that change nothing about how a container runs here.
const WITHOUT_EFFECT: [&str; 6] = [
    "dockerLabels",
    "logConfiguration",
    "portMappings",
    "repositoryCredentials",
    "versionConsistency",
    "firelensConfiguration",
];
/// Members that are followed.
const KNOWN: [&str; 20] = [
    "command",
    "cpu",
    "dependsOn",
    "entryPoint",
    "environment",
    "essential",
    "healthCheck",
    "image",
    "linuxParameters",
    "memory",
    "memoryReservation",
    "name",
    "readonlyRootFilesystem",
    "restartPolicy",
    "secrets",
    "startTimeout",
    "stopTimeout",
    "ulimits",
    "user",
    "workingDirectory",
];

/// Time to end after SIGTERM, unless the document says otherwise.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);

/// The container of that name in a task definition.
pub fn container_of<'a>(document: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    document["containerDefinitions"].as_array_mut()?.iter_mut().find(|container| container["name"] == name)
}

/// A container to run.
#[derive(Debug, Clone)]
pub struct Container {
    pub name: String,
    pub image: String,
    /// CPU units; 1,024 are one vCPU.
    pub cpu: u64,
    /// The hard limit in MiB.
    pub memory: Option<u64>,
    /// The soft limit in MiB.
    pub memory_reservation: Option<u64>,
    pub essential: bool,
    pub entry_point: Option<Vec<String>>,
    pub command: Option<Vec<String>>,
    pub environment: Vec<(String, String)>,
    /// Names of environment variables whose values are kept elsewhere, and where.
    pub secrets: Vec<(String, String)>,
    pub depends_on: Vec<(String, Condition)>,
    pub health_check: Option<HealthCheck>,
    pub restart: Option<RestartPolicy>,
    pub stop_timeout: Duration,
    pub read_only_root: bool,
    /// `USER`, `USER:GROUP`, by number.
    pub user: Option<String>,
    pub working_directory: Option<String>,
    /// Soft and hard limit of open files.
    pub open_files: Option<(u64, u64)>,
    /// Capabilities that are taken away, such as `NET_RAW` or `ALL`.
    pub dropped_capabilities: Vec<String>,
}

/// What another container has to have come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    Start,
    Complete,
    Success,
    Healthy,
}

/// How a container's health is found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthCheck {
    pub command: Vec<String>,
    pub interval: Duration,
    pub timeout: Duration,
    pub retries: u32,
    pub start_period: Duration,
}

/// When a container that has ended is started again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestartPolicy {
    pub ignored_exit_codes: Vec<i64>,
    /// It has to have run for so long.
    pub attempt_period: Duration,
}

impl Container {
    /// Reads a container definition.
    ///
    /// # Errors
    /// If it asks for something that is not known here.
    pub fn of(definition: &Value) -> Result<Self> {
        let name = definition["name"].as_str().context("a container without a name")?.to_owned();
        let read = || -> Result<Container> {
            check_members(definition)?;
            let number = |key: &str| definition[key].as_u64();
            let seconds = |key: &str| number(key).map(Duration::from_secs);
            Ok(Container {
                name: name.clone(),
                image: definition["image"].as_str().context("no image")?.to_owned(),
                cpu: number("cpu").unwrap_or(0),
                memory: number("memory"),
                memory_reservation: number("memoryReservation"),
                essential: definition["essential"].as_bool().unwrap_or(true),
                entry_point: words(&definition["entryPoint"]),
                command: words(&definition["command"]),
                environment: pairs(&definition["environment"], "value"),
                secrets: pairs(&definition["secrets"], "valueFrom"),
                depends_on: depends_on(&definition["dependsOn"])?,
                health_check: health_check(&definition["healthCheck"])?,
                restart: restart(&definition["restartPolicy"]),
                stop_timeout: seconds("stopTimeout").unwrap_or(STOP_TIMEOUT),
                read_only_root: definition["readonlyRootFilesystem"] == true,
                user: definition["user"].as_str().map(str::to_owned),
                working_directory: definition["workingDirectory"].as_str().map(str::to_owned),
                open_files: open_files(&definition["ulimits"])?,
                dropped_capabilities: dropped_capabilities(&definition["linuxParameters"])?,
            })
        };
        read().with_context(|| format!("container `{name}`"))
    }
}

fn check_members(definition: &Value) -> Result<()> {
    for (key, value) in definition.as_object().context("no object")? {
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        if !empty && !KNOWN.contains(&key.as_str()) && !WITHOUT_EFFECT.contains(&key.as_str()) {
            bail!("`{key}` is not known to this runner");
        }
    }
    Ok(())
}

fn words(value: &Value) -> Option<Vec<String>> {
    let words: Vec<String> = value.as_array()?.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect();
    (!words.is_empty()).then_some(words)
}

fn pairs(list: &Value, field: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    list.as_array().into_iter().flatten().map(|item| (text(&item["name"]), text(&item[field]))).collect()
}

fn depends_on(list: &Value) -> Result<Vec<(String, Condition)>> {
    let list = list.as_array().into_iter().flatten();
    list.map(|item| {
        let condition = match item["condition"].as_str().unwrap_or_default() {
            "START" => Condition::Start,
            "COMPLETE" => Condition::Complete,
            "SUCCESS" => Condition::Success,
            "HEALTHY" => Condition::Healthy,
            other => bail!("`dependsOn` has no condition `{other}`"),
        };
        Ok((item["containerName"].as_str().context("`dependsOn` names no container")?.to_owned(), condition))
    })
    .collect()
}

/// Source of the usual values: `HealthCheck` in the API reference.
fn health_check(check: &Value) -> Result<Option<HealthCheck>> {
    let Some(command) = words(&check["command"]) else { return Ok(None) };
    let command = match &command[..] {
        [kind, words @ ..] if kind == "CMD" && !words.is_empty() => words.to_vec(),
        [kind, line] if kind == "CMD-SHELL" => vec!["/bin/sh".to_owned(), "-c".to_owned(), line.clone()],
        _ => bail!("a health check is `CMD` with words or `CMD-SHELL` with a line, and not {command:?}"),
    };
    let seconds = |key: &str, usual| Duration::from_secs(check[key].as_u64().unwrap_or(usual));
    Ok(Some(HealthCheck {
        command,
        interval: seconds("interval", 30),
        timeout: seconds("timeout", 5),
        retries: check["retries"].as_u64().unwrap_or(3).try_into().unwrap_or(10),
        start_period: seconds("startPeriod", 0),
    }))
}

fn restart(policy: &Value) -> Option<RestartPolicy> {
    (policy["enabled"] == true).then(|| RestartPolicy {
        ignored_exit_codes: policy["ignoredExitCodes"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_i64)
            .collect(),
        attempt_period: Duration::from_secs(policy["restartAttemptPeriod"].as_u64().unwrap_or(300)),
    })
}

/// Fargate lets a task set this one limit.
fn open_files(limits: &Value) -> Result<Option<(u64, u64)>> {
    let mut found = None;
    for limit in limits.as_array().into_iter().flatten() {
        if limit["name"] != "nofile" {
            bail!("Fargate has no limit {} to set", limit["name"]);
        }
        let number = |key: &str| limit[key].as_u64().with_context(|| format!("a limit without `{key}`"));
        found = Some((number("softLimit")?, number("hardLimit")?));
    }
    Ok(found)
}

fn dropped_capabilities(parameters: &Value) -> Result<Vec<String>> {
    for (key, value) in parameters.as_object().into_iter().flatten() {
        match key.as_str() {
            "capabilities" | "initProcessEnabled" => {}
            _ if value.is_null() || value.as_array().is_some_and(Vec::is_empty) => {}
            _ => bail!("`linuxParameters.{key}` is not known to this runner"),
        }
    }
    if parameters["initProcessEnabled"] == true {
        bail!("`initProcessEnabled` is not known to this runner");
    }
    if words(&parameters["capabilities"]["add"]).is_some() {
        bail!("Fargate adds no capability but SYS_PTRACE, and this runner none");
    }
    Ok(words(&parameters["capabilities"]["drop"]).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_definition_is_read_with_ecs_usual_values() {
        let container = Container::of(&json!({
            "name": "app", "image": "nginx", "memory": 64, "portMappings": [{ "containerPort": 80 }], "volumesFrom": [],
            "healthCheck": { "command": ["CMD-SHELL", "true"], "interval": 5 },
            "dependsOn": [{ "containerName": "db", "condition": "HEALTHY" }],
            "restartPolicy": { "enabled": true, "ignoredExitCodes": [0] }
        }))
        .unwrap();
        assert!(container.essential && !container.read_only_root);
        assert_eq!((container.cpu, container.memory, container.stop_timeout.as_secs()), (0, Some(64), 30));
        assert_eq!(container.depends_on, [("db".to_owned(), Condition::Healthy)]);
        let check = container.health_check.unwrap();
        assert_eq!((check.interval.as_secs(), check.timeout.as_secs(), check.retries), (5, 5, 3));
        assert_eq!(check.command, ["/bin/sh", "-c", "true"]);
        assert_eq!(container.restart.unwrap().attempt_period.as_secs(), 300);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for (key, value) in [
            ("privileged", json!(true)),
            ("mountPoints", json!([{ "sourceVolume": "v", "containerPath": "/v" }])),
            ("linuxParameters", json!({ "capabilities": { "add": ["NET_ADMIN"] } })),
            ("ulimits", json!([{ "name": "core", "softLimit": 1, "hardLimit": 1 }])),
            ("healthCheck", json!({ "command": ["true"] })),
        ] {
            let mut definition = json!({ "name": "app", "image": "nginx" });
            definition[key] = value;
            assert!(Container::of(&definition).is_err(), "{key}");
        }
    }
}
