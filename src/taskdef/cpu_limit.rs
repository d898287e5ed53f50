//! Holds sidetap's own sidecars to their share of the CPU.
//!
//! CPU units of containers are weights: they say who gets how much of what all want. An application that names none has
//! two, so that a sidecar with twelve would get six times as much as soon as both are busy. So the engine is told to use
//! no more than its units, whoever else is busy.

use serde_json::Value;

use super::preset::Preset;
use super::sidecar::set_by_name;
use super::sizing::{MIN_CPU_UNITS, Share};
use super::warning::Warning;

/// Tells a sidetap how many CPUs it may use.
const CPU_LIMIT: &str = "SIDETAP_CPU_LIMIT";
/// Names it a configuration file.
const CONFIG: &str = "SIDETAP_CONFIG";
/// Units of a CPU.
const CPU: f64 = 1024.0;
/// What a sidecar that reserves nothing may use, of what the task has.
const UNRESERVED: f64 = 0.05;

/// Tells the container of a sensor or forwarder its limit, unless somebody has told it another; warns where there is
/// nothing to take it of.
pub(super) fn set(container: &mut Value, share: &Share, preset: &Preset, warnings: &mut Vec<Warning>) {
    if !preset.is_sidetap() || is_told(container) {
        return;
    }
    match share.cpu.or_else(|| share.basis.cpu.map(unreserved)) {
        Some(units) => set_by_name(container, "environment", CPU_LIMIT, "value", &cpus(units)),
        None => warnings.push(Warning::new(
            "no-cpu-limit",
            format!(
                "neither the task nor its containers name CPU to take a part of: nothing limits the CPU of the sidecar \
                 `{}` (`--env {CPU_LIMIT}=0.05` limits it to a twentieth of a CPU)",
                preset.label()
            ),
        )),
    }
}

/// Whether a variable of a container, in a task that has so many CPU units, is what [`set`] would have set.
pub(super) fn is_usual(name: &str, value: &str, preset: &Preset, container: &Value, task: Option<u64>) -> bool {
    let units = container["cpu"].as_u64().filter(|units| *units > 0).or_else(|| task.map(unreserved));
    name == CPU_LIMIT && preset.is_sidetap() && units.is_some_and(|units| value == cpus(units))
}

fn unreserved(task: u64) -> u64 {
    ((task as f64 * UNRESERVED) as u64).max(MIN_CPU_UNITS)
}

/// A configuration file may say it, too, and a variable would count more.
fn is_told(container: &Value) -> bool {
    let items = |list: &str| container[list].as_array().cloned().unwrap_or_default();
    let mut names = items("environment").into_iter().chain(items("secrets"));
    let words = items("command");
    let flag = |word: &Value| {
        let flag = word.as_str().unwrap_or_default().split('=').next().unwrap_or_default();
        ["--config", "--cpu-limit"].contains(&flag)
    };
    names.any(|item| item["name"] == CPU_LIMIT || item["name"] == CONFIG) || words.iter().any(flag)
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

    fn told(container: &Value, cpu: Option<u64>, preset: &Preset) -> Value {
        let basis = Size { cpu: Some(256), memory_mib: Some(512) };
        let share = Share { cpu, memory_mib: 25, reservation_mib: None, basis, grown_to: None };
        let mut container = container.clone();
        let mut warnings = Vec::new();
        set(&mut container, &share, preset, &mut warnings);
        assert_eq!(warnings, []);
        container["environment"].clone()
    }

    #[test]
    fn a_sidecar_is_told_its_share_unless_it_was_told_something_else() {
        let limit = |value: &str| json!([{ "name": "SIDETAP_CPU_LIMIT", "value": value }]);
        assert_eq!(told(&json!({}), Some(12), &Preset::Sensor), limit("0.0117"));
        assert_eq!(told(&json!({}), Some(1024), &Preset::Forwarder), limit("1"));
        assert_eq!(told(&json!({}), None, &Preset::Sensor), limit("0.0117"), "5 % of the task");
        assert_eq!(told(&json!({ "environment": limit("0.5") }), Some(12), &Preset::Sensor), limit("0.5"));
        let by_flag = json!({ "command": ["capture", "--cpu-limit", "1"] });
        assert_eq!(told(&by_flag, Some(12), &Preset::Sensor), Value::Null);
        let by_file = json!({ "command": ["capture", "--config=/etc/sidetap.toml"] });
        assert_eq!(told(&by_file, Some(12), &Preset::Sensor), Value::Null);
        assert_eq!(told(&json!({}), Some(12), &Preset::Levo), Value::Null);
    }

    #[test]
    fn a_sidecar_without_a_limit_is_warned_of() {
        let share = Share { cpu: None, memory_mib: 25, reservation_mib: None, basis: Size::default(), grown_to: None };
        let warned = |container: Value, preset: &Preset| {
            let mut warnings = Vec::new();
            set(&mut container.clone(), &share, preset, &mut warnings);
            warnings.iter().any(|warning| warning.code == "no-cpu-limit")
        };
        assert!(warned(json!({}), &Preset::Sensor) && warned(json!({}), &Preset::Forwarder));
        assert!(!warned(json!({ "command": ["capture", "--cpu-limit", "1"] }), &Preset::Sensor));
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
