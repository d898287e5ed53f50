//! Values of environment variables, which may be secret, taken out of what is shown.

use serde_json::Value;

use super::cpu_limit::CPU_LIMIT;
use super::plan::Plan;
use super::recognise::UNDO_LABEL;
use super::sidecar::LISTEN;

/// Variables of sidetap's own that are no secret whatever they hold, an address and a number: who looks at a plan wants
/// to see them.
const PLAIN: [&str; 2] = [LISTEN, CPU_LIMIT];
const MASK: &str = "***";
const CHANGED_MASK: &str = "*** (changed)";

impl Plan {
    /// The plan to look at: without values of environment variables that may be secret. It cannot be applied.
    #[must_use]
    pub fn masked(&self) -> Plan {
        let mut plan = self.clone();
        for operation in plan.targets.iter_mut().flat_map(|target| &mut target.patch) {
            let path = operation["path"].as_str().unwrap_or_default().to_owned();
            let Some(value) = operation.get_mut("value") else { continue };
            match path.rsplit('/').next() {
                Some("environment") => environment(value, None),
                Some("dockerLabels") => labels(value),
                _ => container(value, None),
            }
        }
        plan
    }
}

/// Masks a container's variables; those that differ from what it was before are marked so.
pub(super) fn container(container: &mut Value, before: Option<&Value>) {
    if let Some(members) = container.as_object_mut() {
        if let Some(value) = members.get_mut("dockerLabels") {
            labels(value);
        }
        if let Some(value) = members.get_mut("environment") {
            environment(value, before.map(|before| &before["environment"]));
        }
    }
}

fn environment(environment: &mut Value, before: Option<&Value>) {
    if environment.is_null() {
        return;
    }
    let Some(variables) = environment.as_array_mut() else {
        // Not what ECS takes, and no less secret.
        *environment = MASK.into();
        return;
    };
    for variable in variables {
        if !variable.is_object() {
            *variable = MASK.into();
            continue;
        }
        if PLAIN.iter().any(|plain| variable["name"] == *plain) {
            continue;
        }
        let old = before.and_then(|before| before.as_array()?.iter().find(|other| other["name"] == variable["name"]));
        let changed = old.is_some_and(|old| old["value"] != variable["value"]);
        if variable.get("value").is_some() {
            variable["value"] = if changed { CHANGED_MASK } else { MASK }.into();
        }
    }
}

/// The undo label can hold a vendor's container with its environment.
fn labels(labels: &mut Value) {
    let Some(label) = labels.get_mut(UNDO_LABEL) else { return };
    let Some(mut undo) = label.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok()) else { return };
    let variables = undo.pointer_mut("/replaced/environment").and_then(Value::as_array_mut);
    let Some(variables) = variables else { return };
    for value in variables.iter_mut().filter_map(|variable| variable.get_mut("value")) {
        *value = MASK.into();
    }
    *label = undo.to_string().into();
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::target::{Action, Target};
    use super::*;

    #[test]
    fn a_plan_to_look_at_has_no_values_wherever_they_may_be() {
        let variables = json!([
            { "name": "KEY", "value": "hunter2" }, "hunter2", { "name": CPU_LIMIT, "value": "0.0117" },
            { "name": LISTEN, "value": "127.0.0.1:19464" }
        ]);
        let undo = json!({ "replaced": { "environment": [{ "name": "KEY", "value": "hunter2" }] } }).to_string();
        let labels = json!({ UNDO_LABEL: undo, "own": "kept" });
        let added = json!({ "name": "eye", "image": "i:1", "environment": variables, "dockerLabels": labels });
        let replace = |path: &str, value: &Value| json!({ "op": "replace", "path": path, "value": value });
        let patch = vec![
            json!({ "op": "test", "path": "/containerDefinitions/0/name", "value": "app" }),
            replace("/containerDefinitions/0/environment", &variables),
            replace("/containerDefinitions/1/dockerLabels", &added["dockerLabels"]),
            replace("/containerDefinitions/2/environment", &json!("hunter2")),
            json!({ "op": "add", "path": "/containerDefinitions/3", "value": added }),
            json!({ "op": "remove", "path": "/containerDefinitions/4" }),
        ];
        let target = Target { patch, action: Action::Update, ..Target::task_definition() };
        let plan = Plan::new(None, None, vec![target]);
        let text = serde_json::to_string(&plan.masked()).unwrap();
        assert!(!text.contains("hunter2"), "{text}");
        for kept in ["KEY", "i:1", "kept", "\"app\"", "0.0117", "127.0.0.1:19464"] {
            assert!(text.contains(kept), "{kept}: {text}");
        }
    }
}
