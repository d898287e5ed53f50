//! Domain names: labels, compression (RFC 1035 §4.1.4) and how they are written.

use std::fmt::{self, Write as _};

use super::DnsError;

/// The longest name in octets, with the length of every label and the root's (RFC 1035 §2.3.4).
pub const MAX_NAME: usize = 255;
/// The most pointers that are followed for one name: a name has no more than 127 labels.
pub const MAX_POINTERS: usize = 127;

/// A name inside a message. It was followed to its end once, so that reading it cannot fail.
#[derive(Clone, Copy)]
pub struct Name<'a> {
    message: &'a [u8],
    start: usize,
    /// Octets without compression, 1 to 255.
    octets: u8,
}

/// What stands at an offset of a name.
enum Step<'a> {
    Label(&'a [u8]),
    /// A pointer, to this offset.
    Pointer(usize),
    Root,
}

/// Reads what stands at `offset`; `start` is where the name or this part of it begins.
fn step(message: &[u8], start: usize, offset: usize) -> Result<Step<'_>, DnsError> {
    let cut = DnsError::Cut { offset: start };
    let &length = message.get(offset).ok_or(cut)?;
    match length {
        0 => Ok(Step::Root),
        1..=63 => message.get(offset + 1..offset + 1 + usize::from(length)).map(Step::Label).ok_or(cut),
        0xc0.. => {
            let &low = message.get(offset + 1).ok_or(cut)?;
            Ok(Step::Pointer(usize::from(u16::from_be_bytes([length & 0x3f, low]))))
        }
        octet => Err(DnsError::LabelKind { offset, octet }),
    }
}

impl<'a> Name<'a> {
    /// Follows the name at `start` of `message`. Gives it with the offset of what comes after it.
    ///
    /// A pointer must lead to before the part of the name that it ends. So no octet is read twice, and a loop is none.
    pub(super) fn read(message: &'a [u8], start: usize) -> Result<(Self, usize), DnsError> {
        let (mut part, mut offset, mut octets, mut pointers) = (start, start, 1, 0);
        let mut end = None;
        loop {
            match step(message, part, offset)? {
                Step::Label(label) => {
                    octets += 1 + label.len();
                    offset += 1 + label.len();
                    if octets > MAX_NAME {
                        return Err(DnsError::NameLength { offset: start });
                    }
                }
                Step::Pointer(target) => {
                    if target >= part {
                        return Err(DnsError::Pointer { offset, target });
                    }
                    pointers += 1;
                    if pointers > MAX_POINTERS {
                        return Err(DnsError::Pointers { offset: start });
                    }
                    end.get_or_insert(offset + 2);
                    (part, offset) = (target, target);
                }
                Step::Root => {
                    let name = Self { message, start, octets: octets as u8 };
                    return Ok((name, end.unwrap_or(offset + 1)));
                }
            }
        }
    }

    /// The offset of what comes after the name at `start`, whose pointers are not followed.
    pub(super) fn skip(message: &[u8], start: usize) -> Result<usize, DnsError> {
        let mut offset = start;
        loop {
            match step(message, start, offset)? {
                Step::Label(label) => offset += 1 + label.len(),
                Step::Pointer(_) => return Ok(offset + 2),
                Step::Root => return Ok(offset + 1),
            }
            if offset - start >= MAX_NAME {
                return Err(DnsError::NameLength { offset: start });
            }
        }
    }

    /// The labels, the outermost last; as they were sent.
    pub fn labels(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (message, mut offset) = (self.message, self.start);
        std::iter::from_fn(move || {
            loop {
                match step(message, offset, offset) {
                    Ok(Step::Label(label)) => {
                        offset += 1 + label.len();
                        return Some(label);
                    }
                    // Followed before, so it comes to an end.
                    Ok(Step::Pointer(target)) => offset = target,
                    Ok(Step::Root) | Err(_) => return None,
                }
            }
        })
    }

    /// Octets on the wire without compression, 1 to [`MAX_NAME`].
    pub fn octets(&self) -> usize {
        self.octets.into()
    }

    /// Appends the name as a person writes it: without the last dot, in the case it was sent in, `.` for the root.
    /// Dots and backslashes inside a label and what is not printable ASCII become `\DDD` (RFC 1035 §5.1).
    pub fn write_to(&self, text: &mut String) {
        let start = text.len();
        for label in self.labels() {
            if text.len() > start {
                text.push('.');
            }
            write_label(label, text);
        }
        if text.len() == start {
            text.push('.');
        }
    }

    /// Appends what names compare by: [`Name::write_to`] in lower case (RFC 4343). Resolvers mix the case of what they
    /// ask at random, and not every server answers in the same.
    pub fn write_key(&self, text: &mut String) {
        let start = text.len();
        self.write_to(text);
        if let Some(written) = text.get_mut(start..) {
            written.make_ascii_lowercase();
        }
    }
}

/// Appends a label; in runs, as hardly any has something to escape.
fn write_label(label: &[u8], text: &mut String) {
    let mut rest = label;
    while !rest.is_empty() {
        let plain =
            rest.iter().take_while(|&&octet| octet.is_ascii_graphic() && !matches!(octet, b'.' | b'\\')).count();
        let (run, others) = rest.split_at(plain);
        text.push_str(std::str::from_utf8(run).unwrap_or_default());
        rest = others;
        if let Some((octet, others)) = others.split_first() {
            // Writing to a string does not fail.
            let _ = write!(text, "\\{octet:03}");
            rest = others;
        }
    }
}

/// Names are the same whatever the case of their letters (RFC 4343).
impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.octets == other.octets
            && self.labels().zip(other.labels()).all(|(label, other)| label.eq_ignore_ascii_case(other))
    }
}

impl Eq for Name<'_> {}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(self.octets());
        self.write_to(&mut text);
        f.write_str(&text)
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
