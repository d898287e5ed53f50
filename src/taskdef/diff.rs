//! A change as people read it: a unified diff of the two documents.
//!
//! Values of environment variables are masked, also in the lines around a change: a diff ends up in CI logs.

use serde_json::Value;
use similar::TextDiff;

use super::document::name_of;
use super::target::Documents;

const MASK: &str = "***";
const CHANGED_MASK: &str = "*** (changed)";

/// Whether values of environment variables are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    Masked,
    Shown,
}

/// The unified diff, without colours, of the two documents; empty if they are the same.
pub fn unified(documents: &Documents, values: Values) -> String {
    let mut base = documents.base.as_value().clone();
    let mut patched = documents.patched.as_value().clone();
    if values == Values::Masked {
        mask(&mut patched, Some(&base));
        mask(&mut base, None);
    }
    let (base, patched) = (pretty(&base), pretty(&patched));
    TextDiff::from_lines(&base, &patched).unified_diff().context_radius(2).header("now", "planned").to_string()
}

/// The document as two-space indented JSON with a final newline.
pub fn pretty(document: &Value) -> String {
    format!("{document:#}\n")
}

/// Masks what may be secret; a value that differs from the one in `before` is marked so.
fn mask(document: &mut Value, before: Option<&Value>) {
    let Some(containers) = document["containerDefinitions"].as_array_mut() else { return };
    for container in containers {
        let old = before.and_then(|before| {
            before["containerDefinitions"].as_array()?.iter().find(|old| name_of(old) == name_of(container))
        });
        mask_label(container);
        let Some(environment) = container.get_mut("environment").filter(|environment| !environment.is_null()) else {
            continue;
        };
        let Some(variables) = environment.as_array_mut() else {
            // Not what ECS takes, and no less secret.
            *environment = MASK.into();
            continue;
        };
        for variable in variables {
            if !variable.is_object() {
                *variable = MASK.into();
                continue;
            }
            let old = old
                .and_then(|old| old["environment"].as_array()?.iter().find(|other| other["name"] == variable["name"]));
            let changed = old.is_some_and(|old| old["value"] != variable["value"]);
            if variable.get("value").is_some() {
                variable["value"] = if changed { CHANGED_MASK } else { MASK }.into();
            }
        }
    }
}

/// The undo label can hold a vendor's container with its environment.
fn mask_label(container: &mut Value) {
    let labels = container.get_mut("dockerLabels");
    let Some(label) = labels.and_then(|labels| labels.get_mut(super::recognise::UNDO_LABEL)) else { return };
    let Some(mut undo) = label.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok()) else { return };
    let variables = undo.pointer_mut("/replaced/environment").and_then(Value::as_array_mut);
    let Some(variables) = variables else { return };
    for value in variables.iter_mut().filter_map(|variable| variable.get_mut("value")) {
        *value = MASK.into();
    }
    *label = undo.to_string().into();
}
