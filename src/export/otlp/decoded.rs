//! What readers see, as JSON, for tests: `sidetap.timing.send: 0.0005`.

use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use serde_json::{Map, Value, json};

/// Attributes, no two of which have one name.
pub fn attributes(attributes: &[KeyValue]) -> Map<String, Value> {
    let mut all = Map::new();
    for KeyValue { key, value, .. } in attributes {
        let twice = all.insert(key.clone(), json_of(value.as_ref().unwrap())).is_some();
        assert!(!twice, "`{key}` is there twice");
    }
    all
}

fn json_of(value: &AnyValue) -> Value {
    match value.value.as_ref().expect("every attribute has a value") {
        any_value::Value::StringValue(text) => json!(text),
        any_value::Value::BoolValue(flag) => json!(flag),
        any_value::Value::IntValue(number) => json!(number),
        any_value::Value::DoubleValue(number) => json!(number),
        any_value::Value::ArrayValue(array) => array.values.iter().map(json_of).collect(),
        other => panic!("{other:?} is not used"),
    }
}

/// Asserts that attributes are these, in any order; what differs is told by name.
#[track_caller]
pub fn assert_attributes(found: &[KeyValue], expected: Value) {
    let found = attributes(found);
    let Value::Object(expected) = expected else { panic!("attributes are an object") };
    let names: std::collections::BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
    let differing: Vec<_> = names
        .into_iter()
        .filter(|name| found.get(*name) != expected.get(*name))
        .map(|name| (name, found.get(name), expected.get(name)))
        .collect();
    assert!(differing.is_empty(), "name, found, expected: {differing:#?}");
}
