//! What the tree of an expression means on a link type: tree to conditions.
//!
//! The tree is read from left to right, since `vlan` moves the headers for all that stands after it, even behind `or`
//! and `not`, as libpcap has it.

use std::ops::Range;

use super::Target;
use super::ast::{Expression, Primitive, Protocol, What};
use super::error::{FilterError, FilterErrorKind};
use super::ir::{Comparison, Condition, Size, Word};
use super::layout::{self, Layout};
use super::names::{ETHER_TYPE_ARP, ETHER_TYPE_IP, ETHER_TYPE_IP6, ETHER_TYPE_RARP};
use crate::packet::LinkType;

/// The protocol number of IPv6's fragment header.
const IP6_FRAGMENT: u32 = 44;
const VLAN_HIGHEST: u32 = 4095;

/// Where the outermost VLAN tag of a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OuterTag {
    InFrame,
    /// The kernel took it out of the frame, and has it still.
    TakenOut,
}

/// Reads a tree; holds what `vlan` has moved so far.
pub(super) struct Meaning {
    pub(super) link: LinkType,
    pub(super) layout: Layout,
    target: Target,
    outer_tag: OuterTag,
}

/// The condition that an expression stands for.
pub(super) fn condition(expression: &Expression<'_>, link: LinkType, target: Target) -> Result<Condition, FilterError> {
    let read = |outer_tag| {
        let layout = Layout::of(link);
        let layout = layout.ok_or_else(|| FilterError::new(0..0, FilterErrorKind::UnsupportedLink(link)))?;
        Meaning { link, layout, target, outer_tag }.expression(expression)
    };
    let in_frame = read(OuterTag::InFrame)?;
    if target == Target::File || !mentions_vlan(expression) {
        return Ok(in_frame);
    }
    // Whether the kernel took a tag out decides where everything is, so that is asked first.
    let taken_out = layout::had_vlan_tag().and(read(OuterTag::TakenOut)?);
    let in_frame = layout::had_vlan_tag().not().and(in_frame);
    Ok(taken_out.or(in_frame))
}

fn mentions_vlan(expression: &Expression<'_>) -> bool {
    match expression {
        Expression::Chain(first, rest) => mentions_vlan(first) || rest.iter().any(|(_, next)| mentions_vlan(next)),
        Expression::Not(inside) => mentions_vlan(inside),
        Expression::Primitive(primitive) => matches!(primitive.what, What::Vlan(_)),
    }
}

impl Meaning {
    fn expression(&mut self, expression: &Expression<'_>) -> Result<Condition, FilterError> {
        match expression {
            Expression::Primitive(primitive) => self.primitive(primitive),
            Expression::Not(inside) => self.expression(inside).map(Condition::not),
            Expression::Chain(first, rest) => {
                rest.iter().try_fold(self.expression(first)?, |condition, (joint, next)| {
                    Ok(condition.join(*joint, self.expression(next)?))
                })
            }
        }
    }

    fn primitive(&mut self, primitive: &Primitive<'_>) -> Result<Condition, FilterError> {
        let at = &primitive.at;
        match &primitive.what {
            What::Protocol(protocol) => self
                .protocol(*protocol)
                .ok_or_else(|| FilterError::new(at.clone(), FilterErrorKind::Alone(protocol.name()))),
            What::Value(qualifiers, value) => self.value(*qualifiers, value, at),
            What::Relation(left, relation, right) => self.relation(left, *relation, right),
            What::Broadcast(protocol) => self.broadcast(*protocol, at),
            What::Multicast(protocol) => self.multicast(*protocol, at),
            What::AtLeast(length) => Ok(Word::Length.compare(Comparison::GreaterOrEqual, *length)),
            What::AtMost(length) => Ok(Word::Length.compare(Comparison::Greater, *length).not()),
            What::Vlan(vlan) => self.vlan(*vlan, at),
            What::Inbound => self.outgoing("inbound", at).map(Condition::not),
            What::Outbound => self.outgoing("outbound", at),
        }
    }

    /// A protocol by itself; `None` where that says nothing.
    pub(super) fn protocol(&self, protocol: Protocol) -> Option<Condition> {
        Some(match protocol {
            Protocol::Ether => return None,
            Protocol::Ip => self.layout.is_ether_type(ETHER_TYPE_IP),
            Protocol::Ip6 => self.layout.is_ether_type(ETHER_TYPE_IP6),
            Protocol::Arp => self.layout.is_ether_type(ETHER_TYPE_ARP),
            Protocol::Rarp => self.layout.is_ether_type(ETHER_TYPE_RARP),
            Protocol::Tcp => self.over_ip_or_ip6(6),
            Protocol::Udp => self.over_ip_or_ip6(17),
            Protocol::Sctp => self.over_ip_or_ip6(132),
            Protocol::Icmp => self.over_ip(1),
            Protocol::Icmp6 => self.over_ip6(58),
            Protocol::Igmp => self.over_ip(2),
            Protocol::Igrp => self.over_ip(9),
            Protocol::Pim => self.over_ip_or_ip6(103),
            Protocol::Vrrp | Protocol::Carp => self.over_ip(112),
            Protocol::Ah => self.over_ip_or_ip6(51),
            Protocol::Esp => self.over_ip_or_ip6(50),
        })
    }

