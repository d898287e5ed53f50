//! What a header block says of itself: which pseudo-header fields it has, and what in it RFC 9113 §8 forbids.

use super::anomaly::Anomalies;
use super::event::Kind;
use super::fields::Fields;
use crate::protocol::hpack::Field;

/// Pseudo-header fields, as bits.
mod pseudo {
    pub(super) const METHOD: u8 = 1 << 0;
    pub(super) const SCHEME: u8 = 1 << 1;
    pub(super) const PATH: u8 = 1 << 2;
    pub(super) const AUTHORITY: u8 = 1 << 3;
    /// RFC 8441.
    pub(super) const PROTOCOL: u8 = 1 << 4;
    pub(super) const STATUS: u8 = 1 << 5;
    pub(super) const UNHEARD_OF: u8 = 1 << 6;

    pub(super) const OF_REQUEST: u8 = METHOD | SCHEME | PATH | AUTHORITY | PROTOCOL;
}

/// The outline of one block.
#[derive(Debug, Default)]
pub(super) struct Outline {
    pseudo: u8,
    pub status: Option<u16>,
    pub head: bool,
    connect: bool,
    pub content_length: Option<u64>,
    /// Some name is unknown, so that any field may be among them.
    unknown_name: bool,
    /// What is wrong whatever the block is for.
    anomalies: Anomalies,
}

impl Outline {
    pub(super) fn of(fields: &Fields) -> Self {
        let mut outline = Outline::default();
        let mut regular = false;
        for field in fields.iter() {
            let Some(name) = field.name else {
                outline.unknown_name = true;
                continue;
            };
            if name.first() == Some(&b':') {
                outline.anomalies |= Anomalies::PSEUDO_LATE.when(regular);
                outline.pseudo_field(name, field.value);
            } else {
                regular = true;
                outline.regular_field(name, field.value);
            }
            outline.characters(name, &field);
        }
        outline
    }

    /// Whether it has a field that only a request has.
    pub(super) fn is_request(&self) -> bool {
        self.pseudo & pseudo::OF_REQUEST != 0
    }

    /// Whether a `:status` is in it.
    pub(super) fn is_response(&self) -> bool {
        self.pseudo & pseudo::STATUS != 0
    }

    /// Whether nothing in it can be a pseudo-header field that was not recognised.
    pub(super) fn is_sure(&self) -> bool {
        !self.unknown_name
    }

    /// What is wrong with it if it is of this kind and, where it is `complete`, lacks nothing at its end.
    pub(super) fn anomalies(&self, kind: Kind, complete: bool) -> Anomalies {
        let (allowed, required) = match kind {
            Kind::Request | Kind::PushPromise { .. } => (pseudo::OF_REQUEST, self.required_of_request()),
            Kind::Informational | Kind::Response => (pseudo::STATUS, pseudo::STATUS),
            Kind::Trailers => (0, 0),
            Kind::Unknown => return self.anomalies,
        };
        // RFC 9113 §8.5: CONNECT has neither :scheme nor :path, unless it is RFC 8441's.
        let allowed = if self.connect { allowed & (required | pseudo::AUTHORITY | pseudo::PROTOCOL) } else { allowed };
        let missing = complete && self.is_sure() && required & !self.pseudo != 0;
        self.anomalies
            | Anomalies::PSEUDO_MISPLACED.when(self.pseudo & !allowed != 0)
            | Anomalies::PSEUDO_MISSING.when(missing)
    }

    fn required_of_request(&self) -> u8 {
        match (self.connect, self.pseudo & pseudo::PROTOCOL != 0) {
            (true, false) => pseudo::METHOD | pseudo::AUTHORITY,
            (true, true) => pseudo::OF_REQUEST,
            (false, _) => pseudo::METHOD | pseudo::SCHEME | pseudo::PATH,
        }
    }

