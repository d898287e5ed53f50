//! Tells whether a sidecar's container still is what sidetap put in.
//!
//! The fingerprint stands in the container's label `sidetap.config`. It does not depend on what ECS fills in or orders
//! anew, nor on our bookkeeping: not on the version, and not on what taking the container out has to undo.

use serde_json::Value;

use super::document::sha256;
use super::recognise::{CONFIG_LABEL, UNDO_LABEL, VERSION_LABEL};
use super::same::normal;

/// Hexadecimal digits of SHA-256 that a label has room for; nobody has reason to look for another container with the
/// same.
const DIGITS: usize = 12;

/// What is known of a sidecar's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settings {
    /// They are what sidetap put in.
    AsInjected,
    /// Somebody has changed them since.
    Changed,
    /// The container bears no fingerprint.
    Unknown,
}

/// The fingerprint of a container as it is.
pub(super) fn fingerprint(container: &Value) -> String {
    let mut container = container.clone();
    if let Some(labels) = container.get_mut("dockerLabels").and_then(Value::as_object_mut) {
        for label in [VERSION_LABEL, UNDO_LABEL, CONFIG_LABEL] {
            labels.shift_remove(label);
        }
    }
    sha256(&normal(&container))[..DIGITS].to_owned()
}

/// Compares a container with its label.
pub(super) fn settings_of(container: &Value) -> Settings {
    match container["dockerLabels"][CONFIG_LABEL].as_str() {
        None => Settings::Unknown,
        Some(injected) if injected == fingerprint(container) => Settings::AsInjected,
        Some(_) => Settings::Changed,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_ecs_fills_in_and_our_bookkeeping_make_no_difference_and_settings_do() {
        let container = |image: &str, version: &str| {
            json!({
                "name": "a", "image": image, "environment": [{"name": "B", "value": "1"}, {"name": "A", "value": "2"}],
                "dockerLabels": {"sidetap.preset": "sensor", "sidetap.version": version, "sidetap.undo": "{}"}
            })
        };
        let injected = fingerprint(&container("i:1", "0.1.0"));
        assert_eq!(injected.len(), DIGITS);
        let mut registered = container("i:1", "0.2.0");
        registered["cpu"] = json!(0);
        registered["mountPoints"] = json!([]);
        registered["environment"].as_array_mut().unwrap().reverse();
        registered["dockerLabels"][CONFIG_LABEL] = json!(injected);
        assert_eq!(settings_of(&registered), Settings::AsInjected);
        registered["image"] = json!("i:2");
        assert_eq!(settings_of(&registered), Settings::Changed);
        assert_eq!(settings_of(&container("i:1", "0.1.0")), Settings::Unknown);
    }
}
