//! What holds for every schema.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::node::MAX_PROPERTIES;
use super::*;

fn schema(document: &Value) -> Schema {
    Schema::of_json(document.to_string().as_bytes()).expect("JSON")
}

fn rendered(documents: &[Value]) -> Value {
    let mut merged = Schema::default();
    documents.iter().for_each(|document| {
        merged.merge(&schema(document));
    });
    merged.to_json_schema()
}

fn assert_valid(document: &Value, schema: &Value) {
    let validator = jsonschema::options().should_validate_formats(true).build(schema).expect("a schema");
    let errors: Vec<_> = validator.iter_errors(document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{document} against {schema}: {errors:?}");
}

/// Strings of which some look like something, and none is a word of JSON Schema.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[a-zäöü ]{0,12}",
        "[a-z]{1,8}@[a-z]{1,8}\\.(com|example)",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}",
        "20[0-9]{2}-0[1-9]-[0-2][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-]0[0-9]:[0-5][0-9])",
        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
        "[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}",
        "[0-9a-f]{0,4}:[0-9a-f:]{1,20}",
        "(https?|ftp)://[a-z.@:0-9-]{1,16}[/?#][a-zA-Z0-9%/?#&=_.~!:@-]{0,12}",
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[a-d]{1,2}",
        1 => "[a-z]{1,3}@[a-z]{1,3}\\.com",
        1 => "[0-9]{1,8}",
        1 => "item[0-9]{1,2}",
        1 => any::<String>(),
    ]
}

fn document() -> impl Strategy<Value = Value> {
    document_with(name().boxed())
}

fn document_with(name: BoxedStrategy<String>) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 12, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..12)
                .prop_map(|properties| Value::Object(properties.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// What may be told of a schema, for comparison.
fn told(schema: &Schema) -> (String, render::SchemaHash) {
    (schema.to_json_schema().to_string(), schema.hash())
}

fn merged(one: &Schema, other: &Schema) -> Schema {
    let mut merged = one.clone();
    merged.merge(other);
    merged
}

proptest! {
    #[test]
    fn every_document_is_valid_against_its_schema(documents in prop::collection::vec(document(), 1..4)) {
        let schema = rendered(&documents);
        documents.iter().for_each(|document| assert_valid(document, &schema));
    }

    #[test]
    fn merging_is_commutative(one in document(), other in document()) {
        let (one, other) = (schema(&one), schema(&other));
        prop_assert_eq!(told(&merged(&one, &other)), told(&merged(&other, &one)));
    }

    #[test]
    fn merging_is_associative(a in document(), b in document(), c in document()) {
        let (a, b, c) = (schema(&a), schema(&b), schema(&c));
        prop_assert_eq!(told(&merged(&merged(&a, &b), &c)), told(&merged(&a, &merged(&b, &c))));
    }

    #[test]
    fn merging_twice_says_nothing_new(one in document(), other in document()) {
        let mut once = merged(&schema(&one), &schema(&other));
        let told_once = told(&once);
        prop_assert!(!once.merge(&once.clone()));
        prop_assert_eq!(told(&once), told_once);
    }

    #[test]
    fn merging_says_whether_it_says_anything_new(one in document(), other in document()) {
        let before = schema(&one);
        let mut after = before.clone();
        let changed = after.merge(&schema(&other));
        prop_assert_eq!(changed, before.to_json_schema() != after.to_json_schema());
        prop_assert!(changed || before.hash() == after.hash());
    }

    #[test]
    fn a_document_that_is_cut_off_says_nothing_that_the_whole_does_not(
        // A number or a word at the top has no end, so that its beginning may be another document.
        document in document_with("[a-d]{1,2}".boxed()).prop_filter("a container", |it| it.is_object() || it.is_array()),
        cut in any::<prop::sample::Index>(),
    ) {
        let text = document.to_string();
        let mut whole = schema(&document);
        let told_of_whole = told(&whole);
        if let Some(part) = Schema::of_json(&text.as_bytes()[..cut.index(text.len())]) {
            whole.merge(&part);
        }
        prop_assert_eq!(told(&whole), told_of_whole);
    }

    #[test]
    fn whatever_comes_the_schema_is_bounded(noise in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Some(schema) = Schema::of_json(&noise) {
            prop_assert!(schema.nodes() <= MAX_NODES);
        }
        prop_assert!(Schema::of_form(&noise).nodes() <= MAX_NODES);
    }

    #[test]
    fn no_value_is_in_the_schema(
        secrets in prop::collection::vec("[A-Za-z0-9]{4}[0-9]{6}[A-Za-z0-9]{6}|[a-z]{6,12}@[a-z]{6,9}\\.com|[A-Z][a-z]{5,9} [A-Z][a-z]{5,9}", 4..12),
        document in document(),
    ) {
        // Each is a value, an element, a key of a map that holds the others, and a field of a form.
        let by_key: Map<_, _> = secrets.iter().map(|key| (key.clone(), json!({"name": secrets, "of": key}))).collect();
        let document = json!({"some": document, "by_key": by_key, "list": secrets, "one": secrets[0]});
        let rendered = schema(&document).to_json_schema().to_string();
        let form: String = secrets.iter().map(|secret| format!("q={secret}&{secret}=1&{secret}&")).collect();
        let of_form = Schema::of_form(form.as_bytes()).to_json_schema().to_string();
        for secret in &secrets {
            prop_assert!(!rendered.contains(secret.as_str()), "{secret} in {rendered}");
            prop_assert!(!of_form.contains(secret.as_str()), "{secret} in {of_form}");
        }
    }
}

#[test]
fn what_all_objects_have_is_required() {
    let documents = [json!({"id": 1, "name": "a", "note": null}), json!({"id": 2.5, "name": null})];
    let schema = json!({
        "type": "object",
        "properties": {
            "id": {"type": "number"},
            "name": {"type": ["null", "string"]},
            "note": {"type": "null"},
        },
        "required": ["id", "name"],
    });
    assert_eq!(rendered(&documents), schema);
}

#[test]
fn elements_share_a_schema_and_lengths_have_classes() {
    let documents = [json!([{"a": 1}, {"a": "2024-05-06", "b": true}]), json!([])];
    let schema = json!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"a": {"type": ["integer", "string"], "format": "date"}, "b": {"type": "boolean"}},
            "required": ["a"],
        },
        "x-sidetap-array-lengths": ["0", "2-9"],
    });
    assert_eq!(rendered(&documents), schema);
}

