//! The fields of a task definition that this build has heard of.
//!
//! sidetap keeps fields that it does not know; a plan lists them, so that a reader sees what was carried over unseen.
//! Source: `RegisterTaskDefinition` of the ECS API model of 2014-11-13, as of May 2026.

use serde_json::Value;

/// A line a field: its depth by one space a level, its name, and `*` where its members are the user's own.
const FIELDS: &str = include_str!("known-fields.txt");

/// JSON pointers of the fields that this build has never heard of, in the order of the document.
pub fn unknown_fields(definition: &Value) -> Vec<String> {
    let known: Vec<(usize, &str)> =
        FIELDS.lines().map(|line| (line.len() - line.trim_start().len(), line.trim_start())).collect();
    let mut unknown = Vec::new();
    visit(definition, &known, 0, String::new(), &mut unknown);
    unknown
}

/// `below` holds the lines that describe `value`'s members, those at `depth` and deeper.
fn visit(value: &Value, below: &[(usize, &str)], depth: usize, path: String, unknown: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                visit(item, below, depth, format!("{path}/{index}"), unknown);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                let path = format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"));
                let found = below.iter().position(|(d, name)| *d == depth && name.trim_end_matches('*') == key);
                let Some(found) = found else {
                    unknown.push(path);
                    continue;
                };
                if below[found].1.ends_with('*') {
                    continue;
                }
                let rest = &below[found + 1..];
                let end = rest.iter().position(|(d, _)| *d <= depth).unwrap_or(rest.len());
                visit(member, &rest[..end], depth + 1, path, unknown);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn unknown_fields_are_found_at_every_level() {
        let definition = json!({
            "family": "web",
            "futureTop": 1,
            "containerDefinitions": [
                {"name": "app", "dockerLabels": {"any/thing": "is fine"}, "restartPolicy": {"enabled": true, "z~n/w": 9}}
            ],
            "volumes": [{"efsVolumeConfiguration": {"authorizationConfig": {"iam": "ENABLED", "new": []}}}]
        });
        assert_eq!(
            unknown_fields(&definition),
            [
                "/futureTop",
                "/containerDefinitions/0/restartPolicy/z~0n~1w",
                "/volumes/0/efsVolumeConfiguration/authorizationConfig/new"
            ]
        );
    }
}
