//! Text that has no structure that is known here.

use crate::sensor::privacy::detectors::{self, Finding};
use crate::sensor::privacy::{Location, Privacy};

const MASK: &str = "REDACTED";

/// Adds a text with a mask in place of what is found in it. A line with escapes, in which what is found may go on, is
/// replaced as a whole.
pub fn redact(privacy: &mut Privacy, text: &str, truncated: bool, out: &mut String) {
    let text = if truncated { without_last_word(text) } else { text };
    let wanted = privacy.wanted();
    let mut from = 0;
    while let Some(Finding { rule, range }) = detectors::find(text.as_bytes(), from, wanted) {
        privacy.counts.redacted(rule, Location::Body);
        // Nothing that is looked for ends inside a character, but a run of bytes that was cut to a length may.
        let start = text.floor_char_boundary(range.start).max(from);
        let end = text.ceil_char_boundary(range.end);
        out.push_str(&text[from..start]);
        out.push_str(MASK);
        from = end;
    }
    out.push_str(&text[from..]);
    if memchr::memchr2(b'%', b'\\', out.as_bytes()).is_some() {
        redact_escaped_lines(privacy, out);
    }
}

fn redact_escaped_lines(privacy: &mut Privacy, text: &mut String) {
    let wanted = privacy.wanted();
    let raw = std::mem::take(text);
    for line in raw.split_inclusive('\n') {
        let escaped = memchr::memchr2(b'%', b'\\', line.as_bytes()).is_some();
        let rule = detectors::first_rule(line.as_bytes(), wanted, &mut privacy.scratch).filter(|_| escaped);
        if let Some(rule) = rule {
            privacy.counts.redacted(rule, Location::Body);
        }
        if rule.is_some() || escaped && line.contains(MASK) {
            text.push_str(MASK);
            text.push_str(if line.ends_with('\n') { "\n" } else { "" });
        } else {
            text.push_str(line);
        }
    }
}

/// What is left when the end may be the first half of a secret: no part of a word, no digits in groups.
fn without_last_word(text: &str) -> &str {
    let between = |letter: char| letter.is_whitespace() || matches!(letter, '<' | '>' | '&' | ';' | ',' | '"');
    let grouped = |letter: char| letter.is_ascii_digit() || matches!(letter, ' ' | '-' | '.' | '+');
    text[..text.rfind(between).unwrap_or_default()].trim_end_matches(grouped)
}
