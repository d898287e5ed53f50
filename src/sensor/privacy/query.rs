//! Queries, and content that is written as one.

use super::counts::Location;
use super::detectors::{self, Rule, Wanted};
use super::names;
use super::surrogate::ValueType;
use super::{FailClosed, MASK, Privacy, SLACK};
use crate::record::PrivacyLevel;
use crate::record::text::MAX_TEXT;

impl Privacy {
    /// Adds a query as it may leave to `out`, and to `surrogate` the same with values of the same types that mean nothing
    /// wherever a value may not leave. Each becomes at most [`SLACK`] bytes longer than the query; parameters that are
    /// beyond that, or beyond [`MAX_TEXT`], are left out and counted.
    pub fn query(&mut self, query: &[u8], out: &mut Vec<u8>, surrogate: &mut String) {
        let key = self.clean.key(("query", self.wanted(), self.level), query);
        if let Some(key) = key
            && self.clean.knows(key)
            && let Ok(text) = std::str::from_utf8(query)
        {
            out.extend_from_slice(query);
            return surrogate.push_str(text);
        }
        let before = (out.len(), surrogate.len());
        self.judge_query(query, out, surrogate);
        if let Some(key) = key
            && out[before.0..] == *query
            && surrogate.as_bytes()[before.1..] == *query
        {
            self.clean.learn(key);
        }
    }

    fn judge_query(&mut self, query: &[u8], out: &mut Vec<u8>, surrogate: &mut String) {
        let (query, cut) = match query.get(..MAX_TEXT) {
            Some(start) => (start, true),
            None => (query, false),
        };
        // What was cut off may be in the middle of a secret.
        let query = match memchr::memrchr(b'&', query).filter(|_| cut) {
            Some(end) => &query[..end],
            None if cut => b"",
            None => query,
        };
        let lengths = (out.len(), surrogate.len());
        for (place, parameter) in query.split(|&byte| byte == b'&').enumerate() {
            let before = (out.len(), surrogate.len());
            if place > 0 {
                out.push(b'&');
                surrogate.push('&');
            }
            self.parameter(Location::Query, parameter, out, surrogate);
            let room = query.len() + SLACK;
            if out.len() - lengths.0 > room || surrogate.len() - lengths.1 > room {
                out.truncate(before.0);
                surrogate.truncate(before.1);
                self.counts.failed_closed(FailClosed::Length);
                return;
            }
        }
        if cut {
            self.counts.failed_closed(FailClosed::Length);
        }
    }

    /// Adds one parameter. One that is no name and value is judged as a value: it may be a token, whose Base64 may end in
    /// `=`.
    pub(super) fn parameter(&mut self, at: Location, parameter: &[u8], out: &mut Vec<u8>, surrogate: &mut String) {
        let equals =
            memchr::memchr(b'=', parameter).filter(|&place| parameter[place..].iter().any(|byte| *byte != b'='));
        let (key, value) = match equals {
            Some(equals) => (&parameter[..equals], &parameter[equals + 1..]),
            None if parameter.is_empty() => return,
            None => (parameter, b"".as_slice()),
        };
        let mut name = std::mem::take(&mut self.name);
        detectors::decode(key, &mut name);
        if equals.is_none() {
            self.lone_parameter(at, parameter, &name, out, surrogate);
        } else {
            let shown = if self.is_plain_parameter_name(at, &name) { key } else { MASK };
            out.extend_from_slice(shown);
            out.push(b'=');
            surrogate.push_str(std::str::from_utf8(shown).unwrap_or_default());
            surrogate.push('=');
            self.value(at, &name, value, out, surrogate);
        }
        self.name = name;
    }

    fn is_plain_parameter_name(&mut self, at: Location, name: &[u8]) -> bool {
        name.is_empty() || self.is_plain_name(at, name)
    }

    fn lone_parameter(
        &mut self,
        at: Location,
        parameter: &[u8],
        decoded: &[u8],
        out: &mut Vec<u8>,
        surrogate: &mut String,
    ) {
        let rule = match self.level {
            PrivacyLevel::Metadata | PrivacyLevel::Schema => Some(Rule::OpaqueName),
            PrivacyLevel::Redacted | PrivacyLevel::Full => {
                let opaque = names::is_opaque(decoded).then_some(Rule::OpaqueName);
                opaque.or_else(|| detectors::first_rule_of_form(parameter, self.wanted(), &mut self.scratch))
            }
        };
        match rule {
            Some(rule) => {
                self.counts.redacted(rule, at);
                out.extend_from_slice(MASK);
                surrogate.push_str("REDACTED");
            }
            None => {
                out.extend_from_slice(parameter);
                surrogate.push_str(&String::from_utf8_lossy(parameter));
            }
        }
    }

    fn value(&mut self, at: Location, name: &[u8], value: &[u8], out: &mut Vec<u8>, surrogate: &mut String) {
        match self.level {
            PrivacyLevel::Metadata => {
                out.extend_from_slice(MASK);
                surrogate.push_str(self.type_of(value).surrogate());
            }
            PrivacyLevel::Schema => {
                let value_type = self.type_of(value);
                out.extend_from_slice(value_type.name().as_bytes());
                surrogate.push_str(value_type.surrogate());
            }
            PrivacyLevel::Redacted | PrivacyLevel::Full => match self.rule_of_value(name, value, self.wanted()) {
                Some(rule) => {
                    self.counts.redacted(rule, at);
                    out.extend_from_slice(MASK);
                    surrogate.push_str(self.type_of(value).surrogate());
                }
                None => {
                    out.extend_from_slice(value);
                    surrogate.push_str(&String::from_utf8_lossy(value));
                }
            },
        }
    }

    /// The type of a value that is percent-encoded.
    fn type_of(&mut self, value: &[u8]) -> ValueType {
        let [decoded, _] = &mut self.scratch;
        detectors::decode(value, decoded);
        ValueType::of(decoded)
    }

    /// Why the value beside a decoded name may not leave.
    fn rule_of_value(&mut self, name: &[u8], value: &[u8], wanted: Wanted) -> Option<Rule> {
        let [decoded, _] = &mut self.scratch;
        detectors::decode(value, decoded);
        if names::is_secret(name, decoded) {
            return Some(Rule::SecretName);
        }
        detectors::first_rule_of_form(value, wanted, &mut self.scratch)
    }
}
