//! What both hellos have: a session id, protocols, extensions, and ways to be odd.

use std::fmt;

use super::cursor::Cursor;
use super::number::is_grease;

/// Numbers kept of one list: cipher suites, versions, groups, signature algorithms. OpenSSL knows about 170 suites.
pub const MAX_NUMBERS: usize = 256;
/// Extensions kept of one hello. About 60 are registered.
pub const MAX_EXTENSIONS: usize = 64;
/// ALPN protocols kept of one hello.
pub const MAX_ALPN_PROTOCOLS: usize = 16;

/// What is odd about a hello that was understood all the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Anomalies {
    /// The server name is empty, too long, or has bytes that no host name has. It is not reported.
    pub invalid_server_name: bool,
    /// An extension, or the list of them, contradicts its own lengths. What was whole is reported.
    pub malformed_extension: bool,
    /// An extension came twice (RFC 8446 §4.2 forbids it). The first counts.
    pub duplicate_extension: bool,
    /// A list was longer than what is kept of it.
    pub list_cut: bool,
}

impl Anomalies {
    /// Whether there is any.
    pub fn any(self) -> bool {
        self != Self::default()
    }
}

/// The legacy session id, at most 32 bytes (RFC 8446 §4.1.2).
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct SessionId {
    length: u8,
    bytes: [u8; 32],
}

impl SessionId {
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        let id = cursor.vector8()?.0;
        let mut bytes = [0; 32];
        bytes.get_mut(..id.len())?.copy_from_slice(id);
        Some(Self { length: id.len() as u8, bytes })
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The name of an application protocol (RFC 7301 §3.1): bytes that are usually text, such as `h2`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AlpnProtocol(Box<[u8]>);

impl AlpnProtocol {
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The text; quotes, backslashes and what is not printable ASCII are escaped as in Rust.
impl fmt::Display for AlpnProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.escape_ascii().fmt(f)
    }
}

impl fmt::Debug for AlpnProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// The protocols of an ALPN extension without the GREASE among them; `None` where it is malformed.
pub(super) fn alpn_protocols(body: Cursor<'_>, anomalies: &mut Anomalies) -> Option<Vec<AlpnProtocol>> {
    let mut list = body.whole_vector16()?;
    let mut protocols = Vec::new();
    while !list.is_empty() {
        let protocol = list.vector8().filter(|name| !name.is_empty())?.0;
        if protocol.try_into().is_ok_and(|pair| is_grease(u16::from_be_bytes(pair))) {
            continue;
        }
        if protocols.len() == MAX_ALPN_PROTOCOLS {
            anomalies.list_cut = true;
            break;
        }
        protocols.push(AlpnProtocol(protocol.into()));
    }
    Some(protocols)
}

/// A list of numbers without the GREASE among them, which sets `grease`; `None` where it is malformed.
pub(super) fn numbers(list: Cursor<'_>, grease: &mut bool, anomalies: &mut Anomalies) -> Option<Vec<u16>> {
    let mut kept = Vec::with_capacity((list.0.len() / 2).min(MAX_NUMBERS));
    for number in list.numbers()? {
        if is_grease(number) {
            *grease = true;
        } else if kept.len() == MAX_NUMBERS {
            anomalies.list_cut = true;
            break;
        } else {
            kept.push(number);
        }
    }
    Some(kept)
}

/// Calls `each` with the number and body of every extension whose kind is neither GREASE nor repeated, and gives their
/// numbers in order. `each` says whether the body was well formed.
///
/// The whole list is walked, however long: an extension beyond what is kept still counts, unless it repeats one that
/// is not kept.
pub(super) fn extensions<'a>(
    cursor: Cursor<'a>,
    grease: &mut bool,
    anomalies: &mut Anomalies,
    mut each: impl FnMut(u16, Cursor<'a>, &mut bool, &mut Anomalies) -> Option<()>,
) -> Vec<u16> {
    let mut kept = Vec::new();
    // TLS 1.2 and before: a hello may end before the extensions (RFC 5246 §7.4.1.2).
    if cursor.is_empty() {
        return kept;
    }
    kept.reserve(24);
    let Some(mut list) = cursor.whole_vector16() else {
        anomalies.malformed_extension = true;
        return kept;
    };
    while !list.is_empty() {
        let (Some(kind), Some(body)) = (list.u16(), list.vector16()) else {
            anomalies.malformed_extension = true;
            break;
        };
        if is_grease(kind) {
            *grease = true;
        } else if kept.contains(&kind) {
            anomalies.duplicate_extension = true;
        } else {
            if kept.len() < MAX_EXTENSIONS {
                kept.push(kind);
            } else {
                anomalies.list_cut = true;
            }
            if each(kind, body, grease, anomalies).is_none() {
                anomalies.malformed_extension = true;
            }
        }
    }
    kept
}
