//! What a TLS handshake says in clear: who is called, what was agreed, and why it failed.
//!
//! - [`alert`]: alerts and their names
//! - [`client_hello`]: what the client offers
//! - [`cursor`]: reads fields off a slice
//! - [`number`]: versions and cipher suites, and their names
//! - [`reader`]: records and handshake messages, to hellos and alerts
//! - [`server_hello`]: what the server chose
//! - [`server_name`]: which server names are plausible
//!
//! Nothing is decrypted. A reader is over once its direction turns to ciphertext; until then it keeps at most
//! [`MAX_HELLO`] bytes, and only while a hello spans records or pieces.

pub mod alert;
pub mod client_hello;
mod cursor;
mod hello;
pub mod number;
pub mod reader;
pub mod server_hello;
mod server_name;
#[cfg(test)]
mod tests;

pub use alert::{Alert, AlertLevel};
pub use client_hello::{ClientHello, Resumption};
pub use hello::{AlpnProtocol, Anomalies, MAX_ALPN_PROTOCOLS, MAX_EXTENSIONS, MAX_NUMBERS, SessionId};
pub use number::{CipherSuite, Version, is_grease};
pub use reader::{ClientHelloReader, HelloReader, MAX_HELLO, Progress, ServerHelloReader};
pub use server_hello::ServerHello;

/// Whether a direction that begins with these bytes speaks TLS: a record with the start of a hello, or an alert.
///
/// `None` while the bytes fit but are too few to tell; seven always suffice. An SSLv2-compatible hello is not TLS.
pub fn looks_like_tls(start: &[u8]) -> Option<bool> {
    let (kind, length) = (start.first().copied(), start.get(3..5).map(|length| [length[0], length[1]]));
    let header_fits = kind.is_none_or(|kind| matches!(kind, reader::HANDSHAKE | reader::ALERT))
        && start.get(1).is_none_or(|&major| major == 3)
        && start.get(2).is_none_or(|&minor| minor <= 4);
    if !header_fits {
        return Some(false);
    }
    let length = usize::from(u16::from_be_bytes(length?));
    let body = start.get(5..)?;
    if kind == Some(reader::ALERT) {
        return match (length, body) {
            (2, [level, ..]) => Some(AlertLevel::from_number(*level).is_some()),
            (2, []) => None,
            _ => Some(false),
        };
    }
    if length == 0 || length > reader::MAX_RECORD {
        return Some(false);
    }
    match body {
        [] => None,
        [kind, ..] if !matches!(*kind, client_hello::MESSAGE_TYPE | server_hello::MESSAGE_TYPE) => Some(false),
        // A first fragment of one byte leaves only the type to judge by.
        [_] if length > 1 => None,
        [_, length_high, ..] if length > 1 => Some(*length_high == 0),
        _ => Some(true),
    }
}
