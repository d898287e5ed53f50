//! What a qualified value means: hosts, networks, ports and protocols.

use std::net::Ipv6Addr;
use std::ops::Range;

use super::ast::{Direction, Kind, Mask, PartialIpv4, Protocol, Qualifiers, Value};
use super::error::{FilterError, FilterErrorKind, quote};
use super::ir::{Comparison, Condition, Place, Size, Word};
use super::layout::EthernetAddress;
use super::meaning::Meaning;
use super::names::{self, ETHER_TYPE_ARP, ETHER_TYPE_IP, ETHER_TYPE_IP6, ETHER_TYPE_RARP, Transports};

const TCP: u32 = 6;
const UDP: u32 = 17;
const SCTP: u32 = 132;

/// The highest length in the field that otherwise holds an Ethernet type.
const LONGEST_LLC: u32 = 1500;
/// AppleTalk and its ARP, which also come over SNAP.
const APPLETALK: [u32; 2] = [0x809b, 0x80f3];

type Outcome = Result<Condition, FilterError>;

impl Meaning {
    pub(super) fn value(&self, qualifiers: Qualifiers, value: &Value<'_>, at: &Range<usize>) -> Outcome {
        match (qualifiers.kind, value) {
            (Kind::Port, Value::Name(name)) => self.named_port(qualifiers, name, at),
            (Kind::Port, Value::Number(port)) => self.ports(qualifiers, *port..=*port, at),
            (Kind::PortRange, Value::Name(name)) => self.named_ports(qualifiers, name, at),
            (Kind::PortRange, Value::Number(port)) => self.ports(qualifiers, *port..=*port, at),
            (Kind::Protocol, Value::Name(name)) => self.named_protocol(qualifiers, name, at),
            (Kind::Protocol, Value::Number(number)) => self.numbered_protocol(qualifiers, *number, at),
            (Kind::Port | Kind::PortRange | Kind::Protocol, _) => {
                let kind = qualifiers.kind.name().to_owned();
                Err(error(at, FilterErrorKind::Misapplied { qualifier: kind, value: "an address" }))
            }
            (_, Value::Name(name)) => Err(error(at, FilterErrorKind::HostName(quote(name)))),
            (_, Value::Number(number)) => {
                let (address, mask) = short_address(qualifiers.kind, *number);
                self.ipv4(qualifiers, address, mask, at)
            }
            (_, Value::Ipv4 { address, mask }) => {
                let mask = ipv4_mask(qualifiers.kind, *address, *mask, at)?;
                self.ipv4(qualifiers, address.address, mask, at)
            }
            (_, Value::Ipv6 { address, prefix }) => {
                let mask = ipv6_mask(qualifiers.kind, *address, *prefix, at)?;
                self.ipv6(qualifiers, u128::from(*address), mask, at)
            }
            (_, Value::Ethernet(address)) => self.ethernet(qualifiers, *address, at),
        }
    }

    /// An IPv4 address in IPv4, ARP and RARP.
    fn ipv4(&self, qualifiers: Qualifiers, address: u32, mask: u32, at: &Range<usize>) -> Outcome {
        let within = |ether_type, source: u32, destination: u32| {
            self.directed(qualifiers.direction, source, destination, |offset| {
                let field = self.network_load(Size::Word, offset).masked(mask);
                self.layout.is_ether_type(ether_type).and(if mask == 0 {
                    Condition::Always(true)
                } else {
                    field.equals(address)
                })
            })
        };
        let ip = || within(ETHER_TYPE_IP, 12, 16);
        let arp = || within(ETHER_TYPE_ARP, 14, 24);
        let rarp = || within(ETHER_TYPE_RARP, 14, 24);
        match qualifiers.protocol {
            None => Ok(ip().or(arp()).or(rarp())),
            Some(Protocol::Ip) => Ok(ip()),
            Some(Protocol::Arp) => Ok(arp()),
            Some(Protocol::Rarp) => Ok(rarp()),
            Some(other) => Err(self.misapplied(other, "an IPv4 address", at)),
        }
    }

    fn ipv6(&self, qualifiers: Qualifiers, address: u128, mask: u128, at: &Range<usize>) -> Outcome {
        match qualifiers.protocol {
            None | Some(Protocol::Ip6) => Ok(self.directed(qualifiers.direction, 8, 24, |offset| {
                let words = (0..4).filter_map(|word| {
                    let shift = 96 - 32 * word;
                    let (address, mask) = ((address >> shift) as u32, (mask >> shift) as u32);
                    let field = self.network_load(Size::Word, offset + 4 * word);
                    (mask != 0).then(|| field.masked(mask).equals(address))
                });
                words.fold(self.layout.is_ether_type(ETHER_TYPE_IP6), Condition::and)
            })),
            Some(other) => Err(self.misapplied(other, "an IPv6 address", at)),
        }
    }

