//! What an expression asks of a packet, as conditions on words computed from it.
//!
//! The order of conditions is part of their meaning. A load beyond the end of a packet refuses the packet at once, so
//! that a condition that is only reached after another must stay behind it.

use super::ast::{Joint, Operator};

/// A 32-bit word computed from a packet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Word {
    Constant(u32),
    /// The length of the packet on the wire.
    Length,
    Load(Size, Place),
    Binary(Operator, Box<Word>, Box<Word>),
    Negative(Box<Word>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Size {
    Byte,
    Half,
    Word,
}

/// Where a load begins.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Place {
    At(u32),
    /// `offset` bytes after the end of the IPv4 header that begins at `header`.
    AfterHeader {
        header: u32,
        offset: u32,
    },
    Indexed {
        index: Box<Word>,
        offset: u32,
    },
    IndexedAfterHeader {
        header: u32,
        index: Box<Word>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Comparison {
    Equal,
    Greater,
    GreaterOrEqual,
    /// Any of the right side's bits is set in the left side.
    AnyBit,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Test {
    pub left: Word,
    pub comparison: Comparison,
    pub right: Word,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    Always(bool),
    Test(Test),
    Not(Box<Condition>),
    /// Joined from left to right.
    Chain(Box<Condition>, Vec<(Joint, Condition)>),
}

impl Comparison {
    #[inline]
    pub fn holds(self, left: u32, right: u32) -> bool {
        match self {
            Comparison::Equal => left == right,
            Comparison::Greater => left > right,
            Comparison::GreaterOrEqual => left >= right,
            Comparison::AnyBit => left & right != 0,
        }
    }
}

impl Word {
    pub fn load(size: Size, at: u32) -> Self {
        Word::Load(size, Place::At(at))
    }

    /// The bits of the word that `mask` has.
    pub fn masked(self, mask: u32) -> Self {
        if mask == u32::MAX {
            return self;
        }
        Word::Binary(Operator::And, Box::new(self), Box::new(Word::Constant(mask)))
    }

    pub fn equals(self, value: u32) -> Condition {
        self.compare(Comparison::Equal, value)
    }

    pub fn compare(self, comparison: Comparison, value: u32) -> Condition {
        Condition::test(self, comparison, Word::Constant(value))
    }
}

impl Condition {
    pub fn test(left: Word, comparison: Comparison, right: Word) -> Self {
        match (left, comparison, right) {
            (Word::Constant(left), comparison, Word::Constant(right)) => {
                Condition::Always(comparison.holds(left, right))
            }
            // One instruction tests bits against zero.
            (Word::Binary(Operator::And, word, mask), Comparison::Equal, Word::Constant(0))
                if matches!(*mask, Word::Constant(_)) =>
            {
                Condition::Test(Test { left: *word, comparison: Comparison::AnyBit, right: *mask }).not()
            }
            (left, comparison, right) => Condition::Test(Test { left, comparison, right }),
        }
    }

    pub fn not(self) -> Self {
        match self {
            Condition::Always(value) => Condition::Always(!value),
            Condition::Not(inside) => *inside,
            other => Condition::Not(Box::new(other)),
        }
    }

    pub fn and(self, next: Condition) -> Self {
        self.join(Joint::And, next)
    }

    pub fn or(self, next: Condition) -> Self {
        self.join(Joint::Or, next)
    }

    /// True where any is; they are asked in order.
    pub fn any(conditions: impl IntoIterator<Item = Condition>) -> Self {
        conditions.into_iter().reduce(Condition::or).unwrap_or(Condition::Always(false))
    }

    /// Appends to a chain, so that a long one stays flat.
    pub fn join(self, joint: Joint, next: Condition) -> Self {
        match self {
            Condition::Chain(first, mut rest) => {
                rest.push((joint, next));
                Condition::Chain(first, rest)
            }
            first => Condition::Chain(Box::new(first), vec![(joint, next)]),
        }
    }
}
