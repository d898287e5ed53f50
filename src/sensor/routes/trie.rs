//! What was asked for so far: a tree of segments for each service.
//!
//! A node is a segment behind those of its parents. Values have one node for all of their kind; a word has its own, in
//! which evidence gathers until the word is *proven*: so many transactions of so many clients asked for it here. No word
//! below one that is not proven is proven, so that a template leads to the same nodes as the path that it was made of.
//!
//! A node with many words below it may be *collapsed* (see [`collapse`](super::collapse)): then one node stands for all
//! words there, now and ever after.
//!
//! Nodes of all services share one space. If it is full, [`Trie::sweep`] takes back what has proven nothing yet.

use super::Detector;
use super::hash;
use super::look::{Look, look};
use super::node::{Edge, Key, Label, Node, REST, edges_bytes, label_bytes};
use super::segments::{MOST_SEGMENTS, Segments};
use super::sensitive::is_somebodys_behind;

/// Transactions that prove a word, and they are of two clients at least.
pub const PROOF: u16 = 3;
/// Nodes below one, as a multiple of what may be below it without a look at whether it is a parameter: once for words, and
/// once for all else.
pub const MOST_CHILDREN: usize = 8;
/// Nodes that room is made for at a time, and the part of those that there are if it is more.
const GROWTH: usize = 64;
const GROWTH_PART: usize = 8;
/// The end of the list of free nodes.
const NONE: u32 = u32::MAX;

/// All trees.
#[derive(Debug)]
pub struct Trie {
    pub(super) nodes: Vec<Node>,
    /// The first free node, and how many there are.
    free: u32,
    free_nodes: usize,
    /// Words below a node that are none too many.
    pub(super) children: usize,
    /// Bytes of labels and edges.
    owned: usize,
    /// Bytes that may be used in all; set before something is learned.
    allowed: usize,
    pub(super) counts: TrieCounts,
}

/// What happened in them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrieCounts {
    /// Changes of what is shown for a path: words that were proven, nodes that were collapsed.
    pub revision: u64,
    /// Segments that were not taken in, for lack of room.
    pub refused: u64,
    /// Nodes that made room for others.
    pub forgotten: u64,
}

impl Trie {
    /// With so many words below a node that are none too many.
    pub fn new(children: usize) -> Self {
        Trie {
            nodes: Vec::new(),
            free: NONE,
            free_nodes: 0,
            children,
            owned: 0,
            allowed: 0,
            counts: TrieCounts::default(),
        }
    }

    /// Bytes that it takes.
    pub fn memory(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>() + self.owned
    }

    /// Bytes that it has and does not need.
    pub fn room(&self) -> usize {
        self.allowed.saturating_sub(self.memory()) + self.free_nodes * size_of::<Node>()
    }

    /// What happened in it.
    pub fn counts(&self) -> TrieCounts {
        self.counts
    }

    /// A new tree, in so many bytes for all together: its root.
    pub fn plant(&mut self, allowed: usize) -> Option<u32> {
        self.allowed = allowed;
        self.place(Label::Value(REST))
    }

    /// Writes the template of a path, as it may be shown, and the path with surrogates. Whether something in it is only
    /// shown by its looks. `root` is `None` for a service that nothing is known of.
    pub fn write(
        &self,
        root: Option<u32>,
        segments: &Segments,
        template: &mut String,
        mut surrogate: Option<&mut String>,
    ) -> bool {
        let mut by_looks = false;
        let mut at = root;
        for segment in segments.iter() {
            let (look, found) = self.meet(at, segment);
            let node = self.node(found);
            let shown = match look {
                Look::Known => None,
                Look::Value(placeholder) => Some(placeholder),
                Look::Word(_) if node.is_some_and(|node| node.proven) => None,
                Look::Word(masked) => Some(masked),
            };
            let collapsed = || self.node(at).is_some_and(|node| node.collapsed);
            by_looks |= match look {
                Look::Known => false,
                Look::Value(_) => true,
                Look::Word(_) => shown.is_some() && !collapsed(),
            };
            at = match (look, node) {
                (Look::Word(masked), Some(node)) if node.barred => self.find(at, Key::value(masked)),
                (Look::Word(masked), None) if collapsed() => self.find(at, Key::value(masked)),
                _ => found,
            };
            template.push('/');
            match shown {
                Some(placeholder) => placeholder.write(template),
                None => push(template, segment),
            }
            if let Some(surrogate) = surrogate.as_deref_mut() {
                surrogate.push('/');
                match shown {
                    Some(placeholder) => placeholder.write_surrogate(surrogate),
                    None => push(surrogate, segment),
                }
            }
        }
        if segments.go_on() {
            template.push('/');
            REST.write(template);
            if let Some(surrogate) = surrogate {
                surrogate.push('/');
                REST.write_surrogate(surrogate);
            }
            return true;
        }
        for text in [Some(template), surrogate].into_iter().flatten().filter(|text| text.is_empty()) {
            text.push('/');
        }
        by_looks
    }

