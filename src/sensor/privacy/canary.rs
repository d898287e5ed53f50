//! Proves at start that secrets are found. If not, nothing but metadata may leave.

use thiserror::Error;

use super::counts::Location;
use super::detectors::Rule;
use super::{MASK, Privacy};
use crate::record::PrivacyLevel;

/// A secret that was made for this got through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a {} that was made to be found got through the {} at the level `{}`", .rule.name(), .location.name(), .level.name())]
pub struct CanaryFailure {
    pub rule: Rule,
    pub location: Location,
    pub level: PrivacyLevel,
}

impl CanaryFailure {
    /// What is done about it.
    pub fn hints(&self) -> Vec<String> {
        vec!["nothing but metadata leaves; this is a fault of sidetap, please report it".to_owned()]
    }
}

/// In two parts, so that no scanner of sources takes them for real ones.
const CANARIES: [(Rule, &str, &str); 11] = [
    (Rule::Card, "411111", "1111111111"),
    (Rule::Iban, "DE8937040", "0440532013000"),
    (Rule::Ssn, "078-05", "-1120"),
    (Rule::Email, "canary", "@mail.test"),
    (Rule::Phone, "+4930", "1234567890"),
    (Rule::Jwt, "eyJhbGciOiJIUzI1NiJ9", ".eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl"),
    (Rule::Pem, "-----BEGIN PRIVATE", " KEY-----\nQ0FOQVJZ\n-----END PRIVATE KEY-----"),
    (Rule::VendorKey, "AKIA", "CANARYCANARY7777"),
    (Rule::Authorization, "Basic ", "Y2FuYXJ5OmNhbmFyeQ=="),
    (Rule::UserInfo, "https://canary:", "canary@api.test/"),
    (Rule::SecretName, "password=", "canary"),
];

impl Privacy {
    /// Sends made-up secrets through every way out at every level.
    pub fn canary() -> Result<(), CanaryFailure> {
        for level in PrivacyLevel::ALL {
            let mut privacy = Privacy::new(level);
            for (rule, start, end) in CANARIES {
                if level == PrivacyLevel::Full && !rule.is_credential() {
                    continue;
                }
                let secret = [start, end].concat();
                if let Err(location) = privacy.holds(&secret) {
                    return Err(CanaryFailure { rule, location, level });
                }
            }
        }
        Ok(())
    }

    /// Whether no way out lets a secret through.
    fn holds(&mut self, secret: &str) -> Result<(), Location> {
        let mut out = Vec::new();
        let bytes = secret.as_bytes();
        // What is left of a name and its value is the name.
        let value = secret.strip_prefix("password=").unwrap_or(secret);
        let through = |out: &[u8]| memchr::memmem::find(out, value.as_bytes()).is_some();
        for name in ["server", "authorization", "cookie", "location", "tracestate"] {
            out.clear();
            self.header_value(self.keeps_header(name.as_bytes()), name.as_bytes(), bytes, &mut out);
            if through(&out) {
                return Err(Location::Header);
            }
        }
        out.clear();
        let mut surrogate = String::new();
        self.query(&[b"page=2&q=", bytes, b"&token=", value.as_bytes()].concat(), &mut out, &mut surrogate);
        if through(&out)
            || through(surrogate.as_bytes())
            || memchr::memmem::find(&out, MASK).is_none() && self.level != PrivacyLevel::Schema
        {
            return Err(Location::Query);
        }
        for location in [Location::Host, Location::UserAgent, Location::ServerName, Location::Reason] {
            out.clear();
            self.text(location, bytes, &mut out);
            if through(&out) {
                return Err(location);
            }
        }
        let json = [br#"{"note":"#.as_slice(), &quoted(secret), b"}"].concat();
        for (media_type, content) in [("text/plain", bytes), ("application/json", &json)] {
            if self.body(media_type, b"", content, false).is_some_and(|body| through(body.text.as_bytes())) {
                return Err(Location::Body);
            }
        }
        Ok(())
    }
}

fn quoted(text: &str) -> Vec<u8> {
    format!("\"{}\"", text.replace('\n', "\\n")).into_bytes()
}
