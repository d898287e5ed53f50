//! Our own output, which must not be captured and sent again: exactly that, and nothing else of the collector's host.
//!
//! It is UDP from one of our source ports to a collector's address and port, and ICMP errors that quote such a datagram:
//! without those, a collector that is down would feed itself. The kernel's filter leaves it out where it costs least;
//! [`Own::is`] asks again, for what was in a ring when an address changed, and for frames whose tags that filter does
//! not look behind.
//!
//! What another one forwards is not ours, but to send it would have no end where that one captures what we send, or where
//! addresses are translated on the way and we see our own again. [`Own::is_mirrored`] knows it by its VXLAN header.

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

use super::flow;
use super::ports::{PORTS, PortRange};
use crate::packet::Address;
use crate::packet::ip::{self, IpPacket};
use crate::packet::vxlan;

/// The types of ICMP that quote a packet (RFC 792): unreachable, quench, redirect, exceeded, parameter problem.
const QUOTING: [u8; 5] = [3, 4, 5, 11, 12];
/// ICMPv6 types below this are errors, which quote a packet (RFC 4443 §2.1).
const V6_INFORMATIONAL: u8 = 128;
const UDP_HEADER: usize = 8;
/// What stands before the quoted packet.
const ICMP_HEADER: usize = 8;

/// What tells our own output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    range: PortRange,
    header: [u8; vxlan::HEADER_LEN],
    targets: Vec<(Address, u16)>,
}

impl Own {
    /// From these ports, with this header, to these collectors.
    pub fn new(
        range: PortRange,
        header: [u8; vxlan::HEADER_LEN],
        collectors: impl Iterator<Item = SocketAddr>,
    ) -> Self {
        let mut targets: Vec<(Address, u16)> =
            collectors.map(|collector| (Address::from(collector.ip().to_canonical()), collector.port())).collect();
        targets.sort_unstable();
        targets.dedup();
        Own { range, header, targets }
    }

    /// Whether a packet is our own output, or quotes it.
    #[inline]
    pub fn is(&self, packet: &IpPacket<'_>) -> bool {
        match packet.protocol {
            ip::UDP => self.is_sent(packet),
            ip::ICMP => packet.payload.first().is_some_and(|kind| QUOTING.contains(kind)) && self.is_quoted(packet),
            ip::ICMPV6 => packet.payload.first().is_some_and(|kind| *kind < V6_INFORMATIONAL) && self.is_quoted(packet),
            _ => false,
        }
    }

    #[inline]
    fn is_sent(&self, packet: &IpPacket<'_>) -> bool {
        packet.protocol == ip::UDP
            && flow::ports(packet)
                .is_some_and(|(from, to)| self.range.contains(from) && self.targets.contains(&(packet.destination, to)))
    }

    fn is_quoted(&self, packet: &IpPacket<'_>) -> bool {
        let quoted = packet.payload.get(ICMP_HEADER..).and_then(|quoted| ip::parse(quoted).ok());
        packet.fragment.is_none() && quoted.is_some_and(|quoted| self.is_sent(&quoted))
    }

    /// Whether a packet holds a frame that was mirrored already: it is VXLAN with our header, and goes to a port to which
    /// we send, at whatever address.
    #[inline]
    pub fn is_mirrored(&self, packet: &IpPacket<'_>) -> bool {
        packet.protocol == ip::UDP
            && flow::ports(packet).is_some_and(|(_, to)| self.targets.iter().any(|(_, port)| *port == to))
            && packet.payload.get(UDP_HEADER..).is_some_and(|payload| payload.starts_with(&self.header))
    }

    /// What the user wants without our own output, as a pcap-filter expression.
    ///
    /// Ours comes first: it is the cheaper question, and `vlan` in an expression changes what follows it.
    pub fn exclude_from(&self, user: &str) -> String {
        if self.targets.is_empty() {
            return user.to_owned();
        }
        let mut filter = format!("not ({})", self.expression());
        if !user.trim().is_empty() {
            let _ = write!(filter, " and ({user})");
        }
        filter
    }

    fn expression(&self) -> String {
        let range = self.range;
        let mask = u16::MAX - (PORTS - 1);
        let (mut sent, mut quoted_v4, mut quoted_v6) = (Vec::new(), Vec::new(), Vec::new());
        for (address, port) in &self.targets {
            sent.push(format!("(dst host {address} and dst port {port})"));
            match address.ip() {
                IpAddr::V4(v4) => {
                    quoted_v4.push(format!("(icmp[24:4] = {:#x} and icmp[30:2] = {port})", u32::from(v4)));
                }
                IpAddr::V6(v6) => {
                    let words = v6.octets();
                    let words = words.chunks_exact(4).enumerate().map(|(place, word)| {
                        let word = word.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
                        format!("ip6[{}:4] = {word:#x}", 72 + 4 * place)
                    });
                    let words: Vec<String> = words.collect();
                    quoted_v6.push(format!("({} and ip6[90:2] = {port})", words.join(" and ")));
                }
            }
        }
        let mut parts = vec![format!("(udp src portrange {range} and ({}))", sent.join(" or "))];
        if !quoted_v4.is_empty() {
            let kinds = QUOTING.map(|kind| format!("icmp[0] = {kind}")).join(" or ");
            parts.push(format!(
                "(icmp and ({kinds}) and icmp[17] = {udp} and icmp[28:2] & {mask} = {first} and ({quoted}))",
                udp = ip::UDP,
                first = range.first(),
                quoted = quoted_v4.join(" or "),
            ));
        }
        if !quoted_v6.is_empty() {
            parts.push(format!(
                "(icmp6 and ip6[40] < {V6_INFORMATIONAL} and ip6[54] = {udp} and ip6[88:2] & {mask} = {first} and \
                 ({quoted}))",
                udp = ip::UDP,
                first = range.first(),
                quoted = quoted_v6.join(" or "),
            ));
        }
        parts.join(" or ")
    }
}

