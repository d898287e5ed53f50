//! Templates of paths as OpenAPI has them: every parameter has a name of its own, and no two differ only in such names.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// The template of a path, or several that differ only in the names of their parameters.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Template {
    /// The text before each parameter, and behind the last.
    texts: Vec<String>,
    /// What each parameter was called.
    parameters: Vec<BTreeSet<String>>,
}

impl Template {
    /// Reads a template; `None` if it is not that of a path.
    pub fn of(route: &str) -> Option<Self> {
        let mut template = Template::default();
        let mut text = String::new();
        let mut rest = route.strip_prefix('/').map(|_| route)?;
        while let Some(char) = rest.chars().next() {
            match parameter(rest) {
                Some(name) => {
                    template.texts.push(std::mem::take(&mut text));
                    template.parameters.push(BTreeSet::from([plain(name)]));
                    rest = rest.get(name.len() + 2..).unwrap_or_default();
                }
                None => {
                    let (this, behind) = rest.split_at(char.len_utf8());
                    push_encoded(this, behind, &mut text);
                    rest = behind;
                }
            }
        }
        template.texts.push(text);
        Some(template)
    }

    /// What templates have in common that differ only in the names of parameters.
    pub fn shape(&self) -> String {
        self.texts.join("{}")
    }

    /// Takes in another one of the same shape.
    pub fn merge(&mut self, other: Template) {
        if self.texts.is_empty() {
            *self = other;
            return;
        }
        for (names, others) in self.parameters.iter_mut().zip(other.parameters) {
            names.extend(others);
        }
    }

    /// A name for each parameter: `id`, `id2`.
    pub fn names(&self) -> Vec<String> {
        let mut given = BTreeSet::new();
        let name = |names: &BTreeSet<String>| {
            let name = match names.len() {
                1 => names.first().map_or("id", String::as_str),
                _ => "id",
            };
            let numbered = (2..).map(|number| format!("{name}{number}"));
            let name = std::iter::once(name.to_owned()).chain(numbered).find(|name| !given.contains(name));
            let name = name.unwrap_or_default();
            given.insert(name.clone());
            name
        };
        self.parameters.iter().map(name).collect()
    }

    /// With these names.
    pub fn write(&self, names: &[String]) -> String {
        let mut written = String::new();
        let mut names = names.iter();
        for text in &self.texts {
            if !written.is_empty() {
                names.next().into_iter().for_each(|name| written.extend(["{", name, "}"]));
            }
            written.push_str(text);
        }
        written
    }

    /// As OpenAPI describes them.
    pub fn parameters(&self, names: &[String]) -> Vec<Value> {
        let describe = |(name, placeholders): (&String, &BTreeSet<String>)| {
            let mut parameter = json!({"name": name, "in": "path", "required": true, "schema": schema(placeholders)});
            if placeholders.contains("rest") {
                parameter["description"] = "The rest of the path, which may be of several segments.".into();
            }
            parameter
        };
        names.iter().zip(&self.parameters).map(describe).collect()
    }
}

/// The name of the parameter that a text begins with.
fn parameter(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix('{')?.split_once('}')?;
    (!name.is_empty() && name.len() <= 64 && !name.contains(['{', '/'])).then_some(name)
}

/// With nothing in it that readers of OpenAPI stumble over.
fn plain(name: &str) -> String {
    name.chars().map(|char| if char.is_ascii_alphanumeric() || "_-.".contains(char) { char } else { '_' }).collect()
}

/// Adds a character as a path has it (`pchar` and `/`, RFC 3986 §3.3), encoded if it must be.
fn push_encoded(char: &str, behind: &str, text: &mut String) {
    let is_plain = match char.as_bytes() {
        [b'%'] => behind.len() >= 2 && behind.bytes().take(2).all(|byte| byte.is_ascii_hexdigit()),
        [byte] => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(byte),
        _ => false,
    };
    match is_plain {
        true => text.push_str(char),
        false => char.bytes().for_each(|byte| text.push_str(&format!("%{byte:02X}"))),
    }
}

/// The schema of a parameter with such placeholders.
fn schema(placeholders: &BTreeSet<String>) -> Value {
    let one = |placeholder: &str| match placeholder {
        "id" => json!({"type": "integer"}),
        "uuid" => json!({"type": "string", "format": "uuid"}),
        "date" => json!({"type": "string", "format": "date"}),
        _ => json!({"type": "string"}),
    };
    let any = json!({"type": "string"});
    let schemas: Vec<_> = placeholders.iter().map(|placeholder| one(placeholder)).collect();
    match schemas.as_slice() {
        [one] => one.clone(),
        several if several.contains(&any) => any,
        several => json!({"anyOf": several}),
    }
}
