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

/// Whether a datagram can be a DNS message: every field of the header makes sense, and the first question, or else the
/// first answer, is one of a known class. Random bytes pass once in tens of thousands.
pub fn looks_like_dns(datagram: &[u8]) -> bool {
    let Ok(message) = Message::parse(datagram) else { return false };
    let counts = message.counts;
    if message.opcode().name().is_none() || message.flags.reserved() || message.trailing > 0 {
        return false;
    }
    if let Some(question) = &message.question {
        // Nobody asks more than a few things at once, and a query answers nothing but in mDNS (known answers).
        return question.class.name().is_some() && question.kind.0 != 0 && counts.questions <= 32;
    }
    if let Some(Ok(answer)) = message.answers().next() {
        return counts.questions == 0 && message.flags.response() && answer.class.name().is_some();
    }
    // A refusal may consist of the header.
    datagram.len() == message::HEADER && message.flags.response() && message.rcode.0 != 0 && counts == Counts::default()
}
