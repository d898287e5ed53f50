//! Items to a request, and a request back to items.
//!
//! The three requests of OTLP have one shape (opentelemetry-proto, `collector/*/v1/*_service.proto`): a list of
//! `ResourceX { resource = 1, scope_x = 2, schema_url = 3 }` under field 1, where
//! `ScopeX { scope = 1, items = 2, schema_url = 3 }`. So an item that is encoded needs only a prefix and lengths, and a
//! request that was refused for its size is cut in halves without decoding its items.

use prost::bytes::Buf;
use prost::encoding::{WireType, decode_key, decode_varint, encode_key, encode_varint, encoded_len_varint};

use super::{Batch, Signal};

/// What items of one resource have in common.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// A protobuf `Resource`.
    pub resource: Vec<u8>,
    /// A protobuf `InstrumentationScope`.
    pub scope: Vec<u8>,
    /// The schema of the names that resource and items use.
    pub schema_url: String,
}

/// Knows the resources by their numbers. It is asked by the sending thread.
pub trait Envelopes: Send {
    /// What the items of a resource have in common; `out` is empty.
    fn write(&mut self, signal: Signal, resource: u16, out: &mut Envelope);
}

/// There is one resource only.
impl Envelopes for Envelope {
    fn write(&mut self, _: Signal, _: u16, out: &mut Envelope) {
        out.clone_from(self);
    }
}

impl<F: FnMut(Signal, u16, &mut Envelope) + Send> Envelopes for F {
    fn write(&mut self, signal: Signal, resource: u16, out: &mut Envelope) {
        self(signal, resource, out);
    }
}

/// The items of one resource and scope.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section<'a> {
    pub resource: &'a [u8],
    pub scope: &'a [u8],
    pub schema_url: &'a [u8],
    pub items: Vec<&'a [u8]>,
}

const FIRST: u32 = 1;
const SECOND: u32 = 2;
const SCHEMA_URL: u32 = 3;

impl Section<'_> {
    fn scope_len(&self) -> usize {
        let items: usize = self.items.iter().map(|item| field_len(item.len())).sum();
        field_len(self.scope.len()) + items + self.schema_len()
    }

    fn resource_len(&self) -> usize {
        field_len(self.resource.len()) + field_len(self.scope_len()) + self.schema_len()
    }

    fn schema_len(&self) -> usize {
        if self.schema_url.is_empty() { 0 } else { field_len(self.schema_url.len()) }
    }

    /// Bytes of the request that is nothing but this.
    pub fn encoded_len(&self) -> usize {
        field_len(self.resource_len())
    }
}

/// Writes the request of these sections piece by piece.
pub fn write(sections: &[Section<'_>], sink: &mut dyn FnMut(&[u8])) {
    let mut head = Vec::with_capacity(32);
    for section in sections {
        start(&mut head, FIRST, section.resource_len());
        start(&mut head, FIRST, section.resource.len());
        head.extend_from_slice(section.resource);
        start(&mut head, SECOND, section.scope_len());
        start(&mut head, FIRST, section.scope.len());
        head.extend_from_slice(section.scope);
        for item in &section.items {
            start(&mut head, SECOND, item.len());
            sink(&head);
            sink(item);
            head.clear();
        }
        if !section.schema_url.is_empty() {
            for _ in 0..2 {
                start(&mut head, SCHEMA_URL, section.schema_url.len());
                head.extend_from_slice(section.schema_url);
            }
        }
        sink(&head);
        head.clear();
    }
}

/// The items of a batch by their resources, which `envelopes` holds, sorted by number.
pub fn sections<'a>(batch: &'a Batch, envelopes: &'a [(u16, Envelope)]) -> Vec<Section<'a>> {
    let section = |(number, envelope): &'a (u16, Envelope)| Section {
        resource: &envelope.resource,
        scope: &envelope.scope,
        schema_url: envelope.schema_url.as_bytes(),
        items: batch.iter().filter(|(resource, _)| resource == number).map(|(_, item)| item).collect(),
    };
    envelopes.iter().map(section).collect()
}

/// The sections of a request that [`write()`] has written; `None` if it is none.
pub fn read(request: &[u8]) -> Option<Vec<Section<'_>>> {
    let mut sections = Vec::new();
    for (tag, resource) in Fields(request) {
        let mut section = Section::default();
        if tag? != FIRST {
            return None;
        }
        for (tag, field) in Fields(resource) {
            match tag? {
                FIRST => section.resource = field,
                SECOND => {
                    for (tag, field) in Fields(field) {
                        match tag? {
                            FIRST => section.scope = field,
                            SECOND => section.items.push(field),
                            SCHEMA_URL => section.schema_url = field,
                            _ => return None,
                        }
                    }
                }
                SCHEMA_URL => section.schema_url = field,
                _ => return None,
            }
        }
        sections.push(section);
    }
    Some(sections)
}

