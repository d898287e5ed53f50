//! Which header fields leave, and what of their values.

use super::counts::Location;
use super::detectors::{self, Rule};
use super::names::{self, Secrecy};
use super::{FailClosed, MASK, Privacy, SLACK, Wanted};
use crate::record::{AuthScheme, PrivacyLevel};

/// As much of a value as is looked at, in bytes. The end of a longer one may be half a secret, so it is cut off before the
/// last space or comma.
pub const MAX_VALUE: usize = 1 << 10;

/// What leaves of a header field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderRule {
    /// Nothing.
    Drop,
    /// Its name.
    NameOnly,
    /// Its value, without what detectors find in it.
    Value,
    /// How long its value is.
    Length,
    /// That it has one.
    Present,
    /// A URL as far as the level lets it out.
    Url,
    /// The names in a list of `name=value`.
    Names,
    /// How many cookies there are.
    Cookies,
    /// And what protects them.
    SetCookie,
}

/// Names in small letters, and what leaves of their values at every level.
pub(super) const RULES: [(&[u8], HeaderRule); 35] = [
    (b"accept", HeaderRule::Value),
    (b"access-control-allow-origin", HeaderRule::Value),
    (b"baggage", HeaderRule::Names),
    (b"cache-control", HeaderRule::Value),
    (b"content-encoding", HeaderRule::Value),
    (b"content-length", HeaderRule::Value),
    (b"content-security-policy", HeaderRule::Present),
    (b"content-type", HeaderRule::Value),
    (b"cookie", HeaderRule::Cookies),
    (b"cookie2", HeaderRule::NameOnly),
    (b"date", HeaderRule::Value),
    (b"dpop", HeaderRule::NameOnly),
    (b"etag", HeaderRule::Length),
    (b"grpc-authorization", HeaderRule::NameOnly),
    (b"grpc-encoding", HeaderRule::Value),
    (b"grpc-status", HeaderRule::Value),
    (b"location", HeaderRule::Url),
    (b"proxy-authenticate", HeaderRule::NameOnly),
    (b"proxy-authorization", HeaderRule::NameOnly),
    (b"retry-after", HeaderRule::Value),
    (b"server", HeaderRule::Value),
    (b"set-cookie", HeaderRule::SetCookie),
    (b"strict-transport-security", HeaderRule::Value),
    (b"traceparent", HeaderRule::Value),
    (b"tracestate", HeaderRule::Names),
    (b"via", HeaderRule::Value),
    (b"www-authenticate", HeaderRule::NameOnly),
    (b"x-amzn-oidc-accesstoken", HeaderRule::NameOnly),
    (b"x-amzn-oidc-data", HeaderRule::NameOnly),
    (b"x-amzn-oidc-identity", HeaderRule::NameOnly),
    (b"x-amzn-requestid", HeaderRule::Value),
    (b"x-amzn-trace-id", HeaderRule::Value),
    (b"x-correlation-id", HeaderRule::Value),
    (b"x-forwarded-client-cert", HeaderRule::NameOnly),
    (b"x-request-id", HeaderRule::Value),
];

/// Fields whose value is a URL, at levels that let them out.
const URLS: [&[u8]; 4] = [b"content-location", b"origin", b"referer", b"x-original-url"];

/// The longest name that is looked at; fields with longer ones stay.
const MAX_NAME: usize = 64;

/// The most digits of a name that is shown though nobody named it: more are somebody's number.
const MOST_DIGITS: usize = 6;

/// The longest word of such a name.
const LONGEST_WORD: usize = 24;

