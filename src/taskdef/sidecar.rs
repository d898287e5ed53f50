//! A sidecar to inject: a preset with what the user wants of it, and the container definition that it becomes.

use serde_json::{Value, json};

use super::document::{TaskDefinition, present};
use super::error::{Error, Result};
use super::logs::{self, LogRequest};
use super::parameters::Parameters;
use super::preset::Preset;
use super::receiver::writes_records;
use super::warning::Warning;

/// Tells a sidetap where to answer its container's health check.
pub(super) const LISTEN: &str = "SIDETAP_LISTEN";
/// Tells Levo's sensor where it is.
pub(super) const LEVO_REGION: &str = "LEVO_AWS_REGION";

/// A sidecar to inject: a preset with what the user wants of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sidecar {
    pub preset: Preset,
    pub image: Option<String>,
    pub container_name: Option<String>,
    /// Names and values, in the order given.
    pub environment: Vec<(String, String)>,
    /// Names, and ARNs of Secrets Manager secrets or SSM parameters.
    pub secrets: Vec<(String, String)>,
    pub essential: Option<bool>,
    pub logs: LogRequest,
    pub parameters: Parameters,
    /// Appended to the sidecar's command line.
    pub arguments: Vec<String>,
    /// The region of the session, where one is known.
    pub region: Option<String>,
}

impl Sidecar {
    /// A sidecar with nothing but its preset's defaults.
    pub fn of(preset: Preset) -> Self {
        Sidecar {
            preset,
            image: None,
            container_name: None,
            environment: Vec::new(),
            secrets: Vec::new(),
            essential: None,
            logs: LogRequest::default(),
            parameters: Parameters::default(),
            arguments: Vec::new(),
            region: None,
        }
    }

    /// Checks a container definition from a file.
    pub fn custom(definition: Value) -> Result<Preset> {
        for key in ["name", "image"] {
            if definition[key].as_str().is_none_or(|text| text.trim().is_empty()) {
                return Err(Error::NotAContainer(format!("it has no `{key}`")));
            }
        }
        for key in ["command", "entryPoint", "environment", "secrets"] {
            if present(&definition, key).is_some_and(|list| !list.is_array()) {
                return Err(Error::NotAContainer(format!("its `{key}` is no array")));
            }
        }
        Ok(Preset::Custom(definition))
    }

    /// The flags that are needed and missing, with placeholders, as they are added to a command line.
    pub fn missing(&self) -> Option<String> {
        let mut missing = self.parameters.missing(&self.preset);
        if self.image.is_none() && self.preset.image().is_none() {
            missing.insert(0, "--image IMAGE");
        }
        (!missing.is_empty()).then(|| missing.join(" "))
    }

    /// Checks what can be checked without a task definition: parameters that are missing, malformed or of another
    /// preset.
    pub fn check(&self) -> Result<()> {
        self.parameters.check(&self.preset)?;
        if let Some(missing) = self.missing() {
            return Err(Error::Parameter {
                what: format!("the sidecar `{}` needs {missing}", self.preset.label()),
                hint: "add what is missing".into(),
            });
        }
        self.logs.check()?;
        self.check_names()
    }

    /// Refuses a name that is given twice: which value ECS would take of them is nowhere said.
    fn check_names(&self) -> Result<()> {
        let twice = |list: &[(String, String)]| {
            let again =
                list.iter().enumerate().find(|(at, (name, _))| list[..*at].iter().any(|other| other.0 == *name));
            again.map(|(_, (name, _))| name.clone())
        };
        let wrong = |what: String, hint: &str| Err(Error::Parameter { what, hint: hint.into() });
        for (flag, list) in [("--env", &self.environment), ("--secret", &self.secrets)] {
            if let Some(name) = twice(list) {
                return wrong(format!("`{name}` is given twice as `{flag}`"), "keep one of the two");
            }
        }
        match self.secrets.iter().find(|secret| self.environment.iter().any(|variable| variable.0 == secret.0)) {
            Some((name, _)) => wrong(
                format!("`{name}` is given as `--env` and as `--secret`"),
                "ECS takes a name only once: keep the secret",
            ),
            None => Ok(()),
        }
    }

    /// What sidetap is told in the container, without the program's name; nothing for containers of others.
    pub fn command_line(&self) -> Option<Vec<String>> {
        let mut line = match &self.preset {
            Preset::Sensor => self.parameters.sensor_command(),
            Preset::Forwarder => self.parameters.forwarder_command(),
            Preset::Levo | Preset::Traceable | Preset::Custom(_) => return None,
        };
        line.extend(self.arguments.iter().cloned());
        Some(line)
    }

