//! The tree of an expression, before a link type gives it a meaning.
//!
//! A chain of `and` and `or` is one flat node, so that the tree is only as deep as the parentheses and `not`s of the
//! expression, which the parser bounds.

use std::net::Ipv6Addr;
use std::ops::Range;

/// A protocol that can stand before a qualifier, an index, or alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Ether,
    Ip,
    Ip6,
    Arp,
    Rarp,
    Tcp,
    Udp,
    Sctp,
    Icmp,
    Icmp6,
    Igmp,
    Igrp,
    Pim,
    Vrrp,
    Carp,
    Ah,
    Esp,
}

impl Protocol {
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Ether => "ether",
            Protocol::Ip => "ip",
            Protocol::Ip6 => "ip6",
            Protocol::Arp => "arp",
            Protocol::Rarp => "rarp",
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::Sctp => "sctp",
            Protocol::Icmp => "icmp",
            Protocol::Icmp6 => "icmp6",
            Protocol::Igmp => "igmp",
            Protocol::Igrp => "igrp",
            Protocol::Pim => "pim",
            Protocol::Vrrp => "vrrp",
            Protocol::Carp => "carp",
            Protocol::Ah => "ah",
            Protocol::Esp => "esp",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Either,
    Source,
    Destination,
    Both,
}

/// What a value is: `host`, `net`, `port`…
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Unsaid,
    Host,
    Net,
    Port,
    PortRange,
    Protocol,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Unsaid | Kind::Host => "host",
            Kind::Net => "net",
            Kind::Port => "port",
            Kind::PortRange => "portrange",
            Kind::Protocol => "proto",
        }
    }
}

/// What stands before a value, and what a bare value after `and` or `or` takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Qualifiers {
    pub protocol: Option<Protocol>,
    pub direction: Direction,
    pub kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joint {
    And,
    Or,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression<'a> {
    /// Joined from left to right: `and` and `or` bind alike.
    Chain(Box<Expression<'a>>, Vec<(Joint, Expression<'a>)>),
    Not(Box<Expression<'a>>),
    Primitive(Primitive<'a>),
}

/// One test, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Primitive<'a> {
    pub what: What<'a>,
    pub at: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What<'a> {
    Protocol(Protocol),
    Value(Qualifiers, Value<'a>),
    Relation(Arithmetic, Relation, Arithmetic),
    Broadcast(Option<Protocol>),
    Multicast(Option<Protocol>),
    AtLeast(u32),
    AtMost(u32),
    Vlan(Option<u32>),
    Inbound,
    Outbound,
}

/// A value as written; the qualifiers say what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Name(&'a str),
    Number(u32),
    /// Dotted, of two to four bytes: an address, or the first bytes of one.
    Ipv4 {
        address: PartialIpv4,
        mask: Mask,
    },
    Ipv6 {
        address: Ipv6Addr,
        prefix: Option<u32>,
    },
    Ethernet([u8; 6]),
}

/// The first bytes of an IPv4 address, as in `net 10.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PartialIpv4 {
    /// In the high bits, the rest zero.
    pub address: u32,
    /// As many bits as were written: 16, 24 or 32.
    pub bits: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mask {
    Unsaid,
    Length(u32),
    Bits(PartialIpv4),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arithmetic {
    pub term: Term,
    pub at: Range<usize>,
    /// Levels below this one; the parser bounds it.
    pub depth: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Term {
    Number(u32),
    Length,
    Load { protocol: Protocol, index: Box<Arithmetic>, size: u32 },
    Binary(Operator, Box<Arithmetic>, Box<Arithmetic>),
    Negative(Box<Arithmetic>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    And,
    Or,
    Xor,
    ShiftLeft,
    ShiftRight,
}

impl Operator {
    /// As the filter machine computes; `None` for a division by zero.
    pub fn apply(self, left: u32, right: u32) -> Option<u32> {
        match self {
            Operator::Add => Some(left.wrapping_add(right)),
            Operator::Subtract => Some(left.wrapping_sub(right)),
            Operator::Multiply => Some(left.wrapping_mul(right)),
            Operator::Divide => left.checked_div(right),
            Operator::Remainder => left.checked_rem(right),
            Operator::And => Some(left & right),
            Operator::Or => Some(left | right),
            Operator::Xor => Some(left ^ right),
            Operator::ShiftLeft => Some(left.checked_shl(right).unwrap_or(0)),
            Operator::ShiftRight => Some(left.checked_shr(right).unwrap_or(0)),
        }
    }
}