    fn ethernet(&self, qualifiers: Qualifiers, address: [u8; 6], at: &Range<usize>) -> Outcome {
        if qualifiers.protocol != Some(Protocol::Ether) || qualifiers.kind == Kind::Net {
            let qualifier = qualifiers.protocol.map_or(qualifiers.kind.name(), Protocol::name).to_owned();
            return Err(error(at, FilterErrorKind::Misapplied { qualifier, value: "an Ethernet address" }));
        }
        let field =
            |field| self.layout.has_ethernet_address(field, address).ok_or_else(|| self.not_on_link("ether host", at));
        let (source, destination) = (field(EthernetAddress::Source)?, field(EthernetAddress::Destination)?);
        Ok(direct(qualifiers.direction, source, destination))
    }

    fn named_port(&self, qualifiers: Qualifiers, name: &str, at: &Range<usize>) -> Outcome {
        let Some((port, transports)) = names::service(name) else {
            return Err(unknown_port(name, at));
        };
        let protocol = match (transports, qualifiers.protocol) {
            (Transports::Any, protocol) => protocol,
            (Transports::Tcp, None | Some(Protocol::Tcp)) => Some(Protocol::Tcp),
            (Transports::Udp, None | Some(Protocol::Udp)) => Some(Protocol::Udp),
            (Transports::Tcp | Transports::Udp, _) => {
                let protocol = if transports == Transports::Tcp { "tcp" } else { "udp" };
                return Err(error(at, FilterErrorKind::PortOfOtherProtocol { service: quote(name), protocol }));
            }
        };
        self.ports(Qualifiers { protocol, ..qualifiers }, port.into()..=port.into(), at)
    }

    /// `80-90`, which the scanner takes for a name; either end can be a service.
    fn named_ports(&self, qualifiers: Qualifiers, name: &str, at: &Range<usize>) -> Outcome {
        let port = |end: &str| {
            let number = end.parse::<u32>().ok().filter(|_| end.bytes().all(|b| b.is_ascii_digit()));
            number.or_else(|| names::service(end).map(|(port, _)| port.into()))
        };
        let ends = name.match_indices('-').find_map(|(dash, _)| {
            let (first, last) = (name.get(..dash)?, name.get(dash + 1..)?);
            Some((port(first)?, port(last)?))
        });
        let Some((first, last)) = ends else {
            return Err(unknown_port(name, at));
        };
        self.ports(qualifiers, first.min(last)..=first.max(last), at)
    }

    /// Ports of every transport, or of the one that was asked for: over IPv6 without extension headers, and over IPv4.
    fn ports(&self, qualifiers: Qualifiers, ports: std::ops::RangeInclusive<u32>, at: &Range<usize>) -> Outcome {
        if *ports.end() > u32::from(u16::MAX) {
            return Err(error(at, FilterErrorKind::PortTooHigh(*ports.end())));
        }
        let transports: &[u32] = match qualifiers.protocol {
            None => &[SCTP, TCP, UDP],
            Some(Protocol::Tcp) => &[TCP],
            Some(Protocol::Udp) => &[UDP],
            Some(Protocol::Sctp) => &[SCTP],
            Some(other) => return Err(self.misapplied(other, "a port", at)),
        };
        let either = |field: &dyn Fn(u32) -> Word| {
            self.directed(qualifiers.direction, 0, 2, |offset| {
                if ports.start() == ports.end() {
                    return field(offset).equals(*ports.start());
                }
                let above = field(offset).compare(Comparison::GreaterOrEqual, *ports.start());
                above.and(field(offset).compare(Comparison::Greater, *ports.end()).not())
            })
        };
        let over_ip6 = Condition::any(transports.iter().map(|transport| {
            let port = either(&|offset| self.network_load(Size::Half, 40 + offset));
            self.network_byte(6).equals(*transport).and(port)
        }));
        let over_ip = Condition::any(transports.iter().map(|transport| {
            let header = self.layout.network();
            let port = either(&|offset| Word::Load(Size::Half, Place::AfterHeader { header, offset }));
            self.network_byte(9).equals(*transport).and(self.is_later_fragment().not().and(port))
        }));
        let ip6 = self.layout.is_ether_type(ETHER_TYPE_IP6).and(over_ip6);
        let ip = self.layout.is_ether_type(ETHER_TYPE_IP).and(over_ip);
        Ok(ip6.or(ip))
    }

