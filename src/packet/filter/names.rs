//! The words of the language: keywords, named constants, and the few services and protocols known by name.
//!
//! Names are looked up here and nowhere else: a filter reads no file and asks no server. The services carry the
//! protocols that `/etc/services` of Debian 12 gives them, since `port http` means TCP only where the list says so.

use super::ast::Protocol;

/// A word with a meaning of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    And,
    Or,
    Not,
    Source,
    Destination,
    Host,
    Net,
    Mask,
    Port,
    PortRange,
    Proto,
    Less,
    Greater,
    Length,
    Broadcast,
    Multicast,
    Inbound,
    Outbound,
    Vlan,
    Protocol(Protocol),
    /// A number by name, such as `tcpflags`.
    Constant(u32),
    /// A keyword of the language that sidetap does not compile.
    Unsupported,
}

use Keyword::*;

/// Keywords in the order in which a misspelling finds them.
const KEYWORDS: &[(&str, Keyword)] = &[
    ("and", And),
    ("or", Or),
    ("not", Not),
    ("port", Port),
    ("host", Host),
    ("net", Net),
    ("tcp", Protocol(Protocol::Tcp)),
    ("udp", Protocol(Protocol::Udp)),
    ("ip", Protocol(Protocol::Ip)),
    ("ip6", Protocol(Protocol::Ip6)),
    ("src", Source),
    ("dst", Destination),
    ("arp", Protocol(Protocol::Arp)),
    ("rarp", Protocol(Protocol::Rarp)),
    ("icmp", Protocol(Protocol::Icmp)),
    ("icmp6", Protocol(Protocol::Icmp6)),
    ("vlan", Vlan),
    ("ether", Protocol(Protocol::Ether)),
    ("link", Protocol(Protocol::Ether)),
    ("portrange", PortRange),
    ("proto", Proto),
    ("mask", Mask),
    ("len", Length),
    ("length", Length),
    ("less", Less),
    ("greater", Greater),
    ("broadcast", Broadcast),
    ("multicast", Multicast),
    ("inbound", Inbound),
    ("outbound", Outbound),
    ("sctp", Protocol(Protocol::Sctp)),
    ("igmp", Protocol(Protocol::Igmp)),
    ("igrp", Protocol(Protocol::Igrp)),
    ("pim", Protocol(Protocol::Pim)),
    ("vrrp", Protocol(Protocol::Vrrp)),
    ("carp", Protocol(Protocol::Carp)),
    ("ah", Protocol(Protocol::Ah)),
    ("esp", Protocol(Protocol::Esp)),
];

/// Names of field offsets, types and flags, as pcap-filter(7) lists them.
const CONSTANTS: &[(&str, u32)] = &[
    ("tcpflags", 13),
    ("tcp-fin", 0x01),
    ("tcp-syn", 0x02),
    ("tcp-rst", 0x04),
    ("tcp-push", 0x08),
    ("tcp-ack", 0x10),
    ("tcp-urg", 0x20),
    ("tcp-ece", 0x40),
    ("tcp-cwr", 0x80),
    ("icmptype", 0),
    ("icmpcode", 1),
    ("icmp-echoreply", 0),
    ("icmp-unreach", 3),
    ("icmp-sourcequench", 4),
    ("icmp-redirect", 5),
    ("icmp-echo", 8),
    ("icmp-routeradvert", 9),
    ("icmp-routersolicit", 10),
    ("icmp-timxceed", 11),
    ("icmp-paramprob", 12),
    ("icmp-tstamp", 13),
    ("icmp-tstampreply", 14),
    ("icmp-ireq", 15),
    ("icmp-ireqreply", 16),
    ("icmp-maskreq", 17),
    ("icmp-maskreply", 18),
    ("icmp6type", 0),
    ("icmp6code", 1),
    ("icmp6-destinationunreach", 1),
    ("icmp6-packettoobig", 2),
    ("icmp6-timeexceeded", 3),
    ("icmp6-parameterproblem", 4),
    ("icmp6-echo", 128),
    ("icmp6-echoreply", 129),
    ("icmp6-multicastlistenerquery", 130),
    ("icmp6-multicastlistenerreportv1", 131),
    ("icmp6-multicastlistenerdone", 132),
    ("icmp6-routersolicit", 133),
    ("icmp6-routeradvert", 134),
    ("icmp6-neighborsolicit", 135),
    ("icmp6-neighboradvert", 136),
    ("icmp6-redirect", 137),
    ("icmp6-routerrenum", 138),
    ("icmp6-nodeinformationquery", 139),
    ("icmp6-nodeinformationresponse", 140),
    ("icmp6-ineighbordiscoverysolicit", 141),
    ("icmp6-ineighbordiscoveryadvert", 142),
    ("icmp6-multicastlistenerreportv2", 143),
    ("icmp6-homeagentdiscoveryrequest", 144),
    ("icmp6-homeagentdiscoveryreply", 145),
    ("icmp6-mobileprefixsolicit", 146),
    ("icmp6-mobileprefixadvert", 147),
    ("icmp6-certpathsolicit", 148),
    ("icmp6-certpathadvert", 149),
    ("icmp6-multicastrouteradvert", 151),
    ("icmp6-multicastroutersolicit", 152),
    ("icmp6-multicastrouterterm", 153),
];

