//! How items become the body of a request, and how a request is marked.
//!
//! Requests are kept compressed whatever the format, in memory and on disk; one that receivers may not be able to expand
//! is expanded again when it is posted.

use super::envelope::{self, Section};
use super::{Endpoint, Signal};

/// What a receiver reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// OTLP: items are Protocol Buffers, under a resource and a scope.
    #[default]
    Otlp,
    /// An array of JSON objects. An item is the beginning of one, on one line; what the envelope has for its resource is
    /// the end. There is no scope and no schema.
    JsonArray {
        /// Where it goes, from the endpoint's path on.
        path: &'static str,
    },
}

/// What is between two objects. JSON has no line breaks within strings, so that this is found nowhere else.
const BETWEEN: &[u8] = b",\n";

impl Format {
    /// Where the requests of a signal go.
    pub(super) fn url(self, endpoint: &Endpoint, signal: Signal) -> String {
        match self {
            Format::Otlp => endpoint.url(signal),
            Format::JsonArray { path } => endpoint.join(path),
        }
    }

    /// The media type of requests and of answers.
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Format::Otlp => "application/x-protobuf",
            Format::JsonArray { .. } => "application/json",
        }
    }

    /// Whether requests go out as they are kept: compressed.
    pub(super) fn is_sent_compressed(self) -> bool {
        self == Format::Otlp
    }

    /// Whether an answer may say that some items were not taken.
    pub(super) fn is_answered_in_part(self) -> bool {
        self == Format::Otlp
    }

    /// Bytes that a section has in a request.
    pub fn encoded_len(self, section: &Section<'_>) -> usize {
        match self {
            Format::Otlp => section.encoded_len(),
            // The brackets take as much as one more separator would.
            Format::JsonArray { .. } => {
                section.items.iter().map(|item| item.len() + section.resource.len() + BETWEEN.len()).sum()
            }
        }
    }

    /// Writes the request of these sections piece by piece.
    pub fn write(self, sections: &[Section<'_>], sink: &mut dyn FnMut(&[u8])) {
        if self == Format::Otlp {
            return envelope::write(sections, sink);
        }
        let mut before: &[u8] = b"[";
        for section in sections {
            for item in &section.items {
                sink(before);
                sink(item);
                sink(section.resource);
                before = BETWEEN;
            }
        }
        sink(b"]");
    }

    /// The sections of a request that [`Format::write`] has written, whose items have all that they had there; `None` if
    /// it is none.
    pub fn read(self, request: &[u8]) -> Option<Vec<Section<'_>>> {
        if self == Format::Otlp {
            return envelope::read(request);
        }
        let objects = request.strip_prefix(b"[")?.strip_suffix(b"]")?;
        let lines = objects.split(|&byte| byte == b'\n');
        let items: Vec<&[u8]> = lines.map(|line| line.strip_suffix(b",").unwrap_or(line)).collect();
        Some(vec![Section { items, ..Section::default() }])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const FORMAT: Format = Format::JsonArray { path: "/1/x" };

    fn bytes(sections: &[Section<'_>]) -> Vec<u8> {
        let mut out = Vec::new();
        FORMAT.write(sections, &mut |piece| out.extend_from_slice(piece));
        out
    }

    #[test]
    fn an_array_has_each_item_with_the_end_of_its_resource() {
        let sections = [
            Section { resource: br#","of":"a"}"#, items: vec![br#"{"n":1"#, br#"{"n":2"#], ..Section::default() },
            Section { resource: br#","of":"b"}"#, items: vec![br#"{"n":3"#], ..Section::default() },
        ];
        let request = bytes(&sections);
        let read: Value = serde_json::from_slice(&request).unwrap();
        assert_eq!(read, json!([{"n": 1, "of": "a"}, {"n": 2, "of": "a"}, {"n": 3, "of": "b"}]));
        assert_eq!(sections.iter().map(|section| FORMAT.encoded_len(section)).sum::<usize>(), request.len());
    }

    #[test]
    fn the_path_is_appended_and_what_the_query_says_stays() {
        let endpoint = Endpoint::parse("https://levo.example/base/?key=1").unwrap();
        assert_eq!(FORMAT.url(&endpoint, Signal::Traces), "https://levo.example/base/1/x?key=1");
    }

    proptest! {
        #[test]
        fn halves_of_an_array_are_arrays_of_all_items(
            texts in prop::collection::vec(any::<String>(), 1..9),
            first in 0_usize..9,
        ) {
            let items: Vec<Vec<u8>> = texts
                .iter()
                .map(|text| [br#"{"text":"#.to_vec(), serde_json::to_vec(text).unwrap()].concat())
                .collect();
            let items = items.iter().map(Vec::as_slice).collect();
            let request = bytes(&[Section { resource: b"}", items, ..Section::default() }]);
            let sections = FORMAT.read(&request).unwrap();
            let (front, back) = envelope::split(&sections, first);
            let mut found = Vec::new();
            for half in [front, back].into_iter().filter(|half| !half.is_empty()) {
                let half = bytes(&half);
                let objects: Vec<Value> = serde_json::from_slice(&half).unwrap();
                found.extend(objects.into_iter().map(|object| object["text"].as_str().unwrap().to_owned()));
            }
            prop_assert_eq!(found, texts);
        }
    }
}
