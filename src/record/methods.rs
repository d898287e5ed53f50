//! The methods that OpenTelemetry has names for: those of RFC 9110 §9, PATCH (RFC 5789) and QUERY.

const KNOWN: [&str; 10] = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE", "QUERY"];

/// Stands for any other, as anybody can make one up.
pub const OTHER: &str = "_OTHER";

/// A method by its name, or [`OTHER`].
#[inline]
pub fn known(method: &[u8]) -> &'static str {
    KNOWN.into_iter().find(|known| known.as_bytes() == method).unwrap_or(OTHER)
}

/// Whether there is a name for a method.
pub fn is_known(method: &[u8]) -> bool {
    known(method) != OTHER
}