    /// The container definition, without its size and labels.
    pub(super) fn definition(&self, name: &str, task: &TaskDefinition, warnings: &mut Vec<Warning>) -> Result<Value> {
        self.check()?;
        let mut container = match &self.preset {
            Preset::Custom(definition) => definition.clone(),
            _ => json!({}),
        };
        container["name"] = name.into();
        container["image"] = self.image.as_deref().or(self.preset.image()).into();
        self.add_process(&mut container, task)?;
        if let Some(address) = self.preset.health_address()
            && !self.secrets.iter().any(|(name, _)| name == LISTEN)
        {
            set_by_name(&mut container, "environment", LISTEN, "value", address);
        }
        for (name, value) in &self.environment {
            drop_by_name(&mut container, "secrets", name);
            set_by_name(&mut container, "environment", name, "value", value);
        }
        for (name, arn) in &self.secrets {
            drop_by_name(&mut container, "environment", name);
            set_by_name(&mut container, "secrets", name, "valueFrom", arn);
        }
        if present(&container, "logConfiguration").is_none() {
            let defaults = self.preset.log_defaults(self.region.as_deref());
            if let Some(logs) = logs::configuration(task, &self.logs, &defaults, warnings)? {
                container["logConfiguration"] = logs;
            }
        }
        self.warn(&container, task, warnings);
        Ok(container)
    }

    fn add_process(&self, container: &mut Value, task: &TaskDefinition) -> Result<()> {
        let parameters = &self.parameters;
        let mut last = "command";
        match &self.preset {
            Preset::Sensor => {
                add_runtime(container);
                container["command"] = parameters.sensor_command().into();
            }
            Preset::Forwarder => {
                add_runtime(container);
                container["command"] = parameters.forwarder_command().into();
            }
            Preset::Levo => {
                container["essential"] = false.into();
                container["entryPoint"] = parameters.levo_entry_point().into();
                set_by_name(container, "environment", LEVO_REGION, "value", &self.levo_region(task)?);
                last = "entryPoint";
            }
            Preset::Traceable => {
                container["essential"] = true.into();
                for (name, value) in parameters.traceable_environment() {
                    set_by_name(container, "environment", name, "value", &value);
                }
            }
            Preset::Custom(_) => {}
        }
        if let Some(essential) = self.essential {
            container["essential"] = essential.into();
        } else if container["essential"].is_null() {
            // ECS takes an absent `essential` as true, which no sidecar of ours may be by accident.
            container["essential"] = false.into();
        }
        if !self.arguments.is_empty() {
            let line = container[last].as_array().cloned().unwrap_or_default();
            let arguments = self.arguments.iter().map(|argument| argument.as_str().into());
            container[last] = line.into_iter().chain(arguments).collect();
        }
        Ok(())
    }

    fn levo_region(&self, task: &TaskDefinition) -> Result<String> {
        let of_logs = || {
            let mut options = task.containers().iter().map(|c| &c["logConfiguration"]["options"]["awslogs-region"]);
            options.find_map(|region| region.as_str().map(str::to_owned))
        };
        let region = self.region.clone().or_else(|| self.logs.region.clone()).or_else(of_logs);
        region.ok_or_else(|| Error::Parameter {
            what: "the sidecar `levo` needs the AWS region".into(),
            hint: "give it with `--region REGION`".into(),
        })
    }

    fn warn(&self, container: &Value, task: &TaskDefinition, warnings: &mut Vec<Warning>) {
        if container["essential"] == true {
            warnings.push(Warning::new(
                "essential-sidecar",
                "the sidecar is essential: when it stops, ECS stops the task (`--essential false` prevents that)",
            ));
        }
        if writes_records(self.preset.label(), container) && present(container, "logConfiguration").is_none() {
            let text = "the sensor writes its records to its log, and has none: they go nowhere without an `--export`";
            warnings.push(Warning::new("no-export", text));
        }
        let needs_role = present(container, "logConfiguration").is_some() || present(container, "secrets").is_some();
        if needs_role && task.is_fargate() && task.get("executionRoleArn").is_none() {
            warnings.push(Warning::new(
                "no-execution-role",
                "the task has no execution role, which Fargate needs for awslogs and secrets",
            ));
        }
        if self.preset.captures() && task.text("networkMode") == Some("host") {
            warnings.push(Warning::new(
                "host-network",
                "in host network mode the sidecar sees the traffic of every task on the instance",
            ));
        }
    }
}

/// What sidetap's own containers have in common: they never take the application down, restart by themselves, tell
/// whether they work, write nothing to their file system, and have time to send what they hold.
fn add_runtime(container: &mut Value) {
    container["essential"] = false.into();
    container["restartPolicy"] = json!({ "enabled": true, "restartAttemptPeriod": 60 });
    container["readonlyRootFilesystem"] = true.into();
    container["stopTimeout"] = 30.into();
    container["healthCheck"] = json!({
        "command": ["CMD", "sidetap", "health"],
        "interval": 30,
        "timeout": 5,
        "retries": 3,
        "startPeriod": 10
    });
}

/// Sets `{name, field: value}` in a list of such objects, in place if the name is there.
pub(super) fn set_by_name(container: &mut Value, list: &str, name: &str, field: &str, value: &str) {
    if !container[list].is_array() {
        container[list] = json!([]);
    }
    let Some(entries) = container[list].as_array_mut() else { return };
    let entry = json!({ "name": name, field: value });
    match entries.iter_mut().find(|entry| entry["name"] == name) {
        Some(existing) => *existing = entry,
        None => entries.push(entry),
    }
}

/// Takes an entry of that name out of a list. ECS refuses a name that is both a variable and a secret.
fn drop_by_name(container: &mut Value, list: &str, name: &str) {
    if let Some(entries) = container.get_mut(list).and_then(Value::as_array_mut) {
        entries.retain(|entry| entry["name"] != name);
    }
}