/// The first so many items, and the others.
pub fn split<'a>(sections: &[Section<'a>], mut first: usize) -> (Vec<Section<'a>>, Vec<Section<'a>>) {
    let (mut front, mut back) = (Vec::new(), Vec::new());
    for section in sections {
        let cut = first.min(section.items.len());
        first -= cut;
        let (left, right) = section.items.split_at(cut);
        let part = |items: &[&'a [u8]]| Section { items: items.to_vec(), ..section.clone() };
        front.extend((!left.is_empty()).then(|| part(left)));
        back.extend((!right.is_empty()).then(|| part(right)));
    }
    (front, back)
}

/// Bytes of a field of so many bytes, with its key and length.
pub fn field_len(len: usize) -> usize {
    1 + encoded_len_varint(len as u64) + len
}

fn start(out: &mut Vec<u8>, tag: u32, len: usize) {
    encode_key(tag, WireType::LengthDelimited, out);
    encode_varint(len as u64, out);
}

/// The fields of a message in which all have a length. A tag that is `None` says that it is broken.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = (Option<u32>, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = next_field(&mut self.0);
        Some(match field {
            Some((tag, field)) => (Some(tag), field),
            None => {
                self.0 = &[];
                (None, &[])
            }
        })
    }
}

fn next_field<'a>(rest: &mut &'a [u8]) -> Option<(u32, &'a [u8])> {
    let (tag, wire_type) = decode_key(rest).ok()?;
    if wire_type != WireType::LengthDelimited {
        return None;
    }
    let len = usize::try_from(decode_varint(rest).ok()?).ok()?;
    let field = rest.get(..len)?;
    rest.advance(len);
    Some((tag, field))
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
    use opentelemetry_proto::tonic::resource::v1::Resource;
    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
    use proptest::prelude::*;
    use prost::Message;

    use super::*;

    fn bytes(sections: &[Section<'_>]) -> Vec<u8> {
        let mut out = Vec::new();
        write(sections, &mut |piece| out.extend_from_slice(piece));
        out
    }

    #[test]
    fn a_request_is_what_prost_would_write() {
        let scope = InstrumentationScope { name: "sidetap".into(), ..Default::default() };
        let span = |name: &str| Span { name: name.repeat(50), ..Default::default() };
        let resource = |number: u32| Resource { dropped_attributes_count: number, ..Default::default() };
        let spans = |number, spans| ResourceSpans {
            resource: Some(resource(number)),
            scope_spans: vec![ScopeSpans { scope: Some(scope.clone()), spans, schema_url: "http://schema".into() }],
            schema_url: "http://schema".into(),
        };
        let expected = ExportTraceServiceRequest {
            resource_spans: vec![spans(0, vec![span("a"), span("ccc")]), spans(9, vec![span("bb")])],
        };

        let mut batch = Batch::new(Signal::Traces);
        for (number, name) in [(0, "a"), (9, "bb"), (0, "ccc")] {
            batch.push(number, &span(name).encode_to_vec());
        }
        let envelope = |number: u16| Envelope {
            resource: resource(number.into()).encode_to_vec(),
            scope: scope.encode_to_vec(),
            schema_url: "http://schema".into(),
        };
        let envelopes = [(0, envelope(0)), (9, envelope(9))];
        let sections = sections(&batch, &envelopes);
        let request = bytes(&sections);
        assert_eq!(ExportTraceServiceRequest::decode(&request[..]).unwrap(), expected);
        assert_eq!(request, expected.encode_to_vec());
        assert_eq!(sections.iter().map(Section::encoded_len).sum::<usize>(), request.len());
        assert_eq!(read(&request).unwrap(), sections);
    }

    proptest! {
        #[test]
        fn halves_have_all_items_in_order(
            lens in prop::collection::vec(prop::collection::vec(0_usize..300, 1..9), 1..4),
            first in 0_usize..30,
        ) {
            let store = vec![7; 300];
            let whole: Vec<_> = lens.iter().map(|lens| Section {
                resource: &store[..9],
                scope: &store[..1],
                schema_url: &store[..4],
                items: lens.iter().map(|&len| &store[..len]).collect(),
            }).collect();
            let request = bytes(&whole);
            let whole = read(&request).unwrap();
            let (front, back) = split(&whole, first);
            let items = |sections: &[Section<'_>]| -> Vec<usize> {
                sections.iter().flat_map(|section| section.items.iter().map(|item| item.len())).collect()
            };
            let all = items(&whole);
            prop_assert_eq!(items(&front).len(), first.min(all.len()));
            prop_assert_eq!([items(&front), items(&back)].concat(), all);
        }

        #[test]
        fn nothing_that_is_read_panics(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            read(&bytes);
        }
    }
}
