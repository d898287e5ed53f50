//! When the words below a node are values of a parameter, and what is done then.
//!
//! Many words alone prove nothing: there are APIs with many verbs. A node is collapsed if it has more words below it than
//! are none too many, few of the words there are of the vocabulary, and either
//!
//! - most words have literal segments below them, and those are the same for many: `/orgs/acme/repos`,
//!   `/orgs/globex/repos`; or
//! - there is nothing literal below them, far more words came than stay, and most that are there could not be proven:
//!   `/u/alice`, `/u/bob`. Nothing is lost by waiting so long: words that are not proven are not shown.
//!
//! Words of the vocabulary, and values that are told by their form, keep their nodes.

use super::node::{Edge, Key, Label};
use super::trie::Trie;

/// Changes below a node until it is looked at again.
const CHANGES: u8 = 8;
/// One word of the vocabulary among so many words makes a namespace.
const KNOWN_PART: usize = 4;
/// Literal segments below words are the same for many if there are so many of each, on average.
const SHARED: usize = 4;
/// Words that came where nothing is below them, as a multiple of those that are none too many.
const MANY: usize = 16;

impl Trie {
    /// Looks at the nodes that a path led to, and collapses the first that is a parameter: those behind it are other
    /// nodes then.
    pub(super) fn collapse_along(&mut self, path: &[u32]) {
        for (depth, &at) in path.iter().enumerate() {
            let node = &mut self.nodes[at as usize];
            let words = usize::from(node.words);
            let just_too_many = words == self.children + 1 && node.changes > 0;
            if words <= self.children || !(just_too_many || node.changes >= CHANGES) {
                continue;
            }
            node.changes = 0;
            if self.is_parameter(at) {
                self.collapse(at);
                for &above in &path[..=depth] {
                    self.nodes[above as usize].pinned = true;
                }
                return;
            }
        }
    }

    fn is_parameter(&self, at: u32) -> bool {
        let node = &self.nodes[at as usize];
        let label = |edge: &Edge| &self.nodes[edge.node as usize].label;
        let is_literal = |edge: &&Edge| !matches!(label(edge), Label::Value(_));
        let words = usize::from(node.words);
        let known = node.edges.iter().filter(is_literal).count() - words;
        if known * KNOWN_PART >= words + known {
            return false;
        }
        let (mut below, mut with_literals, mut proven) = (Vec::new(), 0, 0);
        for edge in node.edges.iter().filter(|edge| label(edge).is_word()) {
            let word = &self.nodes[edge.node as usize];
            let before = below.len();
            below.extend(word.edges.iter().filter(is_literal).map(|edge| edge.hash));
            with_literals += usize::from(below.len() > before);
            proven += usize::from(word.proven);
        }
        let all = below.len();
        below.sort_unstable();
        below.dedup();
        if with_literals * 2 >= words {
            return below.len() * SHARED <= all;
        }
        usize::from(node.words_ever) >= self.children * MANY && proven * 2 < words
    }

    /// Makes one node of all words below a node.
    fn collapse(&mut self, at: u32) {
        let node = &mut self.nodes[at as usize];
        node.collapsed = true;
        node.pinned = true;
        node.words = 0;
        let edges = std::mem::take(&mut node.edges);
        let (words, others): (Vec<Edge>, Vec<Edge>) =
            edges.iter().partition(|edge| self.nodes[edge.node as usize].label.is_word());
        // The room is there: there are not more nodes than before.
        let mut edges = edges;
        edges.clear();
        edges.extend(others);
        self.nodes[at as usize].edges = edges;
        for edge in words {
            let Label::Word(_, masked) = self.nodes[edge.node as usize].label else { continue };
            let key = Key::value(masked);
            match self.find(Some(at), key) {
                Some(target) => self.merge(edge.node, target),
                None => {
                    self.relabel(edge.node, Label::Value(masked));
                    let one = &mut self.nodes[edge.node as usize];
                    (one.proven, one.barred) = (false, false);
                    self.nodes[at as usize].edges.push(Edge { hash: key.hash, node: edge.node });
                }
            }
        }
        self.shrink_edges(at);
        self.counts.revision += 1;
    }

    /// Moves the evidence of a node, and all below it, to another of the same meaning.
    fn merge(&mut self, from: u32, into: u32) {
        let edges = self.take_edges(from);
        let source = &self.nodes[from as usize];
        let (count, client, many_clients) = (source.count, source.client, source.many_clients);
        let (proven, pinned, collapsed, words_ever) =
            (source.proven, source.pinned, source.collapsed, source.words_ever);
        let target = &mut self.nodes[into as usize];
        target.many_clients |= many_clients || (count > 0 && target.count > 0 && client != target.client);
        if target.count == 0 {
            target.client = client;
        }
        target.count = target.count.saturating_add(count);
        target.words_ever = target.words_ever.saturating_add(words_ever);
        target.proven |= proven && target.label.is_word();
        target.pinned |= pinned;
        target.changes = u8::MAX;
        for edge in edges {
            match self.twin(into, edge) {
                Some(twin) => self.merge(edge.node, twin),
                None => self.adopt(into, edge),
            }
        }
        self.release(from);
        let target = &self.nodes[into as usize];
        if (collapsed || target.collapsed) && (!target.collapsed || target.words > 0) {
            self.collapse(into);
        }
    }

    /// The node below another that means the same as one from elsewhere.
    fn twin(&self, at: u32, edge: Edge) -> Option<u32> {
        let label = |edge: &Edge| &self.nodes[edge.node as usize].label;
        let mut found = self.nodes[at as usize].edges.iter().filter(|other| other.hash == edge.hash);
        found.find(|other| label(other) == label(&edge)).map(|other| other.node)
    }

    /// Takes in a node from elsewhere, if there is room.
    fn adopt(&mut self, at: u32, edge: Edge) {
        let is_word = self.nodes[edge.node as usize].label.is_word();
        if self.is_full(at, is_word) || !self.make_edge(at, 0) {
            self.counts.forgotten += 1;
            return self.release(edge.node);
        }
        let parent = &mut self.nodes[at as usize];
        parent.edges.push(edge);
        parent.words += u16::from(is_word);
    }
}
