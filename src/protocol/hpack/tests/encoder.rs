//! An HPACK encoder by the letter of RFC 7541: a list of pairs for a table, one bit at a time for the Huffman code.

use proptest::prelude::*;

use super::super::{huffman::code_of, static_table};

pub type Pair = (Vec<u8>, Vec<u8>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// By its index, or as [`Form::Add`] if no table has it.
    Index,
    Add,
    Plain,
    Never,
}

/// One field and the choices that an encoder has for it.
#[derive(Debug, Clone)]
pub struct Choice {
    pub field: Pair,
    pub form: Form,
    pub name_by_index: bool,
    pub huffman_name: bool,
    pub huffman_value: bool,
}

#[derive(Debug, Clone)]
pub struct Block {
    /// Table size updates at its start.
    pub sizes: Vec<u32>,
    pub fields: Vec<Choice>,
}

#[derive(Debug)]
pub struct Encoder {
    /// The newest first.
    table: Vec<Pair>,
    max: usize,
}

impl Encoder {
    pub fn new() -> Self {
        Encoder { table: Vec::new(), max: 4096 }
    }

    pub fn encode(&mut self, block: &Block) -> Vec<u8> {
        let mut out = Vec::new();
        for &size in &block.sizes {
            integer(&mut out, 0x20, 5, size);
            self.max = size as usize;
            self.evict(0);
        }
        for choice in &block.fields {
            self.field(&mut out, choice);
        }
        out
    }

    fn field(&mut self, out: &mut Vec<u8>, choice: &Choice) {
        let (name, value) = &choice.field;
        let entries: Vec<Pair> = (1..=61)
            .map(|index| static_table::get(index).map(|(name, value)| (name.to_vec(), value.to_vec())).unwrap())
            .chain(self.table.iter().cloned())
            .collect();
        if choice.form == Form::Index
            && let Some(at) = entries.iter().rposition(|entry| entry == &choice.field)
        {
            return integer(out, 0x80, 7, at as u32 + 1);
        }
        let name_at = entries.iter().rposition(|entry| &entry.0 == name).filter(|_| choice.name_by_index);
        let index = name_at.map_or(0, |at| at as u32 + 1);
        match choice.form {
            Form::Index | Form::Add => integer(out, 0x40, 6, index),
            Form::Plain => integer(out, 0x00, 4, index),
            Form::Never => integer(out, 0x10, 4, index),
        }
        if index == 0 {
            string(out, name, choice.huffman_name);
        }
        string(out, value, choice.huffman_value);
        if matches!(choice.form, Form::Index | Form::Add) {
            let size = 32 + name.len() + value.len();
            self.evict(size);
            if size <= self.max {
                self.table.insert(0, choice.field.clone());
            }
        }
    }

    fn evict(&mut self, more: usize) {
        while self.table.iter().map(|(name, value)| 32 + name.len() + value.len()).sum::<usize>() + more > self.max
            && self.table.pop().is_some()
        {}
    }
}

pub fn integer(out: &mut Vec<u8>, first: u8, prefix: u32, value: u32) {
    let most = (1_u32 << prefix) - 1;
    if value < most {
        return out.push(first | value as u8);
    }
    out.push(first | most as u8);
    let mut rest = value - most;
    while rest >= 128 {
        out.push(rest as u8 & 0x7f | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

pub fn string(out: &mut Vec<u8>, text: &[u8], coded: bool) {
    if coded {
        let text = huffman(text);
        integer(out, 0x80, 7, text.len() as u32);
        out.extend(text);
    } else {
        integer(out, 0x00, 7, text.len() as u32);
        out.extend(text);
    }
}

pub fn huffman(text: &[u8]) -> Vec<u8> {
    let mut bits: Vec<bool> = Vec::new();
    for &octet in text {
        let (code, length) = code_of(octet);
        bits.extend((0..length).rev().map(|bit| code >> bit & 1 == 1));
    }
    bits.resize(bits.len().next_multiple_of(8), true);
    bits.chunks(8).map(|octet| octet.iter().fold(0, |sum, &bit| sum << 1 | u8::from(bit))).collect()
}

/// A block of the given fields, each in the form that an ordinary encoder chooses.
pub fn ordinary(fields: &[(&str, &str)]) -> Block {
    let choice = |&(name, value): &(&str, &str)| Choice {
        field: (name.into(), value.into()),
        form: Form::Index,
        name_by_index: true,
        huffman_name: true,
        huffman_value: true,
    };
    Block { sizes: Vec::new(), fields: fields.iter().map(choice).collect() }
}

fn name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => prop::sample::select(vec![":method", ":path", ":status", "accept", "x-a", "x-b", "cookie", "grpc-status"])
            .prop_map(|name| name.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => prop::sample::select(vec!["", "GET", "/", "200", "404", "1", "2", "application/grpc", "gzip, deflate"])
            .prop_map(|value| value.as_bytes().to_vec()),
        2 => prop::collection::vec(any::<u8>(), 0..60),
        1 => (200..3000_usize, any::<u8>()).prop_map(|(length, octet)| vec![octet; length]),
    ]
}

fn choice() -> impl Strategy<Value = Choice> {
    let form =
        prop_oneof![6 => Just(Form::Index), 2 => Just(Form::Add), 1 => Just(Form::Plain), 1 => Just(Form::Never)];
    (name(), value(), form, any::<[bool; 3]>()).prop_map(|(name, value, form, flags)| Choice {
        field: (name, value),
        form,
        name_by_index: flags[0],
        huffman_name: flags[1],
        huffman_value: flags[2],
    })
}

pub fn blocks() -> impl Strategy<Value = Vec<Block>> {
    let size = prop_oneof![2 => Just(0_u32), 4 => 0..400_u32, 2 => 0..70_000_u32, 1 => Just(4096_u32)];
    let sizes = prop_oneof![8 => Just(vec![]), 1 => prop::collection::vec(size, 1..3)];
    let block = (sizes, prop::collection::vec(choice(), 0..8)).prop_map(|(sizes, fields)| Block { sizes, fields });
    prop::collection::vec(block, 1..20)
}
