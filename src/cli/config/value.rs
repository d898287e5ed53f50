//! A value of the file as text of a flag.

use clap::{Arg, ArgAction};
use toml::Spanned;
use toml::de::{DeArray, DeInteger, DeValue};

/// What a key was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// What is empty counts as not given.
    Nothing,
    /// As the command line would have it: text with several values is taken apart as it is there.
    Text(String),
    /// Values one by one, and where they begin.
    List(Vec<(String, usize)>),
}

/// A value that is not of the kind that a flag takes.
#[derive(Debug, PartialEq, Eq)]
pub struct WrongKind {
    /// Where it begins, in bytes.
    pub at: usize,
    pub why: String,
}

impl Value {
    /// Reads one for a flag.
    pub fn of(value: &Spanned<DeValue<'_>>, flag: &Arg) -> Result<Self, WrongKind> {
        let wrong = |wanted: &str| {
            let why = format!("it is {}, and {wanted} is wanted", kind(value.get_ref()));
            Err(WrongKind { at: value.span().start, why })
        };
        match (value.get_ref(), flag.get_action()) {
            (DeValue::Boolean(is_given), ArgAction::SetTrue) => Ok(Value::Text(is_given.to_string())),
            (DeValue::Boolean(is_given), ArgAction::SetFalse) => Ok(Value::Text((!is_given).to_string())),
            (_, ArgAction::SetTrue | ArgAction::SetFalse) => wrong("`true` or `false`"),
            (DeValue::Array(elements), ArgAction::Append) => list(elements),
            (DeValue::Array(_), _) => wrong("one value"),
            (single, action) => match text(single) {
                Some(text) if text.trim().is_empty() => Ok(Value::Nothing),
                Some(text) => Ok(Value::Text(text)),
                None if matches!(action, ArgAction::Append) => wrong("a string or a list"),
                None => wrong("a string or a number"),
            },
        }
    }
}

fn list(elements: &DeArray<'_>) -> Result<Value, WrongKind> {
    let mut values = Vec::new();
    for element in elements {
        let at = element.span().start;
        let Some(text) = text(element.get_ref()) else {
            let why = format!("{} is in the list, and strings or numbers are wanted", kind(element.get_ref()));
            return Err(WrongKind { at, why });
        };
        if !text.trim().is_empty() {
            values.push((text, at));
        }
    }
    Ok(if values.is_empty() { Value::Nothing } else { Value::List(values) })
}

/// A single value as one would type it.
fn text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(decimal(number)),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(is_on) => Some(is_on.to_string()),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

fn decimal(number: &DeInteger<'_>) -> String {
    match i128::from_str_radix(number.as_str(), number.radix()) {
        Ok(number) => number.to_string(),
        // The flag says what is wrong with it.
        Err(_) => number.to_string(),
    }
}

/// What a value is, with its article.
pub fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
