//! JSON as the XML that services answer with, for things that are kept as they are told.

use std::fmt::Write;

use serde_json::Value;

use super::xml::escaped;

/// The members of an object as elements; `item` is the name of a list's members: `item` in EC2, `member` elsewhere.
pub(crate) fn elements(object: &Value, item: &str) -> String {
    let mut text = String::new();
    for (name, value) in object.as_object().into_iter().flatten() {
        write(&mut text, name, value, item);
    }
    text
}

fn write(text: &mut String, name: &str, value: &Value, item: &str) {
    let content = match value {
        Value::Null => return,
        Value::Object(_) => elements(value, item),
        Value::Array(values) => {
            let mut content = String::new();
            values.iter().for_each(|value| write(&mut content, item, value, item));
            content
        }
        Value::String(string) => escaped(string),
        other => other.to_string(),
    };
    let _ = write!(text, "<{name}>{content}</{name}>");
}