    fn named_protocol(&self, qualifiers: Qualifiers, name: &str, at: &Range<usize>) -> Outcome {
        let (number, nearest) = match qualifiers.protocol {
            Some(Protocol::Ether) => (names::ether_type(name), names::nearest_ether_type(name)),
            _ => (names::ip_protocol(name), names::nearest_ip_protocol(name)),
        };
        let Some(number) = number else {
            return Err(error(at, FilterErrorKind::UnknownProtocol { found: quote(name), nearest }));
        };
        self.numbered_protocol(qualifiers, number, at)
    }

    fn numbered_protocol(&self, qualifiers: Qualifiers, number: u32, at: &Range<usize>) -> Outcome {
        match qualifiers.protocol {
            None => Ok(self.over_ip_or_ip6(number)),
            Some(Protocol::Ip) => Ok(self.over_ip(number)),
            Some(Protocol::Ip6) => Ok(self.over_ip6(number)),
            Some(Protocol::Ether) => {
                let over_llc = number <= LONGEST_LLC || APPLETALK.contains(&number);
                if over_llc && self.layout.has_llc() {
                    return Err(error(at, FilterErrorKind::OverLlc(number)));
                }
                Ok(self.layout.is_ether_type(number))
            }
            Some(other) => Err(self.misapplied(other, "`proto`", at)),
        }
    }

    /// The condition on the field at one of two offsets, or at both.
    fn directed(
        &self,
        direction: Direction,
        source: u32,
        destination: u32,
        condition: impl Fn(u32) -> Condition,
    ) -> Condition {
        direct(direction, condition(source), condition(destination))
    }
}

fn direct(direction: Direction, source: Condition, destination: Condition) -> Condition {
    match direction {
        Direction::Source => source,
        Direction::Destination => destination,
        Direction::Either => source.or(destination),
        Direction::Both => source.and(destination),
    }
}

/// A lone number: `host 10` is 0.0.0.10, and `net 10` is 10.0.0.0/8.
fn short_address(kind: Kind, number: u32) -> (u32, u32) {
    if kind != Kind::Net || number == 0 {
        return (number, u32::MAX);
    }
    let shift = number.leading_zeros() / 8 * 8;
    (number << shift, u32::MAX << shift)
}

fn ipv4_mask(kind: Kind, address: PartialIpv4, mask: Mask, at: &Range<usize>) -> Result<u32, FilterError> {
    let mask = match mask {
        Mask::Unsaid => return Ok(prefix_mask(address.bits)),
        Mask::Length(length) if length > 32 => {
            return Err(error(at, FilterErrorKind::PrefixTooLong { length, most: 32 }));
        }
        Mask::Length(length) => prefix_mask(length),
        Mask::Bits(bits) => bits.address,
    };
    let dotted = || std::net::Ipv4Addr::from_bits(address.address).to_string();
    if kind != Kind::Net {
        return Err(error(at, FilterErrorKind::NotANet(dotted())));
    }
    if address.address & !mask != 0 {
        return Err(error(at, FilterErrorKind::HostBits(dotted())));
    }
    Ok(mask)
}

fn prefix_mask(bits: u32) -> u32 {
    u32::MAX.checked_shl(32 - bits.min(32)).unwrap_or(0)
}

fn ipv6_mask(kind: Kind, address: Ipv6Addr, prefix: Option<u32>, at: &Range<usize>) -> Result<u128, FilterError> {
    let length = prefix.unwrap_or(128);
    if length > 128 {
        return Err(error(at, FilterErrorKind::PrefixTooLong { length, most: 128 }));
    }
    if length != 128 && kind != Kind::Net {
        return Err(error(at, FilterErrorKind::NotANet(address.to_string())));
    }
    let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
    if u128::from(address) & !mask != 0 {
        return Err(error(at, FilterErrorKind::HostBits(address.to_string())));
    }
    Ok(mask)
}

fn unknown_port(name: &str, at: &Range<usize>) -> FilterError {
    let nearest = names::nearest_service(name).or_else(|| names::nearest_keyword(name));
    error(at, FilterErrorKind::UnknownPort { found: quote(name), nearest })
}

fn error(at: &Range<usize>, kind: FilterErrorKind) -> FilterError {
    FilterError::new(at.clone(), kind)
}
