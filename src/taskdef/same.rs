//! Whether two documents are the same to ECS.
//!
//! ECS fills in what a container definition leaves out (empty lists, `cpu: 0`, the defaults of port mappings and health
//! checks) and does not keep the order of environment variables, so what it gives back is rarely what it was sent to
//! the letter.

use serde_json::{Map, Value, json};

use super::document::name_of;

/// Whether two values, task definitions or parts of them, mean the same to ECS.
pub fn is_same(a: &Value, b: &Value) -> bool {
    normal(a) == normal(b)
}

/// The value as it is compared.
pub(super) fn normal(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().map(|(key, value)| {
                let mut value = normal(value);
                if let ("environment" | "secrets" | "tags", Value::Array(entries)) = (key.as_str(), &mut value) {
                    entries.sort_by(|a, b| sort_key(a).cmp(sort_key(b)));
                }
                (key.clone(), value)
            });
            Value::Object(kept.filter(|(key, value)| !filled_in(members, key, value)).collect())
        }
        Value::Array(items) => items.iter().map(normal).collect(),
        other => other.clone(),
    }
}

/// Whether ECS would have put this member there by itself.
fn filled_in(members: &Map<String, Value>, key: &str, value: &Value) -> bool {
    let default = match key {
        "cpu" | "startPeriod" => json!(0),
        "essential" => json!(true),
        "readOnly" => json!(false),
        "protocol" => json!("tcp"),
        // In a health check; where else these names stand they are not these numbers by default.
        "interval" if members.contains_key("command") => json!(30),
        "timeout" if members.contains_key("command") => json!(5),
        "retries" if members.contains_key("command") => json!(3),
        "hostPort" => members.get("containerPort").cloned().unwrap_or_default(),
        _ => Value::Null,
    };
    value.is_null() || *value == json!([]) || *value == default
}

fn sort_key(entry: &Value) -> &str {
    entry["key"].as_str().unwrap_or(name_of(entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ecs_fills_in_makes_no_difference_and_the_rest_does() {
        let sent = json!({"name": "a", "portMappings": [{"containerPort": 80}], "environment": [{"name": "X", "value": ""}, {"name": "B", "value": "1"}]});
        let given_back = json!({
            "name": "a", "cpu": 0, "mountPoints": [], "links": null, "essential": true,
            "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}],
            "environment": [{"name": "B", "value": "1"}, {"name": "X", "value": ""}]
        });
        assert!(is_same(&sent, &given_back));
        assert!(!is_same(&sent, &json!({"name": "a", "environment": [{"name": "B", "value": "1"}]})));
        assert!(!is_same(&json!({"command": ["a", "b"]}), &json!({"command": ["b", "a"]})));
    }
}
