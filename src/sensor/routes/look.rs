//! What a segment looks like: a value of some type, a word that everybody uses, or a word that has to be proven.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::segments::{LONGEST_SEGMENT, escaped};
use super::sensitive::{begins_like_secret, is_gibberish, is_version, looks_sensitive};
use super::vocabulary::{self, Extension};

/// From this length on, hexadecimal digits are an identifier.
const SHORTEST_HEX: usize = 8;
/// From this length on, hexadecimal digits that happen to be letters are, too.
const SHORTEST_HEX_LETTERS: usize = 16;
/// From this length on, letters and digits at random are a token.
const SHORTEST_TOKEN: usize = 16;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An integer without a sign.
    Id,
    /// Digits and signs: a decimal, a coordinate, a phone number, a card number in groups.
    Number,
    Uuid,
    Ulid,
    /// A day or a month (RFC 3339 §5.6).
    Date,
    DateTime,
    Ip,
    Email,
    /// Hexadecimal digits, base64url, a key of a well-known service.
    Token,
    /// A word that may not be shown.
    Segment,
    /// All that is behind the last segment that is told apart.
    Rest,
}

impl Kind {
    const ALL: [Kind; 11] = [
        Kind::Id,
        Kind::Number,
        Kind::Uuid,
        Kind::Ulid,
        Kind::Date,
        Kind::DateTime,
        Kind::Ip,
        Kind::Email,
        Kind::Token,
        Kind::Segment,
        Kind::Rest,
    ];

    /// What stands for it in a template.
    pub fn placeholder(self) -> &'static str {
        match self {
            Kind::Id => "{id}",
            Kind::Number => "{number}",
            Kind::Uuid => "{uuid}",
            Kind::Ulid => "{ulid}",
            Kind::Date => "{date}",
            Kind::DateTime => "{datetime}",
            Kind::Ip => "{ip}",
            Kind::Email => "{email}",
            Kind::Token => "{token}",
            Kind::Segment => "{segment}",
            Kind::Rest => "{rest}",
        }
    }

    /// A value of its type that means nothing. Readers that infer parameters know integers and UUIDs, so that all that
    /// has no form of its own is an integer.
    pub fn surrogate(self) -> &'static str {
        match self {
            Kind::Uuid => "00000000-0000-0000-0000-000000000000",
            Kind::Date => "1970-01-01",
            Kind::DateTime => "1970-01-01T00:00:00Z",
            Kind::Ip => "0.0.0.0",
            Kind::Email => "redacted@example.invalid",
            Kind::Id | Kind::Number | Kind::Ulid | Kind::Token | Kind::Segment | Kind::Rest => "0",
        }
    }
}

/// What is shown in a value's place: `{id}`, `{id}.png`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placeholder {
    pub kind: Kind,
    pub extension: Option<Extension>,
}

impl Placeholder {
    /// Appends it.
    pub fn write(self, template: &mut String) {
        self.append(self.kind.placeholder(), template);
    }

    /// Appends what stands for it in a path.
    pub fn write_surrogate(self, surrogate: &mut String) {
        self.append(self.kind.surrogate(), surrogate);
    }

    fn append(self, text: &str, to: &mut String) {
        to.push_str(text);
        if let Some(extension) = self.extension {
            to.push('.');
            to.push_str(extension.name());
        }
    }

    /// A number that no other has.
    pub fn number(self) -> u64 {
        (self.kind as u64) << 8 | self.extension.map_or(u64::from(u8::MAX), |extension| extension.number().into())
    }

    /// Of a segment that is one already.
    fn parse(segment: &[u8]) -> Option<Placeholder> {
        let (stem, extension) = match Extension::split(segment) {
            Some((stem, extension)) => (stem, Some(extension)),
            None => (segment, None),
        };
        let kind = Kind::ALL.into_iter().find(|kind| kind.placeholder().as_bytes() == stem)?;
        Some(Placeholder { kind, extension })
    }
}

/// What a segment looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// A value. It is never shown.
    Value(Placeholder),
    /// A word of the vocabulary, or a version. It is always shown.
    Known,
    /// A word that is shown once it is proven, and what is shown until then.
    Word(Placeholder),
}

