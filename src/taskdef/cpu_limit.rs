//! Holds sidetap's own sidecars to their share of the CPU.
//!
//! CPU units of containers are weights: they say who gets how much of what all want. An application that names none has
//! two, so that a sidecar with twelve would get six times as much as soon as both are busy. So the engine is told to use
//! no more than its units, whoever else is busy.

use serde_json::Value;

use super::preset::Preset;
use super::sidecar::set_by_name;
use super::sizing::{DEFAULT_PERCENT, MIN_CPU_UNITS, Share, percent_of};
use super::told::{Setting, Told};
use super::warning::Warning;

/// Tells a sidetap how many CPUs it may use.
pub(super) const CPU_LIMIT: &str = "SIDETAP_CPU_LIMIT";
/// Units of a CPU.
const CPU: f64 = 1024.0;

/// What a container is told of its limit.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Limit {
    /// So many CPUs, where that can be read.
    Told(Option<f64>),
    /// What a configuration file says, if it does: a variable would count more.
    OfFile,
    Untold,
}

/// Tells the container of a sensor or forwarder its limit, unless somebody has told it another; warns where there may be
/// none, or one that holds it back from nothing. `task` is how many CPU units the task has, where it names any.
pub(super) fn set(
    container: &mut Value,
    share: &Share,
    task: Option<u64>,
    preset: &Preset,
    warnings: &mut Vec<Warning>,
) {
    if !preset.is_sidetap() {
        return;
    }
    let mut warn = |code: &str, message: String| warnings.push(Warning::new(code, message));
    let name = preset.label();
    let usual = share.cpu.or_else(|| share.basis.cpu.map(unreserved)).map(cpus);
    let example = usual.as_deref().unwrap_or("0.05");
    match (limit(container), &usual, task) {
        (Limit::Untold, Some(usual), _) => set_by_name(container, "environment", CPU_LIMIT, "value", usual),
        (Limit::Untold, None, _) => warn(
            "no-cpu-limit",
            format!(
                "neither the task nor its containers name CPU to take a part of: nothing limits the CPU of the sidecar \
                 `{name}` (`--env {CPU_LIMIT}={example}` limits it to a twentieth of a CPU)"
            ),
        ),
        (Limit::OfFile, ..) => warn(
            "no-cpu-limit",
            format!(
                "nothing limits the CPU of the sidecar `{name}` unless its configuration file has `cpu-limit` \
                 (`--env {CPU_LIMIT}={example}` limits it, whatever the file says)"
            ),
        ),
        (Limit::Told(Some(told)), _, Some(task)) if told * CPU > task as f64 => warn(
            "cpu-limit-too-high",
            format!(
                "the CPU limit of the sidecar `{name}` is more than the {} CPUs that the task has, and holds it back \
                 from nothing (`--env {CPU_LIMIT}={example}` is its share)",
                cpus(task)
            ),
        ),
        (Limit::Told(_), ..) => {}
    }
}

/// Whether a variable of a container, in a task that has so many CPU units, is what [`set`] would have set.
pub(super) fn is_usual(name: &str, value: &str, preset: &Preset, container: &Value, task: Option<u64>) -> bool {
    let units = container["cpu"].as_u64().filter(|units| *units > 0).or_else(|| task.map(unreserved));
    name == CPU_LIMIT && preset.is_sidetap() && units.is_some_and(|units| value == cpus(units))
}

/// What a sidecar that reserves nothing may use, of what the task has.
fn unreserved(task: u64) -> u64 {
    percent_of(task, DEFAULT_PERCENT).max(MIN_CPU_UNITS)
}

fn limit(container: &Value) -> Limit {
    let told = Told::by(container);
    match (told.setting("--cpu-limit", CPU_LIMIT), told.file()) {
        (Some(Setting::Value(text)), _) => Limit::Told(text.parse().ok()),
        (Some(Setting::Secret), _) => Limit::Told(None),
        (None, Some(_)) => Limit::OfFile,
        (None, None) => Limit::Untold,
    }
}

