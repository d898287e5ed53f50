//! Whether bytes begin a message, by as few of them as tell.

use crate::flow::Side;

/// The longest method (RFC 9110 §9; the longest registered one is UPDATEREDIRECTREF).
const MAX_METHOD: usize = 24;
/// Shorter ones are nobody's, and belong to a request only if their target is a path.
const USUAL_METHOD: usize = 3;
/// So many bytes always tell: a method, a blank and a target, or a version and a status.
pub(super) const DECISIVE: usize = MAX_METHOD + 2;

/// Methods that a message may begin with where bytes before it may have been missed. What is left of a longer method, as
/// `LOCK` of `UNLOCK`, is not among them, nor is what nobody registered
/// (<https://www.iana.org/assignments/http-methods>).
const REGISTERED: [&[u8]; 33] = [
    b"GET",
    b"POST",
    b"PUT",
    b"HEAD",
    b"DELETE",
    b"OPTIONS",
    b"PATCH",
    b"CONNECT",
    b"TRACE",
    b"QUERY",
    b"PROPFIND",
    b"PROPPATCH",
    b"REPORT",
    b"SEARCH",
    b"COPY",
    b"MOVE",
    b"MKCOL",
    b"MKCALENDAR",
    b"MKACTIVITY",
    b"MKWORKSPACE",
    b"MKREDIRECTREF",
    b"MERGE",
    b"ACL",
    b"BASELINE-CONTROL",
    b"VERSION-CONTROL",
    b"CHECKIN",
    b"UNCHECKOUT",
    b"LABEL",
    b"UPDATEREDIRECTREF",
    b"ORDERPATCH",
    b"REBIND",
    b"UNBIND",
    b"UNLOCK",
];

/// As [`begins_message`], where bytes before them may have been missed.
pub(super) fn resumes_message(bytes: &[u8], side: Side) -> Option<bool> {
    let begins = begins_message(bytes, side)?;
    let method = bytes.split(|&byte| byte == b' ').next().unwrap_or_default();
    Some(begins && (side == Side::Server || REGISTERED.contains(&method)))
}

/// Whether bytes look like the beginning of a message; `None` while they are too few to tell. At most 26 are
/// looked at.
pub fn begins_message(bytes: &[u8], side: Side) -> Option<bool> {
    match side {
        Side::Server => {
            const VERSION: &[u8] = b"HTTP/1.";
            if bytes.len() <= VERSION.len() {
                return if VERSION.starts_with(bytes) { None } else { Some(false) };
            }
            let status_line = |(place, &byte): (usize, &u8)| match place {
                0 => matches!(byte, b'0' | b'1'),
                1 => byte == b' ',
                _ => byte.is_ascii_digit(),
            };
            let Some(rest) = bytes.strip_prefix(VERSION) else { return Some(false) };
            match rest.iter().take(5).enumerate().all(status_line) {
                true => (rest.len() >= 5).then_some(true),
                false => Some(false),
            }
        }
        Side::Client => {
            let is_method =
                |byte: &&u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(**byte, b'-' | b'_');
            let method = bytes.iter().take(MAX_METHOD + 1).take_while(is_method).count();
            let named = method > 0 && bytes[0].is_ascii_uppercase() && method <= MAX_METHOD;
            if !bytes.is_empty() && (!named || bytes.get(method).is_some_and(|&byte| byte != b' ')) {
                return Some(false);
            }
            let usual = method >= USUAL_METHOD && !bytes[..method].iter().any(u8::is_ascii_digit);
            let target = bytes.get(method + 1)?;
            Some(*target == b'/' || (usual && (matches!(target, b'*' | b'[') || target.is_ascii_alphanumeric())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_bytes_tell() {
        for (bytes, side, expected) in [
            (&b"GET /"[..], Side::Client, Some(true)),
            (b"GET ", Side::Client, None),
            (b"get /", Side::Client, Some(false)),
            (b"GET2 /", Side::Client, Some(true)),
            (b"X /", Side::Client, Some(true)),
            (b"X y", Side::Client, Some(false)),
            (b"P3 x", Side::Client, Some(false)),
            (b"2XX /", Side::Client, Some(false)),
            (b"GET  /", Side::Client, Some(false)),
            (b"UPDATEREDIRECTREF *", Side::Client, Some(true)),
            (&[b'A'; DECISIVE], Side::Client, Some(false)),
            (b"GET (", Side::Client, Some(false)),
            (b"HTTP/1.1 204", Side::Server, Some(true)),
            (b"HTTP/1.1 20", Side::Server, None),
            (b"HTTP/1.2 204", Side::Server, Some(false)),
            (b"HTTP/2 204", Side::Server, Some(false)),
            (b"GET /", Side::Server, Some(false)),
        ] {
            assert_eq!(begins_message(bytes, side), expected, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn what_is_left_of_a_method_resumes_nothing() {
        assert_eq!(resumes_message(b"UNLOCK /", Side::Client), Some(true));
        assert_eq!(resumes_message(b"LOCK /", Side::Client), Some(false));
        assert_eq!(resumes_message(b"M-SEARCH *", Side::Client), Some(false));
        assert_eq!(resumes_message(b"GET", Side::Client), None);
        assert_eq!(resumes_message(b"HTTP/1.0 200", Side::Server), Some(true));
    }
}
