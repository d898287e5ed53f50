//! Which item of ours is which of tshark's, and where the two differ.

use crate::item::{Item, Kind};

/// Stands for what one side does not tell.
const NOTHING: &str = "–";

/// Values that tshark does not always tell; where it is silent there is nothing to compare.
const OPTIONAL: [&str; 3] = ["request body", "response body", "port"];

/// What tshark tells of a request without that there is a value of ours for it.
const ASIDE: &str = "request version";

/// Items that have these in common are the same, the surest first.
const SAME: [&[&str]; 6] = [
    &["id", "stream", "method", "path", "status"],
    &["stream", "method", "path"],
    &["stream", "status"],
    &["method", "path", "status"],
    &["status"],
    &[],
];

/// How two lists of items compare.
#[derive(Debug, Default)]
pub struct Comparison {
    pub theirs: usize,
    pub ours: usize,
    /// Values that both tell, and that are the same.
    pub agreements: usize,
    pub disagreements: Vec<Disagreement>,
}

/// A value that differs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Disagreement {
    pub what: String,
    pub theirs: String,
    pub ours: String,
}

impl Comparison {
    pub fn new(theirs: Vec<Item>, ours: Vec<Item>) -> Self {
        let mut comparison = Comparison { theirs: theirs.len(), ours: ours.len(), ..Comparison::default() };
        let mut theirs: Vec<Option<Item>> = theirs.into_iter().map(Some).collect();
        let mut ours: Vec<Option<Item>> = ours.into_iter().map(Some).collect();
        for names in SAME {
            for one in &mut theirs {
                let Some(item) = one else { continue };
                let same = |other: &&mut Option<Item>| other.as_ref().is_some_and(|other| is_same(item, other, names));
                if let Some(other) = ours.iter_mut().find(same).and_then(Option::take) {
                    comparison.compare(&one.take().unwrap(), &other);
                }
            }
        }
        for item in theirs.into_iter().flatten() {
            comparison.differ(name(&item), whole(&item), NOTHING.to_owned());
        }
        for item in ours.into_iter().flatten() {
            comparison.differ(name(&item), NOTHING.to_owned(), whole(&item));
        }
        comparison.disagreements.sort();
        comparison
    }

    fn compare(&mut self, theirs: &Item, ours: &Item) {
        let mut skipped: &[&str] = &[];
        if theirs.kind == Kind::Http {
            if theirs.get("method").is_some() != ours.get("method").is_some() {
                skipped = &["method", "path", "host", "port", "request body"];
                self.differ("request", request(theirs), request(ours));
            }
            if theirs.get("status").is_some() != ours.get("status").is_some() {
                skipped = &["status", "response body", "version"];
                self.differ("response", response(theirs), response(ours));
            }
        }
        let names = theirs.values.keys().chain(ours.values.keys().filter(|name| !theirs.values.contains_key(*name)));
        for name in names.filter(|name| **name != ASIDE && !skipped.contains(name)) {
            match (theirs.get(name), ours.get(name)) {
                (one, other) if one == other => self.agreements += 1,
                (None, _) if OPTIONAL.contains(name) => {}
                (one, other) => {
                    let [one, other] = [one, other].map(|value| value.map_or(NOTHING.to_owned(), quoted));
                    self.differ(name, one, other);
                }
            }
        }
    }

    fn differ(&mut self, what: &str, theirs: String, ours: String) {
        self.disagreements.push(Disagreement { what: what.to_owned(), theirs, ours });
    }
}

fn is_same(one: &Item, other: &Item, names: &[&str]) -> bool {
    one.kind == other.kind && one.ends == other.ends && names.iter().all(|name| one.get(name) == other.get(name))
}

fn name(item: &Item) -> &'static str {
    match item.kind {
        Kind::Http => "exchange",
        Kind::WebSocket => "WebSocket session",
        Kind::Tls => "TLS handshake",
        Kind::Dns => "DNS answer",
    }
}

fn quoted(value: &str) -> String {
    format!("`{value}`")
}

fn whole(item: &Item) -> String {
    match item.kind {
        Kind::Http => {
            let words = ["method", "path", "status"].into_iter().filter_map(|name| item.get(name));
            quoted(&words.collect::<Vec<_>>().join(" "))
        }
        _ => quoted(&item.values.iter().map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>().join(", ")),
    }
}

fn request(item: &Item) -> String {
    match (item.get("method"), item.get("request version")) {
        (None, _) => "none".to_owned(),
        (Some(_), Some("")) => "one without a version".to_owned(),
        (Some(_), Some(version)) if !version.starts_with("HTTP/1.1") => format!("one with the version `{version}`"),
        (Some(method), _) => format!("`{method} {}`", item.get("path").unwrap_or_default()),
    }
}

fn response(item: &Item) -> String {
    item.get("status").map_or("none".to_owned(), quoted)
}
