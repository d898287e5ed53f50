//! Header blocks to fields, RFC 7541 §3 and §6.
//!
//! Bounds, a direction: the table's [`MAX_TABLE`](super::MAX_TABLE); [`MAX_LIST`] of fields handed on for one block,
//! after which the block is only read to keep the table right; [`MAX_INSERTED`] octets of entries added by one block,
//! after which the table is given up, so that the time for a block is proportional to its length and that; and a
//! scratch buffer for strings in Huffman code, of which no more than 4 KiB stay between blocks.

use std::ops::Range;

use super::dynamic_table::{DEFAULT_TABLE, DynamicTable, OVERHEAD, Slot};
use super::{Error, huffman, integer, static_table};

/// The most octets of fields that one block hands on, counted as RFC 9113 §6.5.2 counts a header list.
pub const MAX_LIST: usize = 64 << 10;
/// The most octets of entries that one block may add to the table.
pub const MAX_INSERTED: u32 = 1 << 20;
/// The largest scratch buffer that is kept between blocks.
const KEPT_SCRATCH: usize = 4 << 10;

/// One header field, as it came out of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name; `None` if it is in a table entry that was missed.
    pub name: Option<&'a [u8]>,
    /// The value; `None` if it is in a table entry that was missed.
    pub value: Option<&'a [u8]>,
    /// The index that the field, or its name, was given as; 0 for a literal name. Where something is unknown this is
    /// what is left to show of it.
    pub index: u32,
    /// Sent as "never indexed", RFC 7541 §6.2.3: the sender holds the value to be secret.
    pub never_indexed: bool,
}

/// What a block was like as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Decoded {
    /// Fields handed on of which the name or the value is unknown.
    pub unknown: u32,
    /// Octets of all its fields, counted as RFC 9113 §6.5.2 counts a header list.
    pub list: usize,
    /// The list was larger than [`MAX_LIST`], and fields were left out at its end.
    pub list_too_large: bool,
    /// A table size update stood after a field, RFC 7541 §4.2.
    pub late_size_update: bool,
    /// A table size update went beyond what the other end allows, RFC 7541 §6.3.
    pub size_not_allowed: bool,
}

/// Decodes the header blocks that one end sends, in the order in which it sends them.
#[derive(Debug)]
pub struct Decoder {
    table: DynamicTable,
    scratch: Vec<u8>,
    allowed: u32,
}

/// A name or a value, borrowed from the block or a table, or decoded to the scratch buffer.
enum Text<'a> {
    Borrowed(&'a [u8]),
    Scratch(Range<usize>),
    Unknown,
}

impl Text<'_> {
    #[inline]
    fn get<'s>(&'s self, scratch: &'s [u8]) -> Option<&'s [u8]> {
        match self {
            Text::Borrowed(text) => Some(text),
            Text::Scratch(range) => scratch.get(range.clone()),
            Text::Unknown => None,
        }
    }
}

/// What intermediaries may do with a literal that is not added to the table, RFC 7541 §6.2.2 and §6.2.3.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Literal {
    NotIndexed,
    NeverIndexed,
}

impl Default for Decoder {
    fn default() -> Self {
        Decoder::new()
    }
}

impl Decoder {
    /// For a connection that is read from its beginning. Takes no memory before the first block.
    pub const fn new() -> Self {
        Decoder { table: DynamicTable::new(), scratch: Vec::new(), allowed: DEFAULT_TABLE }
    }

    /// For a connection that is already going on.
    pub fn midstream() -> Self {
        let mut decoder = Decoder::new();
        decoder.lose();
        decoder
    }

    /// Says that blocks were missed: what the table held is now unknown.
    pub fn lose(&mut self) {
        self.table.lose();
    }

    /// Whether an index may stand for an entry that was missed.
    pub fn is_partial(&self) -> bool {
        self.table.is_partial()
    }

    /// Sets what the other end's SETTINGS_HEADER_TABLE_SIZE allows; only checked, never relied upon.
    pub fn allow(&mut self, size: u32) {
        self.allowed = size;
    }

