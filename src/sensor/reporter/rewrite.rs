//! Writes an exchange's text anew, so that the record holds nothing but what may leave.
//!
//! What was captured stays behind in another buffer: no export can reach it by mistake.

use crate::record::{Exchange, PrivacyLevel, Route, Span, Text, methods};
use crate::sensor::privacy::{Location, Privacy};

/// Buffers that are used again for each exchange.
#[derive(Debug, Default)]
pub struct Rewriting {
    text: Text,
    value: Vec<u8>,
    surrogate_query: String,
}

impl Rewriting {
    /// Replaces the text of an exchange with what may leave of it. `surrogate` is the path with surrogates, to which those of
    /// the query are added. `host` is what may leave of the host.
    pub fn rewrite(
        &mut self,
        exchange: &mut Exchange,
        host: &[u8],
        route: &Route,
        surrogate: &mut String,
        privacy: &mut Privacy,
    ) {
        let Rewriting { text, value, surrogate_query } = self;
        text.clear();
        let level = privacy.level();
        let mut scanned = |text: &mut Text, location, from: &[u8]| {
            value.clear();
            privacy.text(location, from, value);
            text.add(value)
        };
        let method = exchange.get(exchange.method);
        let method = match methods::is_known(method) {
            true => text.add(method),
            false => scanned(text, Location::Method, method),
        };
        let host = text.add(host);
        let user_agent = scanned(text, Location::UserAgent, exchange.get(exchange.user_agent));
        let reason = match reason(exchange) {
            Reason::Usual(reason) => text.add(reason),
            Reason::Own(reason) if level == PrivacyLevel::Full => scanned(text, Location::Reason, reason),
            Reason::Own(_) => Span::default(),
        };
        value.clear();
        let raw = exchange.get(exchange.path);
        let path = match level {
            PrivacyLevel::Metadata | PrivacyLevel::Schema if raw.is_empty() || raw == b"*" => text.add(raw),
            PrivacyLevel::Metadata | PrivacyLevel::Schema => text.add(route.template.as_bytes()),
            PrivacyLevel::Redacted | PrivacyLevel::Full => {
                privacy.path(raw, value);
                text.add(value)
            }
        };
        value.clear();
        surrogate_query.clear();
        let raw = exchange.get(exchange.query);
        let query = match raw.is_empty() {
            true => Span::default(),
            false => {
                privacy.query(raw, value, surrogate_query);
                surrogate.push('?');
                surrogate.push_str(surrogate_query);
                text.add(value)
            }
        };
        let request_fields = fields(text, value, exchange, exchange.request_fields, privacy);
        let response_fields = fields(text, value, exchange, exchange.response_fields, privacy);
        (exchange.method, exchange.host, exchange.user_agent, exchange.reason) = (method, host, user_agent, reason);
        (exchange.path, exchange.query) = (path, query);
        (exchange.request_fields, exchange.response_fields) = (request_fields, response_fields);
        std::mem::swap(&mut exchange.text, text);
    }
}

/// A reason phrase.
enum Reason<'a> {
    /// The usual one of its status.
    Usual(&'a [u8]),
    /// One that somebody made up.
    Own(&'a [u8]),
}

fn reason(exchange: &Exchange) -> Reason<'_> {
    let reason = exchange.get(exchange.reason);
    let usual = exchange
        .status
        .and_then(|status| hyper::StatusCode::from_u16(status).ok()?.canonical_reason())
        .is_some_and(|usual| usual.as_bytes().eq_ignore_ascii_case(reason));
    if usual { Reason::Usual(reason) } else { Reason::Own(reason) }
}

fn fields(text: &mut Text, value: &mut Vec<u8>, exchange: &Exchange, fields: Span, privacy: &mut Privacy) -> Span {
    let start = text.start();
    for (name, raw) in exchange.text.fields(fields) {
        value.clear();
        let rule = privacy.keeps_header(name);
        privacy.header_value(rule, name, raw, value);
        text.push_field(name, value);
    }
    text.since(start)
}
