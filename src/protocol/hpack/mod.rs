//! HPACK: the header compression of HTTP/2, RFC 7541, as a passive reader sees it.
//!
//! - [`decoder`]: header blocks to fields
//! - `dynamic_table`: the table that the blocks of one direction build up
//! - `static_table`: the table that every connection has
//! - `huffman`: the string code
//! - `integer`: integers with a prefix
//!
//! An endpoint may give up on the first error. A reader of somebody else's traffic goes on with what it can still know:
//! after an error, a gap or a late start it resolves literals, the static table and the entries that it has seen being
//! added, and says of every other that it is unknown.

pub mod decoder;
mod dynamic_table;
mod huffman;
mod integer;
mod static_table;
#[cfg(test)]
pub(crate) mod tests;

pub use decoder::{Decoded, Decoder, Field, MAX_INSERTED, MAX_LIST};
pub use dynamic_table::{DEFAULT_TABLE, MAX_TABLE};

/// Why a header block cannot be decoded further. What was decoded before it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the block ends within a field")]
    Truncated,
    #[error("an integer is larger than 2^32 - 1")]
    IntegerTooLarge,
    #[error("a Huffman code is invalid")]
    Huffman,
    #[error("no table has an entry {index}")]
    Index { index: u32 },
    #[error("the block adds {octets} octets of entries")]
    TooMuchAdded { octets: u32 },
}
