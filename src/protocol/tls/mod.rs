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
