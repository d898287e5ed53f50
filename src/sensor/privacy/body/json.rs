//! JSON (RFC 8259) without what may not leave, in one pass over its text.
//!
//! What is not secret stays as it is written, byte by byte: numbers keep their digits, strings their escapes. A text that
//! was cut off is right up to there; half a value is left out.

use crate::sensor::privacy::detectors::{self, Rule};
use crate::sensor::privacy::names::{self, Secrecy};
use crate::sensor::privacy::surrogate::ValueType;
use crate::sensor::privacy::{FailClosed, Location, Privacy};

/// The most levels that are nested.
const MAX_DEPTH: usize = 64;

/// Adds to `out`, at most `limit` bytes and the last value. Says whether it was cut off.
pub fn redact(
    privacy: &mut Privacy,
    text: &str,
    truncated: bool,
    limit: usize,
    out: &mut String,
) -> Result<bool, FailClosed> {
    let mut reader = Reader { privacy, text, at: 0, out, limit, open: Vec::new(), unescaped: Vec::new() };
    match reader.values() {
        Ok(()) => Ok(false),
        Err(Stop::Full) => {
            reader.hold_back();
            Ok(true)
        }
        Err(Stop::End) if truncated => {
            reader.hold_back();
            Ok(true)
        }
        Err(Stop::End | Stop::Malformed) => Err(FailClosed::Malformed),
        Err(Stop::Deep) => Err(FailClosed::Depth),
    }
}

/// Why reading stops before the end.
enum Stop {
    /// The text ends in the middle.
    End,
    Malformed,
    Deep,
    /// There is no more room.
    Full,
}

/// An object or array that is open.
#[derive(Debug, Clone, Copy)]
struct Open {
    object: bool,
    /// Everything in it is secret.
    secret: bool,
    /// A member said that it describes a secret: `{"name": "password", "value": …}`.
    named_secret: bool,
    /// A member said what it describes, secret or not.
    named: bool,
    /// Where in the output the value is that it would describe, if that came first.
    described: Option<(usize, usize)>,
    /// Where it begins in the output, if it is itself such a value.
    value_from: Option<usize>,
}

/// What the name of a member says of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    Usual,
    Doubtful,
    Secret,
    /// Its value is a name itself.
    Name,
    /// Or the value of a key.
    Key,
    /// Its value is that of the name.
    Value,
}

struct Reader<'a> {
    privacy: &'a mut Privacy,
    text: &'a str,
    at: usize,
    out: &'a mut String,
    limit: usize,
    open: Vec<Open>,
    unescaped: Vec<u8>,
}