    fn pseudo_field(&mut self, name: &[u8], value: Option<&[u8]>) {
        let bit = match name {
            b":method" => {
                self.head = value == Some(b"HEAD");
                self.connect = value == Some(b"CONNECT");
                pseudo::METHOD
            }
            b":path" => {
                // §8.3.1: never empty.
                self.anomalies |= Anomalies::PSEUDO_MISSING.when(value == Some(b""));
                pseudo::PATH
            }
            b":scheme" => pseudo::SCHEME,
            b":authority" => pseudo::AUTHORITY,
            b":protocol" => pseudo::PROTOCOL,
            b":status" => {
                if let Some(value) = value {
                    self.status = status(value);
                    self.anomalies |= Anomalies::STATUS.when(matches!(self.status, None | Some(101)));
                }
                pseudo::STATUS
            }
            _ => pseudo::UNHEARD_OF,
        };
        self.anomalies |= Anomalies::PSEUDO_REPEATED.when(self.pseudo & bit & !pseudo::UNHEARD_OF != 0);
        self.pseudo |= bit;
    }

    #[inline]
    fn regular_field(&mut self, name: &[u8], value: Option<&[u8]>) {
        match name {
            b"connection" | b"keep-alive" | b"proxy-connection" | b"transfer-encoding" | b"upgrade" => {
                self.anomalies |= Anomalies::CONNECTION_FIELD;
            }
            b"te" => {
                let other = value.is_some_and(|value| !value.eq_ignore_ascii_case(b"trailers"));
                self.anomalies |= Anomalies::CONNECTION_FIELD.when(other);
            }
            b"content-length" => {
                let Some(value) = value else { return };
                let length = decimal(value);
                let differs = self.content_length.is_some() && self.content_length != length;
                self.anomalies |= Anomalies::CONTENT_LENGTH.when(length.is_none() || differs);
                self.content_length = length.filter(|_| !differs);
            }
            _ => {}
        }
    }

    /// §8.2.1. Names of the static table need no look.
    #[inline]
    fn characters(&mut self, name: &[u8], field: &Field<'_>) {
        if !(1..=61).contains(&field.index) {
            let (first, rest) = name.split_at(usize::from(name.first() == Some(&b':')));
            let class = rest.iter().fold(0, |class, &octet| class | NAME_CLASS[usize::from(octet)]);
            self.anomalies |= Anomalies::UPPERCASE_NAME.when(class & UPPERCASE != 0);
            self.anomalies |= Anomalies::INVALID_NAME.when(class & INVALID != 0 || first.len() == name.len());
        }
        let Some(value) = field.value else { return };
        let control = value.iter().fold(false, |bad, &octet| bad | matches!(octet, 0 | b'\n' | b'\r'));
        let blank = |octet: Option<&u8>| matches!(octet, Some(b' ' | b'\t'));
        let bad = control || blank(value.first()) || blank(value.last());
        self.anomalies |= Anomalies::INVALID_VALUE.when(bad);
    }
}

const UPPERCASE: u8 = 1;
const INVALID: u8 = 2;

/// What is wrong with an octet in a name.
const NAME_CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        class[octet] = match octet as u8 {
            b'A'..=b'Z' => UPPERCASE,
            0..=0x20 | b':' | 0x7f..=0xff => INVALID,
            _ => 0,
        };
        octet += 1;
    }
    class
};

fn status(value: &[u8]) -> Option<u16> {
    if value.len() != 3 {
        return None;
    }
    decimal(value).filter(|status| *status >= 100).and_then(|status| u16::try_from(status).ok())
}

