//! Conditions to a graph of tests with two ways out, and the removal of tests whose outcome is known.
//!
//! Nodes only lead to nodes that were made before them, so that the order of their numbers is the order of execution
//! backwards. Equal nodes are one node. [`Graph::simplified`] leads every way out past the tests that are decided by
//! what was found on the way there, so that `tcp port 80 or tcp port 443` asks only once whether a packet is TCP.
//!
//! There are never more than [`MOST_NODES`], and no more than [`MOST_LOOKS`] at known facts.

use std::collections::HashMap;

use super::ast::Joint;
use super::facts::{FactId, Facts};
use super::ir::{Comparison, Condition, Word};

/// Far more than any program that fits needs.
const MOST_NODES: usize = 1 << 15;
/// What simplification may cost. A graph that is not simplified to the end still means the same.
const MOST_LOOKS: u64 = 1 << 24;
/// After each round, nodes that have become equal are one.
const MOST_ROUNDS: usize = 8;

/// A node: the first two are the ends, the others are tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct NodeId(u32);

impl NodeId {
    pub const REJECT: NodeId = NodeId(0);
    pub const ACCEPT: NodeId = NodeId(1);
    /// How many nodes are ends.
    pub const ENDS: usize = 2;

    pub fn index(self) -> usize {
        self.0 as usize
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct WordId(u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Right {
    Constant(u32),
    Word(WordId),
}

/// A question to a packet, without the ways out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub left: WordId,
    pub comparison: Comparison,
    pub right: Right,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Node {
    pub question: Question,
    pub yes: NodeId,
    pub no: NodeId,
}

/// More nodes than any program that fits has.
#[derive(Debug)]
pub(super) struct TooLarge;

#[derive(Debug, Default)]
pub(super) struct Graph {
    words: Vec<Word>,
    word_ids: HashMap<Word, WordId>,
    nodes: Vec<Node>,
    node_ids: HashMap<Node, NodeId>,
}

/// Nodes and where they begin.
#[derive(Debug)]
pub(super) struct Rooted {
    pub graph: Graph,
    pub root: NodeId,
}

impl Rooted {
    pub fn of(condition: &Condition) -> Result<Self, TooLarge> {
        let mut graph = Graph::default();
        let root = graph.build(condition, NodeId::ACCEPT, NodeId::REJECT)?;
        Ok(Rooted { graph, root })
    }

    /// The same meaning in fewer tests.
    pub fn simplified(mut self) -> Self {
        let mut looks = MOST_LOOKS;
        for _ in 0..MOST_ROUNDS {
            let (next, changed) = self.round(&mut looks);
            self = next;
            if !changed {
                break;
            }
        }
        self
    }

    /// Leads every way out past the tests that are decided on it, and drops what nothing leads to any more.
    fn round(self, looks: &mut u64) -> (Self, bool) {
        let Rooted { graph, root } = self;
        let mut facts = Facts::default();
        let mut known: Vec<Option<FactId>> = vec![None; graph.nodes.len() + NodeId::ENDS];
        let mut led: Vec<Option<Node>> = vec![None; graph.nodes.len()];
        if let Some(known) = known.get_mut(root.index()) {
            *known = Some(Facts::NONE);
        }
        let mut changed = false;
        for id in graph.ids().rev() {
            let (Some(node), Some(Some(before))) = (graph.node(id), known.get(id.index()).copied()) else {
                continue;
            };
            let mut lead = |target, outcome| {
                let fact = facts.learn(before, node.question, outcome);
                let led = graph.follow(target, &facts, fact, looks);
                changed |= led != target;
                if let Some(known) = known.get_mut(led.index()).filter(|_| led.index() >= NodeId::ENDS) {
                    *known = Some(known.map_or(fact, |other| facts.shared(other, fact, looks)));
                }
                led
            };
            let (yes, no) = (lead(node.yes, true), lead(node.no, false));
            if let Some(led) = id.index().checked_sub(NodeId::ENDS).and_then(|at| led.get_mut(at)) {
                *led = Some(Node { yes, no, ..node });
            }
        }
        let (next, merged) = graph.rebuilt(&led, root);
        (next, changed || merged)
    }
}

impl Graph {
    pub fn node(&self, id: NodeId) -> Option<Node> {
        id.index().checked_sub(NodeId::ENDS).and_then(|at| self.nodes.get(at)).copied()
    }

    pub fn word(&self, id: WordId) -> Option<&Word> {
        self.words.get(id.0 as usize)
    }

    /// All tests, the last to be executed first.
    pub fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (2..self.nodes.len() as u32 + 2).map(NodeId)
    }

    /// The node to begin at so as to end at `yes` where the condition holds, and else at `no`.
    fn build(&mut self, condition: &Condition, yes: NodeId, no: NodeId) -> Result<NodeId, TooLarge> {
        match condition {
            Condition::Always(true) => Ok(yes),
            Condition::Always(false) => Ok(no),
            Condition::Not(inside) => self.build(inside, no, yes),
            Condition::Test(test) => {
                let left = self.intern_word(&test.left);
                let right = match &test.right {
                    Word::Constant(value) => Right::Constant(*value),
                    word => Right::Word(self.intern_word(word)),
                };
                let question = Question { left, comparison: test.comparison, right };
                self.intern(Node { question, yes, no })
            }
            // From the last to the first: each is where the one before it goes on when that did not decide.
            Condition::Chain(first, rest) => {
                let (mut yes, mut no) = (yes, no);
                for (joint, next) in rest.iter().rev() {
                    let next = self.build(next, yes, no)?;
                    match joint {
                        Joint::And => yes = next,
                        Joint::Or => no = next,
                    }
                }
                self.build(first, yes, no)
            }
        }
    }

    fn intern_word(&mut self, word: &Word) -> WordId {
        if let Some(id) = self.word_ids.get(word) {
            return *id;
        }
        let id = WordId(self.words.len() as u32);
        self.words.push(word.clone());
        self.word_ids.insert(word.clone(), id);
        id
    }

    fn intern(&mut self, node: Node) -> Result<NodeId, TooLarge> {
        // A test that changes nothing still refuses the packets that are too short for it.
        if node.yes == node.no && (node.no == NodeId::REJECT || self.always_answered(node.question)) {
            return Ok(node.no);
        }
        if let Some(id) = self.node_ids.get(&node) {
            return Ok(*id);
        }
        if self.nodes.len() == MOST_NODES {
            return Err(TooLarge);
        }
        let id = NodeId(self.nodes.len() as u32 + 2);
        self.nodes.push(node);
        self.node_ids.insert(node, id);
        Ok(id)
    }

    fn always_answered(&self, question: Question) -> bool {
        let computable = |id| matches!(self.word(id), Some(Word::Constant(_) | Word::Length));
        computable(question.left)
            && match question.right {
                Right::Constant(_) => true,
                Right::Word(right) => computable(right),
            }
    }

    /// The first node from `target` on that `fact` and those before it do not decide.
    fn follow(&self, target: NodeId, facts: &Facts, fact: FactId, looks: &mut u64) -> NodeId {
        let mut target = target;
        while let Some(node) = self.node(target) {
            match facts.decide(fact, node.question, looks) {
                Some(true) => target = node.yes,
                Some(false) => target = node.no,
                None => break,
            }
        }
        target
    }

    /// All tests, for [`super::order`].
    pub fn nodes_mut(&mut self) -> &mut [Node] {
        &mut self.nodes
    }

    /// The nodes that were reached, with their new ways out; and whether any two became one.
    fn rebuilt(self, led: &[Option<Node>], root: NodeId) -> (Rooted, bool) {
        let mut graph = Graph { words: self.words, word_ids: self.word_ids, ..Graph::default() };
        let mut moved = vec![NodeId::REJECT, NodeId::ACCEPT];
        let mut reached = 0;
        for node in led {
            let id = node.and_then(|node| {
                reached += 1;
                let to = |id: NodeId| moved.get(id.index()).copied().unwrap_or(NodeId::REJECT);
                let node = Node { yes: to(node.yes), no: to(node.no), ..node };
                // There were as many nodes before, so that there is room.
                graph.intern(node).ok()
            });
            moved.push(id.unwrap_or(NodeId::REJECT));
        }
        let root = moved.get(root.index()).copied().unwrap_or(NodeId::REJECT);
        let merged = graph.nodes.len() != reached;
        (Rooted { graph, root }, merged)
    }
}
