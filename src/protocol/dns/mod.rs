//! DNS messages (RFC 1035): what was asked, and what the answer was.
//!
//! - [`code`]: types, classes, operations and response codes, and their names
//! - [`message`]: the header, the question, EDNS
//! - [`name`]: domain names and their compression
//! - [`record`]: the answers
//! - [`stream`]: messages over TCP
//!
//! mDNS (RFC 6762) and LLMNR (RFC 4795) have the same messages. Everything borrows from the message's bytes. A name is
//! followed for at most [`MAX_POINTERS`] pointers and [`MAX_NAME`] octets, so that the cost of a message is linear in
//! its length.

pub mod code;
pub mod message;
pub mod name;
pub mod record;
pub mod stream;
#[cfg(test)]
mod tests;

pub use code::{Class, Opcode, Rcode, RecordType};
pub use message::{Counts, Flags, Message, Question};
pub use name::{MAX_NAME, MAX_POINTERS, Name};
pub use record::{Answers, Data, Record};
pub use stream::Stream;

/// Nobody asks more than a few things at once.
const MOST_ENTRIES: u16 = 32;

/// Why bytes are no DNS message. Offsets count from its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DnsError {
    #[error("a message of {length} bytes has no room for a header")]
    Short { length: usize },
    #[error("the label at {offset} is of the unknown kind 0x{octet:02x}")]
    LabelKind { offset: usize, octet: u8 },
    #[error("the pointer at {offset} leads to {target}, which is not before its name")]
    Pointer { offset: usize, target: usize },
    #[error("the name at {offset} has more than 127 pointers")]
    Pointers { offset: usize },
    #[error("the name at {offset} has more than 255 octets")]
    NameLength { offset: usize },
    /// The bytes end inside what begins at `offset`. Messages that a snapshot length cut are read as far as they go,
    /// so that this is seen only where a name overruns the data of its record.
    #[error("what begins at {offset} is cut")]
    Cut { offset: usize },
}

/// Whether these can be the first bytes of a direction over TCP: a length and as much of a header as there is, all of
/// which makes sense.
pub fn begins_stream(bytes: &[u8]) -> bool {
    let number = |at: usize| Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    let few = |at: usize| number(at).is_none_or(|count| count <= MOST_ENTRIES);
    let length = number(0).is_none_or(|length| usize::from(length) >= message::HEADER);
    let Some(flags) = number(4).map(message::Flags) else { return length && !bytes.is_empty() };
    let plausible = flags.opcode().name().is_some() && !flags.reserved();
    // A query brings EDNS, a signature, or the serial of a zone, and no more.
    let query = flags.opcode().0 == 0 && !flags.response();
    length && plausible && few(6) && (!query || [8, 10, 12].into_iter().all(few))
}

/// Whether a datagram can be a DNS message: every field of the header makes sense, and the first question, or else the
/// first answer, is one of a known class. Random bytes pass once in tens of thousands.
pub fn looks_like_dns(datagram: &[u8]) -> bool {
    let Ok(message) = Message::parse(datagram) else { return false };
    let counts = message.counts;
    if message.opcode().name().is_none() || message.flags.reserved() || message.trailing > 0 {
        return false;
    }
    if let Some(question) = &message.question {
        return question.class.name().is_some() && question.kind.0 != 0 && counts.questions <= MOST_ENTRIES;
    }
    if let Some(Ok(answer)) = message.answers().next() {
        return counts.questions == 0 && message.flags.response() && answer.class.name().is_some();
    }
    // A refusal may consist of the header.
    datagram.len() == message::HEADER && message.flags.response() && message.rcode.0 != 0 && counts == Counts::default()
}
