//! Hand-written miniatures of the shapes that task definitions come in.

use std::path::PathBuf;

use serde_json::{Value, json};

/// The path of a fixture.
pub fn fixture_path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// A fixture as JSON.
pub fn fixture(name: &str) -> Value {
    let text = std::fs::read_to_string(fixture_path(name)).expect("the fixture is there");
    serde_json::from_str(&text).expect("the fixture is JSON")
}

/// A Fargate task definition with room for a sidecar, for the stand-in.
pub fn task_definition(family: &str) -> Value {
    let mut definition = fixture("roomy.json");
    definition["family"] = json!(family);
    definition
}

/// What can be registered of a described task definition.
pub fn registrable(described: &Value) -> Value {
    let mut definition = described.clone();
    for key in [
        "taskDefinitionArn",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "registeredBy",
    ] {
        definition.as_object_mut().expect("an object").remove(key);
    }
    definition
}