impl Reader<'_> {
    /// One value, or several after one another, as `application/x-ndjson` has them.
    fn values(&mut self) -> Result<(), Stop> {
        let mut any = false;
        loop {
            self.space();
            if self.peek().is_none() {
                return if any { Ok(()) } else { Err(Stop::End) };
            }
            if any {
                self.out.push('\n');
            }
            self.value(Member::Usual)?;
            any = true;
            while let Some(open) = self.open.last().copied() {
                self.next_of(open)?;
            }
        }
    }

    /// The next member or element of what is open, or its end.
    fn next_of(&mut self, open: Open) -> Result<(), Stop> {
        self.space();
        let end = if open.object { b'}' } else { b']' };
        let first = self.is_first();
        match self.peek().ok_or(Stop::End)? {
            byte if byte == end => {
                self.take();
                if let Some(from) = self.open.pop().and_then(|closed| closed.value_from) {
                    self.describe(from);
                }
                return Ok(());
            }
            b',' if !first => self.take(),
            _ if first => {}
            _ => return Err(Stop::Malformed),
        }
        self.space();
        let member = if open.object { self.member_name()? } else { Member::Usual };
        self.value(member)
    }

    /// Whether what is open was just opened.
    fn is_first(&self) -> bool {
        let before = self.text[..self.at].trim_end_matches([' ', '\t', '\r', '\n']);
        before.ends_with(['{', '['])
    }

    fn member_name(&mut self) -> Result<Member, Stop> {
        let start = self.at;
        self.string()?;
        let raw = &self.text[start..self.at];
        let wanted = self.privacy.wanted();
        let in_secret = self.open.last().is_some_and(|open| open.secret);
        let rule = detectors::first_rule(&self.unescaped, wanted, &mut self.privacy.scratch)
            .or_else(|| (in_secret && !names::is_plain(&self.unescaped)).then_some(Rule::OpaqueName));
        match rule {
            Some(rule) => {
                self.privacy.counts.redacted(rule, Location::Body);
                self.out.push_str("\"REDACTED\"");
            }
            None => self.out.push_str(raw),
        }
        self.space();
        match self.peek().ok_or(Stop::End)? {
            b':' => self.take(),
            _ => return Err(Stop::Malformed),
        }
        self.space();
        Ok(match names::secrecy(&self.unescaped) {
            Secrecy::Secret => Member::Secret,
            Secrecy::Doubtful if self.unescaped.eq_ignore_ascii_case(b"key") => Member::Key,
            Secrecy::Doubtful => Member::Doubtful,
            Secrecy::None if self.unescaped.eq_ignore_ascii_case(b"name") => Member::Name,
            Secrecy::None if self.unescaped.eq_ignore_ascii_case(b"value") => Member::Value,
            Secrecy::None => Member::Usual,
        })
    }

    fn value(&mut self, member: Member) -> Result<(), Stop> {
        if self.out.len() > self.limit {
            return Err(Stop::Full);
        }
        let inside = self.open.last().copied();
        let secret = inside.is_some_and(|open| open.secret || open.named_secret && member == Member::Value)
            || member == Member::Secret;
        let value_from = (member == Member::Value).then_some(self.out.len());
        match self.peek().ok_or(Stop::End)? {
            byte @ (b'{' | b'[') => {
                if self.open.len() == MAX_DEPTH {
                    return Err(Stop::Deep);
                }
                self.open.push(Open {
                    object: byte == b'{',
                    secret,
                    named_secret: false,
                    named: false,
                    described: None,
                    value_from,
                });
                self.take();
                return Ok(());
            }
            b'"' => self.string_value(member, secret)?,
            b'-' | b'0'..=b'9' => self.number(secret)?,
            b't' => self.word("true", secret)?,
            b'f' => self.word("false", secret)?,
            b'n' => self.word("null", false)?,
            _ => return Err(Stop::Malformed),
        }
        if let Some(from) = value_from {
            self.describe(from);
        }
        Ok(())
    }

    /// A value of what is open was written from here on, and a name may come that says what it is.
    fn describe(&mut self, from: usize) {
        let to = self.out.len();
        if let Some(open) = self.open.last_mut() {
            // Nothing forbids a second one (RFC 8259 §4): all up to its end is what the name describes.
            open.described = Some((open.described.map_or(from, |(first, _)| first), to));
        }
    }

    /// The text ends here, and there is no telling what the names would be that were to follow.
    fn hold_back(&mut self) {
        let unnamed = self.open.windows(2).position(|pair| !pair[0].named && pair[1].value_from.is_some());
        if let Some(parent) = unnamed {
            self.open.truncate(parent + 2);
            if let Some(from) = self.open.pop().and_then(|value| value.value_from) {
                self.privacy.counts.redacted(Rule::SecretName, Location::Body);
                self.out.truncate(from);
            }
        }
        while let Some(open) = self.open.pop() {
            if let Some(range) = open.described.filter(|_| !open.named) {
                self.redact_described(range);
            }
        }
    }

    fn redact_described(&mut self, (from, to): (usize, usize)) {
        self.privacy.counts.redacted(Rule::SecretName, Location::Body);
        self.out.replace_range(from..to, "\"\"");
    }

    fn string_value(&mut self, member: Member, secret: bool) -> Result<(), Stop> {
        let start = self.at;
        self.string()?;
        let is_name = matches!(member, Member::Name | Member::Key);
        if let Some(open) = self.open.last_mut().filter(|_| is_name) {
            open.named = true;
            if names::secrecy(&self.unescaped) == Secrecy::Secret {
                open.named_secret = true;
                if let Some(range) = open.described.take() {
                    self.redact_described(range);
                }
            }
        }
        let doubtful = matches!(member, Member::Doubtful | Member::Key) && names::is_opaque(&self.unescaped);
        let rule = if secret || doubtful {
            Some(Rule::SecretName)
        } else {
            let wanted = self.privacy.wanted();
            detectors::first_rule_of_form(&self.unescaped, wanted, &mut self.privacy.scratch)
        };
        match rule {
            Some(rule) => {
                self.privacy.counts.redacted(rule, Location::Body);
                self.out.push('"');
                self.out.push_str(ValueType::of(&self.unescaped).surrogate());
                self.out.push('"');
            }
            None => self.out.push_str(&self.text[start..self.at]),
        }
        Ok(())
    }

    fn number(&mut self, secret: bool) -> Result<(), Stop> {
        let rest = &self.text[self.at..];
        let len = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)).count();
        let number = &rest[..len];
        // At the end of the text there may be more digits to it.
        if len == rest.len() && !self.open.is_empty() {
            return Err(Stop::End);
        }
        let value: f64 = number.parse().map_err(|_| Stop::Malformed)?;
        let card = || detectors::is_card(number.as_bytes()) || is_card_number(value);
        let rule = match () {
            () if secret => Some(Rule::SecretName),
            () if self.privacy.wanted() == detectors::Wanted::All && card() => Some(Rule::Card),
            () => None,
        };
        match rule {
            Some(rule) => {
                self.privacy.counts.redacted(rule, Location::Body);
                self.out.push('0');
            }
            None => self.out.push_str(number),
        }
        self.at += len;
        Ok(())
    }

    fn word(&mut self, word: &str, secret: bool) -> Result<(), Stop> {
        let rest = &self.text[self.at..];
        if !rest.starts_with(word) {
            return Err(if word.starts_with(rest) { Stop::End } else { Stop::Malformed });
        }
        if secret {
            self.privacy.counts.redacted(Rule::SecretName, Location::Body);
        }
        self.out.push_str(if secret { "false" } else { word });
        self.at += word.len();
        Ok(())
    }

    /// Reads a string into `unescaped` and goes behind it.
    fn string(&mut self) -> Result<(), Stop> {
        if self.peek().ok_or(Stop::End)? != b'"' {
            return Err(Stop::Malformed);
        }
        self.unescaped.clear();
        let bytes = self.text.as_bytes();
        let mut at = self.at + 1;
        loop {
            match *bytes.get(at).ok_or(Stop::End)? {
                b'"' => break,
                b'\\' => at += self.escape(at)?,
                0..0x20 => return Err(Stop::Malformed),
                byte => {
                    self.unescaped.push(byte);
                    at += 1;
                }
            }
        }
        self.at = at + 1;
        Ok(())
    }

    /// The length of an escape.
    fn escape(&mut self, at: usize) -> Result<usize, Stop> {
        let bytes = self.text.as_bytes();
        let byte = match *bytes.get(at + 1).ok_or(Stop::End)? {
            byte @ (b'"' | b'\\' | b'/') => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let digits = self.text.get(at + 2..at + 6).ok_or(Stop::End)?;
                let code = u32::from_str_radix(digits, 16).map_err(|_| Stop::Malformed)?;
                // Half of a pair is as good as any letter here.
                let letter = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                self.unescaped.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(6);
            }
            _ => return Err(Stop::Malformed),
        };
        self.unescaped.push(byte);
        Ok(2)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Copies a byte of punctuation.
    fn take(&mut self) {
        if let Some(byte) = self.peek() {
            self.out.push(char::from(byte));
            self.at += 1;
        }
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n' | 0x1e)) {
            self.at += 1;
        }
    }
}

/// Whether a number that is written with a point or an exponent is that of a card.
fn is_card_number(value: f64) -> bool {
    /// From here on not every whole number has a value of its own.
    const LARGEST: f64 = 1e19;
    value.fract() == 0.0 && (1e12..LARGEST).contains(&value) && {
        let mut buffer = itoa::Buffer::new();
        detectors::is_card(buffer.format(value as u64).as_bytes())
    }
}
