//! Values that mean nothing and are of the type of those that they stand for, for readers that infer types.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::detectors;
use super::names::is_uuid;

/// What a text is the text of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    Integer,
    Number,
    Boolean,
    Uuid,
    /// RFC 3339 §5.6, `date-time`.
    DateTime,
    Date,
    Email,
    Ipv4,
    Ipv6,
    Card,
    String,
}

impl ValueType {
    /// The type of a value that is decoded.
    pub fn of(value: &[u8]) -> Self {
        match value {
            b"true" | b"false" => ValueType::Boolean,
            _ if is_uuid(value) => ValueType::Uuid,
            _ if detectors::is_card(value) => ValueType::Card,
            _ if is_number(value, false) => ValueType::Integer,
            _ if is_number(value, true) => ValueType::Number,
            _ if is_date(value) => ValueType::Date,
            _ if is_date_time(value) => ValueType::DateTime,
            _ if detectors::is_email(value) => ValueType::Email,
            _ => address(value).unwrap_or(ValueType::String),
        }
    }

    /// As a schema names it.
    pub fn name(self) -> &'static str {
        match self {
            ValueType::Integer => "integer",
            ValueType::Number => "number",
            ValueType::Boolean => "boolean",
            ValueType::Uuid => "uuid",
            ValueType::DateTime => "date-time",
            ValueType::Date => "date",
            ValueType::Email => "email",
            ValueType::Ipv4 => "ipv4",
            ValueType::Ipv6 => "ipv6",
            ValueType::Card => "card",
            ValueType::String => "string",
        }
    }

    /// A value of this type that means nothing.
    pub fn surrogate(self) -> &'static str {
        match self {
            ValueType::Integer => "0",
            ValueType::Number => "0.0",
            ValueType::Boolean => "false",
            ValueType::Uuid => "00000000-0000-0000-0000-000000000000",
            ValueType::DateTime => "1970-01-01T00:00:00Z",
            ValueType::Date => "1970-01-01",
            ValueType::Email => "redacted@example.invalid",
            ValueType::Ipv4 => "0.0.0.0",
            ValueType::Ipv6 => "::",
            ValueType::Card => "0000000000000000",
            ValueType::String => "",
        }
    }
}

fn is_number(value: &[u8], fraction: bool) -> bool {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    let plain = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    match memchr::memchr(b'.', digits).filter(|_| fraction) {
        Some(dot) => plain(&digits[..dot]) && plain(&digits[dot + 1..]),
        None => plain(digits),
    }
}

fn is_date(value: &[u8]) -> bool {
    value.len() == 10
        && value.iter().enumerate().all(|(place, byte)| match place {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

fn is_date_time(value: &[u8]) -> bool {
    /// With nanoseconds and an offset.
    const LONGEST: usize = 35;
    let Some((date, time)) = value.split_at_checked(10) else { return false };
    let time_bytes = |byte: &u8| byte.is_ascii_digit() || b":.+-Zz ".contains(byte);
    is_date(date)
        && value.len() <= LONGEST
        && matches!(time, [b'T' | b't' | b' ', hour, ..] if hour.is_ascii_digit())
        && time[1..].contains(&b':')
        && time[1..].iter().all(time_bytes)
}

fn address(value: &[u8]) -> Option<ValueType> {
    /// With a dotted quad at its end.
    const LONGEST: usize = 45;
    let text = std::str::from_utf8(value).ok().filter(|text| text.len() <= LONGEST)?;
    if text.parse::<Ipv4Addr>().is_ok() {
        return Some(ValueType::Ipv4);
    }
    text.parse::<Ipv6Addr>().is_ok().then_some(ValueType::Ipv6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_surrogate_is_of_the_type_of_what_it_stands_for() {
        let values = [
            ("12", ValueType::Integer),
            ("-7", ValueType::Integer),
            ("1.25", ValueType::Number),
            ("true", ValueType::Boolean),
            ("8f14e45f-ceea-467f-ab11-0123456789ab", ValueType::Uuid),
            ("2026-11-30T07:32:15.123Z", ValueType::DateTime),
            ("2026-11-30 07:32:15+01:00", ValueType::DateTime),
            ("2026-11-30", ValueType::Date),
            ("jo@mail.test", ValueType::Email),
            ("10.1.2.3", ValueType::Ipv4),
            ("2001:db8::7", ValueType::Ipv6),
            ("4111111111111111", ValueType::Card),
            ("word", ValueType::String),
            ("1.2.3", ValueType::String),
            ("2026-11-30T", ValueType::String),
            ("", ValueType::String),
        ];
        for (value, of) in values {
            assert_eq!(ValueType::of(value.as_bytes()), of, "{value}");
            if !matches!(of, ValueType::Card) {
                assert_eq!(ValueType::of(of.surrogate().as_bytes()), of, "the surrogate of {value}");
            }
        }
    }
}