impl Privacy {
    /// What leaves of a field of this name, so that nothing else is ever copied. Names are compared without regard to case.
    pub fn keeps_header(&self, name: &[u8]) -> HeaderRule {
        let mut buffer = [0; MAX_NAME];
        let Some(lower) = buffer.get_mut(..name.len()) else { return HeaderRule::Drop };
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        let lower = &*lower;
        if let Ok(place) = RULES.binary_search_by_key(&lower, |&(name, _)| name) {
            return RULES[place].1;
        }
        let asked_for = self.extra_headers.iter().any(|extra| extra == lower);
        // A name that nobody named before may be anything, and HTTP/2 has only small letters for it.
        let may_show = || {
            let mut upper = [0; MAX_NAME];
            let upper = &mut upper[..lower.len()];
            upper.copy_from_slice(lower);
            upper.make_ascii_uppercase();
            let forms = [name, upper];
            let digits = lower.iter().filter(|byte| byte.is_ascii_digit()).count();
            names::is_plain(lower)
                && digits <= MOST_DIGITS
                // How Google's keys begin, in small letters: the only form of a key that needs both.
                && memchr::memmem::find(lower, b"aiza").is_none()
                && lower.split(|byte| !byte.is_ascii_alphanumeric()).all(|word| word.len() <= LONGEST_WORD)
                && !forms.iter().any(|form| detectors::find(form, 0, self.wanted()).is_some())
        };
        if names::secrecy(lower) == Secrecy::Secret {
            return if asked_for || may_show() { HeaderRule::NameOnly } else { HeaderRule::Drop };
        }
        if asked_for || self.level == PrivacyLevel::Full && may_show() {
            return if URLS.contains(&lower) { HeaderRule::Url } else { HeaderRule::Value };
        }
        let is_rate_limit = lower.starts_with(b"x-ratelimit-") && may_show();
        if is_rate_limit { HeaderRule::Value } else { HeaderRule::Drop }
    }

    /// Adds to `out` what may leave of a value: at most [`SLACK`] bytes more than it has. `rule` is what
    /// [`keeps_header`](Self::keeps_header) said of the name.
    pub fn header_value(&mut self, rule: HeaderRule, name: &[u8], value: &[u8], out: &mut Vec<u8>) {
        match rule {
            HeaderRule::Drop => {}
            HeaderRule::NameOnly => {
                self.counts.redacted(Rule::SecretName, Location::Header);
                out.extend_from_slice(MASK);
            }
            HeaderRule::Value if is_trace_parent(name, value) => out.extend_from_slice(value),
            HeaderRule::Value if name.eq_ignore_ascii_case(b"host") && value.contains(&b'@') => {
                self.counts.redacted(Rule::UserInfo, Location::Header);
                out.extend_from_slice(MASK);
            }
            HeaderRule::Value if names::is_secret(name, value) => {
                self.counts.redacted(Rule::SecretName, Location::Header);
                out.extend_from_slice(MASK);
            }
            HeaderRule::Value => self.scrub(Location::Header, whole_parts(value), self.wanted(), out),
            HeaderRule::Length => {
                out.extend_from_slice(b"length=");
                out.extend_from_slice(itoa::Buffer::new().format(value.len()).as_bytes());
            }
            HeaderRule::Present => out.extend_from_slice(b"present"),
            HeaderRule::Url => {
                let start = out.len();
                self.url(Location::Header, whole_parts(value), out);
                if out.len() - start > value.len() + SLACK {
                    self.counts.failed_closed(FailClosed::Length);
                    out.truncate(start);
                    out.extend_from_slice(MASK);
                }
            }
            HeaderRule::Names => self.list_names(whole_parts(value), out),
            HeaderRule::Cookies => {
                let cookies = value.split(|&byte| byte == b';').filter(|cookie| !cookie.trim_ascii().is_empty());
                out.extend_from_slice(b"count=");
                out.extend_from_slice(itoa::Buffer::new().format(cookies.count()).as_bytes());
            }
            HeaderRule::SetCookie => set_cookie(value, out),
        }
    }

    /// The names of a list such as `tracestate` and `baggage` have.
    fn list_names(&mut self, list: &[u8], out: &mut Vec<u8>) {
        let limit = out.len() + list.len() + SLACK;
        for (place, member) in list.split(|&byte| byte == b',').enumerate() {
            let name = member.split(|byte| b"=;".contains(byte)).next().unwrap_or_default().trim_ascii();
            // The first part of `tenant@system` is somebody's (W3C Trace Context §3.3.1.3.1).
            let name = name.rsplit(|&byte| byte == b'@').next().unwrap_or_default();
            let plain = self.is_plain_name(Location::Header, name);
            let name = if plain { name } else { MASK };
            if out.len() + 1 + name.len() > limit {
                self.counts.failed_closed(FailClosed::Length);
                return;
            }
            if place > 0 {
                out.push(b',');
            }
            out.extend_from_slice(name);
        }
    }

