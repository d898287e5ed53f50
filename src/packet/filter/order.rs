//! Brings tests of the same word together where their order does not matter.
//!
//! In `host a or b` the tests of the source and the destination take turns, and each has to load its word again. In a
//! run of tests that all lead to the same node when they hold, or when they fail, the order is free. Tests are only
//! moved up to an earlier test of the same word, so that nothing is loaded before it was. What can change is the
//! verdict on a packet that ends within the headers, as with libpcap's optimiser.

use std::collections::HashMap;

use super::graph::{Graph, NodeId, Question, Rooted, WordId};

/// Runs of less than this cannot be ordered better.
const SHORTEST_RUN: usize = 3;

impl Rooted {
    /// The same meaning with fewer loads.
    pub fn ordered(mut self) -> Self {
        let mut entries = vec![0_u32; self.graph.ids().count() + NodeId::ENDS];
        for id in std::iter::once(self.root)
            .chain(self.graph.ids().filter_map(|id| self.graph.node(id)).flat_map(|node| [node.yes, node.no]))
        {
            if let Some(count) = entries.get_mut(id.index()) {
                *count += 1;
            }
        }
        let mut done = vec![false; entries.len()];
        for start in self.graph.ids().rev() {
            if done.get(start.index()).copied().unwrap_or(true) {
                continue;
            }
            let by_no = run(&self.graph, &entries, start, Way::No);
            let by_yes = run(&self.graph, &entries, start, Way::Yes);
            let run = if by_no.len() >= by_yes.len() { by_no } else { by_yes };
            for id in &run {
                if let Some(done) = done.get_mut(id.index()) {
                    *done = true;
                }
            }
            if run.len() >= SHORTEST_RUN {
                order(&mut self.graph, &run);
            }
        }
        self
    }
}

/// The way out that leads on within a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Yes,
    No,
}

/// The tests from `start` on that lead to one another alone, and else all to the same node.
fn run(graph: &Graph, entries: &[u32], start: NodeId, way: Way) -> Vec<NodeId> {
    let ways =
        |id: NodeId| graph.node(id).map(|node| if way == Way::No { (node.no, node.yes) } else { (node.yes, node.no) });
    let mut run = vec![start];
    let Some((mut next, out)) = ways(start) else {
        return run;
    };
    while let Some((after, other)) = ways(next) {
        if other != out || entries.get(next.index()) != Some(&1) {
            break;
        }
        run.push(next);
        next = after;
    }
    run
}

/// Hands the questions of a run out anew: the words in the order in which they were first asked for.
fn order(graph: &mut Graph, run: &[NodeId]) {
    let mut questions: Vec<Question> = run.iter().filter_map(|id| graph.node(*id)).map(|node| node.question).collect();
    let mut first: HashMap<WordId, usize> = HashMap::new();
    for (at, question) in questions.iter().enumerate() {
        first.entry(question.left).or_insert(at);
    }
    questions.sort_by_key(|question| first.get(&question.left).copied());
    for (id, question) in run.iter().zip(questions) {
        let node = id.index().checked_sub(NodeId::ENDS).and_then(|at| graph.nodes_mut().get_mut(at));
        if let Some(node) = node {
            node.question = question;
        }
    }
}
