//! Decides what of a value may leave.
//!
//! Everything that anybody entered goes through [`Privacy`] before it reaches a record, and so before any queue, file or
//! socket. What may leave is listed; the rest stays. What cannot be judged is dropped and counted. Credentials leave at no
//! level: not the fields that carry them, not values under names that call them so, not what looks like one elsewhere.
//!
//! It works on bytes, adds to the caller's buffers, and keeps three buffers of its own for what it decodes.
//!
//! - [`headers`]: which fields leave, and what of their values
//! - [`query`], [`url`], [`body`]: the other parts of a message
//! - [`names`]: what a name says of its value
//! - [`detectors`]: what is personal or secret by its form
//! - [`surrogate`]: values that stand for others of their type
//! - [`acknowledgement`]: what the level `full` needs
//! - [`canary`]: proves at start that secrets are found
//! - [`counts`]: what was kept back
//! - `clean`: texts that need not be looked at again

pub mod acknowledgement;
pub mod body;
pub mod canary;
mod clean;
pub mod counts;
pub mod detectors;
pub mod headers;
#[cfg(test)]
mod leak_tests;
pub mod names;
mod policy;
mod query;
#[cfg(test)]
mod secrets;
pub mod surrogate;
#[cfg(test)]
mod tests;
mod url;

pub use acknowledgement::{FullAcknowledgement, FullRefused};
pub use canary::CanaryFailure;
pub use counts::{FailClosed, Location, PrivacyCounts};
pub use detectors::Rule;
pub use headers::{HeaderRule, auth_scheme};

use clean::Clean;
use detectors::Wanted;

use crate::record::PrivacyLevel;
use crate::record::text::MAX_TEXT;

/// Stands for a value that may not leave.
pub const MASK: &[u8] = b"REDACTED";

/// Bytes that a value, query or path may become longer by.
pub const SLACK: usize = 512;

/// What of each value may leave, and a count of what did not.
#[derive(Debug, Clone)]
pub struct Privacy {
    level: PrivacyLevel,
    full_until_unix_nanos: u64,
    /// Header fields that leave besides the usual ones, in small letters.
    extra_headers: Vec<Vec<u8>>,
    counts: PrivacyCounts,
    /// For what is decoded.
    scratch: [Vec<u8>; 2],
    /// For the decoded name of a parameter.
    name: Vec<u8>,
    clean: Clean,
}

impl Privacy {
    /// The policy of a level.
    pub fn new(level: PrivacyLevel) -> Self {
        Privacy {
            level,
            full_until_unix_nanos: u64::MAX,
            extra_headers: Vec::new(),
            counts: PrivacyCounts::default(),
            scratch: Default::default(),
            name: Vec::new(),
            clean: Clean::default(),
        }
    }

    /// Also lets out the values of these header fields, unless their names call them secret.
    pub fn with_headers<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names: Vec<_> = names.into_iter().map(|name| name.trim().to_ascii_lowercase().into_bytes()).collect();
        names.sort();
        names.dedup();
        self.extra_headers = names;
        self
    }

    /// The level `full` ends then, in nanoseconds since the Unix epoch.
    pub fn with_full_until(mut self, unix_nanos: u64) -> Self {
        self.full_until_unix_nanos = unix_nanos;
        self
    }

    /// The level that counts now.
    pub fn level(&self) -> PrivacyLevel {
        self.level
    }

    /// Makes the level stricter. A laxer one is not taken.
    pub fn tighten(&mut self, level: PrivacyLevel) {
        self.level = self.level.min(level);
    }

    /// Ends the level `full` if its time is over, for good: a clock that is set back does not bring it back.
    pub fn expire(&mut self, now_unix_nanos: u64) {
        if self.level == PrivacyLevel::Full && now_unix_nanos >= self.full_until_unix_nanos {
            self.tighten(acknowledgement::AFTER_FULL);
        }
    }

    /// What was kept back so far.
    pub fn counts(&self) -> &PrivacyCounts {
        &self.counts
    }

    /// Bytes of memory beside itself.
    pub fn memory(&self) -> usize {
        let extra: usize = self.extra_headers.iter().map(|name| name.capacity() + size_of::<Vec<u8>>()).sum();
        self.scratch.iter().chain([&self.name]).map(Vec::capacity).sum::<usize>() + extra + Clean::BYTES
    }

    /// Adds a text that leaves at every level as far as nothing is found in it: a host, a user agent, a reason.
    pub fn text(&mut self, location: Location, text: &[u8], out: &mut Vec<u8>) {
        self.scrub(location, text, Wanted::All, out);
    }

    /// Whether something personal or secret is found in a text, which is not counted.
    pub fn finds_in(text: &[u8]) -> bool {
        detectors::find(text, 0, Wanted::All).is_some()
    }

    /// What detectors look for at this level.
    fn wanted(&self) -> Wanted {
        match self.level {
            PrivacyLevel::Full => Wanted::Credentials,
            PrivacyLevel::Metadata | PrivacyLevel::Schema | PrivacyLevel::Redacted => Wanted::All,
        }
    }

    /// Adds a short text with a mask in place of what is found in it, or a mask alone if it has escapes, in which what is
    /// found may go on, or if it would become much longer.
    fn scrub(&mut self, location: Location, text: &[u8], wanted: Wanted, out: &mut Vec<u8>) {
        if may_be_cut(text) {
            self.counts.failed_closed(FailClosed::Length);
            return out.extend_from_slice(MASK);
        }
        let key = self.clean.key(wanted, text);
        if key.is_some_and(|key| self.clean.knows(key)) {
            return out.extend_from_slice(text);
        }
        let before = out.len();
        self.search(location, text, wanted, out);
        if let Some(key) = key
            && out[before..] == *text
        {
            self.clean.learn(key);
        }
    }

    fn search(&mut self, location: Location, text: &[u8], wanted: Wanted, out: &mut Vec<u8>) {
        if memchr::memchr2(b'%', b'\\', text).is_some() {
            match detectors::first_rule(text, wanted, &mut self.scratch) {
                Some(rule) => {
                    self.counts.redacted(rule, location);
                    out.extend_from_slice(MASK);
                }
                None => out.extend_from_slice(text),
            }
            return;
        }
        let start = out.len();
        let mut from = 0;
        while let Some(finding) = detectors::find(text, from, wanted) {
            self.counts.redacted(finding.rule, location);
            out.extend_from_slice(&text[from..finding.range.start]);
            out.extend_from_slice(MASK);
            from = finding.range.end;
        }
        out.extend_from_slice(&text[from..]);
        if out.len() - start > text.len() + SLACK {
            out.truncate(start);
            out.extend_from_slice(MASK);
        }
    }
}

/// Whether the end of a text may be missing, and with it what would show that it ends in a secret.
fn may_be_cut(text: &[u8]) -> bool {
    text.len() >= MAX_TEXT
}
