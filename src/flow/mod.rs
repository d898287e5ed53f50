//! TCP: from segments to bytes in order, within fixed memory.
//!
//! - [`side`]: who of the two sent something
//! - [`key`]: what names a connection
//! - [`table`]: the connections that are followed
//! - `connection`: one of them: what a packet does to it
//! - `patience`: what happens to bytes that do not come
//! - `half`, `insert`: one direction, and the segments that it holds
//! - [`early`]: the pages that hold them, shared by all
//! - [`piece`], [`reader`]: what is handed on, and to whom
//! - [`ledger`]: where every byte went
//! - `index`, `list`: how the table finds a connection, and which it gives up

mod connection;
pub mod early;
mod half;
pub(crate) mod index;
mod insert;
pub mod key;
pub mod ledger;
pub(crate) mod list;
pub mod patience;
pub mod piece;
pub mod reader;
pub mod side;
pub mod table;

pub use half::EndKind;
pub use key::{Direction, Endpoint, Key};
pub use ledger::{FlowCounts, Ledger};
pub use piece::{Content, Piece};
pub use reader::{Close, Identity, Interest, Reader, Summary};
pub use side::Side;
pub use table::{FlowTable, IDLE, Limits};

#[cfg(test)]
mod tests;
