//! What a string looks like: the formats of JSON Schema that can be told by looking.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Longest string that is looked at, in bytes.
const MAX_LEN: usize = 256;

/// What all strings look like that were seen in one place.
///
/// [`join`](Looks::join) makes a lattice of it: `Unseen` below all formats, `Plain` above them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Looks {
    /// There was none.
    #[default]
    Unseen,
    Uuid,
    DateTime,
    Date,
    Email,
    Ipv4,
    Ipv6,
    Uri,
    /// Nothing in particular, or one like this and one like that.
    Plain,
}

impl Looks {
    /// Of one string.
    pub fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        if bytes.len() > MAX_LEN || !text.is_ascii() {
            return Looks::Plain;
        }
        match text {
            _ if is_uuid(bytes) => Looks::Uuid,
            _ if is_date_time(bytes) => Looks::DateTime,
            _ if is_date(bytes) => Looks::Date,
            text if text.parse::<Ipv4Addr>().is_ok() => Looks::Ipv4,
            text if text.contains(':') && text.parse::<Ipv6Addr>().is_ok() => Looks::Ipv6,
            text if is_email(text) => Looks::Email,
            text if is_uri(text) => Looks::Uri,
            _ => Looks::Plain,
        }
    }

    /// What strings look like of which some look like this, and some like that.
    pub fn join(self, other: Looks) -> Self {
        match (self, other) {
            (Looks::Unseen, one) | (one, Looks::Unseen) => one,
            (one, another) if one == another => one,
            _ => Looks::Plain,
        }
    }

    /// The name that JSON Schema has for it (draft 2020-12, Validation §7.3).
    pub fn format(self) -> Option<&'static str> {
        match self {
            Looks::Unseen | Looks::Plain => None,
            Looks::Uuid => Some("uuid"),
            Looks::DateTime => Some("date-time"),
            Looks::Date => Some("date"),
            Looks::Email => Some("email"),
            Looks::Ipv4 => Some("ipv4"),
            Looks::Ipv6 => Some("ipv6"),
            Looks::Uri => Some("uri"),
        }
    }
}

/// RFC 9562 §4.
fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(at, &byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The number that so many digits spell.
fn number(text: &[u8], digits: usize) -> Option<(u32, &[u8])> {
    let (number, rest) = text.split_at_checked(digits)?;
    let value =
        number.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0')))?;
    Some((value, rest))
}

/// What is behind a byte.
fn behind(text: &[u8], byte: u8) -> Option<&[u8]> {
    text.split_first().and_then(|(&first, rest)| (first == byte).then_some(rest))
}

/// The `full-date` of RFC 3339 §5.6 that a text begins with, and what is behind it.
fn after_date(text: &[u8]) -> Option<&[u8]> {
    let (year, rest) = number(text, 4)?;
    let (month, rest) = number(behind(rest, b'-')?, 2)?;
    let (day, rest) = number(behind(rest, b'-')?, 2)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    // The year 0 is one of RFC 3339, but not of every reader.
    (year > 0 && (1..=days).contains(&day)).then_some(rest)
}

fn is_date(text: &[u8]) -> bool {
    after_date(text).is_some_and(<[u8]>::is_empty)
}

/// RFC 3339 §5.6, without leap seconds.
fn is_date_time(text: &[u8]) -> bool {
    fn parse(text: &[u8]) -> Option<bool> {
        let rest = after_date(text)?;
        let rest = behind(rest, b'T').or_else(|| behind(rest, b't'))?;
        let (hour, rest) = number(rest, 2)?;
        let (minute, rest) = number(behind(rest, b':')?, 2)?;
        let (second, mut rest) = number(behind(rest, b':')?, 2)?;
        if let Some(fraction) = behind(rest, b'.') {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            rest = fraction.get(digits..).filter(|_| (1..=9).contains(&digits))?;
        }
        let zone = match rest {
            [b'Z' | b'z'] => true,
            [b'+' | b'-', zone @ ..] => {
                let (hours, rest) = number(zone, 2)?;
                let (minutes, rest) = number(behind(rest, b':')?, 2)?;
                hours < 24 && minutes < 60 && rest.is_empty()
            }
            _ => false,
        };
        Some(hour < 24 && minute < 60 && second < 60 && zone)
    }
    parse(text) == Some(true)
}

/// Names between dots, of letters, digits and inner hyphens.
fn is_domain(text: &str) -> bool {
    text.len() <= 253
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// The usual ones: no quotes, no comments, a domain with a dot.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    (1..=64).contains(&local.len())
        && local.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+-'".contains(&byte))
        && !local.split('.').any(str::is_empty)
        && domain.contains('.')
        && is_domain(domain)
}

/// An absolute URI with an authority and no IPv6 address in it (RFC 3986 §3).
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let authority_len = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(authority_len);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = host.split_once(':').unwrap_or((host, ""));
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && is_domain(host)
        && port.len() <= 5
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && authority.matches('@').count() <= 1
        && !authority.contains('%')
        && path.matches('#').count() <= 1
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&'()*+,;=%".contains(&byte))
        && rest.split('%').skip(1).all(|after| after.len() >= 2 && after.bytes().take(2).all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_told_by_their_looks() {
        for (text, looks) in [
            ("0b2f8a2e-7d0c-4a55-9a9e-1b1f0a5a7c11", Looks::Uuid),
            ("2024-02-29", Looks::Date),
            ("2023-02-29", Looks::Plain),
            ("2024-13-01", Looks::Plain),
            ("2024-02-29T23:59:59Z", Looks::DateTime),
            ("2024-02-29T23:59:59.123+05:30", Looks::DateTime),
            ("2024-02-29T23:59:59", Looks::Plain),
            ("2024-02-29T24:00:00Z", Looks::Plain),
            ("2024-02-29T23:59:59.Z", Looks::Plain),
            ("2024-02-29 23:59:59Z", Looks::Plain),
            ("ann.lee+x@mail.example.com", Looks::Email),
            ("ann@localhost", Looks::Plain),
            ("ann@@example.com", Looks::Plain),
            ("192.0.2.1", Looks::Ipv4),
            ("192.0.2.256", Looks::Plain),
            ("2001:db8::1", Looks::Ipv6),
            ("https://example.com:8443/a%20b?c=d#e", Looks::Uri),
            ("https://example.com/a b", Looks::Plain),
            ("https://example.com/%zz", Looks::Plain),
            ("://example.com", Looks::Plain),
            ("", Looks::Plain),
            ("naïve", Looks::Plain),
        ] {
            assert_eq!(Looks::of(text), looks, "{text}");
        }
    }

    #[test]
    fn strings_that_look_different_look_like_nothing_together() {
        assert_eq!(Looks::Unseen.join(Looks::Date), Looks::Date);
        assert_eq!(Looks::Date.join(Looks::Date), Looks::Date);
        assert_eq!(Looks::Date.join(Looks::Uuid), Looks::Plain);
        assert_eq!(Looks::Plain.join(Looks::Uuid), Looks::Plain);
    }
}