/// Tells what a normalised segment looks like.
pub fn look(segment: &[u8]) -> Look {
    let value = |kind| Look::Value(Placeholder { kind, extension: None });
    let census = Census::of(segment);
    if census.digits() == segment.len() {
        return value(Kind::Id);
    }
    if vocabulary::contains(segment) || is_version(segment) {
        return Look::Known;
    }
    if census.braces() > 0 {
        return Placeholder::parse(segment).map_or(value(Kind::Segment), Look::Value);
    }
    if census.percents() > 0 {
        // Types are those of what was meant.
        let mut decoded = [0; LONGEST_SEGMENT + 1];
        let decoded = decode(segment, &mut decoded);
        return value(typed(decoded, Census::of(decoded)).unwrap_or(Kind::Segment));
    }
    if let Some(kind) = typed(segment, census) {
        return value(kind);
    }
    let Some((stem, extension)) = Extension::split(segment) else { return word(segment, None) };
    if vocabulary::contains(stem) {
        return Look::Known;
    }
    match typed(stem, Census::of(stem)) {
        Some(kind) => Look::Value(Placeholder { kind, extension: Some(extension) }),
        None => word(stem, Some(extension)),
    }
}

/// How many bytes of each class a segment has: eight numbers of eight bits, which is enough for what is looked at.
#[derive(Debug, Clone, Copy)]
struct Census(u64);

const _: () = assert!(LONGEST_SEGMENT < u8::MAX as usize);

impl Census {
    const BYTES: [u64; 256] = {
        let mut table = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            table[byte] = match byte as u8 {
                b'0'..=b'9' => 1 | 1 << 8,
                b'a'..=b'f' | b'A'..=b'F' => 1 << 8,
                b'.' => 1 << 16,
                b':' => 1 << 24,
                b'-' | b'+' | b',' | b'_' | b'(' | b')' | b' ' => 1 << 32,
                b'@' => 1 << 40,
                b'{' | b'}' => 1 << 48,
                b'%' => 1 << 56,
                _ => 0,
            };
            byte += 1;
        }
        table
    };

    fn of(segment: &[u8]) -> Self {
        static BYTES: [u64; 256] = Census::BYTES;
        Census(segment.iter().map(|byte| BYTES[usize::from(*byte)]).sum())
    }

    fn lane(self, lane: u32) -> usize {
        usize::from((self.0 >> (8 * lane)) as u8)
    }

    fn digits(self) -> usize {
        self.lane(0)
    }

    /// Hexadecimal digits.
    fn hex(self) -> usize {
        self.lane(1)
    }

    fn dots(self) -> usize {
        self.lane(2)
    }

    fn colons(self) -> usize {
        self.lane(3)
    }

    /// What one writes between the digits of numbers.
    fn signs(self) -> usize {
        self.lane(4)
    }

    fn ats(self) -> usize {
        self.lane(5)
    }

    fn braces(self) -> usize {
        self.lane(6)
    }

    fn percents(self) -> usize {
        self.lane(7)
    }
}

/// What has no type.
fn word(stem: &[u8], extension: Option<Extension>) -> Look {
    if is_token(stem) {
        return Look::Value(Placeholder { kind: Kind::Token, extension });
    }
    let masked = Placeholder { kind: Kind::Segment, extension };
    if looks_sensitive(stem) { Look::Value(masked) } else { Look::Word(masked) }
}

fn decode<'a>(segment: &[u8], into: &'a mut [u8]) -> &'a [u8] {
    let mut length = 0;
    let mut rest = segment;
    while let ([first, behind @ ..], Some(place)) = (rest, into.get_mut(length)) {
        (*place, rest) = escaped(first, behind).unwrap_or((*first, behind));
        length += 1;
    }
    &into[..length]
}

