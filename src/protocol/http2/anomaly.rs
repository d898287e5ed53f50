//! What a connection does that RFC 9113 forbids.
//!
//! A reader reports such a thing and goes on: what the endpoints make of it is for them to decide.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// A set of anomalies.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Anomalies(u32);

macro_rules! anomalies {
    ($($(#[$doc:meta])* $constant:ident = $bit:literal, $name:literal;)*) => {
        impl Anomalies {
            $($(#[$doc])* pub const $constant: Anomalies = Anomalies(1 << $bit);)*

            const NAMES: &'static [(Anomalies, &'static str)] = &[$((Anomalies::$constant, $name)),*];
        }
    };
}

anomalies! {
    /// The client does not begin with the connection preface (§3.4).
    BAD_PREFACE = 0, "bad_preface";
    /// The first frame of one end is not SETTINGS (§3.4).
    SETTINGS_NOT_FIRST = 1, "settings_not_first";
    /// A frame is larger than the other end allows, or its length is wrong for its type (§4.2, §6).
    FRAME_SIZE = 2, "frame_size";
    /// Padding as long as what it pads, or longer (§6.1).
    PADDING = 3, "padding";
    /// A frame of a stream on stream 0, or of the connection on another (§6).
    WRONG_STREAM = 4, "wrong_stream";
    /// A stream opened by an end to which its number does not belong (§5.1.1).
    STREAM_PARITY = 5, "stream_parity";
    /// A stream opened with a number not above those opened before (§5.1.1).
    STREAM_REUSED = 6, "stream_reused";
    /// A frame on a stream that nobody has opened (§5.1).
    IDLE_STREAM = 7, "idle_stream";
    /// DATA or HEADERS after the same end's END_STREAM (§5.1).
    AFTER_END = 8, "after_end";
    /// DATA before HEADERS (§8.1).
    DATA_BEFORE_HEADERS = 9, "data_before_headers";
    /// Another frame where a header block must go on, or CONTINUATION where none is open (§6.10).
    CONTINUATION = 10, "continuation";
    /// More than 16 CONTINUATION frames, or 64 KiB, for one block; it was given up.
    CONTINUATION_FLOOD = 11, "continuation_flood";
    /// A header block of more than 64 KiB without CONTINUATION; it was given up.
    BLOCK_TOO_LARGE = 12, "block_too_large";
    /// More than 64 KiB of header fields; those at the end were left out.
    LIST_TOO_LARGE = 13, "list_too_large";
    /// A header block that HPACK cannot decode (§4.3).
    COMPRESSION = 14, "compression";
    /// A table size update late in a block, or above what is allowed (RFC 7541 §4.2, §6.3).
    TABLE_SIZE = 15, "table_size";
    /// A setting with a value out of its range (§6.5.2).
    SETTING_VALUE = 16, "setting_value";
    /// PUSH_PROMISE from a client, or for a number that is not a new even one (§6.6).
    PUSH = 17, "push";
    /// A field name with an upper-case letter (§8.2.1).
    UPPERCASE_NAME = 18, "uppercase_name";
    /// A field name with another octet that no name may have, or empty (§8.2.1).
    INVALID_NAME = 19, "invalid_name";
    /// A value with NUL, CR or LF, or with white space at an end (§8.2.1).
    INVALID_VALUE = 20, "invalid_value";
    /// Connection, Keep-Alive, Proxy-Connection, Transfer-Encoding, Upgrade, or TE other than "trailers" (§8.2.2).
    CONNECTION_FIELD = 21, "connection_field";
    /// A pseudo-header field is missing (§8.3).
    PSEUDO_MISSING = 22, "pseudo_missing";
    /// A pseudo-header field after a regular one (§8.3).
    PSEUDO_LATE = 23, "pseudo_late";
    /// A pseudo-header field twice (§8.3).
    PSEUDO_REPEATED = 24, "pseudo_repeated";
    /// A pseudo-header field that does not belong in such a block, trailers included (§8.3, §8.1).
    PSEUDO_MISPLACED = 25, "pseudo_misplaced";
    /// A status that is not of three digits, or is 101 (§8.3.2, §8.6).
    STATUS = 26, "status";
    /// A Content-Length that is no number, is given twice with two values, or is not the length of DATA (§8.1.1).
    CONTENT_LENGTH = 27, "content_length";
    /// A body where none may be: after HEAD, or with 204 or 304 (RFC 9110 §6.4.1).
    BODY_NOT_ALLOWED = 28, "body_not_allowed";
    /// Trailers that do not end the stream (§8.1).
    TRAILERS_WITHOUT_END = 29, "trailers_without_end";
    /// A response on a stream whose request did not come (§8.1).
    NO_REQUEST = 30, "no_request";
    /// The connection ended within a frame or a header block.
    CUT_SHORT = 31, "cut_short";
}

impl Anomalies {
    /// None at all.
    pub const NONE: Anomalies = Anomalies(0);

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of `other` are in it.
    pub const fn contains(self, other: Anomalies) -> bool {
        self.0 & other.0 == other.0
    }

    /// Without those of `other`.
    pub const fn without(self, other: Anomalies) -> Anomalies {
        Anomalies(self.0 & !other.0)
    }

    /// The names, as records give them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.iter().filter(move |(anomaly, _)| self.contains(*anomaly)).map(|(_, name)| *name)
    }

    /// `self` where `condition` holds, else none.
    pub(super) const fn when(self, condition: bool) -> Anomalies {
        if condition { self } else { Anomalies::NONE }
    }
}

impl BitOr for Anomalies {
    type Output = Anomalies;

    fn bitor(self, other: Anomalies) -> Anomalies {
        Anomalies(self.0 | other.0)
    }
}

impl BitOrAssign for Anomalies {
    fn bitor_assign(&mut self, other: Anomalies) {
        self.0 |= other.0;
    }
}

impl fmt::Debug for Anomalies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_anomaly_has_its_own_bit_and_name() {
        let all = Anomalies::NAMES.iter().fold(Anomalies::NONE, |all, (one, _)| all | *one);
        assert_eq!(all.names().count(), Anomalies::NAMES.len());
        assert_eq!(all.0.count_ones() as usize, Anomalies::NAMES.len());
        let mut names: Vec<_> = all.names().collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Anomalies::NAMES.len());
    }

    #[test]
    fn a_set_is_shown_by_its_names() {
        let two = Anomalies::PADDING | Anomalies::STATUS;
        assert_eq!(format!("{two:?}"), r#"{"padding", "status"}"#);
        assert_eq!(two.without(Anomalies::STATUS), Anomalies::PADDING);
    }
}
