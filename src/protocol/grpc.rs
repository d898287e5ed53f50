//! gRPC over HTTP/2: its messages and statuses.
//!
//! Follows the "gRPC over HTTP2" protocol description of the gRPC project. Nothing here keeps more than a few octets:
//! messages are counted as they go by, with the body's pieces in any sizes.

use std::fmt;

/// Whether a content-type is that of gRPC: `application/grpc`, with or without `+proto` and the like. That of gRPC-Web
/// is another, whose trailers are in the body.
pub fn is_content_type(value: &[u8]) -> bool {
    const GRPC: &[u8] = b"application/grpc";
    let Some((start, rest)) = value.split_at_checked(GRPC.len()) else { return false };
    start.eq_ignore_ascii_case(GRPC) && matches!(rest.first(), None | Some(b'+' | b';' | b' '))
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
        // Longer than any number of 32 bits; digits alone, where `parse` would take a sign as well.
        if value.len() > 10 || !value.iter().all(u8::is_ascii_digit) {
            return None;
        }
        str::from_utf8(value).ok()?.parse().ok().map(Status)
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

/// Octets before each message: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// Counts the messages in one direction of a call, from the data of the stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MessageCounter {
    messages: u64,
    prefix: [u8; PREFIX],
    have: u8,
    /// Octets of the current message that are to come.
    left: u32,
    /// Where the next prefix is, is not known any more, or what was there is none.
    stopped: bool,
}

impl MessageCounter {
    /// Messages that have begun, by their prefix; after a loss, or where the body is not of messages, those before.
    pub fn messages(&self) -> u64 {
        self.messages
    }

    /// Counts the next octets of the body.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut input = bytes;
        while !input.is_empty() && !self.stopped {
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
            None => self.stop(),
        }
    }

    /// Says that nobody knows what was missed: from here on nothing is counted.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    fn begin_message(&mut self) {
        let [flag, length @ ..] = self.prefix;
        self.have = 0;
        // Compressed or not.
        if flag > 1 {
            return self.stop();
        }
        self.left = u32::from_be_bytes(length);
        self.messages += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn content_types_are_told_apart() {
        for value in ["application/grpc", "application/grpc+proto", "Application/gRPC; charset=utf-8"] {
            assert!(is_content_type(value.as_bytes()), "{value}");
        }
        for value in ["application/grpc-web+proto", "application/grpcish", "application/json", "application/grp", ""] {
            assert!(!is_content_type(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn statuses_have_names_up_to_16() {
        assert_eq!(Status::of_field(b"0"), Some(Status::OK));
        assert_eq!(Status::of_field(b"4").and_then(Status::name), Some("DEADLINE_EXCEEDED"));
        assert_eq!(Status::of_field(b"16").and_then(Status::name), Some("UNAUTHENTICATED"));
        assert_eq!(Status(17).name(), None);
        assert_eq!((Status(14).to_string(), Status(99).to_string()), ("UNAVAILABLE".into(), "99".into()));
        for value in ["", "-1", "+1", "1a", "4294967296", "99999999999"] {
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
        counter.push(&message(1, 3));
        assert_eq!(counter.messages(), 2);
        counter.gap(1);
        counter.push(&message(0, 3));
        assert_eq!(counter.messages(), 2);
    }

    #[test]
    fn a_gap_amid_a_prefix_is_a_loss() {
        let mut counter = MessageCounter::default();
        counter.push(&message(0, 100)[..2]);
        counter.gap(1);
        counter.push(&[0; 50]);
        assert_eq!(counter.messages(), 0);
    }

    #[test]
    fn what_is_not_grpc_has_no_messages() {
        let mut counter = MessageCounter::default();
        counter.push(b"{\"a\": 1}");
        counter.push(&message(0, 3));
        assert_eq!(counter.messages(), 0);
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
            prop_assert_eq!(counter.messages(), messages.len() as u64);
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