    /// Octets of memory that are held.
    pub fn memory(&self) -> usize {
        self.table.memory() + self.scratch.capacity()
    }

    /// Exchanges the scratch buffer for another, so that many decoders can share one.
    pub(in crate::protocol) fn swap_scratch(&mut self, scratch: &mut Vec<u8>) {
        std::mem::swap(&mut self.scratch, scratch);
    }

    /// Decodes one whole block and hands its fields on in order.
    ///
    /// # Errors
    /// What stopped it. The fields handed on before it are right; those after it are missed, and so the table is lost.
    pub fn decode(&mut self, block: &[u8], mut sink: impl FnMut(Field<'_>)) -> Result<Decoded, Error> {
        let mut run = Run { decoded: Decoded::default(), inserted: 0, decoder: self, sink: &mut sink };
        let result = run.block(block);
        let decoded = run.decoded;
        if result.is_err() {
            self.table.lose();
        }
        if self.scratch.capacity() > KEPT_SCRATCH {
            self.scratch = Vec::new();
        }
        result.map(|()| decoded)
    }
}

/// The decoding of one block.
struct Run<'d, S> {
    decoder: &'d mut Decoder,
    decoded: Decoded,
    inserted: u32,
    sink: &'d mut S,
}

impl<S: FnMut(Field<'_>)> Run<'_, S> {
    fn block(&mut self, block: &[u8]) -> Result<(), Error> {
        let mut input = block;
        let mut fields = false;
        while let Some(&first) = input.first() {
            match first {
                0x80.. => self.indexed(integer::read(&mut input, 7)?)?,
                0x40.. => self.added_literal(&mut input)?,
                0x20.. => {
                    let size = integer::read(&mut input, 5)?;
                    self.decoded.late_size_update |= fields;
                    self.decoded.size_not_allowed |= size > self.decoder.allowed;
                    self.decoder.table.resize(size);
                    continue;
                }
                0x10.. => self.literal(&mut input, Literal::NeverIndexed)?,
                _ => self.literal(&mut input, Literal::NotIndexed)?,
            }
            fields = true;
        }
        Ok(())
    }

    /// RFC 7541 §6.1.
    #[inline]
    fn indexed(&mut self, index: u32) -> Result<(), Error> {
        let (name, value) = if let Some((name, value)) = static_table::get(index) {
            (Some(name), Some(value))
        } else {
            match dynamic(&self.decoder.table, index)? {
                Slot::Entry(name, value) => (name, value),
                Slot::Missed | Slot::Nothing => (None, None),
            }
        };
        hand_on(&mut self.decoded, self.sink, Field { name, value, index, never_indexed: false });
        Ok(())
    }

    /// RFC 7541 §6.2.2 and §6.2.3. Nothing is copied: a block can name a long entry once for every three of its octets.
    fn literal(&mut self, input: &mut &[u8], literal: Literal) -> Result<(), Error> {
        let Decoder { table, scratch, .. } = &mut *self.decoder;
        scratch.clear();
        let index = integer::read(input, 4)?;
        let name = match index {
            0 => string(input, scratch)?,
            _ => name_at(table, index)?.map_or(Text::Unknown, Text::Borrowed),
        };
        let value = string(input, scratch)?;
        let (name, value) = (name.get(scratch), value.get(scratch));
        let never_indexed = literal == Literal::NeverIndexed;
        hand_on(&mut self.decoded, self.sink, Field { name, value, index, never_indexed });
        Ok(())
    }

    /// A literal that is added to the table, RFC 7541 §6.2.1.
    fn added_literal(&mut self, input: &mut &[u8]) -> Result<(), Error> {
        let Decoder { table, scratch, .. } = &mut *self.decoder;
        scratch.clear();
        let index = integer::read(input, 6)?;
        let name = match index {
            0 => string(input, scratch)?,
            _ => match name_at(table, index)? {
                Some(name) => {
                    // Copied, because adding this field may evict the entry that its name is in.
                    scratch.extend_from_slice(name);
                    Text::Scratch(0..scratch.len())
                }
                None => Text::Unknown,
            },
        };
        let value = string(input, scratch)?;
        let (name, value) = (name.get(scratch), value.get(scratch));
        hand_on(&mut self.decoded, self.sink, Field { name, value, index, never_indexed: false });
        self.inserted = self.inserted.saturating_add(size(name, value) as u32);
        if self.inserted > MAX_INSERTED {
            return Err(Error::TooMuchAdded { octets: self.inserted });
        }
        table.insert(name, value);
        Ok(())
    }
}

/// The name at an index, not 0, of the address space that both tables share; `None` if it is not known.
#[inline]
fn name_at(table: &DynamicTable, index: u32) -> Result<Option<&[u8]>, Error> {
    if let Some((name, _)) = static_table::get(index) {
        return Ok(Some(name));
    }
    match dynamic(table, index)? {
        Slot::Entry(name, _) => Ok(name),
        Slot::Missed | Slot::Nothing => Ok(None),
    }
}

/// What the dynamic table has at an index of the address space that both tables share, RFC 7541 §2.3.3.
#[inline]
fn dynamic(table: &DynamicTable, index: u32) -> Result<Slot<'_>, Error> {
    let from_newest = index.checked_sub(static_table::LEN + 1).ok_or(Error::Index { index })?;
    match table.get(from_newest) {
        Slot::Nothing => Err(Error::Index { index }),
        slot => Ok(slot),
    }
}

