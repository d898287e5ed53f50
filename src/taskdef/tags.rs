//! The tags of a resource or a document, before those that only AWS may set are taken off.

use serde_json::Value;

/// Keys and values, in their order.
pub type Tags = Vec<(String, String)>;

/// The tags of a task definition in any of its three shapes: those inside, then those beside it. A tag that is not a
/// pair of strings is passed over, and a value that is not there is empty.
pub fn tags_of(document: &Value) -> Tags {
    let inner = document.get("taskDefinition").and_then(|definition| definition.get("tags"));
    let lists = [inner, document.get("tags")];
    let tags = lists.into_iter().flatten().filter_map(Value::as_array).flatten();
    tags.filter_map(|tag| {
        let value = tag.get("value").and_then(Value::as_str).unwrap_or_default();
        Some((tag.get("key")?.as_str()?.to_owned(), value.to_owned()))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tags_are_found_inside_and_beside_and_what_is_none_is_passed_over() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let inside = json!({"tags": [{"key": "aws:a", "value": "1"}, {"key": "b"}, {"value": "x"}, 7]});
        assert_eq!(tags_of(&inside), [pair("aws:a", "1"), pair("b", "")]);
        let described = json!({"taskDefinition": {"tags": null}, "tags": [{"key": "c", "value": "3"}]});
        assert_eq!(tags_of(&described), [pair("c", "3")]);
        assert_eq!(tags_of(&json!([])), []);
    }
}