    pub(super) fn over_ip(&self, protocol: u32) -> Condition {
        self.layout.is_ether_type(ETHER_TYPE_IP).and(self.network_byte(9).equals(protocol))
    }

    /// In the fixed header, or right behind it in the fragment header.
    pub(super) fn over_ip6(&self, protocol: u32) -> Condition {
        let first = self.network_byte(6).equals(protocol);
        let fragment = self.network_byte(6).equals(IP6_FRAGMENT).and(self.network_byte(40).equals(protocol));
        self.layout.is_ether_type(ETHER_TYPE_IP6).and(first.or(fragment))
    }

    pub(super) fn over_ip_or_ip6(&self, protocol: u32) -> Condition {
        self.over_ip(protocol).or(self.over_ip6(protocol))
    }

    /// A byte of the network layer's header.
    pub(super) fn network_byte(&self, offset: u32) -> Word {
        self.network_load(Size::Byte, offset)
    }

    pub(super) fn network_load(&self, size: Size, offset: u32) -> Word {
        Word::load(size, self.layout.network() + offset)
    }

    /// No fragment of an IPv4 packet but the first, which has the header of the next layer.
    pub(super) fn is_later_fragment(&self) -> Condition {
        self.network_load(Size::Half, 6).masked(0x1fff).equals(0).not()
    }

    fn broadcast(&self, protocol: Option<Protocol>, at: &Range<usize>) -> Result<Condition, FilterError> {
        match protocol {
            None | Some(Protocol::Ether) => self
                .layout
                .has_ethernet_address(layout::EthernetAddress::Destination, [0xff; 6])
                .ok_or_else(|| self.not_on_link("broadcast", at)),
            // The netmask is not known, so that only the addresses of all zeroes and all ones are broadcast.
            Some(Protocol::Ip) => {
                let destination = self.network_load(Size::Word, 16);
                let address = destination.clone().equals(0).or(destination.equals(u32::MAX));
                Ok(self.layout.is_ether_type(ETHER_TYPE_IP).and(address))
            }
            Some(other) => Err(self.misapplied(other, "`broadcast`", at)),
        }
    }

    fn multicast(&self, protocol: Option<Protocol>, at: &Range<usize>) -> Result<Condition, FilterError> {
        match protocol {
            None | Some(Protocol::Ether) => {
                self.layout.is_ethernet_multicast().ok_or_else(|| self.not_on_link("multicast", at))
            }
            Some(Protocol::Ip) => {
                let class_d = self.network_byte(16).compare(Comparison::GreaterOrEqual, 224);
                Ok(self.layout.is_ether_type(ETHER_TYPE_IP).and(class_d))
            }
            Some(Protocol::Ip6) => {
                Ok(self.layout.is_ether_type(ETHER_TYPE_IP6).and(self.network_byte(24).equals(0xff)))
            }
            Some(other) => Err(self.misapplied(other, "`multicast`", at)),
        }
    }

    fn vlan(&mut self, vlan: Option<u32>, at: &Range<usize>) -> Result<Condition, FilterError> {
        if self.link != LinkType::Ethernet {
            return Err(self.not_on_link("vlan", at));
        }
        if let Some(vlan) = vlan.filter(|vlan| *vlan > VLAN_HIGHEST) {
            return Err(FilterError::new(at.clone(), FilterErrorKind::VlanTooHigh(vlan)));
        }
        if self.outer_tag == OuterTag::TakenOut {
            self.outer_tag = OuterTag::InFrame;
            return Ok(vlan.map_or(Condition::Always(true), layout::had_vlan));
        }
        let tagged = self.layout.skip_vlan_tag();
        Ok(match vlan {
            Some(vlan) => tagged.and(self.layout.skipped_vlan(vlan)),
            None => tagged,
        })
    }

    fn outgoing(&self, what: &'static str, at: &Range<usize>) -> Result<Condition, FilterError> {
        match (self.layout.is_outgoing(), self.target) {
            (Some(condition), _) => Ok(condition),
            (None, Target::Socket) => Ok(layout::is_outgoing_on_socket()),
            (None, Target::File) => Err(FilterError::new(at.clone(), FilterErrorKind::DirectionUnknown(what))),
        }
    }

    pub(super) fn not_on_link(&self, what: &'static str, at: &Range<usize>) -> FilterError {
        FilterError::new(at.clone(), FilterErrorKind::NotOnLink { what, link: self.link })
    }

    pub(super) fn misapplied(&self, protocol: Protocol, value: &'static str, at: &Range<usize>) -> FilterError {
        let kind = FilterErrorKind::Misapplied { qualifier: protocol.name().to_owned(), value };
        FilterError::new(at.clone(), kind)
    }
}
