//! gRPC over HTTP/2: its messages and statuses.
//!
//! Follows the "gRPC over HTTP2" protocol description of the gRPC project. Nothing here keeps more than a few octets:
//! messages are counted as they go by, with the body's pieces in any sizes.

use std::fmt;

/// What a content-type says about the messages in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Variant {
    /// `application/grpc`, with or without `+proto` and the like.
    Grpc,
    /// `application/grpc-web`: the same messages, with the trailers as the last of them.
    Web,
    /// `application/grpc-web-text`: the same in base64, which is only noted.
    WebText,
}

impl Variant {
    /// From the value of a content-type field; `None` if it is not gRPC.
    pub fn of_content_type(value: &[u8]) -> Option<Self> {
        const COMMON: &[u8] = b"application/grpc";
        let (start, rest) = value.split_at_checked(COMMON.len())?;
        if !start.eq_ignore_ascii_case(COMMON) {
            return None;
        }
        // The first that fits is the longest.
        [(&b"-web-text"[..], Variant::WebText), (b"-web", Variant::Web), (b"", Variant::Grpc)].into_iter().find_map(
            |(suffix, variant)| {
                let (start, rest) = rest.split_at_checked(suffix.len())?;
                let ends = matches!(rest.first(), None | Some(b'+' | b';' | b' '));
                (start.eq_ignore_ascii_case(suffix) && ends).then_some(variant)
            },
        )
    }
}

/// How a call ended: the number in `grpc-status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(pub u32);

impl Status {
    /// The call succeeded.
    pub const OK: Status = Status(0);

    const NAMES: [&str; 17] = [
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    ];

    /// From the value of a grpc-status field, in trailers or in a response that has nothing else.
    pub fn of_field(value: &[u8]) -> Option<Self> {
        digits(value, 10).and_then(|status| u32::try_from(status).ok()).map(Status)
    }

    /// The name, of those that have one.
    pub fn name(self) -> Option<&'static str> {
        Self::NAMES.get(self.0 as usize).copied()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{}", self.0),
        }
    }
}

