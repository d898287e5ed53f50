//! YAML with comments beside scalars, from a tree.
//!
//! Strings that a reader of YAML 1.1, as CloudFormation is, would take for something else are quoted. Beyond ASCII only
//! letters and digits are written as they are: whatever else there is may hide, or turn the direction of what follows.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;
use serde_saphyr::{Commented, DoubleQuoted, ser_options};

/// A node of the tree.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// A string, number, boolean or null, with a comment.
    Scalar(Value, Option<String>),
    Sequence(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    pub fn text(text: impl Into<String>) -> Self {
        Node::Scalar(Value::String(text.into()), None)
    }

    /// Puts a comment beside the first scalar, which is on the first line that has a value.
    pub fn comment(&mut self, text: &str) {
        match self {
            Node::Scalar(_, comment) => *comment = Some(text.to_owned()),
            Node::Sequence(nodes) => nodes.iter_mut().take(1).for_each(|node| node.comment(text)),
            Node::Map(members) => members.iter_mut().take(1).for_each(|(_, node)| node.comment(text)),
        }
    }

    /// The document, with a final newline.
    pub fn to_yaml(&self) -> String {
        let options = ser_options! { prefer_block_scalars: false, compact_list_indent: false };
        let text = serde_saphyr::to_string_with_options(self, options).expect("strings are written to memory");
        // Whatever has to be escaped is in double quotes already.
        let mut escaped = String::with_capacity(text.len());
        for letter in text.chars() {
            match letter {
                _ if is_plain(letter) || letter == '\n' => escaped.push(letter),
                _ if u32::from(letter) > 0xffff => escaped.push_str(&format!("\\U{:08X}", u32::from(letter))),
                _ => escaped.push_str(&format!("\\u{:04X}", u32::from(letter))),
            }
        }
        escaped
    }
}

fn is_plain(letter: char) -> bool {
    letter == ' ' || letter.is_ascii_graphic() || (!letter.is_ascii() && letter.is_alphanumeric())
}

/// A string, quoted if it has to be.
struct Text<'a>(&'a str);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.chars().all(is_plain) {
            true => serializer.serialize_str(self.0),
            false => DoubleQuoted(self.0).serialize(serializer),
        }
    }
}

struct Scalar<'a>(&'a Value);

impl Serialize for Scalar<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::String(text) => Text(text).serialize(serializer),
            other => other.serialize(serializer),
        }
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Node::Scalar(value, Some(comment)) => Commented(Scalar(value), comment.clone()).serialize(serializer),
            Node::Scalar(value, None) => Scalar(value).serialize(serializer),
            Node::Sequence(nodes) => {
                let mut sequence = serializer.serialize_seq(Some(nodes.len()))?;
                nodes.iter().try_for_each(|node| sequence.serialize_element(node))?;
                sequence.end()
            }
            Node::Map(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                members.iter().try_for_each(|(key, node)| map.serialize_entry(&Text(key), node))?;
                map.end()
            }
        }
    }
}
