//! Headers that the user adds to requests. Their values are secrets: tokens, mostly.

use std::fmt;

use ureq::http::{HeaderName, HeaderValue};

use super::TransportError;

/// Headers for each request.
#[derive(Clone, Default)]
pub struct Headers(Vec<(HeaderName, HeaderValue)>);

impl Headers {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn add(&mut self, name: &str, value: &str) -> Result<(), TransportError> {
        let header = HeaderName::from_bytes(name.trim().as_bytes())
            .map_err(|_| TransportError::HeaderName { name: name.trim().into() })?;
        let mut value = HeaderValue::from_str(value.trim())
            .map_err(|_| TransportError::HeaderValue { name: header.as_str().into() })?;
        value.set_sensitive(true);
        self.0.push((header, value));
        Ok(())
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// A text that others wrote, without our secrets, should it repeat any.
    pub fn without_values(&self, mut text: String) -> String {
        for (_, value) in &self.0 {
            let Ok(value) = value.to_str() else { continue };
            // `Bearer TOKEN`: the token alone is as good.
            for secret in value.split_whitespace().chain([value]).filter(|it| it.len() >= 6) {
                text = text.replace(secret, "***");
            }
        }
        text
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(name, _)| (name.as_str(), "***"))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_never_shown() {
        let mut headers = Headers::new();
        headers.add("Authorization", " Bearer s3cr3t-t0ken ").unwrap();
        assert_eq!(format!("{headers:?}"), r#"{"authorization": "***"}"#);
        let text = headers.without_values("unknown token s3cr3t-t0ken in `Bearer s3cr3t-t0ken`".into());
        assert_eq!(text, "unknown token *** in `*** ***`");
        let error = headers.add("X-Key", "s3cr3t\r\n").map(|()| headers.add("X-Key", "s3\ncr3t").unwrap_err()).unwrap();
        assert_eq!(error.to_string(), "the value of header `x-key` has characters that no header can have");
        assert!(headers.add("X Key", "1").is_err());
    }
}
