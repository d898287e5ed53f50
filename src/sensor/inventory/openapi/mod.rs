//! The endpoints of our own server as an OpenAPI 3.1 document.
//!
//! - [`path`]: templates, with names that OpenAPI takes
//! - [`operation`]: what can be asked for, and what is answered
//!
//! The same inventory gives the same bytes. What OpenAPI has no place for is listed in fields of our own, which begin with
//! `x-sidetap-`.

pub mod operation;
pub mod path;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use super::operation::Operation;
use super::{Inventory, InventoryCounts};
use path::Template;

/// The title of a document of which nothing else is known.
pub const TITLE: &str = "Observed API";

/// Most servers that a document lists.
pub const MAX_SERVERS: usize = 100;

/// The methods that a path can have in OpenAPI (§4.8.9.1), in its order.
const METHODS: [(&str, &str); 8] = [
    ("GET", "get"),
    ("PUT", "put"),
    ("POST", "post"),
    ("DELETE", "delete"),
    ("OPTIONS", "options"),
    ("HEAD", "head"),
    ("PATCH", "patch"),
    ("TRACE", "trace"),
];

/// All that has the same place among the paths.
#[derive(Default)]
struct Path {
    template: Template,
    operations: BTreeMap<String, Operation>,
    origins: BTreeSet<String>,
}

impl Inventory {
    /// A document of everything that was seen at our own server.
    pub fn openapi(&self, title: &str, version: &str) -> Value {
        let mut paths: BTreeMap<String, Path> = BTreeMap::new();
        let mut other_targets = BTreeSet::new();
        let mut all = Operation::default();
        for endpoint in self.served() {
            all.count(&endpoint.operation);
            let Some(template) = Template::of(endpoint.route()) else {
                other_targets.insert(endpoint.route());
                continue;
            };
            let path = paths.entry(template.shape()).or_default();
            path.template.merge(template);
            path.origins.extend(endpoint.operation.origins.iter().map(ToString::to_string));
            let operation = path.operations.entry(endpoint.method().to_owned()).or_default();
            operation.merge(&endpoint.operation, &mut InventoryCounts::default());
        }
        let mut document = Map::new();
        document.insert("openapi".into(), "3.1.0".into());
        document.insert("info".into(), json!({"title": title, "version": version, OBSERVED: observed(&all)}));
        let servers = servers(&paths);
        if !servers.is_empty() {
            document.insert("servers".into(), server_list(&servers));
        }
        document.insert("paths".into(), path_items(&paths, &servers));
        let schemes = operation::security_schemes(paths.values().flat_map(|path| path.operations.values()));
        if !schemes.is_empty() {
            document.insert("components".into(), json!({"securitySchemes": schemes}));
        }
        if !other_targets.is_empty() {
            document.insert("x-sidetap-other-targets".into(), json!(other_targets));
        }
        Value::Object(document)
    }
}

/// How often something was seen, and when.
const OBSERVED: &str = "x-sidetap-observed";

fn observed(operation: &Operation) -> Value {
    if operation.requests == 0 {
        return json!({"requests": 0});
    }
    let time =
        |nanos| humantime::format_rfc3339_millis(SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos)).to_string();
    json!({
        "requests": operation.requests,
        "first_seen": time(operation.first_seen_unix_nanos),
        "last_seen": time(operation.last_seen_unix_nanos),
    })
}

fn servers(paths: &BTreeMap<String, Path>) -> BTreeSet<&str> {
    paths.values().flat_map(|path| path.origins.iter().map(String::as_str)).collect()
}

fn server_list(origins: &BTreeSet<&str>) -> Value {
    origins.iter().take(MAX_SERVERS).map(|origin| json!({"url": origin})).collect()
}

fn path_items(paths: &BTreeMap<String, Path>, servers: &BTreeSet<&str>) -> Value {
    let mut names = operation::Names::default();
    let items = paths.values().map(|path| {
        let names_of_parameters = path.template.names();
        let written = path.template.write(&names_of_parameters);
        let mut item = Map::new();
        let own: BTreeSet<_> = path.origins.iter().map(String::as_str).collect();
        if !own.is_empty() && own != *servers {
            item.insert("servers".into(), server_list(&own));
        }
        let parameters = path.template.parameters(&names_of_parameters);
        if !parameters.is_empty() {
            item.insert("parameters".into(), Value::Array(parameters));
        }
        for (method, field) in METHODS {
            if let Some(operation) = path.operations.get(method) {
                let name = names.give(field, &written);
                item.insert(field.into(), operation::document(operation, name));
            }
        }
        let is_known = |method: &str| METHODS.iter().any(|(known, _)| *known == method);
        let others: Vec<_> = path.operations.keys().filter(|method| !is_known(method)).collect();
        if !others.is_empty() {
            item.insert("x-sidetap-other-methods".into(), json!(others));
        }
        (written, Value::Object(item))
    });
    Value::Object(items.collect())
}