/// The type of a value that has one.
fn typed(value: &[u8], census: Census) -> Option<Kind> {
    let length = value.len();
    let (digits, hex, dots, colons) = (census.digits(), census.hex(), census.dots(), census.colons());
    if length > 0 && digits == length {
        return Some(Kind::Id);
    }
    if census.ats() > 0 {
        let at = memchr::memrchr(b'@', value)?;
        return (at > 0 && at + 1 < length).then_some(Kind::Email);
    }
    if digits == 0 && hex < SHORTEST_HEX_LETTERS && colons < 2 {
        return None;
    }
    if is_uuid(value, hex) {
        return Some(Kind::Uuid);
    }
    if let Some(kind) = date(value) {
        return Some(kind);
    }
    if is_address(value, digits, hex, dots, colons) {
        return Some(Kind::Ip);
    }
    if digits > 0 && digits + dots + colons + census.signs() == length {
        return Some(Kind::Number);
    }
    if is_ulid(value) {
        return Some(Kind::Ulid);
    }
    is_hex(value, digits, hex).then_some(Kind::Token)
}

/// RFC 9562 §4.
fn is_uuid(value: &[u8], hex: usize) -> bool {
    value.len() == 36 && hex == 32 && [8, 13, 18, 23].iter().all(|&dash| value[dash] == b'-')
}

/// 26 digits of Crockford's base 32, of which the first cannot be more than 7.
fn is_ulid(value: &[u8]) -> bool {
    let crockford = |byte: &u8| match byte.to_ascii_uppercase() {
        b'I' | b'L' | b'O' | b'U' => false,
        other => other.is_ascii_alphanumeric(),
    };
    value.len() == 26 && value[0] <= b'7' && value.iter().all(crockford)
}

fn is_hex(value: &[u8], digits: usize, hex: usize) -> bool {
    let marked = value.starts_with(b"0x") && value.len() == hex + 1;
    let plain = value.len() == hex && ((digits > 0 && hex >= SHORTEST_HEX) || hex >= SHORTEST_HEX_LETTERS);
    plain || (marked && hex > SHORTEST_HEX)
}

/// `2024-05`, `2024-05-01`, and what begins with a day and goes on with a time, in the extended format or the basic one.
fn date(value: &[u8]) -> Option<Kind> {
    let like = |form: &[u8]| {
        value.len() >= form.len()
            && form
                .iter()
                .zip(value)
                .all(|(form, byte)| if *form == b'0' { byte.is_ascii_digit() } else { form == byte })
    };
    let time = |behind: &[u8]| {
        let [b'T' | b't' | b' ' | b'_', first, rest @ ..] = behind else { return false };
        first.is_ascii_digit() && rest.iter().all(|byte| byte.is_ascii_digit() || b":.,Zz+-".contains(byte))
    };
    let day: &[u8] = b"0000-00-00";
    if (value.len() == day.len() && like(day)) || (value.len() == 7 && like(b"0000-00")) {
        return Some(Kind::Date);
    }
    let extended = like(day) && time(&value[day.len()..]);
    let basic = like(b"00000000") && value.get(8).is_some_and(|sign| *sign != b'_') && time(&value[8..]);
    (extended || basic).then_some(Kind::DateTime)
}

fn is_address(value: &[u8], digits: usize, hex: usize, dots: usize, colons: usize) -> bool {
    let length = value.len();
    let text = || str::from_utf8(value).unwrap_or_default();
    if dots == 3 && digits + dots == length {
        return text().parse::<Ipv4Addr>().is_ok();
    }
    let bracketed = value.starts_with(b"[") && value.ends_with(b"]");
    let bare = length - if bracketed { 2 } else { 0 };
    colons >= 2 && hex + dots + colons == bare && {
        let text = text();
        let inner = if bracketed { &text[1..length - 1] } else { text };
        inner.parse::<Ipv6Addr>().is_ok()
    }
}

