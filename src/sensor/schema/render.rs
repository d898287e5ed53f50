//! A schema as JSON Schema (draft 2020-12), which is what OpenAPI 3.1 takes; and a hash of it.

use std::fmt;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::Schema;
use super::node::{Node, Object, Types};

/// How long arrays were: a list of classes, such as `["0", "2-9"]`.
const LENGTHS: &str = "x-sidetap-array-lengths";

/// Tells schemas apart. It is the same in every process and for every order of merging.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SchemaHash(pub [u8; 16]);

impl fmt::Display for SchemaHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl Schema {
    /// Says what documents were like: every one that was looked at as a whole is valid against it.
    pub fn to_json_schema(&self) -> Value {
        node_schema(&self.root)
    }

    /// Of names, types, formats and of what is required. How long arrays were is not in it: that changes with the data, not
    /// with the program that sends them.
    pub fn hash(&self) -> SchemaHash {
        let mut hasher = Sha256::new();
        hash_node(&self.root, &mut hasher);
        SchemaHash::of(hasher)
    }

    /// The properties of the objects that it is of: name, schema, and whether all had it. Nothing for other types.
    pub fn properties(&self) -> impl Iterator<Item = (&str, Value, bool)> {
        let object = self.root.object.as_deref();
        let properties = object.into_iter().flat_map(|object| object.properties.iter().map(move |it| (object, it)));
        properties.map(|(object, it)| (&*it.name, node_schema(&it.node), object.is_required(it)))
    }

    /// Whether there were properties whose names are not shown.
    pub fn has_hidden_properties(&self) -> bool {
        self.root.object.as_deref().is_some_and(|object| object.others.is_some())
    }
}

impl SchemaHash {
    /// The first half of what a hasher says.
    pub fn of(hasher: Sha256) -> Self {
        let digest = hasher.finalize();
        SchemaHash(std::array::from_fn(|at| digest.get(at).copied().unwrap_or_default()))
    }
}

const NAMES: [(Types, &str); 7] = [
    (Types::ARRAY, "array"),
    (Types::BOOLEAN, "boolean"),
    (Types::INTEGER, "integer"),
    (Types::NULL, "null"),
    (Types::NUMBER, "number"),
    (Types::OBJECT, "object"),
    (Types::STRING, "string"),
];

/// The types that JSON Schema names: an integer is a number, too.
fn type_names(types: Types) -> Vec<Value> {
    let is_named = |of: &Types| types.has(*of) && !(*of == Types::INTEGER && types.has(Types::NUMBER));
    NAMES.iter().filter(|(of, _)| is_named(of)).map(|&(_, name)| Value::from(name)).collect()
}

fn node_schema(node: &Node) -> Value {
    let mut schema = Map::new();
    if node.is_anything() || node.types.is_empty() {
        return Value::Object(schema);
    }
    let mut names = type_names(node.types);
    let types = if names.len() == 1 { names.remove(0) } else { Value::Array(names) };
    schema.insert("type".into(), types);
    if let Some(format) = node.looks.format() {
        schema.insert("format".into(), format.into());
    }
    if let Some(items) = &node.items {
        schema.insert("items".into(), node_schema(items));
    }
    let lengths: Vec<_> = node.lengths.names().collect();
    if !lengths.is_empty() {
        schema.insert(LENGTHS.into(), json!(lengths));
    }
    if let Some(object) = &node.object {
        add_object(object, &mut schema);
    }
    Value::Object(schema)
}

fn add_object(object: &Object, schema: &mut Map<String, Value>) {
    let properties = object.properties.iter().map(|it| (it.name.to_string(), node_schema(&it.node)));
    let properties: Map<_, _> = properties.collect();
    if !properties.is_empty() {
        schema.insert("properties".into(), Value::Object(properties));
    }
    let required = object.properties.iter().filter(|property| object.is_required(property));
    let required: Vec<_> = required.map(|property| Value::from(&*property.name)).collect();
    if !required.is_empty() {
        schema.insert("required".into(), Value::Array(required));
    }
    if let Some(others) = &object.others {
        schema.insert("additionalProperties".into(), node_schema(others));
    }
}

/// Every part has a length or an end of its own, so that no two trees give the same bytes.
fn hash_node(node: &Node, hasher: &mut Sha256) {
    hasher.update([b'n', node.types.bits()]);
    hasher.update(node.looks.format().unwrap_or_default());
    if let Some(items) = &node.items {
        hasher.update(b"[");
        hash_node(items, hasher);
    }
    if let Some(object) = &node.object {
        hasher.update(b"{");
        for property in &object.properties {
            let required = u8::from(object.is_required(property));
            hasher.update([b'p', required, u8::try_from(property.name.len()).unwrap_or(u8::MAX)]);
            hasher.update(property.name.as_bytes());
            hash_node(&property.node, hasher);
        }
        if let Some(others) = &object.others {
            hasher.update(b"*");
            hash_node(others, hasher);
        }
        hasher.update(b"}");
    }
    hasher.update(b"\0");
}
