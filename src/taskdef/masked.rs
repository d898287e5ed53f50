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
        let is_plain = PLAIN.iter().any(|plain| variable["name"] == *plain);
        let old = before.and_then(|before| before.as_array()?.iter().find(|other| other["name"] == variable["name"]));
        let Some(members) = variable.as_object_mut() else {
            *variable = MASK.into();
            continue;
        };
        for (key, value) in members {
            let is_value = key == "value";
            let is_shown = value.is_string() && (key == "name" || is_value && is_plain);
            if !is_shown {
                let changed = is_value && old.is_some_and(|old| old["value"] != *value);
                *value = if changed { CHANGED_MASK } else { MASK }.into();
            }
        }
    }
}

/// The undo label can hold a vendor's container with its environment. What is in one that cannot be read, nobody knows.
fn labels(labels: &mut Value) {
    let Some(label) = labels.get_mut(UNDO_LABEL) else { return };
    let Some(mut undo) = label.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
        *label = MASK.into();
        return;
    };
    let Some(variables) = undo.pointer_mut("/replaced/environment") else { return };
    environment(variables, None);
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

    #[test]
    fn nothing_but_names_is_shown_of_what_ecs_would_not_take() {
        for odd in [
            json!([{ "Name": "KEY", "Value": "hunter2" }]),
            json!([{ "name": "KEY", "value": 5, "extra": "hunter2" }]),
            json!([{ "name": LISTEN, "value": { "KEY": "hunter2" } }]),
            json!([{ "name": CPU_LIMIT, "value": "1", "extra": "hunter2" }]),
            json!([["hunter2"]]),
            json!({ "KEY": "hunter2" }),
        ] {
            let undo = json!({ "replaced": { "environment": odd } }).to_string();
            for label in [undo.as_str(), "{broken hunter2"] {
                let mut shown = json!({ "environment": odd, "dockerLabels": { UNDO_LABEL: label } });
                container(&mut shown, None);
                assert!(!shown.to_string().contains("hunter2"), "{shown}");
            }
        }
    }
}