fn decimal(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return None;
    }
    value.iter().try_fold(0_u64, |sum, octet| {
        let digit = octet.checked_sub(b'0').filter(|digit| *digit < 10)?;
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anomalies(kind: Kind, given: &[(&str, &str)]) -> Anomalies {
        let mut fields = Fields::default();
        for (name, value) in given {
            let (name, value) = (Some(name.as_bytes()), Some(value.as_bytes()));
            fields.push(Field { name, value, index: 0, never_indexed: false });
        }
        Outline::of(&fields).anomalies(kind, true)
    }

    const GET: [(&str, &str); 3] = [(":method", "GET"), (":scheme", "http"), (":path", "/")];

    fn get_with(more: &[(&str, &str)]) -> Anomalies {
        anomalies(Kind::Request, &[&GET[..], more].concat())
    }

    #[test]
    fn ordinary_messages_have_none() {
        assert_eq!(get_with(&[("te", "trailers"), ("content-length", "0")]), Anomalies::NONE);
        assert_eq!(anomalies(Kind::Response, &[(":status", "200"), ("a", "b c")]), Anomalies::NONE);
        assert_eq!(anomalies(Kind::Trailers, &[("grpc-status", "0")]), Anomalies::NONE);
    }

    #[test]
    fn connect_has_its_own_rules() {
        let connect = [(":method", "CONNECT"), (":authority", "a:1")];
        let extended = [(":protocol", "websocket"), (":scheme", "http"), (":path", "/")];
        assert_eq!(anomalies(Kind::Request, &connect), Anomalies::NONE);
        assert_eq!(anomalies(Kind::Request, &[&connect[..], &extended[..]].concat()), Anomalies::NONE);
        assert_eq!(anomalies(Kind::Request, &[&connect[..], &extended[1..]].concat()), Anomalies::PSEUDO_MISPLACED);
        assert_eq!(anomalies(Kind::Request, &connect[..1]), Anomalies::PSEUDO_MISSING);
    }

    #[test]
    fn pseudo_fields_are_checked() {
        assert_eq!(anomalies(Kind::Request, &GET[..2]), Anomalies::PSEUDO_MISSING);
        assert_eq!(get_with(&[(":path", "/")]), Anomalies::PSEUDO_REPEATED);
        assert_eq!(get_with(&[("a", "b"), (":authority", "c")]), Anomalies::PSEUDO_LATE);
        assert_eq!(get_with(&[(":status", "200")]), Anomalies::PSEUDO_MISPLACED);
        assert_eq!(get_with(&[(":new", "")]), Anomalies::PSEUDO_MISPLACED);
        assert_eq!(anomalies(Kind::Trailers, &GET), Anomalies::PSEUDO_MISPLACED);
        assert_eq!(anomalies(Kind::Response, &[(":status", "20")]), Anomalies::STATUS);
        assert_eq!(anomalies(Kind::Informational, &[(":status", "101")]), Anomalies::STATUS);
    }

    #[test]
    fn names_and_values_are_checked() {
        assert_eq!(get_with(&[("Accept", "x")]), Anomalies::UPPERCASE_NAME);
        assert_eq!(get_with(&[("a b", "x")]), Anomalies::INVALID_NAME);
        assert_eq!(get_with(&[("", "x")]), Anomalies::INVALID_NAME);
        assert_eq!(get_with(&[("a:b", "x")]), Anomalies::INVALID_NAME);
        assert_eq!(get_with(&[("a", "x\r\nb: y")]), Anomalies::INVALID_VALUE);
        assert_eq!(get_with(&[("a", " x")]), Anomalies::INVALID_VALUE);
        assert_eq!(get_with(&[("transfer-encoding", "chunked")]), Anomalies::CONNECTION_FIELD);
        assert_eq!(get_with(&[("te", "gzip")]), Anomalies::CONNECTION_FIELD);
    }

    #[test]
    fn lengths_are_checked() {
        assert_eq!(get_with(&[("content-length", "+1")]), Anomalies::CONTENT_LENGTH);
        assert_eq!(get_with(&[("content-length", "99999999999999999999")]), Anomalies::CONTENT_LENGTH);
        assert_eq!(get_with(&[("content-length", "1"), ("content-length", "2")]), Anomalies::CONTENT_LENGTH);
        assert_eq!(get_with(&[("content-length", "1"), ("content-length", "1")]), Anomalies::NONE);
    }
}
