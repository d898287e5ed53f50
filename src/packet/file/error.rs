//! What can be wrong with a capture file.

use std::io;

use super::lookalike::Lookalike;

/// Why a capture file cannot be read on, or a packet not be written.
///
/// Offsets count bytes from the start of the input, after decompression where it is compressed, and point to the
/// start of the packet record or block concerned.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system, or the decompressor, reports this.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Nothing has come for a while, and reading may go on as if this had not been. Only of an input that is no regular
    /// file, or of a reader that fails with [`io::ErrorKind::WouldBlock`].
    #[error("nothing has come for a while")]
    NotYet,
    /// There is not one byte.
    #[error("the input is empty")]
    Empty,
    /// Neither pcap nor pcapng.
    #[error("not a pcap or pcapng file{}", describe(*looks_like, *compressed))]
    UnknownFormat {
        /// What its first bytes suggest.
        looks_like: Option<Lookalike>,
        /// Whether those bytes came out of gzip.
        compressed: bool,
    },
    /// A version of the format that nobody has defined yet, or that nobody writes any more.
    #[error("version {major}.{minor} of the format at byte {offset} is not supported")]
    Version {
        /// Where the header starts.
        offset: u64,
        /// The major version.
        major: u16,
        /// The minor version.
        minor: u16,
    },
    /// The input ends within the record or block that starts here. Everything before it has been given, so a caller
    /// may treat this as a warning: a capture that was not stopped in an orderly way ends like this.
    #[error("the input ends within the record at byte {offset}")]
    Truncated {
        /// Where the incomplete record starts.
        offset: u64,
    },
    /// Another capture file begins where a record or block should, as when two were joined end to end. Everything before
    /// it has been given.
    #[error("a second capture begins at byte {offset}")]
    SecondCapture {
        /// Where its header starts.
        offset: u64,
    },
    /// A packet or a description of an interface larger than any that makes sense.
    #[error("the record at byte {offset} has {length} bytes, more than {limit}")]
    TooLong {
        /// Where the record starts.
        offset: u64,
        /// The length that it states.
        length: u32,
        /// The most that is accepted.
        limit: u32,
    },
    /// A block that contradicts itself.
    #[error("malformed block at byte {offset}: {problem}")]
    Malformed {
        /// Where the block starts.
        offset: u64,
        /// What is wrong with it.
        problem: Problem,
    },
    /// A packet of an interface that has not been described.
    #[error("the packet at byte {offset} belongs to interface {interface}, which is not described before it")]
    NoInterface {
        /// Where the packet's block starts.
        offset: u64,
        /// The interface's number, in its section.
        interface: u32,
    },
    /// More interfaces than are kept.
    #[error("the interface at byte {offset} is one more than {limit}")]
    TooManyInterfaces {
        /// Where the interface's block starts.
        offset: u64,
        /// The most that are kept.
        limit: usize,
    },
}

/// What is wrong with a pcapng block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The total length is not a multiple of four, or too short for a block of its type.
    #[error("its length cannot be {0}")]
    Length(u32),
    /// The total length at the end of the block differs from the one at its start.
    #[error("its length is {first} at its start and {last} at its end")]
    Lengths {
        /// The total length at the start.
        first: u32,
        /// The total length at the end.
        last: u32,
    },
    /// More captured bytes than the block has room for.
    #[error("{captured} captured bytes do not fit in a block of {length}")]
    Captured {
        /// The captured length.
        captured: u32,
        /// The total length of the block.
        length: u32,
    },
    /// The byte-order magic is in neither byte order.
    #[error("its byte-order magic is {0:#010x}")]
    ByteOrder(u32),
}

/// The end of the sentence about an unknown format.
fn describe(looks_like: Option<Lookalike>, compressed: bool) -> String {
    match (looks_like, compressed) {
        (None, false) => String::new(),
        (None, true) => String::from(" in the gzip stream"),
        (Some(lookalike), false) => format!("; it looks like {lookalike}"),
        (Some(lookalike), true) => format!(" in the gzip stream; it looks like {lookalike}"),
    }
}
