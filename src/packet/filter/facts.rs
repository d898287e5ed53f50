//! What is known of a packet where the graph has been gone through so far.
//!
//! Every way out of a test is a fact, and comes after the facts before that test: together they are a tree. Where ways
//! join, only the facts that all of them share still hold.

use super::graph::{Question, Right, WordId};
use super::ir::Comparison;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FactId(u32);

#[derive(Debug)]
struct Fact {
    before: FactId,
    /// How many facts are before this one.
    depth: u32,
    question: Question,
    outcome: bool,
}

#[derive(Debug, Default)]
pub(super) struct Facts(Vec<Fact>);

/// The values that a word can still have.
struct Span {
    least: u32,
    most: u32,
}

impl Facts {
    /// Nothing is known.
    pub const NONE: FactId = FactId(0);

    fn get(&self, id: FactId) -> Option<&Fact> {
        (id.0 as usize).checked_sub(1).and_then(|at| self.0.get(at))
    }

    fn depth(&self, id: FactId) -> u32 {
        self.get(id).map_or(0, |fact| fact.depth)
    }

    pub fn learn(&mut self, before: FactId, question: Question, outcome: bool) -> FactId {
        let depth = self.depth(before) + 1;
        self.0.push(Fact { before, depth, question, outcome });
        FactId(self.0.len() as u32)
    }

    /// The facts that hold on both ways; none of them where no looks are left.
    pub fn shared(&self, one: FactId, other: FactId, looks: &mut u64) -> FactId {
        let (mut one, mut other) = (one, other);
        while one != other {
            if *looks == 0 {
                return Facts::NONE;
            }
            *looks -= 1;
            let deeper = if self.depth(one) >= self.depth(other) { &mut one } else { &mut other };
            match self.get(*deeper) {
                Some(fact) => *deeper = fact.before,
                None => return Facts::NONE,
            }
        }
        one
    }

    /// The answer to a question, where `fact` and those before it give it. Takes a look for every fact it considers.
    pub fn decide(&self, fact: FactId, question: Question, looks: &mut u64) -> Option<bool> {
        let mut span = Span { least: 0, most: u32::MAX };
        let mut at = fact;
        while let Some(fact) = self.get(at) {
            *looks = looks.checked_sub(1)?;
            if fact.question == question {
                return Some(fact.outcome);
            }
            if let Some(answer) = span.narrow(fact, question.left).then(|| span.decide(question)).flatten() {
                return Some(answer);
            }
            at = fact.before;
        }
        None
    }
}

impl Span {
    /// Takes a fact about `word` into account; whether there was anything to take.
    fn narrow(&mut self, fact: &Fact, word: WordId) -> bool {
        let Right::Constant(value) = fact.question.right else {
            return false;
        };
        if fact.question.left != word {
            return false;
        }
        match (fact.question.comparison, fact.outcome) {
            (Comparison::Equal, true) => (self.least, self.most) = (value, value),
            (Comparison::Greater, true) => self.least = self.least.max(value.saturating_add(1)),
            (Comparison::Greater, false) => self.most = self.most.min(value),
            (Comparison::GreaterOrEqual, true) => self.least = self.least.max(value),
            (Comparison::GreaterOrEqual, false) => self.most = self.most.min(value.saturating_sub(1)),
            (Comparison::Equal, false) | (Comparison::AnyBit, _) => return false,
        }
        true
    }

    fn decide(&self, question: Question) -> Option<bool> {
        let Right::Constant(value) = question.right else {
            return None;
        };
        if self.least == self.most {
            return Some(question.comparison.holds(self.least, value));
        }
        match question.comparison {
            Comparison::Equal if value < self.least || value > self.most => Some(false),
            Comparison::Greater if self.least > value => Some(true),
            Comparison::Greater if self.most <= value => Some(false),
            Comparison::GreaterOrEqual if self.least >= value => Some(true),
            Comparison::GreaterOrEqual if self.most < value => Some(false),
            _ => None,
        }
    }
}
