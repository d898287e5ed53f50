//! `name=value` in text, where the name says that the value is secret; and user information in URLs.
//!
//! Text may be a form, a log, HTML, XML or JSON that is quoted in any of these. So the name is looked for before what can
//! separate it from a value, whatever else is there.

use std::ops::Range;

use super::{looked_at, run};
use crate::sensor::privacy::names::{self, Secrecy};

/// How far back a name or the start of a tag may be.
const LOOK_BACK: usize = 256;

/// The longest name that is looked at: one longer than names are counts as a secret's.
const MAX_NAME: usize = 80;

/// Bytes of a value that are looked at before it is known to be found. A value may have the next name in it, so that each
/// byte can be in as many values as there are names in this many bytes.
const LOOK_AHEAD: usize = 128;

/// The value after a `=`, `:` or `>`.
pub fn at(text: &[u8], at: usize) -> Option<Range<usize>> {
    if text[at] == b'>' {
        return element(text, at);
    }
    let name = name_before(text, at)?;
    // A path of modules, a URL's scheme or a comparison names no value.
    if name.ends_with(b":")
        || text.get(at + 1).is_some_and(|next| b":=/".contains(next) && (text[at] == b':' || *next == b'='))
    {
        return None;
    }
    let secrecy = match names::secrecy(name) {
        Secrecy::None if is_value_of_input(text, name, at) => Secrecy::Secret,
        secrecy => secrecy,
    };
    if secrecy == Secrecy::None {
        return None;
    }
    let place = Value::after(text, at + 1);
    let value = &text[place.start..place.end(text, LOOK_AHEAD)];
    if text[at] == b':' && place.start == at + 1 && is_port(value) && text[at - 1].is_ascii_alphanumeric() {
        return None;
    }
    let said = match secrecy {
        Secrecy::Secret => !is_harmless(value) && (place.quote.is_some() || text[at] == b'=' || !is_plain_word(value)),
        Secrecy::Doubtful | Secrecy::None => names::is_opaque(value),
    };
    said.then(|| place.start..place.end(text, usize::MAX))
}

/// What is between `://` and `@` in a URL whose scheme ends here.
pub fn user_info(text: &[u8], at: usize) -> Option<Range<usize>> {
    const LONGEST: usize = 1024;
    let start = text[at..].starts_with(b"://").then_some(at + 3)?;
    let ends_authority = |byte: u8| byte.is_ascii_whitespace() || b"/?#\"'<>\\".contains(&byte);
    let end = run(text, start, LONGEST, |byte| !ends_authority(byte));
    let at = memchr::memrchr(b'@', &text[start..end])?;
    (at > 0).then_some(start..start + at)
}

/// The text of an element of XML whose start tag ends here, if its name is that of a secret.
fn element(text: &[u8], at: usize) -> Option<Range<usize>> {
    let tag = &text[tag_start(text, at)?..at];
    let name = &tag[..run(tag, 0, MAX_NAME, is_name)];
    if names::secrecy(name) != Secrecy::Secret || tag.ends_with(b"/") {
        return None;
    }
    let end = run(text, at + 1, usize::MAX, |byte| byte != b'<');
    let value = &text[at + 1..end];
    (!value.trim_ascii().is_empty() && !is_harmless(value)).then_some(at + 1..end)
}

/// Whether this is the value of an input or meta element of HTML that is named as a secret.
fn is_value_of_input(text: &[u8], name: &[u8], at: usize) -> bool {
    if !(name.eq_ignore_ascii_case(b"value") || name.eq_ignore_ascii_case(b"content")) {
        return false;
    }
    let Some(start) = tag_start(text, at) else { return false };
    let tag = &text[start..run(text, at, LOOK_BACK, |byte| byte != b'>')];
    let Some(name) = memchr::memmem::find(tag, b"name=") else { return false };
    let name_start = run(tag, name + 5, 1, |byte| matches!(byte, b'"' | b'\''));
    names::secrecy(&tag[name_start..run(tag, name_start, MAX_NAME, is_name)]) == Secrecy::Secret
}

/// Where the name of a tag begins that is still open here.
fn tag_start(text: &[u8], at: usize) -> Option<usize> {
    let from = at.saturating_sub(LOOK_BACK);
    let back = text[from..at].iter().rposition(|byte| matches!(byte, b'<' | b'>'))?;
    (text[from + back] == b'<').then_some(from + back + 1)
}

/// The name before a separator, without quotes, backslashes and spaces between them.
fn name_before(text: &[u8], at: usize) -> Option<&[u8]> {
    const MOST_BETWEEN: usize = 6;
    let between = text[..at].iter().rev().take(MOST_BETWEEN).take_while(|byte| b"\"'\\ ".contains(byte)).count();
    let end = at - between;
    let len = text[..end].iter().rev().take(MAX_NAME).take_while(|&&byte| is_name(byte)).count();
    (len > 0).then(|| &text[end - len..end])
}

/// Where a value begins, and what it is in.
struct Value {
    start: usize,
    quote: Option<u8>,
    /// There is a backslash before the quote.
    escaped: bool,
}

impl Value {
    /// From a place on.
    fn after(text: &[u8], from: usize) -> Self {
        let spaced = run(text, from, 4, |byte| byte == b' ');
        let escaped = run(text, spaced, 4, |byte| byte == b'\\');
        match text.get(escaped) {
            Some(&quote @ (b'"' | b'\'')) => {
                Value { start: escaped + 1, quote: Some(quote), escaped: escaped > spaced }
            }
            _ => Value { start: spaced, quote: None, escaped: false },
        }
    }

    /// Where it ends, or so many bytes of it do.
    fn end(&self, text: &[u8], most: usize) -> usize {
        let ends = |byte: u8| byte.is_ascii_whitespace() || b"&;<\"'\\".contains(&byte);
        match self.quote {
            Some(quote) => {
                let limit = self.start.saturating_add(most).min(text.len());
                let end = closing_quote(&text[..limit], self.start, quote, self.escaped);
                looked_at(end - self.start);
                end
            }
            None => run(text, self.start, most, |byte| !ends(byte)),
        }
    }
}

/// Where a quoted value ends: at the quote, or at the backslash before it if that is how it was opened.
fn closing_quote(text: &[u8], start: usize, quote: u8, escaped: bool) -> usize {
    let mut at = start;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' if escaped && text.get(at + 1) == Some(&quote) => return at,
            b'\\' => at += 2,
            _ if byte == quote => return at,
            _ => at += 1,
        }
    }
    text.len()
}

/// Whether what follows a host is a port, and perhaps a path: `token-service:8080`.
fn is_port(value: &[u8]) -> bool {
    let digits = run(value, 0, value.len(), |byte| byte.is_ascii_digit());
    (1..=5).contains(&digits) && value.get(digits).is_none_or(|byte| b"/),".contains(byte))
}

/// Whether it tells nothing, or was already replaced.
fn is_harmless(value: &[u8]) -> bool {
    matches!(value, b"" | b"true" | b"false" | b"null" | b"REDACTED" | b"redacted" | b"," | b"{" | b"[")
}

/// Whether it is a word as sentences have: `Password: required`.
fn is_plain_word(value: &[u8]) -> bool {
    let value = value.strip_suffix(b",").or(value.strip_suffix(b".")).unwrap_or(value);
    let (first, rest) = value.split_first().unwrap_or((&b'a', b""));
    first.is_ascii_alphabetic() && rest.iter().all(u8::is_ascii_lowercase)
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.:[]$".contains(&byte)
}
