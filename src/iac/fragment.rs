//! What a sidecar adds and changes, as JSON of the ECS API to paste into a task definition.

use serde_json::{Map, Value, json};

use super::emission::Emission;
use crate::taskdef::diff::pretty;
use crate::taskdef::document::name_of;

/// An object for a single task definition, else an array of them.
pub(super) fn text(emissions: &[Emission]) -> String {
    match emissions {
        [one] => pretty(&fragment(one)),
        several => pretty(&several.iter().map(fragment).collect()),
    }
}

/// The family, the members of the task that differ, each container that is new, and of those that are not their names and
/// the members that differ. A member or container that is to go is `null` or has no more than a name.
fn fragment(emission: &Emission) -> Value {
    let (before, after) = (&emission.before, &emission.definition);
    let mut fragment = Map::new();
    fragment.insert("family".to_owned(), after.family().into());
    for (key, value) in changed(before.as_value(), after.as_value()) {
        fragment.insert(key, value);
    }
    let containers = after.containers().iter().filter_map(|container| {
        let name = name_of(container);
        let before = before.container(name).map(|(_, before)| before).filter(|_| name != emission.sidecar);
        let Some(before) = before else { return Some(container.clone()) };
        let members = changed(before, container);
        let mut part = json!({ "name": name });
        part.as_object_mut()?.extend(members);
        (part.as_object()?.len() > 1).then_some(part)
    });
    fragment.insert("containerDefinitions".to_owned(), containers.collect());
    fragment.into()
}

/// The members that differ, as they are to be; `null` for one that is to go.
fn changed(before: &Value, after: &Value) -> Map<String, Value> {
    let members = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let (before, after) = (members(before), members(after));
    let gone = before.keys().filter(|key| !after.contains_key(*key)).map(|key| (key.clone(), Value::Null));
    let new = after.iter().filter(|(key, value)| before.get(*key) != Some(value));
    let all = new.map(|(key, value)| (key.clone(), value.clone())).chain(gone);
    all.filter(|(key, _)| !["containerDefinitions", "tags"].contains(&key.as_str())).collect()
}
