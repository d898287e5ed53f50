//! Finds in a text what is personal or secret by its form.
//!
//! Each detector is a few comparisons that begin at a byte which can begin (or is in the middle of) what it looks for, and
//! looks at most a constant number of bytes back and, apart from what it finds, ahead. So a text is read in linear time,
//! nothing is compiled at start, and no table or cache takes memory: the sensor has none to spare for the automata that
//! regular expressions would need.
//!
//! - [`card`], [`iban`], [`number`]: numbers with check digits, and those with a fixed form
//! - [`email`]: addresses of mail
//! - [`key`]: keys and tokens that their issuers gave a form
//! - [`assignment`]: `name=value` where the name says that the value is secret, and user information in URLs
//! - [`escape`]: what a text stands for when it is decoded

mod assignment;
mod card;
mod email;
mod escape;
mod iban;
mod key;
mod number;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub use card::is_card;
pub use escape::decode;

/// What is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The number of a payment card: 13 to 19 digits of a known issuer, with a right check digit (ISO/IEC 7812-1).
    Card,
    /// An account number with right check digits (ISO 13616-1).
    Iban,
    /// A social security number of the United States.
    Ssn,
    Email,
    /// A telephone number with its country code (ITU-T E.164).
    Phone,
    /// A JSON Web Token (RFC 7519 §3).
    Jwt,
    /// A key or certificate in text (RFC 7468).
    Pem,
    /// A key in the form that its issuer gave it.
    VendorKey,
    /// What an `Authorization` field holds, elsewhere.
    Authorization,
    /// Who a URL is asked as (RFC 3986 §3.2.1).
    UserInfo,
    /// A value that its name calls secret.
    SecretName,
    /// A name that is no word but an identifier or a token.
    OpaqueName,
}

impl Rule {
    /// All of them.
    pub const ALL: [Rule; 12] = [
        Rule::Card,
        Rule::Iban,
        Rule::Ssn,
        Rule::Email,
        Rule::Phone,
        Rule::Jwt,
        Rule::Pem,
        Rule::VendorKey,
        Rule::Authorization,
        Rule::UserInfo,
        Rule::SecretName,
        Rule::OpaqueName,
    ];

    /// Whether what it finds opens something, and so leaves at no level.
    pub fn is_credential(self) -> bool {
        !matches!(self, Rule::Card | Rule::Iban | Rule::Ssn | Rule::Email | Rule::Phone | Rule::OpaqueName)
    }

    /// As metrics show it.
    pub fn name(self) -> &'static str {
        match self {
            Rule::Card => "card",
            Rule::Iban => "iban",
            Rule::Ssn => "ssn",
            Rule::Email => "email",
            Rule::Phone => "phone",
            Rule::Jwt => "jwt",
            Rule::Pem => "pem",
            Rule::VendorKey => "vendor_key",
            Rule::Authorization => "authorization",
            Rule::UserInfo => "user_info",
            Rule::SecretName => "secret_name",
            Rule::OpaqueName => "opaque_name",
        }
    }
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// What is personal, and credentials.
    All,
    Credentials,
}

/// Where something was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub rule: Rule,
    pub range: Range<usize>,
}

/// The first finding that ends after a place in a text, as it is written.
pub fn find(text: &[u8], from: usize, wanted: Wanted) -> Option<Finding> {
    let mut finding = (from..text.len()).find_map(|at| find_at(text, at, wanted))?;
    // What is looked back for may begin in an earlier finding.
    finding.range.start = finding.range.start.max(from);
    Some(finding)
}

/// The rule of the first finding in a text, or in what it stands for when it is decoded. `scratch` is overwritten.
pub fn first_rule(text: &[u8], wanted: Wanted, scratch: &mut [Vec<u8>; 2]) -> Option<Rule> {
    /// Each round takes off one layer of escapes: a URL in a parameter of a URL in a parameter has two.
    const ROUNDS: usize = 3;
    if let Some(finding) = find(text, 0, wanted) {
        return Some(finding.rule);
    }
    let [current, next] = scratch;
    if !decode(text, current) {
        return None;
    }
    for round in 1..=ROUNDS {
        if let Some(finding) = find(current, 0, wanted).or_else(|| find_with_spaces(current, next, wanted)) {
            return Some(finding.rule);
        }
        if round == ROUNDS || !decode(current, next) {
            return None;
        }
        std::mem::swap(current, next);
    }
    None
}

