//! The fields of one header block, as an event hands them on.

use crate::protocol::hpack::Field;

/// What stays reserved between blocks: octets of text, and a quarter of that for the entries.
const KEPT: usize = 4 << 10;

/// A list of fields in the order in which they were sent. One is reused for all blocks of a connection.
#[derive(Debug, Default)]
pub struct Fields {
    text: Vec<u8>,
    entries: Vec<Entry>,
}

/// Lengths of a name and a value that lie one after the other in `text`, after those of the entry before. A list has at
/// most 64 KiB (`hpack::MAX_LIST`), less 32 octets an entry, so that a length never is [`UNKNOWN`].
#[derive(Debug, Clone, Copy)]
struct Entry {
    name: u16,
    value: u16,
    /// Of the field, to show where its text is unknown.
    index: u32,
    never_indexed: bool,
}

const UNKNOWN: u16 = u16::MAX;

impl Fields {
    /// The fields, first to last.
    pub fn iter(&self) -> impl Iterator<Item = Field<'_>> {
        let mut rest = self.text.as_slice();
        let mut part = move |length: u16| {
            if length == UNKNOWN {
                return None;
            }
            let (part, after) = rest.split_at_checked(usize::from(length))?;
            rest = after;
            Some(part)
        };
        self.entries.iter().map(move |entry| Field {
            name: part(entry.name),
            value: part(entry.value),
            index: entry.index,
            never_indexed: entry.never_indexed,
        })
    }

    /// The known value of the first field of this name, which is in lower case.
    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.iter().find(|field| field.name == Some(name))?.value
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    #[inline]
    pub(super) fn push(&mut self, field: Field<'_>) {
        let mut length = |part: Option<&[u8]>| match part {
            Some(part) => {
                self.text.extend_from_slice(part);
                part.len() as u16
            }
            None => UNKNOWN,
        };
        let (name, value) = (length(field.name), length(field.value));
        self.entries.push(Entry { name, value, index: field.index, never_indexed: field.never_indexed });
    }

    /// Empties the list, and gives unusually much memory back.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.entries.clear();
        if self.text.capacity() > KEPT {
            self.text = Vec::new();
        }
        if self.entries.capacity() * size_of::<Entry>() > KEPT / 4 {
            self.entries = Vec::new();
        }
    }

    pub(super) fn memory(&self) -> usize {
        self.text.capacity() + self.entries.capacity() * size_of::<Entry>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_with_their_unknown_parts() {
        let field = |name, value, index| Field { name, value, index, never_indexed: index == 7 };
        let given = [
            field(Some(&b":path"[..]), Some(&b"/"[..]), 4),
            field(None, Some(b"v"), 70),
            field(None, None, 71),
            field(Some(b"a"), Some(b""), 7),
        ];
        let mut fields = Fields::default();
        given.into_iter().for_each(|field| fields.push(field));
        assert!(fields.iter().eq(given));
        assert_eq!(fields.get(b":path"), Some(&b"/"[..]));
        assert_eq!(fields.get(b"b"), None);
        fields.clear();
        assert!(fields.is_empty());
    }
}