#[cfg(test)]
mod tests {
    use super::super::flow::ip_packet;
    use super::super::flow::tests::{ipv4, ipv6, transport};
    use super::*;
    use crate::packet::LinkType;
    use crate::packet::filter::{Filter, Target};

    const HEADER: [u8; vxlan::HEADER_LEN] = [8, 0, 0, 0, 0, 0, 7, 0];
    const HOST: [u8; 4] = [10, 0, 0, 5];
    const COLLECTOR: [u8; 4] = [10, 0, 0, 9];
    const HOST6: [u8; 16] = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5];
    const COLLECTOR6: [u8; 16] = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];

    fn own() -> Own {
        let collectors = ["10.0.0.9:4789", "192.0.2.1:8472", "[2001:db8::9]:4789"];
        Own::new(PortRange::around(50_000), HEADER, collectors.iter().map(|collector| collector.parse().unwrap()))
    }

    /// Whether the kernel's filter lets a frame in, and whether user space says that it is ours.
    fn seen(user: &str, frame: &[u8]) -> (bool, bool) {
        let filter = own().exclude_from(user);
        let program = Filter::compile_for(&filter, LinkType::Ethernet, Target::Socket).unwrap();
        let is_own = ip_packet(frame, LinkType::Ethernet).is_some_and(|packet| own().is(&packet));
        (program.matches(frame, frame.len() as u32), is_own)
    }

    const THEIRS: (bool, bool) = (true, false);
    const OURS: (bool, bool) = (false, true);

    fn vxlan(from: u16, to: u16) -> Vec<u8> {
        transport(from, to, &[0, 16, 0, 0, 8, 0, 0, 0])
    }

    fn error(kind: u8, quoted: &[u8]) -> Vec<u8> {
        [&[kind, 3, 0, 0, 0, 0, 0, 0], quoted].concat()
    }

    #[test]
    fn what_others_have_mirrored_is_known_by_its_header() {
        let is_mirrored = |frame: &[u8]| own().is_mirrored(&ip_packet(frame, LinkType::Ethernet).unwrap());
        let mirrored = |to, header: &[u8]| transport(40_000, to, &[&[0, 30, 0, 0], header, b"and a frame"].concat());
        let elsewhere = [192, 0, 2, 77];
        assert!(is_mirrored(&ipv4(17, HOST, elsewhere, &mirrored(4789, &HEADER))));
        assert!(is_mirrored(&ipv6(17, HOST6, COLLECTOR6, &mirrored(8472, &HEADER))));
        for (to, header) in [
            (4790, &HEADER[..]),
            (4789, &[8, 0, 0, 0, 0, 0, 8, 0]),
            (4789, &[0, 0, 0, 0, 0, 0, 7, 0]),
            (4789, &HEADER[..7]),
        ] {
            assert!(!is_mirrored(&ipv4(17, HOST, COLLECTOR, &mirrored(to, header))), "{to} {header:?}");
        }
        assert!(!is_mirrored(&ipv4(6, HOST, COLLECTOR, &mirrored(4789, &HEADER))));
    }

    #[test]
    fn what_we_send_is_left_out_and_the_neighbours_of_it_are_not() {
        let range = PortRange::around(50_000);
        for port in range.iter() {
            assert_eq!(seen("", &ipv4(17, HOST, COLLECTOR, &vxlan(port, 4789))), OURS);
            assert_eq!(seen("", &ipv6(17, HOST6, COLLECTOR6, &vxlan(port, 4789))), OURS);
        }
        assert_eq!(seen("", &ipv4(17, HOST, [192, 0, 2, 1], &vxlan(50_000, 8472))), OURS);
        for (from, to, destination) in [
            (range.first() - 1, 4789, COLLECTOR),
            (range.last() + 1, 4789, COLLECTOR),
            (50_000, 4788, COLLECTOR),
            (50_000, 8472, COLLECTOR),
            (50_000, 4789, [10, 0, 0, 8]),
        ] {
            assert_eq!(seen("", &ipv4(17, HOST, destination, &vxlan(from, to))), THEIRS, "{from} {to}");
        }
        // Another protocol, the other direction, another host with our ports.
        assert_eq!(seen("", &ipv4(6, HOST, COLLECTOR, &vxlan(50_000, 4789))), THEIRS);
        assert_eq!(seen("", &ipv4(17, COLLECTOR, HOST, &vxlan(4789, 50_000))), THEIRS);
        assert_eq!(seen("", &ipv6(17, HOST6, HOST6, &vxlan(50_000, 4789))), THEIRS);
        // A fragment has no ports; ours are never fragments.
        let mut fragment = ipv4(17, HOST, COLLECTOR, &vxlan(50_000, 4789));
        fragment[21] = 7;
        assert_eq!(seen("", &fragment), THEIRS);
    }

    #[test]
    fn errors_that_quote_what_we_sent_are_left_out() {
        let sent = &ipv4(17, HOST, COLLECTOR, &vxlan(50_000, 4789))[14..];
        let sent6 = &ipv6(17, HOST6, COLLECTOR6, &vxlan(50_000, 4789))[14..];
        for kind in QUOTING {
            assert_eq!(seen("", &ipv4(1, COLLECTOR, HOST, &error(kind, &sent[..28]))), OURS, "{kind}");
        }
        // From a router on the way, as much as it likes to quote.
        assert_eq!(seen("", &ipv4(1, [10, 0, 0, 1], HOST, &error(3, sent))), OURS);
        for kind in [1, 2, 3, 4] {
            assert_eq!(seen("", &ipv6(58, COLLECTOR6, HOST6, &error(kind, sent6))), OURS, "{kind}");
        }
    }

    #[test]
    fn errors_that_quote_others_and_what_is_no_error_are_not_left_out() {
        let application = &ipv4(17, HOST, COLLECTOR, &vxlan(40_000, 4789))[14..];
        assert_eq!(seen("", &ipv4(1, COLLECTOR, HOST, &error(3, application))), THEIRS);
        let elsewhere = &ipv4(17, HOST, [10, 0, 0, 8], &vxlan(50_000, 4789))[14..];
        assert_eq!(seen("", &ipv4(1, COLLECTOR, HOST, &error(3, elsewhere))), THEIRS);
        let sent = &ipv4(17, HOST, COLLECTOR, &vxlan(50_000, 4789))[14..];
        // An echo with the same bytes.
        assert_eq!(seen("", &ipv4(1, COLLECTOR, HOST, &error(8, sent))), THEIRS);
        let sent6 = &ipv6(17, HOST6, COLLECTOR6, &vxlan(50_000, 4789))[14..];
        assert_eq!(seen("", &ipv6(58, COLLECTOR6, HOST6, &error(128, sent6))), THEIRS);
        let other6 = &ipv6(17, HOST6, COLLECTOR6, &vxlan(50_000, 4788))[14..];
        assert_eq!(seen("", &ipv6(58, COLLECTOR6, HOST6, &error(1, other6))), THEIRS);
        assert_eq!(seen("", &ipv4(1, COLLECTOR, HOST, &[8, 0, 0, 0])), THEIRS);
    }

    #[test]
    fn what_the_user_wants_holds_for_the_rest() {
        let http = ipv4(6, HOST, COLLECTOR, &transport(40_000, 80, &[0; 16]));
        let dns = ipv4(17, HOST, COLLECTOR, &vxlan(40_000, 53));
        let ours = ipv4(17, HOST, COLLECTOR, &vxlan(50_000, 4789));
        for (user, wants) in [
            ("tcp", [true, false]),
            ("tcp or udp", [true, true]),
            ("udp or tcp port 80", [true, true]),
            ("not port 80", [false, true]),
            ("host 10.0.0.9", [true, true]),
            ("", [true, true]),
            ("  ", [true, true]),
            ("ip or vlan", [true, true]),
            ("vlan", [false, false]),
        ] {
            assert_eq!([seen(user, &http).0, seen(user, &dns).0], wants, "{user}");
            assert!(!seen(user, &ours).0, "{user}");
        }
    }

    #[test]
    fn behind_tags_user_space_finds_it() {
        let ours = ipv4(17, HOST, COLLECTOR, &vxlan(50_000, 4789));
        let tagged = [&ours[..12], &[0x81, 0, 0, 5], &ours[12..]].concat();
        assert_eq!(seen("", &tagged), (true, true));
    }

    #[test]
    fn the_filter_fits_the_smallest_kernels_and_many_collectors_fit_some() {
        let compiled = |own: &Own| {
            let filter = own.exclude_from("tcp port 80 or tcp port 443");
            let program = Filter::compile_for(&filter, LinkType::Ethernet, Target::Socket).unwrap();
            program.instructions().len()
        };
        assert!(compiled(&own()) < 100, "{}", compiled(&own()));
        let many = (0..64).map(|host| SocketAddr::from(([10, 1, 0, host], 4789)));
        let many = Own::new(PortRange::around(50_000), HEADER, many);
        assert!(compiled(&many) < 500, "{}", compiled(&many));
        let none = Own::new(PortRange::around(50_000), HEADER, std::iter::empty());
        assert_eq!(none.exclude_from("tcp"), "tcp");
    }
}
