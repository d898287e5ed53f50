//! Files in formats of others are read by programs of others.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::run::{Ended, Run};
use crate::shop;
use crate::tools::{Node, Python, skip, well};
use crate::traffic::Traffic;

/// Captures of real traffic.
const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus/pcap");

const LEVELS: [&str; 4] = ["metadata", "schema", "redacted", "full"];

fn read(name: &str, file: &[u8], level: &str) -> Ended {
    let run = Run::of(&format!("formats-{name}-{level}"), file).level(level);
    let run = run.path("--export", "ndjson:", "lines").path("--export", "har:", "har");
    run.path("--openapi", "", "openapi.json").path("--egress-report", "", "egress.json").run().well()
}

#[test]
fn har_is_har() {
    let Some(node) = Node::prepared() else { return };
    let odd = Traffic::with(0xad, 2_000).file.into_bytes();
    for (name, file, least) in [("shop", shop::traffic(), 72), ("odd", odd, 80)] {
        for level in LEVELS {
            let ended = read(&format!("har-{name}"), &file, level);
            let entries = well(node.script("har_check.js").args(ended.har_files("har")));
            let entries: u32 = entries.lines().map(|line| line.parse::<u32>().expect("a number")).sum();
            assert!(entries >= least, "{name} at {level}: {entries}");
        }
    }
}

/// Whoever makes OpenAPI of HAR sees paths and types, at every level.
#[test]
fn mitmproxy2swagger_finds_templates_and_types() {
    let Some(python) = Python::with("mitmproxy2swagger") else { return };
    for level in LEVELS {
        // It does not get through the body of a form in a HAR file, whoever wrote that.
        let run = Run::of(&format!("swagger-{level}"), &shop::traffic()).level(level);
        let ended = run.args(&["--path-exclusions", "^/login"]).path("--export", "har:", "har").run().well();
        let files = ended.har_files("har");
        let document = ended.directory.join("swagger.yaml");
        let swagger = || {
            let mut command = python.program("mitmproxy2swagger");
            command.args(["--format", "har", "--api-prefix", "http://api.shop.test", "--input"]).arg(&files[0]);
            well(command.arg("--output").arg(&document))
        };
        // The first time it lists paths to choose from; without `ignore:` they are chosen.
        swagger();
        let listed = String::from_utf8(ended.read("swagger.yaml")).expect("it is text");
        std::fs::write(&document, listed.replace("ignore:", "")).expect("there is room");
        swagger();
        let paths: Value =
            serde_json::from_str(&well(python.script("yaml_paths.py").arg(&document))).expect("it is JSON");
        let paths: BTreeMap<String, Vec<String>> = serde_json::from_value(paths).expect("paths and methods");
        for (path, method) in [("/users/{id}/cards", "get"), ("/users/{id}/cards/{id1}", "put"), ("/orders", "post")] {
            let methods = paths.get(path).unwrap_or_else(|| panic!("no {path} at {level} in {paths:?}"));
            assert!(methods.iter().any(|it| it == method), "{path} at {level}: {methods:?}");
        }
    }
}

#[test]
fn openapi_documents_are_valid() {
    let Some(python) = Python::with("openapi_spec_validator") else { return };
    let odd = Traffic::with(0x0a91, 2_000).file.into_bytes();
    for level in ["metadata", "schema", "full"] {
        for (name, file) in [("shop", shop::traffic()), ("odd", odd.clone())] {
            let ended = read(&format!("openapi-{name}"), &file, level);
            let told = well(python.script("openapi_check.py").arg(ended.directory.join("openapi.json")));
            let paths: Value = serde_json::from_str(&told).expect("it is JSON");
            assert!(name != "shop" || paths["/users/{id}/cards"] == json!(["get"]), "{level}: {paths}");
        }
    }
}

/// Schemas are those of the bodies, and say nothing of what was in them.
#[test]
fn openapi_documents_have_types_and_no_values() {
    let ended = read("openapi-types", &shop::traffic(), "schema");
    let document: Value = serde_json::from_slice(&ended.read("openapi.json")).expect("it is JSON");
    let response = &document["paths"]["/users/{id}/cards"]["get"]["responses"]["200"]["content"]["application/json"];
    let card = &response["schema"]["items"]["properties"];
    assert_eq!(card["limit"]["type"], "number", "{document:#}");
    assert_eq!(card["id"]["format"], "uuid", "{document:#}");
    let text = document.to_string();
    for value in ["ann@example.com", "Ann", "4111111111111111", "hunter2", "12.5", "2024-05-06"] {
        assert!(!text.contains(value), "{value}");
    }
}

#[test]
fn openapi_documents_of_all_captures_are_valid() {
    let Some(python) = Python::with("openapi_spec_validator") else { return };
    if !Path::new(CORPUS).exists() {
        return skip(&format!("the corpus is not beside the checkout: {CORPUS}")).unwrap_or_default();
    }
    let mut documents = Vec::new();
    for entry in std::fs::read_dir(CORPUS).expect("the corpus can be read") {
        let path = entry.expect("it can be read").path();
        let name = path.file_stem().expect("files have names").to_string_lossy().into_owned();
        documents.push(read(&format!("corpus-{name}"), &std::fs::read(&path).expect("it can be read"), "schema"));
    }
    let paths = documents.iter().map(|ended| ended.directory.join("openapi.json"));
    let told = well(python.script("openapi_check.py").args(paths));
    assert_eq!(told.lines().count(), documents.len());
}

#[test]
fn lines_and_tables_are_read_by_others() {
    let Some(python) = Python::with("csv") else { return };
    let odd = Traffic::with(0xc57, 3_000).file.into_bytes();
    for (name, file, types) in [
        ("shop", shop::traffic(), json!(["dns", "egress", "endpoint", "http", "tls"])),
        ("odd", odd, json!(["dns", "egress", "endpoint", "http", "tls", "websocket"])),
    ] {
        for level in LEVELS {
            let ended = read(&format!("lines-{name}"), &file, level);
            let table = Run::of(&format!("table-{name}-{level}"), &file).args(&["--export", "none"]);
            let table = table.path("--egress-report", "", "egress.csv").run().well();
            let text = Run::of(&format!("text-{name}-{level}"), &file).args(&["--export", "none"]);
            let text = text.path("--egress-report", "", "egress.txt").run().well();
            let told = well(python.script("lines_check.py").args([
                ended.directory.join("lines"),
                ended.directory.join("egress.json"),
                table.directory.join("egress.csv"),
            ]));
            let told: Value = serde_json::from_str(&told).expect("it is JSON");
            assert_eq!(told["types"], types, "{name} at {level}");
            let rows = String::from_utf8(text.read("egress.txt")).expect("it is text").lines().count() as u64;
            // A title, an empty line, and the heads of columns.
            assert_eq!(rows - 3, told["sites"].as_u64().expect("a number"), "{name} at {level}");
        }
    }
}
