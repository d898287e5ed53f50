//! What the sensor reports.

use std::path::Path;

use serde_json::Value;

/// One line of NDJSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Record(Value);

impl Record {
    /// Every line of a file but those of what was found out over several connections, which come when their time is. One
    /// that is not whole is a failure, unless it is the last one and still being written.
    pub fn read(path: &Path) -> Vec<Record> {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        whole.lines().map(Record::parse).filter(|record| !record.is_finding()).collect()
    }

    /// Whether it was found out over several connections.
    pub fn is_finding(&self) -> bool {
        self.is("endpoint") || self.is("egress")
    }

    pub fn parse(line: &str) -> Record {
        Record(serde_json::from_str(line).unwrap_or_else(|error| panic!("no JSON: {error}: {line}")))
    }

    pub fn is(&self, kind: &str) -> bool {
        self.text("type") == kind
    }

    pub fn is_complete(&self) -> bool {
        self.text("sidetap.transaction.completeness") == "complete"
    }

    /// What it tells of messages, without when and how they came.
    pub fn timeless(&self) -> String {
        let mut value = self.0.clone();
        let members = value.as_object_mut().expect("an object");
        members.retain(|name, _| {
            // Ids are made of the hour, and what is learned of routes depends on what else was seen.
            !["start_time", "duration", "sidetap.dns.rtt", "trace_id", "span_id"].contains(&name.as_str())
                && !["http.route", "url.template", "sidetap.route.source"].contains(&name.as_str())
                && !name.starts_with("sidetap.timing.")
                && !name.starts_with("sidetap.source.")
        });
        value.to_string()
    }

    /// A text; empty if there is none.
    pub fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_default()
    }

    /// A number, if there is one.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.0[name].as_u64()
    }

    pub fn method(&self) -> &str {
        self.text("http.request.method")
    }

    pub fn path(&self) -> &str {
        self.text("url.path")
    }

    pub fn status(&self) -> u64 {
        self.number("http.response.status_code").unwrap_or_default()
    }

    pub fn request_body(&self) -> u64 {
        self.number("http.request.body.size").unwrap_or_default()
    }

    pub fn response_body(&self) -> u64 {
        self.number("http.response.body.size").unwrap_or_default()
    }
}
