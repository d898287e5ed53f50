//! Templates that the user gives: `/users/{id}/cards`.
//!
//! A pattern is made of segments, as OpenAPI's path templates are: literal ones, `{name}` for any one, `report-{id}.pdf`
//! for one that begins and ends like that, and `{name...}` (API Gateway's `{name+}`) at the end for all the rest, at least
//! one. Where several patterns match, the one wins that is more literal, seen from the left.

use std::ops::Range;

use super::look::{Look, look};
use super::segments::{LONGEST_SEGMENT, MOST_SEGMENTS, Segments, normalize};

/// Patterns that one may give.
pub const MOST_PATTERNS: usize = 5000;
/// Characters of a pattern.
pub const LONGEST_PATTERN: usize = 1024;
/// The most characters of a pattern that a message repeats.
const MOST_QUOTED: usize = 80;

/// Why a pattern cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("path pattern `{pattern}`: {kind}")]
pub struct PatternError {
    /// The pattern, cut and escaped to be one line.
    pub pattern: String,
    pub kind: PatternErrorKind,
}

/// What is wrong with a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternErrorKind {
    #[error("a pattern begins with `/`")]
    NoSlash,
    #[error("it has more than {LONGEST_PATTERN} characters")]
    TooLong,
    #[error("it has more than {MOST_SEGMENTS} segments")]
    TooManySegments,
    #[error("segment {0} is empty, or a `.` or `..` that no request's path has")]
    EmptySegment(usize),
    #[error("segment {0} has more than {LONGEST_SEGMENT} characters")]
    SegmentTooLong(usize),
    #[error("`{0}` is not a character of a path")]
    IllegalCharacter(char),
    #[error("`{0}` stands for nothing here")]
    Wildcard(String),
    #[error("`{0}` is a parameter of another notation")]
    OtherNotation(String),
    #[error("a segment has one parameter at most, and its braces are closed: `{0}`")]
    Braces(String),
    #[error("`{0}` is not the name of a parameter: letters, digits, `_` and `-`")]
    BadName(String),
    #[error("`{0}` stands for the rest of a path and is not at its end")]
    RestNotLast(String),
    #[error("it matches the same paths as `{0}`")]
    Duplicate(String),
    #[error("there are more than {MOST_PATTERNS} patterns")]
    TooMany,
}

impl PatternError {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        match &self.kind {
            PatternErrorKind::NoSlash => vec!["give the path alone, without a method or a host".to_owned()],
            PatternErrorKind::Wildcard(_) => {
                vec!["write `{name}` for one segment, or `{name...}` for all that follow".to_owned()]
            }
            PatternErrorKind::OtherNotation(found) => {
                let name = found.rsplit(':').next().unwrap_or_default();
                let name: String = name.chars().filter(|letter| is_name_letter(*letter)).collect();
                vec![format!("write `{{{}}}`", if name.is_empty() { "name" } else { &name })]
            }
            PatternErrorKind::IllegalCharacter(letter) => {
                let mut bytes = [0; 4];
                let encoded: String =
                    letter.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")).collect();
                vec![format!("a path contains it as `{encoded}`")]
            }
            _ => Vec::new(),
        }
    }
}

/// All patterns, in a tree of their segments.
#[derive(Debug, Clone)]
pub struct Patterns {
    nodes: Vec<Node>,
    templates: Vec<Template>,
}

#[derive(Debug, Clone, Default)]
struct Node {
    /// Sorted.
    literals: Vec<(Box<[u8]>, u32)>,
    /// The longest first.
    affixed: Vec<(Affixes, u32)>,
    any: Option<u32>,
    /// The templates of paths that end here, and of those that go on anyhow.
    end: Option<u32>,
    rest: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Affixes {
    prefix: Box<[u8]>,
    suffix: Box<[u8]>,
}

impl Affixes {
    fn length(&self) -> usize {
        self.prefix.len() + self.suffix.len()
    }

