//! `docs/against-tshark.md`: what agrees and what does not, and why.

use std::collections::BTreeMap;

use crate::compare::{Comparison, Disagreement};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/against-tshark.md");
const AGREEMENTS: &str = "| Capture | tshark | sidetap | Values that agree |\n|---|--:|--:|--:|\n";
const DISAGREEMENTS: &str =
    "| Capture | What | tshark | sidetap | Times | Who is right, and why |\n|---|---|---|---|--:|---|\n";
/// Stands where nobody has said yet why two differ.
const UNEXPLAINED: &str = "?";

/// The two tables of the document.
#[derive(Debug, Default)]
pub struct Document {
    /// Capture, items of tshark's, items of ours, values that agree.
    agreements: Vec<(String, usize, usize, usize)>,
    /// How often a disagreement happens in a capture, and why.
    disagreements: BTreeMap<(String, Disagreement), (usize, String)>,
}

impl Document {
    /// As it is committed.
    pub fn read() -> Self {
        let text = std::fs::read_to_string(PATH).unwrap_or_default();
        let mut document = Document::default();
        for line in text.lines().filter(|line| line.starts_with("| ")) {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            match cells[..] {
                [capture, theirs, ours, agreements] => {
                    let Ok(theirs) = theirs.parse() else { continue };
                    let row = (capture.to_owned(), theirs, ours.parse().unwrap(), agreements.parse().unwrap());
                    document.agreements.push(row);
                }
                [capture, what, theirs, ours, times, why] => {
                    let Ok(times) = times.parse() else { continue };
                    let [what, theirs, ours] = [what, theirs, ours].map(str::to_owned);
                    let key = (capture.to_owned(), Disagreement { what, theirs, ours });
                    document.disagreements.insert(key, (times, why.to_owned()));
                }
                _ => {}
            }
        }
        document
    }

    /// As it should be.
    pub fn of(comparisons: impl Iterator<Item = (String, Comparison)>) -> Self {
        let mut document = Document::default();
        for (capture, comparison) in comparisons {
            let Comparison { theirs, ours, agreements, disagreements } = comparison;
            document.agreements.push((capture.clone(), theirs, ours, agreements));
            for disagreement in disagreements {
                let key = (capture.clone(), disagreement);
                document.disagreements.entry(key).or_insert((0, UNEXPLAINED.to_owned())).0 += 1;
            }
        }
        document
    }

    /// Fails if the committed tables are others, and says how they should be.
    pub fn must_be(mut self, committed: &Document) {
        for (key, (_, why)) in &mut self.disagreements {
            if let Some((_, known)) = committed.disagreements.get(key) {
                why.clone_from(known);
            }
        }
        let unexplained = self.disagreements.values().any(|(_, why)| why == UNEXPLAINED || why.is_empty());
        let (found, committed) = (self.tables(), committed.tables());
        if unexplained || found != committed {
            let changed: Vec<String> = found
                .lines()
                .filter(|line| !committed.lines().any(|known| known == *line))
                .map(|line| format!("+ {line}"))
                .chain(
                    committed
                        .lines()
                        .filter(|line| !found.lines().any(|known| known == *line))
                        .map(|line| format!("- {line}")),
                )
                .collect();
            panic!("docs/against-tshark.md is not what was found:\n{}", changed.join("\n"));
        }
    }

    fn tables(&self) -> String {
        let mut text = AGREEMENTS.to_owned();
        for (capture, theirs, ours, agreements) in &self.agreements {
            text += &format!("| {capture} | {theirs} | {ours} | {agreements} |\n");
        }
        text += "\n";
        text += DISAGREEMENTS;
        for ((capture, Disagreement { what, theirs, ours }), (times, why)) in &self.disagreements {
            text += &format!("| {capture} | {what} | {theirs} | {ours} | {times} | {why} |\n");
        }
        text
    }
}
