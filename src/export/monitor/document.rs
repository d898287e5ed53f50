//! All of a report as one JSON object.

use super::report::{Fact, Family, Item, Report, Value};
use super::subject::{About, State};
use crate::export::json;

/// What the text is.
pub const CONTENT_TYPE: &str = "application/json";

/// The object.
pub fn text(about: &About, state: &State, report: &Report) -> String {
    let mut out = Vec::new();
    out.extend_from_slice(b"{\"version\":");
    json::string(&mut out, env!("CARGO_PKG_VERSION").as_bytes());
    member(&mut out, "command", &about.command.into());
    member(&mut out, "uptime_seconds", &about.uptime().as_secs().into());
    member(&mut out, "state", &state.word().into());
    member(&mut out, "reason", &state.why().into());
    for (of, fact) in &report.facts {
        name(&mut out, of);
        match fact {
            Fact::One(it) => value(&mut out, it),
            Fact::List(items) => each(&mut out, b"[]", items, item),
        }
    }
    name(&mut out, "metrics");
    each(&mut out, b"{}", &report.families, family);
    out.extend_from_slice(b"}\n");
    String::from_utf8(out).unwrap_or_default()
}

/// `"name":5`, or a list of objects with the labels and the value.
fn family(out: &mut Vec<u8>, family: &Family) {
    json::string(out, family.full_name().as_bytes());
    out.push(b':');
    match &family.samples[..] {
        [one] if one.labels.is_empty() => json::number(out, one.value),
        several => each(out, b"[]", several, |out, sample| {
            out.push(b'{');
            for (label, value) in &sample.labels {
                json::string(out, label.as_bytes());
                out.push(b':');
                json::string(out, value.as_bytes());
                out.push(b',');
            }
            out.extend_from_slice(b"\"value\":");
            json::number(out, sample.value);
            out.push(b'}');
        }),
    }
}

fn item(out: &mut Vec<u8>, item: &Item) {
    each(out, b"{}", item, |out, (name, it)| {
        json::string(out, name.as_bytes());
        out.push(b':');
        value(out, it);
    });
}

/// Things between brackets, with commas.
fn each<T>(out: &mut Vec<u8>, [open, close]: &[u8; 2], things: &[T], write: impl Fn(&mut Vec<u8>, &T)) {
    out.push(*open);
    for (place, thing) in things.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        write(out, thing);
    }
    out.push(*close);
}

fn name(out: &mut Vec<u8>, name: &str) {
    out.push(b',');
    json::string(out, name.as_bytes());
    out.push(b':');
}

fn member(out: &mut Vec<u8>, of: &str, it: &Value) {
    name(out, of);
    value(out, it);
}

fn value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Text(text) => json::string(out, text.as_bytes()),
        Value::Number(number) => json::number(out, *number),
        Value::Flag(flag) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
        Value::Nothing => out.extend_from_slice(b"null"),
    }
}
