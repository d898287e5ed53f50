//! The shape that a file has around a register-ready task definition.
//!
//! People keep task definitions in three shapes: bare, the output of `describe-task-definition` (the definition below
//! `taskDefinition`, its tags beside it), and that output with the tags moved inside. Registering wants the bare one,
//! without what the service added. The envelope remembers what was taken off, so that taking a sidecar out of a file
//! gives back the very document that it was put into.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::document::RESPONSE_ONLY;
use super::error::{Error, Result};

/// What a file had around or beside the register-ready definition. [`Envelope::default`] is a bare definition.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    /// The members beside `taskDefinition`, where the definition was below that key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    beside: Option<Map<String, Value>>,
    /// The members that only a response has.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    response_only: Map<String, Value>,
    /// The tags inside the definition before they were joined with those beside it and freed of `aws:` keys;
    /// absent where that changed nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tags: Option<OriginalTags>,
}

/// The `tags` member inside the definition: before, and as it is registered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct OriginalTags {
    /// A list of no or one value, since `null` and absence differ in a file.
    was: Vec<Value>,
    now: Vec<Value>,
}

impl Envelope {
    /// Whether there is nothing to restore.
    pub fn is_bare(&self) -> bool {
        *self == Envelope::default()
    }

    /// Takes the envelope off a document: returns what can be registered, and the envelope.
    pub(super) fn open(document: Value) -> Result<(Value, Envelope)> {
        let mut envelope = Envelope::default();
        let mut definition = document;
        if let Some(outer) = definition.as_object_mut()
            && let Some(inner) = outer.shift_remove("taskDefinition")
        {
            envelope.beside = Some(std::mem::take(outer));
            definition = inner;
        }
        let Some(object) = definition.as_object_mut() else {
            return Ok((definition, envelope));
        };
        for key in RESPONSE_ONLY {
            if let Some(value) = object.shift_remove(key) {
                envelope.response_only.insert(key.to_owned(), value);
            }
        }
        let beside = envelope.beside.as_ref().and_then(|beside| beside.get("tags"));
        let was = object.get("tags").cloned();
        if let Some(now) = registrable_tags(was.as_ref(), beside)? {
            object.insert("tags".to_owned(), now);
        } else {
            object.shift_remove("tags");
        }
        let now = object.get("tags").cloned();
        if now != was {
            envelope.tags = Some(OriginalTags { was: Vec::from_iter(was), now: Vec::from_iter(now) });
        }
        Ok((definition, envelope))
    }

    /// Puts the envelope back around `definition`. Tags that were edited since stay as they were edited.
    pub(super) fn close(self, mut definition: Value) -> Value {
        if let Some(object) = definition.as_object_mut() {
            let current = Vec::from_iter(object.get("tags").cloned());
            if let Some(tags) = self.tags
                && tags.now == current
            {
                match tags.was.into_iter().next() {
                    Some(was) => object.insert("tags".to_owned(), was),
                    None => object.shift_remove("tags"),
                };
            }
            for (key, value) in self.response_only {
                object.entry(key).or_insert(value);
            }
        }
        match self.beside {
            Some(mut outer) => {
                outer.insert("taskDefinition".to_owned(), definition);
                Value::Object(outer)
            }
            None => definition,
        }
    }
}

/// The tags to register: those inside, then those beside under keys not yet there, without the reserved `aws:` keys.
/// Returns what was inside where nothing has to change.
fn registrable_tags(inside: Option<&Value>, beside: Option<&Value>) -> Result<Option<Value>> {
    let list = |tags: Option<&Value>| match tags {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(tags)) => Ok(tags.clone()),
        Some(_) => Err(Error::NotATaskDefinition("`tags` is not an array".into())),
    };
    let (inside_list, beside_list) = (list(inside)?, list(beside)?);
    let reserved = |tag: &Value| tag["key"].as_str().is_some_and(|key| key.starts_with("aws:"));
    if beside_list.is_empty() && !inside_list.iter().any(reserved) {
        return Ok(inside.cloned());
    }
    let mut tags = inside_list;
    for tag in beside_list {
        if !tags.iter().any(|other| other["key"] == tag["key"]) {
            tags.push(tag);
        }
    }
    tags.retain(|tag| !reserved(tag));
    Ok(Some(Value::Array(tags)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_bare_definition_has_a_bare_envelope() {
        let document = json!({"family": "web", "containerDefinitions": [], "tags": null});
        let (definition, envelope) = Envelope::open(document.clone()).unwrap();
        assert_eq!(definition, document);
        assert!(envelope.is_bare());
    }

    #[test]
    fn describe_output_loses_what_a_response_adds_and_gets_it_back() {
        let document = json!({
            "taskDefinition": {"family": "web", "revision": 3, "status": "ACTIVE", "tags": [{"key": "a", "value": "1"}]},
            "tags": [{"key": "team", "value": "x"}, {"key": "aws:cloudformation:stack-name", "value": "s"}],
            "ResponseMetadata": {"RetryAttempts": 0}
        });
        let (definition, envelope) = Envelope::open(document.clone()).unwrap();
        assert_eq!(
            definition,
            json!({"family": "web", "tags": [{"key": "a", "value": "1"}, {"key": "team", "value": "x"}]})
        );
        assert_eq!(envelope.close(definition), document);
    }

    #[test]
    fn tags_edited_since_stay_edited() {
        let document = json!({"family": "web", "tags": [{"key": "aws:x", "value": "1"}]});
        let (mut definition, envelope) = Envelope::open(document).unwrap();
        definition["tags"] = json!([{"key": "new", "value": "2"}]);
        assert_eq!(envelope.close(definition)["tags"], json!([{"key": "new", "value": "2"}]));
    }
}
