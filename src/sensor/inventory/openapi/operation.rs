//! An operation: what can be asked for, and what is answered.

use std::collections::{BTreeMap, BTreeSet};

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::{OBSERVED, observed};
use crate::record::AuthScheme;
use crate::sensor::inventory::content::Contents;
use crate::sensor::inventory::operation::Operation;

/// Longest name of an operation, in bytes, without the number that makes it unique.
const MAX_NAME: usize = 100;

/// Names of operations, each given once.
#[derive(Debug, Default)]
pub struct Names {
    given: BTreeSet<String>,
    /// The last number that was needed, by name.
    last: BTreeMap<String, u64>,
}

impl Names {
    /// A name such as `getUsersByIdCards`, for `get` and `/users/{id}/cards`.
    pub fn give(&mut self, method: &str, path: &str) -> String {
        let mut name = method.to_owned();
        for segment in path.split('/') {
            for (at, text) in segment.split(['{', '}']).enumerate() {
                if at % 2 == 1 {
                    name.push_str("By");
                }
                push_words(text, &mut name);
            }
        }
        if name.len() == method.len() {
            name.push_str("Root");
        }
        name.truncate(MAX_NAME);
        let mut unique = name.clone();
        while !self.given.insert(unique.clone()) {
            let last = self.last.entry(name.clone()).or_insert(1);
            *last += 1;
            unique = format!("{name}{last}");
        }
        unique
    }
}

/// Adds the words of a text, each with a capital.
fn push_words(text: &str, name: &mut String) {
    for word in text.split(|char: char| !char.is_ascii_alphanumeric()) {
        let mut chars = word.chars();
        name.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(chars.as_str());
    }
}

/// An operation, as OpenAPI describes it.
pub fn document(operation: &Operation, name: String) -> Value {
    let mut document = Map::new();
    document.insert("operationId".into(), name.into());
    if let Some(query) = &operation.query {
        let parameters = query.properties().map(|(name, schema, required)| {
            let mut parameter = Map::new();
            parameter.insert("name".into(), name.into());
            parameter.insert("in".into(), "query".into());
            if required {
                parameter.insert("required".into(), true.into());
            }
            parameter.insert("schema".into(), schema);
            Value::Object(parameter)
        });
        let parameters: Vec<_> = parameters.collect();
        if !parameters.is_empty() {
            document.insert("parameters".into(), Value::Array(parameters));
        }
        if query.has_hidden_properties() {
            document.insert("x-sidetap-hidden-query-parameters".into(), true.into());
        }
    }
    if let Some(content) = content(&operation.request) {
        let mut body = Map::new();
        if operation.with_content == operation.requests {
            body.insert("required".into(), true.into());
        }
        body.insert("content".into(), content);
        document.insert("requestBody".into(), Value::Object(body));
    }
    document.insert("responses".into(), responses(operation));
    let others: Vec<_> = operation.responses.keys().filter(|status| status_field(**status).is_none()).collect();
    if !others.is_empty() {
        document.insert("x-sidetap-other-statuses".into(), json!(others));
    }
    let security = security(operation);
    if !security.is_empty() {
        document.insert("security".into(), Value::Array(security));
    }
    document.insert(OBSERVED.into(), observed(operation));
    Value::Object(document)
}

fn content(contents: &Contents) -> Option<Value> {
    let content: Map<_, _> = contents
        .iter()
        .map(|(media_type, schema)| {
            let schema = schema.map_or_else(|| json!({}), |schema| json!({"schema": schema.to_json_schema()}));
            (media_type.to_owned(), schema)
        })
        .collect();
    (!content.is_empty()).then_some(Value::Object(content))
}

fn responses(operation: &Operation) -> Value {
    let mut responses = Map::new();
    for (&status, contents) in &operation.responses {
        let Some((field, description)) = status_field(status) else { continue };
        let mut response = Map::new();
        response.insert("description".into(), description.into());
        if let Some(content) = content(contents) {
            response.insert("content".into(), content);
        }
        responses.insert(field, Value::Object(response));
    }
    if responses.is_empty() {
        responses.insert("default".into(), json!({"description": "No response was seen."}));
    }
    Value::Object(responses)
}

/// The field for a status or its class, and what it says; `None` for those that OpenAPI does not know.
fn status_field(status: u16) -> Option<(String, &'static str)> {
    let class = if status < 100 { status } else { status / 100 };
    let description = match class {
        1 => "Informational",
        2 => "Success",
        3 => "Redirection",
        4 => "Client error",
        5 => "Server error",
        _ => return None,
    };
    if status < 100 {
        return Some((format!("{status}XX"), description));
    }
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    Some((status.to_string(), reason.unwrap_or(description)))
}

/// The name of a way to say who asks, and what it is.
fn scheme(auth: AuthScheme) -> Option<(&'static str, Value)> {
    let header = |name: &str, description: &str| json!({"type": "apiKey", "in": "header", "name": name, "description": description});
    Some(match auth {
        AuthScheme::None => return None,
        AuthScheme::Basic => ("basic", json!({"type": "http", "scheme": "basic"})),
        AuthScheme::Bearer => ("bearer", json!({"type": "http", "scheme": "bearer"})),
        AuthScheme::Digest => ("digest", json!({"type": "http", "scheme": "digest"})),
        AuthScheme::SigV4 => ("sigv4", header("Authorization", "AWS Signature Version 4")),
        AuthScheme::ApiKey => ("apiKey", header("X-API-Key", "A key; the name of its field is an assumption.")),
        AuthScheme::Cookie => ("cookie", {
            let description = "The name of the cookie was not recorded.";
            json!({"type": "apiKey", "in": "cookie", "name": "session", "description": description})
        }),
        AuthScheme::Other => ("other", header("Authorization", "A scheme that is not known")),
    })
}

/// Any one of these is enough.
fn security(operation: &Operation) -> Vec<Value> {
    let is_optional = operation.auth.contains(&AuthScheme::None);
    let names = operation.auth.iter().filter_map(|&auth| scheme(auth)).map(|(name, _)| json!({name: []}));
    let mut security: Vec<_> = names.collect();
    if is_optional && !security.is_empty() {
        security.push(json!({}));
    }
    security
}

/// The ways that some operation uses, by name.
pub fn security_schemes<'a>(operations: impl Iterator<Item = &'a Operation>) -> BTreeMap<&'static str, Value> {
    operations.flat_map(|operation| &operation.auth).filter_map(|&auth| scheme(auth)).collect()
}
