//! What a client offers (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2).

use super::cursor::Cursor;
use super::hello::{self, AlpnProtocol, Anomalies, SessionId};
use super::number::Version;
use super::server_name;

pub(super) const MESSAGE_TYPE: u8 = 1;

/// A client's offer. GREASE is left out of every list; [`ClientHello::grease`] says that there was some.
///
/// Lists are in the order of the wire, as JA3 and JA4 want them, and hold at most [`MAX_NUMBERS`](super::MAX_NUMBERS),
/// [`MAX_EXTENSIONS`](super::MAX_EXTENSIONS) and [`MAX_ALPN_PROTOCOLS`](super::MAX_ALPN_PROTOCOLS).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientHello {
    /// The version field of the message; TLS 1.3 always says TLS 1.2 here.
    pub legacy_version: Version,
    /// From `supported_versions`; empty where the extension is absent.
    pub supported_versions: Vec<Version>,
    /// The host name that is called, if it is plausible as one; not changed in case.
    pub server_name: Option<String>,
    /// The application protocols offered, the preferred first.
    pub alpn: Vec<AlpnProtocol>,
    /// Encrypted Client Hello, real or pretended: what is seen here is then the outer hello.
    pub encrypted_client_hello: bool,
    /// The older session that the client would like to resume.
    pub resumption: Option<Resumption>,
    /// What a server echoes that resumes a session of TLS 1.2; see [`ServerHello::resumed`](super::ServerHello::resumed).
    pub session_id: SessionId,
    pub cipher_suites: Vec<u16>,
    pub extensions: Vec<u16>,
    /// Groups for key exchange (RFC 8446 §4.2.7).
    pub supported_groups: Vec<u16>,
    /// Formats of points on elliptic curves (RFC 8422 §5.1.2).
    pub point_formats: Vec<u8>,
    /// RFC 8446 §4.2.3.
    pub signature_algorithms: Vec<u16>,
    pub grease: bool,
    pub anomalies: Anomalies,
}

/// How a client asks to resume a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resumption {
    /// By the session id of a hello that does not offer TLS 1.3 (RFC 5246 §7.3). With TLS 1.3 the id means nothing.
    SessionId,
    /// By a ticket (RFC 5077 §3.2).
    Ticket,
    /// By a pre-shared key (RFC 8446 §4.2.11).
    PreSharedKey,
}

impl ClientHello {
    /// Reads the body of the message; `None` if it is none.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let mut body = Cursor(body);
        let legacy_version = Version(body.u16().filter(|version| version >> 8 == 3)?);
        let _random = body.take(32)?;
        let session_id = SessionId::read(&mut body)?;
        let (mut grease, mut anomalies) = (false, Anomalies::default());
        let suites = body.vector16().filter(|suites| !suites.is_empty())?;
        let cipher_suites = hello::numbers(suites, &mut grease, &mut anomalies)?;
        let _compression = body.vector8().filter(|methods| !methods.is_empty())?;

        let mut hello = Self {
            legacy_version,
            supported_versions: Vec::new(),
            server_name: None,
            alpn: Vec::new(),
            encrypted_client_hello: false,
            resumption: None,
            session_id,
            cipher_suites,
            extensions: Vec::new(),
            supported_groups: Vec::new(),
            point_formats: Vec::new(),
            signature_algorithms: Vec::new(),
            grease: false,
            anomalies,
        };
        let extensions = hello::extensions(body, &mut grease, &mut anomalies, |kind, body, grease, anomalies| {
            hello.read_extension(kind, body, grease, anomalies)
        });
        hello.extensions = extensions;
        hello.grease = grease;
        hello.anomalies = anomalies;
        if hello.resumption.is_none() && !session_id.is_empty() && !hello.offers_tls_1_3() {
            hello.resumption = Some(Resumption::SessionId);
        }
        Some(hello)
    }

    /// Whether TLS 1.3 is among the versions offered.
    pub fn offers_tls_1_3(&self) -> bool {
        self.supported_versions.iter().any(|version| version.is_tls_1_3())
    }

    fn read_extension(
        &mut self,
        kind: u16,
        body: Cursor<'_>,
        grease: &mut bool,
        anomalies: &mut Anomalies,
    ) -> Option<()> {
        match kind {
            0 => self.server_name = host_name(body, anomalies)?,
            10 => self.supported_groups = hello::numbers(body.whole_vector16()?, grease, anomalies)?,
            11 => self.point_formats = body.whole_vector8()?.0.into(),
            13 => self.signature_algorithms = hello::numbers(body.whole_vector16()?, grease, anomalies)?,
            16 => self.alpn = hello::alpn_protocols(body, anomalies)?,
            // Without a ticket, the client only says that it would take one. A key beats a ticket.
            35 if !body.is_empty() && self.resumption.is_none() => self.resumption = Some(Resumption::Ticket),
            41 => self.resumption = Some(Resumption::PreSharedKey),
            43 => {
                let versions = hello::numbers(body.whole_vector8()?, grease, anomalies)?;
                self.supported_versions = versions.into_iter().map(Version).collect();
            }
            0xfe0d => self.encrypted_client_hello = true,
            _ => {}
        }
        Some(())
    }
}

/// The first host name of a `server_name` extension (RFC 6066 §3). `None` where the extension is malformed.
fn host_name(body: Cursor<'_>, anomalies: &mut Anomalies) -> Option<Option<String>> {
    let mut list = body.whole_vector16()?;
    while !list.is_empty() {
        let kind = list.u8()?;
        let name = list.vector16()?.0;
        if kind != 0 {
            continue;
        }
        if !server_name::is_plausible(name) {
            anomalies.invalid_server_name = true;
            return Some(None);
        }
        return Some(String::from_utf8(name.to_vec()).ok());
    }
    Some(None)
}
