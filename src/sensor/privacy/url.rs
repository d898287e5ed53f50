//! Paths and URLs as far as they may leave.

use super::counts::Location;
use super::detectors::{self, Finding, Rule, Wanted};
use super::names::{self, Secrecy};
use super::{FailClosed, MASK, Privacy, SLACK, may_be_cut};
use crate::record::PrivacyLevel;

/// Stands for a segment of a path that may be somebody's.
const ANY_SEGMENT: &[u8] = b"*";

impl Privacy {
    /// Adds a path at a level that lets it out, judged segment by segment.
    pub fn path(&mut self, path: &[u8], out: &mut Vec<u8>) {
        let key = self.clean.key(("path", self.wanted()), path);
        if key.is_some_and(|key| self.clean.knows(key)) {
            return out.extend_from_slice(path);
        }
        let before = out.len();
        self.judge_path(path, out);
        if let Some(key) = key
            && out[before..] == *path
        {
            self.clean.learn(key);
        }
    }

    fn judge_path(&mut self, path: &[u8], out: &mut Vec<u8>) {
        if may_be_cut(path) {
            self.counts.failed_closed(FailClosed::Length);
            out.push(b'/');
            return out.extend_from_slice(MASK);
        }
        if let Some(rule) = self.rule_across_segments(path) {
            self.counts.redacted(rule, Location::Path);
            out.push(b'/');
            out.extend_from_slice(MASK);
            return;
        }
        let limit = out.len() + path.len() + SLACK;
        let mut before: &[u8] = b"";
        for (place, segment) in path.split(|&byte| byte == b'/').enumerate() {
            let rule = self.rule_of_segment(before, segment);
            let shown = if rule.is_some() { MASK } else { segment };
            if out.len() + 1 + shown.len() > limit {
                self.counts.failed_closed(FailClosed::Length);
                return;
            }
            if place > 0 {
                out.push(b'/');
            }
            if let Some(rule) = rule {
                self.counts.redacted(rule, Location::Path);
            }
            out.extend_from_slice(shown);
            before = segment;
        }
    }

    /// Adds a URL: its host, its path and query as the level has them, nothing of its fragment, where tokens are handed
    /// over to scripts.
    pub(super) fn url(&mut self, location: Location, url: &[u8], out: &mut Vec<u8>) {
        let url = url.split(|&byte| byte == b'#').next().unwrap_or_default();
        let (before_query, query) = match memchr::memchr(b'?', url) {
            Some(mark) => (&url[..mark], Some(&url[mark + 1..])),
            None => (url, None),
        };
        let printable = before_query.iter().all(u8::is_ascii_graphic);
        if let Some(rule) = self.rule_across_segments(before_query).or((!printable).then_some(Rule::OpaqueName)) {
            self.counts.redacted(rule, location);
            out.extend_from_slice(MASK);
            return;
        }
        let path = match after_scheme(before_query) {
            Some((scheme, rest)) => {
                out.extend_from_slice(scheme);
                let end = memchr::memchr(b'/', rest).unwrap_or(rest.len());
                self.authority(location, &rest[..end], out);
                &rest[end..]
            }
            // `mailto:` and the like.
            None if before_query.split(|&byte| byte == b'/').next().unwrap_or_default().contains(&b':') => {
                self.counts.redacted(Rule::UserInfo, location);
                out.extend_from_slice(MASK);
                return;
            }
            None => before_query,
        };
        match self.level {
            PrivacyLevel::Metadata | PrivacyLevel::Schema => mask_path(path, out),
            PrivacyLevel::Redacted | PrivacyLevel::Full => self.path(path, out),
        }
        if let Some(query) = query {
            out.push(b'?');
            self.query(query, out, &mut String::new());
        }
    }

    fn authority(&mut self, location: Location, authority: &[u8], out: &mut Vec<u8>) {
        let host = match memchr::memrchr(b'@', authority) {
            Some(at) => {
                self.counts.redacted(Rule::UserInfo, location);
                out.extend_from_slice(b"REDACTED:REDACTED@");
                &authority[at + 1..]
            }
            None => authority,
        };
        self.scrub(location, host, self.wanted(), out);
    }

    /// What is found with a slash in it, as what is in Base64 may have.
    fn rule_across_segments(&mut self, text: &[u8]) -> Option<Rule> {
        let wanted = self.wanted();
        let [decoded, _] = &mut self.scratch;
        rule_across(text, wanted).or_else(|| detectors::decode(text, decoded).then(|| rule_across(decoded, wanted))?)
    }

    fn rule_of_segment(&mut self, before: &[u8], segment: &[u8]) -> Option<Rule> {
        if let Some(rule) = detectors::first_rule(segment, self.wanted(), &mut self.scratch) {
            return Some(rule);
        }
        // `user:password@host`, where a URL is in the path of another.
        if let Some(at) = memchr::memchr(b'@', segment).filter(|&at| segment[..at].contains(&b':')) {
            return (at > 1).then_some(Rule::UserInfo);
        }
        /// Shorter ones are versions and the like: `/auth/oauth2`.
        const MIN_WITH_DIGITS: usize = 8;
        let is_secret = match names::secrecy(before) {
            _ if before.is_empty() => false,
            Secrecy::Secret if segment.len() >= MIN_WITH_DIGITS && segment.iter().any(u8::is_ascii_digit) => true,
            Secrecy::Secret | Secrecy::Doubtful => names::is_opaque(segment),
            Secrecy::None => false,
        };
        is_secret.then_some(Rule::SecretName)
    }
}

/// A scheme with `://`, or `//` alone, and what follows.
fn after_scheme(url: &[u8]) -> Option<(&[u8], &[u8])> {
    let slashes = memchr::memmem::find(url, b"//")?;
    let scheme = &url[..slashes];
    let formed = match scheme.strip_suffix(b":") {
        Some(name) => name.len() <= 16 && name.iter().all(u8::is_ascii_alphanumeric),
        None => scheme.is_empty(),
    };
    formed.then(|| url.split_at(slashes + 2))
}

fn rule_across(text: &[u8], wanted: Wanted) -> Option<Rule> {
    let mut from = 0;
    while let Some(Finding { rule, range }) = detectors::find(text, from, wanted) {
        from = range.end;
        // A parameter of a segment ends with it (RFC 3986 §3.3).
        if rule != Rule::SecretName && text[range].contains(&b'/') {
            return Some(rule);
        }
    }
    None
}

fn mask_path(path: &[u8], out: &mut Vec<u8>) {
    for (place, segment) in path.split(|&byte| byte == b'/').enumerate() {
        if place > 0 {
            out.push(b'/');
        }
        if !segment.is_empty() {
            out.extend_from_slice(ANY_SEGMENT);
        }
    }
}
