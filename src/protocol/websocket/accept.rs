//! Whether the server's answer belongs to the client's key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

/// What the server appends to the key (RFC 6455 §1.3).
const SUFFIX: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Whether `accept` is the `Sec-WebSocket-Accept` that answers the `Sec-WebSocket-Key` `key` (RFC 6455 §4.2.2).
/// White space around either does not count.
pub fn accept_key_matches(key: &str, accept: &str) -> bool {
    let hash = Sha1::new().chain_update(key.trim_ascii()).chain_update(SUFFIX).finalize();
    let mut expected = [0; 28];
    let written = STANDARD.encode_slice(hash, &mut expected).unwrap_or_default();
    expected.get(..written) == Some(accept.trim_ascii().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::accept_key_matches;

    #[test]
    fn the_example_of_the_standard_matches() {
        assert!(accept_key_matches("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        assert!(accept_key_matches(" dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo= "));
    }

    #[test]
    fn another_key_or_answer_does_not() {
        assert!(!accept_key_matches("dGhlIHNhbXBsZSBub25jZQ=", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        assert!(!accept_key_matches("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo"));
        assert!(!accept_key_matches("", ""));
    }
}