#[test]
fn how_long_arrays_are_does_not_change_the_hash() {
    let (short, long) = (schema(&json!([1])), schema(&json!([1, 2, 3])));
    assert_ne!(short.to_json_schema(), long.to_json_schema());
    assert_eq!(short.hash(), long.hash());
    assert_ne!(short.hash(), schema(&json!(["1"])).hash());
}

#[test]
fn the_hash_is_the_same_in_every_version() {
    let document = json!({"id": 7, "tags": ["a"], "by": {"ann@example.com": 1}, "at": "2024-05-06T07:08:09Z"});
    assert_eq!(schema(&document).hash().to_string(), "a8bbfd99067f5625beb16ba9f3211490");
}

#[test]
fn an_object_with_many_properties_is_a_map() {
    let wide = |count: usize| {
        let word = |at: usize| ["a", "e", "i", "o"].map(String::from)[at % 4].repeat(1 + at / 4);
        Value::Object((0..count).map(|at| (word(at), Value::from(at))).collect())
    };
    assert_eq!(schema(&wide(MAX_PROPERTIES)).properties().count(), MAX_PROPERTIES);
    let map = json!({"type": "object", "additionalProperties": {"type": "integer"}});
    assert_eq!(rendered(&[wide(MAX_PROPERTIES + 1)]), map);
}

#[test]
fn an_object_that_maps_ids_to_things_shows_no_names() {
    let document = json!({"ann@example.com": {"n": 1}, "bob@example.com": {"n": 2, "m": 3}, "nobody": {"n": 4}});
    let things = json!({
        "type": "object",
        "properties": {"m": {"type": "integer"}, "n": {"type": "integer"}},
        "required": ["n"],
    });
    assert_eq!(rendered(&[document]), json!({"type": "object", "additionalProperties": things}));
}