/// Finds in a form's text, whose spaces are written `+`.
fn find_with_spaces(text: &[u8], scratch: &mut Vec<u8>, wanted: Wanted) -> Option<Finding> {
    if !text.contains(&b'+') {
        return None;
    }
    scratch.clear();
    scratch.extend(text.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }));
    find(scratch, 0, wanted)
}

/// As [`first_rule`], for text in which a `+` may be a space.
pub fn first_rule_of_form(text: &[u8], wanted: Wanted, scratch: &mut [Vec<u8>; 2]) -> Option<Rule> {
    let found = find_with_spaces(text, &mut scratch[0], wanted).map(|finding| finding.rule);
    found.or_else(|| first_rule(text, wanted, scratch))
}

/// Whether it is an address of mail and nothing else.
pub fn is_email(text: &[u8]) -> bool {
    memchr::memchr(b'@', text).and_then(|at| email::around(text, at)) == Some(0..text.len())
}

fn find_at(text: &[u8], at: usize, wanted: Wanted) -> Option<Finding> {
    let personal = wanted == Wanted::All;
    let (rule, range) = match text[at] {
        b'@' if personal => (Rule::Email, email::around(text, at)?),
        b'+' if personal => (Rule::Phone, number::phone(text, at)?),
        b'0'..=b'9' if personal => card::at(text, at)
            .map(|range| (Rule::Card, range))
            .or_else(|| Some((Rule::Ssn, number::social_security(text, at)?)))?,
        b'-' => (Rule::Pem, key::pem(text, at)?),
        b':' => assignment::user_info(text, at)
            .map(|range| (Rule::UserInfo, range))
            .or_else(|| Some((Rule::SecretName, named(text, at)?)))?,
        b'=' | b'>' => (Rule::SecretName, named(text, at)?),
        b'A'..=b'Z' | b'a'..=b'z' if !follows_word(text, at) => word(text, at, personal)?,
        _ => return None,
    };
    Some(Finding { rule, range })
}

/// A value that its name calls secret, to the end of what it begins with: a scheme and its token are two words, a key has
/// lines.
fn named(text: &[u8], at: usize) -> Option<Range<usize>> {
    let Range { start, end } = assignment::at(text, at)?;
    let more = key::authorization(text, start).or_else(|| key::pem(text, start));
    Some(start..more.map_or(end, |more| more.end.max(end)))
}

/// What begins with a letter.
fn word(text: &[u8], at: usize, personal: bool) -> Option<(Rule, Range<usize>)> {
    if let Some(range) = key::vendor(text, at) {
        return Some((Rule::VendorKey, range));
    }
    let token = match text[at] {
        b'e' => key::json_web_token(text, at).map(|range| (Rule::Jwt, range)),
        b'b' | b'B' => key::authorization(text, at).map(|range| (Rule::Authorization, range)),
        _ => None,
    };
    if token.is_some() {
        return token;
    }
    Some((Rule::Iban, iban::at(text, at).filter(|_| personal)?))
}

/// Whether a letter or digit is before a place.
fn follows_word(text: &[u8], at: usize) -> bool {
    at > 0 && text[at - 1].is_ascii_alphanumeric()
}

/// Whether a letter or digit is at a place.
fn is_word(text: &[u8], at: usize) -> bool {
    text.get(at).is_some_and(u8::is_ascii_alphanumeric)
}

/// The end of the bytes of a kind from a place on, at most so many.
fn run(text: &[u8], from: usize, most: usize, of: impl Fn(u8) -> bool) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let len = rest.iter().take(most).take_while(|&&byte| of(byte)).count();
    looked_at(len);
    from + len
}

/// So many bytes were looked at, which tests count.
#[inline]
fn looked_at(_bytes: usize) {
    #[cfg(test)]
    tests::LOOKED_AT.set(tests::LOOKED_AT.get() + _bytes);
}