    /// Whether a name can be shown. One that cannot is counted.
    pub(super) fn is_plain_name(&mut self, location: Location, name: &[u8]) -> bool {
        let key = self.clean.key("name", name);
        if key.is_some_and(|key| self.clean.knows(key)) {
            return true;
        }
        let rule = match detectors::first_rule(name, Wanted::All, &mut self.scratch) {
            Some(rule) => rule,
            None if names::is_plain(name) => {
                key.into_iter().for_each(|key| self.clean.learn(key));
                return true;
            }
            None => Rule::OpaqueName,
        };
        self.counts.redacted(rule, location);
        false
    }
}

/// How a request with these fields says who sends it, the most telling field first: `authorization`, a key of an API, a
/// cookie of a login.
pub fn auth_scheme<'a>(fields: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> AuthScheme {
    let mut best = AuthScheme::None;
    for (name, value) in fields {
        if name.eq_ignore_ascii_case(b"authorization") {
            return scheme_of(value);
        }
        let key =
            [b"x-api-key".as_slice(), b"api-key", b"apikey", b"x-auth-token", b"x-access-token", b"x-goog-api-key"];
        if key.iter().any(|key| key.eq_ignore_ascii_case(name)) {
            best = AuthScheme::ApiKey;
        } else if best == AuthScheme::None && name.eq_ignore_ascii_case(b"cookie") && has_login(value) {
            best = AuthScheme::Cookie;
        }
    }
    best
}

/// The scheme of credentials (RFC 9110 §11.4).
fn scheme_of(credentials: &[u8]) -> AuthScheme {
    let scheme = credentials.trim_ascii().split(|&byte| byte == b' ').next().unwrap_or_default();
    let is = |name: &str| scheme.eq_ignore_ascii_case(name.as_bytes());
    match scheme {
        b"" => AuthScheme::None,
        _ if is("basic") => AuthScheme::Basic,
        _ if is("bearer") => AuthScheme::Bearer,
        _ if is("digest") => AuthScheme::Digest,
        _ if scheme.starts_with(b"AWS4-") => AuthScheme::SigV4,
        _ if is("apikey") || is("api-key") => AuthScheme::ApiKey,
        _ => AuthScheme::Other,
    }
}

fn has_login(cookies: &[u8]) -> bool {
    cookies.split(|&byte| byte == b';').any(|cookie| {
        let name = cookie.split(|&byte| byte == b'=').next().unwrap_or_default();
        names::is_login_cookie(name.trim_ascii())
    })
}

/// `00-` and three numbers in hexadecimal digits (W3C Trace Context §3.2.2). They are made by chance, so now and then one
/// is the number of a card.
fn is_trace_parent(name: &[u8], value: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"traceparent")
        && value.len() == 55
        && value.iter().enumerate().all(|(place, byte)| match place {
            2 | 35 | 52 => *byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// What is left if a value that is too long is cut between two of its parts.
fn whole_parts(value: &[u8]) -> &[u8] {
    if value.len() < MAX_VALUE {
        return value;
    }
    let value = &value[..MAX_VALUE];
    let end = value.iter().rposition(|byte| b" ,;".contains(byte)).unwrap_or_default();
    &value[..end]
}

/// `count=1` and the attributes that protect the cookie, each once, as RFC 6265 §4.1.2 spells them.
fn set_cookie(value: &[u8], out: &mut Vec<u8>) {
    const KNOWN: [&str; 6] = ["Secure", "HttpOnly", "SameSite=Strict", "SameSite=Lax", "SameSite=None", "Partitioned"];
    out.extend_from_slice(b"count=1");
    for known in KNOWN {
        let mut attributes = value.split(|&byte| byte == b';').skip(1).map(<[u8]>::trim_ascii);
        if attributes.any(|attribute| attribute.eq_ignore_ascii_case(known.as_bytes())) {
            out.extend_from_slice(b"; ");
            out.extend_from_slice(known.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_are_in_order() {
        assert!(RULES.is_sorted_by_key(|&(name, _)| name));
    }
}
