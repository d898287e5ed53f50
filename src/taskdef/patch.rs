//! A change of a task definition as JSON Patch (RFC 6902).
//!
//! An array element is addressed by its index, which means nothing to a reader and something else once the array has
//! changed. So each operation inside `containerDefinitions` follows a `test` of the container's name.

use serde_json::{Value, json};

use super::document::{TaskDefinition, name_of};
use super::error::{Error, Result};
use super::same::is_same;

/// The operations that make `to` out of `from`: an RFC 6902 document.
pub fn between(from: &TaskDefinition, to: &TaskDefinition) -> Vec<Value> {
    let mut operations = members(from.as_value(), to.as_value(), "");
    operations.extend(containers(from.containers(), to.containers()));
    operations
}

/// Applies a patch; nothing is changed if it does not apply.
pub fn apply(from: &TaskDefinition, operations: &[Value]) -> Result<TaskDefinition> {
    let patch: json_patch::Patch =
        serde_json::from_value(operations.into()).map_err(|error| Error::Patch(error.to_string()))?;
    let mut value = from.as_value().clone();
    json_patch::patch(&mut value, &patch).map_err(|error| Error::Patch(error.to_string()))?;
    TaskDefinition::new(value)
}

/// The operations that make a difference to ECS, without the tests of what was there. ECS fills in what a definition leaves
/// out and gives that back, so that a patch may take it out again.
pub fn meaningful<'a>(from: &TaskDefinition, operations: &'a [Value]) -> Vec<&'a Value> {
    let mut now = from.as_value().clone();
    let differs = |operation: &&Value| {
        let before = now.clone();
        let Ok(patch) = serde_json::from_value::<json_patch::Patch>(json!([operation])) else { return true };
        json_patch::patch(&mut now, &patch).is_err() || !is_same(&before, &now)
    };
    operations.iter().filter(|operation| operation["op"] != "test").filter(differs).collect()
}

/// Walks both lists side by side: a container that keeps its name and order is edited, one that is gone is removed,
/// a new one is added.
fn containers(from: &[Value], to: &[Value]) -> Vec<Value> {
    let mut names: Vec<&str> = from.iter().map(name_of).collect();
    let mut operations = Vec::new();
    for old in from {
        let name = name_of(old);
        if !to.iter().any(|new| name_of(new) == name) {
            let index = names.iter().position(|other| *other == name).unwrap_or_default();
            operations.push(test(index, name));
            operations.push(json!({ "op": "remove", "path": at(index) }));
            names.remove(index);
        }
    }
    for (index, new) in to.iter().enumerate() {
        let name = name_of(new);
        let old = from.iter().find(|old| name_of(old) == name);
        match (old, names.get(index)) {
            (Some(old), Some(current)) if *current == name => {
                let edits = members(old, new, &at(index));
                if !edits.is_empty() {
                    operations.push(test(index, name));
                    operations.extend(edits);
                }
                continue;
            }
            (Some(_), _) => {
                let moved = names.iter().position(|other| *other == name).unwrap_or(index);
                operations.push(test(moved, name));
                operations.push(json!({ "op": "remove", "path": at(moved) }));
                names.remove(moved);
            }
            (None, _) => {}
        }
        if let Some(neighbour) = names.get(index.saturating_sub(1)) {
            operations.push(test(index.saturating_sub(1), neighbour));
        }
        operations.push(json!({ "op": "add", "path": at(index), "value": new }));
        names.insert(index, name);
    }
    operations
}

fn at(index: usize) -> String {
    format!("/containerDefinitions/{index}")
}

fn test(index: usize, name: &str) -> Value {
    json!({ "op": "test", "path": format!("{}/name", at(index)), "value": name })
}

/// The operations between two objects, member by member, all but `containerDefinitions`. A member that differs is
/// replaced whole: an index into a nested array says nothing to a reader.
fn members(from: &Value, to: &Value, prefix: &str) -> Vec<Value> {
    let (Some(from), Some(to)) = (from.as_object(), to.as_object()) else {
        return Vec::new();
    };
    let path = |key: &str| format!("{prefix}/{}", key.replace('~', "~0").replace('/', "~1"));
    let gone = from.keys().filter(|key| !to.contains_key(*key));
    let mut operations: Vec<Value> = gone.map(|key| json!({ "op": "remove", "path": path(key) })).collect();
    for (key, value) in to.iter().filter(|(key, _)| *key != "containerDefinitions") {
        match from.get(key) {
            Some(old) if old == value => {}
            Some(_) => operations.push(json!({ "op": "replace", "path": path(key), "value": value })),
            None => operations.push(json!({ "op": "add", "path": path(key), "value": value })),
        }
    }
    operations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ecs_filled_in_is_taken_out_without_a_difference() {
        let definition = |containers: Value| {
            TaskDefinition::new(json!({ "family": "web", "containerDefinitions": containers })).unwrap()
        };
        let from = definition(json!([
            { "name": "app", "image": "a:1", "mountPoints": [], "cpu": 0, "user": "1" },
            { "name": "eye", "image": "e:1", "links": [] }
        ]));
        let to = definition(json!([{ "name": "app", "image": "a:1" }, { "name": "eye", "image": "e:2" }]));
        let operations = between(&from, &to);
        let paths = |operations: Vec<&Value>| -> Vec<String> {
            operations.iter().filter_map(|operation| operation["path"].as_str()).map(str::to_owned).collect()
        };
        assert!(paths(operations.iter().collect()).contains(&"/containerDefinitions/0/mountPoints".to_owned()));
        let told = paths(meaningful(&from, &operations));
        assert_eq!(told, ["/containerDefinitions/0/user", "/containerDefinitions/1/image"]);
    }
}