/// Keywords of pcap-filter(7) that name link layers, tunnels and firewalls that sidetap never meets, and `protochain`,
/// which needs a loop and so cannot run in a kernel.
const UNSUPPORTED: &[&str] = &[
    "protochain",
    "gateway",
    "byte",
    "ifindex",
    "mpls",
    "pppoed",
    "pppoes",
    "geneve",
    "llc",
    "fddi",
    "tr",
    "wlan",
    "ppp",
    "slip",
    "atalk",
    "aarp",
    "decnet",
    "lat",
    "sca",
    "moprc",
    "mopdl",
    "iso",
    "clnp",
    "esis",
    "es-is",
    "isis",
    "is-is",
    "stp",
    "ipx",
    "netbeui",
    "type",
    "subtype",
    "dir",
    "addr1",
    "addr2",
    "addr3",
    "addr4",
    "ra",
    "ta",
    "ifname",
    "on",
    "rnr",
    "rulenum",
    "reason",
    "rset",
    "ruleset",
    "srnr",
    "subrulenum",
    "action",
];

/// The transports that a service is registered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transports {
    Tcp,
    Udp,
    /// Both, and so every transport with ports.
    Any,
}

const SERVICES: &[(&str, u16, Transports)] = &[
    ("http", 80, Transports::Tcp),
    ("https", 443, Transports::Any),
    ("http-alt", 8080, Transports::Tcp),
    ("domain", 53, Transports::Any),
    ("ssh", 22, Transports::Tcp),
    ("ftp", 21, Transports::Tcp),
    ("ftp-data", 20, Transports::Tcp),
    ("telnet", 23, Transports::Tcp),
    ("smtp", 25, Transports::Tcp),
    ("bootps", 67, Transports::Udp),
    ("bootpc", 68, Transports::Udp),
    ("tftp", 69, Transports::Udp),
    ("kerberos", 88, Transports::Any),
    ("pop3", 110, Transports::Tcp),
    ("sunrpc", 111, Transports::Any),
    ("ntp", 123, Transports::Udp),
    ("imap2", 143, Transports::Tcp),
    ("snmp", 161, Transports::Any),
    ("snmp-trap", 162, Transports::Any),
    ("bgp", 179, Transports::Tcp),
    ("ldap", 389, Transports::Any),
    ("submissions", 465, Transports::Tcp),
    ("syslog", 514, Transports::Udp),
    ("submission", 587, Transports::Tcp),
    ("ldaps", 636, Transports::Any),
    ("domain-s", 853, Transports::Any),
    ("imaps", 993, Transports::Tcp),
    ("pop3s", 995, Transports::Tcp),
    ("socks", 1080, Transports::Tcp),
    ("ms-sql-s", 1433, Transports::Tcp),
    ("nfs", 2049, Transports::Any),
    ("mysql", 3306, Transports::Tcp),
    ("ms-wbt-server", 3389, Transports::Tcp),
    ("sip", 5060, Transports::Any),
    ("mdns", 5353, Transports::Udp),
    ("postgresql", 5432, Transports::Tcp),
    ("amqps", 5671, Transports::Tcp),
    ("redis", 6379, Transports::Tcp),
];

