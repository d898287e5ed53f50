//! International bank account numbers.

use std::ops::Range;

use super::is_word;

/// The longest number that a country of the list has.
const MAX_LEN: usize = 33;

/// Countries and how long their numbers are (the registry of ISO 13616).
#[rustfmt::skip]
const LENGTHS: [(&[u8; 2], u8); 88] = [
    (b"AD", 24), (b"AE", 23), (b"AL", 28), (b"AT", 20), (b"AZ", 28), (b"BA", 20), (b"BE", 16), (b"BG", 22),
    (b"BH", 22), (b"BI", 27), (b"BR", 29), (b"BY", 28), (b"CH", 21), (b"CR", 22), (b"CY", 28), (b"CZ", 24),
    (b"DE", 22), (b"DJ", 27), (b"DK", 18), (b"DO", 28), (b"EE", 20), (b"EG", 29), (b"ES", 24), (b"FI", 18),
    (b"FK", 18), (b"FO", 18), (b"FR", 27), (b"GB", 22), (b"GE", 22), (b"GI", 23), (b"GL", 18), (b"GR", 27),
    (b"GT", 28), (b"HN", 28), (b"HR", 21), (b"HU", 28), (b"IE", 22), (b"IL", 23), (b"IQ", 23), (b"IS", 26),
    (b"IT", 27), (b"JO", 30), (b"KW", 30), (b"KZ", 20), (b"LB", 28), (b"LC", 32), (b"LI", 21), (b"LT", 20),
    (b"LU", 20), (b"LV", 21), (b"LY", 25), (b"MC", 27), (b"MD", 24), (b"ME", 22), (b"MK", 19), (b"MN", 20),
    (b"MR", 27), (b"MT", 31), (b"MU", 30), (b"NI", 28), (b"NL", 18), (b"NO", 15), (b"OM", 23), (b"PK", 24),
    (b"PL", 28), (b"PS", 29), (b"PT", 25), (b"QA", 29), (b"RO", 24), (b"RS", 22), (b"RU", 33), (b"SA", 24),
    (b"SC", 31), (b"SD", 18), (b"SE", 24), (b"SI", 19), (b"SK", 24), (b"SM", 27), (b"SO", 23), (b"ST", 25),
    (b"SV", 28), (b"TL", 23), (b"TN", 24), (b"TR", 26), (b"UA", 29), (b"VA", 22), (b"VG", 24), (b"XK", 20),
];

/// A number that begins at a letter which follows no word, with or without a space or hyphen between its parts.
pub fn at(text: &[u8], at: usize) -> Option<Range<usize>> {
    let &[first, second, tens, ones] = text.get(at..)?.first_chunk()?;
    if !(tens.is_ascii_digit() && ones.is_ascii_digit()) {
        return None;
    }
    let country = [first.to_ascii_uppercase(), second.to_ascii_uppercase()];
    let place = LENGTHS.binary_search_by_key(&&country, |&(country, _)| country).ok()?;
    let expected = usize::from(LENGTHS[place].1);
    let mut number = [0; MAX_LEN];
    let mut len = 0;
    let mut end = at;
    while len < expected {
        match *text.get(end)? {
            byte if byte.is_ascii_alphanumeric() => {
                number[len] = byte;
                len += 1;
            }
            b' ' | b'-' if is_word(text, end + 1) => {}
            _ => return None,
        }
        end += 1;
    }
    (!is_word(text, end) && has_check_digits(&number[..len])).then_some(at..end)
}

/// The number with its first four characters moved to the end, letters as 10 to 35, is 1 modulo 97.
fn has_check_digits(number: &[u8]) -> bool {
    let (start, rest) = number.split_at(4);
    let remainder = rest.iter().chain(start).fold(0, |remainder, byte| {
        let value = char::from(*byte).to_digit(36).unwrap_or_default();
        (remainder * if value < 10 { 10 } else { 100 } + value) % 97
    });
    remainder == 1
}
