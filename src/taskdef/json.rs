//! Reads JSON that people wrote, and says what is wrong with it in their terms.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::error::{Error, Result};

/// Parses a JSON document; a byte order mark in front of it is passed over.
///
/// # Errors
/// [`Error::NotJson`] with the place, and a hint for the mistakes that people make: a trailing comma, a symbolic link
/// that was checked out as text, UTF-16, YAML.
pub fn parse(bytes: &[u8]) -> Result<Value> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(not_json("it is UTF-16", Some("save it as UTF-8; PowerShell's `>` writes UTF-16")));
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(not_json("it is no text", None));
    };
    if text.trim().is_empty() {
        return Err(not_json("it is empty", Some("did the command that wrote it fail?")));
    }
    let read: std::result::Result<Unique, _> = serde_json::from_str(text);
    let Unique(value) = read.map_err(|error| not_json(&error.to_string(), hint(text, &error).as_deref()))?;
    match inexact_number(&value) {
        Some(number) => Err(not_json(&format!("the number {number} is too large to be kept exactly"), None)),
        None => Ok(value),
    }
}

/// A document in which no object has a key twice: of two values, one would be lost.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(Members).map(Unique)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_unit<E>(self) -> std::result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> std::result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> std::result::Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Unique(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((key, Unique(value))) = members.next_entry::<String, Unique>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format!("`{key}` is there twice")));
            }
            object.insert(key, value);
        }
        Ok(object.into())
    }
}

/// A number beyond 64 bits, which would come out as another one; ECS has none.
fn inexact_number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) if number.is_f64() => number.as_f64().filter(|number| number.abs() >= 2f64.powi(63)),
        Value::Array(items) => items.iter().find_map(inexact_number),
        Value::Object(members) => members.values().find_map(inexact_number),
        _ => None,
    }
}

fn not_json(reason: &str, hint: Option<&str>) -> Error {
    Error::NotJson { reason: reason.to_owned(), hint: hint.map(str::to_owned) }
}

fn hint(text: &str, error: &serde_json::Error) -> Option<String> {
    let trimmed = text.trim();
    if error.to_string().starts_with("trailing comma") {
        return Some(format!("delete the comma before line {} column {}", error.line(), error.column()));
    }
    let one_word = !trimmed.contains(char::is_whitespace);
    if one_word && trimmed.contains('/') && !trimmed.starts_with(['{', '[', '"']) {
        return Some(format!("this looks like a symbolic link checked out as text: read `{trimmed}` instead"));
    }
    if trimmed.starts_with("family:") || trimmed.starts_with("---") {
        return Some("this looks like YAML: sidetap reads JSON".to_owned());
    }
    if text.lines().any(|line| line.trim_start().starts_with("//")) {
        return Some("JSON has no comments: delete the lines that begin with `//`".to_owned());
    }
    None
}