/// A number of one to `most` decimal digits; `most` is at most 19.
fn digits(text: &[u8], most: usize) -> Option<u64> {
    if text.is_empty() || text.len() > most || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(text.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

/// Octets before each message: whether it is compressed, and its length.
const PREFIX: usize = 5;
/// The flag of a "message" that is gRPC-Web's trailers.
const WEB_TRAILERS: u8 = 0x80;

/// Counts the messages in one direction of a call, from the data of the stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MessageCounter {
    /// Messages that have begun, by their prefix.
    pub messages: u64,
    /// Of those, the ones that are compressed.
    pub compressed: u64,
    /// Octets of them all, by their prefixes and without these.
    pub bytes: u64,
    /// Octets of the largest.
    pub largest: u32,
    /// A prefix that is none: this is not gRPC. Counting has stopped.
    pub malformed: bool,
    /// A prefix was missed, so there are more messages than were counted. Counting has stopped.
    pub lost: bool,
    prefix: [u8; PREFIX],
    have: u8,
    /// Octets of the current message that are to come.
    left: u32,
}

impl MessageCounter {
    /// Counts the next octets of the body.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut input = bytes;
        while !input.is_empty() && !self.malformed && !self.lost {
            let skipped = input.len().min(self.left as usize);
            self.left -= skipped as u32;
            input = &input[skipped..];

            let have = usize::from(self.have);
            let taken = input.len().min(PREFIX - have);
            self.prefix[have..have + taken].copy_from_slice(&input[..taken]);
            self.have += taken as u8;
            input = &input[taken..];
            if usize::from(self.have) == PREFIX {
                self.begin_message();
            }
        }
    }

    /// Says that so many octets of the body were missed. Within a message they do not matter.
    pub fn gap(&mut self, bytes: u64) {
        match u64::from(self.left).checked_sub(bytes) {
            _ if bytes == 0 => {}
            Some(left) => self.left = left as u32,
            None => self.lost = true,
        }
    }

    /// Whether the body ends, here, where a message does.
    pub fn is_whole(&self) -> bool {
        self.have == 0 && self.left == 0 && !self.malformed && !self.lost
    }

    fn begin_message(&mut self) {
        let [flag, length @ ..] = self.prefix;
        self.have = 0;
        if flag & !WEB_TRAILERS > 1 {
            self.malformed = true;
            return;
        }
        self.left = u32::from_be_bytes(length);
        if flag & WEB_TRAILERS == 0 {
            self.messages += 1;
            self.compressed += u64::from(flag);
            self.bytes = self.bytes.saturating_add(u64::from(self.left));
            self.largest = self.largest.max(self.left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn content_types_are_told_apart() {
        for (value, variant) in [
            ("application/grpc", Some(Variant::Grpc)),
            ("application/grpc+proto", Some(Variant::Grpc)),
            ("Application/gRPC; charset=utf-8", Some(Variant::Grpc)),
            ("application/grpc-web", Some(Variant::Web)),
            ("application/grpc-web+proto", Some(Variant::Web)),
            ("application/grpc-web-text+proto", Some(Variant::WebText)),
            ("application/grpc-web-texture", None),
            ("application/grpcish", None),
            ("application/json", None),
            ("application/grp", None),
        ] {
            assert_eq!(Variant::of_content_type(value.as_bytes()), variant, "{value}");
        }
    }

    #[test]
    fn statuses_have_names_up_to_16() {
        assert_eq!(Status::of_field(b"0"), Some(Status::OK));
        assert_eq!(Status::of_field(b"4").and_then(Status::name), Some("DEADLINE_EXCEEDED"));
        assert_eq!(Status::of_field(b"16").and_then(Status::name), Some("UNAUTHENTICATED"));
        assert_eq!(Status(17).name(), None);
        assert_eq!((Status(14).to_string(), Status(99).to_string()), ("UNAVAILABLE".into(), "99".into()));
        for value in ["", "-1", "1a", "99999999999"] {
            assert_eq!(Status::of_field(value.as_bytes()), None, "{value}");
        }
    }

    fn message(flag: u8, length: usize) -> Vec<u8> {
        let mut message = vec![flag];
        message.extend((length as u32).to_be_bytes());
        message.resize(PREFIX + length, 0xaa);
        message
    }

    #[test]
    fn a_gap_within_a_message_does_not_matter_and_one_over_a_prefix_does() {
        let mut counter = MessageCounter::default();
        counter.push(&message(0, 100)[..25]);
        counter.gap(80);
        assert!(counter.is_whole());
        counter.push(&message(1, 3));
        assert_eq!((counter.messages, counter.compressed, counter.bytes, counter.largest), (2, 1, 103, 100));
        counter.gap(1);
        counter.push(&message(0, 3));
        assert!(counter.lost && counter.messages == 2 && !counter.is_whole());
    }

    #[test]
    fn a_gap_amid_a_prefix_is_a_loss() {
        let mut counter = MessageCounter::default();
        counter.push(&message(0, 100)[..2]);
        counter.gap(1);
        assert!(counter.lost);
    }

    #[test]
    fn what_is_not_grpc_is_malformed() {
        let mut counter = MessageCounter::default();
        counter.push(b"{\"a\": 1}");
        counter.push(&message(0, 3));
        assert!(counter.malformed && counter.messages == 0);
    }

    #[test]
    fn web_trailers_are_not_counted() {
        let mut counter = MessageCounter::default();
        counter.push(&[message(0, 4), message(WEB_TRAILERS, 20)].concat());
        assert_eq!((counter.messages, counter.bytes, counter.is_whole()), (1, 4, true));
    }

    proptest! {
        #[test]
        fn messages_are_counted_whatever_the_pieces(
            messages in prop::collection::vec((any::<bool>(), 0..200_usize), 0..20),
            pieces in prop::collection::vec(1..50_usize, 1..10),
        ) {
            let body: Vec<u8> = messages.iter().flat_map(|(flag, length)| message(u8::from(*flag), *length)).collect();
            let mut counter = MessageCounter::default();
            let mut rest = body.as_slice();
            for length in pieces.iter().cycle() {
                let (piece, after) = rest.split_at((*length).min(rest.len()));
                counter.push(piece);
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(counter.messages, messages.len() as u64);
            prop_assert_eq!(counter.compressed, messages.iter().filter(|message| message.0).count() as u64);
            prop_assert_eq!(counter.bytes, messages.iter().map(|message| message.1 as u64).sum::<u64>());
            prop_assert!(counter.is_whole());
        }

        #[test]
        fn arbitrary_octets_do_not_make_it_panic(
            pieces in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..30), any::<u64>()), 0..20),
        ) {
            let mut counter = MessageCounter::default();
            for (piece, gap) in pieces {
                counter.push(&piece);
                counter.gap(gap % 7);
            }
        }
    }
}
