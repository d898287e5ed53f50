//! Numbers of payment cards.

use std::ops::Range;

use super::{follows_word, is_word, run};

/// The longest number (ISO/IEC 7812-1).
const MAX_DIGITS: usize = 19;
const MIN_DIGITS: usize = 13;

/// A number that begins here: its digits together, or in groups of at least three after a first one of four or six.
pub fn at(text: &[u8], at: usize) -> Option<Range<usize>> {
    if follows_word(text, at) || is_fraction(text, at) {
        return None;
    }
    let mut digits = [0; MAX_DIGITS];
    let mut len = 0;
    let mut place = at;
    let mut separator = None;
    let mut found = None;
    loop {
        let end = run(text, place, MAX_DIGITS + 1, |byte| byte.is_ascii_digit());
        let group = &text[place..end];
        let usual = match separator {
            None => matches!(group.len(), 4 | 6 | MIN_DIGITS..=MAX_DIGITS),
            Some(_) => group.len() >= 3,
        };
        if !usual {
            return found;
        }
        let Some(room) = digits.get_mut(len..len + group.len()) else { return found };
        room.copy_from_slice(group);
        len += group.len();
        if !is_word(text, end) && is_card(&digits[..len]) {
            found = Some(at..end);
        }
        match text.get(end) {
            Some(&byte @ (b' ' | b'-' | b'.')) if separator.is_none_or(|known| known == byte) => {
                separator = Some(byte);
                place = end + 1;
            }
            _ => return found,
        }
    }
}

/// Whether it is the number of a card and nothing else, without separators.
pub fn is_card(digits: &[u8]) -> bool {
    (MIN_DIGITS..=MAX_DIGITS).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
        && digits.iter().any(|digit| *digit != digits[0])
        && has_issuer(digits)
        && has_check_digit(digits)
}

/// Whether these are digits after a decimal point.
fn is_fraction(text: &[u8], at: usize) -> bool {
    at >= 2 && text[at - 1] == b'.' && text[at - 2].is_ascii_digit()
}

/// Whether a network of payment cards gives out numbers that begin so and are of this length.
fn has_issuer(digits: &[u8]) -> bool {
    let first = |count: usize| digits[..count].iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
    let len = digits.len();
    match (first(1), first(2), first(3), first(4)) {
        // Visa.
        (4, ..) => matches!(len, 13 | 16 | 19),
        // Mastercard.
        (_, 51..=55, ..) | (.., 2221..=2720) => len == 16,
        // American Express.
        (_, 34 | 37, ..) => len == 15,
        // Diners Club.
        (_, 36 | 38 | 39, ..) | (_, _, 300..=305 | 309, _) => (14..=19).contains(&len),
        // JCB, Discover, UnionPay, Mir.
        (.., 3528..=3589) | (.., 6011) | (_, _, 644..=649, _) | (_, 62 | 65 | 81, ..) | (.., 2200..=2204) => len >= 16,
        // Maestro.
        (_, 50 | 56..=58, ..) | (.., 6304 | 6759 | 6761..=6763) => true,
        _ => false,
    }
}

/// Luhn's sum (ISO/IEC 7812-1, annex B).
fn has_check_digit(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, u32::from(digit - b'0')) {
            (0, digit) => digit,
            (_, digit) => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    sum.is_multiple_of(10)
}