/// Protocols over IP by name, for `proto \name`.
const IP_PROTOCOLS: &[(&str, u32)] = &[
    ("tcp", 6),
    ("udp", 17),
    ("icmp", 1),
    ("ipv6-icmp", 58),
    ("icmp6", 58),
    ("sctp", 132),
    ("igmp", 2),
    ("ipencap", 4),
    ("egp", 8),
    ("ipv6", 41),
    ("ipv6-route", 43),
    ("ipv6-frag", 44),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("ospf", 89),
    ("ipip", 94),
    ("pim", 103),
    ("vrrp", 112),
    ("l2tp", 115),
    ("udplite", 136),
];

/// Ethernet types by name, for `ether proto \name`.
const ETHER_TYPES: &[(&str, u32)] = &[
    ("ip", ETHER_TYPE_IP),
    ("ip6", ETHER_TYPE_IP6),
    ("arp", ETHER_TYPE_ARP),
    ("rarp", ETHER_TYPE_RARP),
    ("moprc", 0x6002),
    ("mopdl", 0x6001),
    ("decnet", 0x6003),
    ("lat", 0x6004),
    ("sca", 0x6007),
    ("loopback", 0x9000),
];

pub(super) const ETHER_TYPE_IP: u32 = 0x0800;
pub(super) const ETHER_TYPE_ARP: u32 = 0x0806;
pub(super) const ETHER_TYPE_RARP: u32 = 0x8035;
pub(super) const ETHER_TYPE_IP6: u32 = 0x86dd;

/// The keyword that a word is.
pub(super) fn keyword(word: &str) -> Option<Keyword> {
    find(KEYWORDS, word)
        .or_else(|| find(CONSTANTS, word).map(Constant))
        .or_else(|| UNSUPPORTED.contains(&word).then_some(Unsupported))
}

/// The port of a service and the transports that it is registered for.
pub(super) fn service(name: &str) -> Option<(u16, Transports)> {
    SERVICES.iter().find(|(known, ..)| *known == name).map(|(_, port, transports)| (*port, *transports))
}

pub(super) fn ip_protocol(name: &str) -> Option<u32> {
    find(IP_PROTOCOLS, name)
}

pub(super) fn ether_type(name: &str) -> Option<u32> {
    find(ETHER_TYPES, name)
}

pub(super) fn nearest_keyword(word: &str) -> Option<&'static str> {
    nearest(word, KEYWORDS.iter().map(|(known, _)| *known))
}

pub(super) fn nearest_service(word: &str) -> Option<&'static str> {
    nearest(word, SERVICES.iter().map(|(known, ..)| *known))
}

pub(super) fn nearest_ip_protocol(word: &str) -> Option<&'static str> {
    nearest(word, IP_PROTOCOLS.iter().map(|(known, _)| *known))
}

pub(super) fn nearest_ether_type(word: &str) -> Option<&'static str> {
    nearest(word, ETHER_TYPES.iter().map(|(known, _)| *known))
}

fn find<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    table.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
}

/// The known word that fewest slips turn into `word`: one slip in a short word, two in a longer one.
fn nearest(word: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    const LONGEST: usize = 40;
    if word.len() > LONGEST {
        return None;
    }
    let allowed = if word.len() < 5 { 1 } else { 2 };
    known
        .map(|candidate| (slips(word.as_bytes(), candidate.as_bytes()), candidate))
        .filter(|(slips, candidate)| *slips <= allowed && *slips < candidate.len())
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, remove, replace or swap with their neighbour to get from one word to the other.
fn slips(from: &[u8], to: &[u8]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let mut cost = (last[j] + usize::from(a != b)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                cost = cost.min(before_last[j - 1] + 1);
            }
            row.push(cost);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_finds_its_neighbour() {
        assert_eq!(nearest_keyword("prot"), Some("port"));
        assert_eq!(nearest_keyword("hots"), Some("host"));
        assert_eq!(nearest_keyword("brodcast"), Some("broadcast"));
        assert_eq!(nearest_keyword("nonsense"), None);
        assert_eq!(nearest_service("htps"), Some("https"));
    }
}