    /// Takes a path as evidence, in so many bytes for all trees together. Whether there was room for all of it.
    pub fn learn(
        &mut self,
        root: u32,
        segments: &Segments,
        client: u64,
        allowed: usize,
        detector: Option<Detector>,
    ) -> bool {
        self.allowed = allowed;
        let mut path = [root; MOST_SEGMENTS + 1];
        let mut length = 1;
        let mut shown = true;
        for segment in segments.iter() {
            let at = path[length - 1];
            let above = length.checked_sub(2).map(|above| path[above]);
            let Some(next) = self.step(at, above, Key::new(segment), detector) else {
                self.counts.refused += 1;
                break;
            };
            shown &= self.observe(next, client as u32, shown);
            path[length] = next;
            length += 1;
        }
        self.collapse_along(&path[..length]);
        length > segments.iter().count()
    }

    /// The node that a segment leads to; made, if there is none.
    fn step(&mut self, at: u32, above: Option<u32>, key: Key<'_>, detector: Option<Detector>) -> Option<u32> {
        let Look::Word(masked) = key.look else { return self.find_or_grow(at, above, key) };
        if self.nodes[at as usize].collapsed {
            return self.find_or_grow(at, above, Key::value(masked));
        }
        let next = match self.find(Some(at), key) {
            Some(next) => next,
            None => {
                let next = self.grow(at, above, key)?;
                let behind = match &self.nodes[at as usize].label {
                    Label::Known(word) | Label::Word(word, _) => is_somebodys_behind(word),
                    Label::Value(_) => false,
                };
                self.nodes[next as usize].barred = behind || detector.is_some_and(|detects| detects(key.segment));
                next
            }
        };
        if self.nodes[next as usize].barred {
            return self.find_or_grow(at, above, Key::value(masked));
        }
        Some(next)
    }

    /// Counts a transaction at a node. Whether the node's label may be shown, if those above it may.
    fn observe(&mut self, node: u32, client: u32, shown: bool) -> bool {
        let node = &mut self.nodes[node as usize];
        if node.count == 0 {
            node.client = client;
        }
        node.count = node.count.saturating_add(1);
        node.many_clients |= node.client != client;
        if node.label.is_word() && !node.proven && shown && node.count >= PROOF && node.many_clients {
            node.proven = true;
            self.counts.revision += 1;
        }
        node.proven || !node.label.is_word()
    }

    /// What a segment looks like, and its node. Those of literal segments know what they look like, which is quicker.
    fn meet(&self, at: Option<u32>, segment: &[u8]) -> (Look, Option<u32>) {
        let hash = hash::of(segment) as u32;
        for edge in self.node(at).into_iter().flat_map(|node| &node.edges).filter(|edge| edge.hash == hash) {
            match &self.nodes[edge.node as usize].label {
                Label::Known(word) if word[..] == *segment => return (Look::Known, Some(edge.node)),
                Label::Word(word, masked) if word[..] == *segment => return (Look::Word(*masked), Some(edge.node)),
                _ => {}
            }
        }
        match look(segment) {
            Look::Value(placeholder) => (Look::Value(placeholder), self.find(at, Key::value(placeholder))),
            look => (look, None),
        }
    }

    fn node(&self, at: Option<u32>) -> Option<&Node> {
        self.nodes.get(at? as usize)
    }

    pub(super) fn find(&self, at: Option<u32>, key: Key<'_>) -> Option<u32> {
        let edges = &self.node(at)?.edges;
        let mut found = edges.iter().filter(|edge| edge.hash == key.hash);
        found.find(|edge| key.is(&self.nodes[edge.node as usize].label)).map(|edge| edge.node)
    }

    fn find_or_grow(&mut self, at: u32, above: Option<u32>, key: Key<'_>) -> Option<u32> {
        self.find(Some(at), key).or_else(|| self.grow(at, above, key))
    }

    /// A new node below another.
    fn grow(&mut self, at: u32, above: Option<u32>, key: Key<'_>) -> Option<u32> {
        let is_word = matches!(key.look, Look::Word(_));
        if self.is_full(at, is_word) && !(is_word && self.evict(at)) {
            return None;
        }
        let label_bytes = if let Look::Value(_) = key.look { 0 } else { label_bytes(key.segment) };
        if !self.make_edge(at, label_bytes) {
            return None;
        }
        let next = self.place(key.label())?;
        let parent = &mut self.nodes[at as usize];
        parent.edges.push(Edge { hash: key.hash, node: next });
        if is_word {
            parent.words += 1;
            parent.words_ever = parent.words_ever.saturating_add(1);
            parent.changes = parent.changes.saturating_add(1);
        }
        if let (Some(above), Look::Known | Look::Word(_)) = (above, key.look) {
            let above = &mut self.nodes[above as usize];
            above.changes = above.changes.saturating_add(1);
        }
        Some(next)
    }