#[test]
fn a_name_that_is_a_value_hides_among_others() {
    let document = json!({"total": 1, "page": 2, "0b2f8a2e-7d0c-4a55-9a9e-1b1f0a5a7c11": "x"});
    let schema = rendered(&[document]);
    assert_eq!(schema["properties"], json!({"page": {"type": "integer"}, "total": {"type": "integer"}}));
    assert_eq!(schema["additionalProperties"], json!({"type": "string"}));
}

#[test]
fn a_property_that_comes_twice_is_counted_once() {
    let mut twice = Schema::of_json(br#"{"a": 1, "a": "x"}"#).expect("JSON");
    twice.merge(&Schema::of_json(b"{}").expect("JSON"));
    assert_eq!(twice.to_json_schema()["required"], Value::Null);
}

#[test]
fn the_end_of_a_document_that_is_cut_off_says_nothing() {
    let whole = Schema::of_json(br#"{"a": 1, "b": {"c": 2}}"#).expect("JSON");
    let part = Schema::of_json(br#"{"a": 1, "b": {"d": 12"#).expect("a beginning");
    let schema = merged(&whole, &part).to_json_schema();
    assert_eq!(schema["required"], json!(["a", "b"]));
    assert_eq!(schema["properties"]["b"]["required"], json!(["c"]));
    // There may have been a point behind the digits.
    assert_eq!(schema["properties"]["b"]["properties"]["d"], json!({}));
}

#[test]
fn what_is_not_json_has_no_schema() {
    for document in
        ["", " ", "404 page not found", "{\"a\":1} {\"a\":2}", "<html>", "{a:1}", "[1,]", "\"a", "tru", "1e999"]
    {
        assert!(Schema::of_json(document.as_bytes()).is_none(), "{document}");
    }
    assert!(Schema::of_json(b"{\"a\": \"\xff\"}").is_none());
}

#[test]
fn what_is_too_deep_is_an_object_or_an_array_and_no_more() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        let schema = Schema::of_json(deep.as_bytes()).expect("JSON");
        assert_eq!(schema.nodes(), MAX_DEPTH);
        let mut level = &schema.to_json_schema();
        for _ in 1..MAX_DEPTH {
            level = level.get("items").unwrap_or(&level["properties"]["a"]);
        }
        assert_eq!(level.get("items").or(level.get("additionalProperties")), Some(&json!({})));
    }
}

/// An object of 60 properties on each of three levels.
fn bushy(first: char) -> Value {
    let names = || (0..60).map(|at| format!("{}{}", ["x", "y", "z"][at % 3].repeat(1 + at / 3), first));
    let leaf = || json!({"a": 1});
    let level: Map<_, _> = names().map(|name| (name, leaf())).collect();
    Value::Object(names().map(|name| (name, Value::Object(level.clone()))).collect())
}

#[test]
fn a_document_of_many_nodes_is_known_in_part() {
    let document = bushy('k');
    let schema = schema(&document);
    assert!((MAX_NODES / 2..=MAX_NODES).contains(&schema.nodes()));
    assert_valid(&document, &schema.to_json_schema());
}

#[test]
fn a_merged_schema_of_many_nodes_loses_its_deepest_levels() {
    let documents: Vec<_> = "kmp".chars().map(|first| json!({first.to_string(): bushy(first)})).collect();
    let mut all = Schema::default();
    for document in &documents {
        all.merge(&schema(document));
        assert!(all.nodes() <= MAX_NODES);
    }
    let schema = all.to_json_schema();
    documents.iter().for_each(|document| assert_valid(document, &schema));
    assert_eq!(schema["properties"].as_object().map(Map::len), Some(3));
}

#[test]
fn a_schema_shrinks_to_what_it_may_take() {
    let mut schema = schema(&bushy('k'));
    assert!(schema.shrink_to(MAX_NODES, 16 << 10));
    assert!(schema.bytes() <= 16 << 10);
    assert_valid(&bushy('k'), &schema.to_json_schema());
    assert!(!schema.shrink_to(MAX_NODES, 16 << 10));
}
