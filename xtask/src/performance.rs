//! `docs/performance.md` and others: a part that is measured, and a part that is written by hand and kept.

use std::fmt::Write;
use std::fs;
use std::io::ErrorKind;

use anyhow::{Context, Result, bail};

use crate::root;

const FILE: &str = "docs/performance.md";
const BEGIN: &str = "<!-- measured: `cargo xtask bench-peers` writes this part -->";
const END: &str = "<!-- end of what is measured -->";
const NEW: &str = "# Performance\n\n{begin}\n{end}\n\n## What saves time and memory\n";

/// Puts a new measured part into the document.
pub fn write(measured: &str) -> Result<()> {
    write_part("bench-peers", measured)
}

/// Puts what this command has measured into the document; at first behind what others have.
pub fn write_part(command: &str, measured: &str) -> Result<()> {
    write_part_of(FILE, command, measured)
}

/// The same of another document.
pub fn write_part_of(file: &str, command: &str, measured: &str) -> Result<()> {
    let path = root().join(file);
    let begin = format!("<!-- measured: `cargo xtask {command}` writes this part -->");
    let document = match fs::read_to_string(&path) {
        Ok(document) => document,
        // The others have parts that are written by hand, and are not begun here.
        Err(error) if file != FILE || error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot read {file}"));
        }
        Err(_) => NEW.replace("{begin}", BEGIN).replace("{end}", END),
    };
    let (before, after) = match document.find(&begin) {
        Some(place) => {
            let after = place + begin.len();
            let end = document[after..].find(END).map(|end| after + end);
            (&document[..after], end.map(|end| &document[end..]))
        }
        None => {
            let last = document.rfind(END).map(|end| end + END.len());
            (&document[..last.unwrap_or_default()], last.map(|last| &document[last..]))
        }
    };
    let Some(after) = after else { bail!("{file} has no place for what is measured") };
    let is_new = !before.ends_with(&begin);
    let (opened, closed) = if is_new { (format!("\n\n{begin}"), END) } else { (String::new(), "") };
    fs::write(path, format!("{before}{opened}\n\n{}\n\n{closed}{after}", measured.trim()))?;
    eprintln!("wrote {file}");
    Ok(())
}

/// A table of Markdown; columns after the first are numbers.
pub fn table(titles: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = format!("| {} |\n|---{}|\n", titles.join(" | "), "|--:".repeat(titles.len() - 1));
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

/// A list of Markdown.
pub fn list(items: &[String]) -> String {
    items.iter().map(|item| format!("- {item}\n")).collect()
}

/// A whole number with its thousands apart.
pub fn count(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
