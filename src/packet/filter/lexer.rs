//! Text to tokens: at most [`MOST_TOKENS`] of them.
//!
//! The longest match wins, as in libpcap's scanner: `10.1-x` is a name, `aa-bb-cc-dd-ee-ff` and `aabb.ccdd.eeff` are
//! Ethernet addresses, and a word may have dashes and dots inside it but ends with neither dash nor underscore.

use std::net::Ipv6Addr;
use std::ops::Range;

use super::ast::PartialIpv4;
use super::error::{FilterError, FilterErrorKind, quote};
use super::names::{self, Keyword};

/// The most tokens of an expression; twice what can fit a program.
pub(super) const MOST_TOKENS: usize = 8192;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Keyword(Keyword),
    Number(u32),
    Ipv4(PartialIpv4),
    Ipv6(Ipv6Addr),
    Ethernet([u8; 6]),
    /// Any other word, and any word behind a backslash.
    Name(&'a str),
    Sign(Sign),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    Open,
    Close,
    OpenIndex,
    CloseIndex,
    Colon,
    Slash,
    Plus,
    Minus,
    Star,
    Percent,
    Ampersand,
    Bar,
    Caret,
    ShiftLeft,
    ShiftRight,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone)]
pub(super) struct Spanned<'a> {
    pub token: Token<'a>,
    pub at: Range<usize>,
}

/// Signs, the longer before those that begin them.
const SIGNS: &[(&str, Token<'static>)] = &[
    ("&&", Token::Keyword(Keyword::And)),
    ("||", Token::Keyword(Keyword::Or)),
    ("<<", Token::Sign(Sign::ShiftLeft)),
    (">>", Token::Sign(Sign::ShiftRight)),
    ("<=", Token::Sign(Sign::LessOrEqual)),
    (">=", Token::Sign(Sign::GreaterOrEqual)),
    ("!=", Token::Sign(Sign::NotEqual)),
    ("==", Token::Sign(Sign::Equal)),
    ("!", Token::Keyword(Keyword::Not)),
    ("=", Token::Sign(Sign::Equal)),
    ("<", Token::Sign(Sign::Less)),
    (">", Token::Sign(Sign::Greater)),
    ("(", Token::Sign(Sign::Open)),
    (")", Token::Sign(Sign::Close)),
    ("[", Token::Sign(Sign::OpenIndex)),
    ("]", Token::Sign(Sign::CloseIndex)),
    (":", Token::Sign(Sign::Colon)),
    ("/", Token::Sign(Sign::Slash)),
    ("+", Token::Sign(Sign::Plus)),
    ("-", Token::Sign(Sign::Minus)),
    ("*", Token::Sign(Sign::Star)),
    ("%", Token::Sign(Sign::Percent)),
    ("&", Token::Sign(Sign::Ampersand)),
    ("|", Token::Sign(Sign::Bar)),
    ("^", Token::Sign(Sign::Caret)),
];

pub(super) fn tokens(expression: &str) -> Result<Vec<Spanned<'_>>, FilterError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        let rest = expression.get(at..).unwrap_or_default();
        let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        at += blank;
        let rest = rest.get(blank..).unwrap_or_default();
        let Some(first) = rest.chars().next() else {
            return Ok(tokens);
        };
        let found = token(rest).map_err(|(kind, length)| FilterError::new(at..at + length, kind))?;
        let Some((token, length)) = found else {
            let kind = FilterErrorKind::IllegalCharacter(first);
            return Err(FilterError::new(at..at + first.len_utf8(), kind));
        };
        let span = at..at + length;
        if tokens.len() == MOST_TOKENS {
            return Err(FilterError::new(span, FilterErrorKind::TooManyWords { most: MOST_TOKENS }));
        }
        at += length;
        tokens.push(Spanned { token, at: span });
    }
}

type Found<'a> = Option<(Token<'a>, usize)>;

/// The token that `rest` begins with and its length in bytes; an error also says how many bytes it is about.
fn token(rest: &str) -> Result<Found<'_>, (FilterErrorKind, usize)> {
    if let Some(found) = colon_address(rest)? {
        return Ok(Some(found));
    }
    if let Some(escaped) = rest.strip_prefix('\\') {
        let name = prefix(escaped, |c| !matches!(c, ' ' | '!' | '(' | ')' | '\n' | '\t'));
        return Ok((!name.is_empty()).then_some((Token::Name(name), 1 + name.len())));
    }
    if rest.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        let word = prefix(rest, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        let word = word.trim_end_matches(['-', '_']);
        let token = classify(word).map_err(|kind| (kind, word.len()))?;
        return Ok(Some((token, word.len())));
    }
    Ok(SIGNS.iter().find(|(text, _)| rest.starts_with(text)).map(|(text, token)| (*token, text.len())))
}

/// An IPv6 or Ethernet address with colons. `ip[4:2]` has a colon too, but only one.
fn colon_address(rest: &str) -> Result<Found<'_>, (FilterErrorKind, usize)> {
    let run = prefix(rest, |c| c.is_ascii_hexdigit() || matches!(c, ':' | '.'));
    if run.bytes().filter(|b| *b == b':').count() < 2 {
        return Ok(None);
    }
    if let Ok(address) = run.parse() {
        return Ok(Some((Token::Ipv6(address), run.len())));
    }
    match ethernet(run, ':') {
        Some(address) => Ok(Some((Token::Ethernet(address), run.len()))),
        None => Err((FilterErrorKind::BadAddress(quote(run)), run.len())),
    }
}