/// Whether it is long and made by chance: base64url, base 62, a key.
fn is_token(word: &[u8]) -> bool {
    let alphabet = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.=~".contains(byte);
    if word.len() < SHORTEST_TOKEN || !word.iter().all(alphabet) {
        return false;
    }
    // Slugs have numbers, too, but between their words and not in them.
    let inside = |pair: &&[u8]| {
        let [first, second] = pair else { return false };
        (first.is_ascii_digit() && second.is_ascii_alphabetic())
            || (first.is_ascii_alphabetic() && second.is_ascii_digit())
    };
    begins_like_secret(word) || is_gibberish(word) || word.windows(2).filter(inside).count() > 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(segment: &str) -> String {
        let mut text = String::new();
        match look(segment.as_bytes()) {
            Look::Value(placeholder) => placeholder.write(&mut text),
            Look::Known => text.push_str(segment),
            Look::Word(placeholder) => {
                text.push('?');
                placeholder.write(&mut text);
            }
        }
        text
    }

    fn all(segments: &[&str], expected: &str) {
        for segment in segments {
            assert_eq!(shown(segment), expected, "{segment}");
        }
    }

    #[test]
    fn values_are_told_by_their_form() {
        all(&["0", "123", "4111111111111111", "20240501"], "{id}");
        all(&["-1", "3.14", "52.52,13.40", "+49-170-1234567", "4111-1111-1111-1111", "(555) 123"], "{number}");
        all(&["123e4567-e89b-12d3-a456-426614174000", "00000000-0000-0000-0000-000000000000"], "{uuid}");
        all(&["01ARZ3NDEKTSV4RRFFQ69G5FAV"], "{ulid}");
        all(&["2024-05-01", "2024-05"], "{date}");
        all(&["2024-05-01T10:00:00Z", "2024-05-01T10%3A00%3A00%2B02:00", "20240501T100000Z"], "{datetime}");
        all(&["192.0.2.1", "2001:db8::1", "::1", "[2001:db8::1]"], "{ip}");
        all(&["john@example.com", "john%40example.com", "a.b+c@d.e"], "{email}");
    }

    #[test]
    fn tokens_are_told_by_their_letters() {
        all(
            &[
                "deadbeef1",
                "d41d8cd98f00b204e9800998ecf8427e",
                "0x52908400098527886e0f7030069857d2",
                "CfMkAGbE_aivhFydEpaRafPuGWbmHfG",
                "0ujtsYcgvSTl8PAuAdqWYSMnLOv",
                "AKIAIOSFODNN7EXAMPLE",
                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
                "V1StGXR8_Z5jdHi6B-myT",
                "507f1f77bcf86cd799439011",
            ],
            "{token}",
        );
    }

    #[test]
    fn known_words_and_versions_are_shown() {
        for segment in ["users", "v1", "v2beta1", "Users", "API", "healthz", ".well-known", "index.html", "favicon.ico"]
        {
            assert_eq!(shown(segment), segment);
        }
    }

    #[test]
    fn other_words_wait_for_proof() {
        all(
            &["acme", "hello.world", "john.smith", "pkg.v1.Service", "deadbee", "GetUserProfileByIdentifier"],
            "?{segment}",
        );
        all(&["logotype.png", "Acme.PNG"], "?{segment}.png");
    }

    #[test]
    fn what_looks_sensitive_is_never_a_word() {
        all(
            &["john1985", "@john", "~john", "a%2Fb", "%FF", "a b", "hQxZpLwk", "article-2024-05-some-title"],
            "{segment}",
        );
    }

    #[test]
    fn the_extension_of_a_file_is_kept() {
        all(&["123.png", "123.PNG"], "{id}.png");
        all(&["main.3f2a1b9c.js", "john1985.js"], "{segment}.js");
        all(&["3f2a1b9c.js"], "{token}.js");
    }

    #[test]
    fn a_placeholder_is_itself_and_other_braces_are_nothing() {
        for kind in Kind::ALL {
            assert_eq!(shown(kind.placeholder()), kind.placeholder());
            let with_extension = format!("{}.json", kind.placeholder());
            assert_eq!(shown(&with_extension), with_extension);
        }
        all(&["{acme}", "{", "{id", "{id}x", "{id}.acme", "x{id}"], "{segment}");
    }

    #[test]
    fn placeholders_have_numbers_of_their_own() {
        let number = |segment: &str| match look(segment.as_bytes()) {
            Look::Value(placeholder) => placeholder.number(),
            other => panic!("{other:?}"),
        };
        let mut numbers = Vec::new();
        for kind in Kind::ALL {
            for extension in ["", ".png", ".js", ".atom"] {
                numbers.push(number(&format!("{}{extension}", kind.placeholder())));
            }
        }
        let all = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), all);
    }
}
