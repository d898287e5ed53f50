//! Whether the name of a property is one that a programmer gave, or a value: the id, the address, the day that an object
//! maps to something.
//!
//! Only the former is shown. In doubt a name is taken for a value: that loses a name, the other mistake shows somebody's
//! address.

use super::looks::Looks;
use crate::sensor::privacy::Privacy;

/// Longest name that is shown, in bytes.
pub const MAX_NAME: usize = 64;

/// Most names of one object that differ only in their numbers (`item1`, `item2`); with more it is a map.
pub const MAX_NUMBERED: usize = 8;

/// Digits that no name of a programmer has.
const MANY_DIGITS: usize = 6;
/// Digits in a row that only names of standards have.
const LONG_NUMBER: usize = 4;
/// From this length on, what has no words in it is a token.
const TOKEN: usize = 12;
/// Letters without a vowel in a row that no word has.
const UNSPEAKABLE: usize = 6;

/// Whether a name may be shown.
pub fn may_be_shown(name: &str) -> bool {
    !(name.is_empty()
        || name.len() > MAX_NAME
        || !name.chars().enumerate().all(|(at, char)| belongs(char, at))
        || Looks::of(name) != Looks::Plain
        || is_number_like(name)
        || is_hexadecimal(name)
        || is_token(name)
        || Privacy::finds_in(name.as_bytes()))
}

/// Whether names of one object say that it is a map, although each could be a programmer's. If some do, so do they with
/// others beside them.
pub fn are_keys_of_map<'a>(names: impl Iterator<Item = &'a str>) -> bool {
    let mut shapes: Vec<(u64, usize)> = Vec::new();
    for name in names.filter(|name| name.bytes().any(|byte| byte.is_ascii_digit())) {
        let shape = shape(name);
        match shapes.iter_mut().find(|(other, _)| *other == shape) {
            Some((_, count)) if *count == MAX_NUMBERED => return true,
            Some((_, count)) => *count += 1,
            None => shapes.push((shape, 1)),
        }
    }
    false
}

/// A hash of a name in which every number is the same (FNV-1a).
fn shape(name: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut in_number = false;
    for byte in name.bytes() {
        let digit = byte.is_ascii_digit();
        if !(digit && in_number) {
            hash = (hash ^ u64::from(if digit { b'0' } else { byte })).wrapping_mul(0x0100_0000_01b3);
        }
        in_number = digit;
    }
    hash
}

/// Whether a name can have a character, at this place of it. An `@` begins the names of JSON-LD and XML's attributes.
fn belongs(char: char, at: usize) -> bool {
    char.is_alphanumeric() || "_-.$:[]#".contains(char) || (char == '@' && at == 0)
}

fn is_number_like(name: &str) -> bool {
    let is_number = |char: &char| char.is_numeric();
    let digits = name.chars().filter(is_number).count();
    let letters = name.chars().filter(|char| char.is_alphabetic()).count();
    let longest = longest_run(name.chars(), |char| is_number(&char));
    let standard = ["iso", "rfc"].iter().any(|prefix| name.get(..3).is_some_and(|it| it.eq_ignore_ascii_case(prefix)));
    letters == 0 && digits > 0
        || digits >= MANY_DIGITS
        || longest >= LONG_NUMBER && !(standard && longest == LONG_NUMBER)
}

