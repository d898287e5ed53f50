//! Content as far as it may leave.
//!
//! Only at the levels `redacted` and `full`. JSON keeps its structure and the types of its values; forms are judged as
//! queries are, other text by what is found in it. Of parts of forms with files only names and sizes leave, of what is no
//! text only its size and kind.

mod decode;
mod json;
mod kind;
mod multipart;
mod plain;
#[cfg(test)]
mod tests;

use super::counts::Location;
use super::{FailClosed, Privacy};
use crate::record::text::MAX_TEXT;
use crate::record::{Body, PrivacyLevel};
use kind::{Charset, Kind};

/// As much of a message's content as leaves at the level `redacted`, in bytes.
pub const MAX_REDACTED: usize = 16 << 10;
/// At the level `full`.
pub const MAX_FULL: usize = 64 << 10;

/// A stretch of content: the part that is there, and whether there was more.
#[derive(Debug, Clone, Copy)]
struct Stretch<'a> {
    bytes: &'a [u8],
    truncated: bool,
}

impl Privacy {
    /// How many bytes of a message's content, as it is on the wire, are worth keeping until its record is made.
    pub fn body_limit(&self) -> usize {
        match self.level {
            PrivacyLevel::Metadata | PrivacyLevel::Schema => 0,
            PrivacyLevel::Redacted => MAX_REDACTED,
            PrivacyLevel::Full => MAX_FULL,
        }
    }

    /// Whether content of this type is worth keeping until its record is made: what has a schema, and at levels that let
    /// values out any text.
    pub fn reads(&self, content_type: &[u8]) -> bool {
        let content_type = String::from_utf8_lossy(content_type);
        match kind::of(kind::media_type(&content_type), b"") {
            Kind::Json | Kind::Form => true,
            Kind::Text | Kind::Multipart => self.level >= PrivacyLevel::Redacted,
            Kind::Binary(_) => false,
        }
    }

    /// Content without its coding, and whether there was more: for what looks at types and keeps no value.
    pub fn decoded<'a>(
        &mut self,
        content_encoding: &[u8],
        bytes: &'a [u8],
        truncated: bool,
        decoded: &'a mut Vec<u8>,
    ) -> Option<(&'a [u8], bool)> {
        match decode::decode(content_encoding, Stretch { bytes, truncated }, MAX_FULL, decoded) {
            Ok(content) => Some((content.bytes, content.truncated)),
            Err(reason) => {
                self.counts.failed_closed(reason);
                None
            }
        }
    }

    /// What may leave of the first bytes of a message's content. `content_type` and `content_encoding` are the values of
    /// these fields, empty if there are none; `truncated` says that there was more content.
    pub fn body(&mut self, content_type: &str, content_encoding: &[u8], bytes: &[u8], truncated: bool) -> Option<Body> {
        let limit = self.body_limit();
        if limit == 0 || bytes.is_empty() {
            return None;
        }
        let judged = self.judge(content_type, content_encoding, bytes, truncated, limit);
        self.scratch.iter_mut().for_each(|scratch| scratch.shrink_to(MAX_TEXT));
        match judged {
            Ok(body) => Some(body),
            Err(reason) => {
                self.counts.failed_closed(reason);
                None
            }
        }
    }

    fn judge(
        &mut self,
        content_type: &str,
        content_encoding: &[u8],
        bytes: &[u8],
        truncated: bool,
        limit: usize,
    ) -> Result<Body, FailClosed> {
        let mut decoded = Vec::new();
        let wire = Stretch { bytes: &bytes[..bytes.len().min(limit)], truncated: truncated || bytes.len() > limit };
        let content = decode::decode(content_encoding, wire, limit, &mut decoded)?;
        let media_type = kind::media_type(content_type);
        let kind = kind::of(media_type, content.bytes);
        let mut body =
            Body { media_type: media_type.to_ascii_lowercase(), text: String::new(), truncated: content.truncated };
        if !is_media_type(&body.media_type) {
            body.media_type.clear();
        }
        match kind {
            Kind::Multipart => multipart::describe(self, content_type, content, &mut body.text)?,
            Kind::Binary(sniffed) => {
                let least = if content.truncated { "at least " } else { "" };
                body.text = format!("<{least}{} bytes of {sniffed}>", content.bytes.len());
            }
            Kind::Json | Kind::Form | Kind::Text => {
                let text = Charset::of(content_type)?.read(content)?;
                self.judge_text(kind, &text, &mut body)?;
            }
        }
        Ok(body)
    }

    fn judge_text(&mut self, kind: Kind, text: &str, body: &mut Body) -> Result<(), FailClosed> {
        let limit = self.body_limit();
        match kind {
            Kind::Form => {
                let whole = if body.truncated { &text[..text.rfind('&').unwrap_or_default()] } else { text };
                self.form(whole, limit, body);
            }
            Kind::Json => body.truncated |= json::redact(self, text, body.truncated, limit, &mut body.text)?,
            _ => {
                // What calls itself text is JSON more often than not.
                let json = text.trim_start().starts_with(['{', '[']);
                let counts = self.counts.clone();
                match json.then(|| json::redact(self, text, body.truncated, limit, &mut body.text)) {
                    Some(Ok(cut)) => body.truncated |= cut,
                    Some(Err(_)) | None => {
                        body.text.clear();
                        self.counts = counts;
                        plain::redact(self, text, body.truncated, &mut body.text);
                        body.truncated |= body.text.len() > limit;
                        body.text.truncate(body.text.floor_char_boundary(limit));
                    }
                }
            }
        }
        Ok(())
    }

    /// As [`query`](Privacy::query), with values that are of the type of those that may not leave.
    fn form(&mut self, form: &str, limit: usize, body: &mut Body) {
        let mut masked = Vec::new();
        for (place, parameter) in form.trim_end().split('&').enumerate() {
            let before = body.text.len();
            if place > 0 {
                body.text.push('&');
            }
            masked.clear();
            self.parameter(Location::Body, parameter.as_bytes(), &mut masked, &mut body.text);
            if body.text.len() > limit {
                body.text.truncate(before);
                body.truncated = true;
                return;
            }
        }
    }
}

/// Whether it is a type and a subtype (RFC 9110 §8.3.1), and not what somebody put there instead.
fn is_media_type(text: &str) -> bool {
    const LONGEST: usize = 100;
    let token = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte))
    };
    text.len() <= LONGEST
        && text.split_once('/').is_some_and(|(main, sub)| token(main) && token(sub))
        && super::detectors::find(text.as_bytes(), 0, super::Wanted::All).is_none()
}
