//! Numbers with a fixed form: social security, telephone.

use std::ops::Range;

use super::{follows_word, is_word, run};

/// `123-45-6789`, or with spaces. Without separators nothing tells it from other numbers.
pub fn social_security(text: &[u8], at: usize) -> Option<Range<usize>> {
    const LEN: usize = 11;
    let number: &[u8; LEN] = text.get(at..)?.first_chunk()?;
    let separator = number[3];
    let formed = matches!(separator, b'-' | b' ')
        && number.iter().enumerate().all(|(place, &byte)| match place {
            3 | 6 => byte == separator,
            _ => byte.is_ascii_digit(),
        });
    // A full stop may end a sentence or the label of a host, or separate an ending.
    let part_of_more = |next: Option<u8>, beyond: Option<u8>| match next {
        Some(b'.') => beyond.is_some_and(|byte| byte.is_ascii_digit()),
        next => next.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
    };
    let before = |back: usize| at.checked_sub(back).and_then(|before| text.get(before)).copied();
    let after = |further: usize| text.get(at + LEN + further).copied();
    if !formed || part_of_more(before(1), before(2)) || part_of_more(after(0), after(1)) {
        return None;
    }
    // Never given out: 000, 666 and 9xx as area, 00 as group, 0000 as serial number.
    let given_out =
        !matches!(&number[..3], b"000" | b"666" | [b'9', ..]) && &number[4..6] != b"00" && &number[7..] != b"0000";
    given_out.then_some(at..at + LEN)
}

/// `+` and 8 to 15 digits, 10 at least if there is anything between them.
pub fn phone(text: &[u8], at: usize) -> Option<Range<usize>> {
    /// The longest number (ITU-T E.164 §6).
    const MAX_DIGITS: usize = 15;
    const MAX_GROUPS: usize = 6;
    let first = text.get(at + 1)?;
    if follows_word(text, at) || !(b'1'..=b'9').contains(first) {
        return None;
    }
    let mut digits = 0;
    let mut groups = 0;
    let mut end = at + 1;
    loop {
        let group = run(text, end, MAX_DIGITS + 1, |byte| byte.is_ascii_digit());
        digits += group - end;
        groups += 1;
        end = group;
        let next = after_separator(text, end);
        match next {
            Some(next) if groups < MAX_GROUPS && digits < MAX_DIGITS => end = next,
            _ => break,
        }
    }
    let least = if groups == 1 { 8 } else { 10 };
    ((least..=MAX_DIGITS).contains(&digits) && !is_word(text, end)).then_some(at..end)
}

/// Where the digits go on after a space, a hyphen, a dot or brackets.
fn after_separator(text: &[u8], end: usize) -> Option<usize> {
    let next = run(text, end, 2, |byte| b" -.()/".contains(&byte));
    (next > end && text.get(next).is_some_and(u8::is_ascii_digit)).then_some(next)
}
