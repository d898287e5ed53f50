//! Addresses of mail.

use std::ops::Range;

use super::run;

/// RFC 5321 §4.5.3.1.
const MAX_LOCAL: usize = 64;
const MAX_DOMAIN: usize = 253;

/// Endings of file names that `icon@2x.png` and the like have in place of a top-level domain.
const FILE_ENDINGS: [&[u8]; 10] = [b"png", b"jpg", b"jpeg", b"gif", b"svg", b"webp", b"avif", b"ico", b"css", b"js"];

/// The address around an `@`. Its domain has a dot and ends in a name of letters.
pub fn around(text: &[u8], at: usize) -> Option<Range<usize>> {
    let local = text[..at].iter().rev().take(MAX_LOCAL).take_while(|&&byte| is_local(byte)).count();
    let domain_start = at + 1;
    let mut end = run(text, domain_start, MAX_DOMAIN, is_domain);
    // A full stop may end a sentence.
    while end > domain_start && matches!(text[end - 1], b'.' | b'-') {
        end -= 1;
    }
    let domain = &text[domain_start..end];
    let dot = memchr::memrchr(b'.', domain)?;
    let top = &domain[dot + 1..];
    let formed =
        local > 0 && dot > 0 && top.len() >= 2 && top.iter().all(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
    (formed && !is_scaled_image(&domain[..dot], top)).then_some(at - local..end)
}

/// `2x.png`, and the names of versions of packages: `1.2.3.js`.
fn is_scaled_image(name: &[u8], ending: &[u8]) -> bool {
    let number = |byte: &u8| byte.is_ascii_digit() || b".x".contains(byte);
    name.iter().all(number) && FILE_ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending))
}

/// What atoms have (RFC 5322 §3.2.3), but for what delimits addresses in URLs and text.
fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._%+-!#$*~^`{|'".contains(&byte) || !byte.is_ascii()
}

fn is_domain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".-".contains(&byte) || !byte.is_ascii()
}
