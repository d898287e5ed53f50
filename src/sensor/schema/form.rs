//! The schema of fields as forms and queries have them (`application/x-www-form-urlencoded`; WHATWG URL, §5).

use std::borrow::Cow;

use super::looks::Looks;
use super::node::{Node, Object, Types};
use super::read::{Reading, Slot, slot};
use super::{MAX_NODES, Schema};

/// Longest whole number that is taken for one: a 64-bit integer holds all of these.
const MAX_DIGITS: usize = 18;

impl Schema {
    /// Of the fields of a form or a query, as an object: its values have the types that their text looks like, and those of
    /// a name that comes more than once are an array. At most [`MAX_NODES`] fields are looked at.
    ///
    /// That a field is missing counts; do not ask for the schema of a form that was cut off.
    pub fn of_form(form: &[u8]) -> Schema {
        let mut root = Node::default();
        let mut reading = Reading::new();
        let number = reading.begin_object();
        let object = root.object_mut();
        for field in form.split(|&byte| byte == b'&').filter(|field| !field.is_empty()).take(MAX_NODES) {
            let at = field.iter().position(|&byte| byte == b'=').unwrap_or(field.len());
            let (name, value) = field.split_at(at);
            let value = value_node(&decode(value.get(1..).unwrap_or_default()));
            // What has no value may be one, as a token is, whose Base64 may end in `=`.
            let is_value = field[at..].iter().all(|&byte| byte == b'=');
            let slot = match std::str::from_utf8(&decode(name)) {
                Ok(name) if !is_value => slot(object, &mut reading, name),
                _ => Slot::Hidden,
            };
            add(object, &slot, number, &mut reading, value);
        }
        object.end();
        Schema { root }
    }
}

/// Adds a value; one whose name was there before makes an array of both.
fn add(object: &mut Object, slot: &Slot, number: u32, reading: &mut Reading, value: Node) {
    let again = matches!(slot, Slot::Named(at) if object.has_mark(*at, number));
    let Some(node) = slot.node(object, number, reading) else { return };
    if again {
        if !node.types.has(Types::ARRAY) {
            let first = std::mem::take(node);
            *node = Node { types: Types::ARRAY, items: Some(Box::new(first)), ..Node::default() };
        }
        node.items.get_or_insert_default().merge(&value);
    } else {
        node.merge(&value);
    }
}

fn value_node(value: &[u8]) -> Node {
    let types = match value {
        b"true" | b"false" => Types::BOOLEAN,
        value if is_integer(value) => Types::INTEGER,
        value if is_number(value) => Types::NUMBER,
        _ => Types::STRING,
    };
    let looks = match types {
        Types::STRING => std::str::from_utf8(value).map_or(Looks::Plain, Looks::of),
        _ => Looks::Unseen,
    };
    Node { types, looks, ..Node::default() }
}

/// As JSON has them: what begins with a zero is the number of a house or a telephone, not one to count with.
fn is_integer(value: &[u8]) -> bool {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    are_digits(digits) && (digits.len() == 1 || !digits.starts_with(b"0"))
}

fn is_number(value: &[u8]) -> bool {
    let mut parts = value.splitn(2, |&byte| byte == b'.');
    parts.next().is_some_and(is_integer) && parts.next().is_some_and(are_digits)
}

fn are_digits(text: &[u8]) -> bool {
    (1..=MAX_DIGITS).contains(&text.len()) && text.iter().all(u8::is_ascii_digit)
}

/// Without percent signs and plus signs.
fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = match (byte, after) {
            (b'%', [high, low, ..]) => digit(*high).zip(digit(*low)),
            _ => None,
        };
        match escaped {
            Some((high, low)) => {
                decoded.push(high << 4 | low);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                decoded.push(if byte == b'+' { b' ' } else { byte });
                rest = after;
            }
        }
    }
    Cow::Owned(decoded)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_have_the_types_that_their_text_looks_like() {
        let schema = Schema::of_form(b"n=12&f=1.5&b=true&zip=01234&d=2024-05-06&mail=ann%40example.com&s=a+b&e=&flag");
        let types = json!({
            "type": "object",
            "properties": {
                "b": {"type": "boolean"},
                "d": {"type": "string", "format": "date"},
                "f": {"type": "number"},
                "mail": {"type": "string", "format": "email"},
                "n": {"type": "integer"},
                "s": {"type": "string"},
                "zip": {"type": "string"},
            },
            "required": ["b", "d", "f", "mail", "n", "s", "zip"],
            // Either may be a value without a name.
            "additionalProperties": {"type": "string"},
        });
        assert_eq!(schema.to_json_schema(), types);
    }

    #[test]
    fn a_name_that_comes_more_than_once_is_of_an_array() {
        let schema = Schema::of_form(b"id=1&id=2&id=x");
        let items = json!({"type": ["integer", "string"]});
        assert_eq!(schema.to_json_schema()["properties"]["id"], json!({"type": "array", "items": items}));
    }

    #[test]
    fn names_that_are_values_are_not_shown() {
        let schema = Schema::of_form(b"page=1&ann%40example.com=2&%ff=3");
        let rendered = schema.to_json_schema();
        assert_eq!(rendered["properties"], json!({"page": {"type": "integer"}}));
        assert_eq!(rendered["additionalProperties"], json!({"type": "integer"}));
    }

    #[test]
    fn a_percent_sign_that_escapes_nothing_stays() {
        assert_eq!(*decode(b"100%&%4&%41%zz+"), *b"100%&%4&A%zz ");
    }
}