    /// Whether there is no room below a node for one more word, or one more node that is none.
    pub(super) fn is_full(&self, at: u32, is_word: bool) -> bool {
        let node = &self.nodes[at as usize];
        let words = usize::from(node.words);
        let there = if is_word { words } else { node.edges.len() - words };
        there >= self.children * MOST_CHILDREN
    }

    /// Room for one more edge; whether there was, and for so many bytes more.
    pub(super) fn make_edge(&mut self, at: u32, more: usize) -> bool {
        let room = self.allowed.saturating_sub(self.memory());
        let edges = &mut self.nodes[at as usize].edges;
        let before = edges.capacity();
        let wanted = if edges.len() == before { (before / 2).max(1) } else { 0 };
        if edges_bytes(before + wanted) - edges_bytes(before) + more > room {
            return false;
        }
        edges.reserve_exact(wanted);
        self.owned += edges_bytes(edges.capacity()) - edges_bytes(before);
        true
    }

    /// A node, not yet below any.
    fn place(&mut self, label: Label) -> Option<u32> {
        let bytes = label.bytes();
        let room = self.allowed.saturating_sub(self.memory());
        let full = self.free == NONE && self.nodes.len() == self.nodes.capacity();
        let more = if full { GROWTH.max(self.nodes.len() / GROWTH_PART) } else { 0 };
        if bytes + more * size_of::<Node>() > room {
            return None;
        }
        self.nodes.reserve_exact(more);
        self.owned += bytes;
        let node = Node::new(label);
        match self.nodes.get_mut(self.free as usize) {
            Some(free) => {
                let at = self.free;
                self.free = free.client;
                self.free_nodes -= 1;
                *free = node;
                Some(at)
            }
            None => {
                self.nodes.push(node);
                Some((self.nodes.len() - 1) as u32)
            }
        }
    }

    /// Takes the edges of a node away from it.
    pub(super) fn take_edges(&mut self, at: u32) -> Vec<Edge> {
        let edges = std::mem::take(&mut self.nodes[at as usize].edges);
        self.owned -= edges_bytes(edges.capacity());
        edges
    }

    /// Gives back what a node's edges need no more.
    pub(super) fn shrink_edges(&mut self, at: u32) {
        let edges = &mut self.nodes[at as usize].edges;
        self.owned -= edges_bytes(edges.capacity());
        edges.shrink_to_fit();
        self.owned += edges_bytes(edges.capacity());
    }

    /// Gives a node another label.
    pub(super) fn relabel(&mut self, at: u32, label: Label) {
        let node = &mut self.nodes[at as usize];
        self.owned += label.bytes();
        self.owned -= node.label.bytes();
        node.label = label;
    }

    /// Frees a node and all below it.
    pub(super) fn release(&mut self, at: u32) {
        for edge in self.take_edges(at) {
            self.release(edge.node);
            self.counts.forgotten += 1;
        }
        self.relabel(at, Label::Value(REST));
        self.nodes[at as usize].client = self.free;
        self.free = at;
        self.free_nodes += 1;
    }

    /// Makes room for a word below a node, by one that has proven least. Whether there was one.
    fn evict(&mut self, at: u32) -> bool {
        let node = |edge: &Edge| &self.nodes[edge.node as usize];
        let edges = self.nodes[at as usize].edges.iter().enumerate();
        let idle = edges.filter(|(_, edge)| node(edge).label.is_word() && !node(edge).proven && !node(edge).pinned);
        let Some((place, _)) = idle.min_by_key(|(_, edge)| node(edge).count) else { return false };
        let parent = &mut self.nodes[at as usize];
        let edge = parent.edges.remove(place);
        parent.words -= 1;
        self.release(edge.node);
        self.counts.forgotten += 1;
        true
    }

    /// Forgets all below a node that has proven nothing: words that are not proven, and all else that was asked for less
    /// often than a word would have to be. What is collapsed stays so.
    pub fn sweep(&mut self, at: u32) {
        let mut edges = std::mem::take(&mut self.nodes[at as usize].edges);
        edges.retain(|edge| {
            let node = &self.nodes[edge.node as usize];
            let is_word = node.label.is_word();
            if node.pinned || node.proven || (!is_word && node.count >= PROOF) {
                self.sweep(edge.node);
                return true;
            }
            self.nodes[at as usize].words -= u16::from(is_word);
            self.release(edge.node);
            self.counts.forgotten += 1;
            false
        });
        self.nodes[at as usize].edges = edges;
        self.shrink_edges(at);
    }
}

/// Appends a segment that may be shown.
fn push(text: &mut String, segment: &[u8]) {
    // Words that may be shown are ASCII.
    text.push_str(str::from_utf8(segment).unwrap_or_default());
}
