//! Nodes of the tree of segments, and how they are found.

use super::hash;
use super::look::{Kind, Look, Placeholder, look};

/// What the allocator needs beside what it gives.
const ALLOCATION: usize = 16;
/// What is behind the last segment that is told apart; the label of roots, too, which nobody looks at.
pub const REST: Placeholder = Placeholder { kind: Kind::Rest, extension: None };

/// A segment, behind those that lead to it.
#[derive(Debug)]
pub struct Node {
    pub label: Label,
    pub edges: Vec<Edge>,
    /// Who asked first; the next free node, if this one is.
    pub client: u32,
    /// Transactions, until there are very many.
    pub count: u16,
    /// Words below, and those that there ever were.
    pub words: u16,
    pub words_ever: u16,
    /// Changes below since one last looked whether this is a parameter.
    pub changes: u8,
    pub many_clients: bool,
    pub proven: bool,
    /// The detector does not let it be shown. It has nothing below it.
    pub barred: bool,
    /// One node stands for all words below.
    pub collapsed: bool,
    /// It is collapsed, or something below it is.
    pub pinned: bool,
}

/// What a node stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Label {
    Value(Placeholder),
    Known(Box<[u8]>),
    /// And what is shown if it is not proven.
    Word(Box<[u8]>, Placeholder),
}

/// A node below another.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    pub hash: u32,
    pub node: u32,
}

/// A segment that is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    pub hash: u32,
    pub segment: &'a [u8],
    pub look: Look,
}

impl<'a> Key<'a> {
    /// Looks at a segment.
    pub fn new(segment: &'a [u8]) -> Self {
        match look(segment) {
            Look::Value(placeholder) => Key::value(placeholder),
            look => Key { hash: hash::of(segment) as u32, segment, look },
        }
    }

    /// For a value of a type.
    pub fn value(placeholder: Placeholder) -> Key<'static> {
        Key { hash: hash::stir(placeholder.number()) as u32, segment: b"", look: Look::Value(placeholder) }
    }

    /// Whether a label is what is looked for.
    pub fn is(&self, label: &Label) -> bool {
        match (self.look, label) {
            (Look::Value(one), Label::Value(other)) => one == *other,
            (Look::Known, Label::Known(word)) | (Look::Word(_), Label::Word(word, _)) => self.segment == &word[..],
            _ => false,
        }
    }

    /// The label of a node for it.
    pub fn label(&self) -> Label {
        match self.look {
            Look::Value(placeholder) => Label::Value(placeholder),
            Look::Known => Label::Known(self.segment.into()),
            Look::Word(masked) => Label::Word(self.segment.into(), masked),
        }
    }
}

impl Label {
    /// Bytes that it takes beside its node.
    pub fn bytes(&self) -> usize {
        match self {
            Label::Value(_) => 0,
            Label::Known(word) | Label::Word(word, _) => label_bytes(word),
        }
    }

    /// Whether it is shown only once it is proven.
    pub fn is_word(&self) -> bool {
        matches!(self, Label::Word(..))
    }
}

/// Bytes that a label of this text takes beside its node.
pub fn label_bytes(word: &[u8]) -> usize {
    word.len() + ALLOCATION
}

impl Node {
    /// One that nobody asked for yet.
    pub fn new(label: Label) -> Self {
        Node {
            label,
            edges: Vec::new(),
            client: 0,
            count: 0,
            words: 0,
            words_ever: 0,
            changes: 0,
            many_clients: false,
            proven: false,
            barred: false,
            collapsed: false,
            pinned: false,
        }
    }
}

/// Bytes that so many edges take.
pub fn edges_bytes(capacity: usize) -> usize {
    if capacity == 0 { 0 } else { capacity * size_of::<Edge>() + ALLOCATION }
}
