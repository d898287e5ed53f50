//! Why an expression was refused, and where in it.
//!
//! Text of the expression that goes into a message is cut to [`MOST_QUOTED`] characters and escaped, so that a message
//! is always one line.

use std::ops::Range;

use crate::packet::LinkType;

/// The most characters of an expression that a message repeats.
const MOST_QUOTED: usize = 40;

/// Why an expression cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct FilterError {
    /// The bytes of the expression that are at fault; empty, at the end, where something is missing.
    pub at: Range<usize>,
    /// What is wrong with them.
    pub kind: FilterErrorKind,
}

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterErrorKind {
    /// A word or sign that the grammar has no place for here.
    #[error("`{found}` does not fit here: expected {expected}{}", suggestion(nearest))]
    Unexpected { found: String, expected: &'static str, nearest: Option<&'static str> },
    /// The expression ends too early.
    #[error("the expression ends early: expected {expected}")]
    UnexpectedEnd { expected: &'static str },
    /// A character that no expression contains.
    #[error("`{}` is not a character of the filter language", .0.escape_debug())]
    IllegalCharacter(char),
    /// A number that is malformed or over 32 bits.
    #[error("`{0}` is not a number of at most 32 bits")]
    BadNumber(String),
    /// Something that begins like an address and is none.
    #[error("`{0}` is not an address")]
    BadAddress(String),
    /// A value that follows no qualifier it could take over.
    #[error("`{found}` needs a qualifier before it, such as `host` or `port`{}", suggestion(nearest))]
    NoQualifier { found: String, nearest: Option<&'static str> },
    /// A host or network by name.
    #[error("`{0}` is a name, and a filter looks no names up: give the address")]
    HostName(String),
    /// A port by a name that is not in the list.
    #[error("`{found}` is not a port that is known by name: give the number{}", suggestion(nearest))]
    UnknownPort { found: String, nearest: Option<&'static str> },
    /// A service that the protocol asked for does not carry.
    #[error("`{service}` is a service of {protocol}")]
    PortOfOtherProtocol { service: String, protocol: &'static str },
    /// A protocol by a name that is not in the list.
    #[error("`{found}` is not a protocol that is known by name: give the number{}", suggestion(nearest))]
    UnknownProtocol { found: String, nearest: Option<&'static str> },
    /// Qualifiers that say nothing about this kind of value.
    #[error("`{qualifier}` does not apply to {value}")]
    Misapplied { qualifier: String, value: &'static str },
    /// A protocol that needs a qualifier behind it.
    #[error("`{0}` says nothing by itself: give a qualifier such as `host`")]
    Alone(&'static str),
    /// A port over 65535.
    #[error("{0} is not a port: the highest is 65535")]
    PortTooHigh(u32),
    /// A VLAN over 4095.
    #[error("{0} is not a VLAN: the highest is 4095")]
    VlanTooHigh(u32),
    /// A prefix length over that of the address.
    #[error("/{length} is longer than the address, which has {most} bits")]
    PrefixTooLong { length: u32, most: u32 },
    /// A prefix length or mask where no network was asked for.
    #[error("`{0}` is a network: write `net` before it")]
    NotANet(String),
    /// A network with bits outside its mask.
    #[error("`{0}` has bits set outside its mask")]
    HostBits(String),
    /// Load sizes are those of the machine.
    #[error("{0} bytes cannot be compared at once: 1, 2 or 4 can")]
    LoadSize(u32),
    /// An offset that no packet reaches.
    #[error("no packet has a byte at {0}")]
    OffsetTooHigh(u32),
    /// A constant zero as divisor.
    #[error("division by zero")]
    DivisionByZero,
    /// A constant shift by the width of a word or more.
    #[error("{0} is too far to shift: the most is 31 bits")]
    ShiftTooFar(u32),
    /// Something of the language that sidetap does not compile.
    #[error("`{0}` is not supported")]
    Unsupported(String),
    /// An Ethernet type in the range that stands for lengths, or one that AppleTalk also carries over SNAP.
    #[error("{0:#06x} is a protocol over LLC, which is not supported")]
    OverLlc(u32),
    /// A test of something that the link layer does not have.
    #[error("`{what}` means nothing on the link type {link:?}")]
    NotOnLink { what: &'static str, link: LinkType },
    /// The direction of a frame is only known on a live socket, or in a cooked capture.
    #[error("`{0}` is only known for live captures")]
    DirectionUnknown(&'static str),
    /// A link type that no filter can be compiled for.
    #[error("filters are not supported on the link type {}", .0.number())]
    UnsupportedLink(LinkType),
    /// No packet of this link type can match, whatever is in it.
    #[error("no packet can match the expression")]
    AcceptsNothing,
    /// More words and signs than an expression may have.
    #[error("the expression has more than {most} words")]
    TooManyWords { most: usize },
    /// Deeper nesting than an expression may have.
    #[error("the expression is nested deeper than {most} levels")]
    TooDeep { most: usize },
    /// A program that would be longer than a socket takes.
    #[error("the expression needs more than {most} instructions")]
    TooLong { most: usize },
}

fn suggestion(word: &Option<&'static str>) -> String {
    word.map(|word| format!(" (did you mean `{word}`?)")).unwrap_or_default()
}

impl FilterError {
    pub(super) fn new(at: Range<usize>, kind: FilterErrorKind) -> Self {
        FilterError { at, kind }
    }

    /// The expression in one line, and under it a line of carets at what is wrong.
    ///
    /// ```
    /// use sidetap::packet::{LinkType, filter::Filter};
    ///
    /// let expression = "tcp prot 80";
    /// let error = Filter::compile(expression, LinkType::Ethernet).unwrap_err();
    /// assert_eq!(error.pointer(expression), "tcp prot 80\n    ^^^^");
    /// ```
    pub fn pointer(&self, expression: &str) -> String {
        let line: String = expression.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let before = expression.char_indices().take_while(|(at, _)| *at < self.at.start).count();
        let under = expression.char_indices().filter(|(at, _)| self.at.contains(at)).count().max(1);
        format!("{line}\n{}{}", " ".repeat(before), "^".repeat(under))
    }
}

/// Text of an expression as a message repeats it.
pub(super) fn quote(text: &str) -> String {
    let mut quoted: String = text.chars().take(MOST_QUOTED).flat_map(char::escape_debug).collect();
    if text.chars().nth(MOST_QUOTED).is_some() {
        quoted.push('…');
    }
    quoted
}
