//! A regular expression of a rule, and what is wrong with one.

use std::ops::Range;

use regex_syntax::ast::{ErrorKind, Span};

/// How much of a pattern a message shows, in characters.
const MOST_SHOWN: usize = 80;

/// No regular expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}\n{}", self.pointer())]
pub struct BadPattern {
    pattern: String,
    why: String,
    /// Where, in bytes.
    at: Range<usize>,
    hint: Option<&'static str>,
}

impl BadPattern {
    /// What is wrong with a pattern, if anything is.
    pub fn of(pattern: &str) -> Option<Self> {
        let (why, span, hint) = match regex_syntax::parse(pattern).err()? {
            regex_syntax::Error::Parse(error) => (error.kind().to_string(), *error.span(), hint(error.kind())),
            regex_syntax::Error::Translate(error) => (error.kind().to_string(), *error.span(), None),
            error => (error.to_string(), Span::splat(regex_syntax::ast::Position::new(0, 1, 1)), None),
        };
        Some(BadPattern { pattern: pattern.to_owned(), why, at: span.start.offset..span.end.offset, hint })
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        self.hint
    }

    /// The pattern in one line, and carets under what is wrong in a second.
    pub fn pointer(&self) -> String {
        let before = self.pattern.char_indices().take_while(|(at, _)| *at < self.at.start).count();
        let under = self.pattern.char_indices().filter(|(at, _)| self.at.contains(at)).count();
        let skipped = before.saturating_sub(MOST_SHOWN / 2);
        let shown = self.pattern.chars().skip(skipped).take(MOST_SHOWN);
        let line: String = shown.map(|c| if c.is_control() { ' ' } else { c }).collect();
        let lead = if skipped > 0 { "…" } else { "" };
        let rest = if self.pattern.chars().nth(skipped + MOST_SHOWN).is_some() { "…" } else { "" };
        let blanks = " ".repeat(before - skipped + lead.chars().count());
        let carets = "^".repeat(under.clamp(1, MOST_SHOWN / 2));
        format!("{lead}{line}{rest}\n{blanks}{carets}")
    }
}

/// What to do about mistakes that are made for a reason.
fn hint(kind: &ErrorKind) -> Option<&'static str> {
    match kind {
        ErrorKind::RepetitionMissing => {
            Some("this is a regular expression: `.*` stands for anything, and `\\.` for a dot")
        }
        ErrorKind::UnsupportedLookAround => {
            Some("there is no look-around: exclusions beat what is allowed, and do what `(?!…)` would")
        }
        ErrorKind::UnsupportedBackreference => Some("a `\\` that is meant as one is `\\\\`"),
        ErrorKind::EscapeUnrecognized => Some("a letter stands for itself without a `\\`"),
        ErrorKind::GroupUnclosed | ErrorKind::GroupUnopened => {
            Some("a parenthesis that is meant as one is `\\(` or `\\)`")
        }
        ErrorKind::ClassUnclosed => Some("a bracket that is meant as one is `\\[`"),
        _ => None,
    }
}
