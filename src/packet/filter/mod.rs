//! Which packets are wanted: expressions in the language of pcap-filter(7), compiled to classic BPF.
//!
//! A [`Program`] runs in a kernel, attached to a socket, or here, by [`Program::run`]. What an expression means is what
//! libpcap 1.10 makes of it. An expression that is outside the part of the language that is compiled here is an error
//! that says where it is. Nothing is looked up: addresses are numbers, and only well-known services have names.
//!
//! An expression has at most 8192 words and signs, nests at most 64 levels deep, and becomes at most 4096 instructions.
//!
//! - `lexer`, `names`: text to words
//! - `parser`, `arithmetic`, `position`, `ast`: words to a tree
//! - `meaning`, `values`, `relations`, `layout`: the tree to conditions on a frame, given the link type
//! - `ir`, `graph`, `facts`, `order`: conditions to a graph of tests, without those whose outcome is known
//! - `emit`, `instruction`: the graph to instructions
//! - `program`, `machine`: instructions that were found valid, and their evaluator
//! - `ancillary`: what a kernel knows beyond a frame's bytes

mod ancillary;
mod arithmetic;
mod ast;
mod emit;
mod error;
mod facts;
mod graph;
mod instruction;
mod ir;
mod layout;
mod lexer;
mod machine;
mod meaning;
mod names;
mod order;
mod parser;
mod position;
mod program;
mod relations;
mod values;

#[cfg(test)]
mod differential;
#[cfg(test)]
mod tests;

pub use ancillary::Ancillary;
pub use error::{FilterError, FilterErrorKind};
pub use instruction::Instruction;
pub use program::{DEFAULT_SNAP_LENGTH, InvalidProgram, MOST_INSTRUCTIONS, Program};

use super::LinkType;

/// Where the packets come from that a program will see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A capture file, or any frame with all its bytes: VLAN tags are in the frame.
    File,
    /// A Linux packet socket: the kernel has taken the outer VLAN tag out of the frame and is asked for it, and for
    /// the frame's direction.
    Socket,
}

/// The compiler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filter;

impl Filter {
    /// Compiles an expression for frames out of a file. The empty expression accepts everything.
    ///
    /// Accepted packets are cut to [`DEFAULT_SNAP_LENGTH`]; see [`Program::with_snap_length`].
    ///
    /// # Errors
    ///
    /// Where the expression is not of the language, or outside the part of it that is compiled here.
    ///
    /// ```
    /// use sidetap::packet::{LinkType, filter::Filter};
    ///
    /// let http = Filter::compile("tcp port 80", LinkType::Ethernet)?;
    /// assert!(!http.matches(&[0; 60], 60));
    /// # Ok::<(), sidetap::packet::filter::FilterError>(())
    /// ```
    pub fn compile(expression: &str, link: LinkType) -> Result<Program, FilterError> {
        Filter::compile_for(expression, link, Target::File)
    }

    /// Compiles an expression for frames out of a file or a socket.
    ///
    /// # Errors
    ///
    /// As [`Filter::compile`].
    pub fn compile_for(expression: &str, link: LinkType, target: Target) -> Result<Program, FilterError> {
        let whole = |kind| FilterError::new(0..expression.len(), kind);
        let Some(tree) = parser::parse(expression)? else {
            return Ok(Program::accept_all(DEFAULT_SNAP_LENGTH));
        };
        let condition = meaning::condition(&tree, link, target)?;
        let too_long = || whole(FilterErrorKind::TooLong { most: MOST_INSTRUCTIONS });
        let graph = graph::Rooted::of(&condition).map_err(|_| too_long())?.simplified().ordered();
        if graph.root == graph::NodeId::REJECT {
            return Err(whole(FilterErrorKind::AcceptsNothing));
        }
        let instructions = emit::emit(&graph, DEFAULT_SNAP_LENGTH).map_err(|_| too_long())?;
        Program::from_instructions(instructions).map_err(|_| too_long())
    }
}
