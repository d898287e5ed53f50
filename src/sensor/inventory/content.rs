//! The types of a message's content, by media type.

use sha2::{Digest, Sha256};

use super::InventoryCounts;
use crate::sensor::schema::{MAX_NODES, Schema};

/// Most media types of one kind of message; content of further ones is counted as left out.
pub const MAX_MEDIA_TYPES: usize = 4;

/// Longest media type, in bytes; a longer one is none.
const MAX_MEDIA_TYPE: usize = 100;

/// Most bytes of one schema; of a larger one the deepest levels are cut off.
pub const MAX_SCHEMA_BYTES: usize = 16 << 10;

/// What requests of an endpoint contain, or its responses of one status.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// In the order of their media types, in small letters.
    entries: Vec<(Box<str>, Option<Schema>)>,
}

impl Contents {
    /// Takes in one that was seen. Whether that is something new.
    pub fn observe(&mut self, media_type: &str, schema: Option<&Schema>, counts: &mut InventoryCounts) -> bool {
        let Some(media_type) = essence(media_type) else { return false };
        let place = self
            .entries
            .binary_search_by(|(known, _)| known.bytes().cmp(media_type.bytes().map(|byte| byte.to_ascii_lowercase())));
        match place {
            Ok(at) => match self.entries.get_mut(at).zip(schema) {
                Some(((_, known), schema)) => merge_schema(known, schema, counts),
                None => false,
            },
            Err(_) if self.entries.len() >= MAX_MEDIA_TYPES => {
                counts.left_out += 1;
                false
            }
            Err(at) => {
                let mut known = None;
                if let Some(schema) = schema {
                    merge_schema(&mut known, schema, counts);
                }
                self.entries.insert(at, (media_type.to_ascii_lowercase().into(), known));
                true
            }
        }
    }

    /// Takes in what another knows.
    pub fn merge(&mut self, other: &Contents, counts: &mut InventoryCounts) {
        for (media_type, schema) in other.iter() {
            self.observe(media_type, schema, counts);
        }
    }

    /// Media types in their order, and what of them is known.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&Schema>)> {
        self.entries.iter().map(|(media_type, schema)| (&**media_type, schema.as_ref()))
    }

    /// The schema of a media type, which may have parameters.
    pub fn schema(&self, media_type: &str) -> Option<&Schema> {
        let media_type = essence(media_type)?;
        self.iter().find(|(known, _)| known.eq_ignore_ascii_case(media_type)).and_then(|(_, schema)| schema)
    }

    /// Adds what has a schema to a hash, and tells whether there is anything of it.
    pub fn hash(&self, kind: u16, hasher: &mut Sha256) -> bool {
        let mut any = false;
        for (media_type, schema) in self.iter() {
            let Some(schema) = schema else { continue };
            any = true;
            hasher.update(kind.to_le_bytes());
            hasher.update([u8::try_from(media_type.len()).unwrap_or(u8::MAX)]);
            hasher.update(media_type);
            hasher.update(schema.hash().0);
        }
        any
    }

    /// Bytes of memory that it owns, about.
    pub fn owned_bytes(&self) -> usize {
        let places = self.entries.capacity() * size_of::<(Box<str>, Option<Schema>)>();
        places
            + self.iter().map(|(media_type, schema)| media_type.len() + schema.map_or(0, Schema::bytes)).sum::<usize>()
    }

    /// Forgets the schemas.
    pub fn forget_schemas(&mut self) {
        self.entries.iter_mut().for_each(|(_, schema)| *schema = None);
    }
}

/// Takes in a schema where there may be none. Whether that says anything new.
pub fn merge_schema(known: &mut Option<Schema>, schema: &Schema, counts: &mut InventoryCounts) -> bool {
    let changed = match known {
        Some(known) => known.merge(schema),
        None => {
            *known = Some(schema.clone());
            true
        }
    };
    let cut = changed && known.as_mut().is_some_and(|known| known.shrink_to(MAX_NODES, MAX_SCHEMA_BYTES));
    counts.schemas_cut += u64::from(cut);
    changed
}

/// The media type without its parameters (RFC 9110 §8.3.1); `None` if it is none.
pub fn essence(field: &str) -> Option<&str> {
    let essence = field.split(';').next()?.trim_ascii();
    let (kind, subtype) = essence.split_once('/')?;
    let is_token = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    (essence.len() <= MAX_MEDIA_TYPE && is_token(kind) && is_token(subtype)).then_some(essence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(contents: &Contents) -> Vec<&str> {
        contents.iter().map(|(media_type, _)| media_type).collect()
    }

    #[test]
    fn media_types_are_the_same_with_other_letters_and_parameters() {
        let mut counts = InventoryCounts::default();
        let mut contents = Contents::default();
        assert!(contents.observe("Application/JSON; charset=utf-8", None, &mut counts));
        assert!(!contents.observe(" application/json", None, &mut counts));
        assert_eq!(names(&contents), ["application/json"]);
    }

    #[test]
    fn what_is_no_media_type_is_no_content() {
        let mut contents = Contents::default();
        for field in ["", "json", "/", "a/", "a b/c", "text/\u{e9}", &format!("a/{}", "b".repeat(MAX_MEDIA_TYPE))] {
            assert!(!contents.observe(field, Some(&Schema::of_empty_object()), &mut InventoryCounts::default()));
        }
        assert!(names(&contents).is_empty());
    }

    #[test]
    fn media_types_that_are_too_many_are_counted() {
        let mut counts = InventoryCounts::default();
        let mut contents = Contents::default();
        for number in 0..MAX_MEDIA_TYPES + 3 {
            contents.observe(&format!("text/x-{number}"), None, &mut counts);
        }
        assert_eq!((names(&contents).len(), counts.left_out), (MAX_MEDIA_TYPES, 3));
    }

    #[test]
    fn a_schema_that_grows_too_large_is_cut() {
        let mut counts = InventoryCounts::default();
        let mut contents = Contents::default();
        for first in 'a'..='p' {
            let inner: Vec<_> =
                ('a'..='z').map(|letter| format!("\"{first}{letter}{}\":{{}}", "o".repeat(50))).collect();
            let document = format!("{{\"{first}\":{{{}}}}}", inner.join(","));
            let schema = Schema::of_json(document.as_bytes()).unwrap();
            contents.observe("application/json", Some(&schema), &mut counts);
        }
        assert!(contents.owned_bytes() <= MAX_SCHEMA_BYTES + 1024);
        assert!(counts.schemas_cut > 0);
    }
}
