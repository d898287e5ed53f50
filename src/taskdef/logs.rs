//! Where a sidecar's own log lines go.
//!
//! `--log-group`, else the application's awslogs settings, else nowhere.

use serde_json::{Value, json};

use super::document::{TaskDefinition, present};
use super::error::{Error, Result};
use super::warning::Warning;

/// What was asked for; empty means "as the application does".
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogRequest {
    pub group: Option<String>,
    pub region: Option<String>,
    pub stream_prefix: Option<String>,
    /// Nowhere, whatever the application does.
    pub none: bool,
}

impl LogRequest {
    /// Refuses names that CloudWatch Logs would refuse, whose error ECS only tells when a task does not start.
    ///
    /// Source: `CreateLogGroup` and `CreateLogStream` in the CloudWatch Logs API reference.
    pub fn check(&self) -> Result<()> {
        let of_group: fn(char) -> bool = |c| c.is_ascii_alphanumeric() || "_-/.#".contains(c);
        let of_region: fn(char) -> bool = |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let of_stream: fn(char) -> bool = |c| !c.is_control() && c != ':' && c != '*';
        let rules = [
            ("--log-group", &self.group, of_group, "CloudWatch takes up to 512 letters, digits and _ - / . #"),
            ("--log-region", &self.region, of_region, "give the region's code, such as eu-west-1"),
            (
                "--log-stream-prefix",
                &self.stream_prefix,
                of_stream,
                "CloudWatch takes up to 512 characters without : and *",
            ),
        ];
        for (flag, given, takes, hint) in rules {
            if let Some(text) = given
                && !((1..=512).contains(&text.len()) && text.chars().all(takes))
            {
                return Err(Error::Parameter {
                    what: format!("`{flag} {text}` names nothing that CloudWatch Logs can have"),
                    hint: hint.into(),
                });
            }
        }
        Ok(())
    }
}

/// How a preset logs unless told otherwise.
pub struct LogDefaults<'a> {
    pub stream_prefix: &'a str,
    /// Whether ECS may create the group that `--log-group` names.
    pub create_group: bool,
    /// The region of the session.
    pub region: Option<&'a str>,
}

/// The `logConfiguration` for a sidecar of this task, if there is to be one.
pub fn configuration(
    definition: &TaskDefinition,
    request: &LogRequest,
    defaults: &LogDefaults<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<Option<Value>> {
    if request.none {
        return Ok(None);
    }
    let application = application_options(definition);
    let of_application = |key: &str| application.and_then(|options| options[key].as_str());
    let Some(group) = request.group.as_deref().or(of_application("awslogs-group")) else {
        warnings.push(Warning::new(
            "no-logs",
            "the sidecar's log goes nowhere: the application has no awslogs settings to follow (`--log-group NAME`)",
        ));
        return Ok(None);
    };
    let followed = match request.group {
        Some(_) => None,
        None => of_application("awslogs-region"),
    };
    let region = request.region.as_deref().or(followed).or(defaults.region).or(of_application("awslogs-region"));
    let region = region.ok_or_else(|| Error::Parameter {
        what: format!("the region of the log group `{group}` is not known"),
        hint: "name it with `--log-region REGION` or `--region REGION`".into(),
    })?;

    let mut options = json!({ "awslogs-group": group });
    let create = match request.group {
        Some(_) if defaults.create_group => Some("true"),
        Some(_) => None,
        None => of_application("awslogs-create-group"),
    };
    if let Some(create) = create {
        options["awslogs-create-group"] = create.into();
    }
    options["awslogs-region"] = region.into();
    options["awslogs-stream-prefix"] = request.stream_prefix.as_deref().unwrap_or(defaults.stream_prefix).into();
    if create == Some("true") {
        warnings.push(Warning::new(
            "log-group-permission",
            format!(
                "creating the log group `{group}` needs logs:CreateLogGroup on the execution role, \
                 or the task does not start"
            ),
        ));
    }
    Ok(Some(json!({ "logDriver": "awslogs", "options": options })))
}

/// The log group that a sidecar follows unless told otherwise.
pub fn application_group(definition: &TaskDefinition) -> Option<&str> {
    application_options(definition)?["awslogs-group"].as_str()
}

/// The awslogs options of the first essential container that has them, else of the first that has them.
fn application_options(definition: &TaskDefinition) -> Option<&Value> {
    let options = |container: &'_ &Value| {
        present(container, "logConfiguration")
            .is_some_and(|logs| logs["logDriver"] == "awslogs" && logs["options"]["awslogs-group"].is_string())
    };
    let mut having = definition.containers().iter().filter(options);
    let first = having.clone().find(|container| container["essential"] != false).or_else(|| having.next())?;
    Some(&first["logConfiguration"]["options"])
}
