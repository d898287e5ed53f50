//! The links of a page that lead to files of the checkout.

use std::path::{Component, Path, PathBuf};

use crate::page::{Page, checkout};

/// A link to a file or a heading of the checkout.
pub struct Link {
    pub line: usize,
    /// The file, as it is written; empty for a heading of the page itself.
    pub target: String,
    pub anchor: Option<String>,
}

/// The links of a page, without those to other hosts.
pub fn of(page: &Page) -> Vec<Link> {
    let mut links = Vec::new();
    for (index, line) in page.prose.iter().enumerate() {
        for part in line.split("](").skip(1) {
            let Some((target, _)) = part.split_once(')') else { continue };
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (target, anchor) = match target.split_once('#') {
                Some((target, anchor)) => (target, Some(anchor.to_owned())),
                None => (target, None),
            };
            links.push(Link { line: index + 1, target: target.to_owned(), anchor });
        }
    }
    links
}

/// The links of a page that lead nowhere, in words.
pub fn dead(page: &Page, pages: &[Page]) -> Vec<String> {
    let directory = Path::new(&page.path).parent().expect("a page is in a directory");
    let mut dead = Vec::new();
    for link in of(page) {
        let place = format!("{}:{}", page.path, link.line);
        let file =
            if link.target.is_empty() { PathBuf::from(&page.path) } else { plain(&directory.join(&link.target)) };
        if !checkout().join(&file).exists() {
            dead.push(format!("{place}: there is no {}", file.display()));
            continue;
        }
        let Some(anchor) = link.anchor else { continue };
        match pages.iter().find(|page| Path::new(&page.path) == file) {
            Some(found) if found.anchors().contains(&anchor) => {}
            Some(_) => dead.push(format!("{place}: {} has no heading #{anchor}", file.display())),
            None => dead.push(format!("{place}: #{anchor} of {}, which is no page", file.display())),
        }
    }
    dead
}

/// A path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}