/// Eight hexadecimal digits and more, some of them decimal.
fn is_hexadecimal(name: &str) -> bool {
    let mut digits = name.bytes().filter(|byte| !matches!(byte, b'-' | b'_' | b':'));
    name.len() >= 8 && name.bytes().any(|byte| byte.is_ascii_digit()) && digits.all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a name has no words in it, as random letters and digits have none.
fn is_token(name: &str) -> bool {
    let numbers = runs(name, |byte| byte.is_ascii_digit());
    let letters = runs(name, |byte| byte.is_ascii_alphabetic());
    let mixed =
        name.bytes().any(|byte| byte.is_ascii_uppercase()) && name.bytes().any(|byte| byte.is_ascii_lowercase());
    let unspeakable = longest_run(name.chars(), |char| char.is_ascii_lowercase() && !"aeiouy".contains(char));
    let changes = changes(name);
    numbers >= 2 && mixed && changes >= 6
        || name.len() >= TOKEN
            && (numbers >= 2 && letters >= 2 && !name.contains(['_', '-', '.'])
                || changes * 2 > name.len()
                || unspeakable >= UNSPEAKABLE)
}

/// How often a small letter, a capital or a digit stands beside another of the three. Two letters of a name in camel case
/// are beside another kind for each word, which are longer than that.
fn changes(name: &str) -> usize {
    let kind = |byte: u8| match byte {
        b'a'..=b'z' => Some(0),
        b'A'..=b'Z' => Some(1),
        b'0'..=b'9' => Some(2),
        _ => None,
    };
    let next = name.bytes().skip(1);
    name.bytes().zip(next).filter(|&(a, b)| kind(a).zip(kind(b)).is_some_and(|(a, b)| a != b)).count()
}

/// How often stretches of such bytes begin.
fn runs(name: &str, is_such: impl Fn(u8) -> bool) -> usize {
    let mut count = 0;
    let mut before = false;
    for byte in name.bytes() {
        let such = is_such(byte);
        count += usize::from(such && !before);
        before = such;
    }
    count
}

/// The most such characters in a row.
fn longest_run(chars: impl Iterator<Item = char>, is_such: impl Fn(char) -> bool) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for char in chars {
        run = if is_such(char) { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_programmers_are_shown() {
        for name in [
            "id",
            "userId",
            "created_at",
            "line1",
            "address2",
            "sha256",
            "x509",
            "oauth2",
            "iso8601",
            "RFC3339",
            "ipv4",
            "p99_9",
            "xmlHttpRequest",
            "httpsRedirectURL",
            "@type",
            "$ref",
            "dc:title",
            "user.name",
            "items[]",
            "X-Request-Id",
            "internationalizationEnabled",
            "isOAuth2ClientSecretRequired",
            "größe",
            "名前",
            "MAX_LEN",
            "lengths",
            "md5",
            "deadline",
            "facade",
            "feed",
            "e",
            "_links",
            "createdByUserID",
            "line_1_item_2_code",
        ] {
            assert!(may_be_shown(name), "{name}");
        }
    }

    #[test]
    fn names_that_are_values_are_not_shown() {
        let long = "a".repeat(MAX_NAME + 1);
        for name in [
            "",
            "42",
            "2024",
            "2024-05-06",
            "user_1234",
            "ORD-2024-0001",
            "4111 1111 1111 1111",
            "+4915112345678",
            "ann@example.com",
            "Ann Lee",
            "10.0.0.1",
            "2001:db8::1",
            "0b2f8a2e-7d0c-4a55-9a9e-1b1f0a5a7c11",
            "deadbeef1",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "AKIAIOSFODNN7EXAMPLE1",
            "a8Kd92kQ",
            "CfMkAGbE_aivhFydEpaRafPuGWbmHfG",
            "sk_live_a8Kd92kQ3mZ",
            "https://example.com/a",
            "/users/ann",
            "qwrtzpsdfghjk",
            "a=b",
            "x\u{0}",
            "٣٤٥",
            &long,
        ] {
            assert!(!may_be_shown(name), "{name}");
        }
    }

    #[test]
    fn many_names_that_differ_in_a_number_are_keys_of_a_map() {
        let names: Vec<_> = (0..=MAX_NUMBERED).map(|number| format!("user{number}")).collect();
        assert!(are_keys_of_map(names.iter().map(String::as_str)));
        assert!(!are_keys_of_map(names.iter().skip(1).map(String::as_str)));
        assert!(!are_keys_of_map(["a1", "b1", "c1", "d1", "e1", "f1", "g1", "h1", "i1", "j1"].into_iter()));
    }
}
