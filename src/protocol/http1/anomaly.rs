//! What a message has that it should not have: reported, never guessed at.

/// Oddities of one message, most of which are used to smuggle requests past a proxy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Anomalies(u32);

/// One oddity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Anomaly {
    /// A header line that goes on in the next line (RFC 9112 §5.2).
    ObsFold,
    /// A line that ends with LF alone (RFC 9112 §2.2).
    BareLf,
    /// Content-Length and Transfer-Encoding in one message (RFC 9112 §6.3, rule 3).
    LengthAndEncoding,
    /// The same Content-Length more than once (RFC 9112 §6.3, rule 5).
    RepeatedLength,
    /// Content-Lengths that differ, or that are no number: the message has no end (RFC 9112 §6.3, rule 5).
    InvalidLength,
    /// A request whose Transfer-Encoding does not end in chunked (RFC 9112 §6.3, rule 4).
    UnknownEncoding,
    /// Transfer-Encoding in HTTP/1.0, whose recipients would not know it (RFC 9112 §6.1).
    EncodingInHttp10,
    /// A chunk size that is no hexadecimal number or does not fit 64 bits (RFC 9112 §7.1).
    InvalidChunk,
    /// An HTTP/1.1 request without Host, or with several (RFC 9112 §3.2).
    HostCount,
    /// White space between a field name and its colon (RFC 9112 §5.1).
    SpaceBeforeColon,
    /// A head that cannot be read.
    Malformed,
    /// A head longer than 64 KiB or with more than 256 fields.
    HeadTooLong,
}

const ALL: [(Anomaly, &str); 12] = [
    (Anomaly::ObsFold, "obs_fold"),
    (Anomaly::BareLf, "bare_lf"),
    (Anomaly::LengthAndEncoding, "content_length_and_transfer_encoding"),
    (Anomaly::RepeatedLength, "repeated_content_length"),
    (Anomaly::InvalidLength, "invalid_content_length"),
    (Anomaly::UnknownEncoding, "unknown_transfer_encoding"),
    (Anomaly::EncodingInHttp10, "transfer_encoding_in_http_1_0"),
    (Anomaly::InvalidChunk, "invalid_chunk"),
    (Anomaly::HostCount, "missing_or_repeated_host"),
    (Anomaly::SpaceBeforeColon, "space_before_colon"),
    (Anomaly::Malformed, "malformed_head"),
    (Anomaly::HeadTooLong, "head_too_long"),
];

impl Anomalies {
    /// None.
    pub const NONE: Anomalies = Anomalies(0);

    /// Adds one.
    pub fn add(&mut self, anomaly: Anomaly) {
        self.0 |= 1 << anomaly as u8;
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this one is among them.
    pub fn has(self, anomaly: Anomaly) -> bool {
        self.0 & 1 << anomaly as u8 != 0
    }

    /// Those of both.
    pub fn and(self, other: Anomalies) -> Anomalies {
        Anomalies(self.0 | other.0)
    }

    /// Their names, as records show them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        ALL.into_iter().filter(move |(anomaly, _)| self.has(*anomaly)).map(|(_, name)| name)
    }
}

impl From<Anomaly> for Anomalies {
    fn from(anomaly: Anomaly) -> Self {
        let mut anomalies = Anomalies::NONE;
        anomalies.add(anomaly);
        anomalies
    }
}