/// A string literal, RFC 7541 §5.2.
#[inline]
fn string<'a>(input: &mut &'a [u8], scratch: &mut Vec<u8>) -> Result<Text<'a>, Error> {
    let huffman = input.first().is_some_and(|first| first & 0x80 != 0);
    let length = integer::read(input, 7)? as usize;
    let (text, rest) = input.split_at_checked(length).ok_or(Error::Truncated)?;
    *input = rest;
    if !huffman {
        return Ok(Text::Borrowed(text));
    }
    let start = scratch.len();
    huffman::decode(text, scratch)?;
    Ok(Text::Scratch(start..scratch.len()))
}

/// Unknown text counts nothing.
#[inline]
fn size(name: Option<&[u8]>, value: Option<&[u8]>) -> usize {
    name.map_or(0, <[u8]>::len) + value.map_or(0, <[u8]>::len) + OVERHEAD as usize
}

#[inline]
fn hand_on(decoded: &mut Decoded, sink: &mut impl FnMut(Field<'_>), field: Field<'_>) {
    decoded.list = decoded.list.saturating_add(size(field.name, field.value));
    if decoded.list > MAX_LIST {
        decoded.list_too_large = true;
        return;
    }
    decoded.unknown += u32::from(field.name.is_none() || field.value.is_none());
    sink(field);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::hpack::tests::encoder::{integer, string};

    /// An entry with a long name, and then fields that name it and are not added, three octets each.
    #[test]
    fn naming_an_entry_costs_no_more_than_the_octets_that_name_it() {
        const NAME: usize = 3000;
        let mut block = Vec::new();
        integer(&mut block, 0x40, 6, 0);
        string(&mut block, &[b'n'; NAME], false);
        string(&mut block, b"v", false);
        let mut decoder = Decoder::new();
        decoder.decode(&block, |_| ()).unwrap();

        for first in [0x00, 0x10] {
            let mut block = Vec::new();
            integer(&mut block, first, 4, static_table::LEN + 1);
            string(&mut block, b"", false);
            let mut names = 0;
            let decoded = decoder.decode(&block.repeat(20), |field| {
                assert_eq!((field.name, field.value), (Some(&[b'n'; NAME][..]), Some(&b""[..])));
                assert_eq!((field.index, field.never_indexed), (static_table::LEN + 1, first == 0x10));
                names += 1;
            });
            assert_eq!((names, decoded.unwrap().list), (20, 20 * (NAME + OVERHEAD as usize)));
        }
        assert_eq!(decoder.scratch.capacity(), 0, "nothing was copied");
    }
}