/// CPU units as CPUs, such as 0.0117.
fn cpus(units: u64) -> String {
    let text = format!("{:.4}", units as f64 / CPU);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sizing::Size;
    use super::*;

    /// The variables of a container in a task of a quarter of a CPU, once its limit is set, and the codes of warnings.
    fn told(container: &Value, cpu: Option<u64>, preset: &Preset) -> (Value, Vec<String>) {
        let basis = Size { cpu: Some(256), memory_mib: Some(512) };
        let share = Share { cpu, memory_mib: 25, reservation_mib: None, basis, grown_to: None };
        let mut container = container.clone();
        let mut warnings = Vec::new();
        set(&mut container, &share, basis.cpu, preset, &mut warnings);
        (container["environment"].clone(), warnings.into_iter().map(|warning| warning.code).collect())
    }

    fn variable(name: &str, value: &str) -> Value {
        json!([{ "name": name, "value": value }])
    }

    #[test]
    fn a_sidecar_is_told_its_share_unless_it_was_told_something_else() {
        let silently = |container: Value, cpu: Option<u64>, preset: &Preset| {
            let (environment, warned) = told(&container, cpu, preset);
            assert_eq!(warned, Vec::<String>::new(), "{container}");
            environment
        };
        let limit = |value: &str| variable(CPU_LIMIT, value);
        assert_eq!(silently(json!({}), Some(12), &Preset::Sensor), limit("0.0117"));
        assert_eq!(silently(json!({}), Some(128), &Preset::Forwarder), limit("0.125"));
        assert_eq!(silently(json!({}), None, &Preset::Sensor), limit("0.0117"), "5 % of the task");
        assert_eq!(silently(json!({ "environment": limit("0.25") }), Some(12), &Preset::Sensor), limit("0.25"));
        let by_flag = json!({ "command": ["capture", "--cpu-limit", "0.2"] });
        assert_eq!(silently(by_flag, Some(12), &Preset::Sensor), Value::Null);
        let by_secret = json!({ "secrets": [{ "name": CPU_LIMIT, "valueFrom": "arn" }] });
        assert_eq!(silently(by_secret, Some(12), &Preset::Sensor), Value::Null);
        assert_eq!(silently(json!({}), Some(12), &Preset::Levo), Value::Null);
    }

    #[test]
    fn what_is_empty_tells_nothing() {
        for preset in [Preset::Sensor, Preset::Forwarder] {
            for empty in ["", "  "] {
                let container = json!({ "environment": variable(CPU_LIMIT, empty) });
                assert_eq!(told(&container, None, &preset), (variable(CPU_LIMIT, "0.0117"), Vec::new()));
                let container = json!({ "environment": variable("SIDETAP_CONFIG", empty) });
                let (environment, warned) = told(&container, None, &preset);
                assert_eq!((&environment[1], warned), (&variable(CPU_LIMIT, "0.0117")[0], Vec::new()));
            }
        }
    }

    #[test]
    fn a_limit_that_only_a_file_may_have_and_one_that_limits_nothing_are_warned_of() {
        for container in [
            json!({ "command": ["capture", "--config=/etc/sidetap.toml"] }),
            json!({ "environment": variable("SIDETAP_CONFIG", "/etc/sidetap.toml") }),
            json!({ "secrets": [{ "name": "SIDETAP_CONFIG", "valueFrom": "arn" }] }),
        ] {
            let (environment, warned) = told(&container, Some(12), &Preset::Sensor);
            assert_eq!((environment, warned), (container["environment"].clone(), vec!["no-cpu-limit".to_owned()]));
        }
        let more = json!({ "command": ["forward", "--cpu-limit=0.26"] });
        assert_eq!(told(&more, Some(12), &Preset::Forwarder).1, ["cpu-limit-too-high"]);
        let said_twice = json!({ "command": ["capture", "--config", "/f", "--cpu-limit", "0.1"] });
        assert_eq!(told(&said_twice, Some(12), &Preset::Sensor).1, Vec::<String>::new());
    }

    #[test]
    fn a_sidecar_without_a_limit_is_warned_of() {
        let share = Share { cpu: None, memory_mib: 25, reservation_mib: None, basis: Size::default(), grown_to: None };
        let warned = |container: Value, preset: &Preset| {
            let mut warnings = Vec::new();
            set(&mut container.clone(), &share, None, preset, &mut warnings);
            warnings.iter().any(|warning| warning.code == "no-cpu-limit")
        };
        assert!(warned(json!({}), &Preset::Sensor) && warned(json!({}), &Preset::Forwarder));
        assert!(!warned(json!({ "command": ["capture", "--cpu-limit", "64"] }), &Preset::Sensor));
        assert!(!warned(json!({}), &Preset::Levo), "it knows no such limit");
    }

    #[test]
    fn what_was_set_is_known_again() {
        let usual =
            |value: &str, cpu: Value| is_usual(CPU_LIMIT, value, &Preset::Sensor, &json!({ "cpu": cpu }), Some(256));
        assert!(usual("0.0117", json!(12)) && usual("0.0117", json!(0)) && usual("0.0117", Value::Null));
        assert!(!usual("0.5", json!(12)) && !usual("0.5", Value::Null));
        assert!(!is_usual("OTHER", "0.0117", &Preset::Sensor, &json!({ "cpu": 12 }), None));
    }
}
