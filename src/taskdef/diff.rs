//! A change as people read it: a unified diff of the two documents.
//!
//! Values of environment variables that may be secret are masked, also in the lines around a change: a diff ends up in
//! CI logs.

use serde_json::Value;
use similar::TextDiff;

use super::document::name_of;
use super::masked;
use super::target::Documents;

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
        masked::container(container, old);
    }
}
