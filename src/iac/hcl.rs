//! HCL as `terraform fmt` leaves it.
//!
//! The format is that of HashiCorp's `hclwrite`: two spaces a level, and the equals signs of attributes on consecutive lines
//! below each other. A value over several lines, a comment or an empty line between two attributes ends such a run.
//! Strings are escaped as by `hclwrite`, so that nothing in them is taken for a template. Beyond ASCII only letters and
//! digits are written as they are, and in keys not even those, since `terraform fmt` counts them in its own way.

use serde_json::Value;

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Expression {
    /// A string, number, boolean or null.
    Scalar(Value),
    List(Vec<Item>),
    Object(Vec<Entry>),
    /// A function of one argument.
    Call(&'static str, Box<Expression>),
}

/// One value of a list, with a comment above it.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub comment: Option<String>,
    pub value: Expression,
}

/// An attribute of a body, or a member of an object, with a comment above it.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub comment: Option<String>,
    pub key: String,
    pub value: Expression,
}

/// What stands between the braces of a block: attributes, then blocks.
#[derive(Debug, Clone, Default)]
pub(super) struct Body {
    pub attributes: Vec<Entry>,
    /// A comment above, the block's type, and its body.
    pub blocks: Vec<(Option<String>, &'static str, Body)>,
    /// Attributes that come last.
    pub last: Vec<Entry>,
}

/// A block with labels at the top of a file.
pub(super) fn block(kind: &str, labels: &[&str], body: &Body) -> String {
    let labels: String = labels.iter().map(|label| format!(" {}", quoted(label))).collect();
    format!("{kind}{labels} {{\n{}}}\n", self::body(body, 1))
}

fn body(body: &Body, level: usize) -> String {
    let mut parts = Vec::new();
    if !body.attributes.is_empty() {
        parts.push(entries(&body.attributes, level));
    }
    for (comment, kind, inner) in &body.blocks {
        let indent = indent(level);
        let comment = comment.as_ref().map(|text| format!("{indent}# {text}\n")).unwrap_or_default();
        parts.push(format!("{comment}{indent}{kind} {{\n{}{indent}}}\n", self::body(inner, level + 1)));
    }
    if !body.last.is_empty() {
        parts.push(entries(&body.last, level));
    }
    parts.join("\n")
}

/// A line or more for each entry, with the equals signs of consecutive lines below each other.
fn entries(entries: &[Entry], level: usize) -> String {
    let rendered: Vec<(String, String)> =
        entries.iter().map(|entry| (key(&entry.key), expression(&entry.value, level))).collect();
    let is_one_line = |index: usize| !rendered[index].1.contains('\n');
    let mut text = String::new();
    let mut start = 0;
    while start < entries.len() {
        let mut end = start + 1;
        while end < entries.len() && is_one_line(start) && is_one_line(end) && entries[end].comment.is_none() {
            end += 1;
        }
        let widest = rendered[start..end].iter().map(|(key, _)| key.len()).max().unwrap_or_default();
        for (entry, (key, value)) in entries[start..end].iter().zip(&rendered[start..end]) {
            let indent = indent(level);
            if let Some(comment) = &entry.comment {
                text.push_str(&format!("{indent}# {comment}\n"));
            }
            text.push_str(&format!("{indent}{key:widest$} = {value}\n"));
        }
        start = end;
    }
    text
}

/// A value that begins in a line of this level; further lines have their indentation.
fn expression(value: &Expression, level: usize) -> String {
    match value {
        Expression::Scalar(Value::String(text)) => quoted(text),
        Expression::Scalar(other) => other.to_string(),
        Expression::Call(function, argument) => format!("{function}({})", expression(argument, level)),
        Expression::Object(members) if members.is_empty() => "{}".to_owned(),
        Expression::Object(members) => format!("{{\n{}{}}}", entries(members, level + 1), indent(level)),
        Expression::List(items) if items.iter().all(Item::is_short) => {
            let items: Vec<String> = items.iter().map(|item| expression(&item.value, level)).collect();
            format!("[{}]", items.join(", "))
        }
        Expression::List(items) => {
            let mut text = "[\n".to_owned();
            for (index, item) in items.iter().enumerate() {
                let inner = indent(level + 1);
                if let Some(comment) = &item.comment {
                    text.push_str(&format!("{inner}# {comment}\n"));
                }
                let comma = if index + 1 < items.len() { "," } else { "" };
                text.push_str(&format!("{inner}{}{comma}\n", expression(&item.value, level + 1)));
            }
            format!("{text}{}]", indent(level))
        }
    }
}

impl Item {
    /// Whether it can stand beside others in a line.
    fn is_short(&self) -> bool {
        self.comment.is_none() && matches!(self.value, Expression::Scalar(_))
    }
}

fn indent(level: usize) -> String {
    "  ".repeat(level)
}

/// A key as an identifier, or else in quotes.
fn key(text: &str) -> String {
    const WORDS: [&str; 9] = ["else", "endfor", "endif", "false", "for", "if", "in", "null", "true"];
    let mut letters = text.chars();
    let begins = letters.next().is_some_and(|first| first.is_ascii_alphabetic());
    let goes_on = letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    match begins && goes_on && !WORDS.contains(&text) {
        true => text.to_owned(),
        false => escaped(text, |letter| letter.is_ascii()),
    }
}

/// A string in quotes.
pub(super) fn quoted(text: &str) -> String {
    escaped(text, |letter| letter.is_ascii() || letter.is_alphanumeric())
}

/// In quotes; of what is no control character, `plain` says what is written as it is.
fn escaped(text: &str, plain: impl Fn(char) -> bool) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '$' | '%' if letters.peek() == Some(&'{') => quoted.extend([letter, letter]),
            _ if !letter.is_control() && plain(letter) => quoted.push(letter),
            _ if u32::from(letter) > 0xffff => quoted.push_str(&format!("\\U{:08x}", u32::from(letter))),
            _ => quoted.push_str(&format!("\\u{:04x}", u32::from(letter))),
        }
    }
    quoted.push('"');
    quoted
}
