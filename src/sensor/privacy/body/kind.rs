//! What content is, by its media type and its first bytes.

use std::borrow::Cow;

use super::Stretch;
use crate::sensor::privacy::FailClosed;

/// How content is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Json,
    Form,
    Multipart,
    Text,
    /// What it seems to be.
    Binary(&'static str),
}

/// How text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    Utf8,
    Latin1,
}

/// The media type of a `Content-Type`, without parameters.
pub fn media_type(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

/// The value of a parameter of a `Content-Type`.
pub fn parameter<'a>(content_type: &'a str, name: &str) -> Option<&'a str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

/// Judged by the media type, and by the content if there is none.
pub fn of(media_type: &str, content: &[u8]) -> Kind {
    let media_type = media_type.to_ascii_lowercase();
    let (main, sub) = media_type.split_once('/').unwrap_or((&media_type, ""));
    match (main, sub) {
        ("multipart", _) => Kind::Multipart,
        ("application", "x-www-form-urlencoded") => Kind::Form,
        ("application", "json" | "x-ndjson" | "ndjson" | "jsonl" | "json-seq" | "csp-report") => Kind::Json,
        (_, sub) if sub.ends_with("+json") || sub.starts_with("x-amz-json") => Kind::Json,
        ("text", "json") => Kind::Json,
        ("text", _) => Kind::Text,
        (_, sub) if sub.ends_with("+xml") && main != "image" => Kind::Text,
        ("application", "xml" | "javascript" | "x-javascript" | "graphql" | "yaml" | "x-yaml" | "toml" | "sql") => {
            Kind::Text
        }
        ("", _) => untyped(content),
        _ => Kind::Binary(sniff(content)),
    }
}

fn untyped(content: &[u8]) -> Kind {
    let control = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace();
    match content.trim_ascii_start() {
        [b'{' | b'[', ..] => Kind::Text,
        _ if content.iter().any(control) => Kind::Binary(sniff(content)),
        _ => Kind::Text,
    }
}

fn sniff(content: &[u8]) -> &'static str {
    match content {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [b'G', b'I', b'F', b'8', ..] => "image/gif",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        [b'%', b'P', b'D', b'F', ..] => "application/pdf",
        [b'P', b'K', 3 | 5, ..] => "application/zip",
        [0x1f, 0x8b, ..] => "application/gzip",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "application/zstd",
        [0, b'a', b's', b'm', ..] => "application/wasm",
        [b'w', b'O', b'F', b'F' | b'2', ..] => "font/woff",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "video/mp4",
        _ => "application/octet-stream",
    }
}

impl Charset {
    /// That of a `Content-Type`, UTF-8 if it names none (RFC 8259 §8.1).
    pub fn of(content_type: &str) -> Result<Self, FailClosed> {
        let Some(name) = parameter(content_type, "charset") else { return Ok(Charset::Utf8) };
        let is = |known: &str| known.eq_ignore_ascii_case(name);
        if is("utf-8") || is("utf8") || is("us-ascii") {
            Ok(Charset::Utf8)
        } else if is("iso-8859-1") || is("latin1") || is("windows-1252") {
            Ok(Charset::Latin1)
        } else {
            Err(FailClosed::Charset)
        }
    }

    /// The text. Where it was cut off, the rest of a character is left out.
    pub fn read<'a>(self, content: Stretch<'a>) -> Result<Cow<'a, str>, FailClosed> {
        if self == Charset::Latin1 {
            return Ok(Cow::Owned(content.bytes.iter().copied().map(char::from).collect()));
        }
        match std::str::from_utf8(content.bytes) {
            Ok(text) => Ok(Cow::Borrowed(text)),
            Err(error) if content.truncated && error.error_len().is_none() => {
                let whole = &content.bytes[..error.valid_up_to()];
                std::str::from_utf8(whole).map(Cow::Borrowed).map_err(|_| FailClosed::Charset)
            }
            Err(_) => Err(FailClosed::Charset),
        }
    }
}
