//! What a server chose (RFC 8446 §4.1.3, RFC 5246 §7.4.1.3).

use super::client_hello::ClientHello;
use super::cursor::Cursor;
use super::hello::{self, AlpnProtocol, Anomalies, SessionId};
use super::number::{CipherSuite, Version};

pub(super) const MESSAGE_TYPE: u8 = 2;

/// The random of a ServerHello that is a HelloRetryRequest: the SHA-256 of that word (RFC 8446 §4.1.3).
const HELLO_RETRY_REQUEST: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11,
    0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// A server's choice, or its wish for another ClientHello.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerHello {
    /// The version agreed: that of `supported_versions`, else that of the message.
    pub version: Version,
    /// The version field of the message; TLS 1.3 always says TLS 1.2 here.
    pub legacy_version: Version,
    pub cipher_suite: CipherSuite,
    /// The application protocol agreed. TLS 1.3 says it encrypted, so that it is `None` here.
    pub alpn: Option<AlpnProtocol>,
    /// This asks for a second ClientHello; another ServerHello will follow.
    pub hello_retry_request: bool,
    /// The server took a pre-shared key of the client's (RFC 8446 §4.2.11).
    pub pre_shared_key: bool,
    pub session_id: SessionId,
    /// In the order of the wire, without GREASE; at most [`MAX_EXTENSIONS`](super::MAX_EXTENSIONS).
    pub extensions: Vec<u16>,
    pub anomalies: Anomalies,
}

impl ServerHello {
    /// Reads the body of the message; `None` if it is none.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let mut body = Cursor(body);
        let legacy_version = Version(body.u16().filter(|version| version >> 8 == 3)?);
        let random = body.take(32)?;
        let session_id = SessionId::read(&mut body)?;
        let cipher_suite = CipherSuite(body.u16()?);
        let _compression = body.u8()?;

        let mut hello = Self {
            version: legacy_version,
            legacy_version,
            cipher_suite,
            alpn: None,
            hello_retry_request: random == HELLO_RETRY_REQUEST,
            pre_shared_key: false,
            session_id,
            extensions: Vec::new(),
            anomalies: Anomalies::default(),
        };
        let mut anomalies = Anomalies::default();
        let extensions = hello::extensions(body, &mut false, &mut anomalies, |kind, body, _, anomalies| {
            hello.read_extension(kind, body, anomalies)
        });
        hello.extensions = extensions;
        hello.anomalies = anomalies;
        Some(hello)
    }

    /// Whether the connection goes on with an older session of `client`'s.
    ///
    /// Up to TLS 1.2 the server says so by an echo of the session id, which a client also sends beside a ticket
    /// (RFC 5077 §3.4). In TLS 1.3 every id is echoed, and only the pre-shared key tells.
    pub fn resumed(&self, client: &ClientHello) -> bool {
        if self.version.is_tls_1_3() {
            return self.pre_shared_key;
        }
        !self.session_id.is_empty() && self.session_id == client.session_id
    }

    fn read_extension(&mut self, kind: u16, mut body: Cursor<'_>, anomalies: &mut Anomalies) -> Option<()> {
        match kind {
            16 => {
                let mut chosen = hello::alpn_protocols(body, anomalies)?;
                self.alpn = (chosen.len() == 1).then(|| chosen.pop()).flatten();
                self.alpn.as_ref()?;
            }
            41 => self.pre_shared_key = true,
            43 => self.version = Version(body.u16().filter(|_| body.is_empty())?),
            _ => {}
        }
        Some(())
    }
}