/// What a word without colons is.
fn classify(word: &str) -> Result<Token<'_>, FilterErrorKind> {
    if let Some(keyword) = names::keyword(word) {
        return Ok(match keyword {
            Keyword::Constant(value) => Token::Number(value),
            other => Token::Keyword(other),
        });
    }
    if let Some(address) = dashed_ethernet(word) {
        return Ok(Token::Ethernet(address));
    }
    if let Some(number) = number(word)? {
        return Ok(Token::Number(number));
    }
    if let Some(address) = dotted(word)? {
        return Ok(Token::Ipv4(address));
    }
    Ok(Token::Name(word))
}

/// Six bytes with dashes or dots, three pairs of bytes with dots, or twelve digits.
fn dashed_ethernet(word: &str) -> Option<[u8; 6]> {
    if let Some(address) = ethernet(word, '-').or_else(|| ethernet(word, '.')) {
        return Some(address);
    }
    let digits = match word.len() {
        12 => word.to_owned(),
        14 if word.split('.').map(str::len).eq([4, 4, 4]) => word.replace('.', ""),
        _ => return None,
    };
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let number = u64::from_str_radix(&digits, 16).ok()?;
    let [_, _, address @ ..] = number.to_be_bytes();
    Some(address)
}

/// Six bytes of one or two hexadecimal digits.
fn ethernet(word: &str, separator: char) -> Option<[u8; 6]> {
    let mut address = [0; 6];
    let mut parts = word.split(separator);
    for byte in &mut address {
        let part = parts.next().filter(|part| matches!(part.len(), 1..=2))?;
        if !part.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(address)
}

/// Decimal, hexadecimal after `0x`, octal after `0`.
fn number(word: &str) -> Result<Option<u32>, FilterErrorKind> {
    let hexadecimal = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X"));
    let (digits, radix) = match hexadecimal {
        Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit()) => (digits, 16),
        None if word.bytes().all(|b| b.is_ascii_digit()) => (word, if word.starts_with('0') { 8 } else { 10 }),
        _ => return Ok(None),
    };
    u32::from_str_radix(digits, radix).map(Some).map_err(|_| FilterErrorKind::BadNumber(quote(word)))
}

/// Two to four bytes with dots between.
fn dotted(word: &str) -> Result<Option<PartialIpv4>, FilterErrorKind> {
    let count = word.split('.').count();
    let digits = word.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    if !(2..=4).contains(&count) || !digits {
        return Ok(None);
    }
    let mut bytes = [0; 4];
    for (byte, part) in bytes.iter_mut().zip(word.split('.')) {
        *byte = part.parse().map_err(|_| FilterErrorKind::BadAddress(quote(word)))?;
    }
    let bits = [0, 8, 16, 24, 32][count];
    Ok(Some(PartialIpv4 { address: u32::from_be_bytes(bytes), bits }))
}

fn prefix(text: &str, belongs: impl Fn(char) -> bool) -> &str {
    let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexed(expression: &str) -> Vec<Token<'_>> {
        tokens(expression).unwrap().into_iter().map(|spanned| spanned.token).collect()
    }

    #[test]
    fn the_longest_match_wins() {
        assert_eq!(lexed("10.1"), [Token::Ipv4(PartialIpv4 { address: 0x0a01_0000, bits: 16 })]);
        assert_eq!(lexed("10.1-x"), [Token::Name("10.1-x")]);
        assert_eq!(lexed("80-90"), [Token::Name("80-90")]);
        assert_eq!(lexed("4 -"), [Token::Number(4), Token::Sign(Sign::Minus)]);
        assert_eq!(lexed("4-"), [Token::Number(4), Token::Sign(Sign::Minus)]);
        assert_eq!(lexed(r"\tcp"), [Token::Name("tcp")]);
        assert_eq!(lexed("010 0x1F"), [Token::Number(8), Token::Number(31)]);
    }

    #[test]
    fn ethernet_addresses_have_many_spellings() {
        let address = Token::Ethernet([0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff]);
        for spelling in
            ["aa:bb:cc:dd:ee:ff", "aa-bb-cc-dd-ee-ff", "aa.bb.cc.dd.ee.ff", "aabb.ccdd.eeff", "AABBCCDDEEFF"]
        {
            assert_eq!(lexed(spelling), [address], "{spelling}");
        }
    }

    #[test]
    fn an_index_is_not_an_address() {
        assert_eq!(lexed("ip[4:2]")[2..5], [Token::Number(4), Token::Sign(Sign::Colon), Token::Number(2)]);
        assert_eq!(lexed("::1"), [Token::Ipv6(Ipv6Addr::LOCALHOST)]);
    }

    #[test]
    fn what_is_no_token_is_named() {
        assert_eq!(tokens("tcp and é").unwrap_err().at, 8..10);
        assert_eq!(tokens("len > 08").unwrap_err().kind, FilterErrorKind::BadNumber("08".into()));
        assert_eq!(tokens("host 1.2.3.400").unwrap_err().kind, FilterErrorKind::BadAddress("1.2.3.400".into()));
        assert_eq!(tokens("host 1::2::3").unwrap_err().at, 5..12);
        assert!(tokens("\\").is_err());
    }
}