    fn fit(&self, segment: &[u8]) -> bool {
        // One that was cut has lost its end.
        let whole = segment.len() <= LONGEST_SEGMENT;
        whole && segment.len() > self.length() && segment.starts_with(&self.prefix) && segment.ends_with(&self.suffix)
    }
}

#[derive(Debug, Clone)]
struct Template {
    text: String,
    segments: Vec<Shown>,
}

/// How a segment is shown in a surrogate.
#[derive(Debug, Clone)]
enum Shown {
    /// As it is in the template.
    Literal(Range<usize>),
    /// With these bytes of the request's segment before and behind its parameter.
    Parameter {
        prefix: Range<usize>,
        suffix: Range<usize>,
    },
    Rest,
}

/// A segment of a pattern.
enum Part<'a> {
    Literal(Vec<u8>),
    Parameter { name: &'a str, affixes: Affixes },
    Rest { name: &'a str },
}

impl Default for Patterns {
    fn default() -> Self {
        Patterns { nodes: vec![Node::default()], templates: Vec::new() }
    }
}

impl Patterns {
    /// Reads patterns. A `/` at the end, and spellings of percent-encodings, make no difference.
    pub fn parse<P: AsRef<str>>(patterns: impl IntoIterator<Item = P>) -> Result<Self, PatternError> {
        let mut all = Patterns::default();
        for pattern in patterns {
            let pattern = pattern.as_ref();
            all.add(pattern).map_err(|kind| PatternError { pattern: quoted(pattern), kind })?;
        }
        Ok(all)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.templates.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.templates.is_empty()
    }

    fn add(&mut self, pattern: &str) -> Result<(), PatternErrorKind> {
        if self.templates.len() == MOST_PATTERNS {
            return Err(PatternErrorKind::TooMany);
        }
        if pattern.len() > LONGEST_PATTERN {
            return Err(PatternErrorKind::TooLong);
        }
        let path = pattern.strip_prefix('/').ok_or(PatternErrorKind::NoSlash)?;
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut template = Template { text: String::new(), segments: Vec::new() };
        let (mut at, mut rest) = (0, None);
        for (place, text) in path.split('/').enumerate().filter(|_| !path.is_empty()) {
            if place == MOST_SEGMENTS {
                return Err(PatternErrorKind::TooManySegments);
            }
            if let Some(name) = rest {
                return Err(PatternErrorKind::RestNotLast(format!("{{{name}...}}")));
            }
            let part = Part::parse(text, place + 1)?;
            template.push(&part);
            match part {
                Part::Literal(bytes) => at = self.literal(at, bytes),
                Part::Parameter { affixes, .. } if affixes.length() == 0 => at = self.any(at),
                Part::Parameter { affixes, .. } => at = self.affixed(at, affixes),
                Part::Rest { name } => rest = Some(name),
            }
        }
        if template.text.is_empty() {
            template.text.push('/');
        }
        let number = self.templates.len() as u32;
        let node = &mut self.nodes[at];
        let place = if rest.is_some() { &mut node.rest } else { &mut node.end };
        if let Some(other) = place.replace(number) {
            return Err(PatternErrorKind::Duplicate(quoted(&self.templates[other as usize].text)));
        }
        self.templates.push(template);
        Ok(())
    }

    fn push(&mut self) -> u32 {
        self.nodes.push(Node::default());
        (self.nodes.len() - 1) as u32
    }

    fn literal(&mut self, at: usize, bytes: Vec<u8>) -> usize {
        let found = self.nodes[at].literals.binary_search_by(|(literal, _)| literal[..].cmp(&bytes[..]));
        let next = match found {
            Ok(place) => self.nodes[at].literals[place].1,
            Err(place) => {
                let next = self.push();
                self.nodes[at].literals.insert(place, (bytes.into(), next));
                next
            }
        };
        next as usize
    }

    fn any(&mut self, at: usize) -> usize {
        let next = match self.nodes[at].any {
            Some(next) => next,
            None => self.push(),
        };
        self.nodes[at].any = Some(next);
        next as usize
    }

    fn affixed(&mut self, at: usize, affixes: Affixes) -> usize {
        if let Some((_, next)) = self.nodes[at].affixed.iter().find(|(known, _)| *known == affixes) {
            return *next as usize;
        }
        let next = self.push();
        let all = &mut self.nodes[at].affixed;
        let place = all.iter().take_while(|(known, _)| known.length() >= affixes.length()).count();
        all.insert(place, (affixes, next));
        next as usize
    }

    /// Finds the pattern of a path. Looks at each node once at most: it has one place in the path.
    pub(super) fn find(&self, segments: &Segments) -> Option<u32> {
        if self.is_empty() { None } else { self.find_from(0, segments, 0) }
    }

    fn find_from(&self, at: usize, segments: &Segments, place: usize) -> Option<u32> {
        let node = self.nodes.get(at)?;
        let Some(segment) = segments.get(place) else {
            return if segments.go_on() { node.rest } else { node.end };
        };
        let literal = node.literals.binary_search_by(|(literal, _)| literal[..].cmp(segment)).ok();
        let literal = literal.map(|found| node.literals[found].1);
        let affixed = node.affixed.iter().filter(|(affixes, _)| affixes.fit(segment)).map(|(_, next)| *next);
        let mut nexts = literal.into_iter().chain(affixed).chain(node.any);
        nexts.find_map(|next| self.find_from(next as usize, segments, place + 1)).or(node.rest)
    }

    /// Writes the template of a pattern that was found, and the path with surrogates.
    pub(super) fn write(&self, number: u32, segments: &Segments, template: &mut String, surrogate: &mut String) {
        let Some(found) = self.templates.get(number as usize) else { return };
        template.push_str(&found.text);
        for (place, shown) in found.segments.iter().enumerate() {
            surrogate.push('/');
            match shown {
                Shown::Literal(range) => surrogate.push_str(&found.text[range.clone()]),
                Shown::Parameter { prefix, suffix } => {
                    surrogate.push_str(&found.text[prefix.clone()]);
                    let segment = segments.get(place).unwrap_or_default();
                    let end = segment.len().saturating_sub(suffix.len());
                    match look(segment.get(prefix.len()..end).unwrap_or_default()) {
                        Look::Value(placeholder) => surrogate.push_str(placeholder.kind.surrogate()),
                        Look::Known | Look::Word(_) => surrogate.push('0'),
                    }
                    surrogate.push_str(&found.text[suffix.clone()]);
                }
                Shown::Rest => surrogate.push('0'),
            }
        }
        if surrogate.is_empty() {
            surrogate.push('/');
        }
    }

    /// Bytes that they take.
    pub fn memory(&self) -> usize {
        let node = |node: &Node| {
            let literals: usize = node.literals.iter().map(|(literal, _)| literal.len()).sum();
            let affixed: usize = node.affixed.iter().map(|(affixes, _)| affixes.length()).sum();
            let owned = node.literals.capacity() * size_of::<(Box<[u8]>, u32)>()
                + node.affixed.capacity() * size_of::<(Affixes, u32)>();
            literals + affixed + owned
        };
        let template =
            |template: &Template| template.text.capacity() + template.segments.capacity() * size_of::<Shown>();
        self.nodes.capacity() * size_of::<Node>()
            + self.templates.capacity() * size_of::<Template>()
            + self.nodes.iter().map(node).sum::<usize>()
            + self.templates.iter().map(template).sum::<usize>()
    }
}

impl Template {
    fn push(&mut self, part: &Part<'_>) {
        self.text.push('/');
        // Patterns are ASCII, normalised or not.
        let literal = |bytes: &[u8], text: &mut String| {
            let start = text.len();
            text.extend(bytes.iter().map(|byte| char::from(*byte)));
            start..text.len()
        };
        let shown = match part {
            Part::Literal(bytes) => Shown::Literal(literal(bytes, &mut self.text)),
            Part::Parameter { name, affixes } => {
                let prefix = literal(&affixes.prefix, &mut self.text);
                self.text.extend(["{", name, "}"]);
                Shown::Parameter { prefix, suffix: literal(&affixes.suffix, &mut self.text) }
            }
            Part::Rest { name } => {
                self.text.extend(["{", name, "}"]);
                Shown::Rest
            }
        };
        self.segments.push(shown);
    }
}

impl<'a> Part<'a> {
    /// Reads the segment of a pattern at a place, counted from 1.
    fn parse(text: &'a str, place: usize) -> Result<Self, PatternErrorKind> {
        use PatternErrorKind::{
            BadName, Braces, EmptySegment, IllegalCharacter, OtherNotation, SegmentTooLong, Wildcard,
        };
        let owned = || quoted(text);
        if text.starts_with([':', '<', '[']) {
            return Err(OtherNotation(owned()));
        }
        if text.contains('*') {
            return Err(Wildcard(owned()));
        }
        if let Some(illegal) = text.chars().find(|letter| !is_path_letter(*letter) && !"{}".contains(*letter)) {
            return Err(IllegalCharacter(illegal));
        }
        let literal = |text: &str| {
            let mut bytes = Vec::new();
            normalize(text.as_bytes(), &mut bytes);
            if bytes.len() > LONGEST_SEGMENT { Err(SegmentTooLong(place)) } else { Ok(bytes) }
        };
        let Some((prefix, behind)) = text.split_once('{') else {
            if text.contains('}') {
                return Err(Braces(owned()));
            }
            let bytes = literal(text)?;
            return match &bytes[..] {
                b"" | b"." | b".." => Err(EmptySegment(place)),
                _ => Ok(Part::Literal(bytes)),
            };
        };
        let (name, suffix) = behind.split_once('}').ok_or_else(|| Braces(owned()))?;
        if prefix.contains('}') || suffix.contains(['{', '}']) || name.contains('{') {
            return Err(Braces(owned()));
        }
        let rest = name.strip_suffix("...").or(name.strip_suffix('+'));
        let bare = rest.unwrap_or(name);
        if bare.is_empty() || !bare.chars().all(is_name_letter) {
            return Err(BadName(quoted(name)));
        }
        match rest {
            Some(name) if prefix.is_empty() && suffix.is_empty() => Ok(Part::Rest { name }),
            Some(_) => Err(Braces(owned())),
            None => {
                let affixes = Affixes { prefix: literal(prefix)?.into(), suffix: literal(suffix)?.into() };
                if affixes.length() >= LONGEST_SEGMENT {
                    return Err(SegmentTooLong(place));
                }
                Ok(Part::Parameter { name, affixes })
            }
        }
    }
}

fn is_name_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '-'
}

/// What a segment of a path is made of (RFC 3986 §3.3), but for what separates its parameters.
fn is_path_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "-._~%!$&'()*+,=:@".contains(letter)
}

fn quoted(text: &str) -> String {
    text.chars().take(MOST_QUOTED).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests;
